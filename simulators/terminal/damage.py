"""What can be wrong with a frame on the line, by name. cases.md 128, 129; facts/unionpay-pos 1.

Each takes a whole good frame, length first, and gives what is sent in its place.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

from protocols.faults import ConfigurationError
from protocols.iso8583.frame import HEADER_BYTES, LENGTH_BYTES, TPDU_BYTES

MESSAGE = LENGTH_BYTES + TPDU_BYTES + HEADER_BYTES
BITMAP = MESSAGE + 2
CUT = 5
NO_FRAME = b"GET / HTTP/1.1\r\nHost: issuer\r\n\r\n"
UNKNOWN_FIELD = 7
"""facts/unionpay-pos 2: not in the table."""

Damage = Callable[[bytes], bytes]


def _length(content: bytes, more: int = 0) -> bytes:
    """The content behind a length that is so much more than its own."""
    return (len(content) + more).to_bytes(LENGTH_BYTES, "big") + content


def _content(frame: bytes) -> bytes:
    return frame[LENGTH_BYTES:]


def _ascii_length(frame: bytes) -> bytes:
    return f"{len(_content(frame)):04d}".encode("ascii") + _content(frame)


def _bit(frame: bytes, field: int) -> bytes:
    """The bitmap names a field that is not there."""
    at = BITMAP + (field - 1) // 8
    return frame[:at] + bytes([frame[at] | 0x80 >> (field - 1) % 8]) + frame[at + 1 :]


def _second_bitmap(frame: bytes) -> bytes:
    marked = _content(_bit(frame, 1))
    end = BITMAP + 8 - LENGTH_BYTES
    return _length(marked[:end] + bytes(8) + marked[end:])


def _ascii_mti(frame: bytes) -> bytes:
    mti = frame[MESSAGE:BITMAP].hex().encode("ascii")
    return _length(frame[LENGTH_BYTES:MESSAGE] + mti + frame[BITMAP:])


DAMAGES: dict[str, Damage] = {
    "length too big": lambda frame: _length(_content(frame), 64),
    "length too small": lambda frame: _length(_content(frame), -8),
    "length zero": lambda frame: bytes(LENGTH_BYTES) + _content(frame),
    "length counts itself": lambda frame: _length(_content(frame), LENGTH_BYTES),
    "low byte first": lambda frame: frame[:LENGTH_BYTES][::-1] + _content(frame),
    "ASCII length": _ascii_length,
    "no TPDU": lambda frame: _length(frame[LENGTH_BYTES + TPDU_BYTES :]),
    "no header": lambda frame: _length(frame[LENGTH_BYTES : LENGTH_BYTES + TPDU_BYTES] + frame[MESSAGE:]),
    "wrong TPDU": lambda frame: frame[:LENGTH_BYTES] + b"\x61" + frame[LENGTH_BYTES + 1 :],
    "half frame": lambda frame: frame[: len(frame) // 2],
    "garbage": lambda frame: NO_FRAME,
    "ASCII MTI": _ascii_mti,
    "second bitmap": _second_bitmap,
    "unknown field": lambda frame: _bit(frame, UNKNOWN_FIELD),
    "field cut": lambda frame: _length(_content(frame)[:-CUT]),
    "bytes left over": lambda frame: _length(_content(frame) + bytes(CUT)),
    "twice": lambda frame: frame + frame,
}  # fmt: skip


def damage_of(name: str) -> Damage:
    """The named damage; no name is none. Raises ConfigurationError with the near miss."""
    if not name:
        return lambda frame: frame
    if name not in DAMAGES:
        near = difflib.get_close_matches(name, DAMAGES, n=1)
        raise ConfigurationError(
            f"no damage is called {name!r}",
            advice=f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(DAMAGES)}",
        )
    return DAMAGES[name]
