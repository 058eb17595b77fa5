"""What the dissector knows: the tables of codec, sub-fields, transactions and chip data, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from protocols.emv.apdu import HEADER_BYTES as COMMAND_HEADER
from protocols.emv.apdu import LONGEST_MAC, PIN_COMMANDS, PIN_UNBLOCK, SCRIPT_COMMAND
from protocols.emv.tags import TAGS
from protocols.emv.tlv import DEEPEST
from protocols.iso8583.compile import BITMAP_END, MTI_BYTES
from protocols.iso8583.field import Encoding, Field, Mask, Pad
from protocols.iso8583.frame import HEADER_BYTES, LENGTH_BYTES, LONGEST, TPDU_BYTES, TPDU_ID
from protocols.iso8583.keys import CHECK_BYTES, LAYOUTS, NAMES
from protocols.iso8583.parts import LONGEST_SHOWN, READERS_48, READERS_62
from protocols.iso8583.subfields import f44, f48, f53, f54, f60, f61, f62, f62_download, f63
from protocols.iso8583.subfields.f62_parameters import PARAMETERS, SWITCHES
from protocols.iso8583.subfields.part import Part
from protocols.iso8583.unionpay import UNIONPAY
from protocols.money import CNY
from protocols.transactions import REVERSAL_MTI, TRANSACTIONS
from protocols.wireshark.charset import charset

ABBREVIATION = "unionpay"
"""What its fields begin with in a display filter: `unionpay.f11`."""
PORT = 8583
"""Of `holdfast issuer`, and of the hosts in a capture made from a run folder."""
APPROVED = "00"
ROLES = {
    "processing": "processing code", "condition": "condition code", "kind": "transaction type, batch, management",
    "trace": "trace", "terminal": "terminal", "code": "response code", "approval": "authorisation code",
    "amount": "amount", "currency": "currency",
}  # fmt: skip
"""Fields that a line about a message needs, by their names."""
_ENCODINGS = {Encoding.BCD: "bcd", Encoding.ASCII: "text", Encoding.BINARY: "binary"}
_MASKS = {Mask.NONE: "none", Mask.PAN: "pan", Mask.LENGTH_ONLY: "length", Mask.TEXT: "text", Mask.TLV: "tlv"}
_PLAIN: dict[int, Any] = {44: f44, 53: f53, 60: f60, 61: f61, 63: f63}
"""Fields that are one table of parts."""
_LISTS = (
    (48, "records", "records"), (48, "record", "record"), (54, "balance", "balance"), (62, "key", "key"),
    (62, "terminal", "of the terminal"), (62, "have", "objects that the terminal has"), (62, "state", "state"),
    (62, "object", "object"),
)  # fmt: skip
"""Parts that come again, or have no table: field, key, name."""


def tables(codes: Mapping[str, str]) -> dict[str, Any]:
    """All of it. `codes` are a market's response codes and what they mean."""
    return {
        "abbrev": ABBREVIATION, "name": UNIONPAY.name, "short": "UnionPay", "port": str(PORT), "approved": APPROVED,
        **_framing(), "fields": {field.number: _field(field) for field in UNIONPAY.fields},
        "numbers": _numbers(), "codes": dict(codes),
        "currencies": {CNY.numeric: {"alpha": CNY.alpha, "exponent": CNY.exponent}},
        "matrix": _matrix(), "reversal_mti": REVERSAL_MTI, "rows": _rows(), "lists": _lists(), **_of_48(), **_of_62(),
        "balance": f54.WIDTH, "deepest": DEEPEST, "gb18030": charset(),
        "tags": {tag: {"name": known.name, "hidden": known.hidden} for tag, known in TAGS.items()},
        "script": _script(),
    }  # fmt: skip


def _script() -> dict[str, Any]:
    """Of which commands of an issuer the data are hidden, as `protocols.emv.apdu.shown_script_command` has it."""
    return {
        "tag": SCRIPT_COMMAND, "instructions": {f"{ins:02X}": True for ins in PIN_COMMANDS},
        "unblock": PIN_UNBLOCK.hex().upper(), "header": COMMAND_HEADER, "longest_mac": LONGEST_MAC,
    }  # fmt: skip


def _framing() -> dict[str, Any]:
    return {
        "length_bytes": LENGTH_BYTES, "tpdu_bytes": TPDU_BYTES, "header_bytes": HEADER_BYTES, "longest": LONGEST,
        "tpdu_id": TPDU_ID, "mti_bytes": MTI_BYTES, "bitmap_end": BITMAP_END,
    }  # fmt: skip


def _field(field: Field) -> dict[str, Any]:
    prefix = field.length.prefix_digits
    return {
        "name": field.name, "encoding": _ENCODINGS[field.encoding], "prefix": prefix, "most": field.length.most,
        "mask": _MASKS[field.mask],
        **({"left": True} if field.pad is Pad.LEFT else {}),
        **({"ascii": True} if field.encoding is Encoding.ASCII and not prefix else {}),  # else GB 18030
        **({"track": True} if field.name.startswith("track") else {}),  # any hex digits: it may be enciphered
    }  # fmt: skip


def _numbers() -> dict[str, int]:
    by_name = {field.name: field.number for field in UNIONPAY.fields}
    return {role: by_name[name] for role, name in ROLES.items()}


def _matrix() -> list[dict[str, Any]]:
    return [
        {
            "name": transaction.value, "mti": row.mti, "f3": row.f3, "f25": row.f25, "f60_1": row.f60_1,
            "f60_3": dict.fromkeys((row.f60_3, *row.also_f60_3), True), "reversible": row.reversible,
            "any_f3": row.any_f3,
        }
        for transaction, row in TRANSACTIONS.items()
    ]  # fmt: skip


def _table(
    number: int, parts: Sequence[Part], *, field: str = "", of: str = "", first: int = 1
) -> list[dict[str, Any]]:
    """`key` is that of the line, `field` the end of its name in a display filter."""
    return [
        {
            "key": f"F{number}.{place} {of}{part.name}", "field": f"{field}{place}", "width": part.width,
            "means": dict(part.means),
        }
        for place, part in enumerate(parts, start=first)
    ]  # fmt: skip


def _rows() -> dict[str, list[dict[str, Any]]]:
    """Tables of parts; a name begins with the number of its field."""
    return {str(number): _table(number, module.PARTS) for number, module in _PLAIN.items()} | {
        "48.domestic": _table(48, f48.TOTALS, of="domestic "),
        "48.foreign": _table(48, f48.TOTALS, of="foreign ", first=len(f48.TOTALS) + 1),
        "62.chip": _table(62, f62.CHIP_PARTS, field="chip."),
        "63.request": _table(63, f63.OPERATOR, field="request."),
    }


def _lists() -> list[dict[str, Any]]:
    chip = next(field.number for field in UNIONPAY.fields if field.mask is Mask.TLV)
    return [
        *({"number": number, "field": field, "name": f"F{number} {name}"} for number, field, name in _LISTS),
        *({"number": chip, "field": f"tag.{tag}", "name": f"F{chip}.{tag} {row.name}"} for tag, row in TAGS.items()),
        {"number": chip, "field": "tag.unknown", "name": f"F{chip} unknown tag"},
        *(
            {"number": 62, "field": f"parameter.{tag}", "name": f"F62.{tag} {row.name}"}
            for tag, row in PARAMETERS.items()
        ),
    ]


def _readers(readers: Mapping[tuple[str, str], Any]) -> dict[str, str]:
    """MTI and F60.3 to the name of who reads the field then: the same name here and in Lua."""
    return {f"{mti} {management}": reader.__name__.strip("_") for (mti, management), reader in readers.items()}


def _of_48() -> dict[str, Any]:
    return {
        "readers_48": _readers(READERS_48), "totals": f48.TOTALS_WIDTH, "card_classes": f48.CARD_CLASSES,
        "record": [{"name": part.name, "width": part.width} for part in f48.RECORD],
        "record_width": f48.RECORD_WIDTH, "most_records": f48.MOST_RECORDS,
    }  # fmt: skip


def _of_62() -> dict[str, Any]:
    return {
        "readers_62": _readers(READERS_62),
        "key_layouts": {size: {"key_bytes": form.key_bytes, "keys": form.keys} for size, form in LAYOUTS.items()},
        "key_names": NAMES, "check_bytes": CHECK_BYTES,
        "sequence_mark": f62.MARK.decode("ascii"), "long_licence_from": f62.LONG_FROM,
        "parameters": {
            tag: {"name": row.name, "width": row.width, "kind": row.kind.name} for tag, row in PARAMETERS.items()
        },
        "switches": [{"name": name, "byte": place, "bit": bit} for name, (place, bit) in SWITCHES.items()],
        "object_first": f62_download.FIRST, "object_tags": f62_download.TAGS, "states": f62_download.STATES,
        "longest_shown": LONGEST_SHOWN,
        "uploads": {kind: 23 if kind == f62.REFUSAL else 21 for kind in f62.UPLOADS},
    }  # fmt: skip
