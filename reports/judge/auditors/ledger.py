"""Ledger: money is conserved, no hold is orphaned or doubled, no booking exceeds the market's limit."""

from __future__ import annotations

from protocols.money import Money
from reports.judge.auditors import Audit
from reports.judge.duty import Duty, Reversals, duty, may_still_come, originals, outcome_of, reversals, reversible
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.judge.timeline import Request, moment
from reports.runfolder import Record


def conserved(view: View) -> Finding | None:
    """available + held + booked of each account stays what it was at its opening."""
    opening: dict[str, tuple[int, int]] = {}
    check = Check("available, held and booked always add up to the opening balance")
    for record in view.timeline.of("ledger", "account", "posting"):
        fields = record.fields
        total = sum(int(str(fields[key])) for key in ("available", "held", "booked"))
        card = str(fields["card"])
        first, number = opening.setdefault(card, (total, record.number))
        check.see(record.number)
        if total != first:
            check.deviate(f"{card}: {_money(view, total)} instead of {_money(view, first)}", number, record.number)
    return check.finding(f"{len(check.seen)} balances add up") if opening else None


def orphans(view: View) -> Finding | None:
    """At the case's end no hold stays open that the terminal did not report as approved.

    One whose reversal it tried as often as it may is not its fault; and where it reports nothing at all, only one that
    it had to reverse is.
    """
    holds: dict[str, list[Record]] = {}
    for record in view.timeline.of("ledger", "hold"):
        holds.setdefault(str(record.fields["hold"]), []).append(record)
    if not holds:
        return None
    found = reversals(view)
    check = Check("every hold that is still open was reported as approved by the terminal")
    for first, *later in holds.values():
        last = later[-1] if later else first
        check.see(last.number)
        request = _opened_by(view, first)
        why = _orphaned(view, request, found) if request and last.fields["state"] == "open" else ""
        if request and why:
            check.miss(f"the hold of trace {request.trace} stays open, and {why}", request.number, last.number)
    return check.finding(f"{len(holds)} holds, none orphaned")


def _opened_by(view: View, hold: Record) -> Request | None:
    """The request that opened a hold: the last one before it with its trace."""
    trace = str(hold.fields.get("trace", ""))
    asked = [r for r in originals(view) if r.trace == trace and r.at < moment(hold) and reversible(r)]
    return asked[-1] if asked else None


def _orphaned(view: View, request: Request, found: Reversals) -> str:
    if len(found.meant_for(request)) > view.market.reversal.repeats or may_still_come(view, request):
        return ""
    outcome = outcome_of(view, request)
    if outcome is None:
        return "it was neither answered nor reversed" if duty(view, request, found) is Duty.MUST else ""
    result = str(outcome.fields.get("result", ""))
    return "" if result == "approved" else f"the terminal reported {result or 'no approval'}"


def doubles(view: View) -> Finding | None:
    """One request opens one hold."""
    opened: dict[tuple[str, str, str], list[int]] = {}
    for record in view.timeline.of("ledger", "posting"):
        if record.fields.get("kind") == "hold":
            key = (str(record.fields["card"]), str(record.fields.get("transaction", "")), str(record.fields["trace"]))
            opened.setdefault(key, []).append(record.number)
    if not opened:
        return None
    check = Check("one request, one hold")
    for (card, _, trace), numbers in opened.items():
        check.see(*numbers)
        if len(numbers) > 1:
            check.deviate(f"{card}: trace {trace} was held {len(numbers)} times", *numbers)
    return check.finding(f"{len(opened)} requests, each held once")


def booked_within_limit(view: View) -> Finding | None:
    """What is booked on a hold, all in all, never exceeds the market's limit for it."""
    amounts = {str(r.fields["hold"]): int(str(r.fields["amount"])) for r in view.timeline.of("ledger", "hold")}
    check = Check(f"booked is at most {view.market.completion.limit_percent} % of the hold, to the smallest unit")
    booked: dict[str, int] = {}
    for record in view.timeline.of("ledger", "posting"):
        sign = {"book": 1, "unbook": -1}.get(str(record.fields.get("kind")).removesuffix(" above"), 0)
        hold = str(record.fields["hold"])
        if not sign or hold not in amounts:
            continue
        booked[hold] = booked.get(hold, 0) + sign * int(str(record.fields["amount"]))
        check.see(record.number)
        limit = view.market.completion_limit(Money(amounts[hold], view.market.money))
        if booked[hold] > limit.minor:
            check.deviate(f"{_money(view, booked[hold])} booked, {limit} is the limit", record.number)
    return check.finding(f"{len(check.seen)} bookings within the limit") if booked else None


def _money(view: View, minor: int) -> str:
    return str(Money(minor, view.market.money))


AUDITS = (
    Audit("ledger.conserved", "Money is conserved", "design 4", "host", conserved),
    Audit("ledger.no-orphan", "No hold is orphaned", "design 4; facts/unionpay-pos 5.19", "terminal", orphans),
    Audit("ledger.no-double", "No hold is doubled", "design 4; facts/unionpay-pos 5.16", "host", doubles),
    Audit("ledger.limit", "Booked within the market's limit", "facts/unionpay-pos 5.1", "host", booked_within_limit),
)
