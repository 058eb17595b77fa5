"""A part of a field: its name, its width, and what its values mean. One table packs, parses and shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from protocols.iso8583.errors import PackError, UnpackError

CHARSET = "gb18030"
"""Of text that may be Chinese; its widths count bytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """`width` counts digits, or bytes in a field of text. `means` maps the values that are known to words."""

    name: str
    width: int
    means: Mapping[str, str] = field(default_factory=dict)


def join(number: int, parts: Sequence[Part], values: Iterable[str]) -> str:
    """The digits of a field whose last parts may be absent.

    Raises PackError when a part has not its length, or follows one that is not there.
    """
    packed, ended = "", False
    for place, (part, value) in enumerate(zip(parts, values, strict=True), start=1):
        path = (f"F{number}", f"{number}.{place}")
        if value and ended:
            raise PackError(path, "it follows a part that is not there")
        if value and len(value) != part.width:
            raise PackError(path, f"{len(value)} digits instead of {part.width}")
        packed, ended = packed + value, not value
    return packed


def cut(parts: Iterable[Part], digits: str) -> list[str]:
    """The parts of a field by the length that is there; parts that are not there are empty."""
    values, at = [], 0
    for part in parts:
        values.append(digits[at : at + part.width])
        at += part.width
    return values


def number_of(path: tuple[str, ...], digits: str) -> int:
    """Digits as a number. Raises UnpackError for what is none."""
    if not (digits.isascii() and digits.isdigit()):
        raise UnpackError(path, "it is no number", advice="the parts before it may be longer or shorter than read")
    return int(digits)


def digits_of(path: tuple[str, ...], number: int, width: int) -> str:
    """A number as so many digits. Raises PackError for one that is negative or too long."""
    if not 0 <= number < 10**width:
        raise PackError(path, f"{number} does not fit in {width} digits")
    return f"{number:0{width}d}"


def text_bytes(path: tuple[str, ...], text: str, width: int) -> bytes:
    """Text on its left, filled with spaces, in so many bytes. Raises PackError for a longer one."""
    try:
        content = text.encode(CHARSET)
    except UnicodeEncodeError:
        raise PackError(path, f"it takes {CHARSET} text") from None
    if len(content) > width:
        raise PackError(path, f"{len(content)} bytes are more than {width}")
    return content.ljust(width)


def bytes_text(path: tuple[str, ...], content: bytes) -> str:
    """Text without the spaces that fill it. Raises UnpackError for what is none."""
    try:
        return content.decode(CHARSET).rstrip(" ")
    except UnicodeDecodeError:
        raise UnpackError(path, f"it is no {CHARSET} text", advice="is a part before it longer or shorter?") from None


def join_text(number: int, parts: Sequence[Part], values: Iterable[str]) -> bytes:
    """Texts one behind the other, each filled with spaces. Raises PackError for one that is too long."""
    rows = enumerate(zip(parts, values, strict=True), start=1)
    return b"".join(text_bytes((f"F{number}", f"{number}.{n}"), value, part.width) for n, (part, value) in rows)


def cut_text(number: int, parts: Sequence[Part], content: bytes) -> list[str]:
    """The texts of a field by the length that is there; those that are not there are empty. Raises UnpackError."""
    texts, at = [], 0
    for place, part in enumerate(parts, start=1):
        texts.append(bytes_text((f"F{number}", f"{number}.{place}"), content[at : at + part.width]))
        at += part.width
    return texts
