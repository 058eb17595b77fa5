"""What a behaviour rule makes the host do, by what it touches: the decision, the message, its bytes, or its way out.

Every action is a value. `name` is what events call it; `spoils` names the parts of the answer that it changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar, Union

from simulators.issuer.issuerscript import IssuerScript

# ── the decision ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with this code instead of deciding; nothing is booked.

    A code of success other than 00 stands in place of 00: the request is decided and booked, and a refusal stays one.
    """

    code: str
    name = "code"


@dataclass(frozen=True, slots=True)
class Approve:
    """Approve without looking at the account, as a stand-in does; nothing is booked. facts/unionpay-pos 7"""

    name = "approve"


@dataclass(frozen=True, slots=True)
class Partial:
    """Approve so many percent of the amount, with answer 10."""

    percent: int
    name = "partial"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Decide and book, or not even that, and say nothing: the answer was lost, or the request."""

    decide: bool = True

    @property
    def name(self) -> str:
        return "no answer" if self.decide else "request lost"


# ── the message, sealed with the right MAC after the change ───────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class SetField:
    """Another value in a field, or a field that was not there. `how` is the action's name where it has one."""

    field: int
    value: str
    how: str = ""

    @property
    def name(self) -> str:
        return self.how or f"set F{self.field}"

    @property
    def spoils(self) -> str:
        return f"F{self.field}"


@dataclass(frozen=True, slots=True)
class Differ:
    """A field of the answer that is not the request's: trace, terminal, merchant, amount, currency, reference, MTI."""

    field: int
    name: str

    @property
    def spoils(self) -> str:
        return f"F{self.field}" if self.field else "MTI"


@dataclass(frozen=True, slots=True)
class DropField:
    """Leave a field out."""

    field: int

    @property
    def name(self) -> str:
        return f"drop F{self.field}"

    @property
    def spoils(self) -> str:
        return f"F{self.field}"


ChipTrick = Literal["malformed chip data", "duplicate chip tag", "wrong ARPC", "no ARPC"]


@dataclass(frozen=True, slots=True)
class SpoilChip:
    """Something about F55: data that are no TLV, a tag twice, a wrong or no ARPC."""

    name: ChipTrick
    spoils = "F55"


@dataclass(frozen=True, slots=True)
class Overflow:
    """A length prefix beyond the most that the field table has, with as much behind it."""

    field: int

    @property
    def name(self) -> str:
        return f"overflow F{self.field}"

    @property
    def spoils(self) -> str:
        return f"F{self.field}"


@dataclass(frozen=True, slots=True)
class NonNumeric:
    """A nibble that is no digit, in a field of digits."""

    field: int

    @property
    def name(self) -> str:
        return f"non-numeric F{self.field}"

    @property
    def spoils(self) -> str:
        return f"F{self.field}"


# ── the bytes ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class WrongMac:
    """The right answer under a MAC that is wrong."""

    name = "wrong MAC"
    spoils = "MAC"


@dataclass(frozen=True, slots=True)
class NoMac:
    """The right answer without F64."""

    name = "no MAC"
    spoils = "MAC"


@dataclass(frozen=True, slots=True)
class LengthPrefix:
    """A length before the frame that is not its own."""

    name: Literal["wrong length prefix", "short length prefix", "zero length prefix"]
    spoils = "length"


@dataclass(frozen=True, slots=True)
class ProcessingRequest:
    """The digit in the header that asks the terminal for something. facts/unionpay-pos 1.8"""

    digit: int

    @property
    def name(self) -> str:
        return f"processing request {self.digit}"

    spoils = "header"


# ── the way out ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Delay:
    """Decide at once, answer after so many seconds of market time: `seconds`, or evenly between it and `most`."""

    seconds: float
    most: float | None = None
    name = "delay"


Moment = Literal["just before", "after the reversal", "during the next transaction"]


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """Hold the answer back until a stated moment: just before the answer to its reversal, just behind it, or just
    before the answer to the terminal's next transaction."""

    moment: Moment = "just before"

    @property
    def name(self) -> str:
        return "late answer" if self.moment == "just before" else f"late answer {self.moment}"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The answer, and the same once more."""

    name = "duplicate"
    spoils = "twice"


@dataclass(frozen=True, slots=True)
class Split:
    """Byte by byte, each in a segment of its own, without a pause."""

    name = "split"
    spoils = "split"


@dataclass(frozen=True, slots=True)
class Drip:
    """One byte every so many seconds of market time."""

    seconds: float
    name = "drip"
    spoils = "drip"


@dataclass(frozen=True, slots=True)
class Glued:
    """An answer to something else behind the right one, in the same segment."""

    name = "two in one segment"
    spoils = "glued"


@dataclass(frozen=True, slots=True)
class Reset:
    """Decide and book, then a TCP reset instead of an answer."""

    name = "reset"


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """Decide and book, then neither hear nor say anything on this connection any more, and never close it."""

    name = "half-open"


@dataclass(frozen=True, slots=True)
class RefuseConnects:
    """Hang up on everyone, and refuse connects from then on: until the rule is over, or the rules are cleared."""

    name = "refuse connects"


Deciding: TypeAlias = Union[Answer, Approve, Partial, NoAnswer]
Changing: TypeAlias = Union[SetField, Differ, DropField, SpoilChip, IssuerScript, Overflow, NonNumeric]
Spoiling: TypeAlias = Union[WrongMac, NoMac, LengthPrefix, ProcessingRequest]
Delivering: TypeAlias = Union[Delay, LateAnswer, Duplicate, Split, Drip, Glued, Reset, HalfOpen, RefuseConnects]
Action: TypeAlias = Union[Deciding, Changing, Spoiling, Delivering]


def together(actions: tuple[Action, ...]) -> str:
    """The name of all that one rule does."""
    return " + ".join(action.name for action in actions)


def spoiled(actions: tuple[Action, ...]) -> list[str]:
    """What of the answer is not as it was decided."""
    return [part for action in actions if (part := getattr(action, "spoils", ""))]


_A = TypeVar("_A")


def only(actions: tuple[Action, ...], kind: type[_A]) -> _A | None:
    """The first action of a kind."""
    for action in actions:
        if isinstance(action, kind):
            return action
    return None


def every(actions: tuple[Action, ...], kind: type[_A]) -> list[_A]:
    """All actions of a kind, in their order."""
    return [action for action in actions if isinstance(action, kind)]


def has(actions: tuple[Action, ...], kind: type) -> bool:
    """Whether an action of a kind is among them."""
    return only(actions, kind) is not None
