"""Data object lists: what a card asks for, and how the terminal fills it. EMV Book 3, 5.4."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.emv.tags import TAGS, Format
from protocols.emv.tlv import TlvError


def parse_dol(dol: bytes) -> list[tuple[str, int]]:
    """Tags with their lengths, in order. Raises TlvError for a list that ends within an entry."""
    entries, at = [], 0
    while at < len(dol):
        start = at
        at += 1
        if dol[start] & 0x1F == 0x1F:
            while at < len(dol) and dol[at] & 0x80:
                at += 1
            at += 1
        if at >= len(dol):
            raise TlvError(f"the DOL ends within its entry at offset {start}")
        entries.append((dol[start:at].hex().upper(), dol[at]))
        at += 1
    return entries


def fill_dol(dol: bytes, values: Mapping[str, bytes]) -> bytes:
    """The concatenated values; what the terminal does not know is zeros, and each is cut or filled by its format."""
    return b"".join(_fit(tag, size, values.get(tag)) for tag, size in parse_dol(dol))


def split_dol(dol: bytes, data: bytes) -> dict[str, bytes]:
    """The card's side: the values in command data by the list it gave. Raises TlvError when the lengths differ."""
    entries = parse_dol(dol)
    if sum(size for _, size in entries) != len(data):
        raise TlvError(f"{len(data)} bytes of data for a DOL of {sum(size for _, size in entries)}")
    values, at = {}, 0
    for tag, size in entries:
        values[tag] = data[at : at + size]
        at += size
    return values


def _fit(tag: str, size: int, value: bytes | None) -> bytes:
    if value is None:
        return bytes(size)
    form = TAGS[tag].format if tag in TAGS else Format.B
    if form is Format.N:
        return value[-size:].rjust(size, b"\x00") if size else b""
    return value[:size].ljust(size, b"\xff" if form is Format.CN else b"\x00")
