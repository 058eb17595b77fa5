"""What scenarios demand of a PIN: who was asked for it, what the card found, and how it left the pad. cases.md 216."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.judge.auditors.chip_entry import CLEAR
from reports.judge.finding import Check, Finding, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Request
from reports.runfolder import Record

PIN_BLOCK = 52
OPENED = ("right", "wrong")
"""What a host says of a PIN block that it could open."""


@criterion("pin.asked", "The PIN is asked for so often", "EMV Book 3, 10.5.1, 10.5.2; cases.md 1, 2, 161-165")
def asked(view: View, args: Mapping[str, Any]) -> Finding:
    """args: times; form (online, plain, enciphered), where it matters. Since the order."""
    form = str(args.get("form") or "")
    expected = f"asked for {args['times']} times" + (f", {form}" if form else "")
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    entries = list(view.since_order.of("operator", "pin"))
    found = [r for r in entries if not form or r.fields.get("form", "online") == form]
    verdict = Verdict.PASS if len(found) == int(args["times"]) else Verdict.FAIL
    told = ", ".join(f"{r.fields.get('form', 'online')} {r.fields.get('end', '')}".strip() for r in entries)
    actual = f"asked for {len(found)} times" + (f" ({told})" if told else "")
    return Finding(verdict, expected, actual, (view.order.number, *(r.number for r in entries)))


@criterion("pin.results", "The card finds the PIN so", "EMV Book 3, 6.5.12; cases.md 2, 162-164")
def results(view: View, args: Mapping[str, Any]) -> Finding:
    """args: results, one for each PIN that the card looked at: right, wrong, blocked, unreadable. Since the order."""
    wanted = [str(result) for result in args["results"]]
    expected = f"the card finds: {', '.join(wanted) or 'none'}"
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    told = list(view.since_order.of("card", "pin"))
    found = [str(r.fields.get("result", "")) for r in told]
    verdict = Verdict.PASS if found == wanted else Verdict.FAIL
    numbers = (view.order.number, *(r.number for r in told))
    return Finding(verdict, expected, f"it found: {', '.join(found) or 'none'}", numbers)


@criterion("pin.enciphered", "The PIN goes to the host, and only enciphered", "cases.md 216")
def enciphered(view: View, args: Mapping[str, Any]) -> Finding:
    """Of the last request of the order: F52 is there, and the host could open it under the PIN key."""
    check = Check("the request carries a PIN block that the host opens under the PIN key")
    request = _request(view)
    if request is None:
        return inconclusive(check.expected, "no request reached the host", *_order(view))
    checks = _checks(view, request)
    check.see(request.number, *((checks.number,) if checks else ()))
    told = str(checks.fields.get("pin", "")) if checks else ""
    if not request.value(PIN_BLOCK):
        check.deviate("there is no PIN block", request.number)
    elif checks is None:
        return inconclusive(check.expected, "the host did not say what it found", request.number)
    elif told == CLEAR:
        check.deviate("the PIN block is in clear", request.number, checks.number)
    elif told not in OPENED:
        check.deviate(f"the host found the PIN block {told or 'nothing'}", request.number, checks.number)
    return check.finding(f"the host found the PIN {told}")


@criterion("pin.not-sent", "No PIN goes to the host", "facts/unionpay-pos 2; cases.md 2-4, 166")
def not_sent(view: View, args: Mapping[str, Any]) -> Finding:
    """No request of the order carries F52."""
    check = Check("no request of the order carries a PIN block")
    if view.order is None:
        return inconclusive(check.expected, "no transaction was started")
    check.see(view.order.number)
    for request in view.since_order.requests():
        check.see(request.number)
        if request.value(PIN_BLOCK):
            check.deviate(f"the {request.transaction} carries a PIN block", request.number)
    return check.finding("none")


def _order(view: View) -> tuple[int, ...]:
    return (view.order.number,) if view.order else ()


def _request(view: View) -> Request | None:
    sent = [r for r in view.since_order.requests() if r.financial and r.message]
    return sent[-1] if sent else None


def _checks(view: View, request: Request) -> Record | None:
    return view.so_far.last("host", "checks", exchange=request.exchange)
