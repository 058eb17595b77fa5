"""F62 of a sign-on reply: working keys under the master key, with check values. facts/unionpay-pos 2.6."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.crypto import TripleDes, check_value
from protocols.iso8583.errors import KeyCheckError

CHECK_BYTES = 4
KEY_BYTES = {"001": 8, "003": 16}
"""F60.3 to the length of each working key."""


@dataclass(frozen=True, slots=True, repr=False)
class WorkingKeys:
    """Clear PIN and MAC key of one session. Never shown: it has no repr of its values."""

    pin: bytes
    mac: bytes

    def wrap(self, master: bytes) -> bytes:
        """F62: each key under the master key, followed by its check value."""
        des = TripleDes(master)
        return b"".join(des.encrypt(key) + check_value(key) for key in (self.pin, self.mac))

    @classmethod
    def unwrap(cls, master: bytes, wrapped: bytes) -> WorkingKeys:
        """Raises KeyCheckError when a length or a check value is wrong."""
        des, size = TripleDes(master), len(wrapped) // 2 - CHECK_BYTES
        if size not in KEY_BYTES.values() or len(wrapped) % 2:
            raise KeyCheckError(("F62",), f"{len(wrapped)} bytes are no pair of keys", advice="24 or 40 bytes are")
        keys = []
        for name, part in (("PIN key", wrapped[: size + CHECK_BYTES]), ("MAC key", wrapped[size + CHECK_BYTES :])):
            key = des.decrypt(part[:size])
            if check_value(key) != part[size:]:
                raise KeyCheckError(
                    ("F62", name), "its check value is wrong", advice="compare the terminal master keys"
                )
            keys.append(key)
        return cls(*keys)
