"""Receipts: what an approved transaction leaves on paper, whatever its scenario asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.judge.agreed import STORED_RESULT, approved
from reports.judge.auditors import Audit
from reports.judge.finding import Check, Finding
from reports.judge.paper import Paper, copies_on, papers
from reports.judge.registry import View
from reports.runfolder import Record


def both_copies(view: View) -> Finding | None:
    """Merchant and cardholder get their copy of each transaction that the terminal completed, or keeps to be sent.

    Not looked at where the bench has no printer in sight, or where paper was out: that is a scenario's own matter.
    """
    if not any(view.timeline.of("printer")) or _out_of_paper(view):
        return None
    done = [*_approved(view), *_kept(view)]
    if not done:
        return None
    rule = view.market.receipt
    check = Check(f"each completed transaction leaves {rule.merchant_copy} and {rule.cardholder_copy}")
    for name, outcome, slips in done:
        check.see(outcome.number, *(s.number for s in slips))
        printed = {mark for slip in slips for mark in copies_on(slip, view.market)}
        for mark in (rule.merchant_copy, rule.cardholder_copy):
            if mark not in printed:
                check.miss(f"no {mark} was printed of the {name}", outcome.number, *(s.number for s in slips))
    return check.finding(f"{len(done)} completed transactions, both copies of each")


Done = tuple[str, Record, Sequence[Paper]]
"""Name and trace of a transaction, what the terminal reported of it, and its slips."""


def _approved(view: View) -> Iterator[Done]:
    for agreed in approved(view):
        if agreed.request.transaction in view.market.receipt.mandatory:
            yield f"{agreed.request.transaction} {agreed.request.trace}", agreed.outcome, agreed.slips


def _kept(view: View) -> Iterator[Done]:
    """Stored, and not acknowledged: the customer has gone with his copy all the same."""
    settled = {agreed.outcome.number for agreed in approved(view)}
    slips = papers(view.timeline, view.market)
    for outcome in view.timeline.of("terminal", "outcome"):
        name, trace = str(outcome.fields.get("transaction", "")), str(outcome.fields.get("trace", ""))
        if outcome.fields.get("result") != STORED_RESULT or outcome.number in settled:
            continue
        if trace and name in view.market.receipt.mandatory:
            yield f"{name} {trace}", outcome, [slip for slip in slips if slip.voucher == trace]


def _out_of_paper(view: View) -> bool:
    told = [r for r in view.timeline.of("printer") if r.kind in ("paper", "status", "lost")]
    return any(r.kind == "lost" or "out" in (r.fields.get("state"), r.fields.get("paper")) for r in told)


AUDITS = (
    Audit(
        "receipt.both-copies", "Both copies of what was approved", "facts/unionpay-pos 6; cases.md 174", "terminal",
        both_copies,
    ),
)  # fmt: skip
