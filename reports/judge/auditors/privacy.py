"""Privacy: no card number beyond its first six and last four, no track, PIN or key where people or files can see it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.judge.auditors import Audit
from reports.judge.finding import Check, Finding
from reports.judge.paper import cards_of, clear_digits, normal, text_of
from reports.judge.registry import View
from reports.judge.timeline import moment
from reports.runfolder import Record

SEEN_BY_PEOPLE = {"printer": "printed", "terminal": "shown"}
_FILLED = re.compile(r"(?<!\d)(\d+)[*xX#●]{2,}(\d+)(?!\d)")


def exposed(view: View) -> Finding | None:
    """Nothing that the terminal prints or shows carries a full card number, track, PIN or key."""
    check = Check("nothing printed or shown holds more than the first six and last four digits of a card number")
    cards = cards_of(view.requests)
    looked = 0
    for record in _looked_at(view):
        looked += 1
        how = SEEN_BY_PEOPLE[record.channel]
        check.see(*([record.number] if record.kind == "slip" else []))
        clear = clear_digits(record, cards)
        if clear:
            check.deviate(f"{clear} clear digits of a card number were {how}", record.number)
        for kind in (str(e["kind"]) for e in record.exposed if e.get("owner", "dut") == "dut"):
            if kind != "pan" and (kind != "track" or clear):  # what follows a number that is no card's is no track
                check.deviate(f"a {kind} was {how} in clear", record.number)
        text = normal(text_of(record))
        for first, last in _FILLED.findall(re.sub(r"(?<=[\d*])[ -](?=[\d*])", "", text)):
            if any(first.startswith(card[:6]) and last.endswith(card[-4:]) for card in cards) and (
                len(first) > 6 or len(last) > 4
            ):
                check.deviate(f"{len(first) + len(last)} digits of a card number were {how} in clear", record.number)
    return check.finding(f"{looked} slips, displays and reports looked at") if looked else None


def _looked_at(view: View) -> Iterator[Record]:
    """What people see. A printed line counts by itself only when no slip took it up: nobody cut the paper."""
    last = view.timeline.last("printer", "slip")
    for record in view.timeline.records:
        if record.channel in SEEN_BY_PEOPLE and (
            record.kind != "line" or last is None or moment(record) > moment(last)
        ):
            yield record


AUDITS = (Audit("privacy.exposed", "No card data where people can see it", "cases.md 175, 214", "terminal", exposed),)
