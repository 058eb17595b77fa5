"""What the issuer's ledger says of the hold: its state, what is held and what was booked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.money import Money
from reports.judge.finding import Check, Finding, Scope, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Timeline


def _money(view: View, minor: object) -> str:
    return f"{Money(int(str(minor)), view.market.money)} {view.market.currency.alpha}"


def _hold(timeline: Timeline, args: Mapping[str, Any]) -> tuple[int, dict[str, Any]] | None:
    record = timeline.last("ledger", "hold", **({"approval": args["approval"]} if args.get("approval") else {}))
    return (record.number, dict(record.fields)) if record else None


@criterion("hold.state", "The issuer's hold is in the right state", "facts/unionpay-pos 5.20")
def state(view: View, args: Mapping[str, Any]) -> Finding:
    """args: state."""
    return _state(view.so_far, args)


@criterion(
    "hold.final-state", "In the end the hold is in the right state", "facts/unionpay-pos 5.20", scope=Scope.WHOLE_CASE
)
def final_state(view: View, args: Mapping[str, Any]) -> Finding:
    """args: state, after the close of the case."""
    return _state(view.timeline, args)


def _state(timeline: Timeline, args: Mapping[str, Any]) -> Finding:
    found = _hold(timeline, args)
    expected = f"hold {args['state']}"
    if found is None:
        return Finding(Verdict.FAIL, expected, "the issuer holds nothing for this card", ())
    number, fields = found
    verdict = Verdict.PASS if fields["state"] == args["state"] else Verdict.FAIL
    return Finding(verdict, expected, f"hold {fields['state']}", (number,))


@criterion("hold.amount", "The issuer holds exactly the amount asked for", "cases.md 1, 21")
def amount(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount in minor units."""
    expected = f"hold of {_money(view, args['amount'])}"
    found = _hold(view.so_far, args)
    if found is None:
        return Finding(Verdict.FAIL, expected, "the issuer holds nothing for this card", ())
    number, fields = found
    verdict = Verdict.PASS if fields["amount"] == args["amount"] else Verdict.FAIL
    return Finding(verdict, expected, f"hold of {_money(view, fields['amount'])}", (number,))


@criterion("hold.none", "The issuer holds nothing for the card", "cases.md 54, 79")
def none(view: View, args: Mapping[str, Any]) -> Finding:
    return _nothing_held(view, view.so_far)


@criterion("hold.released", "In the end nothing stays held", "cases.md 96, 101, 120", scope=Scope.WHOLE_CASE)
def released(view: View, args: Mapping[str, Any]) -> Finding:
    """After the close of the case has drained what was pending."""
    return _nothing_held(view, view.timeline)


def _nothing_held(view: View, timeline: Timeline) -> Finding:
    account = timeline.last("ledger", "account")
    if account is None:
        return inconclusive("nothing held", "the ledger told of no account")
    held = int(str(account.fields["held"]))
    verdict = Verdict.PASS if held == 0 else Verdict.FAIL
    return Finding(verdict, "nothing held", f"{_money(view, held)} held", (account.number,))


@criterion("account.stands", "The account stands as it should", "cases.md 33-36, 60")
def stands(view: View, args: Mapping[str, Any]) -> Finding:
    """args: held and booked, in minor units. What is neither is available again."""
    return _stands(view, view.so_far, args)


@criterion("account.final", "In the end the account stands as it should", "cases.md 53, 64", scope=Scope.WHOLE_CASE)
def final(view: View, args: Mapping[str, Any]) -> Finding:
    """args: held and booked, after the close of the case."""
    return _stands(view, view.timeline, args)


def _stands(view: View, timeline: Timeline, args: Mapping[str, Any]) -> Finding:
    expected = f"{_money(view, args['held'])} held, {_money(view, args['booked'])} booked, the rest available"
    account = timeline.last("ledger", "account")
    opening = timeline.first("ledger", "account")
    if account is None or opening is None:
        return inconclusive(expected, "the ledger told of no account")
    held, booked = int(str(account.fields["held"])), int(str(account.fields["booked"]))
    available, start = int(str(account.fields["available"])), int(str(opening.fields["available"]))
    check = Check(expected)
    check.see(account.number)
    if held != args["held"] or booked != args["booked"]:
        check.deviate(f"{_money(view, held)} held, {_money(view, booked)} booked", account.number)
    if available + held + booked != start:
        check.deviate(f"{_money(view, available)} available of {_money(view, start)}", account.number, opening.number)
    return check.finding(
        f"{_money(view, held)} held, {_money(view, booked)} booked, {_money(view, available)} available"
    )


@criterion("ledger.untouched", "The refused transaction left the ledger as it was", "cases.md 36, 41, 44, 47, 57-59")
def untouched(view: View, args: Mapping[str, Any]) -> Finding:
    """No posting since the last order was given to the terminal."""
    order = view.so_far.last("terminal", "order")
    if order is None:
        return inconclusive("no posting", "no transaction was started")
    postings = list(view.so_far.after(order).of("ledger", "posting"))
    check = Check("no posting since the transaction was started")
    check.see(order.number)
    for posting in postings:
        fields = posting.fields
        check.deviate(f"{fields['kind']} of {_money(view, fields['amount'])}", posting.number)
    return check.finding("no posting")
