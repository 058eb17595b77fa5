"""Signing on: when the host asks for it, and at all. facts/unionpay-pos 5.21; cases.md 95, 122, 133."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.transactions import Transaction
from reports.judge.criteria.exchange import asked
from reports.judge.finding import Check, Finding, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Request, Timeline

AGAIN: Mapping[object, str] = {True: ", and the transaction under a new trace", False: ", and no more"}


def _sign_ons(timeline: Timeline) -> list[Request]:
    return [r for r in timeline.requests() if r.transaction == Transaction.SIGN_ON.value]


def _codes(request: Request) -> set[str]:
    """What the request was answered with; a host that lost the keys answers without a MAC."""
    return {a.code for a in request.replies if a.sent and not a.tampered}


@criterion(
    "sign-on.renewed", "When the host wants it, the terminal signs on again", "facts/unionpay-pos 5.21; cases.md 95"
)
def renewed(view: View, args: Mapping[str, Any]) -> Finding:
    """args: again. True: the transaction is sent once more under a new trace, and this one is what is reported; False:
    it is not; absent: either."""
    again = args.get("again")
    expected = f"a sign-on follows{AGAIN.get(again, '')}"
    sent = asked(view)
    refused = next((r for r in sent if _codes(r) & set(view.market.sign_on_codes)), None)
    if refused is None or view.order is None:
        return inconclusive(expected, "the host asked for no sign-on")
    check = Check(expected)
    signed = [r for r in _sign_ons(view.since_order) if r.at > refused.at]
    check.see(refused.number, *(r.number for r in signed))
    if not signed:
        check.miss("no sign-on followed", refused.number)
    later = [r for r in sent if r.at > refused.at and r.transaction == refused.transaction]
    if again is True:
        _sent_again(view, refused, signed, later, check)
    elif again is False:
        for request in later:
            check.deviate(f"it was sent again as {request.trace}", refused.number, request.number)
    return check.finding("signed on" + (", sent again and reported" if again else ""))


def _sent_again(view: View, refused: Request, signed: list[Request], later: list[Request], check: Check) -> None:
    if not later:
        check.miss("the transaction was not sent again", refused.number)
        return
    check.see(later[0].number)
    if later[0].trace == refused.trace:
        check.deviate(f"it was sent again under the same trace {refused.trace}", refused.number, later[0].number)
    if signed and later[0].at < signed[0].at:
        check.deviate("it was sent again before the sign-on", later[0].number, signed[0].number)
    if len(later) > 1:
        check.deviate(f"it was sent {len(later)} times more", *(r.number for r in later))
    outcome = view.outcome
    if outcome is not None and outcome.fields.get("trace", later[0].trace) != later[-1].trace:
        text = f"reported is trace {outcome.fields.get('trace') or 'none'}, not {later[-1].trace}"
        check.deviate(text, outcome.number, later[-1].number)


@criterion("sign-on.made", "The terminal has signed on", "facts/unionpay-pos 2.6; cases.md 95, 133")
def made(view: View, args: Mapping[str, Any]) -> Finding:
    check = Check("a sign-on was answered with 00")
    done = [r for r in _sign_ons(view.so_far) if "00" in _codes(r)]
    check.see(*(r.number for r in done))
    if not done:
        start = view.so_far.first("case", "open") or view.so_far.records[0]
        check.miss("no sign-on was answered with 00", start.number)
    return check.finding(f"{len(done)} sign-ons")
