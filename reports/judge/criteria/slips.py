"""What the printer put on paper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reports.judge.finding import Check, Finding, Scope, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Timeline
from reports.runfolder import Record

BULLET = "•"
"""What the recorder puts in place of a digit that was printed in clear; no terminal prints it."""


def slips_since_order(timeline: Timeline) -> list[Record]:
    """Slips cut since the last transaction was started."""
    order = timeline.last("terminal", "order")
    return list((timeline.after(order) if order else timeline).of("printer", "slip"))


def lines(slip: Record) -> list[str]:
    """The text lines of a slip."""
    return [str(line) for line in slip.fields.get("lines", [])]


@criterion("receipt.copies", "Both copies are printed, merchant's first", "facts/unionpay-pos 6; cases.md 174, 183")
def copies(view: View, args: Mapping[str, Any]) -> Finding:
    rule = view.market.receipt
    slips = slips_since_order(view.so_far)
    check = Check(f"two slips: {rule.merchant_copy}, then {rule.cardholder_copy}")
    check.see(*(s.number for s in slips))
    if len(slips) != 2:
        check.deviate(f"{len(slips)} slips were cut", *(s.number for s in slips))
    for slip, copy in zip(slips, (rule.merchant_copy, rule.cardholder_copy), strict=False):
        if not any(copy in line for line in lines(slip)):
            check.deviate(f"a slip does not say {copy}", slip.number)
    return check.finding("two slips, each marked as its copy")


@criterion("receipt.mandatory", "Every mandatory line stands on both copies", "facts/unionpay-pos 6; cases.md 174")
def mandatory(view: View, args: Mapping[str, Any]) -> Finding:
    """args: transaction."""
    labels = view.market.receipt.mandatory[args["transaction"]]
    slips = slips_since_order(view.so_far)
    check = Check("on each copy, with a value: " + ", ".join(labels))
    if not slips:
        check.deviate("nothing was printed")
    for slip in slips:
        check.see(slip.number)
        text = "\n".join(lines(slip))
        for label in labels:
            if not re.search(re.escape(label) + r"[^\S\n]*[:：]?\s*\S", text):
                check.deviate(f"{label} is missing or empty", slip.number)
        if view.market.receipt.type_names[args["transaction"]] not in text:
            check.deviate("the transaction's name is missing", slip.number)
    return check.finding(f"{len(labels)} lines on each of {len(slips)} slips")


@criterion("receipt.not-a-sale", "The slip of a hold says that it is no sale", "cases.md 179")
def not_a_sale(view: View, args: Mapping[str, Any]) -> Finding:
    wording = view.market.receipt.not_a_sale
    check = Check(f"each copy says {wording}")
    slips = slips_since_order(view.so_far)
    if not slips:
        check.deviate("nothing was printed")
    for slip in slips:
        check.see(slip.number)
        if wording not in "".join(lines(slip)):
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
    slips = [s for s in view.timeline.of("printer", "slip") if any(copy in line for line in lines(s))]
    check = Check("first six and last four digits at most, the others filled with a visible character")
    if not slips:
        return inconclusive(check.expected, "no cardholder's copy was printed")
    for slip in slips:
        check.see(slip.number)
        if any(BULLET in line for line in lines(slip)):
            check.deviate("the card number was printed in clear (hidden here by the recorder)", slip.number)
        elif not any(re.search(r"\d{0,6}[*xX]{4,}\d{4}(?!\d)", line) for line in lines(slip)):
            check.deviate("no masked card number is on the slip", slip.number)
    return check.finding(f"masked on {len(slips)} cardholder's copies")


@criterion("receipt.none", "Nothing is printed as approved", "cases.md 96, 98")
def nothing_approved(view: View, args: Mapping[str, Any]) -> Finding:
    """No slip since the order that carries an authorisation code."""
    check = Check("no slip with an authorisation code since the transaction was started")
    slips = slips_since_order(view.so_far)
    for slip in slips:
        text = "\n".join(lines(slip))
        if re.search(r"授权号\s*[:：]?\s*[0-9A-Z]{2,6}", text):
            check.deviate("an approved slip was printed", slip.number)
    check.see(*(s.number for s in slips))
    return check.finding("no approved slip")


@criterion("receipt.waits-for-paper", "Without paper nothing is lost: the slips come after the reload", "cases.md 183")
def waits_for_paper(view: View, args: Mapping[str, Any]) -> Finding:
    """Approved while the printer had no paper; both copies cut after paper was loaded, none before."""
    order = view.so_far.last("terminal", "order")
    loaded = view.so_far.last("printer", "paper", state="present")
    outcome = view.so_far.last("terminal", "outcome")
    expected = "approved without paper, both slips after the reload"
    if order is None or loaded is None or outcome is None:
        return inconclusive(expected, "no transaction, no reload or no outcome")
    slips = slips_since_order(view.so_far)
    check = Check(expected)
    check.see(outcome.number, loaded.number, *(s.number for s in slips))
    if outcome.fields.get("result") != "approved" or outcome.t_ns > loaded.t_ns:
        check.deviate("the transaction was not approved before the reload", outcome.number, loaded.number)
    for slip in slips:
        if slip.t_ns < loaded.t_ns:
            check.deviate("a slip was cut before paper was loaded", slip.number)
    if len(slips) != 2:
        check.deviate(f"{len(slips)} slips were cut", loaded.number, *(s.number for s in slips))
    return check.finding("both slips printed after the reload")
