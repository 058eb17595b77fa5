"""Receipts: what an approved transaction leaves on paper, whatever its scenario asks for."""

from __future__ import annotations

from reports.judge.auditors import Audit
from reports.judge.auditors.agreement import Agreed, approved
from reports.judge.finding import Check, Finding
from reports.judge.paper import copies_on
from reports.judge.registry import View


def both_copies(view: View) -> Finding | None:
    """Merchant and cardholder get their copy of each approved transaction.

    Not looked at where the bench has no printer in sight, or where paper was out: that is a scenario's own matter.
    """
    if not any(view.timeline.of("printer")) or _out_of_paper(view):
        return None
    transactions = [agreed for agreed in approved(view) if _has_slip(view, agreed)]
    if not transactions:
        return None
    rule = view.market.receipt
    check = Check(f"each approved transaction leaves {rule.merchant_copy} and {rule.cardholder_copy}")
    for agreed in transactions:
        check.see(agreed.outcome.number, *(s.number for s in agreed.slips))
        printed = {mark for slip in agreed.slips for mark in copies_on(slip, view.market)}
        for mark in (rule.merchant_copy, rule.cardholder_copy):
            if mark not in printed:
                what = f"no {mark} was printed of the {agreed.request.transaction} {agreed.request.trace}"
                check.miss(what, agreed.outcome.number, *(s.number for s in agreed.slips))
    return check.finding(f"{len(transactions)} approved transactions, both copies of each")


def _has_slip(view: View, agreed: Agreed) -> bool:
    return agreed.request.transaction in view.market.receipt.mandatory


def _out_of_paper(view: View) -> bool:
    told = [r for r in view.timeline.of("printer") if r.kind in ("paper", "status", "lost")]
    return any(r.kind == "lost" or "out" in (r.fields.get("state"), r.fields.get("paper")) for r in told)


AUDITS = (
    Audit(
        "receipt.both-copies", "Both copies of what was approved", "facts/unionpay-pos 6; cases.md 174", "terminal",
        both_copies,
    ),
)  # fmt: skip
