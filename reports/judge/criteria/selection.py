"""What scenarios demand of the choice of an application: what people were shown, and what became of their answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from protocols.prompts import asks_for
from reports.judge.chip.walk import OPTIONS
from reports.judge.criteria.chip import order_number, so_far, walks_of_order
from reports.judge.finding import Check, Finding, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.runfolder import Record

CHOICE, CONFIRMATION = "choose an application", "confirm the application"
CUSTOMER = "customer"


def offers(view: View, what: str) -> list[Record]:
    """Displays to the customer since the order that ask for this."""
    shown = view.since_order.of("terminal", "display")
    return [r for r in shown if r.fields.get("audience") == CUSTOMER and asks_for(str(r.fields.get("text", "")), what)]


@criterion("selection.offered", "The cardholder is shown his applications", "EMV Book 1, 12.4; cases.md 13")
def offered(view: View, args: Mapping[str, Any]) -> Finding:
    """args: labels, in the order in which they are shown; none: nobody was asked. confirm: one to be confirmed."""
    labels = [str(label) for label in args["labels"]]
    expected = f"shown to the customer: {', '.join(labels)}" if labels else "the customer is asked for no application"
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    asked = offers(view, CONFIRMATION if args.get("confirm") else CHOICE)
    if not labels:
        asked = offers(view, CHOICE) + offers(view, CONFIRMATION)
        verdict = Verdict.FAIL if asked else Verdict.PASS
        return Finding(verdict, expected, _shown(asked), (view.order.number, *(r.number for r in asked)))
    right = [r for r in asked if _shows(r, labels)]
    verdict = Verdict.PASS if right else Verdict.FAIL
    return Finding(verdict, expected, _shown(right or asked), (view.order.number, *(r.number for r in right or asked)))


def _shown(asked: Sequence[Record]) -> str:
    return "; ".join(str(r.fields.get("text", "")) for r in asked) or "nothing of the kind was shown"


def _shows(record: Record, labels: Sequence[str]) -> bool:
    """Each label stands in the text behind the one before, and where the choices are told they are these."""
    text, at = str(record.fields.get("text", "")), 0
    for label in labels:
        at = text.find(label, at)
        if at < 0:
            return False
        at += len(label)
    choices = record.fields.get("choices")
    return choices is None or [str(choice) for choice in choices] == list(labels)


@criterion("selection.chosen", "What the cardholder chose is used", "EMV Book 1, 12.4; cases.md 13")
def chosen(view: View, args: Mapping[str, Any]) -> Finding:
    """args: label. He chose it, or confirmed it, and the application of that label was started."""
    view, label = so_far(view), str(args["label"])
    check = Check(f"the cardholder chooses {label}, and it is used")
    answered = list(view.since_order.of("operator", "application"))
    begun = [w for w in walks_of_order(view) if w.of(OPTIONS) and w.selected is not None]
    if view.order is None or not answered:
        return inconclusive(check.expected, "nobody chose an application", *order_number(view))
    check.see(*(r.number for r in answered))
    if label not in [str(r.fields.get("label", "")) for r in answered]:
        check.deviate(f"he chose {answered[-1].fields.get('label') or 'none'}", answered[-1].number)
    if not begun:
        check.miss("no application was started", answered[-1].number)
    elif label not in begun[-1].labels:
        used = " / ".join(begun[-1].labels) or begun[-1].aid
        check.deviate(f"{used} was started", answered[-1].number, begun[-1].of(OPTIONS)[-1].numbers[0])
    else:
        check.see(begun[-1].of(OPTIONS)[-1].numbers[0])
    return check.finding(f"{label} was chosen and used")
