"""The cardholder's PIN on its way to the card, plain and enciphered. EMV Book 3, 6.5.12; Book 2, 7.2.

Nothing here is kept or told: who calls it holds the digits.
"""

from __future__ import annotations

from typing import NamedTuple

from protocols.emv.certificates import AuthenticationFailed, Reason
from protocols.emv.rsa import RsaPrivate, RsaPublic

PLAIN, ENCIPHERED = 0x80, 0x88
"""P2 of VERIFY. EMV Book 3, 6.5.12, table 23"""
SHORTEST, LONGEST = 4, 12
_HEADER = 0x7F
"""EMV Book 2, 7.2, table 25"""
_ENCIPHERED_PIN = "enciphered PIN data"


class Deciphered(NamedTuple):
    """What a VERIFY with an enciphered PIN held."""

    block: bytes
    challenge: bytes

    def __repr__(self) -> str:
        return "Deciphered(...)"


def pin_block_2(pin: str) -> bytes:
    """Eight bytes: control 2, length, digits, filled with F. EMV Book 3, 6.5.12, table 24.

    Raises ValueError unless there are 4 to 12 digits.
    """
    if not (SHORTEST <= len(pin) <= LONGEST and pin.isascii() and pin.isdecimal()):
        raise ValueError(f"a PIN has {SHORTEST} to {LONGEST} digits")
    return bytes.fromhex(f"2{len(pin):X}{pin}".ljust(16, "F"))


def pin_of_block_2(block: bytes) -> str | None:
    """The digits; None of what is no such block."""
    digits = block.hex().upper()
    size = int(digits[1], 16) if len(digits) == 16 and digits[0] == "2" else 0
    pin, filling = digits[2 : 2 + size], digits[2 + size :]
    return pin if SHORTEST <= size <= LONGEST and pin.isdecimal() and not filling.strip("F") else None


def encipher_pin(key: RsaPublic, block: bytes, challenge: bytes, padding: bytes) -> bytes:
    """PIN block and card's challenge under the card's key; `padding` is random, key size less 17 bytes. Book 2, 7.2

    Raises ValueError when the padding does not fill the modulus.
    """
    return key.recover(bytes([_HEADER]) + block + challenge + padding)


def decipher_pin(key: RsaPrivate, data: bytes) -> Deciphered:
    """The card's side. Whether the challenge was its own (step 3) is for the card to see. Raises AuthenticationFailed.

    EMV Book 2, 7.2, steps 1 and 2.
    """
    if len(data) != key.size:
        raise AuthenticationFailed(_ENCIPHERED_PIN, Reason.LENGTH)
    clear = key.sign(data)
    if clear[0] != _HEADER:
        raise AuthenticationFailed(_ENCIPHERED_PIN, Reason.HEADER)
    return Deciphered(clear[1:9], clear[9:17])
