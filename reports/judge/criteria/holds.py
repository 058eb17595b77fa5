"""What the issuer's ledger says of the hold: its state, what is held and what was booked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.money import Money
from reports.judge.criteria.exchange import is_leftover
from reports.judge.finding import Check, Finding, Scope, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Timeline
from reports.runfolder import Record


def _money(view: View, minor: object) -> str:
    return f"{Money(int(str(minor)), view.market.money)} {view.market.currency.alpha}"


def newest_hold(timeline: Timeline) -> Record | None:
    """The hold that was opened last, as it stands now: an older one may have been touched since."""
    now = {str(r.fields["hold"]): r for r in timeline.of("ledger", "hold")}
    opened = list(dict.fromkeys(str(r.fields["hold"]) for r in timeline.of("ledger", "hold")))
    return now[opened[-1]] if opened else None


def account_of(timeline: Timeline) -> Record | None:
    """How the account stands now: that of the newest hold's card, where a case has several."""
    hold = newest_hold(timeline)
    own = timeline.last("ledger", "account", card=hold.fields["card"]) if hold and "card" in hold.fields else None
    return own or timeline.last("ledger", "account")


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
    expected = f"hold {args['state']}"
    hold, account = newest_hold(timeline), account_of(timeline)
    if hold is None:
        if account is None:
            return inconclusive(expected, "the ledger told of no account")
        return Finding(Verdict.FAIL, expected, "the issuer opened no hold for this card", (account.number,))
    verdict = Verdict.PASS if hold.fields["state"] == args["state"] else Verdict.FAIL
    return Finding(verdict, expected, f"hold {hold.fields['state']}", (hold.number,))


@criterion("hold.amount", "The issuer holds exactly the amount asked for", "cases.md 1, 21")
def amount(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount in minor units, all that is held on the account."""
    expected = f"{_money(view, args['amount'])} held"
    account = account_of(view.so_far)
    if account is None:
        return inconclusive(expected, "the ledger told of no account")
    held = int(str(account.fields["held"]))
    verdict = Verdict.PASS if held == args["amount"] else Verdict.FAIL
    return Finding(verdict, expected, f"{_money(view, held)} held", (account.number,))


@criterion("hold.none", "The issuer holds nothing for the card", "cases.md 54, 79")
def none(view: View, args: Mapping[str, Any]) -> Finding:
    return _nothing_held(view, view.so_far)


@criterion("hold.released", "In the end nothing stays held", "cases.md 96, 101, 120", scope=Scope.WHOLE_CASE)
def released(view: View, args: Mapping[str, Any]) -> Finding:
    """After the close of the case has drained what was pending."""
    return _nothing_held(view, view.timeline)


def _nothing_held(view: View, timeline: Timeline) -> Finding:
    account = account_of(timeline)
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
    account = account_of(timeline)
    opening = timeline.first("ledger", "account", **({"card": account.fields["card"]} if account else {}))
    if account is None or opening is None:
        return inconclusive(expected, "the ledger told of no account")
    held, booked = int(str(account.fields["held"])), int(str(account.fields["booked"]))
    available, start = int(str(account.fields["available"])), _total(opening)
    check = Check(expected)
    check.see(account.number)
    if held != args["held"] or booked != args["booked"]:
        check.miss(f"{_money(view, held)} held, {_money(view, booked)} booked", account.number)
    if available + held + booked != start:
        check.miss(f"{_money(view, available)} available of {_money(view, start)}", account.number, opening.number)
    return check.finding(
        f"{_money(view, held)} held, {_money(view, booked)} booked, {_money(view, available)} available"
    )


def _total(account: Record) -> int:
    return sum(int(str(account.fields[pot])) for pot in ("available", "held", "booked"))


@criterion("ledger.untouched", "The refused transaction left the ledger as it was", "cases.md 36, 41, 44, 47, 57-59")
def untouched(view: View, args: Mapping[str, Any]) -> Finding:
    """No posting since the last order, but what the reversal of an earlier request moves back."""
    expected = "no posting since the transaction was started"
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    check = Check(expected)
    check.see(view.order.number)
    own = {r.trace for r in view.since_order.requests() if not r.reversal and not is_leftover(view, r)}
    earlier = {r.trace for r in view.so_far.before(view.order).requests()} - own
    earlier |= {r.trace for r in view.since_order.requests() if is_leftover(view, r)}
    for posting in view.since_order.of("ledger", "posting"):
        fields = posting.fields
        if fields.get("trace") not in earlier:
            check.deviate(f"{fields['kind']} of {_money(view, fields['amount'])}", posting.number)
    return check.finding("no posting")
