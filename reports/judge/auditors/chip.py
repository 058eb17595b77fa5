"""Chip: what the card gave is what was sent, its word is heeded, and what an action code denies is denied.

The card's answers, the commands to it and the messages to the host are the evidence. Where no commands were seen, as
with a terminal that is a box, there is nothing to judge.
"""

from __future__ import annotations

from protocols.emv.verification import Tvr
from protocols.prompts import asks_for
from protocols.transactions import Transaction
from reports.judge.auditors import Audit
from reports.judge.chip.demands import Case, case_of
from reports.judge.chip.messages import Sending, later_sendings, requests_of, sendings
from reports.judge.chip.setting import setting_of
from reports.judge.chip.walk import OPTIONS, Walk, started, walks
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.judge.timeline import moment
from reports.runfolder import Record

CRYPTOGRAM = {"9F26": "cryptogram", "9F27": "information on it", "9F36": "counter", "9F10": "issuer data"}


def cryptogram_sent(view: View) -> Finding | None:
    """9F26, 9F27, 9F36 and 9F10 of F55 are those that the card gave."""
    check = Check("the cryptogram sent to the host is the one that the card made, with its counter and its data")
    for sending in sendings(view):
        _first_sent(check, sending)
    for sending in later_sendings(view):
        _later_sent(check, sending)
    if not check.seen and not check.deviations:
        return None
    return check.finding("sent as the card gave it")


def _first_sent(check: Check, sending: Sending) -> None:
    first, number = sending.walk.first, sending.request.number
    assert first is not None
    made = {**first.answer, "9F26": first.cryptogram}
    for tag, name in CRYPTOGRAM.items():
        if made.get(tag) and tag in sending.chip and sending.chip[tag] != made[tag]:
            text = f"{tag} sent is {_hex(sending.chip[tag])}, the card's {name} is {_hex(made[tag])}"
            check.deviate(text, number, *first.numbers)
    check.see(number, first.numbers[-1])


def _later_sent(check: Check, sending: Sending) -> None:
    """A reversal or a notice may carry what the card gave first or last."""
    given = [r for r in sending.walk.rounds if r.given]
    for tag in ("9F26", "9F10"):
        made = [r.cryptogram if tag == "9F26" else r.answer.get(tag, b"") for r in given]
        if tag in sending.chip and all(made) and sending.chip[tag] not in made:
            text = f"{tag} of the {_name(sending)} is {_hex(sending.chip[tag])}, the card gave {_hex(made[-1])}"
            check.deviate(text, sending.request.number, *given[-1].numbers)
    check.see(sending.request.number)


def _name(sending: Sending) -> str:
    return f"{sending.request.transaction}{' reversal' if sending.request.reversal else ''}"


def _hex(value: bytes) -> str:
    return value.hex().upper() or "nothing"


# ── the application ───────────────────────────────────────────────────────────────────────────────────────────────


def application_open(view: View) -> Finding | None:
    """No application is started that the card did not open. EMV Book 1, 12.3 and 12.4"""
    begun = [w for w in walks(view) if w.of(OPTIONS) and w.selected is not None]
    if not begun:
        return None
    check = Check("an application is started only when its SELECT was answered with 9000")
    for walk in begun:
        assert walk.selected is not None
        if walk.selected.ok:
            check.see(walk.selected.numbers[0], walk.of(OPTIONS)[0].numbers[0])
        else:
            text = f"the application was started although its SELECT was answered with {walk.selected.sw}"
            check.deviate(text, *walk.selected.numbers, walk.of(OPTIONS)[-1].numbers[0])
    return check.finding(f"{len(begun)} applications, each opened by its card")


def application_asked(view: View) -> Finding | None:
    """Nothing is started that the cardholder was to confirm, or to choose, without a question. EMV Book 1, 12.4

    Silent where the rig does not say whether the terminal lets him choose.
    """
    begun = [w for w in walks(view) if w.of(OPTIONS) and w.selected is not None]
    told_of = [(w, setting_of(view, w).flag("cardholder_choice")) for w in begun]
    check = Check("the cardholder is asked where the card wants it, and where he may choose among several")
    for walk, may_choose in told_of:
        why = _to_be_asked(walk, may_choose)
        if may_choose is None or not why:
            continue
        start = walk.of(OPTIONS)[0].command
        asked = [r for r in _questions(view) if walk.order and moment(walk.order) < moment(r) < moment(start)]
        check.see(walk.of(OPTIONS)[0].numbers[0], *(r.number for r in asked))
        if not asked:
            check.deviate(f"{why}, and nobody was asked", walk.of(OPTIONS)[0].numbers[0])
    return check.finding("asked") if check.seen else None


TO_CONFIRM = 0x80
QUESTIONS = ("choose an application", "confirm the application")
KNOWN = tuple(f"A0000003330101{last}" for last in ("01", "02", "03"))
"""What every terminal of this scheme has: debit, credit, quasi credit. facts/pcsc-emv 4.2"""


def _to_be_asked(walk: Walk, may_choose: bool | None) -> str:
    """Why there must be a question; empty where there need be none."""
    priority = walk.fci.get("87", b"")
    if priority and priority[0] & TO_CONFIRM:
        return "the application is not to be started without the cardholder"
    several = [name for name in walk.directory if name.startswith(KNOWN)]
    return f"the card has {len(several)} applications and he may choose" if may_choose and len(several) > 1 else ""


def _questions(view: View) -> list[Record]:
    """Displays that ask the customer, and his answers."""
    displays = view.timeline.of("terminal", "display")
    shown = [r for r in displays if any(asks_for(str(r.fields.get("text", "")), what) for what in QUESTIONS)]
    return [*shown, *view.timeline.of("operator", "application")]


# ── the card's word and the terminal's ────────────────────────────────────────────────────────────────────────────


def denial_honoured(view: View) -> Finding | None:
    """EMV Book 3, 10.7: what an action code denies is denied. Of the terminal's own, only what the rig set is known."""
    cases = [c for c in (case_of(view, w) for w in started(view)) if c is not None and c.tvr is not None]
    if not cases:
        return None
    check = Check("where a result meets a denial code an AAC is asked for, where it meets an online code no TC")
    for case in cases:
        _by_codes(case, check)
    return check.finding(f"{len(cases)} times what the codes demand")


DENIAL, ONLINE = "9F0E", "9F0F"
ALL, NOTHING = Tvr((1 << 40) - 1), Tvr(0)


def _by_codes(case: Case, check: Check) -> None:
    assert case.tvr is not None
    issuer, own = _code(case.walk.value(DENIAL), NOTHING), _code(case.setting.code("tac_denial"), NOTHING)
    met = case.tvr & (issuer | own)
    where = (case.first.numbers[0], case.walk.number(DENIAL), case.setting.number)
    check.see(case.first.numbers[0])
    if met and case.first.asked and case.first.asked != "AAC":
        text = f"'{met.words()[0]}' is denied by an action code, and the card was asked for {case.first.asked}"
        check.deviate(text, *where)
    online = case.tvr & _code(case.walk.value(ONLINE), ALL)
    if online and case.first.asked == "TC":
        check.deviate(f"'{online.words()[0]}' must go online, and the card was asked for a TC", *where)


def _code(value: bytes, absent: Tvr) -> Tvr:
    """An action code that is not there has its default. EMV Book 3, 10.7"""
    return Tvr.parse(value) if len(value) == Tvr.size() else absent


def no_offline_approval(view: View) -> Finding | None:
    """A hold is the issuer's: none is granted by card and terminal alone. facts/unionpay-pos 5.4"""
    holds = [w for w in started(view) if _transaction(w) == Transaction.PREAUTH.value]
    if not holds:
        return None
    check = Check("no TC is asked for before the issuer has answered, and no approval told without him")
    for walk in holds:
        assert walk.first is not None
        check.see(*walk.first.numbers)
        if walk.first.asked == "TC":
            check.deviate("the card was asked for a TC before the host was", walk.first.numbers[0])
        outcome = _outcome(view, walk)
        if outcome is not None and walk.first.given in ("AAC", "TC") and not requests_of(view, walk):
            text = f"the card gave {walk.first.given}, the host was not asked, and an approval is told"
            check.deviate(text, walk.first.numbers[-1], outcome.number)
    return check.finding(f"{len(holds)} holds, none granted offline")


def _transaction(walk: Walk) -> str:
    return str(walk.order.fields.get("transaction", "")) if walk.order else ""


def _outcome(view: View, walk: Walk) -> Record | None:
    """The approval that was told of this walk's order, if one was."""
    orders = [o for o in view.timeline.of("terminal", "order") if walk.order and moment(o) > moment(walk.order)]
    told_later = [
        o for o in view.timeline.of("terminal", "outcome")
        if moment(o) > walk.at and (not orders or moment(o) < moment(orders[0]))
        and o.fields.get("result") == "approved" and o.fields.get("transaction") == _transaction(walk)
    ]  # fmt: skip
    return told_later[0] if told_later else None


def offline_decline_silent(view: View) -> Finding | None:
    """EMV Book 3, 10.8: what card or terminal declined is at its end."""
    declined = [w for w in started(view) if w.first is not None and w.first.given == "AAC"]
    if not declined:
        return None
    check = Check("what was declined offline is not sent to the host")
    for walk in declined:
        assert walk.first is not None
        check.see(*walk.first.numbers)
        for request in requests_of(view, walk):
            text = f"the card gave an AAC, and the {request.transaction} was sent"
            check.deviate(text, walk.first.numbers[-1], request.number)
    return check.finding(f"{len(declined)} declined offline, and none was sent")


AUDITS = (
    Audit(
        "chip.cryptogram-sent", "The cryptogram sent is the card's", "design 4; facts/unionpay-pos 2.2", "terminal",
        cryptogram_sent,
    ),
    Audit(
        "chip.application-open", "No blocked application is used", "EMV Book 1, 12.3, 12.4", "terminal",
        application_open,
    ),
    Audit(
        "chip.application-asked", "The cardholder is asked for his application", "EMV Book 1, 12.4", "terminal",
        application_asked,
    ),
    Audit("chip.denial-honoured", "Action codes are heeded", "EMV Book 3, 10.7", "terminal", denial_honoured),
    Audit(
        "chip.no-offline-approval", "No hold without the issuer", "facts/unionpay-pos 5.4; EMV Book 3, 10.8",
        "terminal", no_offline_approval,
    ),
    Audit(
        "chip.offline-decline-silent", "What is declined offline is not sent", "EMV Book 3, 10.8", "terminal",
        offline_decline_silent,
    ),
)  # fmt: skip
