"""Bugs that target `server` must find: in the host itself."""

from __future__ import annotations

from typing import Any
from unittest import mock

from protocols.iso8583 import F61, Mac
from simulators.issuer import explain
from simulators.issuer.connection import Connection
from simulators.issuer.exchange import Exchange, Outcome
from simulators.issuer.ledger import Ledger
from simulators.issuer.replying import Replies
from tests.fuzz.harness import Plant

_seal, _move, _take = Replies.seal, Ledger._move, Connection._take
_parse_61 = F61.parse.__func__  # type: ignore[attr-defined]


def _no_mac_under_25(replies: Replies, exchange: Exchange, outcome: Outcome) -> Mac | None:
    """An answer 25 goes without a MAC."""
    return None if outcome.decided.code == "25" else _seal(replies, exchange, outcome)


def _smallest_twice(ledger: Ledger, card: str, kind: str, amount: int, *rest: Any) -> tuple[int, int]:
    """A hold of the smallest amount is posted twice."""
    if (kind, amount) == ("hold", 1):
        _move(ledger, card, kind, amount, *rest)
    return _move(ledger, card, kind, amount, *rest)


def _above_forgotten(ledger: Ledger, card: str, kind: str, amount: int, *rest: Any) -> tuple[int, int]:
    """What a completion books above its hold is one short."""
    return _move(ledger, card, kind, amount - (kind == "book above"), *rest)


def _block_told(block: bytes, pan: str, terminal: object, used: object) -> str:
    """The explanation of an unreadable PIN block shows it."""
    return f"F52 is no PIN block: {block.hex().upper()}"


def _third_dropped(connection: Connection, frames: list[bytes]) -> None:
    """The third request in one segment is lost."""
    _take(connection, frames[:2] + frames[3:])


def _original_misread(of: type[F61], digits: str) -> F61:
    """An original of 29 digits is read by a list that is too short."""
    return of(*[digits][1:]) if len(digits) == 29 else _parse_61(of, digits)


def _in_place_of(owner: object, name: str, value: object, what: str, within: int, *, quick: bool = True) -> Plant:
    return Plant(what, lambda: mock.patch.object(owner, name, value), within, quick)


PLANTS = (
    _in_place_of(Replies, "seal", _no_mac_under_25, "an answer 25 has no MAC", 400),
    _in_place_of(F61, "parse", classmethod(_original_misread), "F61 of 29 digits breaks the host", 10_000, quick=False),
    _in_place_of(Ledger, "_move", _smallest_twice, "the smallest hold is posted twice", 10_000, quick=False),
    _in_place_of(Ledger, "_move", _above_forgotten, "a booking above the hold is one short", 10_000, quick=False),
    _in_place_of(explain, "unreadable_pin", _block_told, "a PIN block is told", 1_000),
    _in_place_of(Connection, "_take", _third_dropped, "the third request of a segment is lost", 1_000, quick=False),
)
