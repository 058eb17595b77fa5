"""The nearest miss in words: what is there instead of the original that was not found.

Deterministic: fewest differing digits, then the smallest difference, then the newest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from simulators.issuer.decisions.asked import Asked
from simulators.issuer.holdbook import Hold, HoldBook
from simulators.issuer.journal import Entry, Journal

_Found = TypeVar("_Found", Hold, Entry)


def hold(holds: HoldBook, asked: Asked, approval: str, day: str) -> str:
    """What is nearest to a hold of this card, code, day and merchant."""
    own = holds.of_card(asked.card)
    for one in own:
        if one.approval == approval and one.day != day:
            return f"{approval} is of {month_day(one.day)}"
    if any(one.approval == approval for one in own):
        return f"{approval} of {month_day(day)} belongs to another merchant"
    if holds.with_code(approval, day) is not None:
        return f"{approval} of {month_day(day)} is of another card"
    found = nearest(approval, [(one.approval, one) for one in own])
    if found is None:
        return "this card has no hold"
    return f"nearest {found.approval}" + (f" of {month_day(found.day)}" if found.day != day else "")


def booking(journal: Journal, asked: Asked, batch: str, trace: str, kinds: tuple[str, ...]) -> str:
    """What is nearest to a request of this terminal, batch, trace and kind."""
    for one in journal.with_trace(asked.merchant, trace):
        if one.terminal != asked.terminal:
            return f"terminal {one.terminal} has that trace"
        if one.kind in kinds:
            return f"trace {trace} is of batch {one.batch}"
        if one.batch == batch:
            return f"that trace is a {one.kind}"
    found = nearest(trace, [(one.trace, one) for one in journal.of_terminal(asked.merchant, asked.terminal, kinds)])
    if found is None:
        return f"this terminal has no {kinds[0]}"
    return f"nearest trace {found.trace}" + (f" of batch {found.batch}" if found.batch != batch else "")


def reference(journal: Journal, asked: Asked, day: str, kinds: tuple[str, ...]) -> str:
    """What is nearest to a booking of this RRN and day."""
    bookings = journal.of_merchant(asked.merchant, kinds)
    for one in bookings:
        if one.reference == asked.reference:
            return f"{one.reference} is of {month_day(one.day)}"
    found = nearest(asked.reference, [(one.reference, one) for one in bookings])
    if found is None:
        return "this merchant has no booking"
    return f"nearest {found.reference}" + (f" of {month_day(found.day)}" if found.day != day else "")


def nearest(wanted: str, candidates: Iterable[tuple[str, _Found]]) -> _Found | None:
    """The candidate with the nearest number; of equals the first."""
    found = min(candidates, key=lambda candidate: _distance(wanted, candidate[0]), default=None)
    return found[1] if found else None


def nearest_number(wanted: str, candidates: Iterable[str]) -> str:
    """Of numbers alone; empty when there are none."""
    return min(candidates, key=lambda there: _distance(wanted, there), default="")


def _distance(wanted: str, there: str) -> tuple[int, int]:
    width = max(len(wanted), len(there))
    digits = sum(a != b for a, b in zip(wanted.rjust(width), there.rjust(width), strict=True))
    both = (wanted + there).isascii() and wanted.isdigit() and there.isdigit()
    return digits, abs(int(wanted) - int(there)) if both else 0


def month_day(day: str) -> str:
    """2026-11-20 as 11-20: what F61 names."""
    return day[5:]
