"""Keys of issuer and card: the three kinds, and a card's own of the issuer's. EMV Book 2, Annex A1.4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha1

from protocols.crypto import TripleDes, xor
from protocols.emv.cryptogram import NO_SEQUENCE, derive_udk

Derivation = Callable[[bytes, str, str], bytes]
"""Issuer's master key, PAN and sequence number to the card's own key."""
LONGEST_OF_A = 16
_AS_DIGITS = str.maketrans("ABCDEF", "012345")


@dataclass(frozen=True, slots=True)
class CardKeys:
    """A card's own keys: for cryptograms, and for MAC and encipherment of issuer scripts."""

    ac: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    enc: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The issuer's keys from which those of all its cards are derived."""

    ac: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    enc: bytes = field(repr=False)

    def card(self, derive: Derivation, pan: str, psn: str) -> CardKeys:
        """Of the card with this PAN and sequence number; an empty one counts as 00."""
        return CardKeys(derive(self.ac, pan, psn), derive(self.mac, pan, psn), derive(self.enc, pan, psn))


derive_a = derive_udk
"""Option A: the right-most 16 digits of PAN and sequence number. EMV Book 2, Annex A1.4.1"""


def derive_b(master: bytes, pan: str, psn: str) -> bytes:
    """Option B: for longer PANs, the digits of their hash. EMV Book 2, Annex A1.4.2; up to 16 digits, option A."""
    if len(pan) <= LONGEST_OF_A:
        return derive_a(master, pan, psn)
    digits = pan + (psn or NO_SEQUENCE)
    packed = bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))
    hashed = sha1(packed, usedforsecurity=False).hexdigest().upper()
    decimal = "".join(filter(str.isdecimal, hashed)) + "".join(filter(str.isalpha, hashed)).translate(_AS_DIGITS)
    diversifier = bytes.fromhex(decimal[:16])
    return TripleDes(master).encrypt(diversifier + xor(diversifier, b"\xff" * 8))
