"""What F61 and F37 say of an earlier transaction, for every kind of message and its reversal. facts/unionpay-pos 2.5.

Whether it is the right one is judged where the earlier transaction is in the timeline; its form always is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from protocols.iso8583 import F61
from protocols.transactions import Transaction
from reports.judge.duty import originals
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.judge.stored import first_tries
from reports.judge.timeline import Request

NOBODY = "000000"
_DAY = re.compile(r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
Faults = Iterator[tuple[str, tuple[int, ...]]]
"""What is wrong, and the earlier messages that show it."""


def original(view: View) -> Finding | None:
    """Judged for every message that the table of 2.5 names."""
    rules = [(r, rule) for r in view.requests for rule in [_rule(r)] if rule is not None]
    if not rules:
        return None
    check = Check("F61 names batch, trace and day of the original as the message's kind demands")
    for request, rule in rules:
        check.see(request.number)
        name = f"{'reversal of the ' if request.reversal else ''}{request.transaction} {request.trace}"
        for what, numbers in rule(view, request):
            check.deviate(f"in the {name} {what}", *numbers, request.number)
    return check.finding(f"{len(rules)} messages name their original as they must")


def _rule(request: Request) -> Callable[[View, Request], Faults] | None:
    rules = _OF_REVERSALS if request.reversal else _OF_REQUESTS
    found = rules.get(request.transaction)
    return found if found and (request.value(61) or found is _nothing) else None  # that it is there is `complete`'s


def _by_code(view: View, request: Request) -> Faults:
    """By card, authorisation code and day: batch and trace are zeros."""
    named = F61.parse(request.value(61))
    if (named.batch, named.trace) != (NOBODY, NOBODY):
        yield f"61.1 and 61.2 are {named.batch} {named.trace}, not zeros", ()
    yield from _day(view, named.date, 38, request)


def _by_reference(view: View, request: Request) -> Faults:
    """A refund: zeros and a day; F37 is the original's."""
    named = F61.parse(request.value(61))
    if (named.batch, named.trace) != (NOBODY, NOBODY):
        yield f"61.1 and 61.2 are {named.batch} {named.trace}, not zeros", ()
    yield from _day(view, named.date, 37, request)


def _day(view: View, day: str, key: int, request: Request) -> Faults:
    """The original is the earlier transaction whose answer gave this code or reference."""
    if not _DAY.fullmatch(day):
        yield f"61.3 is {day or 'missing'}, no day", ()
        return
    given = [(o, a) for o in _earlier(view, request) for a in o.answers[:1] if a.value(key).strip()]
    meant = [(o, a) for o, a in given if a.value(key).strip() == request.value(key).strip() and a.value(13)]
    if meant and day not in {a.value(13) for _, a in meant}:
        old, answer = meant[-1]
        yield f"61.3 is {day}, the {old.transaction} {old.trace} was on {answer.value(13)}", (answer.number,)


def _by_trace(view: View, request: Request) -> Faults:
    """A void: batch and trace of what it undoes, which F37 names, too."""
    named = F61.parse(request.value(61))
    if len(named.trace) != 6:
        yield f"61.1 and 61.2 are {named.batch} {named.trace or 'nothing'}", ()
        return
    reference = request.value(37)
    meant = [o for o in _earlier(view, request) for a in o.answers[:1] if reference and a.value(37) == reference]
    for old in meant[-1:]:
        if (named.batch, named.trace) != (old.value(60)[2:8], old.trace):
            text = f"F61 names batch {named.batch} and trace {named.trace}, "
            yield text + f"F37 the {old.transaction} {old.trace} of batch {old.value(60)[2:8]}", (old.number,)


def _script(view: View, request: Request) -> Faults:
    """The transaction whose script ran."""
    named = F61.parse(request.value(61))
    earlier = _earlier(view, request)
    if earlier and named.trace not in {o.trace for o in earlier}:
        yield f"61.2 is {named.trace}, no transaction of this terminal", ()


def _own(view: View, request: Request) -> Faults:
    """The message that is reversed: own batch, own trace."""
    named = F61.parse(request.value(61))
    if (named.batch, named.trace) != (request.value(60)[2:8], request.trace):
        text = f"61.1 and 61.2 are {named.batch} {named.trace}, "
        yield text + f"the message reversed is {request.value(60)[2:8]} {request.trace}", ()
    yield from _nothing_or_a_day(named.date)


def _own_in_the_originals_batch(view: View, request: Request) -> Faults:
    """The void that is reversed: the batch of what it undid is kept, the trace is its own."""
    named = F61.parse(request.value(61))
    if named.trace != request.trace:
        yield f"61.2 is {named.trace or 'missing'}, the message reversed is {request.trace}", ()
    undone = [o for o in _earlier(view, request) if o.trace == request.trace and o.value(61)]
    for old in undone[-1:]:
        if named.batch != old.value(61)[:6]:
            yield f"61.1 is {named.batch}, in the {old.transaction} it was {old.value(61)[:6]}", (old.number,)
    yield from _nothing_or_a_day(named.date)


def _nothing_or_a_day(date: str) -> Faults:
    """Sources differ: zeros, or the day of the message reversed."""
    if date not in ("", "0000") and not _DAY.fullmatch(date):
        yield f"61.3 is {date}, neither zeros nor a day", ()


def _nothing(view: View, request: Request) -> Faults:
    """No F61 at all."""
    if request.value(61):
        yield "there is an F61, which this reversal has not", ()


def _earlier(view: View, request: Request) -> list[Request]:
    """Requests before it, each stored message by the try that was answered."""
    stored = first_tries(view)
    earlier = [o for o in originals(view) if o.at < request.at]
    return [
        next((t for t in stored[o.number].tries if t.answers and t.at < request.at), o) if o.number in stored else o
        for o in earlier
    ]


_OF_REQUESTS: dict[str, Callable[[View, Request], Faults]] = {
    Transaction.INCREMENT.value: _by_code,
    Transaction.CANCEL.value: _by_code,
    Transaction.COMPLETION.value: _by_code,
    Transaction.ADVICE.value: _by_code,
    Transaction.COMPLETION_VOID.value: _by_trace,
    Transaction.SALE_VOID.value: _by_trace,
    Transaction.REFUND.value: _by_reference,
    Transaction.SCRIPT_NOTICE.value: _script,
}
_OF_REVERSALS: dict[str, Callable[[View, Request], Faults]] = {
    Transaction.PREAUTH.value: _nothing,
    Transaction.INCREMENT.value: _nothing,
    Transaction.SALE.value: _nothing,
    Transaction.CANCEL.value: _own,
    Transaction.COMPLETION.value: _own,
    Transaction.COMPLETION_VOID.value: _own_in_the_originals_batch,
    Transaction.SALE_VOID.value: _own_in_the_originals_batch,
}
