"""The UnionPay ECB MAC: fold, expand to hex, encipher twice; F64 holds 8 ASCII characters. facts/unionpay-pos 4.1."""

from __future__ import annotations

from typing import Literal

from protocols.crypto import BLOCK, TripleDes, xor
from protocols.iso8583.compile import Codec, Message

MacCheck = Literal["valid", "wrong", "absent"]
MAC_FIELD = 64
_LAST_BIT = 0x01  # of the bitmap's last byte, byte 9 of the message


class EcbMac:
    """Single DES for an 8-byte key, triple DES for a 16-byte one (vectors a and o1)."""

    scheme = "UnionPay ECB"

    def __init__(self, key: bytes) -> None:
        self._des = TripleDes(key)

    def over(self, mab: bytes) -> bytes:
        """F64 of a message block: MTI up to the byte before F64."""
        padded = mab + bytes(-len(mab) % BLOCK)
        folded = 0
        for start in range(0, len(padded), BLOCK):
            folded ^= int.from_bytes(padded[start : start + BLOCK], "big")
        expanded = f"{folded:016X}".encode("ascii")
        first = self._des.encrypt(expanded[:BLOCK])
        second = self._des.encrypt(xor(first, expanded[BLOCK:]))
        return second.hex().upper()[:BLOCK].encode("ascii")

    def seal(self, codec: Codec, message: Message) -> bytes:
        """Pack a message with its F64."""
        body = codec.pack({**message, MAC_FIELD: bytes(BLOCK)})
        return body[:-BLOCK] + self.over(body[:-BLOCK])

    def check(self, body: bytes) -> MacCheck:
        """Whether a packed message carries the right F64."""
        if len(body) < 10 + BLOCK or not body[9] & _LAST_BIT:
            return "absent"
        return "valid" if self.over(body[:-BLOCK]) == body[-BLOCK:] else "wrong"
