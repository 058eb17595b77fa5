"""Wire: every message can be read, is sealed, carries what its transaction demands, and has a trace of its own.

What F61 says of an earlier transaction is judged in `wire_original.py`.
"""

from __future__ import annotations

from protocols.presence import Presence, breaches, presence
from protocols.transactions import TRANSACTIONS, Layout, Transaction
from reports.judge.auditors import Audit
from reports.judge.auditors.wire_original import original
from reports.judge.duty import KNOWN, originals
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.judge.reply import SEAL, fields_of
from reports.judge.timeline import Request, moment
from reports.runfolder import Record

UNSEALED = ("03", "05", "08")
"""facts/unionpay-pos 1.16: messages without a MAC, by the start of their MTI."""
CHANJET = "fold-3des"
"""facts/unionpay-pos 1.16: some messages 082x of this host do carry F64."""
NO_TRACE = "000000"


def readable(view: View) -> Finding | None:
    """What reached the host is a frame of the field's form, and a transaction of the matrix."""
    unread = [r for r in view.timeline.of("host", "undecodable") if _is_the_terminals(view, r)]
    if not unread and not view.requests:
        return None
    check = Check("every frame that reaches the host can be read")
    check.see(*(r.number for r in view.requests))
    for record in unread:
        check.deviate(f"a frame could not be read: {record.fields.get('reason', 'no reason given')}", record.number)
    return check.finding(f"{len(view.requests)} messages read")


def _is_the_terminals(view: View, record: Record) -> bool:
    """Whether the terminal under test sent it: a scripted one sends odd frames on purpose, and names itself in none.

    Where a second terminal is at work, as other requests or a criterion of the host tell: by the line that it came on,
    else by whether the terminal was busy.
    """
    others = len(view.requests) < len(view.all_requests)
    if not others and not any(r.fields.get("component") == "host" for r in view.timeline.of("criterion", "expect")):
        return True
    line = record.fields.get("connection")
    own = {r.connection for r in view.requests}
    if line is not None and line in {r.connection for r in view.all_requests}:
        return line in own
    before = [r for r in view.timeline.of("terminal", "order", "outcome") if moment(r) < moment(record)]
    return bool(before) and before[-1].kind == "order"


def sealed(view: View) -> Finding | None:
    """The MAC of each request is right, and management messages have none."""
    judged = [r for r in view.requests if r.mac or r.mti.startswith(UNSEALED)]
    if not judged:
        return None
    check = Check("the MAC of every financial message is right, and no other message has one")
    for request in judged:
        check.see(request.number)
        if request.mti.startswith(UNSEALED):
            if request.value(SEAL) and not _may_be_sealed(view, request):
                check.deviate(f"the {_name(request)} carries a MAC", request.number)
        elif not request.mac.startswith("valid"):
            check.deviate(f"the MAC of the {_name(request)} is {request.mac}", request.number)
    return check.finding(f"{len(judged)} messages sealed as they must be")


def _may_be_sealed(view: View, request: Request) -> bool:
    return view.market.security.mac == CHANJET and request.mti.startswith("082")


def complete(view: View) -> Finding | None:
    """Mandatory fields are there, forbidden ones are not. facts/unionpay-pos 3.1."""
    judged = [(r, row) for r in view.requests if r.message for row in [_row(r)] if row is not None]
    if not judged:
        return None
    check = Check("each message carries the fields that its transaction demands")
    for request, row in judged:
        check.see(request.number)
        for breach in breaches(fields_of(request.message), row):
            check.deviate(f"in the {_name(request)} {breach}", request.number)
    return check.finding(f"{len(judged)} messages complete")


def _row(request: Request) -> Presence | None:
    """None for what the matrix has not."""
    try:
        return presence(Transaction(request.transaction), "request", reversal=request.reversal)
    except (ValueError, KeyError):
        return None


def types(view: View) -> Finding | None:
    """F60 names the transaction and the batch, and F49 the market's currency. facts/unionpay-pos 2, 2.4, 3."""
    judged = [r for r in view.requests if r.value(60)]
    if not judged:
        return None
    check = Check("F60 carries the transaction's type, a batch and its network code; F49 is the market's currency")
    for request in judged:
        check.see(request.number)
        for what in (*_type_faults(request), *_currency_faults(view, request)):
            check.deviate(f"in the {_name(request)} {what}", request.number)
    return check.finding(f"{len(judged)} messages with the right type")


def _type_faults(request: Request) -> list[str]:
    value, layout = request.value(60), KNOWN.get(request.transaction)
    kind, batch, network = value[:2], value[2:8], value[8:11]
    if layout is None:
        near = _near(request)
        return [f"MTI {request.mti}, F3, F25 and F60 {value} name no transaction{f'; {near} is near' if near else ''}"]
    faults = [] if len(batch) == 6 and batch.isdigit() else [f"F60 has no batch: {value}"]
    if kind != layout.f60_1 and not layout.any_f3:
        faults.append(f"F60.1 is {kind or 'missing'}, not {layout.f60_1}")
    if network not in _networks(layout):
        faults.append(f"F60.3 is {network}, not {layout.f60_3}")
    return faults


def _networks(layout: Layout) -> tuple[str, ...]:
    """facts/unionpay-pos 2.4: old terminals end a financial F60 behind the batch."""
    short = ("",) if layout.f3 else ()
    return (layout.f60_3, *layout.also_f60_3, *short)


def _near(request: Request) -> str:
    """The first transaction that has the MTI and the processing code."""
    return next(
        (t.value for t, row in TRANSACTIONS.items() if row.mti == request.mti and row.f3 == request.value(3)), ""
    )


def _currency_faults(view: View, request: Request) -> list[str]:
    currency = request.value(49)
    if currency in ("", view.market.currency.numeric):
        return []
    return [f"F49 is {currency}, not {view.market.currency.numeric}"]


def traces(view: View) -> Finding | None:
    """No two requests of a batch have the same trace number, and none is zero; a reversal repeats its original's.

    A frame that came twice and a stored message that is sent again are one request. After 999999 comes 000001.
    """
    asked = originals(view)
    zeros = [r for r in view.requests if r.trace == NO_TRACE]
    if not asked and not zeros:
        return None
    check = Check("each request has a trace number of its own")
    for request in zeros:
        check.deviate(f"the {_name(request)} has no trace number: it is {NO_TRACE}", request.number)
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
    Audit("wire.sealed", "Every message is sealed", "facts/unionpay-pos 1.16, 4.1", "terminal", sealed),
    Audit("wire.complete", "Every message is complete", "facts/unionpay-pos 3.1", "terminal", complete),
    Audit("wire.types", "Every message names its transaction", "facts/unionpay-pos 2.4, 3", "terminal", types),
    Audit("wire.original", "F61 names the original", "facts/unionpay-pos 2.5", "terminal", original),
    Audit("wire.traces", "Every request has its own trace", "facts/unionpay-pos 2, 5.16", "terminal", traces),
)
