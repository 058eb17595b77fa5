"""The commands of ESC/POS that the decoder knows, as data: prefix to the length of what follows."""

from __future__ import annotations

FIXED: dict[bytes, int] = {  # prefix: argument bytes
    b"\x1b@": 0, b"\x1b!": 1, b"\x1bE": 1, b"\x1bG": 1, b"\x1ba": 1, b"\x1b-": 1, b"\x1bd": 1, b"\x1bJ": 1,
    b"\x1b2": 0, b"\x1b3": 1, b"\x1bt": 1, b"\x1bR": 1, b"\x1bM": 1, b"\x1bV": 1, b"\x1b{": 1, b"\x1bp": 3,
    b"\x1b ": 1, b"\x1bS": 0, b"\x1bL": 0, b"\x1bT": 1, b"\x1bc3": 1, b"\x1bc4": 1, b"\x1bc5": 1, b"\x1b$": 2,
    b"\x1b\\": 2, b"\x1bi": 0, b"\x1bm": 0, b"\x1br": 1, b"\x1bB": 2, b"\x1b%": 1, b"\x1b?": 1, b"\x1b=": 1,
    b"\x1bU": 1, b"\x1be": 1, b"\x1bK": 1, b"\x1b<": 0, b"\x1bW": 8, b"\x1b\x0c": 0, b"\x1bv": 0, b"\x1bu": 1,
    b"\x1d!": 1, b"\x1dB": 1, b"\x1dL": 2, b"\x1dW": 2, b"\x1dH": 1, b"\x1dh": 1, b"\x1dw": 1, b"\x1df": 1,
    b"\x1dP": 2, b"\x1db": 1, b"\x1da": 1, b"\x1dr": 1, b"\x1dI": 1, b"\x1d|": 1, b"\x1d$": 2, b"\x1d\\": 2,
    b"\x1d^": 3, b"\x1d:": 0, b"\x1d/": 1, b"\x1dT": 1, b"\x1dc": 0, b"\x1dg": 4, b"\x1dz": 3,
    b"\x1c&": 0, b"\x1c.": 0, b"\x1c!": 1, b"\x1c-": 1, b"\x1cW": 1, b"\x1cC": 1, b"\x1cS": 2, b"\x1cp": 2,
    b"\x10\x04": 1, b"\x10\x05": 1, b"\x10\x14": 3, b"\x18": 0,
}  # fmt: skip
CUTS = (b"\x1dV", b"\x1bi", b"\x1bm")
STATUS = (b"\x10\x04", b"\x1dr", b"\x1dI", b"\x1bv", b"\x1bu")
INTRODUCERS = frozenset({0x10, 0x18, 0x1B, 0x1C, 0x1D})


def measure(data: bytes) -> tuple[bytes, int] | None:
    """Prefix and whole length of the command at the start of `data`; None when more bytes are needed.

    An unknown command is its two prefix bytes: nothing that follows is lost.
    """
    if len(data) < _LONGEST and data in _BEGINNINGS:
        return None
    for size in (3, 2, 1):
        prefix = data[:size]
        if prefix in FIXED:
            whole = len(prefix) + FIXED[prefix]
            return (prefix, whole) if len(data) >= whole else None
    prefix = data[:2]
    variable = _VARIABLE.get(prefix)
    return variable(data) if variable else (prefix, 2)


def is_known(prefix: bytes) -> bool:
    """Whether the tables hold this command."""
    return prefix in FIXED or prefix in _VARIABLE


def _cut(data: bytes) -> tuple[bytes, int] | None:
    """GS V m, or GS V m n for m of 65 and more."""
    if len(data) < 3:
        return None
    whole = 4 if data[2] >= 65 else 3
    return (b"\x1dV", whole) if len(data) >= whole else None


def _raster(data: bytes) -> tuple[bytes, int] | None:
    """GS v 0 m xL xH yL yH data."""
    if len(data) < 8:
        return None
    whole = 8 + int.from_bytes(data[4:6], "little") * int.from_bytes(data[6:8], "little")
    return (b"\x1dv", whole) if len(data) >= whole else None


def _large_graphics(data: bytes) -> tuple[bytes, int] | None:
    """GS 8 L p1 p2 p3 p4 ..."""
    if len(data) < 7:
        return None
    whole = 7 + int.from_bytes(data[3:7], "little")
    return (b"\x1d8", whole) if len(data) >= whole else None


def _download(data: bytes) -> tuple[bytes, int] | None:
    """GS * x y data: an image of x by y blocks of eight bytes, stored for GS /."""
    if len(data) < 4:
        return None
    whole = 4 + data[2] * data[3] * 8
    return (b"\x1d*", whole) if len(data) >= whole else None


def _counted(data: bytes) -> tuple[bytes, int] | None:
    """GS ( x pL pH ..."""
    if len(data) < 5:
        return None
    whole = 5 + int.from_bytes(data[3:5], "little")
    return (data[:2], whole) if len(data) >= whole else None


def _barcode(data: bytes) -> tuple[bytes, int] | None:
    """GS k m ... NUL, or GS k m n ... for m of 65 and more."""
    if len(data) < 4:
        return None
    if data[2] >= 65:
        whole = 4 + data[3]
        return (b"\x1dk", whole) if len(data) >= whole else None
    end = data.find(b"\x00", 3)
    return (b"\x1dk", end + 1) if end >= 0 else None


def _bit_image(data: bytes) -> tuple[bytes, int] | None:
    """ESC * m nL nH data: 1 or 3 bytes a column."""
    if len(data) < 5:
        return None
    whole = 5 + int.from_bytes(data[3:5], "little") * (3 if data[2] >= 32 else 1)
    return (b"\x1b*", whole) if len(data) >= whole else None


def _tabs(data: bytes) -> tuple[bytes, int] | None:
    """ESC D n1 ... NUL."""
    end = data.find(b"\x00", 2)
    return (b"\x1bD", end + 1) if end >= 0 else None


_VARIABLE = {
    b"\x1dV": _cut,
    b"\x1dv": _raster,
    b"\x1d(": _counted,
    b"\x1c(": _counted,
    b"\x1b(": _counted,
    b"\x1d8": _large_graphics,
    b"\x1d*": _download,
    b"\x1dk": _barcode,
    b"\x1b*": _bit_image,
    b"\x1bD": _tabs,
}
_PREFIXES = (*FIXED, *_VARIABLE)
_LONGEST = max(map(len, _PREFIXES))
_BEGINNINGS = frozenset(prefix[:size] for prefix in _PREFIXES for size in range(len(prefix)))
"""Every beginning of a prefix that is not yet the whole of it."""
