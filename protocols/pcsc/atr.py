"""The answer to reset: what a card says of itself before the first command. ISO 7816-3, 8; PC/SC part 3, 3.1.3.

An ATR that breaks the coding is an error that names the byte. A wrong check byte alone is told, not refused: the
reader has powered the card, and a report says what it said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import xor

from protocols.faults import HoldfastError

DIRECT, INVERSE = 0x3B, 0x3F
LONGEST = 33
"""TS and at most 32 characters after it. ISO 7816-3, 8.2."""
GLOBAL = 15
"""T=15 is no protocol: it says that the interface bytes that follow are global ones. ISO 7816-3, 8.2.3."""
PCSC_RID = bytes.fromhex("A000000306")
_STORAGE = bytes.fromhex("804F0C") + PCSC_RID


class AtrError(HoldfastError):
    """Bytes are no answer to reset; the text names the byte."""

    component = "card"


class Tck(StrEnum):
    """The check byte: an ATR that offers T=0 alone has none, every other must have a right one. ISO 7816-3, 8.2.5."""

    ABSENT = "not needed"
    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Atr:
    """`protocols` are those offered, in order. `specific` is set where TA2 says that no other will be spoken (and
    then it is `first`). `fi_di` is TA1, the card's speed: 0x11 when it does not say. `storage` is the name of a
    contactless storage card by its PIX, empty for a card that is none."""

    raw: bytes
    inverse: bool
    protocols: tuple[int, ...]
    first: int
    specific: bool
    fi_di: int
    historical: bytes
    tck: Tck
    storage: str = ""

    @property
    def tck_right(self) -> bool:
        return self.tck is not Tck.WRONG

    @property
    def contactless(self) -> bool:
        """Whether a reader made it up for a contactless card: it names T=0 first, and T=1 is spoken. PC/SC part 3."""
        return self.raw[0] == DIRECT and self.raw[1] >> 4 == 0x8 and self.raw[2:4] == b"\x80\x01"

    def describe(self) -> str:
        """One line for a table: protocols, and what card it is where the ATR says so."""
        spoken = ", ".join(f"T={number}" for number in self.protocols)
        parts = [f"{spoken} (no other)" if self.specific else spoken, self.storage]
        return ", ".join(part for part in (*parts, "" if self.tck_right else "wrong check byte") if part)


STANDARDS = {
    0x00: "", 0x01: "ISO 14443 A, part 1", 0x02: "ISO 14443 A, part 2", 0x03: "ISO 14443 A, part 3",
    0x05: "ISO 14443 B, part 1", 0x06: "ISO 14443 B, part 2", 0x07: "ISO 14443 B, part 3",
    0x09: "ISO 15693, part 1", 0x0A: "ISO 15693, part 2", 0x0B: "ISO 15693, part 3", 0x0C: "ISO 15693, part 4",
    0x11: "JIS X 6319-4",
}  # fmt: skip
CARDS = {  # PC/SC part 3, supplement of contactless storage cards
    0x0001: "Mifare Classic 1K", 0x0002: "Mifare Classic 4K", 0x0003: "Mifare Ultralight", 0x0004: "SLE55R",
    0x0006: "SR176", 0x0007: "SRI X4K", 0x0008: "AT88RF020", 0x0026: "Mifare Mini", 0x0036: "Mifare Plus SL1 2K",
    0x0037: "Mifare Plus SL1 4K", 0x0038: "Mifare Plus SL2 2K", 0x0039: "Mifare Plus SL2 4K",
    0x003A: "Mifare Ultralight C", 0x003B: "FeliCa",
}  # fmt: skip


def parse_atr(raw: bytes) -> Atr:
    """Raises AtrError for bytes that are none: they end too early, or go on where nothing more can come."""
    if len(raw) > LONGEST:
        raise AtrError(f"the ATR has {len(raw)} bytes, {LONGEST} is the most")
    initial = _byte(raw, 0, "TS")
    if initial not in (DIRECT, INVERSE):
        raise AtrError(f"ATR, byte 1: TS is {initial:02X}, neither {DIRECT:02X} nor {INVERSE:02X}")
    names, protocols, at = _interface(raw)
    size = raw[1] & 0x0F
    if len(raw) < at + size:
        raise AtrError(f"ATR, byte 2: T0 says {size} historical bytes, {len(raw) - at} are left")
    historical, rest = raw[at : at + size], raw[at + size :]
    specific = names.get("TA2")
    offered = tuple(dict.fromkeys(number for number in protocols if number != GLOBAL)) or (0,)
    return Atr(
        raw=raw, inverse=initial == INVERSE, protocols=offered,
        first=offered[0] if specific is None else specific & 0x0F, specific=specific is not None,
        fi_di=names.get("TA1", 0x11), historical=historical, tck=_check(raw, rest, at + size, protocols),
        storage=_storage(historical),
    )  # fmt: skip


def _interface(raw: bytes) -> tuple[dict[str, int], list[int], int]:
    """The interface bytes by their names, the protocols that the TDs indicate, and where the historical bytes begin."""
    names: dict[str, int] = {}
    protocols: list[int] = []
    follow, at, group = _byte(raw, 1, "T0"), 2, 1
    while True:
        for bit, letter in ((0x10, "A"), (0x20, "B"), (0x40, "C"), (0x80, "D")):
            if follow & bit:
                names[f"T{letter}{group}"] = _byte(raw, at, f"T{letter}{group}")
                at += 1
        if not follow & 0x80:
            return names, protocols, at
        follow = names[f"TD{group}"]
        protocols.append(follow & 0x0F)
        group += 1


def _byte(raw: bytes, at: int, name: str) -> int:
    if at >= len(raw):
        raise AtrError(f"ATR, byte {at + 1}: {name} is announced, and the ATR ends")
    return raw[at]


def _check(raw: bytes, rest: bytes, at: int, protocols: list[int]) -> Tck:
    """TCK is there unless T=0 alone is indicated; T0 to TCK, all exclusive-ored, are zero."""
    needed = any(protocols)
    if len(rest) != needed:
        wanted = "TCK follows the historical bytes" if needed else "nothing follows the historical bytes"
        raise AtrError(f"ATR, byte {at + 1}: {wanted}, and there are {len(rest)} bytes")
    if not needed:
        return Tck.ABSENT
    return Tck.WRONG if reduce(xor, raw[1:]) else Tck.RIGHT


def _storage(historical: bytes) -> str:
    """The card that a PC/SC storage card's historical bytes name: RID, standard, and two bytes of card name."""
    if len(historical) != 15 or not historical.startswith(_STORAGE):
        return ""
    number = int.from_bytes(historical[9:11])
    standard = STANDARDS.get(historical[8], f"standard {historical[8]:02X}")
    return ", ".join(part for part in (CARDS.get(number, f"storage card {number:04X}"), standard) if part)


def contactless_atr(historical: bytes) -> bytes:
    """The ATR that a reader makes up for a contactless card: 3B 8n 80 01, the card's own bytes, TCK.

    `historical` is the ATS's for type A, the eight bytes of PC/SC part 3, table 3-6 for type B. Raises AtrError for
    more than 15 bytes.
    """
    if len(historical) > 15:
        raise AtrError(f"{len(historical)} historical bytes are more than an ATR holds")
    body = bytes([0x80 | len(historical), 0x80, 0x01]) + historical
    return bytes([DIRECT]) + body + bytes([reduce(xor, body)])


def storage_atr(card: int, standard: int = 0x03) -> bytes:
    """The ATR of a contactless storage card, by the two bytes of its name (`CARDS`) and its standard (`STANDARDS`)."""
    return contactless_atr(_STORAGE + bytes([standard]) + card.to_bytes(2) + bytes(4))
