"""Wire: every message can be read, is sealed, carries what its transaction demands, and has a trace of its own."""

from __future__ import annotations

from protocols.transactions import Transaction
from reports.judge.auditors import Audit
from reports.judge.duty import originals
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.judge.timeline import Request

_ALL = (3, 4, 11, 22, 25, 41, 42, 49, 60, 64)
MANDATORY: dict[str, tuple[int, ...]] = {  # facts/unionpay-pos 3.1
    Transaction.PREAUTH.value: _ALL,
    Transaction.CANCEL.value: (*_ALL, 38, 61),
    Transaction.COMPLETION.value: (*_ALL, 38, 61),
    Transaction.COMPLETION_VOID.value: (*_ALL, 37, 61),
}
NOT_IN_A_REVERSAL = (26, 35, 36, 37, 52, 53)
"""facts/unionpay-pos 3.1, 5.19: a reversal carries no PIN, no track and no reference."""
TOGETHER = ((26, 52), (52, 26))
"""facts/unionpay-pos 2: F26 is present only with F52, and a PIN comes with both."""


def readable(view: View) -> Finding | None:
    """What reached the host is a frame of the field's form, and a transaction of the matrix."""
    unread = list(view.timeline.of("host", "undecodable"))
    if not unread and not view.requests:
        return None
    check = Check("every frame that reaches the host can be read")
    check.see(*(r.number for r in view.requests))
    for record in unread:
        check.deviate(f"a frame could not be read: {record.fields.get('reason', 'no reason given')}", record.number)
    return check.finding(f"{len(view.requests)} messages read")


def sealed(view: View) -> Finding | None:
    """The MAC of each request is right."""
    judged = [r for r in view.requests if r.mac]
    if not judged:
        return None
    check = Check("the MAC of every financial message is right")
    for request in judged:
        check.see(request.number)
        if request.mac != "valid":
            check.deviate(f"the MAC of the {_name(request)} is {request.mac}", request.number)
    return check.finding(f"{len(judged)} MACs right")


def complete(view: View) -> Finding | None:
    """Mandatory fields are there, forbidden ones are not."""
    judged = [r for r in view.requests if r.transaction in MANDATORY and r.message]
    if not judged:
        return None
    check = Check("each message carries the fields that its transaction demands")
    for request in judged:
        check.see(request.number)
        for number in _wanted(request):
            if not request.value(number):
                check.deviate(f"the {_name(request)} lacks F{number}", request.number)
        for number in NOT_IN_A_REVERSAL if request.reversal else ():
            if request.value(number):
                check.deviate(f"the {_name(request)} carries F{number}", request.number)
    return check.finding(f"{len(judged)} messages complete")


def _wanted(request: Request) -> tuple[int, ...]:
    if not request.reversal:
        also = tuple(other for field, other in TOGETHER if request.value(field))
        return (*MANDATORY[request.transaction], *also)
    original = () if request.transaction == Transaction.PREAUTH.value else (61,)
    return (*_ALL, 39, *original)


def traces(view: View) -> Finding | None:
    """No two requests of a batch have the same trace number; a reversal repeats its original's."""
    asked = originals(view)
    if not asked:
        return None
    check = Check("each request has a trace number of its own")
    first: dict[tuple[str, str], Request] = {}
    for request in asked:
        check.see(request.number)
        other = first.setdefault((request.trace, request.value(60)[2:8]), request)
        if other is not request:
            check.deviate(f"trace {request.trace} was used twice", other.number, request.number)
    return check.finding(f"{len(asked)} requests, traces all different")


def _name(request: Request) -> str:
    return f"{request.transaction} {request.trace}" if not request.reversal else f"reversal of {request.trace}"


AUDITS = (
    Audit("wire.readable", "Every message can be read", "facts/unionpay-pos 1", "terminal", readable),
    Audit("wire.sealed", "Every message is sealed", "facts/unionpay-pos 4.1", "terminal", sealed),
    Audit("wire.complete", "Every message is complete", "facts/unionpay-pos 3.1", "terminal", complete),
    Audit("wire.traces", "Every request has its own trace", "facts/unionpay-pos 2, 5.16", "terminal", traces),
)
