"""A card of the rig's list: it is let in by an entry, and read on. cases.md 215."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.judge.auditors.cards import cards_shown
from reports.judge.finding import Check, Finding, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import moment

READ_RECORD, GENERATE_AC = "READ RECORD", "GENERATE AC"


@criterion("card.read-on", "A card of the list is read on", "design 7; cases.md 215", component="harness")
def read_on(view: View, args: Mapping[str, Any]) -> Finding:
    """args: none. The first record that shows a number is no end: more is read, and the card gives its cryptogram."""
    expected = "the card is let in by an entry of the list, then read to its end"
    shown = [c for c in cards_shown(view) if view.order is None or moment(c.answer) > moment(view.order)]
    if not shown:
        return inconclusive(expected, "no record showed a card number")
    check = Check(expected)
    first = shown[0]
    check.see(*(r.number for r in first.listed), first.answer.number)
    if not first.listed:
        check.deviate("nobody had looked whether the card is on the list", first.answer.number)
    later = [r for r in view.since_order.of("card", "command") if moment(r) > moment(first.answer)]
    for wanted in (READ_RECORD, GENERATE_AC):
        found = next((r for r in later if r.fields.get("name") == wanted), None)
        if found is None:
            check.miss(f"after it no {wanted} was sent", first.answer.number)
        else:
            check.see(found.number)
    entries = ", ".join(str(r.fields.get("entry", "")) for r in first.listed)
    return check.finding(f"it was let in by {entries}, and read to its end")
