"""Answers that are not what they should be, and what the terminal makes of them. facts/unionpay-pos 1, 5.19.

A reversal that is owed for one may come at the close of the case, so all of these are judged at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reports.judge.criteria.exchange import taken
from reports.judge.duty import Duty, duty, originals, outcome_of, reversals, surely_late
from reports.judge.finding import Check, Finding, Scope, Weight, inconclusive
from reports.judge.paper import copies_on, papers
from reports.judge.registry import View, criterion
from reports.judge.reply import CHIP, LENGTH, MATCHED, RESPONSE_CODE, SEAL, Reply, Standing
from reports.judge.timeline import Request, moment
from reports.runfolder import Record

CURRENCY, F_AMOUNT = 49, 4
FOREIGN = tuple(number for number in MATCHED if number != F_AMOUNT)
Tells = Callable[[Request, Reply], bool]


# ── kinds of answers ──────────────────────────────────────────────────────────────────────────────────────────────


def _differs(request: Request, reply: Reply, number: int) -> bool:
    """Both carry the field, and not the same."""
    return bool(request.value(number) and reply.value(number) and request.value(number) != reply.value(number))


def _foreign(request: Request, reply: Reply) -> bool:
    """Another kind of message, or another request's or terminal's."""
    mti = str(reply.message.get("MTI", ""))
    other_kind = bool(mti) and request.mti.isdigit() and mti != f"{int(request.mti) + 10:04d}"
    return other_kind or any(_differs(request, reply, number) for number in FOREIGN)


def _unsealed(request: Request, reply: Reply) -> bool:
    return bool(reply.message and request.value(SEAL)) and not reply.value(SEAL)


def _other_amount(request: Request, reply: Reply) -> bool:
    return reply.standing is Standing.NONE and _differs(request, reply, F_AMOUNT) and not reply.tampered


def _other_currency(request: Request, reply: Reply) -> bool:
    return _differs(request, reply, CURRENCY) and not reply.tampered


def _unreadable(request: Request, reply: Reply) -> bool:
    """It cannot be read, or lacks what it must carry."""
    if reply.unread or LENGTH in reply.spoiled:
        return True
    absent = any(request.value(number) and not reply.value(number) for number in MATCHED)
    return bool(reply.spoiled and reply.message) and (
        absent
        or not reply.value(RESPONSE_CODE)
        or (reply.standing is Standing.EITHER and not _odd_chip(request, reply))
    )


def _odd_chip(request: Request, reply: Reply) -> bool:
    return f"F{CHIP}" in reply.spoiled and reply.standing is not Standing.NONE


def _with(view: View, tells: Tells) -> Iterator[tuple[Request, Reply]]:
    """Requests that had such an answer and no authentic one, with the first such answer."""
    for request in originals(view):
        odd = next((reply for reply in request.replies if reply.sent and tells(request, reply)), None)
        if odd is not None and not request.answers:
            yield request, odd


# ── not taken ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _not_taken(view: View, tells: Tells, expected: str, what: str) -> Finding:
    """No approval is reported or printed for any of them, and each that is reversible is reversed."""
    check = Check(expected)
    odd = list(_with(view, tells))
    if not odd:
        return inconclusive(expected, f"the host sent no {what}, or a right one as well")
    for request, reply in odd:
        check.see(request.number, reply.number)
        taken(view, request, reply, check)
        _is_reversed(view, request, check)
    return check.finding(f"{len(odd)} not taken, and reversed where that is owed")


def _is_reversed(view: View, request: Request, check: Check) -> None:
    tries = reversals(view).meant_for(request)
    check.see(*(t.number for t in tries[:1]))
    owed = duty(view, request, reversals(view))
    if owed is Duty.MUST and not tries:
        check.miss(f"the {request.transaction} {request.trace} was not reversed", request.number)
    if owed is Duty.MUST_NOT and tries:
        what = f"the {request.transaction} {request.trace} was taken, and reversed all the same"
        check.deviate(what, request.number, tries[0].number)


@criterion(
    "answer.not-its-own",
    "An answer that is another request's is not taken",
    "facts/unionpay-pos 1, reply-matching; cases.md 123-125, 127",
    scope=Scope.WHOLE_CASE,
)
def not_its_own(view: View, args: Mapping[str, Any]) -> Finding:
    """Another trace, terminal, merchant or kind of message."""
    return _not_taken(view, _foreign, "no approval from another's answer; the request is reversed", "other's answer")


@criterion(
    "answer.unsealed-refused",
    "An answer without a MAC is refused",
    "facts/unionpay-pos 5.19; cases.md 121",
    scope=Scope.WHOLE_CASE,
)
def unsealed_refused(view: View, args: Mapping[str, Any]) -> Finding:
    return _not_taken(view, _unsealed, "no approval without a MAC; the request is reversed", "answer without a MAC")


@criterion(
    "answer.amount-checked",
    "An answer with another amount is not taken",
    "facts/unionpay-pos 1, reply-matching; cases.md 126",
    scope=Scope.WHOLE_CASE,
)
def amount_checked(view: View, args: Mapping[str, Any]) -> Finding:
    return _not_taken(view, _other_amount, "no approval of another amount; the request is reversed", "other amount")


@criterion(
    "answer.currency-checked",
    "An answer in another currency is not taken",
    "cases.md 126",
    weight=Weight.SUGGESTED,
    scope=Scope.WHOLE_CASE,
)
def currency_checked(view: View, args: Mapping[str, Any]) -> Finding:
    """Suggested: the facts name F3, F4, F11, F41 and F42 only."""
    expected = "no approval in another currency; the request is reversed"
    return _not_taken(view, _other_currency, expected, "other currency")


@criterion(
    "answer.unreadable-survived",
    "An answer that cannot be read is no answer, and the terminal works on",
    "facts/unionpay-pos 3.1, 5.19; cases.md 128, 129",
    scope=Scope.WHOLE_CASE,
)
def unreadable_survived(view: View, args: Mapping[str, Any]) -> Finding:
    """Where a lenient terminal may take it, it is taken whole or reversed. A later order must reach the host."""
    expected = "no approval from what cannot be read, the request is reversed, and the next one is answered"
    return _survived(view, _unreadable, expected, "unreadable answer")


@criterion(
    "answer.chip-data-survived",
    "Chip data that cannot be read do no harm",
    "EMV Book 3, annex B; cases.md 131",
    scope=Scope.WHOLE_CASE,
)
def chip_data_survived(view: View, args: Mapping[str, Any]) -> Finding:
    """Taken or not, it is reported and reversed accordingly; a later order must reach the host."""
    return _survived(view, _odd_chip, "taken whole, or not and reversed; the next one is answered", "odd chip data")


def _survived(view: View, tells: Tells, expected: str, what: str) -> Finding:
    check = Check(expected)
    odd = list(_with(view, tells))
    if not odd:
        return inconclusive(expected, f"the host sent no {what}, or a right answer as well")
    for request, reply in odd:
        check.see(request.number, reply.number)
        if reply.standing is Standing.NONE:
            taken(view, request, reply, check)
        _is_reversed(view, request, check)
    return _worked_on(view, odd[-1][1], check)


def _worked_on(view: View, odd: Reply, check: Check) -> Finding:
    """A transaction that was ordered after the odd answer reached the host and was taken to its end."""
    orders = [o for o in view.timeline.of("terminal", "order") if moment(o) > odd.at]
    if not orders:
        if check.deviations:
            return check.finding("")
        return inconclusive(check.expected, "no further transaction was asked for", odd.number)
    asked = [r for r in originals(view) if r.at > moment(orders[0])]
    if not asked:
        check.miss("the next transaction did not reach the host", orders[0].number)
    ended = [o for r in asked if r.answers for o in [outcome_of(view, r)] if o and o.fields.get("result") != "no reply"]
    if asked and not ended and not check.deviations:
        if any(r.answers for r in asked):
            check.miss("the answer to the next transaction was not taken", asked[0].number)
        else:
            return inconclusive(check.expected, "the host did not answer the next transaction", asked[0].number)
    check.see(orders[0].number, *(o.number for o in ended))
    return check.finding("survived: what followed was answered")


# ── taken, and once ───────────────────────────────────────────────────────────────────────────────────────────────


@criterion(
    "answer.duplicate-ignored",
    "An answer that comes twice counts once",
    "facts/unionpay-pos 1; cases.md 109",
    scope=Scope.WHOLE_CASE,
)
def duplicate_ignored(view: View, args: Mapping[str, Any]) -> Finding:
    """One outcome, one copy each for merchant and cardholder, nothing reversed that was completed."""
    check = Check("one outcome, one slip for each party, and no reversal")
    doubled = [r for r in originals(view) if len(r.answers) > 1 and r.answers[0].message == r.answers[1].message]
    if not doubled:
        return inconclusive(check.expected, "the host sent no answer twice")
    for request in doubled:
        check.see(request.number, *(a.number for a in request.answers))
        told = [o for o in view.timeline.of("terminal", "outcome") if o.fields.get("trace") == request.trace]
        if len(told) > 1:
            check.deviate(f"the terminal reported {len(told)} outcomes", *(o.number for o in told))
        _one_copy_each(view, request, check)
        _is_reversed(view, request, check)
    return check.finding("counted once")


def _one_copy_each(view: View, request: Request, check: Check) -> None:
    slips = [s for s in papers(view.timeline, view.market) if s.voucher == request.trace and not s.reprint]
    marks = [mark for slip in slips for mark in copies_on(slip, view.market)]
    for mark in dict.fromkeys(marks):
        if marks.count(mark) > 1:
            check.deviate(f"{mark} was printed {marks.count(mark)} times", *(s.number for s in slips))


@criterion(
    "answer.taken",
    "An answer that is odd but authentic is taken",
    "facts/unionpay-pos 1, 3.2; cases.md 115, 116, 126, 130",
    scope=Scope.WHOLE_CASE,
)
def odd_taken(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction, if only one kind matters. The outcome follows the answer's code; nothing is reversed."""
    check = Check("the outcome is what the answer says, and nothing is reversed")
    wanted = args.get("transaction")
    odd = [
        (r, a) for r in originals(view) for a in r.answers[:1] if a.spoiled and wanted in (None, "", r.transaction)
    ]  # fmt: skip
    if not odd:
        return inconclusive(check.expected, "the host sent no odd answer that is authentic")
    for request, answer in odd:
        outcome = outcome_of(view, request)
        waited = (answer.t_ns - request.t_ns) // 1_000_000
        if surely_late(view, request, answer) or waited > (view.response_timeout_ns - view.guard_ns) // 1_000_000:
            return inconclusive(check.expected, f"it was there after {waited} ms, too near the time-out", answer.number)
        if outcome is None:
            return inconclusive(check.expected, "the terminal reported no outcome at all", answer.number)
        check.see(request.number, answer.number, outcome.number)
        _follows(view, answer, outcome, check)
        _is_reversed(view, request, check)
    return check.finding("taken")


def _follows(view: View, answer: Reply, outcome: Record, check: Check) -> None:
    """The chip may have had the last word on an approval."""
    result, code = str(outcome.fields.get("result", "")), str(outcome.fields.get("code", ""))
    if answer.code in view.market.success_codes:
        right = result in ("approved", "card declined", "card removed")
    else:
        right = result != "approved" and code == answer.code
    if not right:
        check.deviate(
            f"answered with {answer.code}, reported as {result} {code}".rstrip(), answer.number, outcome.number
        )
