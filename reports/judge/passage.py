"""What went through a reader: each command and answer at the driver's end, and what the card says of them at its own.

A card twin is its own witness: `powered`, `gave` for each command that it answered, `took` for one that it did not.
Where the card is real there is none, and nothing is said of what a reader passes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from reports.judge.registry import View, once
from reports.judge.timeline import moment
from reports.runfolder import Record

OF_THE_READER = 0xFF
"""Commands of this class are the reader's own: no card sees them. PC/SC part 3, 3.2."""


@dataclass
class Exchange:
    """One command as the driver sent it, and all that came of it before the next one."""

    command: Record
    reachable: bool = True  # a card was in, and the reader there, when it was sent
    took: list[Record] = field(default_factory=list)  # what reached a card, answered or not
    gave: list[Record] = field(default_factory=list)  # those that it answered
    response: Record | None = None
    broken: Record | None = None  # the card left, or the reader was lost, before it was answered
    ended: Record | None = None  # the event after which nothing more can belong to it

    @property
    def name(self) -> str:
        return str(self.command.fields.get("name", "command"))

    @property
    def is_the_readers_own(self) -> bool:
        raw = self.command.raw or b""
        return raw[:1] == bytes([OF_THE_READER])

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """All of its events, in order."""
        parts = [self.command, *self.took, *([self.response] if self.response else [])]
        return tuple(r.number for r in sorted(parts, key=moment))

    @property
    def given(self) -> list[Record]:
        """What the card gave while it was there: one that has left answers nobody."""
        return [g for g in self.gave if self.broken is None or moment(g) < moment(self.broken)]

    @property
    def added_ns(self) -> int | None:
        """The round trip without the card's own time. None where an end of it was not seen, or it was no plain one."""
        if self.response is None or self.broken or len(self.took) != 1 or len(self.gave) != 1:
            return None
        return self.response.t_ns - self.command.t_ns - int(self.gave[0].fields.get("own_ns", 0))

    @property
    def bytes_passed(self) -> int:
        """Of command and answer."""
        return len(self.command.raw or b"") + len((self.response.raw if self.response else b"") or b"")


@once
def exchanges(view: View) -> list[Exchange]:
    """Every command that the driver sent, in order."""
    found: list[Exchange] = []
    cards, gone = 0, False
    for record in view.timeline.among("card", "reader"):
        if record.channel == "reader":
            cards += {"inserted": 1, "removed": -1}.get(record.kind, 0)
            gone = {"gone": True, "back": False}.get(record.kind, gone)
        if (record.channel, record.kind) == ("card", "command"):
            if found:
                found[-1].ended = found[-1].ended or record
            found.append(Exchange(record, reachable=cards > 0 and not gone))
        elif found and found[-1].ended is None:
            _add(found[-1], record)
    return found


def _add(exchange: Exchange, record: Record) -> None:
    if record.channel == "card":
        if record.kind in REACHED:
            exchange.took.append(record)
            exchange.gave += [record] if record.kind == "gave" else []
        elif record.kind == "response":
            exchange.response = exchange.response or record
        elif record.kind in ("atr", "powered"):
            exchange.ended = record
    elif record.channel == "reader" and record.kind in BREAKS and exchange.response is None:
        exchange.broken = exchange.broken or record


BREAKS = ("removed", "gone")
REACHED = ("took", "gave")


@once
def is_witnessed(view: View) -> bool:
    """Whether a card of this case says what it got and gave."""
    return any(view.timeline.of("card", "powered", *REACHED))


@once
def strays(view: View) -> list[Record]:
    """Commands that reached a card with none under way."""
    first = view.timeline.first("card", "command")
    return [r for r in view.timeline.of("card", *REACHED) if first is None or moment(r) < moment(first)]


def resets(view: View) -> Iterator[tuple[Record, Record]]:
    """Each ATR that the driver was told, with what the card had answered to its last reset before."""
    own: Record | None = None
    for record in view.timeline.of("card", "powered", "atr"):
        if record.kind == "powered":
            own = record
        elif own is not None:
            yield record, own


def is_made_by_reader(atr: str) -> bool:
    """3B 8n 80 01: what a contactless reader makes up of a card's historical bytes. PC/SC part 3, 3.1.3.2.3."""
    return atr[:3] == "3B8" and atr[4:8] == "8001"
