"""What can only be seen over a whole run: numbers that must not come twice, whichever cases use them. Design 4.

All timelines of a terminal are read together; every attempt counts. A rule that has nothing to look at is not told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from reports.judge.auditors.chip_numbers import unpredictable_of
from reports.judge.case import OWN_PARTS, Terms
from reports.judge.chip.setting import fault_of
from reports.judge.chip.walk import started
from reports.judge.duty import originals
from reports.judge.finding import Verdict
from reports.judge.registry import View
from reports.judge.timeline import Timeline, moment
from reports.runfolder import Record

CHANCE = 1e-6
"""So unlikely must be what chance alone does before a terminal is blamed for it."""
NUMBERS = 2**32
"""How many unpredictable numbers of four bytes there are. EMV Book 4, 6.5.6"""
MOST_TOLD = 5


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An event: when, and in which timeline."""

    at: tuple[int, int]
    timeline: str

    @property
    def evidence(self) -> dict[str, Any]:
        return {"timeline": self.timeline, "number": self.at[1]}


@dataclass(frozen=True, slots=True)
class Used:
    """A value that somebody used: whose it is, where, and whether it may come again."""

    owner: str
    value: str
    place: Place


@dataclass
class OverRun:
    """Collects from one timeline after the other, and judges when all were read."""

    unpredictable: list[Used] = field(default_factory=list)
    counters: list[Used] = field(default_factory=list)
    traces: list[Used] = field(default_factory=list)

    def look(self, records: Sequence[Record], terms: Terms, path: str) -> None:
        """Take what one timeline has. Of a terminal that nobody names, nothing: it may be another one each time."""
        timeline = Timeline(records)
        view = terms.view(timeline, timeline.end)
        opening = timeline.first("case", "open")
        worker = str(opening.fields.get("worker", "")) if opening else ""
        owner = " ".join(part for part in (timeline.terminal, worker) if part)  # benches side by side may be alike
        if not owner:
            return
        for value, number in unpredictable_of(view):
            self.unpredictable.append(Used(owner, value.hex().upper(), _place(view, number, path)))
        for walk in started(view):
            if walk.card and walk.first is not None and walk.first.counter and not fault_of(view, walk.card):
                place = Place(moment(walk.first.sent.command), path)
                self.counters.append(Used(f"{worker} {walk.card}".strip(), walk.first.counter.hex(), place))
        for request in originals(view):
            if request.trace.isdigit():
                batch = request.value(60)[2:8]
                self.traces.append(Used(f"{owner} {batch}".strip(), request.trace, Place(request.at, path)))

    def judged(self, terms: Terms) -> list[dict[str, Any]]:
        """As they stand in verdicts.json; each in a form of its own, for its evidence is in many timelines."""
        rules: tuple[tuple[str, str, str, Found], ...] = (
            ("unpredictable", "Unpredictable numbers differ over the run", "terminal", _repeated(self.unpredictable)),
            ("traces", "No trace number comes twice in a row over the run", "terminal", _same_again(self.traces)),
            ("counters", "A card's counter rises over the run", "card", _falling(self.counters)),
        )
        return [
            _as_json(f"run.{name}", title, component, found, terms)
            for name, title, component, found in rules if found.looked
        ]  # fmt: skip


def _place(view: View, number: int, path: str) -> Place:
    return Place(view.timeline.moments[number], path)


# ── the rules ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule came to: how many it looked at, what is wrong, and where that is seen."""

    looked: int
    expected: str
    wrong: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()


def _by_owner(used: Iterable[Used]) -> Iterator[tuple[str, list[Used]]]:
    owners: dict[str, list[Used]] = {}
    for one in sorted(used, key=lambda u: u.place):
        owners.setdefault(one.owner, []).append(one)
    yield from owners.items()


def _repeated(used: Sequence[Used]) -> Found:
    """Two in a long run may be alike by chance: so many repeats as chance could bring are nobody's fault."""
    expected = "no unpredictable number is used twice"
    wrong: list[str] = []
    places: list[Place] = []
    for owner, own in _by_owner(used):
        first: dict[str, Used] = {}
        again = [(first[u.value], u) if u.value in first else (first.setdefault(u.value, u), u) for u in own]
        twice = [(one, other) for one, other in again if one is not other]
        if twice and by_chance(len(own), len(twice)) < CHANCE:
            wrong += [f"{other.value} came twice at terminal {owner.split(' ')[0]}" for _, other in twice[:MOST_TOLD]]
            places += [u.place for pair in twice[:MOST_TOLD] for u in pair]
    return Found(len(used) if len(used) > 1 else 0, expected, tuple(wrong), tuple(places))


def by_chance(numbers: int, repeats: int) -> float:
    """How likely so many random numbers have so many repeats, or more: Poisson's tail."""
    mean = numbers * (numbers - 1) / 2 / NUMBERS
    below = sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(repeats))
    first = math.exp(-mean) * mean**repeats / math.factorial(repeats)
    return max(1 - below, first)


def _same_again(used: Sequence[Used]) -> Found:
    """Counters may be set and batches begun anew between cases; the same number twice in a row has no such reason."""
    wrong: list[str] = []
    places: list[Place] = []
    for owner, own in _by_owner(used):
        for one, other in pairwise(own):
            if one.value == other.value and one.place.timeline != other.place.timeline:
                wrong.append(f"trace {one.value} was used twice in a row at terminal {owner.split(' ')[0]}")
                places += [one.place, other.place]
    expected = "each request has a trace number of its own"
    return Found(len(used) if len(used) > 1 else 0, expected, tuple(wrong), tuple(places))


def _falling(used: Sequence[Used]) -> Found:
    wrong: list[str] = []
    places: list[Place] = []
    looked = 0
    for owner, own in _by_owner(used):
        looked += len(own) if len(own) > 1 else 0
        for one, other in pairwise(own):
            if int(other.value, 16) <= int(one.value, 16):
                card = owner.split(" ")[-1]
                wrong.append(f"the counter of {card} was {int(one.value, 16)}, and then {int(other.value, 16)}")
                places += [one.place, other.place]
    return Found(looked, "the counter of a card rises from one transaction to the next", tuple(wrong), tuple(places))


# ── verdicts.json ─────────────────────────────────────────────────────────────────────────────────────────────────


def _as_json(id_: str, title: str, component: str, found: Found, terms: Terms) -> dict[str, Any]:
    verdict, reason = _blamed(component, terms) if found.wrong else (Verdict.PASS, "")
    return {
        "id": id_, "title": title, "weight": "mandatory", "component": component, "verdict": verdict.value,
        "expected": found.expected, "actual": "; ".join(found.wrong) or f"{found.looked} looked at, and all are well",
        "rule": "design 4", "evidence": [place.evidence for place in found.places], "source": "auditor",
        "reason": reason,
    }  # fmt: skip


def _blamed(component: str, terms: Terms) -> tuple[Verdict, str]:
    """As for a case: design 4."""
    if component in terms.dut:
        return Verdict.FAIL, ""
    if component in OWN_PARTS:
        return Verdict.ERROR, f"the {component} is Holdfast's own part, not under test"
    return Verdict.INCONCLUSIVE, f"the {component} is not under test on this rig"
