"""One exchange: a request as it was understood, and the answer to it. facts/unionpay-pos 2, 3.1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from protocols.emv import TlvError, objects
from protocols.iso8583 import F60, F61, Frame, Mac, Message
from protocols.transactions import Transaction
from simulators.issuer.decisions import Decided
from simulators.issuer.security import Cryptogram, PinCheck, Sealed, Session


@dataclass(slots=True)
class Looks:
    """Its faults; and where there are none, its seal and what the card says. None is not looked at."""

    faults: list[tuple[int, str]]
    sealed: Sealed | None = None
    card: tuple[Cryptogram, PinCheck] | None = None


@dataclass
class Exchange:
    """A request as it was understood. `transaction` is None when the matrix has no such row.

    Business time and reference are taken once: ledger, reply and receipt must agree, over midnight too.
    """

    number: int
    frame: Frame
    message: Message
    transaction: Transaction | None
    reversal: bool
    moment: datetime
    reference: str
    trace: str = field(init=False)
    terminal: str = field(init=False)
    merchant: str = field(init=False)
    name: str = field(init=False)
    arrived: float = 0.0
    """On the loop's own clock: what a rule delays is counted from here."""
    looked_at: Looks | None = None
    """What was found before its turn came, if it was looked at."""

    def __post_init__(self) -> None:
        self.trace, self.terminal, self.merchant = self.text(11), self.text(41), self.text(42)
        self.name = self.transaction.value if self.transaction else "unknown"
        self._f60: F60 | None = None
        self._f61: F61 | None = None
        self._chip: list[tuple[str, bytes]] | None = None
        self._common: dict[str, Any] | None = None

    def text(self, number: int) -> str:
        value = self.message.get(number, "")
        return value if isinstance(value, str) else ""

    def octets(self, number: int) -> bytes | None:
        value = self.message.get(number)
        return value if isinstance(value, bytes) else None

    @property
    def amount(self) -> int:
        return int(self.text(4) or 0)

    @property
    def f60(self) -> F60:
        if self._f60 is None:
            self._f60 = F60.parse(self.text(60))
        return self._f60

    @property
    def f61(self) -> F61:
        if self._f61 is None:
            self._f61 = F61.parse(self.text(61))
        return self._f61

    @property
    def chip(self) -> list[tuple[str, bytes]]:
        """The data objects of F55, templates before what they hold. Raises TlvError."""
        if self._chip is None:
            self._chip = objects(self.octets(55) or b"")
        return self._chip

    @property
    def batch(self) -> str:
        return self.f60.batch

    @property
    def pan(self) -> str:
        """The card's number by F2, else by a track. facts/unionpay-pos 4.6"""
        return self.text(2) or self.text(35).partition("D")[0] or _of_track_3(self.text(36))

    def value(self, path: str) -> str | None:
        """A field (`4`), a part of F60 or F61 (`60.3`), or a tag of F55 (`55.9F26`), for a rule to compare."""
        number, _, part = path.removeprefix("F").partition(".")
        value = self.message.get(0 if number == "MTI" else int(number))
        if part and value is not None:
            return _PARTS[number](self, part)
        return value.hex().upper() if isinstance(value, bytes) else value

    def common(self) -> dict[str, Any]:
        """What every event of this exchange carries; to be copied, not changed."""
        if self._common is None:
            self._common = {
                "exchange": self.number, "mti": self.text(0), "transaction": self.name, "trace": self.trace,
                "reversal": self.reversal,
            }  # fmt: skip
        return self._common


def _of_track_3(track: str) -> str:
    """It begins with the format code 99."""
    return track[2:].partition("D")[0] if track else ""


PARTS_OF_60 = ("type", "batch", "management", "capability", "condition", "partial", "account")
PARTS_OF_61 = ("batch", "trace", "date", "method", "institution")


def _numbered(whole: F60 | F61, names: tuple[str, ...], part: str) -> str | None:
    return str(getattr(whole, names[int(part) - 1])) or None


def _tag(exchange: Exchange, tag: str) -> str | None:
    try:
        return next((value.hex().upper() for known, value in exchange.chip if known == tag), None)
    except TlvError:
        return None


_PARTS: dict[str, Callable[[Exchange, str], str | None]] = {
    "60": lambda exchange, part: _numbered(exchange.f60, PARTS_OF_60, part),
    "61": lambda exchange, part: _numbered(exchange.f61, PARTS_OF_61, part),
    "55": _tag,
}


@dataclass
class Reply:
    """The packed answer, what led to it, and what the host tells of it beside the decision.

    `formats` are breaches of presence and of parts in the request. The notes are further events, kind and fields.
    `explained` is a sentence for whoever wants to know why; `breaches` are what is wrong with the answer itself, and
    `unmatched` tells why a terminal finds no request for it.
    """

    body: bytes
    decided: Decided
    card: str = ""
    checks: dict[str, Any] = field(default_factory=dict)
    formats: list[tuple[int, str]] = field(default_factory=list)
    host_notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ledger_notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    explained: str = ""
    breaches: list[str] = field(default_factory=list)
    unmatched: str = ""
    seal: Mac | None = None


@dataclass
class Outcome:
    """What a handler makes of a request: the decision, fields for the reply, and what to tell of it."""

    decided: Decided
    extra: Message = field(default_factory=dict)
    card: str = ""
    checks: dict[str, Any] = field(default_factory=dict)
    session: Session | None = None
    formats: list[tuple[int, str]] = field(default_factory=list)
    host_notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ledger_notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    explained: str = ""
