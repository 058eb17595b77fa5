"""What the terminal told its people: results, codes, prompts and words on its displays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reports.judge.finding import Check, Finding, Verdict, inconclusive
from reports.judge.paper import copies_on, papers
from reports.judge.registry import View, criterion

CAPTURE_WORDS = re.compile(
    r"没收|挂失|被窃|被盗|失窃|盗窃|遗失|丢失|吞卡|吞没|扣卡|作弊"
    r"|(?<!connection )(?<!line )\blost\b(?! (?:connection|line|contact))|\bstolen\b|\bpick[ -]?up\b(?! your)"
    r"|\bcaptur\w*|\bretain\w*|\bfraud\w*",
    re.IGNORECASE,
)
"""Words that would tell the customer why a lost or stolen card was declined. facts/unionpay-pos 5.21, cases 82."""


@criterion("outcome.reported", "The terminal reports how the transaction ended", "cases.md 1, 79-84")
def reported(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction and result, and code when the host's code matters. Of the last order."""
    expected = _told(args)
    outcome = view.outcome
    if outcome is None:
        return inconclusive(expected, "the terminal reported no outcome at all", *_order(view))
    fields = outcome.fields
    right = fields.get("transaction") == args["transaction"] and fields.get("result") == args["result"]
    right = right and (not args.get("code") or fields.get("code") == args["code"])
    return Finding(Verdict.PASS if right else Verdict.FAIL, expected, _told(fields), (outcome.number,))


def _told(fields: Mapping[str, Any]) -> str:
    code = f" with code {fields['code']}" if fields.get("code") else ""
    return f"{fields.get('transaction', 'transaction')}: {fields.get('result', 'no result')}{code}"


def _order(view: View) -> tuple[int, ...]:
    return (view.order.number,) if view.order else ()


@criterion("outcome.not-approved", "The terminal does not report an approval", "cases.md 41, 44, 47, 59")
def not_approved(view: View, args: Mapping[str, Any]) -> Finding:
    expected = "an end of the transaction that is no approval"
    if view.outcome is None:
        return inconclusive(expected, "the terminal reported no outcome at all", *_order(view))
    verdict = Verdict.FAIL if view.outcome.fields.get("result") == "approved" else Verdict.PASS
    return Finding(verdict, expected, _told(view.outcome.fields), (view.outcome.number,))


@criterion("supervisor.asked", "A supervisor's password is asked and honoured", "facts/unionpay-pos 5.11")
def supervisor_asked(view: View, args: Mapping[str, Any]) -> Finding:
    """Of the last transaction: asked before anything went to the host; refused when nobody typed it.

    args: present, whether a supervisor was at hand.
    """
    expected = "the supervisor's password is asked before the host, and nothing is sent without it"
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    asked = list(view.since_order.of("operator", "supervisor"))
    sent = [r for r in view.since_order.requests() if r.financial]
    check = Check(expected)
    check.see(view.order.number, *(a.number for a in asked))
    if not asked:
        check.miss("nobody was asked for the supervisor's password", view.order.number, *(r.number for r in sent))
    for request in sent if asked else ():
        before = [a for a in asked if (a.t_ns, a.number) < request.at]
        if not before:
            check.deviate("the request left before the password was asked", request.number, asked[0].number)
        elif not args["present"] or not any(a.fields.get("accepted", True) for a in before):
            check.deviate("the request left without a supervisor's password", request.number, before[-1].number)
    return check.finding("asked" if args["present"] else "asked, and nothing was sent without the password")


@criterion(
    "pin.asked-again", "After a wrong PIN the cardholder is asked again, with a new trace", "facts/unionpay-pos 5.17"
)
def pin_asked_again(view: View, args: Mapping[str, Any]) -> Finding:
    """args: requests, how many requests the order must have led to."""
    wanted = int(args["requests"])
    expected = f"{wanted} requests, each with its own PIN entry and its own trace number"
    order = view.order
    if order is None:
        return inconclusive(expected, "no transaction was started")
    requests = [r for r in view.since_order.requests() if r.financial]
    entries = list(view.since_order.of("operator", "pin"))
    check = Check(expected)
    check.see(*(r.number for r in requests), *(e.number for e in entries))
    if len(requests) != wanted:
        check.miss(f"{len(requests)} requests reached the host", order.number, *(r.number for r in requests))
    if len(entries) < wanted:
        check.miss(f"the PIN was asked for {len(entries)} times", order.number, *(e.number for e in entries))
    if len({r.trace for r in requests}) != len(requests):
        check.deviate("a trace number was used twice", *(r.number for r in requests))
    return check.finding(f"{len(requests)} requests, {len(entries)} PIN entries, traces all different")


@criterion("display.discreet", "The customer is not told that the card is lost or stolen", "cases.md 82")
def discreet(view: View, args: Mapping[str, Any]) -> Finding:
    """Neither on the customer's display nor on the cardholder's copy."""
    shown = [r for r in view.since_order.of("terminal", "display") if r.fields.get("audience") == "customer"]
    expected = "something is shown to the customer, without a word of capture, loss or theft"
    if not shown:
        return inconclusive(expected, "nothing was shown to the customer", *_order(view))
    check = Check(expected)
    check.see(*(r.number for r in shown))
    for record in shown:
        for word in CAPTURE_WORDS.findall(str(record.fields.get("text", ""))):
            check.deviate(f"the customer's display says {word!r}", record.number)
    for slip in papers(view.since_order, view.market):
        if view.market.receipt.cardholder_copy in copies_on(slip, view.market):
            for word in CAPTURE_WORDS.findall("\n".join(slip.lines)):
                check.deviate(f"the cardholder's copy says {word!r}", slip.number)
    return check.finding(f"{len(shown)} texts shown to the customer, none of them telling")


@criterion("idle.reached", "After the case the terminal is idle", "design 4")
def idle_reached(view: View, args: Mapping[str, Any]) -> Finding:
    state = view.so_far.last("terminal", "state")
    if state is None:
        return inconclusive("idle", "the terminal told no state")
    text = str(state.fields.get("state"))
    return Finding(Verdict.PASS if text == "idle" else Verdict.FAIL, "idle", text, (state.number,))
