"""How a card was really read for a request: by its chip, its stripe, or by hand. facts/unionpay-pos 2, 5.10, 5.13.

The swipe is told by whoever drew the card, the number typed by whose fingers did it, the chip by its own answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from protocols.prompts import asks_for
from protocols.stripe import WITH_CHIP
from reports.judge.chip.walk import VERIFY, Walk, walks
from reports.judge.registry import View
from reports.judge.timeline import Moment, Request, moment
from reports.runfolder import Record

NUMBERS = ("5A", "57")
POWERED = ("atr", "powered", "command")
"""What the chip's contacts see when somebody tries it."""


class Mode(StrEnum):
    CHIP = "chip"
    STRIPE = "stripe"
    FALLBACK = "fallback"
    KEYED = "keyed"


F22 = {Mode.CHIP: "05", Mode.STRIPE: "02", Mode.FALLBACK: "02", Mode.KEYED: "01"}


@dataclass(frozen=True, slots=True)
class Read:
    """How a card was read, when, and the events that show it.

    `may_be_fallback` is a swipe of a card that had been in the reader, with nothing seen at its chip: who knows why.
    """

    mode: Mode
    at: Moment
    numbers: tuple[int, ...]
    swipe: Record | None = None
    may_be_fallback: bool = False
    by_card: bool = False  # the card itself found a PIN right

    @property
    def has_chip(self) -> bool:
        """Of a stripe: whether its service code says that there is a chip."""
        return self.swipe is not None and str(self.swipe.fields.get("service_code", ""))[:1] in WITH_CHIP


def order_of(view: View, at: Moment) -> Record | None:
    """The last order before a moment."""
    before = [o for o in view.timeline.of("terminal", "order") if moment(o) < at]
    return before[-1] if before else None


def read_before(view: View, request: Request) -> Read | None:
    """How the card of a request was read last before it left; None where nobody saw it."""
    order = order_of(view, request.at)
    if order is None:
        return None
    since = moment(order)
    found = [r for r in (*_chips(view), *swipes(view), *_typed(view)) if since < r.at < request.at]
    return max(found, key=lambda read: read.at, default=None)


def _chips(view: View) -> list[Read]:
    return [
        Read(
            Mode.CHIP, w.at, (w.start.number, *(w.number(t) for t in NUMBERS if w.value(t))),
            by_card=any(s.ok for s in w.of(VERIFY)),
        )
        for w in walks(view) if any(w.value(t) for t in NUMBERS)
    ]  # fmt: skip


def swipes(view: View) -> list[Read]:
    """Every swipe that could be read. After an attempt at its chip it is a fallback, where the stripe says that there
    is one."""
    found = []
    for record in view.timeline.of("card", "swiped"):
        if record.fields.get("read", "good") == "good":
            tried = attempts(view, record)
            was_in = plugged(view, record) and not tried and _asked(view, record, INSERT)
            plain = Read(Mode.STRIPE, moment(record), (record.number,), record, may_be_fallback=was_in)
            gave_up = was_in and _asked(view, record, IN_ITS_PLACE, unless_silent=False)
            is_fallback = plain.has_chip and (bool(tried) or gave_up)
            numbers = (tried[0].number, record.number) if is_fallback and tried else plain.numbers
            fallen = replace(plain, mode=Mode.FALLBACK, numbers=numbers, may_be_fallback=False)
            found.append(fallen if is_fallback else plain)
    return found


def attempts(view: View, swipe: Record) -> list[Record]:
    """What was seen at the chip for the same order before a swipe."""
    order = order_of(view, moment(swipe))
    since = moment(order) if order else (0, 0)
    return [r for r in view.timeline.of("card", *POWERED) if since < moment(r) < moment(swipe)]


def plugged(view: View, swipe: Record) -> bool:
    """Whether a card was in the reader at any time of the order before a swipe: mute, or the wrong way round."""
    order = order_of(view, moment(swipe))
    since = moment(order) if order else (0, 0)
    inside = False
    for record in view.timeline.of("reader", "inserted", "removed"):
        if moment(record) < moment(swipe):
            inside = record.kind == "inserted" or (inside and moment(record) > since)
    return inside


def _asked(view: View, swipe: Record, what: tuple[str, ...], *, unless_silent: bool = True) -> bool:
    """Whether the customer's display asked for something in the order before a swipe; one that shows nothing at all may
    have asked for anything."""
    order = order_of(view, moment(swipe))
    since = moment(order) if order else (0, 0)
    shown = [r for r in view.timeline.of("terminal", "display") if since < moment(r) < moment(swipe)]
    if not shown:
        return unless_silent
    return any(asks_for(str(r.fields.get("text", "")), one) for r in shown for one in what)


INSERT, IN_ITS_PLACE = ("insert the chip", "insert the chip again"), ("swipe the card after the chip",)


def _typed(view: View) -> list[Read]:
    typed = (r for r in view.timeline.of("operator", "key entry") if r.fields.get("digits"))
    return [Read(Mode.KEYED, moment(r), (r.number,)) for r in typed]


def decided(walk: Walk) -> str:
    """Why this card must not be read by its stripe: it has decided, or it is blocked. Empty where it may."""
    if walk.first is not None and walk.first.given:
        return f"the chip gave its {walk.first.given}"
    refused = [s for s in walk.selections if s.sw]
    if any(s.sw == BLOCKED_CARD for s in walk.sent if s.name == "SELECT"):
        return "the card is blocked"
    if refused and all(s.sw == BLOCKED_APPLICATION for s in refused):
        return "the application is blocked"
    return ""


BLOCKED_CARD, BLOCKED_APPLICATION = "6A81", "6283"
"""EMV Book 1, 12.3.2 and 12.3.3."""
