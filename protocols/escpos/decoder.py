"""Printer bytes to lines and slips, incrementally. Byte 7F, the recorder's mark, is shown as a bullet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, Union

from protocols.escpos.commands import CUTS, INTRODUCERS, STATUS, measure
from protocols.escpos.slip import Line, Slip, Style
from protocols.masking import BULLET, HIDDEN_TEXT

LF, CR = 0x0A, 0x0D
ALIGNMENTS = {0: "left", 1: "center", 2: "right", 48: "left", 49: "center", 50: "right"}
_QR_STORE = b"1P0"


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """The printer is asked for a status: DLE EOT n, GS r n or GS I n."""

    raw: bytes


Item: TypeAlias = Union[Line, Slip, StatusRequest]


class Decoder:
    """Feed bytes as they come; lines, finished slips and status requests come out in order."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._text = bytearray()
        self._line_raw = bytearray()
        self._slip_raw = bytearray()
        self._lines: list[Line] = []
        self._unknown: list[bytes] = []
        self._style = Style()
        self._qr = b""

    def feed(self, data: bytes) -> list[Item]:
        """Everything that is whole now."""
        self._buffer += data
        items: list[Item] = []
        while self._buffer:
            size = self._step(items)
            if not size:
                break
            del self._buffer[:size]
        return items

    def rest(self) -> Slip | None:
        """What was printed since the last cut, uncut; None when there is nothing."""
        lines = [*self._lines]
        if self._text:
            lines.append(Line(_decode(bytes(self._text)), self._style, bytes(self._line_raw)))
        return Slip(tuple(lines), False, bytes(self._slip_raw), tuple(self._unknown)) if lines else None

    def _step(self, items: list[Item]) -> int:
        byte = self._buffer[0]
        if byte in INTRODUCERS:
            measured = measure(bytes(self._buffer))
            if measured is None:
                return 0
            prefix, size = measured
            self._command(prefix, bytes(self._buffer[:size]), items)
            return size
        self._take(bytes([byte]))
        if byte == LF:
            items.append(self._end_line())
        elif byte != CR:
            self._text.append(byte)
        return 1

    def _take(self, raw: bytes) -> None:
        self._line_raw += raw
        self._slip_raw += raw

    def _end_line(self, kind: str = "text", text: str | None = None) -> Line:
        line = Line(_decode(bytes(self._text)) if text is None else text, self._style, bytes(self._line_raw), kind)
        self._lines.append(line)
        self._text.clear()
        self._line_raw.clear()
        return line

    def _command(self, prefix: bytes, raw: bytes, items: list[Item]) -> None:
        if prefix in STATUS:
            items.append(StatusRequest(raw))
            return
        self._take(raw)
        if prefix == b"\x1dV" or prefix in CUTS:
            if self._text:
                items.append(self._end_line())
            items.append(Slip(tuple(self._lines), True, bytes(self._slip_raw), tuple(self._unknown)))
            self._lines, self._unknown = [], []
            self._slip_raw.clear()
            self._line_raw.clear()
        elif prefix in _STYLES:
            self._style = _STYLES[prefix](self._style, raw[len(prefix) :])
        elif prefix in (b"\x1bd", b"\x1bJ"):
            count = raw[-1] if prefix == b"\x1bd" else 1
            items += [self._end_line() for _ in range(max(count, 1) if self._text else count)]
        elif prefix in _DRAWN:
            kind, say = _DRAWN[prefix]
            items.append(self._end_line(kind, say(raw)))
        elif prefix == b"\x1d(":
            self._two_dimensional(raw, items)
        elif prefix == raw and len(raw) == 2 and measure(raw + bytes(300)) == (raw, 2) and raw not in _SILENT:
            self._unknown.append(raw)

    def _two_dimensional(self, raw: bytes, items: list[Item]) -> None:
        """GS ( k: store the symbol's data, then print it."""
        if raw[2:3] != b"k":
            return
        if raw[5:8] == _QR_STORE:
            self._qr = raw[8:]
        elif raw[5:7] == b"1Q":
            items.append(self._end_line("qr", self._qr.decode("utf-8", "replace")))


def decode(data: bytes) -> list[Slip]:
    """All slips in the bytes; what was not cut comes last."""
    decoder = Decoder()
    slips = [item for item in decoder.feed(data) if isinstance(item, Slip)]
    rest = decoder.rest()
    return [*slips, rest] if rest else slips


def _decode(text: bytes) -> str:
    return text.decode("gb18030", "replace").replace(chr(HIDDEN_TEXT), BULLET)


def _mode(style: Style, args: bytes) -> Style:
    """ESC ! and FS !: one byte of bits."""
    bits = args[0]
    return style.but(
        bold=bool(bits & 8), height=2 if bits & 16 else 1, width=2 if bits & 32 else 1, underline=bool(bits & 128)
    )


def _chinese_mode(style: Style, args: bytes) -> Style:
    bits = args[0]
    return style.but(width=2 if bits & 4 else 1, height=2 if bits & 8 else 1, underline=bool(bits & 128))


_STYLES: dict[bytes, Callable[[Style, bytes], Style]] = {
    b"\x1b@": lambda style, args: Style(),
    b"\x1b!": _mode,
    b"\x1c!": _chinese_mode,
    b"\x1bE": lambda style, args: style.but(bold=bool(args[0] & 1)),
    b"\x1bG": lambda style, args: style.but(bold=bool(args[0] & 1)),
    b"\x1b-": lambda style, args: style.but(underline=bool(args[0] & 3)),
    b"\x1ba": lambda style, args: style.but(align=ALIGNMENTS.get(args[0], "left")),
    b"\x1d!": lambda style, args: style.but(width=(args[0] >> 4 & 7) + 1, height=(args[0] & 7) + 1),
}
_DRAWN: dict[bytes, tuple[str, Callable[[bytes], str]]] = {
    b"\x1dv": ("image", lambda raw: f"{8 * int.from_bytes(raw[4:6], 'little')} x {int.from_bytes(raw[6:8], 'little')}"),
    b"\x1b*": ("image", lambda raw: f"{int.from_bytes(raw[3:5], 'little')} columns"),
    b"\x1dk": ("barcode", lambda raw: (raw[4:] if raw[2] >= 65 else raw[3:-1]).decode("ascii", "replace")),
}
_SILENT = frozenset({b"\x1b2", b"\x1bS", b"\x1bL", b"\x1c&", b"\x1c."})
