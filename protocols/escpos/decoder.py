"""Printer bytes to lines and slips, incrementally. Byte 7F, the recorder's mark, is shown as a bullet.

However the bytes are cut into pieces, what comes out is the same. Nothing that was printed is lost: text that a
picture, a code or a cut follows without a line feed is a line too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, Union

from protocols.escpos.commands import CUTS, INTRODUCERS, STATUS, is_known, measure
from protocols.escpos.drawings import COLUMNS, DRAWN, Symbols
from protocols.escpos.slip import Line, Slip, Style
from protocols.masking import BULLET, HIDDEN_TEXT

LF = 0x0A
_TEXT = re.compile(rb"[\x09\x20-\xff]+")  # what prints, taken a run at a time
ALIGNMENTS = {0: "left", 1: "center", 2: "right", 48: "left", 49: "center", 50: "right"}
_HEAD = 64  # most commands are shorter: the rest of a long buffer is not copied for them
_FEED_LINES, _FEED_DOTS = b"\x1bd", b"\x1bJ"


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """The printer is asked for a status: DLE EOT n, GS r n, GS I n, ESC v or ESC u n."""

    raw: bytes


Item: TypeAlias = Union[Line, Slip, StatusRequest]


class Decoder:
    """Feed bytes as they come; lines, finished slips and status requests come out in order.

    A line's style is that of its first character. Commands that the tables do not know are kept in the slip's
    `unknown`, and what follows their two bytes is read as text.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._text = bytearray()
        self._columns = ""  # a picture that waits in the line for its line feed
        self._line_raw = bytearray()
        self._slip_raw = bytearray()
        self._lines: list[Line] = []
        self._unknown: list[bytes] = []
        self._style = self._line_style = Style()
        self._symbols = Symbols()

    def feed(self, data: bytes) -> list[Item]:
        """Everything that is whole now."""
        self._buffer += data
        items: list[Item] = []
        at = 0
        while at < len(self._buffer):
            size = self._step(at, items)
            if not size:
                break
            at += size
        del self._buffer[:at]
        return items

    def rest(self) -> Slip | None:
        """What was printed since the last cut, uncut; None when no line was. Half a command counts to its `raw`."""
        lines = [*self._lines]
        if self._pending:
            lines.append(self._line())
        raw = bytes(self._slip_raw + self._buffer)
        return Slip(tuple(lines), False, raw, tuple(self._unknown)) if lines else None

    @property
    def _pending(self) -> bool:
        return bool(self._text or self._columns)

    def _step(self, at: int, items: list[Item]) -> int:
        byte = self._buffer[at]
        if byte in INTRODUCERS:
            measured = measure(bytes(self._buffer[at : at + _HEAD])) or measure(bytes(self._buffer[at:]))
            if measured is None:
                return 0
            prefix, size = measured
            self._command(prefix, bytes(self._buffer[at : at + size]), items)
            return size
        text = _TEXT.match(self._buffer, at)
        if text is not None:
            self._take(text[0])
            if not self._text:
                self._line_style = self._style
            self._text += text[0]
            return len(text[0])
        self._take(bytes([byte]))
        if byte == LF:
            items.append(self._end_line())
        return 1

    def _take(self, raw: bytes) -> None:
        self._line_raw += raw
        self._slip_raw += raw

    def _line(self) -> Line:
        if self._columns and not self._text:
            return Line(self._columns, self._style, bytes(self._line_raw), "image")
        style = self._line_style if self._text else self._style
        return Line(_decode(bytes(self._text)), style, bytes(self._line_raw))

    def _end_line(self, drawn: Line | None = None) -> Line:
        line = drawn or self._line()
        self._lines.append(line)
        self._text.clear()
        self._line_raw.clear()
        self._columns = ""
        return line

    def _draw(self, kind: str, text: str, raw: bytes, items: list[Item]) -> None:
        if self._pending:
            items.append(self._end_line())
        self._take(raw)
        items.append(self._end_line(Line(text, self._style, bytes(self._line_raw), kind)))

    def _command(self, prefix: bytes, raw: bytes, items: list[Item]) -> None:
        if prefix in STATUS:
            items.append(StatusRequest(raw))
            return
        drawn = DRAWN[prefix](raw) if prefix in DRAWN else self._symbols.take(raw)
        if drawn:
            self._draw(*drawn, raw, items)
            return
        self._take(raw)
        if prefix in CUTS:
            self._cut(items)
        elif prefix in _STYLES:
            self._style = _STYLES[prefix](self._style, raw[len(prefix) :])
        elif prefix in (_FEED_LINES, _FEED_DOTS):
            count = raw[-1] if prefix == _FEED_LINES else 1
            items += [self._end_line() for _ in range(max(count, 1) if self._pending else count)]
        elif prefix == COLUMNS:
            self._columns = f"{int.from_bytes(raw[3:5], 'little')} columns"
        elif not is_known(prefix):
            self._unknown.append(raw)

    def _cut(self, items: list[Item]) -> None:
        if self._pending:
            items.append(self._end_line())
        items.append(Slip(tuple(self._lines), True, bytes(self._slip_raw), tuple(self._unknown)))
        self._lines, self._unknown = [], []
        self._slip_raw.clear()
        self._line_raw.clear()


def decode(data: bytes) -> list[Slip]:
    """All slips in the bytes; what was not cut comes last."""
    decoder = Decoder()
    slips = [item for item in decoder.feed(data) if isinstance(item, Slip)]
    rest = decoder.rest()
    return [*slips, rest] if rest else slips


def _decode(text: bytes) -> str:
    return text.decode("gb18030", "replace").replace(chr(HIDDEN_TEXT), BULLET)


def _mode(style: Style, args: bytes) -> Style:
    """ESC !: one byte of bits."""
    bits = args[0]
    return style.but(
        bold=bool(bits & 8), height=2 if bits & 16 else 1, width=2 if bits & 32 else 1, underline=bool(bits & 128)
    )


def _chinese_mode(style: Style, args: bytes) -> Style:
    """FS !: one byte of bits, others than those of ESC !."""
    bits = args[0]
    return style.but(width=2 if bits & 4 else 1, height=2 if bits & 8 else 1, underline=bool(bits & 128))


_STYLES: dict[bytes, Callable[[Style, bytes], Style]] = {
    b"\x1b@": lambda style, args: Style(),
    b"\x1b!": _mode,
    b"\x1c!": _chinese_mode,
    b"\x1bE": lambda style, args: style.but(bold=bool(args[0] & 1)),
    b"\x1bG": lambda style, args: style.but(bold=bool(args[0] & 1)),
    b"\x1b-": lambda style, args: style.but(underline=args[0] in (1, 2, 49, 50)),
    b"\x1ba": lambda style, args: style.but(align=ALIGNMENTS.get(args[0], "left")),
    b"\x1d!": lambda style, args: style.but(width=(args[0] >> 4 & 7) + 1, height=(args[0] & 7) + 1),
}
