"""What the terminal told its people: results, codes, prompts and words on its displays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.judge.finding import Check, Finding, Verdict, inconclusive
from reports.judge.registry import View, criterion

CAPTURE_WORDS = ("没收", "挂失", "被窃", "吞卡", "作弊", "lost", "stolen", "pick up", "capture")
"""Words that would tell the customer why a lost or stolen card was declined. facts/unionpay-pos 5.21, cases 82."""


@criterion("outcome.reported", "The terminal reports how the transaction ended", "cases.md 1, 79-84")
def reported(view: View, args: Mapping[str, Any]) -> Finding:
    """args: result, and code when the host's code matters."""
    expected = f"{args['transaction']}: {args['result']}" + (f" with code {args['code']}" if args.get("code") else "")
    outcome = view.so_far.last("terminal", "outcome")
    if outcome is None:
        return inconclusive(expected, "the terminal reported no outcome at all")
    fields = outcome.fields
    actual = f"{fields['transaction']}: {fields['result']}" + (
        f" with code {fields['code']}" if fields.get("code") else ""
    )
    right = fields["transaction"] == args["transaction"] and fields["result"] == args["result"]
    right = right and (not args.get("code") or fields.get("code") == args["code"])
    return Finding(Verdict.PASS if right else Verdict.FAIL, expected, actual, (outcome.number,))


@criterion("outcome.not-approved", "The terminal does not report an approval", "cases.md 41, 44, 47, 59")
def not_approved(view: View, args: Mapping[str, Any]) -> Finding:
    expected = "declined by the host or refused by the terminal"
    outcome = view.so_far.last("terminal", "outcome")
    if outcome is None:
        return inconclusive(expected, "the terminal reported no outcome at all")
    result = str(outcome.fields["result"])
    code = str(outcome.fields.get("code", ""))
    verdict = Verdict.FAIL if result == "approved" else Verdict.PASS
    return Finding(verdict, expected, f"{result} {code}".strip(), (outcome.number,))


@criterion("supervisor.asked", "A supervisor's password is asked and honoured", "facts/unionpay-pos 5.11")
def supervisor_asked(view: View, args: Mapping[str, Any]) -> Finding:
    """Of the last transaction: asked before anything went to the host; refused when nobody typed it.

    args: present, whether a supervisor was at hand.
    """
    start = view.so_far.last("terminal", "order")
    if start is None:
        return inconclusive("a supervisor is asked", "no transaction was started")
    since = view.so_far.after(start)
    asked = since.first("operator", "supervisor")
    sent = [r for r in since.requests() if not r.reversal]
    check = Check("the supervisor's password is asked before the host, and nothing is sent without it")
    if asked is None:
        check.deviate("nobody was asked for the supervisor's password", start.number, *(r.number for r in sent))
    else:
        check.see(asked.number)
        for request in sent:
            if request.t_ns < asked.t_ns:
                check.deviate("the request left before the password was asked", request.number, asked.number)
            if not args["present"]:
                check.deviate("the request left without a supervisor", request.number, asked.number)
    return check.finding("asked" if args["present"] else "asked, and nothing was sent without the password")


@criterion(
    "pin.asked-again", "After a wrong PIN the cardholder is asked again, with a new trace", "facts/unionpay-pos 5.17"
)
def pin_asked_again(view: View, args: Mapping[str, Any]) -> Finding:
    """args: requests, how many requests the order must have led to."""
    wanted = int(args["requests"])
    start = view.so_far.last("terminal", "order")
    if start is None:
        return inconclusive(f"{wanted} requests", "no transaction was started")
    since = view.so_far.after(start)
    requests = [r for r in since.requests() if not r.reversal and r.transaction == start.fields["transaction"]]
    entries = list(since.of("operator", "pin"))
    check = Check(f"{wanted} requests, each with its own PIN entry and its own trace number")
    check.see(*(r.number for r in requests), *(e.number for e in entries))
    if len(requests) != wanted:
        check.deviate(f"{len(requests)} requests reached the host", *(r.number for r in requests))
    if len(entries) < wanted:
        check.deviate(f"the PIN was asked for {len(entries)} times", *(e.number for e in entries))
    if len({r.trace for r in requests}) != len(requests):
        check.deviate("a trace number was used twice", *(r.number for r in requests))
    return check.finding(f"{len(requests)} requests, {len(entries)} PIN entries, traces all different")


@criterion("display.discreet", "The customer is not told that the card is lost or stolen", "cases.md 82")
def discreet(view: View, args: Mapping[str, Any]) -> Finding:
    shown = [r for r in view.so_far.of("terminal", "display") if r.fields.get("audience") == "customer"]
    expected = "something is shown to the customer, without a word of capture, loss or theft"
    if not shown:
        return inconclusive(expected, "nothing was shown to the customer")
    check = Check(expected)
    check.see(*(r.number for r in shown))
    for record in shown:
        text = str(record.fields.get("text", ""))
        for word in CAPTURE_WORDS:
            if word in text.lower():
                check.deviate(f"the customer's display says {word!r}", record.number)
    return check.finding(f"{len(shown)} texts shown to the customer, none of them telling")


@criterion("idle.reached", "After the case the terminal is idle", "design 4")
def idle_reached(view: View, args: Mapping[str, Any]) -> Finding:
    state = view.timeline.last("terminal", "state")
    if state is None:
        return inconclusive("idle", "the terminal told no state")
    text = str(state.fields.get("state"))
    return Finding(Verdict.PASS if text == "idle" else Verdict.FAIL, "idle", text, (state.number,))
