"""Privacy: no card number beyond its first six and last four, no track, PIN or key where people or files can see it."""

from __future__ import annotations

from reports.judge.auditors import Audit
from reports.judge.criteria.slips import BULLET
from reports.judge.finding import Check, Finding
from reports.judge.registry import View

SEEN_BY_PEOPLE = {"printer": "printed", "terminal": "shown"}


def exposed(view: View) -> Finding | None:
    """Nothing that the terminal prints or shows carries a full card number, track, PIN or key."""
    check = Check("nothing printed or shown holds more than the first six and last four digits of a card number")
    looked = 0
    for record in view.timeline.records:
        if record.channel not in SEEN_BY_PEOPLE or record.kind == "line":
            continue
        looked += 1
        for exposure in record.exposed:
            what = (
                f"{exposure['clear_digits']} clear digits of a {exposure['kind']} were {SEEN_BY_PEOPLE[record.channel]}"
            )
            check.deviate(what, record.number)
        if not record.exposed and BULLET in str(record.fields):
            check.deviate(f"a card number was {SEEN_BY_PEOPLE[record.channel]} in clear", record.number)
    return check.finding(f"{looked} slips, displays and reports looked at") if looked else None


AUDITS = (Audit("privacy.exposed", "No card data where people can see it", "cases.md 175, 214", "terminal", exposed),)
