"""What the admin API takes and gives. Amounts are integers of minor units with their currency; PANs are masked."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic.json_schema import SkipJsonSchema

from rigs.rulefile import HOLD_STATES, RuleModel, UntilModel, WhenModel
from simulators.issuer.inquiry import MOST

LARGEST = 999_999_999_999  # what F4 can say
CARD = r"^[A-Za-z]+([ -][A-Za-z]+)*([ -]?[0-9]{1,6})?$"
"""Names of cards: words, and at most six digits, so that none can be a card number."""
PLAIN_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
LAST_ID = 2**53 - 1


def _whole(value: object) -> object:
    return int(value) if type(value) is float and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
"""As JSON has it: 5.0 is the integer 5."""
CardName = Annotated[str, Field(min_length=1, max_length=32, pattern=CARD, examples=["credit", "credit-2"])]
Approval = Annotated[str, Field(pattern=r"^[0-9A-Z]{6}$", examples=["000001"])]
Terminal = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{8}$", examples=["50080001"])]
Merchant = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{15}$", examples=["309310083985008"])]
Key = Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{48})$", json_schema_extra={"writeOnly": True})]
Status = Literal["open", "lost", "stolen", "expired", "restricted"]
HoldState = Literal["open", "partly completed", "completed", "cancelled", "reversed", "expired"]
assert set(HoldState.__args__) == set(HOLD_STATES) - {"none"}  # type: ignore[attr-defined]


class Given(BaseModel):
    """Strict: an unknown key is an error, and so is a number written as text."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Amount(Given):
    """An amount of money. Below zero where it is a difference."""

    minor: Whole = Field(ge=-(2**53) + 1, le=LAST_ID, description="in minor units: 12300 is 123.00 CNY")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["CNY"])


class NewAmount(Amount):
    """An amount to hold or to open an account with."""

    minor: Whole = Field(ge=0, le=LARGEST, description="in minor units: 12300 is 123.00 CNY")


class ServerStatus(BaseModel):
    """How the host stands."""

    version: str
    market: str
    business_date: date
    uptime_s: float
    listening: str = Field(description="address and port that terminals connect to")
    connections: int
    requests: int = Field(description="messages taken since the start")
    requests_per_s: float = Field(description="over the last seconds")
    answered: int
    refused: int
    holds_open: int
    rules: int
    evidence: Literal["simulated"]
    database: str


class Account(BaseModel):
    """An account, and the card on file. A card of kept books may not be on file: `pan` and `status` are null then."""

    card: str
    kind: Literal["credit", "debit"]
    pan: str | None = Field(description="first six and last four digits")
    status: Status | None
    opening: Amount
    available: Amount
    held: Amount
    booked: Amount
    retired: bool = Field(description="its holds expire no more")


class NewAccount(Given):
    """A card to issue. PSN, expiry, PIN and key are those of a card profile of the rig; all are test cards."""

    card: CardName
    available: NewAmount
    profile: CardName = Field("credit", description="a card of the rig file")
    pan: str | None = Field(
        default=None, pattern=r"^[0-9]{13,19}$", description="of the profile's test range; else the next free one",
        json_schema_extra={"writeOnly": True},
    )  # fmt: skip
    status: Status = "open"


class NewStatus(Given):
    """What a card is from now on."""

    status: Status


class Accounts(BaseModel):
    """A page."""

    accounts: list[Account]
    after: str | None = Field(description="`after` of the next page; null at the end")


class HoldView(BaseModel):
    """A hold: what was approved and raised since, what of it is held still, and what is booked."""

    id: int
    card: str
    merchant: str
    approval: str
    trace: str
    opened: date
    last_day: date = Field(description="on which it may be completed")
    state: HoldState
    amount: Amount
    held: Amount
    booked: Amount


class Holds(BaseModel):
    """A page."""

    holds: list[HoldView]
    after: int | None = Field(description="`after` of the next page; null at the end")


class Adjustment(Given):
    """The issuer's own change of a hold: another total, or so many days longer, or both."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    amount: NewAmount | SkipJsonSchema[None] = None
    days: Annotated[int, Field(ge=1, le=366)] | SkipJsonSchema[None] = None

    @field_validator("amount", "days", mode="before")
    @classmethod
    def _given(cls, value: object) -> object:
        if value is None:
            raise ValueError("leave out what is not to be changed")
        return _whole(value)


class SessionView(BaseModel):
    """An enrolled terminal, and whether it has working keys."""

    terminal: str
    merchant: str
    mac: str = Field(description="the scheme that seals its messages")
    check_value: str = Field(description="of its test master key: first four bytes of zeros under it")
    signed_on: bool


class Sessions(BaseModel):
    """All of them: they are few."""

    sessions: list[SessionView]


class NewTerminal(Given):
    """A terminal to enrol. The key is a test key; it is never shown again."""

    terminal: Terminal
    merchant: Merchant
    test_master_key: Key


class RuleView(BaseModel):
    """A rule in force, in its place, and how often it acted."""

    id: int
    name: str
    when: WhenModel
    do: str | list[str]
    until: UntilModel
    matched: int = Field(description="requests that it was meant for")
    fired: int = Field(description="requests that it acted on")
    over: bool = Field(description="whether it has ended")


class Rules(BaseModel):
    """In the order in which they are asked: the first that matches decides."""

    rules: list[RuleView]


class NewRules(Given):
    """As a rule file has them: they are asked after those that are there."""

    rules: list[RuleModel] = Field(min_length=1, max_length=64)


class BusinessDate(BaseModel):
    """The day that the books are at."""

    date: date


class ByDays(Given):
    """Let so many days go by; negative ones take them back, but no expiry."""

    days: Whole = Field(ge=-3660, le=3660)


class ToDate(Given):
    """Move to a day between 2000 and 2099."""

    date: str = Field(pattern=PLAIN_DATE, json_schema_extra={"format": "date"}, examples=["2026-12-31"])


class JournalEntry(BaseModel):
    """A request that the rules decided, refused ones included."""

    id: int
    terminal: str
    merchant: str
    batch: str
    trace: str
    rrn: str
    kind: str
    card: str
    asked: Amount
    amount: Amount = Field(description="what was granted, adjusted later perhaps")
    refunded: Amount
    approval: str
    day: str = Field(description="business date")
    code: str
    state: str
    original: int | None = Field(description="the entry that it speaks of")


class Journal(BaseModel):
    """A page."""

    entries: list[JournalEntry]
    after: int | None = Field(description="`after` of the next page; null at the end")


Limit = Annotated[int, Field(ge=1, le=MOST)]
After = Annotated[int, Field(ge=0, le=LAST_ID)]
Anything = dict[str, Any]
