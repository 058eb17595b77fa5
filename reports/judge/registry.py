"""Criteria by id. A scenario names one with arguments; the judge evaluates it here, now and at any later time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar

from protocols.faults import HoldfastBug
from protocols.limits import USUAL_READER, ReaderLimits
from protocols.market import Market
from protocols.transactions import MANAGEMENT
from reports.judge.finding import Finding, Scope, Weight
from reports.judge.timeline import Request, Timeline
from reports.runfolder import Record

FoundT = TypeVar("FoundT")
GUARD_NS = 30_000_000
"""How far a moment that was measured at one end of the line may be off at the other."""


@dataclass(frozen=True)
class View:
    """All that a criterion may look at.

    `position` is the number of the event that recorded the criterion. `so_far` ends there; `timeline` is the whole.
    `response_timeout_ns` is the terminal's, in real time; `guard_ns` is the uncertainty of a measured moment.
    `reader` is what the rig demands of its reader.
    """

    timeline: Timeline
    market: Market
    response_timeout_ns: int
    position: int
    guard_ns: int = GUARD_NS
    reader: ReaderLimits = USUAL_READER
    worked_out: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def so_far(self) -> Timeline:
        return self.timeline.up_to(self.position)

    @cached_property
    def requests(self) -> list[Request]:
        """Those of the terminal under test."""
        return self.timeline.requests()

    @cached_property
    def all_requests(self) -> list[Request]:
        """Those of every terminal, for what judges the host."""
        return self.timeline.all_requests()

    @cached_property
    def order(self) -> Record | None:
        """The merchant's last order so far: the transaction that a criterion speaks of."""
        return self.so_far.last("terminal", "order")

    @cached_property
    def since_order(self) -> Timeline:
        """What happened from that order on, up to where the criterion was recorded."""
        return self.so_far.after(self.order)

    @cached_property
    def of_order(self) -> Timeline:
        """What belongs to that order, whenever it came: up to the next order, or to the end."""
        later = self.timeline.after(self.order) if self.order else Timeline([])
        return later.before(later.first("terminal", "order"))

    @cached_property
    def outcome(self) -> Record | None:
        """What the terminal reported last of that order; of what it does by itself, like signing on, never."""
        asked = str(self.order.fields.get("transaction", "")) if self.order else ""
        told = [
            r
            for r in self.since_order.of("terminal", "outcome")
            if r.fields.get("transaction") not in MANAGED or r.fields.get("transaction") == asked
        ]
        return told[-1] if told else None


MANAGED = frozenset(transaction.value for transaction in MANAGEMENT)
"""What a terminal may do at any time, without an order."""


def once(work: Callable[[View], FoundT]) -> Callable[[View], FoundT]:
    """Work something out of a view once, however many rules ask for it. Nobody may change what is returned."""

    @wraps(work)
    def remembered(view: View) -> FoundT:
        if work not in view.worked_out:
            view.worked_out[work] = work(view)
        found: FoundT = view.worked_out[work]
        return found

    return remembered


Evaluate = Callable[[View, Mapping[str, Any]], Finding]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A named rule. `rule` cites where it comes from; `component` is what it judges."""

    id: str
    title: str
    rule: str
    evaluate: Evaluate
    component: str = "terminal"
    weight: Weight = Weight.MANDATORY
    scope: Scope = Scope.SO_FAR


class Registry:
    """The criteria of Holdfast, filled once at import of `reports.judge.criteria`."""

    def __init__(self) -> None:
        self._by_id: dict[str, Criterion] = {}

    def add(self, criterion: Criterion) -> None:
        if criterion.id in self._by_id:
            raise HoldfastBug(f"two criteria are called {criterion.id}")
        self._by_id[criterion.id] = criterion

    def __getitem__(self, criterion_id: str) -> Criterion:
        if criterion_id not in self._by_id:
            raise HoldfastBug(f"no criterion is called {criterion_id!r}", advice="see reports/judge/criteria")
        return self._by_id[criterion_id]

    def __iter__(self) -> Iterator[Criterion]:
        return iter(self._by_id.values())


CRITERIA = Registry()


def criterion(
    criterion_id: str,
    title: str,
    rule: str,
    *,
    component: str = "terminal",
    weight: Weight = Weight.MANDATORY,
    scope: Scope = Scope.SO_FAR,
) -> Callable[[Evaluate], Evaluate]:
    """Register the decorated function as the evaluation of a criterion."""

    def register(evaluate: Evaluate) -> Evaluate:
        CRITERIA.add(Criterion(criterion_id, title, rule, evaluate, component, weight, scope))
        return evaluate

    return register
