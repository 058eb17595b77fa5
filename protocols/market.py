"""The market model: what differs between markets, as data. Files live in `rigs/markets/*.yaml`.

Rules are exact integers: a completion is allowed when completion x 100 <= hold x limit_percent, in minor units.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from protocols.faults import ConfigurationError
from protocols.money import Currency, Money


class MarketPart(BaseModel):
    """Strict: a key that the model does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CurrencyRule(MarketPart):
    alpha: str = Field(pattern=r"^[A-Z]{3}$")
    numeric: str = Field(pattern=r"^\d{3}$")
    exponent: int = Field(ge=0, le=3)


class CompletionRule(MarketPart):
    """How much may be completed, until when, and with which code the host refuses."""

    limit_percent: int = Field(ge=0, description="completion x 100 <= hold x this")
    over_limit_code: str
    validity_days: int = Field(ge=1, description="last day on which a completion is accepted")
    too_old_code: str
    second_code: str = Field(description="answer to a second completion of the same hold")
    needs_pin: bool = False


class CancelRule(MarketPart):
    supervisor: bool
    amount_differs_code: str
    not_open_code: str = Field(description="answer when the hold is completed, cancelled or reversed")
    needs_pin: bool = False


class VoidRule(MarketPart):
    supervisor: bool
    same_day_only: bool
    not_normal_code: str
    needs_pin: bool = False


class ReversalRule(MarketPart):
    """When a pending reversal is sent, how often it is repeated, and what ends it."""

    first_try: Literal["at once", "before next"]
    repeats: int = Field(ge=0, description="further tries after the first")
    stop_codes: tuple[str, ...]
    reason_no_reply: str
    reason_cannot_finish: str
    reason_mac: str
    reason_other: str

    @field_validator("stop_codes", mode="before")
    @classmethod
    def _tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


class SecurityRule(MarketPart):
    mac: Literal["unionpay-ecb"]
    sign_on: Literal["001", "003"] = Field(description="F60.3 of the sign-on: single or double length working keys")
    pin_tries: int = Field(ge=1)
    pin_tries_exceeded_code: str


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
    mandatory: dict[str, tuple[str, ...]] = Field(description="transaction to the labels that must be there")
    signature_line: str
    not_a_sale: str

    @field_validator("mandatory", mode="before")
    @classmethod
    def _tuples(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {key: tuple(labels) if isinstance(labels, list) else labels for key, labels in value.items()}


class Market(MarketPart):
    """One market: rules, codes, timing, receipts, and the amounts that its scenarios use."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    source: str = Field(description="where the figures come from")
    currency: CurrencyRule
    completion: CompletionRule
    cancel: CancelRule
    completion_void: VoidRule
    reversal: ReversalRule
    security: SecurityRule
    timing: Timing
    receipt: ReceiptRule
    success_codes: tuple[str, ...]
    sign_on_codes: tuple[str, ...] = Field(description="codes that ask the terminal to sign on again")
    amounts: dict[str, str] = Field(description="the named amounts of the scenarios, in major units")
    codes: dict[str, str] = Field(description="response code to its meaning in the market's language")

    @field_validator("success_codes", "sign_on_codes", mode="before")
    @classmethod
    def _code_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

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
