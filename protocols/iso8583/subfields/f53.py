"""F53: which PIN format, which algorithm, and whether a track is enciphered. facts/unionpay-pos 2.1."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.iso8583.errors import PackError, UnpackError
from protocols.iso8583.pin import PinFormat
from protocols.iso8583.subfields.part import Part

LENGTH = 16
PIN_FORMATS = {"0": "no PIN", **{form.digit: form.value for form in PinFormat}}
ALGORITHMS = {"0": "single DES", "6": "double-length triple DES", "3": "SM4"}
"""SM4 is likely."""
TRACKS = {"0": "clear", "1": "enciphered"}
PARTS = (Part("PIN format", 1, PIN_FORMATS), Part("algorithm", 1, ALGORITHMS), Part("track", 1, TRACKS))
_PATH = ("F53",)


@dataclass(frozen=True, slots=True)
class F53:
    """Security control: `pin_format` and `algorithm` are digits of the tables above."""

    pin_format: str
    algorithm: str
    track_encrypted: bool = False

    @classmethod
    def of(cls, pin_format: PinFormat | None, key_bytes: int, *, track_encrypted: bool = False) -> F53:
        """What a terminal says with a PIN key of so many bytes; no PIN format is no PIN."""
        return cls(pin_format.digit if pin_format else "0", "0" if key_bytes == 8 else "6", track_encrypted)

    def pack(self) -> str:
        """16 digits. Raises PackError for a part that is not one digit."""
        digits = f"{self.pin_format}{self.algorithm}"
        if len(self.pin_format) != 1 or not (digits.isascii() and digits.isdigit() and len(digits) == 2):
            raise PackError(_PATH, "format and algorithm are one digit each")
        return f"{digits}{self.track_encrypted:d}".ljust(LENGTH, "0")

    @classmethod
    def parse(cls, digits: str) -> F53:
        """Raises UnpackError when it has not 16 digits, or its third is neither 0 nor 1. The rest is not looked at."""
        if len(digits) != LENGTH:
            raise UnpackError(_PATH, f"{len(digits)} digits instead of {LENGTH}")
        if digits[2] not in TRACKS:
            raise UnpackError((*_PATH, "53.3"), f"{digits[2]} tells nothing of the track", advice="it is 0 or 1")
        return cls(digits[0], digits[1], digits[2] == "1")
