"""What a scenario demands of reversals, beyond the duty that an auditor watches in every case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.judge.duty import Duty, duty, originals, reversals
from reports.judge.finding import Check, Finding, Scope, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Request, differences

MAY_CHANGE = ("F12", "F13", "F38", "F39", "F55", "F64", "TPDU", "header")
"""What a repeat may say anew: time, reason and what belongs to it, and the MAC. facts/unionpay-pos 5.19."""


def _last_original(view: View, transaction: str) -> Request | None:
    found = [r for r in originals(view) if r.transaction == transaction and r.number <= view.position]
    return found[-1] if found else None


@criterion("reversal.sent", "The unanswered request is reversed", "facts/unionpay-pos 5.19", scope=Scope.WHOLE_CASE)
def sent(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction. Reversed with the market's reason for no reply."""
    reason = view.market.reversal.reason_no_reply
    original = _last_original(view, args["transaction"])
    check = Check(f"the {args['transaction']} is reversed with reason {reason}")
    if original is None:
        return inconclusive(check.expected, f"no {args['transaction']} reached the host")
    found = reversals(view)
    undone = found.meant_for(original)
    owed = duty(view, original, found)
    if owed is Duty.MUST_NOT or (owed is Duty.EITHER and not undone):
        return inconclusive(
            check.expected, "the host answered the request: nothing was to be reversed", original.number
        )
    check.see(original.number, *(r.number for r in undone))
    if not undone:
        check.miss("no reversal of it reached the host", original.number)
    elif undone[0].value(39) != reason:
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
    original = _last_original(view, args["transaction"])
    most, least = view.market.reversal.repeats + 1, int(args["least"])
    check = Check(f"sent at least {least} and at most {most} times, always with the same data")
    if original is None:
        return inconclusive(check.expected, f"no {args['transaction']} reached the host")
    tries = reversals(view).meant_for(original)
    check.see(original.number, *(r.number for r in tries))
    if len(tries) < least:
        check.miss(f"sent {len(tries)} times", original.number, *(r.number for r in tries))
    if len(tries) > most:
        check.deviate(f"sent {len(tries)} times", original.number, *(r.number for r in tries))
    for again in tries[1:]:
        for name in differences(tries[0].message, again.message, MAY_CHANGE):
            check.deviate(f"{name} of a repeat differs from the first try's", again.number, tries[0].number)
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
    found, asked = reversals(view), originals(view)
    unanswered = next((r for r in asked if duty(view, r, found) is Duty.MUST), None)
    if unanswered is None:
        return inconclusive(check.expected, "the host left no request unanswered")
    later = [r for r in asked if r.at > unanswered.at]
    if not later:
        return inconclusive(check.expected, "no further request was made", unanswered.number)
    undone = [r for r in found.meant_for(unanswered) if r.at < later[0].at]
    check.see(unanswered.number, *(r.number for r in undone), later[0].number)
    if not undone:
        check.deviate("the next request was sent first", unanswered.number, later[0].number)
    return check.finding(f"reversed {len(undone)} times before the next request")


@criterion("reversal.none", "An approved transaction is not reversed", "cases.md 108", scope=Scope.WHOLE_CASE)
def none(view: View, args: Mapping[str, Any]) -> Finding:
    """No reversal in the whole case; one that was owed after all, for an answer came too late, says nothing."""
    check = Check("no reversal in the whole case")
    check.see(*(r.number for r in view.requests))
    found = reversals(view)
    owed = [r for r in originals(view) if found.of(r) and duty(view, r, found) is not Duty.MUST_NOT]
    justified = {t.number for r in owed for t in found.of(r)} | {t.number for m in found.misnamed.values() for t in m}
    for request in view.requests:
        if request.reversal and request.number not in justified:
            check.deviate(f"the {request.transaction} {request.trace} was reversed", request.number)
    if owed and not check.deviations:
        why = f"the {owed[0].transaction} {owed[0].trace} got no answer that counts: its reversal is in order"
        return inconclusive(check.expected, why, *(t.number for t in found.of(owed[0])))
    return check.finding(f"{len(view.requests)} requests, none of them a reversal")
