"""Reversal duty: what must be reversed is reversed, in time, with the original's data; and nothing else ever is.

A reversible request whose bytes left and that got no authentic answer in time, or whose approval the terminal
could not finish, is reversed before the next online request, at most N + 1 times. An approval that the terminal
completed, and an authentic decline, are never reversed. facts/unionpay-pos 5.19. The duty is worked out in `duty.py`.
"""

from __future__ import annotations

from itertools import pairwise

from reports.judge.auditors import Audit
from reports.judge.duty import Duty, duty, may_be_of_a_lost_request, may_still_come, originals, reversals, reversible
from reports.judge.finding import Check, Finding, inconclusive
from reports.judge.registry import View
from reports.judge.timeline import Request

SAME_DATA = (3, 4, 11, 22, 25, 41, 42, 49)
"""Fields that a reversal repeats from its original, besides F60.1 and F60.2."""


def _due(view: View) -> list[Request]:
    found = reversals(view)
    return [r for r in originals(view) if duty(view, r, found) is Duty.MUST]


def reversed_when_due(view: View) -> Finding | None:
    """Every request that must be reversed is followed by a reversal, right or wrong in its data."""
    due, found = _due(view), reversals(view)
    if not due:
        return None
    check = Check("each request without an authentic answer, or that could not be finished, is reversed")
    for request in due:
        tries = found.meant_for(request)
        check.see(request.number, *(t.number for t in tries[:1]))
        if not tries and not may_still_come(view, request):
            check.miss(f"the {request.transaction} {request.trace} was never reversed", request.number)
    waiting = [r for r in due if not found.meant_for(r)]
    if waiting and not check.deviations:
        why = f"the reversal of {waiting[0].trace} is due before the next request, and none was made"
        return inconclusive(check.expected, why, *(r.number for r in waiting))
    return check.finding(f"{len(due)} due, all reversed")


def original_data(view: View) -> Finding | None:
    """A reversal carries the trace, amount, codes and batch of the request that it undoes."""
    found = reversals(view)
    check = Check("F11, F3, F4, F22, F25, F41, F42, F49 and F60 of a reversal are its original's")
    judged = 0
    for stray in found.strays:
        if not may_be_of_a_lost_request(view, stray):
            judged += 1
            check.deviate(f"the reversal with trace {stray.trace} undoes no request of this terminal", stray.number)
    for original in originals(view):
        for reversal in found.meant_for(original):
            judged += 1
            check.see(original.number, reversal.number)
            _same_data(original, reversal, check)
    return check.finding(f"{judged} reversals carry their original's data") if judged else None


def _same_data(original: Request, reversal: Request, check: Check) -> None:
    evidence = (original.number, reversal.number)
    for number in SAME_DATA:
        was, now = original.value(number), reversal.value(number)
        if now != was:
            check.deviate(f"F{number} is {now or 'missing'}, the original's is {was or 'missing'}", *evidence)
    if reversal.batch != original.batch:
        check.deviate(f"F60 has type and batch {reversal.batch or 'missing'}, not {original.batch}", *evidence)


def before_next(view: View) -> Finding | None:
    """A due reversal is tried before the next financial request leaves."""
    check = Check("a due reversal goes before the next financial request")
    found, asked = reversals(view), originals(view)
    judged = 0
    for request, following in pairwise(asked):
        if duty(view, request, found) is not Duty.MUST:
            continue
        judged += 1
        tries = [r for r in found.meant_for(request) if r.at < following.at]
        check.see(request.number, *(t.number for t in tries[:1]), following.number)
        if not tries:
            check.deviate(
                f"the {following.transaction} {following.trace} left before the reversal of {request.trace}",
                request.number,
                following.number,
            )
    return check.finding(f"{judged} times in the right order") if judged else None


def never_false(view: View) -> Finding | None:
    """A completed approval, an authentic decline and an advice are not reversed."""
    found = reversals(view)
    safe = [r for r in originals(view) if duty(view, r, found) is Duty.MUST_NOT]
    if not safe:
        return None
    check = Check("no completed approval and no authentic decline is reversed")
    for request in safe:
        check.see(request.number)
        for reversal in found.of(request):
            said = f"was answered with {request.answers[0].code}" if request.answers else "is never to be reversed"
            what = request.transaction if reversible(request) else request.mti
            check.deviate(f"the {what} {request.trace} {said}, and was reversed", request.number, reversal.number)
    return check.finding(f"{len(safe)} answered requests left alone")


def bounded(view: View) -> Finding | None:
    """A reversal is not tried more often than the market says."""
    most = view.market.reversal.repeats + 1
    found = reversals(view)
    tried = [(o, found.meant_for(o)) for o in originals(view)]
    if not any(tries for _, tries in tried):
        return None
    check = Check(f"a reversal is sent {most} times at most")
    for original, tries in tried:
        check.see(*(t.number for t in tries))
        if len(tries) > most:
            check.deviate(f"{original.trace} was reversed {len(tries)} times", *(t.number for t in tries))
    return check.finding("within the limit")


_RULE = "facts/unionpay-pos 5.19"
AUDITS = (
    Audit("reversal-duty.reversed", "What must be reversed is reversed", _RULE, "terminal", reversed_when_due),
    Audit("reversal-duty.original-data", "A reversal carries its original's data", _RULE, "terminal", original_data),
    Audit("reversal-duty.before-next", "A reversal goes before the next request", _RULE, "terminal", before_next),
    Audit("reversal-duty.never-false", "Nothing else is ever reversed", _RULE, "terminal", never_false),
    Audit("reversal-duty.bounded", "A reversal is repeated within the limit", _RULE, "terminal", bounded),
)
