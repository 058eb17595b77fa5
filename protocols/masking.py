"""Hiding card data: what may be shown of raw bytes, and the note of what was there.

In binary a hidden nibble becomes F; in text a hidden digit becomes byte 7F, which decoders show as a bullet and no
terminal prints. First six and last four digits of a PAN stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from protocols.pan import has_right_check_digit

HIDDEN_TEXT = 0x7F
BULLET = "•"

Owner = Literal["dut", "holdfast"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Something secret that stood in clear: what, at which byte, how many digits, and whose doing it was."""

    kind: str  # pan | track | pin block | expiry | key
    offset: int
    clear_digits: int
    owner: Owner = "dut"


@dataclass(frozen=True, slots=True)
class Masked:
    """Bytes that may be written down, and what was hidden in them."""

    raw: bytes
    exposed: tuple[Exposure, ...] = ()


_RUN = re.compile(rb"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")


def mask_text(data: bytes, pans: Iterable[str] = ()) -> Masked:
    """Hide card numbers in printed text: runs of 13-19 digits, spaced or not, that are known or pass the Luhn check."""
    known, out, exposed = set(pans), bytearray(data), []
    for match in _RUN.finditer(data):
        places = [i for i in range(match.start(), match.end()) if 0x30 <= data[i] <= 0x39]
        digits = bytes(data[i] for i in places).decode("ascii")
        if digits in known or has_right_check_digit(digits):
            exposed.append(Exposure("pan", match.start(), len(digits)))
            for place in places[6:-4]:
                out[place] = HIDDEN_TEXT
    return Masked(bytes(out), tuple(exposed))


def hide_nibbles(data: bytearray, start: int, count: int) -> None:
    """Replace `count` nibbles from nibble `start` on by F, in place."""
    for nibble in range(start, start + count):
        place, low = divmod(nibble, 2)
        data[place] |= 0x0F if low else 0xF0


def hide_pan_nibbles(data: bytearray, start: int, digits: int) -> None:
    """Hide a packed PAN of so many digits but for its first six and last four, in place."""
    if digits > 10:
        hide_nibbles(data, start + 6, digits - 10)
    else:
        hide_nibbles(data, start, digits)
