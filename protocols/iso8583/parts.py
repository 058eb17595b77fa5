"""The parts of fields in words, as extra lines of a described message: `F60.1 type`: `10 pre-authorisation`.

What a field means may depend on the message: F48 and F62 are read by MTI and F60.3. Secrets stay hidden here too: of
keys the layout alone is told, and of a batch record whose card number is none, nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from protocols.iso8583.compile import MTI, Message
from protocols.iso8583.errors import CodecError
from protocols.iso8583.keys import LAYOUTS, NAMES
from protocols.iso8583.subfields import f44, f48, f53, f54, f60, f61, f62_download, f63
from protocols.iso8583.subfields.f62 import CHIP_PARTS, ChipUpload, SignOnRequest
from protocols.iso8583.subfields.f62_parameters import PARAMETERS, parse_parameters, switches_of
from protocols.iso8583.subfields.part import CHARSET, Part, bytes_text
from protocols.masking import BULLET, HIDDEN_TEXT, mask_text, mask_words
from protocols.pan import has_right_check_digit, mask_pan

Lines: TypeAlias = "Iterable[tuple[str, str]]"
"""Keys and words; a key is that of the line: `F60.1 type`."""
_HIDDEN = chr(HIDDEN_TEXT)
LONGEST_SHOWN = 20
"""Bytes of a downloaded value that are shown; a longer one shows its length."""


def parts_of(number: int, message: Message, shown: str) -> dict[str, str]:
    """Lines of one field of a message; none when the field has no parts, or the message does not tell what they are.

    `shown` is the field as its own line shows it: a text of which nothing was hidden need not be searched again.
    A field that is not as its message says has one line, `F48.error`. Takes what the UnionPay codec unpacked.
    """
    reader = _READERS.get(number)
    if reader is None:
        return {}
    try:
        return dict(reader(message, shown))
    except CodecError as error:
        return {f"F{number}.error": error.message}


class _Row(NamedTuple):
    """A part with the key of its line and its place, worked out once."""

    key: str
    means: Mapping[str, str]
    start: int
    end: int


def _rows(number: int, parts: Sequence[Part], first: int = 1, of: str = "") -> list[_Row]:
    ends = list(accumulate(part.width for part in parts))
    return [
        _Row(f"F{number}.{place} {of}{part.name}", part.means, end - part.width, end)
        for place, (part, end) in enumerate(zip(parts, ends, strict=True), start=first)
    ]


_ROWS_44, _ROWS_53, _ROWS_60, _ROWS_61 = (
    _rows(number, module.PARTS) for number, module in ((44, f44), (53, f53), (60, f60), (61, f61))
)
_ROWS_63, _ROWS_OPERATOR, _ROWS_CHIP = _rows(63, f63.PARTS), _rows(63, f63.OPERATOR), _rows(62, CHIP_PARTS)
_ROWS_DOMESTIC = _rows(48, f48.TOTALS, of="domestic ")
_ROWS_FOREIGN = _rows(48, f48.TOTALS, first=len(f48.TOTALS) + 1, of="foreign ")


def _cut(rows: Iterable[_Row], digits: str) -> Lines:
    """Lines by the length that is there."""
    lines = []
    for key, means, start, end in rows:
        value = digits[start:end]
        if not value:
            break
        lines.append((key, f"{value} {means[value]}" if value in means else value))
    return lines


def _management(message: Message) -> str:
    """F60.3."""
    return str(message.get(60, ""))[8:11]


def _is_reply(message: Message) -> bool:
    return str(message[MTI])[2] in "13579"


# ── one field each ────────────────────────────────────────────────────────────────────────────────────────────────────


def _read_60(message: Message, shown: str) -> Lines:
    return _cut(_ROWS_60, str(message[60]))


def _read_61(message: Message, shown: str) -> Lines:
    return _cut(_ROWS_61, str(message[61]))


def _read_53(message: Message, shown: str) -> Lines:
    f53.F53.parse(str(message[53]))
    return _cut(_ROWS_53, str(message[53]))


def _read_54(message: Message, shown: str) -> Lines:
    for place, balance in enumerate(f54.F54.parse(str(message[54])).balances, start=1):
        owed = "debit" if balance.amount < 0 else "credit"
        yield (
            f"F54.{place} balance",
            f"account {balance.account}, kind {balance.kind}, {abs(balance.amount)} minor units of {balance.currency}"
            f" in {owed}",
        )


def _read_48(message: Message, shown: str) -> Lines:
    reader = READERS_48.get((str(message[MTI]), _management(message)))
    return reader(str(message[48])) if reader else ()


def _totals(digits: str) -> Lines:
    f48.Settlement.parse(digits)
    return (*_cut(_ROWS_DOMESTIC, digits), *_cut(_ROWS_FOREIGN, digits[f48.TOTALS_WIDTH :]))


def _records(digits: str) -> Lines:
    records = f48.BatchRecords.parse(digits).records
    yield "F48.0 records", str(len(records))
    for place, record in enumerate(records, start=1):
        yield f"F48.{place} record", _record(record)


def _record(record: f48.BatchRecord) -> str:
    if not (13 <= len(record.pan) <= 19 and has_right_check_digit(record.pan)):
        return "(hidden: where its card number is due stands none)"
    cards = f48.CARD_CLASSES.get(record.card_class, f"card class {record.card_class}")
    return f"{cards}, trace {record.trace}, {mask_pan(record.pan)}, {record.amount} minor units"


def _end(digits: str) -> Lines:
    yield "F48.1 records in all", str(f48.BatchEnd.parse(digits).count)


READERS_48: dict[tuple[str, str], Callable[[str], Lines]] = {
    **dict.fromkeys((("0500", "201"), ("0510", "201")), _totals),
    **dict.fromkeys((("0320", "201"), ("0330", "201")), _records),
    **dict.fromkeys(((mti, kind) for mti in ("0320", "0330") for kind in ("202", "207")), _end),
}


# ── texts: what looks like a card number is hidden before they are cut, lest a cut leaves half of it ──────────────────


def _texts(text: str, shown: str, rows: Iterable[_Row]) -> Lines:
    content = text.encode(CHARSET)
    if shown != text:
        content = mask_text(content).raw
    lines = []
    for key, means, start, end in rows:
        if start >= len(content):
            break
        value = bytes_text((key,), content[start:end]).replace(_HIDDEN, BULLET)
        if value:
            lines.append((key, f"{value} {means[value]}" if value in means else value))
    return lines


def _read_44(message: Message, shown: str) -> Lines:
    return _texts(str(message[44]), shown, _ROWS_44)


def _read_63(message: Message, shown: str) -> Lines:
    return _texts(str(message[63]), shown, _ROWS_63 if _is_reply(message) else _ROWS_OPERATOR)


# ── F62, by message ───────────────────────────────────────────────────────────────────────────────────────────────────


def _read_62(message: Message, shown: str) -> Lines:
    reader = READERS_62.get((str(message[MTI]), _management(message)))
    value = message[62]
    return reader(value) if reader and isinstance(value, bytes) else ()


def _wrapped_keys(value: bytes) -> Lines:
    form = LAYOUTS.get(len(value))
    if form is None:
        return {"F62.error": f"{len(value)} bytes are no set of keys"}.items()
    return [
        (f"F62.{place} {name}", f"({form.key_bytes} bytes and check value, hidden)")
        for place, name in enumerate(NAMES[: form.keys], start=1)
    ]


def _sequence(value: bytes) -> Lines:
    request = SignOnRequest.parse(value)
    return [("F62.1 licence", mask_words(request.licence)), ("F62.2 serial number", mask_words(request.serial))]


def _parameters(value: bytes) -> Lines:
    for tag, content in parse_parameters(value).items():
        shown = mask_words(content) if isinstance(content, str) else ", ".join(switches_of(content)) or "none"
        yield f"F62.{tag} {PARAMETERS[tag].name}", shown


def _query(value: bytes) -> Lines:
    return [("F62.1 objects that the terminal has", str(f62_download.LoadQuery.parse(value).have))]


def _load(value: bytes) -> Lines:
    load = f62_download.Load.parse(value)
    yield "F62.0 state", f"{load.state} {f62_download.STATES[load.state]}"
    yield from _objects(load.entries)


def _asked(value: bytes) -> Lines:
    return _objects(f62_download.parse_entries(value))


def _objects(entries: Iterable[f62_download.Entry]) -> Iterator[tuple[str, str]]:
    for place, entry in enumerate(entries, start=1):
        for tag, value in entry:
            known = f62_download.TAGS.get(tag)
            shown = value.hex().upper() if known and len(value) <= LONGEST_SHOWN else f"({len(value)} bytes)"
            yield f"F62.{place}.{tag} {known or 'unknown'}", shown


def _chip_upload(value: bytes) -> Lines:
    ChipUpload.parse(value)
    return _cut(_ROWS_CHIP, value.decode(CHARSET))


READERS_62: dict[tuple[str, str], Callable[[bytes], Lines]] = {
    **dict.fromkeys((("0810", form) for form in ("001", "003", "004")), _wrapped_keys),
    **dict.fromkeys((("0800", form) for form in ("001", "003", "004")), _sequence),
    ("0810", "360"): _parameters,
    ("0820", "362"): _parameters,
    **dict.fromkeys((("0820", kind) for kind in ("372", "382")), _query),
    **dict.fromkeys((("0830", kind) for kind in ("372", "382")), _load),
    **dict.fromkeys((("0800", kind) for kind in ("370", "380")), _asked),
    **dict.fromkeys((("0810", kind) for kind in ("370", "380")), _load),
    **dict.fromkeys((("0320", kind) for kind in ("203", "204", "205", "206")), _chip_upload),
}

_READERS: dict[int, Callable[[Message, str], Lines]] = {
    44: _read_44, 48: _read_48, 53: _read_53, 54: _read_54, 60: _read_60, 61: _read_61, 62: _read_62, 63: _read_63,
}  # fmt: skip
