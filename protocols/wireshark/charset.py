"""GB 18030 as tables: Wireshark's Lua cuts what it decodes to the bytes that the text had, so the dissector decodes.

Two bytes: for each first byte its characters in the order of the second. Four bytes: numbered through, and runs of
numbers whose characters are numbered through, too.
"""

from __future__ import annotations

from typing import Any

from protocols.iso8583.subfields.part import CHARSET

_FIRST = range(0x81, 0xFF)
_SECOND = [*range(0x40, 0x7F), *range(0x80, 0xFF)]
_SURROGATES = range(0xD800, 0xE000)
BEYOND = 189_000
"""The number of U+10000; from there on numbers and characters run side by side."""


def charset() -> dict[str, Any]:
    """`two` by first byte, `four` as runs of (first number, last number, first character), and `beyond`."""
    two = {first: "".join(bytes([first, second]).decode(CHARSET) for second in _SECOND) for first in _FIRST}
    return {"two": two, "four": _runs(), "beyond": BEYOND}


def number_of(four: bytes) -> int:
    """Which four bytes these are, counted from 81308130."""
    a, b, c, d = four
    return (((a - 0x81) * 10 + b - 0x30) * 126 + c - 0x81) * 10 + d - 0x30


def _runs() -> list[tuple[int, int, int]]:
    runs: list[tuple[int, int, int]] = []
    for character in range(0x80, 0x10000):
        coded = b"" if character in _SURROGATES else chr(character).encode(CHARSET)
        if len(coded) != 4:
            continue
        number = number_of(coded)
        if runs and (number, character) == (runs[-1][1] + 1, runs[-1][2] + number - runs[-1][0]):
            runs[-1] = runs[-1][0], number, runs[-1][2]
        else:
            runs.append((number, number, character))
    return runs
