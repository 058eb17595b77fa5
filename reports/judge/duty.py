"""What a terminal owes for each request that left it: a reversal, none, or it cannot be told. facts/unionpay-pos 5.19.

Which reversal undoes which request is decided here too, once for all: by trace, as hosts do it, and among requests
with the same trace the last one before it, one with the same data first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from protocols.market import Action
from protocols.transactions import TRANSACTIONS, Transaction
from reports.judge.paper import papers
from reports.judge.registry import View, once
from reports.judge.reply import PARTIAL, SEAL, Reply
from reports.judge.stored import first_tries, is_stored, outcome_of_kept
from reports.judge.timeline import Request, moment
from reports.runfolder import Record

KNOWN = {transaction.value: layout for transaction, layout in TRANSACTIONS.items()}


class Duty(Enum):
    MUST = "must be reversed"
    MUST_NOT = "must not be reversed"
    EITHER = "cannot be told"


@dataclass(frozen=True, slots=True)
class Reversals:
    """Reversals by the number of the request that they undo. `misnamed` name none, but are meant for one that is due;
    `strays` are left over."""

    named: dict[int, tuple[Request, ...]]
    misnamed: dict[int, tuple[Request, ...]]
    strays: tuple[Request, ...]

    def of(self, original: Request) -> tuple[Request, ...]:
        """Reversals that name this request."""
        return self.named.get(original.number, ())

    def meant_for(self, original: Request) -> tuple[Request, ...]:
        """Reversals that name it, or that can only be meant for it."""
        return self.of(original) or self.misnamed.get(original.number, ())


@once
def originals(view: View) -> list[Request]:
    """Requests that a reversal can be meant for, whether or not they are of a kind that may be reversed.

    A frame that came twice to the last digit is one request: the line doubled it, or the terminal sent it again.
    A stored message is one request however often it comes.
    """
    found: list[Request] = []
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    stored = first_tries(view)
    for request in (r for r in view.requests if r.financial):
        same = (request.terminal, frozenset(request.message.items()))
        again = bool(request.message) and same in seen
        if not again and (request.number not in stored or stored[request.number].first is request):
            found.append(request)
        seen.add(same)
    return found


def reversible(request: Request) -> bool:
    """A transaction of the matrix that is undone by a reversal. facts/unionpay-pos 3."""
    return request.transaction in KNOWN and KNOWN[request.transaction].reversible


@once
def reversals(view: View) -> Reversals:
    """Every reversal of the case with the request that it undoes."""
    named: dict[int, list[Request]] = {}
    nameless: list[Request] = []
    for reversal in (r for r in view.requests if r.reversal):
        meant = _named(reversal, originals(view))
        if meant is None:
            nameless.append(reversal)
        else:
            named.setdefault(meant.number, []).append(reversal)
    frozen = {number: tuple(tries) for number, tries in named.items()}
    return _guessed(view, Reversals(frozen, {}, tuple(nameless)))


def _named(reversal: Request, candidates: Iterable[Request]) -> Request | None:
    same = [o for o in candidates if o.trace == reversal.trace and o.at < reversal.at]
    return max(same, key=lambda o: (o.transaction == reversal.transaction, _same_data(o, reversal), o.at), default=None)


def _same_data(original: Request, reversal: Request) -> bool:
    return original.value(4) == reversal.value(4) and original.batch == reversal.batch


def _guessed(view: View, found: Reversals) -> Reversals:
    """A reversal that names nothing is meant for a request that is due and has none: its trace is what is wrong."""
    due = [o for o in originals(view) if not found.of(o) and duty(view, o, found) is Duty.MUST]
    misnamed: dict[int, list[Request]] = {}
    strays = []
    for reversal in found.strays:
        meant = max(
            (o for o in due if o.at < reversal.at and o.transaction == reversal.transaction),
            key=lambda o: (_same_data(o, reversal), o.number not in misnamed, o.at),
            default=None,
        )
        if meant is None:
            strays.append(reversal)
        else:
            misnamed.setdefault(meant.number, []).append(reversal)
    return Reversals(found.named, {n: tuple(tries) for n, tries in misnamed.items()}, tuple(strays))


def may_be_of_a_lost_request(view: View, reversal: Request) -> bool:
    """Whether it may undo a request that left the terminal and never came to the host: cases.md 106."""
    before = [r for r in view.timeline.records if moment(r) < reversal.at]
    if any((r.channel, r.kind) == ("host", "undecodable") for r in before):
        return True
    if any(
        r.kind == "outcome" and r.fields.get("trace") == reversal.trace and r.fields.get("result") != "approved"
        for r in view.timeline.of("terminal", "outcome")
    ):
        return True
    orders = [r for r in before if (r.channel, r.kind) == ("terminal", "order")]
    ends = [*(moment(o) for o in orders[1:]), reversal.at]
    return any(
        not any(moment(order) < request.at < end for request in originals(view))
        for order, end in zip(orders, ends, strict=False)
    )


def outcome_of(view: View, request: Request) -> Record | None:
    """What the terminal reported of a request in the end, if it reported at all."""
    stored = first_tries(view).get(request.number)
    if stored is not None:
        return outcome_of_kept(view, stored)
    again = next((o.at for o in originals(view) if o.trace == request.trace and o.at > request.at), None)
    told = [
        o
        for o in view.timeline.of("terminal", "outcome")
        if moment(o) > request.at
        and (again is None or moment(o) < again)
        and o.fields.get("transaction", request.transaction) == request.transaction
    ]
    named = [o for o in told if o.fields.get("trace") == request.trace]
    if named:
        return named[-1]
    later = [o.at for o in originals(view) if o.at > request.at]
    later += [moment(o) for o in view.timeline.of("terminal", "order") if moment(o) > request.at]
    nameless = [o for o in told if not o.fields.get("trace") and (not later or moment(o) < min(later))]
    return nameless[-1] if nameless else None


def answer_in_time(view: View, request: Request) -> Reply | None:
    """The authentic answer that the terminal had to take, if one came surely before its time-out."""
    answer = next(iter(request.answers), None)
    if answer is None or answer.late or answer.t_ns - request.t_ns > view.response_timeout_ns - view.guard_ns:
        return None
    return answer


def surely_late(view: View, request: Request, answer: Reply) -> bool:
    """Held back until the terminal had given up, or measured after its time-out, the uncertainty allowed for."""
    return answer.late or answer.t_ns - request.t_ns > view.response_timeout_ns + view.guard_ns


def duty(view: View, request: Request, found: Reversals | None = None) -> Duty:
    """What the terminal owes, from what it was sent and what it reported."""
    if is_stored(request) or request.transaction == Transaction.BALANCE.value:
        return Duty.MUST_NOT  # facts/unionpay-pos 5.18, 5.19
    if not reversible(request):
        return Duty.EITHER
    tries = (found or reversals(view)).of(request)
    answer = next(iter(request.answers), None)
    if answer is None:
        return _without_an_answer(view, request)
    if surely_late(view, request, answer) or (tries and tries[0].at < answer.at):
        return Duty.MUST
    outcome = outcome_of(view, request)
    result = str(outcome.fields.get("result", "")) if outcome else ""
    if answer_in_time(view, request) is None and result in ("", "no reply"):
        return Duty.MUST if result else Duty.EITHER
    if answer.code not in granting(view, request):
        unread = outcome is None and _line_was_cut(view, request, answer, tries)
        return Duty.EITHER if unread else Duty.MUST_NOT
    return _granted(view, request, answer.code, result)


def granting(view: View, request: Request) -> tuple[str, ...]:
    """Codes after which the host has moved money: those of success, and the one of a part."""
    partial = tuple(code for code, action in view.market.actions.items() if action is Action.ACCEPT_PARTIAL)
    return (*view.market.success_codes, *(partial or (PARTIAL,)))


def asked_for_a_part(request: Request) -> bool:
    """F60.6 = 1: the terminal can take a part. facts/unionpay-pos 2.4, 5.15."""
    return request.value(60)[13:14] == "1"


def _granted(view: View, request: Request, code: str, result: str) -> Duty:
    """The host has moved money: it stays moved when the terminal has completed the transaction.

    A part that was not asked for is reversed; a terminal that takes it all the same is another rule's matter.
    """
    completed = result == "approved" or (not result and _printed(view, request))
    if completed:
        unasked = code not in view.market.success_codes and not asked_for_a_part(request)
        return Duty.EITHER if unasked else Duty.MUST_NOT
    return Duty.MUST if result else Duty.EITHER


def _without_an_answer(view: View, request: Request) -> Duty:
    """No authentic answer: it is reversed. What came and might be taken is judged by what the terminal made of it."""
    if _unsealed_refusal(view, request):
        return Duty.EITHER
    doubtful = next(iter(request.doubtful), None)
    if doubtful is None:
        return Duty.MUST
    if (doubtful.code or request.code) not in granting(view, request):
        return Duty.EITHER
    outcome = outcome_of(view, request)
    return _granted(
        view, request, doubtful.code or request.code, str(outcome.fields.get("result", "")) if outcome else ""
    )


def may_still_come(view: View, request: Request) -> bool:
    """Where the market has a reversal sent before the next request only, it is not owed until there is one."""
    late = view.market.reversal.first_try == "before next"
    return late and not any(r.at > request.at for r in originals(view))


def _unsealed_refusal(view: View, request: Request) -> bool:
    """A host that does not know the terminal, or its keys, refuses without a MAC: what to make of that is the
    terminal's."""
    return any(
        reply.sent
        and not reply.tampered
        and (reply.code in view.market.sign_on_codes or _is_plain_refusal(view, request, reply))
        for reply in request.replies
    )


def _is_plain_refusal(view: View, request: Request, reply: Reply) -> bool:
    unsealed = bool(reply.message and reply.code) and not reply.value(SEAL)
    return unsealed and not (reply.spoiled or reply.rule) and reply.code not in granting(view, request)


def _line_was_cut(view: View, request: Request, answer: Reply, tries: Sequence[Request]) -> bool:
    """The connection ended between an answer and the reversal: the terminal may never have read it."""
    return bool(tries) and any(
        answer.at < moment(r) < tries[0].at
        for r in view.timeline.of("host", "disconnected")
        if r.fields.get("connection") == request.connection
    )


def _printed(view: View, request: Request) -> bool:
    """A slip with an authorisation code says that it was completed, where the terminal reports nothing."""
    return any(p.voucher == request.trace and p.approval for p in papers(view.timeline, view.market))
