"""Agreement: chip, message, slip and the terminal's report say the same of one transaction.

A table says which source must carry which value; a source that was not there (no slip, no chip) is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from protocols.money import Money
from reports.judge.auditors import Audit
from reports.judge.criteria.slips import lines
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.judge.timeline import Request, field_of
from reports.runfolder import Record


@dataclass(frozen=True, slots=True)
class Agreed:
    """An approved transaction with all its traces on the bench."""

    outcome: Record
    request: Request
    reply: dict[str, str]
    slips: tuple[Record, ...]
    chip: Record | None


def _approved(view: View) -> list[Agreed]:
    outcomes = list(view.timeline.of("terminal", "outcome"))
    found = []
    for place, outcome in enumerate(outcomes):
        if outcome.fields.get("result") != "approved":
            continue
        request = next((r for r in view.requests if not r.reversal and r.trace == outcome.fields.get("trace")), None)
        if request is None or not request.replies:
            continue
        found.append(
            Agreed(outcome, request, request.replies[0].message, _slips(view, outcomes, place), _chip(view, request))
        )
    return found


def _slips(view: View, outcomes: list[Record], place: int) -> tuple[Record, ...]:
    """Slips cut between this transaction's order and the next one's."""
    orders = [o for o in view.timeline.of("terminal", "order") if o.t_ns <= outcomes[place].t_ns]
    start = orders[-1].t_ns if orders else 0
    later = [o.t_ns for o in view.timeline.of("terminal", "order") if o.t_ns > outcomes[place].t_ns]
    end = later[0] if later else None
    return tuple(s for s in view.timeline.of("printer", "slip") if s.t_ns >= start and (end is None or s.t_ns < end))


def _chip(view: View, request: Request) -> Record | None:
    """The first GENERATE AC before the request, if its F55 says that there was one."""
    if not request.value(55):
        return None
    commands = [c for c in view.timeline.of("card", "command") if c.fields.get("name") == "GENERATE AC"]
    before = [c for c in commands if c.t_ns < request.t_ns]
    return before[-1] if before else None


def _compare(view: View, what: str, compare: Callable[[View, Agreed, Check], None], expected: str) -> Finding | None:
    approved = _approved(view)
    if not approved:
        return None
    check = Check(expected)
    for agreed in approved:
        check.see(agreed.outcome.number, agreed.request.number, *(s.number for s in agreed.slips))
        compare(view, agreed, check)
    return check.finding(f"{what} of {len(approved)} approved transactions agree")


def _amount(view: View, agreed: Agreed, check: Check) -> None:
    asked = int(str(agreed.outcome.fields["amount"]))
    sent = int(agreed.request.value(4) or 0)
    if sent != asked:
        check.deviate(f"F4 is {sent}, the terminal reports {asked}", agreed.request.number, agreed.outcome.number)
    if agreed.chip is not None and agreed.chip.raw is not None:
        body = agreed.chip.raw[5:11].hex()
        if body.isdigit() and int(body) != sent:
            check.deviate(f"the chip was given {int(body)}, F4 is {sent}", agreed.chip.number, agreed.request.number)
    printed = str(Money(asked, view.market.money))
    for slip in agreed.slips:
        figures = re.findall(r"(?<![\d.])\d+\.\d{2}(?!\d)", _line(slip, "金额").replace(",", ""))
        if printed not in figures:
            check.deviate(
                f"the slip says {' '.join(figures) or 'no amount'}, not {printed}", slip.number, agreed.outcome.number
            )


def _line(slip: Record, label: str) -> str:
    """The text that follows a label, on its line and the next."""
    text = lines(slip)
    for place, line in enumerate(text):
        if label in line:
            return line.split(label, 1)[1] + " " + (text[place + 1] if place + 1 < len(text) else "")
    return ""


def _approval(view: View, agreed: Agreed, check: Check) -> None:
    given = field_of(agreed.reply, 38).strip()
    if str(agreed.outcome.fields.get("approval", "")).strip() != given:
        check.deviate(f"the terminal reports another authorisation code than {given}", agreed.outcome.number)
    for slip in agreed.slips:
        if given and given not in _line(slip, "授权号"):
            check.deviate(f"the slip does not carry authorisation code {given}", slip.number, agreed.request.number)


def _reference(view: View, agreed: Agreed, check: Check) -> None:
    given = field_of(agreed.reply, 37).strip()
    if str(agreed.outcome.fields.get("reference", "")).strip() != given:
        check.deviate(f"the terminal reports another reference than {given}", agreed.outcome.number)
    for slip in agreed.slips:
        if given not in _line(slip, "参考号"):
            check.deviate(f"the slip does not carry reference {given}", slip.number, agreed.request.number)


def _card(view: View, agreed: Agreed, check: Check) -> None:
    masked = agreed.request.value(2)
    for slip in agreed.slips:
        printed = re.search(r"(\d{6})[*•xX]+(\d{4})", _line(slip, "卡号"))
        if printed is None or (masked and (printed[1], printed[2]) != (masked[:6], masked[-4:])):
            check.deviate(f"the slip shows another card than {masked}", slip.number, agreed.request.number)


def _moment(view: View, agreed: Agreed, check: Check) -> None:
    clock, day = field_of(agreed.reply, 12), field_of(agreed.reply, 13)
    if not clock or not day:
        return
    clock, day = re.sub(r"\D", "", clock), re.sub(r"\D", "", day)
    for slip in agreed.slips:
        digits = re.sub(r"\D", "", _line(slip, "日期/时间"))
        if day + clock not in digits:
            check.deviate(f"the slip's time is not the reply's {day} {clock}", slip.number, agreed.request.number)


AUDITS = tuple(
    Audit(
        f"agreement.{name}",
        f"{title} agree on chip, message, slip and report",
        "design 4",
        "terminal",
        lambda view, title=title, compare=compare, expected=expected: _compare(view, title, compare, expected),  # type: ignore[misc]
    )
    for name, title, compare, expected in (
        ("amount", "Amounts", _amount, "the amount asked, F4, 9F02 and the slip are one"),
        ("approval", "Authorisation codes", _approval, "F38 of the reply stands in the report and on the slip"),
        ("reference", "References", _reference, "F37 of the reply stands in the report and on the slip"),
        ("card", "Card numbers", _card, "the masked card number of the slip is that of the message"),
        ("moment", "Times", _moment, "the slip's date and time are F13 and F12 of the reply"),
    )
)
