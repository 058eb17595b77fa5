"""Tries a reference card in a reader: answer to reset, selection, its number by the allow-list, a power cycle.

Every answer comes through the reader's driver, and with it through the guard of the rig's test cards: a card outside
the list ends this at the first record that shows its number.
"""

from __future__ import annotations

from collections.abc import Iterator

from protocols.emv import Apdu, ResponseApdu, TlvError, fill_dol, find
from protocols.faults import RigFault
from protocols.pan import mask_pan
from protocols.pcsc.atr import Atr, AtrError, parse_atr
from simulators.terminal.contact.configuration import UNIONPAY
from simulators.terminal.devices import CardReader

KNOWN_AIDS = tuple(rule.aid.hex().upper() for rule in UNIONPAY)
DIRECTORY = {False: b"1PAY.SYS.DDF01", True: b"2PAY.SYS.DDF01"}
"""The payment directory of a contact card, and of a contactless one. EMV Book 1, 12.2; EMV Book B, 3.3"""
OTHER_CARD = "take a UnionPay test card that is known to work"
NOT_SHOWN = "not shown"


def try_card(reader: CardReader) -> dict[str, str]:
    """What the card in the reader said. Raises RigFault with what is wrong, ForeignCard, and what the reader raises."""
    atr = _powered(reader)
    facts = {"answer to reset": atr.raw.hex().upper(), "protocols": atr.describe()}
    if atr.storage:
        raise _fault(f"this is a storage card ({atr.storage}): it has no payment application")
    facts["directory"] = f"{DIRECTORY[atr.contactless].decode()}: {_select(reader, DIRECTORY[atr.contactless]).sw}"
    aid, options = _application(reader)
    facts["application"] = aid
    facts["card number"] = _number(reader, options) or NOT_SHOWN
    reader.power_off()
    again = _powered(reader)
    if again.raw != atr.raw:
        raise _fault(f"after a power cycle it answers {again.raw.hex().upper()}, before {atr.raw.hex().upper()}")
    if not _select(reader, bytes.fromhex(aid)).ok:
        raise _fault("after a power cycle its application cannot be selected any more")
    reader.power_off()
    return facts | {"power cycle": "answers the same"}


def _fault(message: str) -> RigFault:
    return RigFault(message, advice=OTHER_CARD, component="card")


def _powered(reader: CardReader) -> Atr:
    try:
        atr = parse_atr(reader.power_on())
    except AtrError as error:
        raise _fault(f"its answer to reset is none: {error.message}") from None
    if not atr.tck_right:
        raise _fault(f"its answer to reset {atr.raw.hex().upper()} has a wrong check byte")
    return atr


def _send(reader: CardReader, command: Apdu) -> ResponseApdu:
    return ResponseApdu.parse(reader.transmit(command.pack()))


def _select(reader: CardReader, name: bytes) -> ResponseApdu:
    return _send(reader, Apdu(0x00, 0xA4, 0x04, 0x00, name, 256))


def _application(reader: CardReader) -> tuple[str, bytes]:
    """The first application of UnionPay's that can be selected, and the list of data that it wants to start."""
    refused = {}
    for aid in KNOWN_AIDS:
        answer = _select(reader, bytes.fromhex(aid))
        if answer.ok:
            return aid, _object(answer.data, "9F38")
        refused[aid] = answer.sw
    told = ", ".join(f"{aid[-2:]} {sw}" for aid, sw in refused.items())
    raise _fault(f"it has no UnionPay application (SELECT of {KNOWN_AIDS[0][:-2]}xx: {told})")


def _number(reader: CardReader, wanted: bytes) -> str:
    """The card's number as it may be shown; empty for a card that shows none to a terminal that says nothing."""
    values = fill_dol(wanted, {})
    data = b"\x83" + bytes([len(values)]) + values  # EMV Book 3, 6.5.8
    answer = _send(reader, Apdu(0x80, 0xA8, 0x00, 0x00, data, 256))
    shown = _shown(answer)
    for sfi, record in _records(_locator(answer)):
        if shown:
            break
        shown = _shown(_send(reader, Apdu(0x00, 0xB2, record, sfi << 3 | 0x04, le=256)))
    return shown


def _shown(answer: ResponseApdu) -> str:
    """By PAN or track 2. EMV Book 3, annex A."""
    digits = _object(answer.data, "5A").hex().upper() or _object(answer.data, "57").hex().upper()
    pan = digits.partition("D")[0].rstrip("F")
    return mask_pan(pan) if answer.ok and pan else ""


def _locator(answer: ResponseApdu) -> bytes:
    """The AFL of either format of the answer. EMV Book 3, 6.5.8.4."""
    return _object(answer.data, "94") or _object(answer.data, "80")[2:]


def _records(locator: bytes) -> Iterator[tuple[int, int]]:
    """File and number of each record. EMV Book 3, 10.2."""
    for at in range(0, len(locator) - 3, 4):
        sfi, first, last = locator[at] >> 3, locator[at + 1], locator[at + 2]
        yield from ((sfi, number) for number in range(first, last + 1))


def _object(data: bytes, tag: str) -> bytes:
    try:
        return find(data, tag) or b""
    except TlvError:
        return b""
