"""Cards that come and go: what was done at the slot, and what the reader said of it.

The slot's own `inserted`, `removed`, `gone` and `back` are the truth on a virtual bench. What the reader said is
`seen` (its driver noticed a change), `looked` (the bench asked) and `atr` (it powered a card).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reports.judge.registry import View, once
from reports.judge.timeline import Moment, moment
from reports.runfolder import Record

MOVES = {"inserted": True, "removed": False}
SAYINGS = ("seen", "looked", "found")


@dataclass
class Movement:
    """One card that came or went, and what was said until the next thing happened at the slot."""

    record: Record
    present: bool
    said: list[tuple[Record, bool]] = field(default_factory=list)
    superseded: Moment | None = None  # when the next movement came, or the reader was lost
    cut_short: int | None = None  # ns that the reader had for it before it was lost, or there was a second card

    @property
    def agreed(self) -> Record | None:
        """The first saying that agrees with it."""
        return next((r for r, present in self.said if present is self.present), None)

    def denied_after(self, delay_ns: int) -> Record | None:
        """A saying that does not agree with it, so long after that the reader had time enough."""
        late = (r for r, present in self.said if present is not self.present and r.t_ns > self.record.t_ns + delay_ns)
        return next(late, None)


@once
def movements(view: View) -> list[Movement]:
    """Those of all slots, in order. A second card in a field, and what leaves it, is no movement but a `crowds`."""
    found: list[Movement] = []
    last: dict[str, Movement] = {}
    cards: dict[str, set[str]] = {}
    for record in view.timeline.among("card", "reader"):
        slot = str(record.fields.get("slot", ""))
        if (record.channel, record.kind) == ("card", "atr"):
            _say(last.get(slot) or next(reversed(found), None), record, True)
        elif record.channel != "reader":
            continue
        elif record.kind in MOVES:
            there = cards.setdefault(slot, set())
            before = len(there)
            _moved(there, record)
            if slot in last and last[slot].superseded is None:
                last[slot].superseded = moment(record)
                last[slot].cut_short = record.t_ns - last[slot].record.t_ns if len(there) > 1 else None
            if {before, len(there)} == {0, 1}:
                last[slot] = Movement(record, len(there) == 1)
                found.append(last[slot])
        elif record.kind in ("gone", "back", "lost"):
            for movement in (m for m in last.values() if m.superseded is None):
                movement.superseded = moment(record)
                movement.cut_short = record.t_ns - movement.record.t_ns
        elif record.kind in SAYINGS and "present" in record.fields:
            _say(last.get(slot), record, bool(record.fields["present"]))
    return found


def _moved(there: set[str], record: Record) -> None:
    card = str(record.fields.get("card", ""))
    if record.kind == "inserted":
        there.add(card)
    else:
        there.discard(card)


def _say(movement: Movement | None, record: Record, present: bool) -> None:
    if movement is not None and movement.superseded is None:
        movement.said.append((record, present))


@dataclass(frozen=True, slots=True)
class Loss:
    """The reader was gone. `handled` is what the bench did to it before, if it did."""

    record: Record
    handled: Record | None


@once
def losses(view: View) -> list[Loss]:
    """Each time that the reader was gone: as its twin told, or as its driver found."""
    found: list[Loss] = []
    pulled: Record | None = None
    away = False
    for record in view.timeline.among("reader", "rig"):
        if _is_handled(record, "unplugged", "restarted"):
            pulled = pulled or record
        elif _is_handled(record, "in use again"):
            pulled, away = None, False
        elif (record.channel, record.kind) == ("reader", "back"):
            away = False
        elif _is_loss(record) and not away:
            away = True
            found.append(Loss(record, pulled))
    return found


def _is_handled(record: Record, *what: str) -> bool:
    """Whether it says that the bench did this to its reader."""
    if (record.channel, record.kind) != ("rig", "handled") or record.fields.get("device") != "reader":
        return False
    return record.fields.get("what") in what


def _is_loss(record: Record) -> bool:
    if (record.channel, record.kind) == ("reader", "gone"):
        return True
    return (record.channel, record.kind) == ("rig", "fault") and record.fields.get("error") == "ReaderGone"


@once
def crowds(view: View) -> list[tuple[Record, Moment | None]]:
    """Each time that a second card came into a field, and when there was one alone again; None is never."""
    found: list[tuple[Record, Moment | None]] = []
    cards: dict[str, set[str]] = {}
    since: dict[str, Record] = {}
    for record in view.timeline.of("reader", *MOVES):
        slot = str(record.fields.get("slot", ""))
        there = cards.setdefault(slot, set())
        _moved(there, record)
        if len(there) > 1:
            since.setdefault(slot, record)
        elif slot in since:
            found.append((since.pop(slot), moment(record)))
    return found + [(record, None) for record in since.values()]
