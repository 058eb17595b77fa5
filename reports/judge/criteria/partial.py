"""Approval of a part: taken as what it is, or undone. facts/unionpay-pos 2.4, 5.15, 5.21; cases.md 28, 29."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.money import Money
from reports.judge.auditors.agreement import figures_of, is_amount
from reports.judge.criteria.exchange import asked
from reports.judge.criteria.holds import newest_hold
from reports.judge.duty import granting, originals, outcome_of, reversals
from reports.judge.finding import Check, Finding, Scope, inconclusive
from reports.judge.paper import AMOUNT, looks_approved, papers
from reports.judge.registry import View, criterion
from reports.judge.reply import Reply
from reports.judge.timeline import Request


def _answered_in_part(view: View, requests: list[Request]) -> tuple[Request, Reply] | None:
    """The last request that was granted in part, with its answer."""
    found = [
        (r, a)
        for r in requests
        for a in r.answers[:1]
        if a.code in granting(view, r) and a.code not in view.market.success_codes
    ]
    return found[-1] if found else None


@criterion("partial.amount-honoured", "A part that was approved is taken as that part", "cases.md 28")
def amount_honoured(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount, if the part is known. Report, slips and ledger say what F4 of the answer says."""
    expected = "the approved part is what is reported, printed and held or booked"
    found = _answered_in_part(view, asked(view))
    if found is None:
        return inconclusive(expected, "the host approved no part")
    request, answer = found
    money = view.market.money
    part, whole = Money(int(answer.value(4) or 0), money), Money(int(request.value(4) or 0), money)
    check = Check(f"{part} of {whole} is reported, printed and held or booked")
    check.see(request.number, answer.number)
    if args.get("amount") is not None and part.minor != int(args["amount"]):
        check.deviate(f"the host approved {part}, not {Money(int(args['amount']), money)}", answer.number)
    outcome = view.outcome
    if outcome is None:
        return inconclusive(expected, "the terminal reported no outcome at all", answer.number)
    if outcome.fields.get("result") != "approved":
        check.deviate(f"the terminal reported {outcome.fields.get('result')}", outcome.number, answer.number)
    elif int(str(outcome.fields.get("amount", part.minor))) != part.minor:
        check.deviate(f"reported is {Money(int(str(outcome.fields['amount'])), money)}", outcome.number, answer.number)
    for slip in papers(view.since_order, view.market):
        if slip.value(AMOUNT) is not None and not any(is_amount(figure, part) for figure in figures_of(slip)):
            check.deviate(f"the slip says {' '.join(figures_of(slip)) or 'no amount'}", slip.number, answer.number)
    _moved(view, request, part, check)
    return check.finding(f"{part} everywhere")


def _moved(view: View, request: Request, part: Money, check: Check) -> None:
    """What the ledger did for the request."""
    postings = [r for r in view.since_order.of("ledger", "posting") if r.fields.get("trace") == request.trace]
    moved = sum(int(str(r.fields["amount"])) for r in postings)
    hold = newest_hold(view.since_order)
    if hold is not None and int(str(hold.fields["amount"])) != part.minor:
        check.deviate(f"held are {Money(int(str(hold.fields['amount'])), part.currency)}", hold.number)
    elif hold is None and postings and moved != part.minor:
        check.deviate(f"booked are {Money(moved, part.currency)}", *(r.number for r in postings))


@criterion(
    "partial.refused",
    "A part that is not wanted is undone",
    "facts/unionpay-pos 5.21; cases.md 29",
    scope=Scope.WHOLE_CASE,
)
def refused(view: View, args: Mapping[str, Any]) -> Finding:
    """No approval is reported or printed, and the request is reversed, whole."""
    check = Check("no approval of the part; the request is reversed")
    found = _answered_in_part(view, originals(view))
    if found is None:
        return inconclusive(check.expected, "the host approved no part")
    request, answer = found
    check.see(request.number, answer.number)
    outcome = outcome_of(view, request)
    if outcome is not None and outcome.fields.get("result") == "approved":
        check.deviate("the terminal reported an approval", outcome.number, answer.number)
    for slip in papers(view.timeline, view.market):
        if slip.voucher == request.trace and looks_approved(slip, view.market):
            check.deviate("an approved slip was printed", slip.number, answer.number)
    tries = reversals(view).meant_for(request)
    check.see(*(t.number for t in tries[:1]))
    if not tries:
        check.miss("the request was not reversed", request.number)
    return check.finding("undone")
