"""A PIN on its way to the card: the plain VERIFY, and the enciphered one. EMV Book 2, 7; EMV Book 3, 6.5.12."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from protocols.emv import Apdu
from protocols.emv.pin import ENCIPHERED, PLAIN, encipher_pin, pin_block_2
from protocols.emv.rsa import RsaPublic

CHALLENGE = Apdu(0x00, 0x84, 0x00, 0x00, le=256)  # EMV Book 3, 6.5.6: Le is 00
CHALLENGE_BYTES = 8  # EMV Book 2, 7.2: the ICC Unpredictable Number
SHORTEST_KEY = 1 + 8 + CHALLENGE_BYTES
"""Bytes of a modulus that leaves room for header, PIN block and challenge. EMV Book 2, 7.2, table 25"""
DONE = "9000"
NO_CHALLENGE, NO_ROOM = "6985", "6A80"
"""What the pad says in the card's place when the card's part fell out: status words that verify nothing."""


def verify_plain(digits: str, send: Callable[[bytes], bytes]) -> str:
    """The status words of a plain VERIFY."""
    return _status(send(Apdu(0x00, 0x20, 0x00, PLAIN, pin_block_2(digits)).pack()))


def verify_enciphered(
    digits: str, key: RsaPublic, send: Callable[[bytes], bytes], padding: Callable[[int], bytes] = secrets.token_bytes
) -> str:
    """The status words of an enciphered VERIFY, or those of a card that gave no challenge. EMV Book 2, 7.2.

    `padding` gives random bytes, fresh ones for each PIN.
    """
    answer = send(CHALLENGE.pack())
    challenge, status = answer[:-2], _status(answer)
    if status != DONE or len(challenge) != CHALLENGE_BYTES:
        return NO_CHALLENGE if status == DONE else status
    if key.size < SHORTEST_KEY:
        return NO_ROOM
    data = encipher_pin(key, pin_block_2(digits), challenge, padding(key.size - SHORTEST_KEY))
    return _status(send(Apdu(0x00, 0x20, 0x00, ENCIPHERED, data).pack()))


def _status(answer: bytes) -> str:
    return answer[-2:].hex().upper()
