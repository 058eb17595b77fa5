"""How reversals end: why they were sent, how often, when they stop, and what is done when they must be given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.judge.duty import originals, reversals
from reports.judge.finding import Check, Finding, Scope, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Request, moment

GIVEN_UP = "given up"


def _tried(view: View, transaction: str) -> tuple[Request, tuple[Request, ...]] | None:
    """The last request of a kind that was reversed, with the tries; or else the last one."""
    found = reversals(view)
    asked = [r for r in originals(view) if r.transaction == transaction and r.number <= view.position]
    undone = [r for r in asked if found.meant_for(r)]
    chosen = (undone or asked)[-1:]
    return (chosen[0], found.meant_for(chosen[0])) if chosen else None


def _none(check: Check, transaction: object) -> Finding:
    return inconclusive(check.expected, f"no {transaction} reached the host")


@criterion(
    "reversal.given-up",
    "A reversal that nobody answers is given up, and people are told",
    "facts/unionpay-pos 5.19; cases.md 102",
    scope=Scope.WHOLE_CASE,
)
def given_up(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction. Tried to the limit, then put on the exception list, and shown to the operator."""
    most = view.market.reversal.repeats + 1
    check = Check(f"sent {most} times, then given up, and the operator is told")
    found = _tried(view, str(args["transaction"]))
    if found is None:
        return _none(check, args["transaction"])
    original, tries = found
    numbers = (original.number, *(t.number for t in tries))
    check.see(*numbers)
    if any(a.code in view.market.reversal.stop_codes for t in tries for a in t.answers):
        return inconclusive(check.expected, "the host answered it", *numbers)
    if len(tries) < most:
        check.miss(f"sent {len(tries)} times", *numbers)
    if len(tries) > most:
        check.deviate(f"sent {len(tries)} times", *numbers)
    if tries:
        _people_were_told(view, original, tries[-1], check)
    return check.finding(f"given up after {len(tries)} tries, and the operator was told")


def _people_were_told(view: View, original: Request, last: Request, check: Check) -> None:
    told = list(view.timeline.of("terminal", "reversal"))
    ended = [r for r in told if r.fields.get("status") == GIVEN_UP and r.fields.get("trace") == original.trace]
    if told and not ended:
        check.miss("the terminal did not say that it gave it up", last.number)
    shown = [
        r
        for r in view.timeline.of("terminal", "display")
        if moment(r) > last.at and r.fields.get("audience", "operator") == "operator" and r.fields.get("text")
    ]
    check.see(*(r.number for r in (*ended[:1], *shown[:1])))
    if not shown:
        check.miss("nothing was shown to the operator", last.number)


@criterion(
    "reversal.reason", "The reversal says why", "facts/unionpay-pos 5.19; cases.md 96, 120", scope=Scope.WHOLE_CASE
)
def reason(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction, code: F39 of the first try."""
    check = Check(f"the reversal of the {args['transaction']} gives the reason {args['code']}")
    found = _tried(view, str(args["transaction"]))
    if found is None:
        return _none(check, args["transaction"])
    original, tries = found
    if not tries:
        return inconclusive(check.expected, "it was not reversed", original.number)
    check.see(original.number, tries[0].number)
    if tries[0].value(39) != args["code"]:
        check.deviate(f"it gives {tries[0].value(39) or 'none'}", tries[0].number, original.number)
    return check.finding(f"reason {args['code']}")


@criterion(
    "reversal.ended",
    "An answered reversal is over",
    "facts/unionpay-pos 5.19; cases.md 105, 106",
    scope=Scope.WHOLE_CASE,
)
def ended(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction, code. One of the market's stop codes was the answer: there is no further try."""
    check = Check(f"no further try once the reversal was answered with {args['code']}")
    found = _tried(view, str(args["transaction"]))
    if found is None:
        return _none(check, args["transaction"])
    original, tries = found
    numbers = (original.number, *(t.number for t in tries))
    answered = [(t, a) for t in tries for a in t.answers if a.code == args["code"] and not a.late]
    if not answered or args["code"] not in view.market.reversal.stop_codes:
        return inconclusive(check.expected, f"no reversal of it was answered with {args['code']}", *numbers)
    last, answer = answered[0]
    if answer.t_ns - last.t_ns > view.response_timeout_ns - view.guard_ns:
        return inconclusive(check.expected, "the answer was too near the time-out", last.number, answer.number)
    check.see(original.number, last.number, answer.number)
    for again in (t for t in tries if t.at > answer.at):
        check.deviate("it was sent again", answer.number, again.number)
    return check.finding("over")


@criterion(
    "reversal.not-owed",
    "What never left is not reversed",
    "facts/unionpay-pos 5.19; cases.md 113",
    scope=Scope.WHOLE_CASE,
)
def not_owed(view: View, args: Mapping[str, Any]) -> Finding:
    """The connect of the last order failed: no request, no reversal of it, no approval."""
    check = Check("no request, no reversal, no approval")
    if view.order is None:
        return inconclusive(check.expected, "no transaction was started")
    sent = [r for r in view.of_order.requests() if r.financial]
    if sent and any(r.number <= view.position for r in sent):
        return inconclusive(check.expected, "a request reached the host after all", sent[0].number)
    check.see(view.order.number)
    known = {r.trace for r in originals(view)}
    for reversal in (r for r in view.requests if r.reversal and r.at > moment(view.order) and r.trace not in known):
        check.deviate(f"a reversal of {reversal.trace} was sent, which never left", reversal.number)
    outcome = view.outcome
    if outcome is not None and outcome.fields.get("result") == "approved":
        check.deviate("the terminal reported an approval", outcome.number)
    return check.finding("nothing left, nothing was reversed")


@criterion(
    "reversal.count", "The reversal is sent so often", "facts/unionpay-pos 5.19; cases.md 101", scope=Scope.WHOLE_CASE
)
def count(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction, times."""
    check = Check(f"sent {args['times']} times")
    found = _tried(view, str(args["transaction"]))
    if found is None:
        return _none(check, args["transaction"])
    original, tries = found
    numbers = (original.number, *(t.number for t in tries))
    check.see(*numbers)
    if len(tries) < int(args["times"]):
        check.miss(f"sent {len(tries)} times", *numbers)
    if len(tries) > int(args["times"]):
        check.deviate(f"sent {len(tries)} times", *numbers)
    return check.finding(f"sent {len(tries)} times")
