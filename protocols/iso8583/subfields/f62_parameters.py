"""F62 of a parameter download and of a status upload: tags of two characters, each with a value of its own length.

facts/unionpay-pos 2.6.3; OPN logon.c, which reads the download in LOGON_Unpack62Field and writes the upload (tags 01-05
and 51) in LOGON_Pack62Field.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from protocols.iso8583.errors import PackError, UnpackError
from protocols.iso8583.subfields.part import bytes_text, text_bytes

_TAG_BYTES = 2


class Kind(Enum):
    """How the value of a parameter reads."""

    DIGITS = "digits in ASCII"
    TEXT = "text, filled with spaces"
    BYTES = "bytes as they are"


@dataclass(frozen=True, slots=True)
class Parameter:
    """`width` counts bytes."""

    name: str
    width: int
    kind: Kind = Kind.DIGITS


_PHONE = 14
PARAMETERS: dict[str, Parameter] = {
    "01": Parameter("keyboard works", 1), "02": Parameter("PIN pad works", 1), "03": Parameter("card reader works", 1),
    "04": Parameter("printer works", 1), "05": Parameter("display works", 1),
    "11": Parameter("application type", 2),
    "12": Parameter("reply time-out, seconds", 2),
    "13": Parameter("dials again", 1),
    "14": Parameter("phone number 1", _PHONE, Kind.TEXT), "15": Parameter("phone number 2", _PHONE, Kind.TEXT),
    "16": Parameter("phone number 3", _PHONE, Kind.TEXT), "17": Parameter("management phone number", _PHONE, Kind.TEXT),
    "18": Parameter("tips allowed", 1),
    "19": Parameter("highest tip, percent", 2),
    "20": Parameter("card number may be typed", 1),
    "21": Parameter("signs off by itself", 1),
    "22": Parameter("merchant name", 40, Kind.TEXT),
    "23": Parameter("reversal sent again", 1),
    "24": Parameter("way of sending offline transactions", 1),
    "25": Parameter("master key index", 1),
    "26": Parameter("transactions allowed", 4, Kind.BYTES),
    "51": Parameter("connections: time, number, rate", 12),
}  # fmt: skip

SWITCHES: dict[str, tuple[int, int]] = {
    "balance": (0, 0x80), "pre-authorisation": (0, 0x40), "cancel": (0, 0x20), "completion": (0, 0x10),
    "completion void": (0, 0x08), "sale": (0, 0x04), "sale void": (0, 0x02), "refund": (0, 0x01),
    "offline sale": (1, 0x80), "adjustment": (1, 0x40), "completion advice": (1, 0x20), "script notice": (1, 0x10),
    "e-cash": (1, 0x08),
}  # fmt: skip
"""Tag 26: what a transaction's bit is, as byte and mask."""


def parse_parameters(value: bytes) -> dict[str, str | bytes]:
    """Tag to value: digits and text without their filling, bytes as they are.

    Raises UnpackError for a tag that nobody knows, and for a value that is cut short: what follows cannot be read.
    """
    found: dict[str, str | bytes] = {}
    at = 0
    while at < len(value):
        tag = value[at : at + _TAG_BYTES].decode("latin-1")
        known = PARAMETERS.get(tag)
        if known is None:
            raise UnpackError(("F62",), f"no parameter has the tag {tag!r}", advice=f"read so far: {', '.join(found)}")
        at += _TAG_BYTES
        content = value[at : at + known.width]
        if len(content) != known.width:
            raise UnpackError(("F62", tag), f"{known.width} bytes are due, {len(content)} are left")
        found[tag] = _read(tag, known, content)
        at += known.width
    return found


def _read(tag: str, known: Parameter, content: bytes) -> str | bytes:
    if known.kind is Kind.BYTES:
        return content
    if known.kind is Kind.DIGITS and not content.isdigit():
        raise UnpackError(("F62", tag), f"{known.name} is no number")
    return bytes_text(("F62", tag), content)


def build_parameters(parameters: Mapping[str, str | bytes]) -> bytes:
    """F62 of a parameter download, in the order given. Raises PackError for a tag or a value that does not fit."""
    return b"".join(tag.encode("ascii", "replace") + _written(tag, value) for tag, value in parameters.items())


def _written(tag: str, value: str | bytes) -> bytes:
    known, path = PARAMETERS.get(tag), ("F62", tag)
    if known is None:
        raise PackError(path, "no parameter has this tag")
    if known.kind is Kind.BYTES:
        content = value if isinstance(value, bytes) else b""
    elif isinstance(value, bytes):
        raise PackError(path, "it takes text")
    else:
        content = text_bytes(path, value, known.width)
    if len(content) != known.width or (known.kind is Kind.DIGITS and not content.isdigit()):
        raise PackError(path, f"{known.name} takes {known.width} {known.kind.value}")
    return content


def switches_of(value: bytes) -> list[str]:
    """The transactions that tag 26 allows, by name."""
    return [name for name, (place, bit) in SWITCHES.items() if place < len(value) and value[place] & bit]


def switch_bytes(allowed: Collection[str]) -> bytes:
    """Tag 26 of these transactions. Raises PackError for a name that has no bit."""
    unknown = [name for name in allowed if name not in SWITCHES]
    if unknown:
        raise PackError(("F62", "26"), f"no switch is called {unknown[0]!r}", advice=f"there are {', '.join(SWITCHES)}")
    out = bytearray(PARAMETERS["26"].width)
    for name in allowed:
        place, bit = SWITCHES[name]
        out[place] |= bit
    return bytes(out)
