"""Sums of holds and bookings: increments, several holds, refunds, expiry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.money import Money
from reports.judge.criteria.holds import account_of, newest_hold
from reports.judge.finding import Check, Finding, Scope, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Timeline
from reports.runfolder import Record

EXPIRED, REFUND = "expired", "refund"
NO_ACCOUNT = "the ledger told of no account"


def _money(view: View, minor: object) -> str:
    return f"{Money(int(str(minor)), view.market.money)} {view.market.currency.alpha}"


# ── holds ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@criterion("hold.total", "The hold is what it should be, increments counted", "cases.md 69-71, 78")
def total(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount, of the newest hold."""
    return _total(view, view.so_far, args)


@criterion("hold.final-total", "In the end the hold is what it should be", "cases.md 77", scope=Scope.WHOLE_CASE)
def final_total(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount."""
    return _total(view, view.timeline, args)


def _total(view: View, timeline: Timeline, args: Mapping[str, Any]) -> Finding:
    expected = f"a hold of {_money(view, args['amount'])}"
    hold = newest_hold(timeline)
    if hold is None:
        return inconclusive(expected, "the ledger told of no hold")
    amount = int(str(hold.fields["amount"]))
    verdict = Verdict.PASS if amount == int(args["amount"]) else Verdict.FAIL
    return Finding(verdict, expected, f"a hold of {_money(view, amount)}", (hold.number,))


@criterion("hold.expired", "A hold that nobody used expires", "facts/unionpay-pos 5.2, 5.4; cases.md 68")
def expired(view: View, args: Mapping[str, Any]) -> Finding:
    """The newest hold is released by expiry, and no open hold keeps its money."""
    check = Check("the hold has expired, and its money is available again")
    hold, account = newest_hold(view.so_far), account_of(view.so_far)
    if hold is None or account is None:
        return inconclusive(check.expected, "the ledger told of no hold")
    check.see(hold.number, account.number)
    if hold.fields["state"] != EXPIRED:
        check.miss(f"the hold is {hold.fields['state']}", hold.number)
    others = [h for h in _holds(view.so_far) if h.fields["state"] == "open" and h.fields["card"] == hold.fields["card"]]
    kept = int(str(account.fields["held"])) - sum(int(str(h.fields["amount"])) for h in others)
    if kept > 0:
        check.miss(f"{_money(view, kept)} stay held", account.number)
    return check.finding("expired")


def _holds(timeline: Timeline) -> list[Record]:
    """Every hold as it stands, in the order of opening."""
    now: dict[str, Record] = {}
    for record in timeline.of("ledger", "hold"):
        now[str(record.fields["hold"])] = record
    return list(now.values())


@criterion("holds.states", "All holds are in the right state", "facts/unionpay-pos 5.20; cases.md 62, 67, 75")
def states(view: View, args: Mapping[str, Any]) -> Finding:
    """args: states, of the holds of the case in the order of their opening."""
    return _states(view.so_far, args)


@criterion(
    "holds.final-states",
    "In the end all holds are in the right state",
    "facts/unionpay-pos 5.20",
    scope=Scope.WHOLE_CASE,
)
def final_states(view: View, args: Mapping[str, Any]) -> Finding:
    """args: states."""
    return _states(view.timeline, args)


def _states(timeline: Timeline, args: Mapping[str, Any]) -> Finding:
    expected = ", ".join(args["states"]) or "no hold"
    holds, account = _holds(timeline), timeline.last("ledger", "account")
    if not holds and account is None:
        return inconclusive(expected, NO_ACCOUNT)
    found = [str(hold.fields["state"]) for hold in holds]
    evidence = tuple(hold.number for hold in holds) or ((account.number,) if account else ())
    verdict = Verdict.PASS if found == list(args["states"]) else Verdict.FAIL
    return Finding(verdict, expected, ", ".join(found) or "no hold", evidence)


@criterion("holds.untouched", "No hold is touched", "cases.md 250")
def untouched(view: View, args: Mapping[str, Any]) -> Finding:
    """Since the last order."""
    check = Check("no hold was opened, changed or closed since the transaction was started")
    if view.order is None:
        return inconclusive(check.expected, "no transaction was started")
    check.see(view.order.number)
    for record in view.since_order.of("ledger", "hold"):
        check.deviate(f"hold {record.fields['hold']} is {record.fields['state']} now", record.number)
    return check.finding("none")


@criterion("held.at-most", "Never is more held than allowed", "cases.md 74", scope=Scope.WHOLE_CASE)
def at_most(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount, on the account of the newest hold's card."""
    check = Check(f"never more than {_money(view, args['amount'])} held")
    account = account_of(view.timeline)
    if account is None:
        return inconclusive(check.expected, NO_ACCOUNT)
    told = [r for r in view.timeline.of("ledger", "account", "posting") if r.fields["card"] == account.fields["card"]]
    check.see(account.number)
    for record in told:
        if int(str(record.fields["held"])) > int(args["amount"]):
            check.deviate(f"{_money(view, record.fields['held'])} held", record.number)
    return check.finding(f"{len(told)} balances, none above")


# ── bookings ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@criterion("ledger.refunded", "The refund is given back", "facts/unionpay-pos 2.5; cases.md 61, 250")
def refunded(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount given back by refunds since the last order; no hold is touched by it."""
    check = Check(f"{_money(view, args['amount'])} given back")
    if view.order is None:
        return inconclusive(check.expected, "no transaction was started")
    given = [r for r in view.since_order.of("ledger", "posting") if r.fields.get("kind") == REFUND]
    amount = sum(int(str(r.fields["amount"])) for r in given)
    check.see(view.order.number, *(r.number for r in given))
    if amount != int(args["amount"]):
        check.miss(f"{_money(view, amount)} given back", view.order.number, *(r.number for r in given))
    for record in view.since_order.of("ledger", "hold"):
        check.deviate(f"hold {record.fields['hold']} was touched", record.number)
    return check.finding(f"{_money(view, amount)} given back")


@criterion("ledger.booked", "So much is booked", "cases.md 196, 249")
def booked(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount, on the account of the newest hold's card."""
    return _pot(view, "booked", args)


@criterion("account.available", "So much is available", "cases.md 251")
def available(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount."""
    return _pot(view, "available", args)


def _pot(view: View, pot: str, args: Mapping[str, Any]) -> Finding:
    expected = f"{_money(view, args['amount'])} {pot}"
    account = account_of(view.so_far)
    if account is None:
        return inconclusive(expected, NO_ACCOUNT)
    there = int(str(account.fields[pot]))
    verdict = Verdict.PASS if there == int(args["amount"]) else Verdict.FAIL
    return Finding(verdict, expected, f"{_money(view, there)} {pot}", (account.number,))
