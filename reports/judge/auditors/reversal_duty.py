"""Reversal duty: what must be reversed is reversed, in time, with the original's data; and nothing else ever is.

A reversible request whose bytes left and that got no authentic answer in time, or whose approval the terminal
could not finish, is reversed before the next online request, at most N + 1 times. An approval that the terminal
completed, and an authentic decline, are never reversed. facts/unionpay-pos 5.19.
"""

from __future__ import annotations

from enum import Enum

from protocols.transactions import TRANSACTIONS, Transaction
from reports.judge.auditors import Audit
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.judge.timeline import Request

SAME_DATA = (3, 4, 22, 25, 41, 42, 49)
"""Fields that a reversal repeats from its original, besides F11 and F60.1-60.2."""


class Duty(Enum):
    MUST = "must be reversed"
    MUST_NOT = "must not be reversed"
    EITHER = "cannot be told"


def _reversible(request: Request) -> bool:
    known = {t.value for t in Transaction}
    return request.transaction in known and TRANSACTIONS[Transaction(request.transaction)].reversible


def _originals(view: View) -> list[Request]:
    return [r for r in view.requests if not r.reversal and _reversible(r)]


def _duty(view: View, request: Request) -> Duty:
    """What the terminal owes, from what it was sent and what it reported."""
    outcome = next((o for o in view.timeline.of("terminal", "outcome") if o.fields.get("trace") == request.trace), None)
    result = str(outcome.fields.get("result")) if outcome else ""
    authentic = [a for a in request.replies if not a.tampered]
    if not authentic:
        return Duty.MUST
    waited = authentic[0].t_ns - request.t_ns
    if authentic[0].late or waited > view.response_timeout_ns + view.guard_ns:
        return Duty.MUST
    if waited > view.response_timeout_ns - view.guard_ns:
        return Duty.EITHER
    if authentic[0].code not in view.market.success_codes or result == "approved":
        return Duty.MUST_NOT
    return Duty.MUST if outcome else Duty.EITHER


def _undoing(view: View, original: Request) -> list[Request]:
    """Reversals that name this original: same transaction, same trace, or else the first stray one after it."""
    return [r for r in view.requests if r.reversal and r.t_ns > original.t_ns and _names(r, original)]


def _names(reversal: Request, original: Request) -> bool:
    return reversal.trace == original.trace and reversal.transaction == original.transaction


def _strays(view: View) -> list[Request]:
    """Reversals that name no request of the case."""
    originals = _originals(view)
    return [r for r in view.requests if r.reversal and not any(_names(r, o) for o in originals)]


def reversed_when_due(view: View) -> Finding | None:
    """Every request that must be reversed is followed by a reversal, right or wrong in its data."""
    due = [r for r in _originals(view) if _duty(view, r) is Duty.MUST]
    if not due:
        return None
    check = Check("each request without an authentic answer, or that could not be finished, is reversed")
    strays = _strays(view)
    for request in due:
        check.see(request.number)
        followers = _undoing(view, request) or [s for s in strays if s.t_ns > request.t_ns]
        check.see(*(f.number for f in followers[:1]))
        if not followers:
            check.deviate(f"the {request.transaction} {request.trace} was never reversed", request.number)
    return check.finding(f"{len(due)} due, all reversed")


def original_data(view: View) -> Finding | None:
    """A reversal carries the trace, amount, codes and batch of the request that it undoes."""
    reversals = [r for r in view.requests if r.reversal]
    if not reversals:
        return None
    check = Check("F11, F3, F4, F22, F25, F41, F42, F49 and F60 of a reversal are its original's")
    for stray in _strays(view):
        check.deviate(f"the reversal with trace {stray.trace} names no request of this terminal", stray.number)
    for original in _originals(view):
        for reversal in _undoing(view, original):
            check.see(original.number, reversal.number)
            for number in SAME_DATA:
                if reversal.value(number) != original.value(number):
                    check.deviate(f"F{number} differs from the original's", reversal.number, original.number)
            if reversal.value(60)[:8] != original.value(60)[:8]:
                check.deviate("type or batch in F60 differs from the original's", reversal.number, original.number)
    return check.finding(f"{len(reversals)} reversals carry their original's data")


def before_next(view: View) -> Finding | None:
    """A due reversal is tried before the next financial request leaves."""
    check = Check("a due reversal goes before the next financial request")
    originals = _originals(view)
    judged = 0
    for place, request in enumerate(originals[:-1]):
        if _duty(view, request) is not Duty.MUST:
            continue
        judged += 1
        following = originals[place + 1]
        tries = [r for r in view.requests if r.reversal and request.t_ns < r.t_ns < following.t_ns]
        check.see(request.number, *(t.number for t in tries[:1]), following.number)
        if not tries:
            check.deviate(
                f"the {following.transaction} {following.trace} left before the reversal of {request.trace}",
                request.number,
                following.number,
            )
    return check.finding(f"{judged} times in the right order") if judged else None


def never_false(view: View) -> Finding | None:
    """A completed approval and an authentic decline are not reversed."""
    safe = [r for r in _originals(view) if _duty(view, r) is Duty.MUST_NOT]
    if not safe:
        return None
    check = Check("no completed approval and no authentic decline is reversed")
    for request in safe:
        check.see(request.number)
        for reversal in _undoing(view, request):
            check.deviate(
                f"the {request.transaction} {request.trace} was answered with {request.replies[0].code} and reversed",
                request.number,
                reversal.number,
            )
    return check.finding(f"{len(safe)} answered requests left alone")


def bounded(view: View) -> Finding | None:
    """A reversal is not tried more often than the market says."""
    most = view.market.reversal.repeats + 1
    tried = [(o, _undoing(view, o)) for o in _originals(view)]
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
