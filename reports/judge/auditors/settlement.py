"""Settlement: totals are what the batch's transactions come to, nothing pends when they leave, and differences are
uploaded. facts/unionpay-pos 2.3, 3.3; cases.md 195-204."""

from __future__ import annotations

from collections.abc import Iterator

from reports.judge.auditors import Audit
from reports.judge.duty import Duty, duty, originals, reversals
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
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
from reports.judge.stored import kept, never_left, since
from reports.judge.timeline import Moment, Request, moment

DETAIL = "201"


def totals(view: View) -> Finding | None:
    """What the terminal claims is what its approved transactions add up to.

    The whole sum is known only of a batch that began in this timeline. Of any other it is known that it is no less than
    what was approved here; that host and terminal agree on it says something of the cases before, and nothing of this.
    """
    check = Check("the totals claimed are those of the approved transactions of the batch")
    for settled in settlements(view):
        _totals(view, settled, check)
    return check.finding(f"{len(check.seen)} settlements add up") if check.seen or check.deviations else None


def _totals(view: View, settled: Settled, check: Check) -> None:
    claimed, found = settled.claimed, sums_of(view, settled)
    if claimed is None:
        return
    whole = began_here(view, settled)
    evidence = (*(r.number for r in found.counted), settled.request.number)
    if not found.least.at_most(claimed):
        check.deviate(f"claimed are {claimed}, approved were {found.least}", *evidence)
    elif whole and not claimed.at_most(found.most):
        check.deviate(f"claimed are {claimed}, approved were {found.most}", *evidence)
    elif whole:
        check.see(settled.request.number)


def uploaded(view: View) -> Finding | None:
    """After an unbalanced answer the detail is uploaded and the batch ended as unbalanced; after any other, not."""
    judged = [s for s in settlements(view) if s.flag in (BALANCED, UNBALANCED)]
    if not judged:
        return None
    check = Check("an unbalanced batch is uploaded and ended with 202, a balanced one is not")
    for settled in judged:
        check.see(settled.request.number, *(r.number for r in settled.uploads))
        _uploaded(view, settled, check)
    return check.finding(f"{len(judged)} settlements ended as they must")


def _uploaded(view: View, settled: Settled, check: Check) -> None:
    assert settled.answer is not None
    answer = settled.answer.number
    ends = [r for r in settled.uploads if network(r) == END_UNBALANCED]
    details = [r for r in settled.uploads if r not in settled.ends]
    if settled.flag == BALANCED:
        for request in (*ends, *(r for r in details if network(r) == DETAIL)):
            check.deviate(f"F60.3 {network(request)} was sent for a balanced batch", answer, request.number)
        return
    if not ends:
        check.miss("the unbalanced batch was not ended with 202", settled.request.number, answer)
    if not details and sums_of(view, settled).counted:
        check.miss("no detail of the unbalanced batch was uploaded", settled.request.number, answer)
    for request in details:
        if ends and request.at > ends[0].at:
            check.deviate("detail was uploaded after the end of the batch", ends[0].number, request.number)


def flushed_first(view: View) -> Finding | None:
    """No reversal and no stored message is pending, untried since the settlement began, when 0500 leaves."""
    found = settlements(view)
    if not found:
        return None
    check = Check("reversals and stored messages go before the settlement")
    for settled in found:
        check.see(settled.request.number)
        for what, numbers in pending_at(view, settled.request):
            check.deviate(f"the settlement left before {what}", *numbers, settled.request.number)
    return check.finding(f"{len(found)} settlements, nothing was pending")


def pending_at(view: View, settlement: Request) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What should have gone before a settlement, and was not even tried once its order was given."""
    orders = [moment(o) for o in view.timeline.of("terminal", "order") if moment(o) < settlement.at]
    begun = orders[-1] if orders else (0, 0)
    yield from _reversals_pending(view, settlement, begun)
    most = view.market.advice.repeats
    for message in kept(view):
        tries = [t for t in message.tries if t.at < settlement.at]
        done = message.answer is not None and message.answer.at < settlement.at
        if (
            since(view, message) < settlement.at
            and not done
            and len(tries) <= most
            and not any(t.at > begun for t in tries)
        ):
            yield f"the {message.first.transaction} {message.first.trace}", (message.first.number,)
    for record in never_left(view):
        if moment(record) < settlement.at:
            yield f"the {record.fields.get('transaction')} {record.fields.get('trace')}", (record.number,)


def _reversals_pending(view: View, settlement: Request, begun: Moment) -> Iterator[tuple[str, tuple[int, ...]]]:
    found, rule = reversals(view), view.market.reversal
    for request in originals(view):
        if request.at > settlement.at or duty(view, request, found) is not Duty.MUST:
            continue
        tries = [t for t in found.meant_for(request) if t.at < settlement.at]
        done = any(a.code in rule.stop_codes and a.at < settlement.at for t in tries for a in t.answers)
        if not done and len(tries) <= rule.repeats and not any(t.at > begun for t in tries):
            yield f"the reversal of {request.trace}", (request.number, *(t.number for t in tries))


AUDITS = (
    Audit("settlement.totals", "Totals are right", "facts/unionpay-pos 3.3; cases.md 195, 196", "terminal", totals),
    Audit(
        "settlement.uploaded", "Differences are uploaded", "facts/unionpay-pos 3.3; cases.md 198", "terminal", uploaded
    ),
    Audit(
        "settlement.flushed-first", "Nothing pends at a settlement", "facts/unionpay-pos 3.3, 5.19; cases.md 203",
        "terminal", flushed_first,
    ),
)  # fmt: skip
