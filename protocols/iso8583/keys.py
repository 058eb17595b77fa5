"""F62 of a sign-on reply: working keys under the master key, with check values. facts/unionpay-pos 2.6, 4.4."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from protocols.crypto import BLOCK, TripleDes, check_value
from protocols.iso8583.errors import KeyCheckError

CHECK_BYTES = 4
NAMES = ("PIN key", "MAC key", "track key")
"""In the order in which they stand in F62."""


@dataclass(frozen=True, slots=True)
class KeyForm:
    """How many keys a sign-on reply carries, and the length of each in bytes."""

    key_bytes: int
    keys: int = 2

    @property
    def size(self) -> int:
        """Bytes of F62."""
        return self.keys * (self.key_bytes + CHECK_BYTES)


FORMS = {"001": KeyForm(8), "003": KeyForm(16), "004": KeyForm(16, keys=3)}
"""F60.3 of a sign-on to what its reply carries: PIN and MAC key, and with 004 a track key."""
KEY_BYTES = {number: form.key_bytes for number, form in FORMS.items()}
"""F60.3 to the length of each working key."""
LAYOUTS = {form.size: form for form in (*FORMS.values(), KeyForm(24), KeyForm(24, keys=3))}
"""Bytes of F62 to its form. Those of 24-byte keys have a length in the field, 56 or 84, and no F60.3 (2.6: likely)."""


@dataclass(frozen=True, slots=True, repr=False)
class WorkingKeys:
    """Clear working keys of one sign-on, 8, 16 or 24 bytes each. Never shown: it has no repr of its values.

    A MAC key of 8 bytes may go with a longer PIN key. No track key is empty bytes.
    """

    pin: bytes
    mac: bytes
    track: bytes = b""

    def wrap(self, master: bytes) -> bytes:
        """F62: each key under the master key, followed by its check value.

        A MAC key of single length in a longer field stands before zeros. Raises ValueError for lengths that no form
        has.
        """
        size = len(self.pin)
        keys = [self.pin, self.mac] + ([self.track] if self.track else [])
        if KeyForm(size, len(keys)).size not in LAYOUTS or len(self.mac) not in (BLOCK, size):
            raise ValueError(f"keys of {', '.join(str(len(key)) for key in keys)} bytes go in no sign-on reply")
        if self.track and len(self.track) != size:
            raise ValueError(f"a track key of {len(self.track)} bytes does not go with a PIN key of {size}")
        des = TripleDes(master)
        return b"".join(des.encrypt(key).ljust(size, b"\x00") + check_value(key) for key in keys)

    @classmethod
    def unwrap(cls, master: bytes, wrapped: bytes) -> WorkingKeys:
        """Raises KeyCheckError when a length or a check value is wrong; its path names the key.

        A MAC key of single length in a longer field stands before zeros.
        """
        form = LAYOUTS.get(len(wrapped))
        if form is None:
            lengths = ", ".join(map(str, sorted(LAYOUTS)))
            raise KeyCheckError(("F62",), f"{len(wrapped)} bytes are no set of keys", advice=f"{lengths} bytes are")
        des, step = TripleDes(master), form.key_bytes + CHECK_BYTES
        parts = [wrapped[start : start + step] for start in range(0, len(wrapped), step)]
        return cls(*(_unwrap(des, name, part) for name, part in zip(NAMES, parts, strict=False)))


def _unwrap(des: TripleDes, name: str, part: bytes) -> bytes:
    wrapped, stated = part[:-CHECK_BYTES], part[-CHECK_BYTES:]
    if name == "MAC key" and len(wrapped) > BLOCK and not any(wrapped[BLOCK:]):
        wrapped = wrapped[:BLOCK]
    key = des.decrypt(wrapped)
    if not hmac.compare_digest(check_value(key), stated):
        raise KeyCheckError(("F62", name), "its check value is wrong", advice="compare the terminal master keys")
    return key
