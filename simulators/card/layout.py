"""Where a card's data objects lie: which record holds which, and the locator that names the records.

facts/pcsc-emv 4.2; EMV Book 3, 5.3, 7.5 and 10.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import NamedTuple

from protocols.emv import build
from protocols.emv.tlv import encode_length
from protocols.faults import ConfigurationError
from simulators.card.damage import Damage
from simulators.card.shapes import no_digits

RecordKey = tuple[int, int]
"""Short file identifier and record number."""
LONGEST_RECORD = 254
"""EMV Book 3, 5.3.2.2: 254 bytes are the most that one answer without chaining holds."""
PADDING = b"\x00"


class Row(NamedTuple):
    """A record's file and the tags of what it holds, in their order. One with nothing in it is not there."""

    file: int
    tags: tuple[str, ...]
    signed: bool = False


LAYOUT = (
    Row(1, ("57", "5F20", "9F1F")),
    Row(
        2,
        ("5A", "5F24", "5F25", "5F34", "5F28", "9F07", "9F08", "8E", "9F0D", "9F0E", "9F0F", "9F4A", "8C", "8D", "97",
         "9F42", "9F44", "9F14", "9F23"),
        signed=True,
    ),
    Row(2, ("8F", "9F32", "92")),
    Row(2, ("90",)),
    Row(3, ("9F47", "9F48", "9F49", "93")),
    Row(3, ("9F46",)),
    Row(3, ("9F2D", "9F2E", "9F2F")),
)  # fmt: skip
"""What is signed comes first in its file, so that the locator can count it. EMV Book 3, 10.2: no tag lies twice."""


class Record(NamedTuple):
    """One record, whole."""

    key: RecordKey
    data: bytes
    signed: bool


def records(values: Mapping[str, bytes], more: Iterable[str], damage: Damage) -> list[Record]:
    """Every record of what is there; `more` are tags that follow those of the signed one.

    Raises ConfigurationError for one that is too long.
    """
    found: list[Record] = []
    for file, rows in groupby(LAYOUT, lambda row: row.file):
        filled = ((row, _content(values, row, more, damage)) for row in rows)
        for number, (row, content) in enumerate(((row, content) for row, content in filled if content), 1):
            data = build([("70", content)])
            if len(data) > LONGEST_RECORD and (damage.pad or damage.long_lengths):  # no room for it in this one
                tight = damage.model_copy(update={"pad": False, "long_lengths": False})
                data = build([("70", _content(values, row, more, tight))])
            if len(data) > LONGEST_RECORD:
                raise ConfigurationError(
                    f"record {file}.{number} would have {len(data)} bytes",
                    advice=f"a record has {LONGEST_RECORD} at most: shorten a list of it",
                )
            found.append(Record((file, number), data, row.signed))
    return found


def _content(values: Mapping[str, bytes], row: Row, more: Iterable[str], damage: Damage) -> bytes:
    tags = (*row.tags, *(more if row.signed else ()))
    return joined([(tag, values[tag]) for tag in tags if tag in values], damage)


def joined(objects: Iterable[tuple[str, bytes]], damage: Damage) -> bytes:
    """Data objects one behind the other, as damaged as they are."""
    parts = [
        part for tag, value in objects for part in [encoded(tag, value, damage)] * (2 if tag in damage.twice else 1)
    ]
    if not parts or not damage.pad:
        return b"".join(parts)
    return PADDING + PADDING.join(parts) + PADDING


def encoded(tag: str, value: bytes, damage: Damage) -> bytes:
    """One object."""
    length = encode_length(len(value))
    if damage.long_lengths and len(length) == 1:
        length = b"\x81" + length
    return bytes.fromhex(tag) + length + value


def spoilt(found: Iterable[Record], damage: Damage) -> dict[RecordKey, bytes]:
    """What the card has of its records."""
    kept = {}
    for record in found:
        name = "{}.{}".format(*record.key)
        data = _content_of(record) if damage.bare else record.data
        if name not in damage.missing:
            kept[record.key] = broken(data) if name in damage.cut else data
    return kept


def broken(record: bytes) -> bytes:
    """A record that ends in the middle of an object, two bytes too soon."""
    head = _header(record)
    return record[:head] + no_digits(record[head:-2])


def signed_content(found: Iterable[Record]) -> bytes:
    """Of the records that are signed what stands in their template. EMV Book 3, 10.3: of files 1 to 10"""
    return b"".join(_content_of(record) for record in found if record.signed)


def _content_of(record: Record) -> bytes:
    return record.data[_header(record.data) :]


def _header(record: bytes) -> int:
    """Bytes of tag and length."""
    return 3 if record[1] == 0x81 else 2


# ── the locator ───────────────────────────────────────────────────────────────────────────────────────────────────


def locator(found: Iterable[Record], damage: Damage) -> bytes:
    """Tag 94: four bytes a file, its records and how many of them are signed. EMV Book 3, 10.2"""
    right = b""
    for file, group in groupby(found, lambda record: record.key[0]):
        rows = list(group)
        right += bytes([file << 3, rows[0].key[1], rows[-1].key[1], sum(row.signed for row in rows)])
    if damage.afl in _WRONG:
        return _WRONG[damage.afl](right)
    return bytes.fromhex(damage.afl) or right


_WRONG: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda right: b"",
    "odd length": lambda right: right[:-1],
    "file 0": lambda right: b"\x00" + right[1:],
    "file 31": lambda right: b"\xf8" + right[1:],
    "record 0": lambda right: right[:1] + b"\x00" + right[2:],
    "last before first": lambda right: right[:1] + b"\x02\x01" + right[3:],
    "too many signed": lambda right: right[:3] + b"\x02" + right[4:],
    "twice": lambda right: right + right[:4],
    "record that is not there": lambda right: right[:2] + bytes([right[2] + 1]) + right[3:],
}
"""What a locator can have wrong, in its first entry. EMV Book 3, 7.5"""
