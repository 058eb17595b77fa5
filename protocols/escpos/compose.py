"""Slips to printer bytes. A Chinese character takes two columns."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

RESET, CHINESE, CUT = b"\x1b@", b"\x1c&", b"\x1dV\x42\x00"
ALIGN = {"left": b"\x1ba\x00", "center": b"\x1ba\x01", "right": b"\x1ba\x02"}


def columns_of(text: str) -> int:
    """How many columns a text takes at normal width."""
    return len(text) if text.isascii() else sum(map(_columns, text))


@lru_cache(maxsize=4096)
def _columns(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns; a character is never cut."""
    if columns_of(text) <= columns:
        return [text]
    lines, line, used = [], "", 0
    for char in text:
        width = columns_of(char)
        if used + width > columns and line:
            lines.append(line)
            line, used = "", 0
        line, used = line + char, used + width
    return [*lines, line]


class Composer:
    """Builds one slip, call by call."""

    def __init__(self, columns: int = 32) -> None:
        self._columns = columns
        self._out = bytearray(RESET + CHINESE)

    def text(self, text: str, *, align: str = "left", width: int = 1, height: int = 1, bold: bool = False) -> Composer:
        """A line, wrapped where it is too long."""
        size = bytes([0x1D, 0x21, (width - 1) << 4 | (height - 1)])
        self._out += ALIGN[align] + size + bytes([0x1B, 0x45, bold])
        for line in wrap(text, self._columns // width):
            self._out += line.encode("gb18030") + b"\n"
        return self

    def pair(self, label: str, value: str) -> Composer:
        """Label left, value right; on two lines when they would overlap."""
        gap = self._columns - columns_of(label) - columns_of(value)
        if gap < 1:
            return self.text(label).text(value, align="right")
        return self.text(label + " " * gap + value)

    def rule(self, char: str = "-") -> Composer:
        """A line across the slip."""
        return self.text(char * self._columns)

    def feed(self, lines: int = 1) -> Composer:
        """Empty lines."""
        self._out += bytes([0x1B, 0x64, lines])
        return self

    def cut(self) -> Composer:
        """End the slip."""
        self._out += CUT
        return self

    def bytes(self) -> bytes:
        """What goes to the printer."""
        return bytes(self._out)
