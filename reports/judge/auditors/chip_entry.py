"""Chip: how the card was read is how the message says it was; a stripe is read only where the chip cannot be.

facts/unionpay-pos 2 (F22), 2.4 (60.5), 5.10, 5.13.
"""

from __future__ import annotations

from collections.abc import Iterator

from reports.judge.auditors import Audit
from reports.judge.chip.entry import F22, Mode, Read, decided, order_of, read_before, swipes
from reports.judge.chip.walk import walks
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.judge.timeline import Request, moment

CONDITION = slice(12, 13)
"""F60.5 among the digits of F60."""
FELL_BACK = "2"
PIN, NO_PIN = "1", "2"
CLEAR = "clear"


def _read(view: View) -> Iterator[tuple[Request, Read]]:
    """Every request of money with how its card was read, where somebody saw it."""
    for request in view.requests:
        read = read_before(view, request) if request.financial and request.message else None
        if read is not None:
            yield request, read


def entry_mode(view: View) -> Finding | None:
    """F22 tells how it was read and whether a PIN is there, F60.5 a fallback."""
    check = Check("F22 says how the card was read and whether there is a PIN, F60.5 whether that was a fallback")
    for request, read in _read(view):
        check.see(request.number, *read.numbers)
        _mode(check, request, read)
        _condition(check, request, read)
    return check.finding("as the cards were read") if check.seen else None


def _mode(check: Check, request: Request, read: Read) -> None:
    told, wanted = request.value(22), F22[read.mode]
    if told and told[:2] != wanted:
        check.deviate(f"F22 is {told}, and the card was read by {read.mode}", request.number, *read.numbers)
    pin = PIN if request.value(52) else NO_PIN
    if read.by_card and pin == NO_PIN:  # a PIN was entered and none is sent: no figure found
        return
    if len(told) > 2 and told[2] in (PIN, NO_PIN) and told[2] != pin:
        what = "there is no PIN block" if pin == NO_PIN else "there is a PIN block"
        check.deviate(f"F22 is {told}, and {what}", request.number)


def _condition(check: Check, request: Request, read: Read) -> None:
    told = request.value(60)[CONDITION]
    if told and not read.may_be_fallback and (told == FELL_BACK) is not (read.mode is Mode.FALLBACK):
        how = f"F60.5 is {told}, and the card was read by {read.mode}"
        check.deviate(how, request.number, *read.numbers)


def stripe_insists(view: View) -> Finding | None:
    """A stripe that says that there is a chip is not taken before the chip was tried. facts/unionpay-pos 5.13"""
    early = [s for s in swipes(view) if s.has_chip and s.mode is Mode.STRIPE and not s.may_be_fallback]
    if not early:
        return None
    check = Check("a card with a chip is asked for its chip, and its stripe sent nowhere")
    for swipe in early:
        check.see(*swipe.numbers)
        for request, read in _read(view):
            if read.swipe is not None and read.swipe is swipe.swipe:
                assert swipe.swipe is not None
                code = swipe.swipe.fields.get("service_code")
                text = f"the stripe of a card with a chip (service code {code}) was sent, and its chip was never tried"
                check.deviate(text, *swipe.numbers, request.number)
    return check.finding(f"{len(early)} swipes of cards with a chip, and none was sent")


def fallback_earned(view: View) -> Finding | None:
    """No fallback for a card that answered and decided, or is blocked. facts/unionpay-pos 5.13"""
    fallen = [(request, read) for request, read in _read(view) if read.mode is Mode.FALLBACK]
    if not fallen:
        return None
    check = Check("a stripe is read in the chip's place only where the chip could not be read")
    for request, read in fallen:
        check.see(request.number, *read.numbers)
        order = order_of(view, request.at)
        for walk in (w for w in walks(view) if order is not None and moment(order) < w.at < read.at):
            why = decided(walk)
            if why:
                check.deviate(f"{why}, and its stripe was sent", walk.sent[-1].numbers[-1], request.number)
    return check.finding(f"{len(fallen)} fallbacks, each after a chip that could not be read")


def pin_enciphered(view: View) -> Finding | None:
    """What the host got for a PIN was enciphered. cases.md 216"""
    carried = {r.exchange for r in view.requests if r.value(52)}
    told = [c for c in view.timeline.of("host", "checks") if c.fields.get("exchange") in carried and "pin" in c.fields]
    if not told:
        return None
    check = Check("a PIN leaves the pad only under its key")
    for record in told:
        check.see(record.number)
        if record.fields["pin"] == CLEAR:
            check.deviate("the PIN block of the message was in clear", record.number)
    return check.finding(f"{len(told)} PIN blocks, none of them in clear")


AUDITS = (
    Audit("chip.entry-mode", "The entry mode is told as it was", "facts/unionpay-pos 2, 2.4", "terminal", entry_mode),
    Audit("chip.stripe-insists", "A chip card is not swiped", "facts/unionpay-pos 5.13", "terminal", stripe_insists),
    Audit("chip.fallback-earned", "A fallback has its reason", "facts/unionpay-pos 5.13", "terminal", fallback_earned),
    Audit("chip.pin-enciphered", "No PIN in clear", "cases.md 216", "terminal", pin_enciphered),
)
