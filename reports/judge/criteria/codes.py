"""What the terminal makes of response codes, and what it shows of them. facts/unionpay-pos 5.21; cases.md 84-94."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.judge.criteria.exchange import asked
from reports.judge.criteria.holds import account_of
from reports.judge.duty import originals, outcome_of, reversals
from reports.judge.finding import Check, Finding, Scope, inconclusive
from reports.judge.paper import copies_on, looks_approved, papers, text_of
from reports.judge.registry import View, criterion
from reports.judge.timeline import Request
from reports.runfolder import Record


def _shown(view: View, audience: str) -> list[Record]:
    """What was shown to somebody since the last order; a terminal that says not to whom shows it to all."""
    told = view.since_order.of("terminal", "display")
    return [r for r in told if r.fields.get("audience", audience) == audience]


def _answered_with(view: View, code: str) -> list[Request]:
    return [r for r in asked(view) if any(a.code == code for a in r.answers)]


@criterion("outcome.unknown-code-declined", "An unknown code is a decline", "facts/unionpay-pos 5.21; cases.md 92")
def unknown_declined(view: View, args: Mapping[str, Any]) -> Finding:
    """args: code. The code must be shown to the operator, or printed."""
    return _declined(view, str(args["code"]), (str(args["code"]),))


@criterion(
    "outcome.declined-by-table", "A refusal is a decline with its code", "facts/unionpay-pos 5.21; cases.md 84-91"
)
def declined_by_table(view: View, args: Mapping[str, Any]) -> Finding:
    """args: code. The operator sees the code or the market's words for it."""
    code = str(args["code"])
    return _declined(view, code, (code, view.market.codes.get(code, code)))


def _declined(view: View, code: str, words: tuple[str, ...]) -> Finding:
    expected = f"declined with {code}, shown to the operator, nothing approved and no money moved"
    sent, outcome = _answered_with(view, code), view.outcome
    if not sent or outcome is None:
        return inconclusive(expected, f"no answer {code} of the host, or no outcome of the terminal")
    check = Check(expected)
    check.see(*(r.number for r in sent), outcome.number)
    if outcome.fields.get("result") != "declined" or outcome.fields.get("code") != code:
        told = f"{outcome.fields.get('result')} {outcome.fields.get('code', '')}".strip()
        check.deviate(f"the terminal reported {told}", outcome.number, sent[-1].number)
    texts = [*_shown(view, "operator"), *view.since_order.of("printer", "slip")]
    if not any(word in text_of(r) for r in texts for word in words):
        check.miss(f"neither shown nor printed was {' or '.join(dict.fromkeys(words))}", outcome.number)
    for slip in papers(view.since_order, view.market):
        if looks_approved(slip, view.market):
            check.deviate("an approved slip was printed", slip.number)
    _as_before(view, check)
    return check.finding(f"declined with {code}")


def _as_before(view: View, check: Check) -> None:
    """The account stands as it stood when the order was given."""
    before, now = account_of(view.so_far.before(view.order)), account_of(view.so_far)
    if before is None or now is None or before.fields.get("card") != now.fields.get("card"):
        return
    for pot in ("held", "booked"):
        if before.fields[pot] != now.fields[pot]:
            check.deviate(f"{pot} went from {before.fields[pot]} to {now.fields[pot]}", before.number, now.number)


@criterion(
    "outcome.approved-by-table",
    "A code of success is an approval",
    "facts/unionpay-pos 5.21; cases.md 93",
    scope=Scope.WHOLE_CASE,
)
def approved_by_table(view: View, args: Mapping[str, Any]) -> Finding:
    """args: code, a success code of the market. Approved with both slips, and not reversed."""
    code = str(args["code"])
    check = Check(f"approved with {code}, both slips, no reversal")
    granted = [r for r in originals(view) if any(a.code == code for a in r.answers)]
    if not granted or code not in view.market.success_codes:
        return inconclusive(check.expected, f"the host answered no request with {code}, or it is no success here")
    for request in granted:
        outcome = outcome_of(view, request)
        check.see(request.number, *([outcome.number] if outcome else []))
        if outcome is None:
            return inconclusive(check.expected, "the terminal reported no outcome at all", request.number)
        if outcome.fields.get("result") != "approved":
            check.deviate(f"the terminal reported {outcome.fields.get('result')}", outcome.number, request.number)
        elif outcome.fields.get("code", code) != code:
            check.deviate(f"the terminal reported code {outcome.fields['code']}", outcome.number, request.number)
        for again in reversals(view).of(request):
            check.deviate("it was reversed", again.number, request.number)
        _both_copies(view, request, check)
    return check.finding(f"approved with {code}")


def _both_copies(view: View, request: Request, check: Check) -> None:
    if not any(view.timeline.of("printer")):
        return
    slips = [s for s in papers(view.timeline, view.market) if s.voucher == request.trace]
    marks = {mark for slip in slips for mark in copies_on(slip, view.market)}
    for mark in (view.market.receipt.merchant_copy, view.market.receipt.cardholder_copy):
        if mark not in marks:
            check.miss(f"no {mark} was printed", request.number, *(s.number for s in slips))


@criterion("outcome.explained", "The operator reads what the code means", "facts/unionpay-pos 5.21; cases.md 94")
def explained(view: View, args: Mapping[str, Any]) -> Finding:
    """args: code. In the market's language."""
    code = str(args["code"])
    words = view.market.codes.get(code)
    if words is None:
        return inconclusive(f"the words for {code}", "the market has no words for this code")
    return _told(view, "operator", words)


@criterion("operator.told", "The operator is told", "cases.md 82, 88, 102")
def operator_told(view: View, args: Mapping[str, Any]) -> Finding:
    """args: contains."""
    return _told(view, "operator", str(args["contains"]))


@criterion("customer.told", "The customer is told", "cases.md 94")
def customer_told(view: View, args: Mapping[str, Any]) -> Finding:
    """args: contains. On the display, or on the cardholder's copy."""
    return _told(view, "customer", str(args["contains"]), tuple(_cardholders_copies(view)))


def _cardholders_copies(view: View) -> Iterator[Record]:
    for slip in papers(view.since_order, view.market):
        if view.market.receipt.cardholder_copy in copies_on(slip, view.market):
            yield slip.record


def _told(view: View, audience: str, words: str, also: tuple[Record, ...] = ()) -> Finding:
    check = Check(f"the {audience} reads {words!r}")
    shown = [*_shown(view, audience), *also]
    if view.order is None or not shown:
        return inconclusive(check.expected, f"nothing was shown to the {audience}")
    said = [r for r in shown if words in text_of(r)]
    check.see(*(r.number for r in said))
    if not said:
        check.miss(f"{len(shown)} texts, none of them says so", view.order.number, *(r.number for r in shown))
    return check.finding("read")
