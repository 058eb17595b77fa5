"""The market model: what differs between markets, as data. Files live in `rigs/markets/*.yaml`.

Rules are exact integers: a completion is allowed when completion x 100 <= hold x limit_percent, in minor units.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from protocols.faults import ConfigurationError
from protocols.money import Currency, Money
from protocols.transactions import Transaction

RESPONSE_CODE = re.compile(r"[0-9A-Z]{2}")
Words = Annotated[tuple[str, ...], Field(strict=False)]
"""A list of words in a file."""
_NAMES = frozenset(transaction.value for transaction in Transaction)


def _known(names: Iterable[str]) -> None:
    """Raises ValueError for a word that names no transaction, with the near miss."""
    for name in names:
        if name not in _NAMES:
            near = difflib.get_close_matches(name, _NAMES, n=1)
            raise ValueError(f"no transaction is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


class MarketPart(BaseModel):
    """Strict: a key that the model does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CurrencyRule(MarketPart):
    alpha: str = Field(pattern=r"^[A-Z]{3}$")
    numeric: str = Field(pattern=r"^\d{3}$")
    exponent: int = Field(ge=0, le=3)


class PreauthRule(MarketPart):
    """Who may hold how much. Amounts in minor units; 0 is no limit."""

    least: int = Field(1, ge=1, description="smallest amount that is held, in minor units")
    most: int = Field(0, ge=0, description="largest amount that is held, in minor units; 0: as much as is there")
    wrong_amount_code: str = Field("13", description="answer to an amount of zero or below the least")
    over_most_code: str = "61"
    debit_allowed: bool = Field(True, description="facts/unionpay-pos 5.14: each issuer's own choice")
    not_permitted_code: str = "57"
    partial: bool = Field(False, description="whether a part may be approved: facts/unionpay-pos 5.15 knows no rule")


class CompletionRule(MarketPart):
    """How much may be completed, until when, and with which code the host refuses."""

    limit_percent: int = Field(ge=0, description="completion x 100 <= hold x this")
    over_limit_code: str
    validity_days: int = Field(ge=1, description="last day on which a completion is accepted")
    too_old_code: str
    second_code: str = Field(description="answer to a second completion of the same hold")
    multiple: bool = Field(False, description="several completions, until the limit is used up")
    needs_pin: bool = False
    zero_code: str = Field("13", description="answer to a completion of nothing")


class AdviceRule(MarketPart):
    """Messages that are stored and sent again: completion advice, refund, adjustment. facts/unionpay-pos 5.16, 5.18."""

    allowed: bool = True
    repeats: int = Field(3, ge=0, description="further tries after the first: UploadMaxTimes")
    accepted_codes: Words = Field(("00", "94"), description="a duplicate of an advice counts as taken")


class IncrementRule(MarketPart):
    """Raising a hold. facts/unionpay-pos 3: only some terminals know the message."""

    allowed: bool = True
    not_allowed_code: str = "40"
    extends_validity: bool = Field(False, description="whether the days are counted anew from the increment on")


class CancelRule(MarketPart):
    supervisor: bool
    amount_differs_code: str
    not_open_code: str = Field(description="answer when the hold is cancelled or reversed")
    completed_code: str = Field("25", description="answer when the hold is completed")
    later_day: bool = Field(True, description="facts/unionpay-pos 5.6: a later day is fine")
    later_day_code: str = "25"
    needs_pin: bool = False


class VoidRule(MarketPart):
    """Undoing what was booked: a completion, or a sale."""

    supervisor: bool
    same_day_only: bool
    not_normal_code: str = Field(description="answer when it is reversed, or too old")
    voided_code: str = Field("25", description="answer when it was voided before")
    amount_differs_code: str = "64"
    needs_pin: bool = False


class RefundRule(MarketPart):
    """Giving money back of a sale or a completion, by its reference and day. facts/unionpay-pos 2.5."""

    supervisor: bool = True
    allowed_days: int = Field(30, ge=0)
    too_old_code: str = "22"
    over_amount_code: str = Field("64", description="answer when all refunds together exceed what was booked")
    no_original_code: str = "25"


class EntryRule(MarketPart):
    """How a card may come in where its chip is not used: by nothing that is not named.

    facts/unionpay-pos 5.10, 5.12, 5.13.
    """

    keyed: Words = Field((), description="transactions for which a card number may be typed")
    swiped: Words = Field((), description="transactions for which the stripe may be read")
    fallback: bool = Field(True, description="whether the stripe may be read when the chip failed")
    stripe_pin: Literal["service code", "always", "never"] = Field(
        "service code", description="when a swipe wants a PIN; the service code's third digit: ISO/IEC 7813"
    )

    @field_validator("keyed", "swiped")
    @classmethod
    def _transactions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        _known(value)
        return value


class MatchingRule(MarketPart):
    """How a host finds what a message speaks of, and what it says when it does not."""

    by_batch: bool = Field(True, description="voids and reversals: whether the batch must be right, too")
    no_original_code: str = "25"
    other_card_code: str = "14"
    duplicate_code: str = Field("94", description="facts/unionpay-pos 5.16")


class ReversalRule(MarketPart):
    """When a pending reversal is sent, how often it is repeated, what ends it, and how the host answers it."""

    first_try: Literal["at once", "before next"]
    repeats: int = Field(ge=0, description="further tries after the first")
    stop_codes: Words
    reason_no_reply: str
    reason_cannot_finish: str
    reason_mac: str
    reason_other: str
    unknown_code: str = Field("00", description="answer to the reversal of a request that never came")
    repeated_code: str = Field("25", description="answer to a reversal that was done before")
    not_normal_code: str = Field("25", description="answer when what it undoes was used since")
    other_day_code: str = Field("25", description="answer on a later business day")
    declined_code: str = Field("01", description="answer when the request was refused")
    amount_differs_code: str = "64"


class SecurityRule(MarketPart):
    mac: Literal["unionpay-ecb", "x9.9", "x9.19", "3des-cbc", "fold-3des"] = Field(description="facts/unionpay-pos 4")
    sign_on: Literal["001", "003", "004"] = Field(description="F60.3: single or double working keys, with a track key")
    pin_format: Literal["with PAN", "without PAN"] = Field("with PAN", description="F53 digit 1: facts 2.1, 4.6")
    track_encryption: bool = Field(False, description="facts/unionpay-pos 4.7; wants a track key")
    old_key_s: float = Field(0.0, ge=0, description="how long a MAC under the key before counts after a sign-on")
    pin_tries: int = Field(ge=1)
    pin_tries_exceeded_code: str


class SettlementRule(MarketPart):
    """What enters the totals of a batch, by transaction name. facts/unionpay-pos 3.3."""

    debit: Words
    credit: Words
    batch_limit: int = Field(500, ge=1, description="transactions after which a terminal must settle")
    sign_off_after: bool = Field(True, description="whether the terminal signs off and on after it")

    @field_validator("debit", "credit")
    @classmethod
    def _transactions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        _known(value)
        return value


class Action(StrEnum):
    """What a terminal does on a response code. facts/unionpay-pos 5.21."""

    ACCEPT = "accept"
    ACCEPT_PARTIAL = "accept partial"
    DECLINE = "decline"
    RETRY_LATER = "retry later"
    ENTER_PIN_AGAIN = "enter PIN again"
    SIGN_ON = "sign on again"
    KEEP_CARD = "keep card"
    NEXT_TRACE = "next trace"


class Timing(MarketPart):
    """Seconds in the market's own time; a virtual rig divides them by its `time_scale`."""

    response_timeout_s: float = Field(gt=0)
    connect_timeout_s: float = Field(gt=0)


class ReceiptRule(MarketPart):
    """What a slip must carry. `{field}` names are those of the receipt tables."""

    title: str
    merchant_copy: str
    cardholder_copy: str
    type_names: dict[str, str] = Field(description="transaction to the words on the slip")
    mandatory: dict[str, Words] = Field(description="transaction to the labels that must be there")
    of_the_chip: Words = Field((), description="those of the labels that a slip has only when the chip was read")
    signature_line: str
    pin_line: str = Field("已验证密码", description="of a cardholder whom a PIN has verified; wording: likely")
    no_cvm_line: str = Field("免密免签", description="of one who is to do neither; wording: likely")
    not_a_sale: str

    @field_validator("type_names", "mandatory")
    @classmethod
    def _transactions(cls, value: dict[str, Any]) -> dict[str, Any]:
        _known(value)
        return value


class Market(MarketPart):
    """One market: rules, codes, timing, receipts, and the amounts that its scenarios use."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    source: str = Field(description="where the figures come from")
    currency: CurrencyRule
    preauth: PreauthRule
    completion: CompletionRule
    advice: AdviceRule
    increment: IncrementRule
    cancel: CancelRule
    completion_void: VoidRule
    sale_void: VoidRule
    refund: RefundRule
    entry: EntryRule = Field(default_factory=lambda: EntryRule.model_validate({}))
    matching: MatchingRule
    reversal: ReversalRule
    security: SecurityRule
    settlement: SettlementRule
    timing: Timing
    receipt: ReceiptRule
    actions: dict[str, Annotated[Action, Field(strict=False)]] = Field(
        description="response code to what the terminal does; any other is declined"
    )
    amounts: dict[str, str] = Field(description="the named amounts of the scenarios, in major units")
    codes: dict[str, str] = Field(description="response code to its meaning in the market's language")

    @field_validator("actions", "codes")
    @classmethod
    def _codes(cls, value: dict[str, Any]) -> dict[str, Any]:
        wrong = [code for code in value if not RESPONSE_CODE.fullmatch(code)]
        if wrong:
            raise ValueError(f"a response code has two digits or capitals, not {', '.join(map(repr, wrong))}")
        return value

    @cached_property
    def success_codes(self) -> tuple[str, ...]:
        """Codes that grant all that was asked for."""
        return tuple(code for code, action in self.actions.items() if action is Action.ACCEPT)

    @cached_property
    def sign_on_codes(self) -> tuple[str, ...]:
        """Codes that ask the terminal to sign on again."""
        return tuple(code for code, action in self.actions.items() if action is Action.SIGN_ON)

    def action(self, code: str) -> Action:
        """What a terminal does on a response code; an unknown one is a decline (facts/unionpay-pos 5.21)."""
        return self.actions.get(code, Action.DECLINE)

    @property
    def money(self) -> Currency:
        return Currency(self.currency.alpha, self.currency.numeric, self.currency.exponent)

    def amount(self, name: str) -> Money:
        """The named amount of the scenarios; raises KeyError with the names there are."""
        if name not in self.amounts:
            raise KeyError(f"market {self.name} has no amount {name!r}; it has {', '.join(sorted(self.amounts))}")
        return Money.parse(self.amounts[name], self.money)

    def completion_allowed(self, hold: Money, completion: Money) -> bool:
        """Exact: completion x 100 <= hold x limit_percent. Raises ConfigurationError for two currencies."""
        if completion.currency != hold.currency:
            raise ConfigurationError(f"a hold in {hold.currency.alpha} is not completed in {completion.currency.alpha}")
        return completion.minor > 0 and completion.minor * 100 <= hold.minor * self.completion.limit_percent

    def completion_limit(self, hold: Money) -> Money:
        """The highest amount, in whole minor units, that a hold may be completed for."""
        return Money(hold.minor * self.completion.limit_percent // 100, hold.currency)
