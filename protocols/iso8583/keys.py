"""F62 of a sign-on reply: working keys under the master key, with check values. facts/unionpay-pos 2.6."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.crypto import BLOCK, TripleDes, check_value
from protocols.iso8583.errors import KeyCheckError

CHECK_BYTES = 4
KEY_BYTES = {"001": 8, "003": 16}
"""F60.3 to the length of each working key."""


@dataclass(frozen=True, slots=True, repr=False)
class WorkingKeys:
    """Clear PIN and MAC key of one session, 8 or 16 bytes each. Never shown: it has no repr of its values."""

    pin: bytes
    mac: bytes

    def wrap(self, master: bytes) -> bytes:
        """F62: each key under the master key, followed by its check value; a shorter MAC key is filled with zeros."""
        des = TripleDes(master)
        wrapped = (des.encrypt(key).ljust(len(self.pin), b"\x00") + check_value(key) for key in (self.pin, self.mac))
        return b"".join(wrapped)

    @classmethod
    def unwrap(cls, master: bytes, wrapped: bytes) -> WorkingKeys:
        """Raises KeyCheckError when a length or a check value is wrong.

        A MAC key of single length in a double-length field stands before 8 zero bytes.
        """
        size = len(wrapped) // 2 - CHECK_BYTES
        if size not in KEY_BYTES.values() or len(wrapped) % 2:
            raise KeyCheckError(("F62",), f"{len(wrapped)} bytes are no pair of keys", advice="24 or 40 bytes are")
        pin, mac = wrapped[: size + CHECK_BYTES], wrapped[size + CHECK_BYTES :]
        if mac[BLOCK:size] == bytes(BLOCK):
            mac = mac[:BLOCK] + mac[size:]
        des = TripleDes(master)
        return cls(_unwrap(des, "PIN key", pin), _unwrap(des, "MAC key", mac))


def _unwrap(des: TripleDes, name: str, part: bytes) -> bytes:
    key = des.decrypt(part[:-CHECK_BYTES])
    if check_value(key) != part[-CHECK_BYTES:]:
        raise KeyCheckError(("F62", name), "its check value is wrong", advice="compare the terminal master keys")
    return key
