"""Agreement: order, chip, message, slip and the terminal's report say the same of one transaction.

A table says which source must carry which value; a source that was not there (no slip, no chip, a report without the
field) is not compared. A slip must carry what the market's mandatory lines name.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.faults import ConfigurationError
from protocols.money import Money
from protocols.transactions import FINANCIAL
from reports.judge.agreed import APPROVED, Agreed, approved
from reports.judge.auditors import Audit
from reports.judge.duty import granting, originals, outcome_of, surely_late
from reports.judge.finding import Check, Finding
from reports.judge.paper import AMOUNT, APPROVAL, CARD, CLOCK, DAY, MOMENT, REFERENCE, VOUCHER, Paper
from reports.judge.registry import View
from reports.judge.reply import field_of
from reports.judge.stored import ADVICE_MTI, first_tries
from reports.judge.timeline import Request, moment
from reports.runfolder import Record

OLD_APPROVAL, OLD_VOUCHER, OLD_REFERENCE = "原授权码", "原凭证号", "原参考号"
FILLER = "*xX#●" + "•"


def _compare(view: View, what: str, compare: Callable[[View, Agreed, Check], None], expected: str) -> Finding | None:
    transactions = approved(view)
    if not transactions:
        return None
    check = Check(expected)
    for agreed in transactions:
        check.see(agreed.outcome.number, agreed.request.number, *(s.number for s in agreed.slips))
        compare(view, agreed, check)
    return check.finding(f"{what} of {len(transactions)} approved transactions agree")


def _must_show(view: View, agreed: Agreed, label: str) -> bool:
    return label in view.market.receipt.mandatory.get(agreed.request.transaction, ())


def _amount(view: View, agreed: Agreed, check: Check) -> None:
    request, money = agreed.request, view.market.money
    if not request.value(4):  # a balance
        return
    sent, granted = Money(int(request.value(4)), money), agreed.amount(view)
    for source, says, due in (
        (agreed.order, "the merchant asked for", sent), (agreed.outcome, "the terminal reports", granted),
    ):  # fmt: skip
        if source is not None and "amount" in source.fields:
            told = Money(int(str(source.fields["amount"])), money)
            if told != due:
                check.deviate(f"F4 is {due}, {says} {told}", request.number, source.number)
    chip = field_of(request.message, "55.9F02")
    if chip.isdigit() and int(chip) != sent.minor:
        check.deviate(f"9F02 in F55 is {Money(int(chip), money)}, F4 is {sent}", request.number)
    for slip in agreed.slips:
        value = slip.value(AMOUNT)
        if value is None and not _must_show(view, agreed, AMOUNT):
            continue
        figures = figures_of(slip)
        if not any(is_amount(figure, granted) for figure in figures):
            check.deviate(
                f"the slip says {' '.join(figures) or 'no amount'}, not {granted}", slip.number, request.number
            )


def figures_of(slip: Paper) -> list[str]:
    """The figures behind the slip's amount label."""
    return re.findall(r"\d[\d,]*(?:\.\d+)?", " ".join(slip.value(AMOUNT) or []))


def is_amount(figure: str, amount: Money) -> bool:
    try:
        return Money.parse(figure.replace(",", ""), amount.currency) == amount
    except ConfigurationError:
        return False


def _approval(view: View, agreed: Agreed, check: Check) -> None:
    _value(view, agreed, check, 38, "approval", APPROVAL, "authorisation code")


def _reference(view: View, agreed: Agreed, check: Check) -> None:
    _value(view, agreed, check, 37, "reference", REFERENCE, "reference")


def _value(view: View, agreed: Agreed, check: Check, number: int, key: str, label: str, name: str) -> None:
    """A value of the host's reply, in the terminal's report and on the slip.

    A report and a slip from before the answer cannot carry it.
    """
    given = field_of(agreed.reply.message, number).strip()
    if not given or agreed.stored:
        return
    if key in agreed.outcome.fields:
        told = str(agreed.outcome.fields[key]).strip()
        if told != given:
            text = f"the terminal reports {name} {told or 'none'}, the host gave {given}"
            check.deviate(text, agreed.outcome.number, agreed.reply.number)
    for slip in agreed.slips:
        if (slip.value(label) is not None or _must_show(view, agreed, label)) and not slip.shows(label, given):
            shown = " ".join(slip.value(label) or []).strip() or "none"
            check.deviate(f"the slip shows {name} {shown}, the host gave {given}", slip.number, agreed.reply.number)


def _voucher(view: View, agreed: Agreed, check: Check) -> None:
    for slip in agreed.slips:
        if slip.voucher and slip.voucher != agreed.request.trace:
            check.deviate(
                f"the slip shows voucher number {slip.voucher}, F11 is {agreed.request.trace}",
                slip.number,
                agreed.request.number,
            )


def _card(view: View, agreed: Agreed, check: Check) -> None:
    masked = agreed.request.value(2)
    for slip in agreed.slips:
        shown = card_digits(slip)
        if not masked or shown is None:
            continue
        first, last = shown
        if not masked.startswith(first[:6]) or not masked.endswith(last[-4:]):
            check.deviate(
                f"the slip shows card {first[:6]}…{last[-4:]}, the message {masked}", slip.number, agreed.request.number
            )


def card_digits(slip: Paper) -> tuple[str, str] | None:
    """The clear digits before and behind the filler of the slip's card number; None when there is no such number."""
    digits = re.sub(r"[\s-]", "", "".join(slip.value(CARD) or []))
    found = re.search(rf"(?<!\d)(\d*)[{re.escape(FILLER)}]+(\d+)(?!\d)", digits)
    if found:
        return found[1], found[2]
    whole = re.search(r"(?<!\d)\d{13,19}(?!\d)", digits)
    return (whole[0][:6], whole[0][-4:]) if whole else None


def _original(view: View, agreed: Agreed, check: Check) -> None:
    """facts/unionpay-pos 6, remarks: the original's code, voucher number or reference is that of the message."""
    request = agreed.request
    f61 = request.value(61)
    for label, named in (
        (OLD_APPROVAL, request.value(38)),
        (OLD_VOUCHER, f61[6:12]),
        (OLD_REFERENCE, request.value(37)),
    ):
        if not named.strip("0 ") or not _must_show(view, agreed, label):
            continue
        for slip in agreed.slips:
            if slip.value(label) is not None and not slip.shows(label, named.strip()):
                shown = " ".join(slip.value(label) or []).strip() or "nothing"
                check.deviate(
                    f"the slip's {label} is {shown}, the message names {named.strip()}", slip.number, request.number
                )


def _moment(view: View, agreed: Agreed, check: Check) -> None:
    clock = re.sub(r"\D", "", field_of(agreed.reply.message, 12))
    day = re.sub(r"\D", "", field_of(agreed.reply.message, 13))
    if len(clock) != 6 or len(day) != 4 or agreed.stored:
        return
    for slip in agreed.slips:
        parts = slip.value(MOMENT)
        text = " ".join(parts if parts is not None else [*(slip.value(DAY) or []), *(slip.value(CLOCK) or [])])
        if not text.strip() and not _must_show(view, agreed, MOMENT):
            continue
        if not _says_moment(text, day, clock):
            shown = text.strip() or "no time"
            check.deviate(
                f"the slip says {shown}, the reply {day[:2]}/{day[2:]} {clock[:2]}:{clock[2:4]}:{clock[4:]}",
                slip.number,
                agreed.reply.number,
            )


def _says_moment(text: str, day: str, clock: str) -> bool:
    """Month and day, then hours, minutes and, when they are printed, seconds."""
    wanted = (int(clock[:2]), int(clock[2:4]), int(clock[4:]))
    time = re.search(r"(?<!\d)(\d{1,2}):\s*(\d{2})(?::\s*(\d{2}))?", text)
    if time is None:
        return day + clock in re.sub(r"\D", "", text)
    told = (int(time[1]), int(time[2]), int(time[3]) if time[3] else wanted[2])
    rest = text[: time.start()] + " " + text[time.end() :]
    numbers = [part for run in re.findall(r"\d+", rest) for part in _calendar(run)]
    return told == wanted and int(day[:2]) in numbers and int(day[2:]) in numbers


def _calendar(run: str) -> list[int]:
    """The parts of a date written without separators."""
    if len(run) in (6, 8):
        return [int(run[-4:-2]), int(run[-2:])]
    return [int(run[:2]), int(run[2:])] if len(run) == 4 and not run.startswith("20") else [int(run)]


def backed(view: View) -> Finding | None:
    """No approval is reported but those that the host gave, in time and under a right MAC."""
    reported = list(view.timeline.of("terminal", "outcome"))
    claims = [o for o in reported if o.fields.get("result") == APPROVED and o.fields.get("transaction") in _ONLINE]
    if not claims:
        return None
    check = Check("each approval that the terminal reports was given by the host, in time")
    asked = originals(view)
    told = {o.number: r for r in asked for o in [outcome_of(view, r)] if o is not None}
    for claim in claims:
        named = [r for r in asked if r.trace == claim.fields.get("trace") and r.at < moment(claim)]
        request = told.get(claim.number) or (named[-1] if named else None)
        if request is None:
            if not any(r.mti == ADVICE_MTI for r in asked):
                check.deviate(f"the {claim.fields['transaction']} reported as approved never left", claim.number)
            continue
        why = _not_given(view, request, claim)
        check.see(claim.number, request.number, *(a.number for a in request.answers[:1]))
        if why:
            check.deviate(
                f"the {request.transaction} {request.trace} is reported as approved, but {why}",
                claim.number,
                request.number,
                *(a.number for a in request.replies[:1]),
            )
    return check.finding(f"{len(claims)} approvals, each given by the host")


def _not_given(view: View, request: Request, claim: Record) -> str:
    stored = first_tries(view).get(request.number)
    if stored is not None:
        taken = stored.acknowledged(view.market)
        return "" if taken and taken.at < moment(claim) else "it was not acknowledged by then"
    answer = next(iter(request.answers or request.doubtful), None)
    if answer is None:
        return "no authentic answer was sent" if request.replies else "it was not answered"
    if surely_late(view, request, answer):
        return "its answer came after the time-out"
    code = answer.code or request.code
    return "" if code in granting(view, request) else f"it was answered with {code}"


_ONLINE = frozenset(transaction.value for transaction in FINANCIAL)

AUDITS = (
    Audit("agreement.host", "Approvals are the host's", "facts/unionpay-pos 5.19; design 4", "terminal", backed),
) + tuple(
    Audit(
        f"agreement.{name}",
        f"{title} agree on order, chip, message, slip and report",
        "design 4; cases.md 192",
        "terminal",
        lambda view, title=title, compare=compare, expected=expected: _compare(view, title, compare, expected),  # type: ignore[misc]
    )
    for name, title, compare, expected in (
        ("amount", "Amounts", _amount, "the amount asked, F4, 9F02, the report and the slip are one"),
        ("approval", "Authorisation codes", _approval, "F38 of the reply stands in the report and on the slip"),
        ("reference", "References", _reference, "F37 of the reply stands in the report and on the slip"),
        ("voucher", "Voucher numbers", _voucher, f"the slip's {VOUCHER} is F11 of the request"),
        ("card", "Card numbers", _card, "the masked card number of the slip is that of the message"),
        ("original", "Originals", _original, "the original that the slip names is that of the message"),
        ("moment", "Times", _moment, "the slip's date and time are F13 and F12 of the reply"),
    )
)
