"""A message in words, with everything secret hidden. What it returns may be logged and printed."""

from __future__ import annotations

from collections.abc import Callable

from protocols.emv.apdu import SCRIPT_COMMAND, shown_script_command
from protocols.emv.tags import TAGS
from protocols.emv.tlv import TlvError, flatten, parse
from protocols.iso8583.compile import MTI, Message
from protocols.iso8583.field import Field, Mask
from protocols.iso8583.parts import parts_of
from protocols.iso8583.unionpay import UNIONPAY
from protocols.masking import mask_words
from protocols.pan import mask_pan

_FIELDS = UNIONPAY.by_number()


def describe(message: Message) -> dict[str, str]:
    """`{"MTI": "0100", "F2 PAN": "625094******0014", ...}`; chip data comes tag by tag as `F55.9F26 ...`.

    Fields that hold fields come part by part behind their own line, as `F60.1 type` (`protocols.iso8583.parts`). Takes
    what the UnionPay codec unpacked. A tag that comes again is counted: `F55.72 issuer script 2 (2)`.
    """
    described = {"MTI": str(message[MTI])}
    for number in sorted(n for n in message if n != MTI):
        field = _FIELDS[number]
        key = f"F{number} {field.name}"
        described[key] = shown = _SHOW[field.mask](field, message[number])
        if field.mask is Mask.TLV:
            described.update(_chip(number, message[number]))
        else:
            described.update(parts_of(number, message, shown))
    return described


def _plain(field: Field, value: str | bytes) -> str:
    if isinstance(value, bytes):
        return value.decode("ascii") if value.isascii() and value.isalnum() else value.hex().upper()
    return value


def _size(field: Field, value: str | bytes) -> str:
    unit = "bytes" if isinstance(value, bytes) else "digits"
    return f"({len(value)} {unit}, hidden)"


_SHOW: dict[Mask, Callable[[Field, str | bytes], str]] = {
    Mask.NONE: _plain,
    Mask.TEXT: lambda field, value: mask_words(str(value)),
    Mask.PAN: lambda field, value: mask_pan(str(value)),
    Mask.LENGTH_ONLY: _size,
    Mask.TLV: lambda field, value: f"{len(value)} bytes",
}


def _chip(number: int, value: str | bytes) -> dict[str, str]:
    assert isinstance(value, bytes)
    try:
        nodes = flatten(parse(value))
    except TlvError as error:
        return {f"F{number} error": str(error)}
    shown: dict[str, str] = {}
    times: dict[str, int] = {}
    for node in nodes:
        key = f"F{number}.{node.tag} {TAGS[node.tag].name if node.tag in TAGS else 'unknown'}"
        times[key] = again = times.get(key, 0) + 1
        value = f"{len(node.value)} bytes" if node.children else _tag(node.tag, node.value)
        shown[f"{key} ({again})" if again > 1 else key] = value
    return shown


def _tag(tag: str, value: bytes) -> str:
    known = TAGS.get(tag)
    if known is not None and known.hidden:
        return f"({len(value)} bytes, hidden)"
    return (shown_script_command(value) if tag == SCRIPT_COMMAND else value).hex().upper()
