"""Completion advices and refunds: kept, sent until acknowledged, counted once. facts/unionpay-pos 5.16, 5.18."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.judge.auditors.store_and_forward import MAY_CHANGE
from reports.judge.duty import originals, reversals
from reports.judge.finding import Check, Finding, Scope, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.stored import (
    GIVEN_UP,
    Kept,
    first_tries,
    is_stored,
    kept,
    never_left,
    records_of,
    since,
)
from reports.judge.timeline import Moment, differences, moment

RULE = "facts/unionpay-pos 5.18"


def _of(view: View, transaction: object) -> list[Kept]:
    return [m for m in kept(view) if m.first.transaction == transaction]


@criterion("stored.reported", "The terminal says that it keeps the message", f"{RULE}; cases.md 49")
def reported(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction. "stored", or "approved" when the host has acknowledged it by then."""
    check = Check(f"the {args['transaction']} is reported as stored, or as approved once the host has it")
    outcome = view.outcome
    if outcome is None or outcome.fields.get("transaction") != args["transaction"]:
        return inconclusive(check.expected, f"the terminal reported no {args['transaction']}")
    check.see(outcome.number)
    result = outcome.fields.get("result")
    if result not in ("stored", "approved"):
        check.deviate(f"it was reported as {result}", outcome.number)
    if result == "approved" and not _acknowledged_by(view, outcome.fields.get("trace"), moment(outcome)):
        check.deviate("it was reported as approved before the host had acknowledged it", outcome.number)
    return check.finding(f"reported as {result}")


def _acknowledged_by(view: View, trace: object, at: Moment) -> bool:
    answers = (m.acknowledged(view.market) for m in kept(view) if m.first.trace == trace)
    return any(a is not None and a.at < at for a in answers)


@criterion(
    "stored.delivered", "What was kept is delivered in the end", f"{RULE}; cases.md 49, 50", scope=Scope.WHOLE_CASE
)
def delivered(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction. Every one of the case is acknowledged."""
    check = Check(f"each {args['transaction']} is acknowledged by the host")
    messages = _of(view, args["transaction"])
    waiting = [r for r in never_left(view) if r.fields.get("transaction") == args["transaction"]]
    if not messages and not waiting:
        return inconclusive(check.expected, f"there was no {args['transaction']}")
    for message in messages:
        numbers = tuple(t.number for t in message.tries)
        taken = message.acknowledged(view.market)
        check.see(*numbers, *([taken.number] if taken else []))
        if taken is None:
            said = f", it answered {message.answer.code}" if message.answer else ""
            check.miss(f"{message.first.trace} was never acknowledged{said}", *numbers)
    for record in waiting:
        check.miss(f"{record.fields.get('trace')} was never sent", record.number)
    return check.finding(f"{len(messages)} acknowledged")


@criterion("stored.repeated", "It is repeated with the same data", f"{RULE}; cases.md 50", scope=Scope.WHOLE_CASE)
def repeated(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction, least: how often it must have been sent."""
    most, least = view.market.advice.repeats + 1, int(args["least"])
    check = Check(f"sent at least {least} and at most {most} times, always the same")
    messages = _of(view, args["transaction"])
    if not messages:
        return inconclusive(check.expected, f"no {args['transaction']} reached the host")
    message = max(messages, key=lambda m: len(m.tries))
    numbers = tuple(t.number for t in message.tries)
    check.see(*numbers)
    if len(numbers) < least:
        check.miss(f"sent {len(numbers)} times", *numbers)
    if len(numbers) > most:
        check.deviate(f"sent {len(numbers)} times", *numbers)
    for again in message.tries[1:]:
        for name in differences(message.first.message, again.message, MAY_CHANGE):
            check.deviate(f"{name} of a repeat differs", message.first.number, again.number)
    return check.finding(f"sent {len(numbers)} times, always the same")


@criterion("stored.given-up", "What nobody takes is given up", f"{RULE}; cases.md 50, 107", scope=Scope.WHOLE_CASE)
def given_up(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction. Tried to the limit, or refused; then given up, and the operator is told."""
    most = view.market.advice.repeats + 1
    check = Check(f"tried {most} times, or refused; then given up, and the operator is told")
    lost = [m for m in _of(view, args["transaction"]) if m.acknowledged(view.market) is None]
    if not lost:
        return inconclusive(check.expected, f"every {args['transaction']} was acknowledged, or none was sent")
    message = lost[0]
    numbers = tuple(t.number for t in message.tries)
    check.see(*numbers)
    if len(numbers) > most:
        check.deviate(f"sent {len(numbers)} times", *numbers)
    if len(numbers) < most and message.answer is None:
        check.miss(f"sent {len(numbers)} times", *numbers)
    _people_were_told(view, message, check)
    return check.finding(f"given up after {len(numbers)} tries, and the operator was told")


def _people_were_told(view: View, message: Kept, check: Check) -> None:
    last = message.tries[-1]
    told = [r for r in records_of(view, GIVEN_UP) if r.fields.get("trace") == message.first.trace]
    if any(view.timeline.of("terminal", "stored")) and not told:
        check.miss("the terminal did not say that it gave it up", last.number)
    shown = [
        r
        for r in view.timeline.of("terminal", "display")
        if moment(r) > last.at and r.fields.get("audience", "operator") == "operator" and r.fields.get("text")
    ]
    check.see(*(r.number for r in (*told[:1], *shown[:1])))
    if not shown:
        check.miss("nothing was shown to the operator", last.number)


@criterion("stored.not-reversed", "A stored message is never reversed", f"{RULE}; cases.md 49", scope=Scope.WHOLE_CASE)
def not_reversed(view: View, args: Mapping[str, Any]) -> Finding:
    check = Check("no reversal of an advice or a refund")
    messages, found = kept(view), reversals(view)
    if not messages:
        return inconclusive(check.expected, "no stored message reached the host")
    for message in messages:
        check.see(message.first.number)
        for again in found.meant_for(message.first):
            check.deviate(f"the {message.first.transaction} {message.first.trace} was reversed", again.number)
    return check.finding(f"{len(messages)} messages, none reversed")


@criterion(
    "stored.before-next",
    "What is kept goes before the next request",
    f"{RULE}; cases.md 49, 103",
    scope=Scope.WHOLE_CASE,
)
def before_next(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction. Between the order that made it and the next online request it is tried."""
    check = Check(f"the {args['transaction']} is sent before the next online request")
    judged = 0
    for written, tries in _written(view, str(args["transaction"])):
        following = [r for r in originals(view) if r.at > written and not is_stored(r)]
        if not following:
            continue
        judged += 1
        before = [t for t in tries if t[0] < following[0].at]
        check.see(*(number for _, number in before[:1]), following[0].number)
        if not before:
            check.deviate(f"the {following[0].transaction} {following[0].trace} left first", following[0].number)
    if not judged:
        return inconclusive(check.expected, f"no online request followed a {args['transaction']}")
    return check.finding(f"{judged} times in the right order")


def _written(view: View, transaction: str) -> list[tuple[Moment, list[tuple[Moment, int]]]]:
    """Since when each message was there, and its tries with their numbers."""
    found: list[tuple[Moment, list[tuple[Moment, int]]]] = [
        (since(view, message), [(t.at, t.number) for t in message.tries]) for message in _of(view, transaction)
    ]
    unsent = [r for r in never_left(view) if r.fields.get("transaction") == transaction]
    return [*found, *((moment(r), []) for r in unsent)]


@criterion(
    "advice.counted-once",
    "However often it comes, it is booked once",
    "facts/unionpay-pos 5.16; cases.md 50",
    scope=Scope.WHOLE_CASE,
)
def counted_once(view: View, args: Mapping[str, Any]) -> Finding:
    """Of all tries of a message one led to bookings: an own part, and a terminal that keeps its trace."""
    check = Check("each stored message is booked once")
    booked: dict[int, set[int]] = {}
    stored = first_tries(view)
    for posting in view.timeline.of("ledger", "posting"):
        trace = posting.fields.get("trace")
        tries = [r for r in view.requests if r.number in stored and r.trace == trace and r.at < moment(posting)]
        if tries and posting.fields.get("transaction") == tries[-1].transaction:
            booked.setdefault(stored[tries[-1].number].first.number, set()).add(tries[-1].number)
    taken = [m for m in kept(view) if m.acknowledged(view.market) is not None]
    if not taken:
        return inconclusive(check.expected, "the host acknowledged no stored message")
    for message in taken:
        times = booked.get(message.first.number, set())
        check.see(message.first.number, *times)
        if len(times) != 1:
            numbers = tuple(t.number for t in message.tries)
            check.miss(f"the {message.first.transaction} {message.first.trace} was booked {len(times)} times", *numbers)
    return check.finding(f"{len(taken)} messages, each booked once")
