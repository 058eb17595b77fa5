"""Ledger: money is conserved, no hold is orphaned or doubled, no booking exceeds the market's limit."""

from __future__ import annotations

from protocols.money import Money
from reports.judge.auditors import Audit
from reports.judge.finding import Check, Finding
from reports.judge.registry import View


def conserved(view: View) -> Finding | None:
    """available + held + booked of each account stays what it was at its opening."""
    opening: dict[str, int] = {}
    check = Check("available, held and booked always add up to the opening balance")
    for record in view.timeline.of("ledger", "account"):
        fields = record.fields
        total = sum(int(str(fields[key])) for key in ("available", "held", "booked"))
        card = str(fields["card"])
        opening.setdefault(card, total)
        check.see(record.number)
        if total != opening[card]:
            check.deviate(f"{card}: {total} instead of {opening[card]}", record.number)
    return check.finding(f"{len(check.seen)} balances add up") if opening else None


def orphans(view: View) -> Finding | None:
    """At the case's end every open hold belongs to an approval that the terminal reported and did not undo."""
    last: dict[str, tuple[int, str, str]] = {}
    for record in view.timeline.of("ledger", "hold"):
        fields = record.fields
        last[str(fields["hold"])] = (record.number, str(fields["state"]), str(fields["trace"]))
    if not last:
        return None
    approved = {
        str(o.fields.get("trace"))
        for o in view.timeline.of("terminal", "outcome")
        if o.fields.get("transaction") == "pre-authorisation" and o.fields.get("result") == "approved"
    }
    check = Check("every hold that is still open was reported as approved by the terminal")
    for number, state, trace in last.values():
        check.see(number)
        if state == "open" and trace not in approved:
            check.deviate(f"the hold of trace {trace} stays open, and the terminal reported no approval", number)
    return check.finding(f"{len(last)} holds, none orphaned")


def doubles(view: View) -> Finding | None:
    """One request opens one hold."""
    opened: dict[tuple[str, str], list[int]] = {}
    for record in view.timeline.of("ledger", "posting"):
        if record.fields.get("kind") == "hold":
            key = (str(record.fields["card"]), str(record.fields["trace"]))
            opened.setdefault(key, []).append(record.number)
    if not opened:
        return None
    check = Check("one request, one hold")
    for (card, trace), numbers in opened.items():
        check.see(*numbers)
        if len(numbers) > 1:
            check.deviate(f"{card}: trace {trace} was held {len(numbers)} times", *numbers)
    return check.finding(f"{len(opened)} requests, each held once")


def booked_within_limit(view: View) -> Finding | None:
    """What is booked on a hold, all in all, never exceeds the market's limit for it."""
    amounts = {str(r.fields["hold"]): int(str(r.fields["amount"])) for r in view.timeline.of("ledger", "hold")}
    check = Check(f"booked is at most {view.market.completion.limit_percent} % of the hold, to the minor unit")
    booked: dict[str, int] = {}
    for record in view.timeline.of("ledger", "posting"):
        sign = {"book": 1, "unbook": -1}.get(str(record.fields.get("kind")), 0)
        if not sign:
            continue
        key = str(record.fields["hold"])
        booked[key] = booked.get(key, 0) + sign * int(str(record.fields["amount"]))
        check.see(record.number)
        limit = view.market.completion_limit(Money(amounts.get(key, 0), view.market.money))
        if booked[key] > limit.minor:
            check.deviate(f"{booked[key]} booked, {limit} is the limit", record.number)
    return check.finding(f"{len(check.seen)} bookings within the limit") if booked else None


AUDITS = (
    Audit("ledger.conserved", "Money is conserved", "design 4", "host", conserved),
    Audit("ledger.no-orphan", "No hold is orphaned", "design 4; facts/unionpay-pos 5.19", "terminal", orphans),
    Audit("ledger.no-double", "No hold is doubled", "design 4; facts/unionpay-pos 5.16", "host", doubles),
    Audit("ledger.limit", "Booked within the market's limit", "facts/unionpay-pos 5.1", "host", booked_within_limit),
)
