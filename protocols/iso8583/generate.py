"""A field table turned into Python code: straight down the fields, one test for those of a kind that stand together.

The code takes messages that fit. To all else it raises one of MISFITS, whichever comes first: what is wrong is for
`stepwise` to say. It reads the hex digits of the whole body, so it counts in nibbles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import groupby
from typing import Any, NamedTuple

from protocols.iso8583.field import Encoding, Field, MessageSpec, Pad
from protocols.iso8583.stepwise import BITMAP_END, MTI, MTI_BYTES, TRACK_FIELDS, Message, Span, charset_of

MISFITS = (ValueError, LookupError, TypeError, AttributeError)
_HEX = "0123456789ABCDEF"
_MISFIT = "    raise ValueError"


class Made(NamedTuple):
    """The functions of a generated module."""

    pack: Callable[[Message], bytes]
    unpack: Callable[[bytes], Message]
    spans: Callable[[bytes], dict[int, Span]]


def made_from(source: str, name: str) -> Made:
    """Compile what `source_of` gave."""
    names: dict[str, Any] = {}
    exec(compile(source, f"<codec of {name}>", "exec"), names)  # noqa: S102  made from the field table alone
    return Made(names["pack"], names["unpack"], names["spans"])


def source_of(spec: MessageSpec) -> str:
    """The module: tables, `pack`, `unpack` and `spans`."""
    fields = sorted(spec.fields, key=lambda field: field.number)
    return "\n".join(
        [
            f"# {_words(spec.name)}: made from its field table",
            *_tables(fields),
            *_function("pack(message)", _pack(fields)),
            *_function("unpack(body)", _read(fields, _values)),
            *_function("spans(body)", _read(fields, _places)),
        ]
    )


class _Kind(Enum):
    """What fields that stand together have in common, to be looked at together."""

    DIGITS = 1
    TRACK = 2
    TEXT = 3
    OTHER = 4  # each by itself


def _kind(field: Field) -> _Kind:
    if field.encoding is Encoding.BCD:
        return _Kind.TRACK if field.number in TRACK_FIELDS else _Kind.DIGITS
    return _Kind.TEXT if field.encoding is Encoding.ASCII and not field.length.prefix_digits else _Kind.OTHER


def _runs(fields: Iterable[Field], kind: Callable[[Field], _Kind]) -> Iterator[tuple[_Kind, list[Field]]]:
    """Fields of a kind that stand together; of OTHER, one at a time."""
    for shared, run in groupby(fields, kind):
        if shared is _Kind.OTHER:
            yield from ((shared, [field]) for field in run)
        else:
            yield shared, list(run)


def _function(head: str, lines: Iterable[str]) -> list[str]:
    return ["", "", f"def {head}:", *_indented(lines)]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _misfit(condition: str) -> list[str]:
    return [f"if {condition}:", _MISFIT]


# ── the bitmap and the lengths ────────────────────────────────────────────────────────────────────────────────────────


def _byte(field: Field) -> str:
    return f"b{(field.number + 7) // 8}"


def _bit(field: Field) -> str:
    return f"0x{0x80 >> (field.number - 1) % 8:02X}"


def _title(field: Field) -> str:
    return f"  # F{field.number} {_words(field.name)}"


def _words(name: str) -> str:
    """On one line, whatever it holds."""
    return " ".join(name.split())


def _table(field: Field) -> str:
    return f"{field.length.prefix_digits}_{field.length.most}"


def _tables(fields: Iterable[Field]) -> list[str]:
    """Constants: MTIs of version 0, and of each kind of length its prefixes."""
    lines = ["", 'MTIS = {bytes.fromhex(f"0{rest:03}"): f"0{rest:03}" for rest in range(1000)}']
    lines += ["MTIS_AS_BYTES = {mti: packed for packed, mti in MTIS.items()}"]
    seen = {_table(field): field.length for field in fields if field.length.prefix_digits}
    in_digits = {_table(field) for field in fields if field.encoding is Encoding.BCD}
    in_bytes = {_table(field) for field in fields if field.encoding is not Encoding.BCD}
    for name, length in sorted(seen.items()):
        shown = f"{{units:0{length.prefix_digits}}}"
        lines += [f'UNITS_{name} = {{f"{shown}": units for units in range({length.most + 1})}}']
        if name in in_digits:
            lines += [f"DIGITS_{name} = list(UNITS_{name})"]
        if name in in_bytes:
            lines += [f"BYTES_{name} = [bytes.fromhex(digits) for digits in UNITS_{name}]"]
    return lines


# ── pack ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pack(fields: list[Field]) -> Iterator[str]:
    places = ", ".join(f"b{place}" for place in range(1, 9))
    yield f"mti = MTIS_AS_BYTES[message[{MTI}]]"
    yield f"{places.replace(', ', ' = ')} = 0"
    yield 'out = b""'
    for kind, run in _runs(fields, _kind):
        if kind is not _Kind.OTHER:
            yield 'run = ""'
        for field in run:
            yield f"if {field.number} in message:{_title(field)}"
            yield f"    {_byte(field)} |= {_bit(field)}"
            yield f"    value = message[{field.number}]"
            yield from _indented(_PACKED[kind](field))
        yield from _FLUSHED[kind]
    yield f"bitmap = bytes(({places}))"
    yield from _misfit('int.from_bytes(bitmap, "big").bit_count() + 1 != len(message)')  # a field that is not known
    yield "return mti + bitmap + out"


def _pack_digits(field: Field) -> Iterator[str]:
    most, left = field.length.most, field.pad is Pad.LEFT
    if field.length.prefix_digits:
        yield "units = len(value)"
        yield "if units & 1:"
        yield '    value = "0" + value' if left else '    value += "0"'
        yield f"run += DIGITS_{_table(field)}[units] + value"
        return
    yield from _misfit(f"len(value) != {most}")
    if most % 2:
        yield 'run += "0" + value' if left else 'run += value + "0"'
    else:
        yield "run += value"


def _pack_track(field: Field) -> Iterator[str]:
    yield 'value = value.replace("=", "D")'
    yield from _misfit(f'value.strip("{_HEX}")')
    yield from _pack_digits(field)


def _pack_text(field: Field) -> Iterator[str]:
    most = field.length.most
    if field.pad is Pad.RIGHT:
        yield f"value = value.ljust({most})"
    yield from _misfit(f"len(value) != {most}")
    yield "run += value"


def _pack_other(field: Field) -> Iterator[str]:
    if field.encoding is Encoding.BINARY:
        yield from _misfit("type(value) is not bytes")
    else:
        yield f'value = value.encode("{charset_of(field)}")'
    if field.length.prefix_digits:
        yield f"out += BYTES_{_table(field)}[len(value)] + value"
    else:
        yield from _misfit(f"len(value) != {field.length.most}")
        yield "out += value"


_PACKED: dict[_Kind, Callable[[Field], Iterator[str]]] = {
    _Kind.DIGITS: _pack_digits, _Kind.TRACK: _pack_track, _Kind.TEXT: _pack_text, _Kind.OTHER: _pack_other,
}  # fmt: skip
_FLUSHED: dict[_Kind, list[str]] = {
    _Kind.DIGITS: ["if run:", *_indented(_misfit("not run.isdigit()")), "    out += bytes.fromhex(run)"],
    _Kind.TRACK: ["if run:", "    out += bytes.fromhex(run)"],
    _Kind.TEXT: ["if run:", '    out += run.encode("ascii")'],
    _Kind.OTHER: [],
}


# ── unpack and spans ──────────────────────────────────────────────────────────────────────────────────────────────────

_Keep = Callable[[Field, str, str], str]
"""The line that keeps what was read: field, its value, and the nibble behind it."""


def _values(field: Field, value: str, end: str) -> str:
    return f"found[{field.number}] = {value}"


def _places(field: Field, value: str, end: str) -> str:
    return f"found[{field.number}] = at >> 1, {end} >> 1"


def _read(fields: list[Field], keep: _Keep) -> Iterator[str]:
    unknown = (1 << 64) - 1 - sum(1 << (64 - field.number) for field in fields)
    bitmap = f"body[{MTI_BYTES}:{BITMAP_END}]"
    yield f"mti = MTIS[body[:{MTI_BYTES}]]"
    yield f"{', '.join(f'b{place}' for place in range(1, 9))} = {bitmap}"
    yield from _misfit(f'int.from_bytes({bitmap}, "big") & 0x{unknown:016X}')
    yield f'digits, text, at = body.hex(), body.decode("latin-1"), {2 * BITMAP_END}'
    yield f"found = {{{MTI}: mti}}" if keep is _values else "found = {}"
    for kind, run in _runs(fields, _read_kind):
        if kind is _Kind.OTHER:
            yield f"if {_byte(run[0])} & {_bit(run[0])}:{_title(run[0])}"
            yield from _indented(_read_one(run[0], keep))
        else:
            yield from _read_run(kind, run, keep)
    yield from _misfit("at != len(digits)")
    yield "return found"


def _read_kind(field: Field) -> _Kind:
    """Of digits, only even ones of fixed length are read together: a pad nibble may be anything (1.12)."""
    kind = _kind(field)
    unpadded = not field.length.prefix_digits and field.length.most % 2 == 0
    return kind if kind is _Kind.TEXT or (kind is _Kind.DIGITS and unpadded) else _Kind.OTHER


def _read_run(kind: _Kind, run: list[Field], keep: _Keep) -> Iterator[str]:
    bits: dict[str, int] = {}
    for field in run:
        bits[_byte(field)] = bits.get(_byte(field), 0) | int(_bit(field), 16)
    yield f"if {' or '.join(f'{byte} & 0x{mask:02X}' for byte, mask in bits.items())}:"
    yield "    start = at"
    for field in run:
        width = field.length.most if kind is _Kind.DIGITS else 2 * field.length.most
        value = f"digits[at:at + {width}]" if kind is _Kind.DIGITS else f"text[at >> 1:(at >> 1) + {field.length.most}]"
        yield f"    if {_byte(field)} & {_bit(field)}:{_title(field)}"
        yield f"        {keep(field, value, f'at + {width}')}"
        yield f"        at += {width}"
    good = "digits[start:at].isdigit()" if kind is _Kind.DIGITS else "text[start >> 1:at >> 1].isascii()"
    yield from _indented(_misfit(f"not {good}"))


def _read_one(field: Field, keep: _Keep) -> Iterator[str]:
    """A field by itself, from its length on; `head` is where its content begins, `end` the nibble behind it."""
    prefix, bcd = field.length.prefix_digits, field.encoding is Encoding.BCD
    if prefix:
        yield f"head = at + {prefix}"
        yield f"units = UNITS_{_table(field)}[digits[at:head]]"
        head, units, odd = "head", "units", "(units & 1)"
        yield "end = head + (units + 1 & -2)" if bcd else "end = head + 2 * units"
    else:
        head, units, odd = "at", str(field.length.most), str(field.length.most % 2)
        yield f"end = at + {field.length.most + field.length.most % 2 if bcd else 2 * field.length.most}"
    if bcd:
        first = f"{head} + {odd}" if field.pad is Pad.LEFT else head
        yield f"value = digits[{first}:{first} + {units}]"
    else:
        yield f"value = body[{head} >> 1:end >> 1]"
    yield from _checked(field)
    yield keep(field, "value", "end")
    yield "at = end"


def _checked(field: Field) -> Iterable[str]:
    """What is left to do with the value of a field by itself."""
    if field.encoding is Encoding.BINARY:
        return []
    if field.encoding is Encoding.ASCII:
        return [f'value = value.decode("{charset_of(field)}")']
    if field.number in TRACK_FIELDS:
        return ["value = value.upper()"]  # any nibble has its place there
    return _misfit("units and not value.isdigit()" if field.length.prefix_digits else "not value.isdigit()")
