"""What a printer draws rather than writes: pictures, barcodes, and codes of two dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Drawn: TypeAlias = "tuple[str, str]"  # kind of the line, and its text

COLUMNS = b"\x1b*"
"""ESC *: a strip of a picture, in the line like a text; its line feed ends it."""
_QR = b"1"
_GRAPHICS_PRINT = (b"\x02", b"\x32")
_STORE, _PRINT = b"P", b"Q"


def _raster(raw: bytes) -> Drawn:
    """GS v 0: the size in dots; a byte of a row is eight of them."""
    return "image", _size(8 * int.from_bytes(raw[4:6], "little"), int.from_bytes(raw[6:8], "little"))


def _barcode(raw: bytes) -> Drawn:
    """GS k: its data, in the form that NUL ends or in the counted one."""
    return "barcode", (raw[4:] if raw[2] >= 65 else raw[3:-1]).decode("ascii", "replace")


DRAWN: dict[bytes, Callable[[bytes], Drawn]] = {
    b"\x1dv": _raster,
    b"\x1dk": _barcode,
    b"\x1d/": lambda raw: ("image", "stored image"),
    b"\x1cp": lambda raw: ("image", f"stored image {raw[2]}"),
}
"""Commands that draw at once; each to the kind and the text of its line."""


class Symbols:
    """The stores of a printer: GS ( k and GS ( L put a code or a picture there, and print it later."""

    def __init__(self) -> None:
        self._codes: dict[bytes, bytes] = {}
        self._picture = "nothing stored"

    def take(self, raw: bytes) -> Drawn | None:
        """Follow one whole command; a line's kind and text when it prints."""
        if raw.startswith(b"\x1d(k"):
            return self._code(raw[5:6], raw[6:7], raw[8:])
        if raw.startswith(b"\x1d(L"):
            return self._graphics(raw[5:])
        return self._graphics(raw[7:]) if raw.startswith(b"\x1d8L") else None

    def _code(self, kind: bytes, function: bytes, data: bytes) -> Drawn | None:
        if function == _STORE:
            self._codes[kind] = data
        if function != _PRINT:
            return None
        return "qr" if kind == _QR else "barcode", self._codes.get(kind, b"").decode("utf-8", "replace")

    def _graphics(self, parameters: bytes) -> Drawn | None:
        """m fn a bx by c xL xH yL yH data for storing (fn 112), m fn for printing (fn 2 or 50)."""
        function = parameters[1:2]
        if function == b"p":
            self._picture = _size(int.from_bytes(parameters[6:8], "little"), int.from_bytes(parameters[8:10], "little"))
        return ("image", self._picture) if function in _GRAPHICS_PRINT else None


def _size(width: int, height: int) -> str:
    return f"{width} x {height}"
