"""What the printer put on paper. Slips of an order are those up to the next one: printing may take its time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from protocols.money import Money
from reports.judge.auditors.agreement import FILLER, card_digits, figures_of, is_amount
from reports.judge.finding import Check, Finding, Scope, inconclusive
from reports.judge.paper import CARD, Paper, cards_of, clear_digits, copies_on, looks_approved, papers
from reports.judge.registry import View, criterion


def _slips(view: View) -> list[Paper]:
    return papers(view.of_order, view.market)


def _start(view: View) -> tuple[int, ...]:
    """What shows that something was to be printed: the outcome, or else the order."""
    record = view.outcome or view.order
    return (record.number,) if record else ()


@criterion(
    "receipt.copies",
    "Both copies are printed, merchant's first",
    "facts/unionpay-pos 6; cases.md 174, 183",
    scope=Scope.WHOLE_CASE,
)
def copies(view: View, args: Mapping[str, Any]) -> Finding:
    """One slip a copy, or both on one strip where the printer does not cut."""
    rule = view.market.receipt
    check = Check(f"two copies: {rule.merchant_copy}, then {rule.cardholder_copy}")
    if view.order is None:
        return inconclusive(check.expected, "no transaction was started")
    slips = _slips(view)
    check.see(*(s.number for s in slips))
    _two_copies(view, slips, check)
    return check.finding("both copies, each marked as what it is")


def _two_copies(view: View, slips: list[Paper], check: Check) -> None:
    rule, numbers = view.market.receipt, tuple(s.number for s in slips)
    marks = [mark for slip in slips for mark in copies_on(slip, view.market)]
    for slip in slips:
        if not copies_on(slip, view.market):
            check.deviate(f"a slip says neither {rule.merchant_copy} nor {rule.cardholder_copy}", slip.number)
    for mark in (rule.merchant_copy, rule.cardholder_copy):
        if mark not in marks:
            check.miss(f"no {mark} was printed", *_start(view), *numbers)
        elif marks.count(mark) > 1:
            check.deviate(f"{marks.count(mark)} slips say {mark}", *numbers)
    if marks == [rule.cardholder_copy, rule.merchant_copy]:
        check.deviate(f"{rule.cardholder_copy} came before {rule.merchant_copy}", *numbers)


@criterion(
    "receipt.mandatory",
    "Every mandatory line stands on both copies",
    "facts/unionpay-pos 6; cases.md 174",
    scope=Scope.WHOLE_CASE,
)
def mandatory(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction."""
    labels = _labels(view, str(args["transaction"]))
    check = Check("on each copy, with a value: " + ", ".join(labels))
    slips = _slips(view)
    if not slips:
        return _nothing_printed(view, check)
    for slip in slips:
        check.see(slip.number)
        for label in labels:
            if not slip.filled(label):
                check.deviate(f"{label} is missing or empty", slip.number)
        name = view.market.receipt.type_names[args["transaction"]]
        if not slip.says(name):
            check.deviate(f"the transaction's name {name} is missing", slip.number)
    return check.finding(f"{len(labels)} lines on each of {len(slips)} slips")


CHIP = "chip"


def _labels(view: View, transaction: str) -> list[str]:
    """Those that must be there; what only a chip can tell, where the chip was read. facts/unionpay-pos 6"""
    rule = view.market.receipt
    read = str(view.outcome.fields.get("entry", CHIP)) if view.outcome else CHIP
    return [label for label in rule.mandatory[transaction] if read == CHIP or label not in rule.of_the_chip]


def _nothing_printed(view: View, check: Check) -> Finding:
    if view.order is None:
        return inconclusive(check.expected, "no transaction was started")
    check.miss("nothing was printed", *_start(view))
    return check.finding("")


@criterion("receipt.not-a-sale", "The slip of a hold says that it is no sale", "cases.md 179", scope=Scope.WHOLE_CASE)
def not_a_sale(view: View, args: Mapping[str, Any]) -> Finding:
    wording = view.market.receipt.not_a_sale
    check = Check(f"each copy says {wording}")
    slips = _slips(view)
    if not slips:
        return _nothing_printed(view, check)
    for slip in slips:
        check.see(slip.number)
        if not slip.says(wording):
            check.deviate("the wording is missing", slip.number)
    return check.finding(f"said on {len(slips)} slips")


@criterion(
    "receipt.pan-masked",
    "The card number is masked on the cardholder's copy",
    "cases.md 175; facts/unionpay-pos 6",
    scope=Scope.WHOLE_CASE,
)
def pan_masked(view: View, args: Mapping[str, Any]) -> Finding:
    """On each cardholder's copy a masked number stands, first six and last four digits clear at most."""
    copy = view.market.receipt.cardholder_copy
    slips = [s for s in papers(view.timeline, view.market) if copy in copies_on(s, view.market)]
    cards = cards_of(view.requests)
    check = Check("first six and last four digits at most, the others filled with a visible character")
    if not slips:
        return inconclusive(check.expected, "no cardholder's copy was printed")
    for slip in slips:
        check.see(slip.number)
        why = _unmasked(slip, cards)
        if why:
            check.deviate(why, slip.number)
    return check.finding(f"masked on {len(slips)} cardholder's copies")


def _unmasked(slip: Paper, cards: Collection[str]) -> str:
    """What is wrong with the card number of a slip, empty when it is masked as it must be."""
    if clear_digits(slip.record, cards):
        return "the card number was printed in clear (hidden here by the recorder)"
    shown = card_digits(slip)
    if shown is None or not any(char in FILLER for part in slip.value(CARD) or [] for char in part):
        return "no masked card number is on the slip"
    first, last = shown
    if len(first) > 6 or len(last) > 4:
        return f"{len(first)} leading and {len(last)} last digits of the card number are clear"
    return ""


@criterion("receipt.amount", "The slips show the amount", "cases.md 25, 32", scope=Scope.WHOLE_CASE)
def amount(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount in minor units. Exactly this one figure, on each copy of the last order."""
    due = Money(int(args["amount"]), view.market.money)
    check = Check(f"each copy shows {due} and no other amount")
    slips = [slip for slip in _slips(view) if slip.is_receipt]
    if not slips:
        return _nothing_printed(view, check)
    for slip in slips:
        check.see(slip.number)
        figures = figures_of(slip)
        if len(figures) != 1 or not is_amount(figures[0], due):
            check.deviate(f"the slip says {' '.join(figures) or 'no amount'}", slip.number)
    return check.finding(f"{due} on {len(slips)} slips")


@criterion("receipt.none", "Nothing is printed as approved", "cases.md 96, 98", scope=Scope.WHOLE_CASE)
def nothing_approved(view: View, args: Mapping[str, Any]) -> Finding:
    """No slip of the order carries an authorisation code, or is to be signed without a word of the failure."""
    check = Check("no slip that looks approved since the transaction was started")
    if view.order is None:
        return inconclusive(check.expected, "no transaction was started")
    slips = _slips(view)
    check.see(view.order.number, *(s.number for s in slips))
    for slip in slips:
        if looks_approved(slip, view.market):
            what = f"with authorisation code {slip.approval}" if slip.approval else "to be signed"
            check.deviate(f"a slip was printed {what}", slip.number)
    return check.finding("no approved slip")


@criterion("receipt.waits-for-paper", "Without paper nothing is lost: the slips come after the reload", "cases.md 183")
def waits_for_paper(view: View, args: Mapping[str, Any]) -> Finding:
    """Approved while the printer had no paper; both copies cut after paper was loaded, none before."""
    order, outcome = view.order, view.outcome
    loaded = view.so_far.last("printer", "paper", state="present")
    expected = "approved without paper, both slips after the reload"
    if order is None or loaded is None or outcome is None:
        return inconclusive(expected, "no transaction, no reload or no outcome")
    slips = papers(view.since_order, view.market)
    check = Check(expected)
    check.see(outcome.number, loaded.number, *(s.number for s in slips))
    if outcome.fields.get("result") != "approved" or outcome.t_ns > loaded.t_ns:
        check.deviate("the transaction was not approved before the reload", outcome.number, loaded.number)
    for slip in slips:
        if slip.record.t_ns < loaded.t_ns:
            check.deviate("a slip was cut before paper was loaded", slip.number)
    _two_copies(view, slips, check)
    return check.finding("both slips printed after the reload")
