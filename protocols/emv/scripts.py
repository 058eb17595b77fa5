"""Issuer scripts: their commands, without MAC, and the template that carries them. EMV Book 3, 6.5 and 10.10.

Commands of class 84 are proprietary with secure messaging, 04 those of ISO 7816-4 with it (facts/pcsc-emv 4.2).
"""

from __future__ import annotations

from collections.abc import Iterable

from protocols.emv.apdu import Apdu
from protocols.emv.tlv import build

BEFORE, AFTER = "71", "72"
"""Before and after the second GENERATE AC. EMV Book 3, 10.10"""
IDENTIFIER, COMMAND = "9F18", "86"
UNBLOCK_ONLY, WITH_CURRENT, WITHOUT_CURRENT = 0x00, 0x01, 0x02
"""P2 of PIN CHANGE/UNBLOCK: 00 by EMV Book 3, 6.5.10; the others are the payment system's, PBOC: likely."""
SECURE = frozenset({0x84, 0x04})
"""Classes of commands that come with a MAC."""


def application_block() -> Apdu:
    """EMV Book 3, 6.5.1"""
    return Apdu(0x84, 0x1E, 0x00, 0x00)


def application_unblock() -> Apdu:
    """EMV Book 3, 6.5.2"""
    return Apdu(0x84, 0x18, 0x00, 0x00)


def card_block() -> Apdu:
    """EMV Book 3, 6.5.3"""
    return Apdu(0x84, 0x16, 0x00, 0x00)


def pin_unblock() -> Apdu:
    """EMV Book 3, 6.5.10: the try counter goes back to its limit, the PIN stays."""
    return Apdu(0x84, 0x24, 0x00, UNBLOCK_ONLY)


def pin_change(data: bytes, *, with_current: bool = False) -> Apdu:
    """EMV Book 3, 6.5.10, with enciphered data (`secure_messaging.pin_change`)."""
    return Apdu(0x84, 0x24, 0x00, WITH_CURRENT if with_current else WITHOUT_CURRENT, data)


def put_data(tag: str, value: bytes) -> Apdu:
    """ISO 7816-4, 11.7.6: the tag is in P1 and P2. PBOC, likely"""
    number = int(tag, 16)
    return Apdu(0x04, 0xDA, number >> 8, number & 0xFF, value)


def update_record(sfi: int, number: int, value: bytes) -> Apdu:
    """ISO 7816-4, 11.4.5: a record by its number in the file of a short identifier. PBOC, likely"""
    return Apdu(0x04, 0xDC, number, sfi << 3 | 0x04, value)


def template(tag: str, identifier: bytes, commands: Iterable[bytes]) -> bytes:
    """Template 71 or 72 with its commands. EMV Book 3, 10.10, table 32; Annex A"""
    return build([(tag, [(IDENTIFIER, identifier), *((COMMAND, command) for command in commands)])])
