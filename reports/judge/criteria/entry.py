"""What scenarios demand of how a card was read, what people were asked for, and what the host got of an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.prompts import ASKED_FOR, asks_for
from protocols.transactions import MANAGEMENT
from reports.judge.auditors.chip_entry import CONDITION, FELL_BACK, NO_PIN, PIN
from reports.judge.chip.entry import F22, Mode
from reports.judge.finding import Check, Finding, Scope, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Request

PSN, TRACK_2, PIN_BLOCK, CHIP = 23, 35, 52, 55
OF_MODE = {
    Mode.CHIP: ((), ()),
    Mode.STRIPE: ((TRACK_2,), (PSN, CHIP)),
    Mode.FALLBACK: ((TRACK_2,), (PSN, CHIP)),
    Mode.KEYED: ((), (PSN, TRACK_2, CHIP)),
}
"""Fields that a request carries, and those that it does not, by how the card was read. facts/unionpay-pos 2, 2.2"""


@criterion("entry.mode", "The message says how the card was read", "facts/unionpay-pos 2, 2.4; cases.md 9-12")
def entry_mode(view: View, args: Mapping[str, Any]) -> Finding:
    """args: mode (chip, stripe, fallback, keyed); pin: whether there is a PIN, where it matters."""
    mode = Mode(str(args["mode"]))
    check = Check(f"the request of the order says: {mode}" + _pin_words(args))
    sent = [r for r in view.since_order.requests() if r.financial and r.message]
    if not sent:
        return inconclusive(
            check.expected, "no request reached the host", *((view.order.number,) if view.order else ())
        )
    request = sent[-1]
    check.see(request.number)
    _carried(check, request, mode)
    if args.get("pin") is not None and bool(request.value(PIN_BLOCK)) is not bool(args["pin"]):
        check.deviate("there is no PIN block" if args["pin"] else "there is a PIN block", request.number)
    return check.finding(f"F22 {request.value(22)}, F60.5 {request.value(60)[CONDITION] or 'not there'}")


def _pin_words(args: Mapping[str, Any]) -> str:
    return "" if args.get("pin") is None else ", with a PIN" if args["pin"] else ", without a PIN"


def _carried(check: Check, request: Request, mode: Mode) -> None:
    told, condition = request.value(22), request.value(60)[CONDITION]
    if told[:2] != F22[mode]:
        check.deviate(f"F22 is {told or 'not there'}", request.number)
    pin = PIN if request.value(PIN_BLOCK) else NO_PIN
    if told[2:3] in (PIN, NO_PIN) and told[2:3] != pin:
        check.deviate(f"F22 is {told}, and F52 is {'there' if pin == PIN else 'not there'}", request.number)
    if (condition == FELL_BACK) is not (mode is Mode.FALLBACK):
        check.deviate(f"F60.5 is {condition or 'not there'}", request.number)
    carried, left_out = OF_MODE[mode]
    for field in carried:
        if not request.value(field):
            check.deviate(f"F{field} is not there", request.number)
    for field in left_out:
        if request.value(field):
            check.deviate(f"F{field} is there", request.number)


@criterion("terminal.asked-for", "The terminal asks people for this", "facts/unionpay-pos 5.10, 5.13; cases.md 9-11")
def asked_for(view: View, args: Mapping[str, Any]) -> Finding:
    """args: what, a row of `protocols/prompts.py`; times, where it matters. On any display, since the order."""
    what = str(args["what"])
    expected = f"asks for: {what} ({' / '.join(ASKED_FOR[what])})"
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    shown = list(view.since_order.of("terminal", "display"))
    found = [r for r in shown if asks_for(str(r.fields.get("text", "")), what)]
    times = args.get("times")
    right = bool(found) if times is None else len(found) == int(times)
    seen = found or shown
    actual = "; ".join(str(r.fields.get("text", "")) for r in seen) or "nothing was shown"
    return Finding(
        Verdict.PASS if right else Verdict.FAIL, expected, actual, (view.order.number, *(r.number for r in seen))
    )


# ── what the host got ─────────────────────────────────────────────────────────────────────────────────────────────


@criterion(
    "host.messages", "The host gets these messages and no others", "facts/unionpay-pos 5.19; cases.md 9-20, 150-158",
    scope=Scope.WHOLE_CASE,
)  # fmt: skip
def messages(view: View, args: Mapping[str, Any]) -> Finding:
    """args: messages, the names in order; a reversal is "<transaction> reversal". None: the host is not spoken to.

    Of the last order, with what was sent for it later. Management and repeats of one message are left out.
    """
    wanted = [str(name) for name in args["messages"]]
    expected = f"the host gets: {', '.join(wanted) or 'nothing'}"
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    sent = of_order(view)
    found = [name_of(request) for request in sent]
    verdict = Verdict.PASS if found == wanted else Verdict.FAIL
    numbers = (view.order.number, *(r.number for r in sent))
    return Finding(verdict, expected, f"it got: {', '.join(found) or 'nothing'}", numbers)


def of_order(view: View) -> list[Request]:
    """What reached the host for the last order, each message once."""
    within = [r for r in view.of_order.requests() if r.transaction not in _MANAGEMENT]
    own = [r for r in within if not _speaks_of_another(r)]
    earlier = {r.trace for r in view.requests if r.financial and (not own or r.at < own[0].at)}
    traces = {r.trace for r in own}
    found: list[Request] = []
    for request in (r for r in view.requests if r.transaction not in _MANAGEMENT):
        of_it = request in within and (request in own or named_by(request) not in earlier - traces)
        later = _speaks_of_another(request) and named_by(request) in traces and bool(own) and request.at > own[0].at
        if (of_it or later) and not any(_is_same(request, known) for known in found):
            found.append(request)
    return found


_MANAGEMENT = frozenset(transaction.value for transaction in MANAGEMENT)
NOTICE = "0620"


def _speaks_of_another(request: Request) -> bool:
    """A reversal or a script notice."""
    return request.reversal or request.mti == NOTICE


def named_by(request: Request) -> str:
    """The trace of the request that it speaks of. facts/unionpay-pos 2.5, 5.19"""
    return request.trace if request.reversal else request.value(61)[6:12] if request.mti == NOTICE else ""


def _is_same(request: Request, known: Request) -> bool:
    return (request.mti, request.transaction, request.trace) == (known.mti, known.transaction, known.trace)


def name_of(request: Request) -> str:
    """As scenarios write it."""
    return f"{request.transaction} reversal" if request.reversal else request.transaction
