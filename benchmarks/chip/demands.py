"""What a scenario of a story would demand: what the good terminal did in it. Whether another did the same.

Criteria are judged as they are for cases, each at the end of the order that it speaks of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from protocols.emv.verification import Tvr
from reports.judge.case import Terms
from reports.judge.criteria.entry import name_of, of_order
from reports.judge.criteria.selection import CHOICE, CONFIRMATION, offers
from reports.judge.finding import Verdict
from reports.judge.registry import CRITERIA, View
from reports.judge.timeline import Timeline
from reports.runfolder import Record

Args = dict[str, Any]
GENERATE = "GENERATE AC"


@dataclass(frozen=True, slots=True)
class Demand:
    """Of the order of that number in its story, counted from 0."""

    order: int
    criterion: str
    args: Args


def demands_of(records: Sequence[Record], terms: Terms) -> list[Demand]:
    """Everything that can be said of what happened."""
    return [
        Demand(order, criterion, args)
        for order, view in enumerate(views(records, terms))
        for criterion, look in LOOKS
        for args in look(view)
    ]


def broken(demands: Sequence[Demand], records: Sequence[Record], terms: Terms) -> list[str]:
    """Criteria of demands that are not met. What cannot be decided is none."""
    seen = list(views(records, terms))
    found = [
        demand.criterion
        for demand in demands
        if demand.order < len(seen)
        and CRITERIA[demand.criterion].evaluate(seen[demand.order], demand.args).verdict is Verdict.FAIL
    ]
    return list(dict.fromkeys(found))


def views(records: Sequence[Record], terms: Terms) -> Iterator[View]:
    """As each order's end was seen: just before the next one, or before the case was closed."""
    timeline = Timeline(records)
    orders = [record.number for record in timeline.of("terminal", "order")]
    idle = timeline.last("criterion", "expect")
    for _, following in pairwise([*orders, (idle.number if idle else timeline.end)]):
        yield terms.view(timeline, following - 1)


# ── what is looked at ─────────────────────────────────────────────────────────────────────────────────────────────────


def _reported(view: View) -> Iterator[Args]:
    if view.outcome is not None:
        yield {name: view.outcome.fields.get(name, "") for name in ("transaction", "result", "code")}


def _cryptogram(view: View, which: str) -> Record | None:
    """What the card tells of the last one, if it is of that round: it tells of none that it refused."""
    made = list(view.since_order.of("card", "cryptogram"))
    return made[-1] if made and made[-1].fields.get("round") == which and len(made) == _asked(view) else None


def _round(which: str) -> Callable[[View], Iterator[Args]]:
    def look(view: View) -> Iterator[Args]:
        made = _cryptogram(view, which)
        if made is not None:
            yield {"asked": made.fields["asked"]}
        elif _asked(view) < FEWEST[which]:
            yield {"asked": "none"}

    return look


FEWEST = {"first": 1, "second": 2}
"""Commands GENERATE AC by which it may have come, if the card tells of none: it may have refused it."""


def _asked(view: View) -> int:
    commands = view.since_order.of("card", "command")
    return sum(record.direction == "out" and record.fields.get("name") == GENERATE for record in commands)


def _results(view: View) -> Iterator[Args]:
    for which in ("first", "second"):
        made = _cryptogram(view, which)
        if made is not None and made.fields.get("tvr"):
            tvr = Tvr.parse(bytes.fromhex(made.fields["tvr"]))
            yield {"exactly": list(tvr.words()), "round": which}


def _verified(view: View) -> Iterator[Args]:
    told = [r for r in view.since_order.of("terminal", "chip") if r.fields.get("round") == "first"]
    if told:
        yield {"value": told[-1].fields["cvm_results"]}


def _offered(view: View) -> Iterator[Args]:
    choices, confirmations = offers(view, CHOICE), offers(view, CONFIRMATION)
    if choices:
        yield {"labels": list(choices[-1].fields.get("choices", ()))}
    elif confirmations:
        yield {"labels": list(confirmations[-1].fields.get("choices", ())), "confirm": True}
    else:
        yield {"labels": []}


def _pins(view: View) -> Iterator[Args]:
    yield {"times": len(list(view.since_order.of("operator", "pin")))}


def _messages(view: View) -> Iterator[Args]:
    yield {"messages": [name_of(request) for request in of_order(view)]}


def _supervisor(view: View) -> Iterator[Args]:
    asked = list(view.since_order.of("operator", "supervisor"))
    if asked:
        yield {"present": bool(asked[-1].fields.get("accepted"))}


LOOKS: tuple[tuple[str, Callable[[View], Iterator[Args]]], ...] = (
    ("outcome.reported", _reported),
    ("chip.first", _round("first")),
    ("chip.second", _round("second")),
    ("chip.tvr", _results),
    ("chip.cvm", _verified),
    ("selection.offered", _offered),
    ("pin.asked", _pins),
    ("host.messages", _messages),
    ("supervisor.asked", _supervisor),
)
