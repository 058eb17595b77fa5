"""What several tests of the protocols need: public vectors, test cards, and random messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from protocols.iso8583 import UNIONPAY, Message
from protocols.iso8583.field import Encoding, Field
from protocols.pan import TEST_RANGES, check_digit

PAN = "6250947000000014"
OTHER_PAN = "6224242900000113"
TRACK = f"{PAN}D30122010000012345678"

_FILE: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "unionpay.json").read_text(encoding="utf-8"))
VECTORS: dict[str, dict[str, Any]] = {vector["id"]: vector for vector in _FILE["vectors"]}
PUBLIC: dict[str, dict[str, Any]] = {message["name"]: message for message in _FILE["messages"]}
FRAMED = [name for name, message in PUBLIC.items() if message["has_length"]]


def vector(name: str, *keys: str) -> list[bytes]:
    """The named hex values of a vector."""
    return [bytes.fromhex(VECTORS[name][key]) for key in keys]


def public_frame(name: str) -> bytes:
    """A public message as a frame; one that was published without its head gets a common one."""
    raw = bytes.fromhex(PUBLIC[name]["hex"])
    if PUBLIC[name]["has_length"]:
        return raw
    head = bytes.fromhex("6000000000" + "602200000000")
    return (len(head) + len(raw)).to_bytes(2, "big") + head + raw


def _card(prefix: str, digits: str) -> str:
    return prefix + digits + check_digit(prefix + digits)


pans = st.sampled_from(TEST_RANGES).flatmap(
    lambda prefix: st.text("0123456789", min_size=4, max_size=10).map(lambda digits: _card(prefix, digits))
)
"""Test cards of 13 to 19 digits."""

LONGEST_VALUE = 120
"""So that a message with all fields stays under the longest frame."""
_PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
_CHINESE = st.sampled_from("预授权完成撤销￥消费（商户存根）㐀𠀀")


def values(field: Field) -> st.SearchStrategy[str | bytes]:
    """Values that fit a field."""
    most = min(field.length.most, LONGEST_VALUE)
    least = 0 if field.length.prefix_digits else most
    if field.encoding is Encoding.BINARY:
        return st.binary(min_size=least, max_size=most)
    if field.encoding is Encoding.BCD:
        digits = "0123456789ABCDEF" if field.number in (35, 36) else "0123456789"  # a track may be enciphered
        return st.text(digits, min_size=least, max_size=most)
    if not field.length.prefix_digits:
        return st.text(_PRINTABLE, min_size=most, max_size=most)
    text = st.text(_PRINTABLE | _CHINESE, max_size=most)
    return text.filter(lambda value: len(value.encode("gb18030")) <= most)


mtis = st.text("0123456789", min_size=3, max_size=3).map(lambda digits: "0" + digits)
messages: st.SearchStrategy[Message] = st.fixed_dictionaries(
    {0: mtis}, optional={field.number: values(field) for field in UNIONPAY.fields}
)
"""Messages with any of the fields."""
