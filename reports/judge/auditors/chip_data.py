"""Chip: what the terminal gave the card by its lists is what it tells the host. EMV Book 3, 5.4 and 9.3.1.

The cryptogram covers what the card was given; a message that says otherwise is about another transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from protocols.emv import TlvError, fill_dol, split_dol
from reports.judge.auditors import Audit
from reports.judge.chip.messages import Sending, sendings
from reports.judge.chip.walk import OPTIONS, Walk, started
from reports.judge.finding import Check, Finding
from reports.judge.registry import View

TERMINALS = (
    "9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "9F33", "9F34", "9F35", "9F1E", "9F09",
)  # fmt: skip
"""Values of the terminal's in F55. facts/unionpay-pos 2.2"""
FROM_THE_START = ("9F02", "5F2A", "9F1A", "9C")
UNCHANGED = ("5F2A", "9F1A", "9C")
"""Values that a second list gets as the first did."""
KNOWN_BY = 6, 4
"""Digits of a card number that are never hidden, before and behind."""


def data_sent(view: View) -> Finding | None:
    """What the terminal gave the card is what it tells the host. EMV Book 3, 9.3.1: the cryptogram covers it."""
    check = Check("what was given to the card by its lists is what the message carries")
    for sending in sendings(view):
        assert sending.walk.first is not None
        for tag, given, value in _both(sending.walk.first.data, sending.chip):
            if not _is_same(tag, given, value):
                text = f"{tag} sent is {_hex(value)}, the card was given {_hex(given)}"
                check.deviate(text, sending.request.number, sending.walk.first.numbers[0])
        _fields(check, sending)
        check.see(sending.request.number, sending.walk.first.numbers[0])
    for walk in started(view):
        _options(check, walk)
        _second(check, walk)
    return check.finding("one and the same") if check.seen or check.deviations else None


def _both(given: Mapping[str, bytes], sent: Mapping[str, bytes]) -> Iterator[tuple[str, bytes, bytes]]:
    for tag in TERMINALS:
        if given.get(tag) and sent.get(tag):
            yield tag, given[tag], sent[tag]


def _is_same(tag: str, given: bytes, value: bytes) -> bool:
    """A list may ask for more or fewer bytes than a value has. EMV Book 3, 5.4"""
    return fill_dol(bytes.fromhex(tag) + bytes([len(given)]), {tag: value}) == given


def _fields(check: Check, sending: Sending) -> None:
    """Fields of the message that say the same as the chip."""
    walk, request, chip = sending.walk, sending.request, sending.chip
    assert walk.first is not None
    amount = walk.first.data.get("9F02") or chip.get("9F02", b"")
    if request.value(4).isdigit() and amount.hex().isdigit() and int(amount.hex()) != int(request.value(4)):
        text = f"F4 is {request.value(4)}, the card was given {_hex(amount)}"
        check.deviate(text, request.number, walk.first.numbers[0])
    if chip.get("82") and walk.value("82") and chip["82"] != walk.value("82"):
        text = f"82 sent is {_hex(chip['82'])}, the card's profile is {_hex(walk.value('82'))}"
        check.deviate(text, request.number, walk.number("82"))
    if chip.get("84") and walk.fci.get("84") and chip["84"] != walk.fci["84"]:
        text = f"84 sent is {_hex(chip['84'])}, the application is {walk.aid}"
        check.deviate(text, request.number, walk.number("84"))
    _card(check, sending)


def _card(check: Check, sending: Sending) -> None:
    """The number, as far as it is shown, and its sequence number. facts/unionpay-pos 2: F2, F23"""
    walk, request = sending.walk, sending.request
    shown, read = request.value(2), walk.value("5A").hex().upper().rstrip("F")
    first, last = KNOWN_BY
    if shown and read and (shown[:first], shown[-last:]) != (read[:first], read[-last:]):
        check.deviate("F2 is not the number of the card that was read", request.number, walk.number("5A"))
    sequence, told = walk.value("5F34").hex(), request.value(23)
    if sequence.isdigit() and (not told.isdigit() or int(sequence) != int(told)):
        text = f"F23 is {told or 'not there'}, the card's sequence number is {sequence}"
        check.deviate(text, request.number, walk.number("5F34"))


def _options(check: Check, walk: Walk) -> None:
    """What a card was given at its start, where it asked: an amount may not be known by then, and is zeros."""
    first, asked = walk.first, walk.of(OPTIONS)
    if first is None or walk.options is None or not asked or walk.options.apdu is None:
        return
    given = _by_list(walk.fci.get("9F38", b""), walk.options.apdu.data[2:])
    for tag, value, later in _both(given, first.data):
        if tag in FROM_THE_START and any(value) and len(value) == len(later) and value != later:
            text = f"{tag} was {_hex(value)} at the card's start, and is {_hex(later)} for its cryptogram"
            check.deviate(text, walk.options.numbers[0], first.numbers[0])


def _by_list(dol: bytes, data: bytes) -> Mapping[str, bytes]:
    try:
        return split_dol(dol, data) if dol else {}
    except TlvError:
        return {}


def _second(check: Check, walk: Walk) -> None:
    if walk.first is None or walk.second is None:
        return
    for tag in UNCHANGED:
        before, now = walk.first.data.get(tag, b""), walk.second.data.get(tag, b"")
        if before and now and len(before) == len(now) and before != now:
            text = f"{tag} is {_hex(now)} for the second cryptogram, and was {_hex(before)} for the first"
            check.deviate(text, walk.second.numbers[0], walk.first.numbers[0])


def _hex(value: bytes) -> str:
    return value.hex().upper() or "nothing"


AUDITS = (
    Audit("chip.data-sent", "Card and host are told the same", "design 4; EMV Book 3, 9.3.1", "terminal", data_sent),
)
