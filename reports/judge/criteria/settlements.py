"""Settlement and batch: what the last settlement so far claimed, was told and did. facts/unionpay-pos 2.3, 3.3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from protocols.money import Money
from protocols.totals import Totals
from protocols.transactions import Transaction
from reports.judge.auditors.settlement import pending_at
from reports.judge.criteria.exchange import asked
from reports.judge.duty import granting, originals
from reports.judge.finding import Check, Finding, Scope, Verdict, inconclusive
from reports.judge.paper import papers
from reports.judge.registry import View, criterion, once
from reports.judge.settling import (
    BALANCED,
    END_UNBALANCED,
    UNBALANCED,
    Settled,
    began_here,
    network,
    settlements,
    sums_of,
)
from reports.judge.stored import is_stored
from reports.judge.timeline import moment

RULE = "facts/unionpay-pos 3.3"
NONE_MADE = "no settlement reached the host"
HOLDS = (Transaction.PREAUTH.value, Transaction.INCREMENT.value, Transaction.CANCEL.value)


@once
def _so_far(view: View) -> View:
    """As if the case had ended where the criterion was recorded."""
    return replace(view, timeline=view.so_far, worked_out={})


def _last(view: View) -> Settled | None:
    """The last one so far; where the merchant ordered any, the last one since he did so last."""
    orders = [o for o in view.so_far.of("terminal", "order") if o.fields.get("transaction") == Transaction.SETTLEMENT]
    begun = moment(orders[-1]) if orders else (0, 0)
    found = [s for s in settlements(_so_far(view)) if s.request.at > begun]
    return found[-1] if found else None


@criterion("settlement.balanced", "The totals agree, and the batch is closed", f"{RULE}; cases.md 197")
def balanced(view: View, args: Mapping[str, Any]) -> Finding:
    check = Check("the host finds the totals right, the terminal reports it, and the batch is closed")
    settled = _last(view)
    if settled is None or settled.answer is None or not settled.flag:
        return inconclusive(check.expected, NONE_MADE if settled is None else "the host told no flag")
    numbers = (settled.request.number, settled.answer.number)
    check.see(*numbers)
    if settled.flag != BALANCED:
        reason = str(settled.ledger.fields.get("reason", "")) if settled.ledger else ""
        check.deviate(f"the host's flag is {settled.flag}{f': {reason}' if reason else ''}", *numbers)
    if settled.report is not None and str(settled.report.fields.get("flag")) != settled.flag:
        check.deviate(f"the terminal reports flag {settled.report.fields.get('flag')}", settled.report.number, *numbers)
    if not _closed(view, settled):
        check.miss("the batch was not closed", *numbers)
    return check.finding("balanced and closed")


def _closed(view: View, settled: Settled) -> bool:
    """Told by the end of the batch on the wire, by terminal or by ledger."""
    after = _so_far(view).timeline
    told = [*after.of("terminal", "batch"), *after.of("ledger", "batch")]
    named = [r for r in told if settled.batch in (r.fields.get("closed"), r.fields.get("batch"))]
    return bool(settled.ends) or any(moment(r) > settled.request.at for r in named)


@criterion(
    "settlement.reported", "The terminal reports what the host found", "facts/unionpay-pos 2.3; cases.md 197-199"
)
def reported(view: View, args: Mapping[str, Any]) -> Finding:
    """args: flag: 1 balanced, 2 unbalanced, 3 error."""
    wanted, settled = str(args["flag"]), _last(view)
    expected = f"flag {wanted} by the host, and reported by the terminal"
    if settled is None or settled.answer is None:
        return inconclusive(expected, NONE_MADE if settled is None else "the host did not answer the settlement")
    if settled.flag != wanted:
        return inconclusive(expected, f"the host's flag is {settled.flag or 'not told'}", settled.request.number)
    if settled.report is None:
        return inconclusive(expected, "the terminal reported no settlement", settled.request.number)
    told = str(settled.report.fields.get("flag"))
    verdict = Verdict.PASS if told == wanted else Verdict.FAIL
    return Finding(verdict, expected, f"reported is flag {told}", (settled.request.number, settled.report.number))


@criterion("settlement.uploaded-and-ended", "Differences are uploaded, and the batch is ended", f"{RULE}; cases.md 198")
def uploaded(view: View, args: Mapping[str, Any]) -> Finding:
    check = Check("after flag 2 the detail is uploaded, then the batch is ended with 202")
    settled = _last(view)
    if settled is None or settled.flag != UNBALANCED:
        return inconclusive(check.expected, NONE_MADE if settled is None else "the host found no difference")
    numbers = (settled.request.number, *(r.number for r in settled.uploads))
    check.see(*numbers)
    details = [r for r in settled.uploads if r not in settled.ends]
    if not details:
        check.miss("no detail was uploaded", *numbers)
    if not any(network(r) == END_UNBALANCED for r in settled.ends):
        check.miss("the batch was not ended with 202", *numbers)
    return check.finding(f"{len(details)} messages of detail, and the end")


@criterion("settlement.preauth-not-counted", "A hold is not among the totals", f"{RULE}; cases.md 195")
def preauth_not_counted(view: View, args: Mapping[str, Any]) -> Finding:
    """The totals are those of what was booked; with the holds of the batch they would be others."""
    check = Check("the totals hold what was booked, and no pre-authorisation, increment or cancel")
    settled = _last(view)
    if settled is None or settled.claimed is None:
        return inconclusive(check.expected, NONE_MADE if settled is None else "the totals were not recorded")
    now = _so_far(view)
    found, claimed = sums_of(now, settled), settled.claimed
    batch = (r for r in originals(now) if r.transaction in HOLDS and r.value(60)[2:8] == settled.batch)
    holds = [r for r in batch if any(a.code in granting(now, r) for a in r.answers)]
    if not holds:
        return inconclusive(check.expected, "the batch has no hold", settled.request.number)
    numbers = (settled.request.number, *(r.number for r in holds))
    check.see(*numbers)
    if not began_here(now, settled):
        if claimed == settled.own:
            return check.finding("host and terminal agree")
        return inconclusive(check.expected, "the batch began before this case", *numbers)
    if not (found.least.at_most(claimed) and claimed.at_most(found.most)):
        check.deviate(f"claimed are {claimed}, booked were {found.least}", *numbers)
    return check.finding(f"{len(holds)} messages of holds, none of them counted")


@criterion("settlement.counted", "The totals are these", f"{RULE}; cases.md 196")
def counted(view: View, args: Mapping[str, Any]) -> Finding:
    """args: debit, debit_count, credit, credit_count, of the last settlement."""
    due = Totals(*(int(args[key]) for key in ("debit", "debit_count", "credit", "credit_count")))
    settled = _last(view)
    if settled is None or settled.claimed is None:
        return inconclusive(str(due), NONE_MADE if settled is None else "the totals were not recorded")
    verdict = Verdict.PASS if settled.claimed == due else Verdict.FAIL
    return Finding(verdict, str(due), str(settled.claimed), (settled.request.number,))


@criterion("settlement.agreed", "Host, terminal and slip have the same totals", "cases.md 204")
def agreed(view: View, args: Mapping[str, Any]) -> Finding:
    check = Check("the host's own totals, the claim, the terminal's report and the slip are one")
    settled = _last(view)
    if settled is None or settled.claimed is None or settled.own is None:
        return inconclusive(check.expected, NONE_MADE if settled is None else "the totals were not recorded")
    assert settled.ledger is not None
    number = settled.request.number
    check.see(number, settled.ledger.number)
    if settled.claimed != settled.own:
        check.deviate(f"claimed are {settled.claimed}, the host has {settled.own}", number, settled.ledger.number)
    if settled.report is not None and settled.reported is not None:
        check.see(settled.report.number)
        if settled.reported != settled.claimed:
            text = f"the terminal reports {settled.reported}, claimed are {settled.claimed}"
            check.deviate(text, settled.report.number, number)
    _on_the_slip(view, settled.claimed, number, check)
    return check.finding(str(settled.claimed))


def _on_the_slip(view: View, claimed: Totals, number: int, check: Check) -> None:
    name = view.market.receipt.type_names.get(Transaction.SETTLEMENT.value, "")
    slips = [s for s in papers(view.since_order, view.market) if name and s.says(name)]
    for slip in slips:
        check.see(slip.number)
        for minor in (claimed.debit, claimed.credit):
            amount = str(Money(minor, view.market.money))
            if amount not in slip.compact.replace(",", ""):
                check.deviate(f"{amount} is not on the slip", slip.number, number)


@criterion("settlement.resumed", "A settlement without an answer is made again", "cases.md 201", scope=Scope.WHOLE_CASE)
def resumed(view: View, args: Mapping[str, Any]) -> Finding:
    """With the same totals, under the same batch."""
    check = Check("the settlement is sent again with the same batch and totals, and answered")
    made = settlements(view)
    unanswered = next((s for s in made if s.answer is None), None)
    if unanswered is None:
        return inconclusive(check.expected, "the host left no settlement unanswered")
    later = [s for s in made if s.request.at > unanswered.request.at]
    check.see(unanswered.request.number, *(s.request.number for s in later))
    if not later:
        check.miss("it was not sent again", unanswered.request.number)
        return check.finding("")
    for again in later[:1]:
        if again.batch != unanswered.batch:
            check.deviate(f"the batch is {again.batch}, it was {unanswered.batch}", again.request.number)
        if again.claimed is not None and unanswered.claimed is not None and again.claimed != unanswered.claimed:
            check.deviate(f"claimed are {again.claimed}, it was {unanswered.claimed}", again.request.number)
    if not any(s.answer for s in later) and not check.deviations:
        return inconclusive(check.expected, "the host answered no settlement", later[-1].request.number)
    return check.finding("resumed, and answered")


@criterion("settlement.flushed", "What pends goes before the settlement", f"{RULE}; cases.md 203")
def flushed(view: View, args: Mapping[str, Any]) -> Finding:
    """There was a reversal or a stored message, and it went between the order and 0500."""
    check = Check("the pending reversal or stored message goes before the settlement")
    settled = _last(view)
    if settled is None:
        return inconclusive(check.expected, NONE_MADE)
    now, at = _so_far(view), settled.request.at
    orders = [moment(o) for o in now.timeline.of("terminal", "order") if moment(o) < at]
    begun = orders[-1] if orders else (0, 0)
    before = [r for r in now.requests if begun < r.at < at and (r.reversal or is_stored(r))]
    check.see(settled.request.number, *(r.number for r in before))
    for what, numbers in pending_at(now, settled.request):
        check.deviate(f"the settlement left before {what}", *numbers, settled.request.number)
    if not before and not check.deviations:
        return inconclusive(check.expected, "nothing was pending", settled.request.number)
    return check.finding(f"{len(before)} messages went before it")


@criterion("settlement.record-named", "The host names the record that is wrong", "cases.md 202", component="host")
def record_named(view: View, args: Mapping[str, Any]) -> Finding:
    """args: trace of the record."""
    expected = f"record {args['trace']} is told as unmatched, with the reason"
    told = list(view.so_far.of("ledger", "upload"))
    if not told:
        return inconclusive(expected, "nothing was uploaded")
    wrong = [r for r in told if not r.fields.get("matched")]
    right = any(r.fields.get("trace") == args["trace"] and r.fields.get("reason") for r in wrong)
    said = (
        ", ".join(f"{r.fields.get('trace')}: {r.fields.get('reason') or 'no reason'}" for r in wrong) or "all matched"
    )
    return Finding(Verdict.PASS if right else Verdict.FAIL, expected, said, tuple(r.number for r in wrong or told))


@criterion("batch.new-number", "After a settlement a new batch begins", "facts/unionpay-pos 2.4; cases.md 199")
def new_number(view: View, args: Mapping[str, Any]) -> Finding:
    """The first financial request after the last answered settlement has another batch number."""
    expected = "the next request is of another batch"
    now = _so_far(view)
    answered = [s for s in settlements(now) if s.answer is not None]
    if not answered:
        return inconclusive(expected, NONE_MADE)
    settled = answered[-1]
    later = [r for r in originals(now) if r.at > settled.request.at]
    if not later:
        return inconclusive(expected, "no request followed", settled.request.number)
    batch = later[0].value(60)[2:8]
    verdict = Verdict.PASS if batch and batch != settled.batch else Verdict.FAIL
    return Finding(
        verdict,
        expected,
        f"batch {batch or 'missing'} after {settled.batch}",
        (settled.request.number, later[0].number),
    )


@criterion("batch.forced", "A full batch is settled before it grows", "cases.md 200")
def forced(view: View, args: Mapping[str, Any]) -> Finding:
    """The terminal settles by itself, or refuses the transaction until it is told to; nothing is lost."""
    check = Check("the full batch is settled, or business is refused until it is; no transaction is lost")
    if view.order is None or view.outcome is None:
        return inconclusive(check.expected, "no transaction was started, or none ended")
    now = _so_far(view)
    orders = list(now.timeline.of("terminal", "order"))
    by_itself = [s for s in settlements(now) if _ordered(orders, s) != Transaction.SETTLEMENT.value]
    result, sent = view.outcome.fields.get("result"), asked(view)
    numbers = (view.order.number, view.outcome.number)
    check.see(*numbers, *(s.request.number for s in by_itself))
    if not by_itself and (result != "refused" or sent):
        check.miss("the batch was not settled", *numbers, *(r.number for r in sent))
    if by_itself and result not in ("approved", "refused"):
        check.deviate(f"the transaction ended as {result}", *numbers)
    return check.finding("settled by itself" if by_itself else "refused until it is settled")


def _ordered(orders: list[Any], settled: Settled) -> str:
    """What the merchant had asked for last when a settlement left."""
    before = [o for o in orders if moment(o) < settled.request.at]
    return str(before[-1].fields.get("transaction", "")) if before else ""
