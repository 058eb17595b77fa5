"""What the terminal's requests carry, how often they leave, and over which line."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from protocols.iso8583 import F61
from reports.judge.criteria.exchange import asked
from reports.judge.duty import originals
from reports.judge.finding import Check, Finding, Scope, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Request

LAST_TRACE, FIRST_TRACE, NO_TRACE = 999_999, 1, 0


def _last(view: View, transaction: str) -> Request | None:
    """The last request of a kind so far, no reversal."""
    found = [r for r in view.so_far.requests() if r.transaction == transaction and not r.reversal]
    return found[-1] if found else None


@criterion("request.carries", "The request carries what it must", "facts/unionpay-pos 2; cases.md 11, 12, 43")
def carries(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction, field (a number, or a part as "55.9C"), value that it begins with; empty: it is not there."""
    field, value = args["field"], str(args["value"])
    expected = (
        f"F{field} of the {args['transaction']} is {value}" if value else f"no F{field} in the {args['transaction']}"
    )
    request = _last(view, str(args["transaction"]))
    if request is None:
        return inconclusive(expected, f"no {args['transaction']} reached the host")
    if not request.message:
        return inconclusive(expected, "its fields were not recorded", request.number)
    found = request.value(field)
    right = found.startswith(value) if value else not found
    return Finding(
        Verdict.PASS if right else Verdict.FAIL, expected, f"F{field} is {found or 'not there'}", (request.number,)
    )


@criterion("original.named", "The request names its original", "facts/unionpay-pos 2.5; cases.md 43, 76, 132")
def original_named(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction, and of approval, date, batch, trace, reference those that matter: F38, F61 and F37."""
    request = _last(view, str(args["transaction"]))
    keys = [key for key in ("approval", "date", "batch", "trace", "reference") if args.get(key)]
    check = Check(", ".join(f"{key} {args[key]}" for key in keys) or "its original")
    if request is None:
        return inconclusive(check.expected, f"no {args['transaction']} reached the host")
    f61 = F61.parse(request.value(61))
    carried = {
        "approval": request.value(38).strip(), "date": f61.date, "batch": f61.batch, "trace": f61.trace,
        "reference": request.value(37).strip(),
    }  # fmt: skip
    check.see(request.number)
    for key in keys:
        if carried[key] != str(args[key]).strip():
            check.deviate(f"{key} is {carried[key] or 'missing'}", request.number)
    return check.finding("named rightly")


@criterion("request.sent-once", "The transaction is sent once", "cases.md 27, 95")
def sent_once(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction. Of the last order."""
    expected = f"one {args['transaction']} reaches the host"
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    sent = [r for r in asked(view) if r.transaction == args["transaction"]]
    verdict = Verdict.PASS if len(sent) == 1 else Verdict.FAIL
    return Finding(verdict, expected, f"{len(sent)} reached it", (view.order.number, *(r.number for r in sent)))


@criterion("trace.wrapped", "After the last trace number comes the first", "facts/unionpay-pos 2; cases.md 134")
def trace_wrapped(view: View, args: Mapping[str, Any]) -> Finding:
    """999999, then 000001; a number that was used up without leaving may lie between, 000000 never."""
    check = Check("after trace 999999 comes 000001, never 000000")
    numbered = [r for r in view.so_far.requests() if not r.reversal and r.trace.isdigit()]
    wraps = [(a, b) for a, b in pairwise(numbered) if int(a.trace) == LAST_TRACE and b.trace != a.trace]
    if not wraps:
        return inconclusive(check.expected, "no request followed one with trace 999999")
    for last, first in wraps:
        check.see(last.number, first.number)
        if int(first.trace) == NO_TRACE or int(first.trace) > FIRST_TRACE + len(numbered):
            check.deviate(f"after 999999 came {first.trace}", last.number, first.number)
    return check.finding(f"after 999999 came {wraps[-1][1].trace}")


@criterion("line.renewed", "A dead line is given up for a new one", "cases.md 114", scope=Scope.WHOLE_CASE)
def line_renewed(view: View, args: Mapping[str, Any]) -> Finding:
    """After a request that nothing was said to, the terminal goes on over another connection, and is answered."""
    check = Check("after the silence another connection is used")
    silent = next((r for r in originals(view) if not any(a.sent for a in r.replies)), None)
    if silent is None:
        return inconclusive(check.expected, "the host was silent to no request")
    later = [r for r in view.requests if r.at > silent.at]
    anew = [r for r in later if r.connection != silent.connection]
    check.see(silent.number, *(r.number for r in anew[:1]))
    for request in later:
        if request.connection == silent.connection:
            check.deviate("a request was sent over the line that had gone dead", silent.number, request.number)
    if not anew:
        check.miss("nothing came over another connection", silent.number)
    elif not any(r.answers for r in anew) and not check.deviations:
        return inconclusive(check.expected, "the host answered nothing over the new connection", anew[0].number)
    return check.finding("renewed")
