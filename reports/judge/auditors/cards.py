"""Cards: every answer that shows a card number was looked at by the rig's guard first. Design 7.

The guard tells the entry of the rig's list that lets a card in, before the answer itself is told; a card that none lets
in ends the run. What is known here of a number is its mask: it must agree with the entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from protocols.emv import TlvError, flatten, parse
from protocols.emv.card_numbers import TRACK_2
from reports.judge.auditors import Audit
from reports.judge.finding import Check, Finding
from reports.judge.registry import View, once
from reports.runfolder import Record

PAN = "5A"
ANY = "xF*"
"""A free place of a range, a place that the recorder hid in packed digits, and one that a mask hides."""


@dataclass(frozen=True, slots=True)
class CardShown:
    """An answer with a card number, and what the guard had said before it was told."""

    answer: Record
    masked: tuple[str, ...]  # PANs, hidden places as F; none where a track alone is shown
    listed: tuple[Record, ...]


@once
def cards_shown(view: View) -> list[CardShown]:
    """Every answer that shows a number, in order.

    In that of the events' numbers: the time of an answer is when its bytes came, its number is when it was told.
    """
    found: list[CardShown] = []
    listed: list[Record] = []
    for record in sorted(view.timeline.of("card", "listed", "response", "atr"), key=lambda record: record.number):
        if record.kind == "listed":
            listed.append(record)
        elif record.kind == "atr":
            listed.clear()
        elif "left_out" in record.fields:  # a piece: the whole is told with the last one
            continue
        else:
            numbers = list(_numbers(record))
            if numbers:
                found.append(CardShown(record, tuple(n for n in numbers if n), tuple(listed)))
            listed.clear()
    return found


def _numbers(answer: Record) -> Iterator[str]:
    """Each PAN as the recorder left it; a track, which it hides whole, as nothing."""
    try:
        nodes = parse((answer.raw or b"")[:-2])
    except TlvError:
        return
    for node in flatten(nodes):
        if node.tag == PAN and node.value:
            yield node.value.hex().upper().rstrip("F")
        elif node.tag in TRACK_2 and node.value:
            yield ""


def alike(entry: str, masked: str) -> bool:
    """Whether a masked number may be one of an entry's."""
    return len(entry) == len(masked) and all(a in ANY or b in ANY or a == b for a, b in zip(entry, masked, strict=True))


def listed(view: View) -> Finding | None:
    """The entry was told before the answer, and the number is one of its."""
    shown = cards_shown(view)
    if not shown:
        return None
    check = Check("each answer that shows a card number is let in by the rig's list before it is told")
    for card in shown:
        number = card.answer.number
        if not card.listed:
            check.deviate("a card number was read, and nobody had looked whether it is on the list", number)
        entries = [str(record.fields.get("entry", "")) for record in card.listed]
        for masked in card.masked:
            if entries and not any(alike(entry, masked) for entry in entries):
                check.deviate(f"the card read is none of {', '.join(entries)}", card.listed[0].number, number)
        check.see(number)
    return check.finding(f"{len(shown)} answers, each with its entry of the list")


AUDITS = (Audit("card.listed", "Only listed cards are read", "design 7; cases.md 215", "harness", listed),)
