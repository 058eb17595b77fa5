"""What came of a PIN: by the pad's own word, the card's answers, and the block that the host got.

EMV Book 3, 10.5.1 and 10.5.2. No digit of a PIN is known here.
"""

from __future__ import annotations

from enum import Enum

from protocols.emv.cvm import Method
from protocols.emv.verification import Tvr
from reports.judge.chip.apdus import Sent, data_objects, first_of
from reports.judge.chip.demands import Case
from reports.judge.chip.messages import requests_of
from reports.judge.chip.walk import VERIFY
from reports.judge.timeline import moment
from reports.runfolder import Record

PLAIN, ENCIPHERED, ONLINE = "plain", "enciphered", "online"
FORM = {
    Method.PLAIN_PIN: PLAIN, Method.PLAIN_PIN_SIGNATURE: PLAIN, Method.ENCIPHERED_PIN: ENCIPHERED,
    Method.ENCIPHERED_PIN_SIGNATURE: ENCIPHERED, Method.ONLINE_PIN: ONLINE,
}  # fmt: skip
PIN_METHODS = frozenset(FORM)
QUALIFIER = {0x80: PLAIN, 0x88: ENCIPHERED}
"""P2 of VERIFY. EMV Book 3, 6.5.12.2, table 23"""
TRIES_LEFT = "9F17"
NONE_LEFT = ("6983", "6984", "63C0")
"""EMV Book 3, 10.5.1: blocked before, or with this try."""
ENTERED, BYPASSED, BROKEN = "entered", "bypassed", "broken"


class PinTruth(Enum):
    """How a PIN ended, with the bit that tells it."""

    RIGHT = "right", Tvr(0)
    SENT = "sent to the host", Tvr(0)
    REFUSED = "wrong", Tvr(0)
    NO_TRIES = "no tries left", Tvr.PIN_TRIES_EXCEEDED
    BYPASSED = "bypassed", Tvr.PIN_NOT_ENTERED
    NO_PAD = "no pad", Tvr.PINPAD_NOT_WORKING
    UNASKED = "not asked for", Tvr(0)
    OPEN = "not known", Tvr(0)

    @property
    def bit(self) -> Tvr:
        return self.value[1]


Found = tuple[PinTruth, str, tuple[int, ...]]
NOT_KNOWN: Found = (PinTruth.OPEN, "", ())


def entries(case: Case) -> list[Record]:
    """What people did at the pad before the first cryptogram."""
    until = moment(case.first.sent.command)
    return [r for r in case.view.timeline.of("operator", "pin") if case.walk.at < moment(r) < until]


def verifies(case: Case, form: str) -> list[Sent]:
    return [s for s in case.walk.of(VERIFY) if s.apdu is not None and QUALIFIER.get(s.apdu.p2) == form]


def pin_truth(case: Case, method: Method) -> Found:
    form = FORM[method]
    if form == ONLINE:
        return _online(case)
    told = _by_counter(case) or _by_card(case, form)
    return told or _at_the_pad(case, form, askable=form == PLAIN)


def _online(case: Case) -> Found:
    own = [r for r in entries(case) if r.fields.get("form", ONLINE) == ONLINE]
    if any(_end(r) == ENTERED for r in own):
        return PinTruth.SENT, "the cardholder entered his PIN for the issuer", tuple(r.number for r in own)
    sent = [r for r in requests_of(case.view, case.walk) if r.value(52)]
    if sent and not own:
        return PinTruth.SENT, "a PIN block went to the host", (sent[0].number,)
    return _at_the_pad(case, ONLINE, askable=True)


def _by_counter(case: Case) -> Found | None:
    """GET DATA said that no tries are left. EMV Book 4, 6.3.4.1"""
    asked = case.walk.asked_data.get(TRIES_LEFT)
    if asked is None or not asked.ok:
        return None
    left = first_of(data_objects(asked.answer)).get(TRIES_LEFT)
    return (PinTruth.NO_TRIES, "the card has no PIN tries left", asked.numbers) if left == b"\x00" else None


def _by_card(case: Case, form: str) -> Found | None:
    """The last VERIFY; None where there is none, or another try was left and something else came of it."""
    tried = verifies(case, form)
    if not tried:
        return None
    last = tried[-1]
    if last.ok:
        return PinTruth.RIGHT, "the card found the PIN right", last.numbers
    if last.sw in NONE_LEFT:
        return PinTruth.NO_TRIES, f"the card answered VERIFY with {last.sw}", last.numbers
    if last.sw.startswith("63C"):
        return None
    return PinTruth.REFUSED, f"the card answered VERIFY with {last.sw or 'nothing'}", last.numbers


def _at_the_pad(case: Case, form: str, *, askable: bool) -> Found:
    """What people did last; where nobody was asked, whether somebody had to be."""
    tried = verifies(case, form)
    since = moment(tried[-1].command) if tried else case.walk.at
    own = [r for r in entries(case) if moment(r) > since]
    numbers = tuple(r.number for r in own)
    ends = [_end(r) for r in own]
    if BYPASSED in ends:
        return PinTruth.BYPASSED, "the cardholder entered no PIN", numbers
    if BROKEN in ends or case.setting.flag("pinpad") is False:
        return PinTruth.NO_PAD, "there was no PIN pad that worked", numbers or (case.setting.number,)
    if own or tried or not askable or case.setting.flag("pinpad") is None:
        return NOT_KNOWN
    return PinTruth.UNASKED, "nobody was asked for it", (case.setting.number,)


def _end(entry: Record) -> str:
    """How an entry ended, by its word or by what older pads tell."""
    told = str(entry.fields.get("end", ""))
    return told or ("cancelled" if entry.fields.get("cancelled") else ENTERED)
