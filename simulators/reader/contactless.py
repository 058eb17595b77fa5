"""What a contactless reader makes of a card: an ATR that the card never gave, and commands that no card sees.

PC/SC part 3, 3.1.3.2 and 3.2.2.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from protocols.pcsc.atr import AtrError, contactless_atr, parse_atr, storage_atr
from simulators.reader.profile import ReaderProfile

READER_CLASS = 0xFF
RANDOM_UID = b"\x08"
GET_UID = bytes.fromhex("FFCA0000")
DONE, SHORTER, NO_FUNCTION, WRONG_LENGTH = bytes.fromhex("9000"), bytes.fromhex("6282"), bytes.fromhex("6A81"), "6C"


class InField(Protocol):
    """A card in a field."""

    name: str


def answer_to_select(atr: bytes) -> bytes:
    """The ATR 3B8n8001 that a reader makes up from a card's historical bytes; what is no ATR stays as it is."""
    try:
        return contactless_atr(parse_atr(atr).historical)
    except AtrError:
        return atr


def reader_command(data: bytes, card: InField, profile: ReaderProfile) -> bytes | None:
    """The reader's own answer to a command of class FF; None for one that goes to the card."""
    if data[:1] != bytes([READER_CLASS]):
        return None
    if data[:4] == GET_UID and len(data) == 5:
        return _uid(uid_of(card), data[4])
    return profile.escape.answer(data) if profile.escape else NO_FUNCTION


def uid_of(card: InField) -> bytes:
    """The card's own, or one made of its name: four bytes that say they are no maker's number. ISO 14443-3, 6.4.4."""
    own = bytes(getattr(card, "uid", b""))
    return own or RANDOM_UID + hashlib.sha256(card.name.encode()).digest()[:3]


def _uid(uid: bytes, expected: int) -> bytes:
    """PC/SC part 3, 3.2.2.1.3: Le 0 asks for all of it."""
    if 0 < expected < len(uid):
        return bytes.fromhex(WRONG_LENGTH) + bytes([len(uid)])
    return uid + (DONE if expected in (0, len(uid)) else SHORTER)


@dataclass
class StorageCard:
    """A card without a processor: its reader speaks for it. `uid` has 4, 7 or 10 bytes."""

    name: str = "storage card"
    uid: bytes = bytes.fromhex("04112233445566")
    standard: int = 0x03
    kind: int = 0x0001  # MIFARE Classic 1K

    def power_on(self) -> bytes:
        return storage_atr(self.kind, self.standard)

    def transmit(self, raw: bytes) -> bytes | None:
        """It knows no commands of ISO 7816."""
        return NO_FUNCTION
