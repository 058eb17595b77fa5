"""Chip: a card's counter rises, and a terminal's unpredictable numbers differ. EMV Book 3, 6.5.8; Book 4, 6.5.6.

Within a case. Over a whole run, `reports/judge/over_run.py` looks again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from reports.judge.auditors import Audit
from reports.judge.chip.demands import case_of
from reports.judge.chip.setting import fault_of
from reports.judge.chip.walk import Walk, started
from reports.judge.finding import Check, Finding
from reports.judge.registry import View


def counter_rises(view: View) -> Finding | None:
    """Of each card that has no fault by design, and gave more than one cryptogram."""
    check = Check("the counter of a card rises from one transaction to the next")
    cards = dict.fromkeys(walk.card for walk in started(view) if walk.card and not fault_of(view, walk.card))
    for card in cards:
        _rises(check, card, [w for w in started(view) if w.card == card])
    return check.finding(f"it rises: {len(check.seen)} counters looked at") if check.seen else None


def _rises(check: Check, card: str, walks: Iterable[Walk]) -> None:
    counted = [(w.first.counter, w.first.numbers[-1]) for w in walks if w.first is not None and w.first.counter]
    for (before, at), (now, number) in itertools.pairwise(counted):
        check.see(at, number)
        if now <= before:
            text = f"the counter of {card} was {int.from_bytes(before)}, and then {int.from_bytes(now)}"
            check.deviate(text, at, number)


def unpredictable_of(view: View) -> list[tuple[bytes, int]]:
    """Each 9F37 that a card was given for its first cryptogram, with the event; else as the host was told it."""
    found = []
    for walk in started(view):
        case = case_of(view, walk)
        value = case.terminal("9F37") if case else b""
        if case is not None and value:
            found.append((value, case.first.numbers[0]))
    return found


def unpredictable(view: View) -> Finding | None:
    """EMV Book 4, 6.5.6: no number is used twice."""
    numbers = unpredictable_of(view)
    if len(numbers) < 2:
        return None
    check = Check("the unpredictable numbers of transactions differ")
    first: dict[bytes, int] = {}
    for value, number in numbers:
        check.see(number)
        if value in first:
            check.deviate(f"{value.hex().upper()} was used twice", first[value], number)
        first.setdefault(value, number)
    return check.finding(f"{len(numbers)} numbers, all different")


AUDITS = (
    Audit("chip.counter-rises", "A card's counter rises", "design 4; EMV Book 3, 6.5.8", "card", counter_rises),
    Audit(
        "chip.unpredictable", "Unpredictable numbers differ", "design 4; EMV Book 4, 6.5.6", "terminal", unpredictable
    ),
)
