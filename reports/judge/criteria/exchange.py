"""What went between terminal and host: requests that must or must not leave, answers that must not be taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.money import Money
from reports.judge.duty import answer_in_time, originals, outcome_of, reversals, surely_late
from reports.judge.finding import Check, Finding, Scope, Verdict, inconclusive
from reports.judge.paper import REFERENCE, VOUCHER, Paper, looks_approved, papers
from reports.judge.registry import View, criterion
from reports.judge.reply import Reply, field_of
from reports.judge.stored import first_tries, since
from reports.judge.timeline import Request, moment


def asked(view: View) -> list[Request]:
    """Financial requests since the last order, without stored messages of earlier ones that go before it."""
    return [r for r in view.since_order.requests() if r.financial and not is_leftover(view, r)]


def is_leftover(view: View, request: Request) -> bool:
    """A stored message that was there before the last order was given."""
    message = first_tries(view).get(request.number)
    return message is not None and view.order is not None and since(view, message) < moment(view.order)


@criterion("host.not-asked", "Nothing is sent to the host", "cases.md 83, 144")
def not_asked(view: View, args: Mapping[str, Any]) -> Finding:
    """No request of the last order. What the terminal does by itself, and reversals of what went before, may go."""
    expected = "no request reaches the host"
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    check = Check(expected)
    check.see(view.order.number)
    earlier = {r.trace for r in view.so_far.before(view.order).requests()}
    for request in view.since_order.requests():
        if is_leftover(view, request):
            continue
        if request.financial or (request.reversal and request.trace not in earlier):
            what = "a reversal of nothing" if request.reversal else f"{request.mti} {request.transaction}"
            check.deviate(f"{what} reached the host", request.number)
    return check.finding("no request reached the host")


@criterion("host.refused", "The host refuses the request with the market's code", "facts/unionpay-pos 5.1-5.8")
def host_refused(view: View, args: Mapping[str, Any]) -> Finding:
    """args: code. Judges the terminal: it must send the request as typed and report the refusal."""
    expected = f"one request, refused with {args['code']}, and reported so"
    order, outcome, sent = view.order, view.outcome, asked(view)
    if order is None:
        return inconclusive(expected, "no transaction was started")
    check = Check(expected)
    if len(sent) != 1:
        check.miss(f"{len(sent)} requests reached the host", order.number, *(r.number for r in sent))
    for request in sent:
        check.see(request.number, request.decision)
        if request.code != args["code"]:
            check.deviate(f"the host answered {request.code or 'nothing'}", request.number, request.decision)
    if outcome is not None:
        check.see(outcome.number)
        if outcome.fields.get("result") == "approved":
            check.deviate("the terminal reported an approval", outcome.number)
        if outcome.fields.get("code") != args["code"]:
            check.deviate(f"the terminal reported code {outcome.fields.get('code') or 'none'}", outcome.number)
    elif not check.deviations:
        return inconclusive(expected, "the terminal reported no outcome at all", *(r.number for r in sent))
    return check.finding(f"refused with {args['code']}, and reported so")


@criterion(
    "completion.over-limit-kept",
    "A completion above the market's limit does not leave the terminal",
    "facts/unionpay-pos 5.1",
)
def over_limit_kept(view: View, args: Mapping[str, Any]) -> Finding:
    """args: hold and amount in minor units, as the merchant typed them. Request and advice alike."""
    hold = Money(int(args["hold"]), view.market.money)
    limit = view.market.completion_limit(hold)
    expected = (
        f"a hold of {hold} may be completed for {limit} at most; {Money(int(args['amount']), hold.currency)} is kept"
    )
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    check = Check(expected)
    check.see(view.order.number)
    for request in asked(view):
        sent = Money(int(request.value(4) or 0), hold.currency)
        if request.mti.startswith("02") and sent.minor > limit.minor:
            check.deviate(f"a completion of {sent} reached the host", request.number)
    return check.finding("refused at the terminal, nothing above the limit was sent")


@criterion(
    "late-answer.not-applied",
    "An answer that comes too late is not taken",
    "facts/unionpay-pos 5.19",
    scope=Scope.WHOLE_CASE,
)
def late_not_applied(view: View, args: Mapping[str, Any]) -> Finding:
    """No approval is reported or printed for a request whose answer left the host after the time-out."""
    check = Check("no approval and no approved slip for the request that was answered too late")
    late = 0
    for request in originals(view):
        # an answer held back until the reversal is late by definition: the terminal had given up when it left
        answers = [a for a in request.answers if surely_late(view, request, a)]
        if not answers or answers[0] is not request.answers[0]:
            continue
        late += 1
        check.see(request.number, *(a.number for a in answers))
        taken(view, request, answers[0], check)
    if not late:
        return inconclusive(check.expected, "no answer of the host could be placed after the time-out")
    return check.finding("not applied, nothing printed")


def taken(view: View, request: Request, answer: Reply, check: Check) -> None:
    """Deviations when an answer that must not be taken was reported or printed as an approval."""
    outcome = outcome_of(view, request)
    if outcome is not None and outcome.fields.get("result") == "approved":
        check.deviate("the terminal reported an approval", outcome.number, answer.number)
    for slip in papers(view.timeline, view.market):
        if looks_approved(slip, view.market) and _is_of(slip, request, answer):
            check.deviate("an approved slip was printed", slip.number, answer.number)


def _is_of(slip: Paper, request: Request, answer: Reply) -> bool:
    """By the voucher number, or, where the slip has none, by the reference that the answer gave."""
    if slip.value(VOUCHER) is not None:
        return slip.shows(VOUCHER, request.trace)
    reference = field_of(answer.message, 37)
    return bool(reference) and slip.shows(REFERENCE, reference)


@criterion("in-time.accepted", "An answer within the time-out is accepted", "cases.md 97")
def in_time_accepted(view: View, args: Mapping[str, Any]) -> Finding:
    expected = "the answer that came before the time-out is taken"
    sent = [r for r in asked(view) if r.answers]
    if view.order is None or not sent:
        return inconclusive(expected, "the host answered no request")
    request = sent[-1]
    answer = request.answers[0]
    waited, timeout = (answer.t_ns - request.t_ns) / 1e6, view.response_timeout_ns / 1e6
    evidence = (request.number, answer.number)
    if answer_in_time(view, request) is None:
        why = f"the host answered after {waited:.0f} of {timeout:.0f} ms: too near the time-out to judge, or late"
        return inconclusive(expected, why, *evidence)
    outcome = view.outcome
    if outcome is None:
        return inconclusive(expected, "the terminal reported no outcome at all", *evidence)
    approved = answer.code in view.market.success_codes
    taken = outcome.fields.get("result") == "approved" if approved else outcome.fields.get("code") == answer.code
    taken = taken or outcome.fields.get("result") == "card declined"  # the chip's word, given after the answer
    actual = f"answered after {waited:.0f} of {timeout:.0f} ms, " + ("taken" if taken else "not taken")
    return Finding(Verdict.PASS if taken else Verdict.FAIL, expected, actual, (*evidence, outcome.number))


@criterion(
    "wrong-mac.refused", "An answer with a wrong MAC is refused", "facts/unionpay-pos 5.19", scope=Scope.WHOLE_CASE
)
def wrong_mac_refused(view: View, args: Mapping[str, Any]) -> Finding:
    """Not reported as approved, not printed, and reversed with the reason for a wrong MAC."""
    reason = view.market.reversal.reason_mac
    check = Check(f"no approval; the request is reversed with reason {reason}")
    spoiled = [r for r in originals(view) if any(a.tampered and a.sent for a in r.replies) and not r.answers]
    if not spoiled:
        return inconclusive(check.expected, "the host sent no answer with a wrong MAC, or a right one as well")
    found = reversals(view)
    for request in spoiled:
        check.see(request.number, *(a.number for a in request.replies))
        taken(view, request, request.replies[0], check)
        undone = found.meant_for(request)
        check.see(*(r.number for r in undone))
        if not undone:
            check.miss("the request was not reversed", request.number)
        elif undone[0].value(39) != reason:
            check.deviate(f"the reversal gives the reason {undone[0].value(39) or 'none'}", undone[0].number)
    return check.finding("refused and reversed")


@criterion("chip.declined-offline", "Without an answer the chip is asked for an AAC", "EMV Book 3, 10.7; cases.md 96")
def chip_aac(view: View, args: Mapping[str, Any]) -> Finding:
    """The second GENERATE AC of the last transaction asks for an AAC (P1 = 00)."""
    expected = "second GENERATE AC with P1 00 (AAC)"
    commands = [r for r in view.since_order.of("card", "command") if r.fields.get("name") == "GENERATE AC"]
    numbers = tuple(r.number for r in commands)
    if not commands:
        return inconclusive(expected, "the chip was asked for no cryptogram")
    if len(commands) < 2:
        if any(view.since_order.of("reader", "removed", "gone")):
            return inconclusive(expected, "the card had left the reader", *numbers)
        return Finding(Verdict.FAIL, expected, "1 GENERATE AC in the transaction", numbers)
    raw = commands[-1].raw or b""
    asked = {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}.get(raw[2] & 0xC0, "?") if len(raw) > 2 else "?"
    if asked == "?":
        return inconclusive(expected, "the command's bytes were not recorded", *numbers)
    verdict = Verdict.PASS if asked == "AAC" else Verdict.FAIL
    return Finding(verdict, expected, f"second GENERATE AC asks for {asked}", numbers[-1:])
