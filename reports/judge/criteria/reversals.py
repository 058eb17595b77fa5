"""What a scenario demands of reversals, beyond the duty that an auditor watches in every case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.judge.finding import Check, Finding, Scope, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Request, Timeline


def _last_original(timeline: Timeline, transaction: str) -> Request | None:
    found = [r for r in timeline.requests() if r.transaction == transaction and not r.reversal]
    return found[-1] if found else None


def _reversals(view: View, original: Request) -> list[Request]:
    return [
        r
        for r in view.requests
        if r.reversal
        and r.transaction == original.transaction
        and r.trace == original.trace
        and r.t_ns >= original.t_ns
    ]


@criterion("reversal.sent", "The unanswered request is reversed", "facts/unionpay-pos 5.19", scope=Scope.WHOLE_CASE)
def sent(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction. Reversed with its own trace and the market's reason for no reply, and answered."""
    original = _last_original(view.so_far, args["transaction"])
    check = Check(f"the {args['transaction']} is reversed with reason {view.market.reversal.reason_no_reply}")
    if original is None:
        return inconclusive(check.expected, f"no {args['transaction']} reached the host")
    check.see(original.number)
    undone = _reversals(view, original)
    check.see(*(r.number for r in undone))
    if not undone:
        check.deviate("no reversal of it reached the host", original.number)
    elif undone[0].value(39) != view.market.reversal.reason_no_reply:
        check.deviate(f"the reversal gives the reason {undone[0].value(39) or 'none'}", undone[0].number)
    return check.finding("reversed")


@criterion(
    "reversal.repeated",
    "An unanswered reversal is repeated with the same data",
    "facts/unionpay-pos 5.19",
    scope=Scope.WHOLE_CASE,
)
def repeated(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction, and least, the number of times that it must have been sent."""
    original = _last_original(view.so_far, args["transaction"])
    most = view.market.reversal.repeats + 1
    check = Check(f"sent at least {args['least']} and at most {most} times, always with the original's data")
    if original is None:
        return inconclusive(check.expected, f"no {args['transaction']} reached the host")
    tries = _reversals(view, original)
    check.see(*(r.number for r in tries))
    if not args["least"] <= len(tries) <= most:
        check.deviate(f"sent {len(tries)} times", original.number, *(r.number for r in tries))
    for again in tries[1:]:
        for number in (3, 4, 11, 22, 25, 41, 42, 60, 61):
            if again.value(number) != tries[0].value(number):
                check.deviate(f"F{number} of a repeat differs", again.number, tries[0].number)
    return check.finding(f"sent {len(tries)} times with the same data")


@criterion(
    "reversal.before-next",
    "The pending reversal goes before the next request",
    "facts/unionpay-pos 5.19",
    scope=Scope.WHOLE_CASE,
)
def before_next(view: View, args: Mapping[str, Any]) -> Finding:
    """Between the unanswered request and the next financial one a reversal is sent."""
    check = Check("a reversal stands between the unanswered request and the next one")
    financial = [r for r in view.requests if r.mti[:2] in ("01", "02") and not r.reversal]
    unanswered = next((r for r in financial if not r.replies), None)
    if unanswered is None:
        return inconclusive(check.expected, "the host left no request unanswered")
    later = [r for r in financial if r.t_ns > unanswered.t_ns]
    if not later:
        return inconclusive(check.expected, "no further request was made")
    undone = [r for r in _reversals(view, unanswered) if r.t_ns < later[0].t_ns]
    check.see(unanswered.number, *(r.number for r in undone), later[0].number)
    if not undone:
        check.deviate("the next request was sent first", unanswered.number, later[0].number)
    return check.finding(f"reversed {len(undone)} times before the next request")


@criterion("reversal.none", "An approved transaction is not reversed", "cases.md 108", scope=Scope.WHOLE_CASE)
def none(view: View, args: Mapping[str, Any]) -> Finding:
    check = Check("no reversal in the whole case")
    check.see(*(r.number for r in view.requests))
    for request in view.requests:
        if request.reversal:
            check.deviate(f"the {request.transaction} {request.trace} was reversed", request.number)
    return check.finding(f"{len(view.requests)} requests, none of them a reversal")
