"""What scenarios demand of the slip of a chip: its application, a signature, no expiry. facts/unionpay-pos 6."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reports.judge.criteria.chip import walks_of_order
from reports.judge.finding import Check, Finding, Scope, inconclusive
from reports.judge.paper import Paper, copies_on, papers
from reports.judge.registry import View, criterion

EXPIRY = "有效期"
SHOWN = re.compile(r"\d")
ENGLISH = re.compile(r"(?:EXP(?:IRY|\.)?(?:\s*DATE)?|VALID\s*THRU)[.:\s]*\d", re.IGNORECASE)
"""A day of expiry under an English name."""


def _slips(view: View) -> list[Paper]:
    return [slip for slip in papers(view.of_order, view.market) if slip.is_receipt]


def _nothing(view: View, check: Check) -> Finding:
    record = view.outcome or view.order
    if record is None:
        return inconclusive(check.expected, "no transaction was started")
    check.miss("nothing was printed", record.number)
    return check.finding("")


@criterion(
    "receipt.signature-line", "The cardholder signs where he was verified by that", "cases.md 3; facts/unionpay-pos 6",
    scope=Scope.WHOLE_CASE,
)  # fmt: skip
def signature_line(view: View, args: Mapping[str, Any]) -> Finding:
    """args: present. On the merchant's copy; the cardholder's has none."""
    rule, present = view.market.receipt, bool(args["present"])
    line = rule.signature_line.rstrip(":：")
    check = Check(f"the merchant's copy {'has' if present else 'has no'} line {line}, the cardholder's none")
    slips = _slips(view)
    if not slips:
        return _nothing(view, check)
    for slip in slips:
        check.see(slip.number)
        is_merchants = rule.merchant_copy in copies_on(slip, view.market)
        if slip.says(line) is not (present and is_merchants):
            whose = "merchant's" if is_merchants else "cardholder's"
            how = "has" if slip.says(line) else "has no"
            check.deviate(f"the {whose} copy {how} line {line}", slip.number)
    return check.finding("as it should be")


@criterion(
    "receipt.verification", "The slip agrees with the verification", "cases.md 178; facts/unionpay-pos 6",
    scope=Scope.WHOLE_CASE,
)  # fmt: skip
def verification(view: View, args: Mapping[str, Any]) -> Finding:
    """args: how (PIN, signature, neither). What the merchant's copy must say, and what it must not."""
    due, barred = _LINES[str(args["how"])]
    rule = view.market.receipt
    lines = {name: str(getattr(rule, name)).rstrip(":：") for name in (*due, *barred)}
    check = Check(f"the merchant's copy tells of: {args['how']}")
    slips = [slip for slip in _slips(view) if rule.merchant_copy in copies_on(slip, view.market)]
    if not slips:
        return _nothing(view, check)
    for slip in slips:
        check.see(slip.number)
        for name, line in lines.items():
            if slip.says(line) is not (name in due):
                check.deviate(f"it {'says' if slip.says(line) else 'does not say'} {line}", slip.number)
    return check.finding("as it should be")


_LINES = {
    "PIN": (("pin_line",), ("no_cvm_line",)),
    "signature": (("signature_line",), ("pin_line", "no_cvm_line")),
    "neither": (("no_cvm_line",), ("signature_line", "pin_line")),
}
"""Lines of the market that must be there, and those that must not. Whoever typed a PIN may be made to sign as well."""


@criterion(
    "receipt.application", "Both copies name the application", "facts/unionpay-pos 6; cases.md 177",
    scope=Scope.WHOLE_CASE,
)  # fmt: skip
def application(view: View, args: Mapping[str, Any]) -> Finding:
    """AID and label, or preferred name, of the application that was used."""
    walks = [w for w in walks_of_order(replace(view, worked_out={})) if w.options is not None]
    check = Check("each copy shows AID and label of the application that was used")
    if not walks:
        return inconclusive(check.expected, "no application was started")
    slips, walk = _slips(view), walks[-1]
    if not slips:
        return _nothing(view, check)
    for slip in slips:
        check.see(slip.number)
        if not slip.shows("AID", walk.aid):
            shown = " ".join(slip.value("AID") or []).strip() or "none"
            check.deviate(f"the slip shows AID {shown}, and {walk.aid} was used", slip.number, walk.number("84"))
        if walk.labels and not any(slip.says(label) for label in walk.labels):
            check.deviate(f"the slip does not show {' or '.join(walk.labels)}", slip.number, walk.number("84"))
    return check.finding(f"{' / '.join(walk.labels)}, {walk.aid} on {len(slips)} slips")


@criterion("receipt.no-expiry", "No slip shows when the card expires", "cases.md 176", scope=Scope.WHOLE_CASE)
def no_expiry(view: View, args: Mapping[str, Any]) -> Finding:
    """The day itself is known to nobody here: what stands beside its label is looked at."""
    check = Check("no slip shows a digit of the card's expiry")
    slips = _slips(view)
    if not slips:
        return _nothing(view, check)
    for slip in slips:
        check.see(slip.number)
        beside = " ".join(slip.value(EXPIRY) or [])
        if SHOWN.search(beside) or any(ENGLISH.search(line) for line in slip.lines):
            check.deviate("the slip shows when the card expires", slip.number)
    return check.finding(f"not on {len(slips)} slips")
