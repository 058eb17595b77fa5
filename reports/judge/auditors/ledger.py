"""Ledger: money is conserved, no hold is orphaned or doubled, no booking exceeds the market's limit."""

from __future__ import annotations

from datetime import date

from protocols.money import Money
from reports.judge.auditors import Audit
from reports.judge.duty import Duty, Reversals, duty, may_still_come, originals, outcome_of, reversals, reversible
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.judge.timeline import Moment, Request, moment
from reports.runfolder import Record

OPEN, PARTLY, EXPIRED = "open", "partly completed", "expired"
ONCE = frozenset({"hold", "sale", "refund"})
"""Postings that a request leads to once. A hold that is made up again is one of another message."""


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
    """The request of the terminal under test that opened a hold: the last one before it with its trace."""
    request = _asked_for(view, str(hold.fields.get("trace", "")), moment(hold))
    if request is None or all(request is not own for own in view.requests):
        return None
    asked = [r for r in originals(view) if r.trace == request.trace and r.at < moment(hold) and reversible(r)]
    return asked[-1] if asked else None


def _asked_for(view: View, trace: str, at: Moment) -> Request | None:
    """The last request of any terminal before a moment with this trace: the ledger tells at once what it led to."""
    asked = [r for r in view.all_requests if r.trace == trace and r.at < at]
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
    """One request opens or raises one hold, once; and one sale is booked once."""
    opened: dict[tuple[str, ...], list[int]] = {}
    for record in view.timeline.of("ledger", "posting"):
        kind, trace = str(record.fields.get("kind")), str(record.fields.get("trace", ""))
        if kind in ONCE and trace:
            asker = _asked_for(view, trace, moment(record))
            key = (kind, str(record.fields["card"]), str(record.fields.get("transaction", "")), trace)
            opened.setdefault((*key, asker.terminal if asker else "", _batch(asker)), []).append(record.number)
    if not opened:
        return None
    check = Check("one request, one hold or one booking")
    for (kind, card, _, trace, *_), numbers in opened.items():
        check.see(*numbers)
        if len(numbers) > 1:
            done = "held" if kind == "hold" else f"posted as {kind}"
            check.deviate(f"{card}: trace {trace} was {done} {len(numbers)} times", *numbers)
    return check.finding(f"{len(opened)} requests, each held once")


def _batch(request: Request | None) -> str:
    return request.value(60)[2:8] if request else ""


def booked_within_limit(view: View) -> Finding | None:
    """What is booked on a hold, all completions together, never exceeds the market's limit for it.

    The limit is that of the hold as it stands then, increments counted.
    """
    check = Check(f"booked is at most {view.market.completion.limit_percent} % of the hold, to the smallest unit")
    booked: dict[str, int] = {}
    amounts = {str(r.fields["hold"]): int(str(r.fields["amount"])) for r in reversed(_holds(view))}
    for record in view.timeline.of("ledger", "posting", "hold"):
        hold = str(record.fields["hold"])
        if record.kind == "hold":
            amounts[hold] = int(str(record.fields["amount"]))
            continue
        sign = {"book": 1, "unbook": -1}.get(str(record.fields.get("kind")).removesuffix(" above"), 0)
        if not sign or hold not in amounts:
            continue
        booked[hold] = booked.get(hold, 0) + sign * int(str(record.fields["amount"]))
        check.see(record.number)
        limit = view.market.completion_limit(Money(amounts[hold], view.market.money))
        if booked[hold] > limit.minor:
            check.deviate(f"{_money(view, booked[hold])} booked, {limit} is the limit", record.number)
    return check.finding(f"{len(check.seen)} bookings within the limit") if booked else None


def held_is_holds(view: View) -> Finding | None:
    """What an account has held is what its open holds come to, whenever the ledger tells of a hold.

    Not where a hold is completed in part: what is left of it is told nowhere.
    """
    held: dict[str, tuple[int, int]] = {}
    holds: dict[str, dict[str, tuple[int, str]]] = {}
    check = Check("what is held on an account is the sum of its open holds")
    for record in view.timeline.of("ledger", "account", "posting", "hold"):
        fields, card = record.fields, str(record.fields["card"])
        if record.kind != "hold":
            held[card] = (int(str(fields["held"])), record.number)
            continue
        holds.setdefault(card, {})[str(fields["hold"])] = (int(str(fields["amount"])), str(fields["state"]))
        states = [state for _, state in holds[card].values()]
        if card in held and PARTLY not in states:
            open_ = sum(amount for amount, state in holds[card].values() if state == OPEN)
            check.see(record.number)
            if open_ != held[card][0]:
                what = f"{card}: {_money(view, held[card][0])} held, the open holds are {_money(view, open_)}"
                check.deviate(what, held[card][1], record.number)
    return check.finding(f"{len(check.seen)} times the same") if check.seen or check.deviations else None


def expired_in_time(view: View) -> Finding | None:
    """No hold expires before its last valid day is over."""
    expired = [r for r in _holds(view) if r.fields["state"] == EXPIRED]
    days = view.market.completion.validity_days
    judged = [(r, age) for r in expired for age in [_age(view, r)] if age is not None]
    if not judged:
        return None
    check = Check(f"a hold expires after {days} days, not before")
    for record, age in judged:
        check.see(record.number)
        if age <= days:
            check.deviate(f"a hold expired after {age} days", record.number)
    return check.finding(f"{len(judged)} holds expired in time")


def _age(view: View, hold: Record) -> int | None:
    """Days from the opening of a hold to the business date, None when the ledger told neither."""
    dates = [r for r in view.timeline.of("ledger", "date") if moment(r) < moment(hold)]
    try:
        return (date.fromisoformat(str(dates[-1].fields["date"])) - date.fromisoformat(str(hold.fields["opened"]))).days
    except (IndexError, KeyError, ValueError):
        return None


def _holds(view: View) -> list[Record]:
    return list(view.timeline.of("ledger", "hold"))


def _money(view: View, minor: int) -> str:
    return str(Money(minor, view.market.money))


AUDITS = (
    Audit("ledger.conserved", "Money is conserved", "design 4", "host", conserved),
    Audit("ledger.no-orphan", "No hold is orphaned", "design 4; facts/unionpay-pos 5.19", "terminal", orphans),
    Audit("ledger.no-double", "No hold is doubled", "design 4; facts/unionpay-pos 5.16", "host", doubles),
    Audit("ledger.limit", "Booked within the market's limit", "facts/unionpay-pos 5.1", "host", booked_within_limit),
    Audit("ledger.held", "What is held is what the holds say", "design 4", "host", held_is_holds),
    Audit("ledger.expiry", "Holds expire in time", "facts/unionpay-pos 5.2", "host", expired_in_time),
)
