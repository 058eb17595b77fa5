"""What went between terminal and host: requests that must or must not leave, answers that must not be taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.money import Money
from reports.judge.finding import Check, Finding, Scope, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Request


def _since_order(view: View) -> tuple[int, list[Request]]:
    order = view.so_far.last("terminal", "order")
    if order is None:
        return 0, []
    return order.number, view.so_far.after(order).requests()


@criterion("host.not-asked", "Nothing is sent to the host", "cases.md 83, 144")
def not_asked(view: View, args: Mapping[str, Any]) -> Finding:
    number, requests = _since_order(view)
    if not number:
        return inconclusive("no request", "no transaction was started")
    check = Check("no request reaches the host")
    check.see(number)
    for request in requests:
        check.deviate(f"{request.mti} {request.transaction} reached the host", request.number)
    return check.finding("no request reached the host")


@criterion("host.refused", "The host refuses the request with the market's code", "facts/unionpay-pos 5.1-5.8")
def host_refused(view: View, args: Mapping[str, Any]) -> Finding:
    """args: code. Judges the terminal: it must send the request as typed and report the refusal."""
    number, requests = _since_order(view)
    sent = [r for r in requests if not r.reversal]
    expected = f"one request, refused with {args['code']}"
    if not number:
        return inconclusive(expected, "no transaction was started")
    outcome = view.so_far.last("terminal", "outcome")
    check = Check(expected)
    if len(sent) != 1:
        check.deviate(f"{len(sent)} requests reached the host", number, *(r.number for r in sent))
    for request in sent:
        check.see(request.number, request.decision)
        if request.code != args["code"]:
            check.deviate(f"the host answered {request.code or 'nothing'}", request.number, request.decision)
    if outcome is not None and outcome.fields.get("code") != args["code"]:
        check.deviate(f"the terminal reported code {outcome.fields.get('code') or 'none'}", outcome.number)
    return check.finding(f"refused with {args['code']}, and reported so")


@criterion(
    "completion.over-limit-kept",
    "A completion above the market's limit does not leave the terminal",
    "facts/unionpay-pos 5.1",
)
def over_limit_kept(view: View, args: Mapping[str, Any]) -> Finding:
    """args: hold and amount in minor units, as the merchant typed them."""
    hold = Money(int(args["hold"]), view.market.money)
    limit = view.market.completion_limit(hold)
    number, requests = _since_order(view)
    expected = (
        f"a hold of {hold} may be completed for {limit} at most; {Money(int(args['amount']), hold.currency)} is kept"
    )
    if not number:
        return inconclusive(expected, "no transaction was started")
    check = Check(expected)
    check.see(number)
    for request in requests:
        if request.transaction == "completion" and not request.reversal:
            sent = Money(int(request.value(4) or 0), hold.currency)
            if not view.market.completion_allowed(hold, sent):
                check.deviate(f"a completion of {sent} reached the host", request.number)
    return check.finding("refused at the terminal, nothing was sent")


@criterion(
    "late-answer.not-applied",
    "An answer that comes too late is not taken",
    "facts/unionpay-pos 5.19",
    scope=Scope.WHOLE_CASE,
)
def late_not_applied(view: View, args: Mapping[str, Any]) -> Finding:
    """No approval is reported or printed for a request whose answer left the host after the time-out."""
    expected = "no approval and no approved slip for the request that was answered too late"
    check = Check(expected)
    late = 0
    for request in view.requests:
        # an answer held back until the reversal is late by definition: the terminal had given up when it left
        limit = request.t_ns + view.response_timeout_ns + view.guard_ns
        answers = [a for a in request.replies if a.late or a.t_ns > limit]
        if request.reversal or not answers:
            continue
        late += 1
        check.see(request.number, *(a.number for a in answers))
        for outcome in view.timeline.of("terminal", "outcome"):
            if outcome.fields.get("trace") == request.trace and outcome.fields.get("result") == "approved":
                check.deviate("the terminal reported an approval", outcome.number, answers[0].number)
        for slip in view.timeline.of("printer", "slip"):
            if any(request.trace in str(line) for line in slip.fields.get("lines", [])):
                check.deviate("a slip was printed", slip.number, answers[0].number)
    if not late:
        return inconclusive(expected, "no answer of the host could be placed after the time-out")
    return check.finding("not applied, nothing printed")


@criterion("in-time.accepted", "An answer within the time-out is accepted", "cases.md 97")
def in_time_accepted(view: View, args: Mapping[str, Any]) -> Finding:
    expected = "the answer that came before the time-out is taken"
    number, requests = _since_order(view)
    sent = [r for r in requests if not r.reversal and r.replies]
    if not number or not sent:
        return inconclusive(expected, "the host answered no request")
    waited = sent[-1].replies[0].t_ns - sent[-1].t_ns
    if waited > view.response_timeout_ns - view.guard_ns:
        return inconclusive(expected, f"the host answered after {waited / 1e6:.0f} ms: too near the time-out to judge")
    outcome = view.so_far.last("terminal", "outcome")
    taken = outcome is not None and outcome.fields.get("result") == "approved"
    evidence = (sent[-1].number, sent[-1].replies[0].number, *([outcome.number] if outcome else []))
    actual = f"answered after {waited / 1e6:.0f} of {view.response_timeout_ns / 1e6:.0f} ms, " + (
        "taken" if taken else "not taken"
    )
    return Finding(Verdict.PASS if taken else Verdict.FAIL, expected, actual, evidence)


@criterion(
    "wrong-mac.refused", "An answer with a wrong MAC is refused", "facts/unionpay-pos 5.19", scope=Scope.WHOLE_CASE
)
def wrong_mac_refused(view: View, args: Mapping[str, Any]) -> Finding:
    """Not reported as approved, not printed, and reversed with the reason for a wrong MAC."""
    check = Check("no approval; the request is reversed with the market's reason for a wrong MAC")
    spoiled = [r for r in view.requests if not r.reversal and any(a.tampered for a in r.replies)]
    if not spoiled:
        return inconclusive(check.expected, "the host sent no answer with a wrong MAC")
    for request in spoiled:
        check.see(request.number, *(a.number for a in request.replies))
        for outcome in view.timeline.of("terminal", "outcome"):
            if outcome.fields.get("trace") == request.trace and outcome.fields.get("result") == "approved":
                check.deviate("the terminal reported an approval", outcome.number)
        undone = [r for r in view.requests if r.reversal and r.trace == request.trace]
        check.see(*(r.number for r in undone))
        if not undone:
            check.deviate("the request was not reversed", request.number)
        elif undone[0].value(39) != view.market.reversal.reason_mac:
            check.deviate(f"the reversal gives the reason {undone[0].value(39) or 'none'}", undone[0].number)
    return check.finding("refused and reversed")


@criterion("chip.declined-offline", "Without an answer the chip is asked for an AAC", "EMV Book 3, 10.7; cases.md 96")
def chip_aac(view: View, args: Mapping[str, Any]) -> Finding:
    """The second GENERATE AC of the transaction asks for an AAC (P1 = 00)."""
    expected = "second GENERATE AC with P1 00 (AAC)"
    commands = [r for r in view.so_far.of("card", "command") if r.fields.get("name") == "GENERATE AC"]
    if len(commands) < 2:
        return Finding(
            Verdict.FAIL, expected, f"{len(commands)} GENERATE AC in the transaction", tuple(r.number for r in commands)
        )
    raw = commands[-1].raw or b""
    asked = {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}.get(raw[2] & 0xC0, "?") if len(raw) > 2 else "?"
    verdict = Verdict.PASS if asked == "AAC" else Verdict.FAIL
    return Finding(verdict, expected, f"second GENERATE AC asks for {asked}", (commands[-1].number,))
