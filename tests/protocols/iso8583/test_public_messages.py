"""The five public messages of the vectors: unpacked, compared, packed again to the same bytes."""

from __future__ import annotations

import re

import pytest

from protocols.iso8583 import F60, UNIONPAY, EcbMac, compile_spec, pack_frame, unpack_frame
from tests.protocols.samples import FRAMED, PUBLIC, VECTORS, public_frame

CODEC = compile_spec(UNIONPAY)
DECODED = [name for name in PUBLIC if "decoded" in PUBLIC[name]]


def as_text(value: str | bytes) -> str:
    return value.hex().upper() if isinstance(value, bytes) else value


@pytest.mark.parametrize("name", DECODED)
def test_a_public_message_has_the_published_values(name: str) -> None:
    decoded = PUBLIC[name]["decoded"]
    message = CODEC.unpack(unpack_frame(public_frame(name)).body)
    assert message.pop(0) == decoded["mti"]
    assert sorted(message) == decoded["fields"]
    published = {int(n): re.sub(r"\(pad .\)", "", value) for n, value in decoded["values"].items()}
    assert {number: as_text(value) for number, value in message.items()} == published


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_message_is_packed_to_the_same_bytes(name: str) -> None:
    raw = public_frame(name)
    frame = unpack_frame(raw)
    assert CODEC.pack(CODEC.unpack(frame.body)) == frame.body
    assert pack_frame(frame) == raw


@pytest.mark.parametrize("name", [name for name in FRAMED if name in DECODED])
def test_a_public_frame_has_the_published_head(name: str) -> None:
    decoded, raw = PUBLIC[name]["decoded"], public_frame(name)
    frame = unpack_frame(raw)
    assert (frame.tpdu, frame.header, len(raw) - 2) == (decoded["tpdu"], decoded["header"], decoded["len"])
    assert frame.body[2:10].hex().upper() == decoded["bitmap"]


def test_the_contactless_sale_has_the_structure_that_the_facts_tell() -> None:
    frame = unpack_frame(public_frame("sale_contactless_pin_chip"))
    message = CODEC.unpack(frame.body)
    assert (frame.tpdu, frame.header) == ("6000060000", "603100311003")
    assert {number: message[number] for number in (0, 22, 23, 26, 48, 53)} == {
        0: "0200", 22: "071", 23: "000", 26: "12", 48: "0", 53: "2600000000000000",
    }  # fmt: skip
    assert (len(message[35]), len(message[55]), len(message[59])) == (34, 139, 153)
    assert F60.parse(str(message[60])) == F60("22", "000024", "000", "6", "0", "0")
    assert message[64] == b"8F651B26"


def test_the_block_of_vector_e_is_a_message_without_its_mac() -> None:
    mab = bytes.fromhex(VECTORS["e"]["mab"])
    body = mab + EcbMac(bytes.fromhex(VECTORS["e"]["key"])).over(mab)
    message = CODEC.unpack(body)
    assert message[52] == bytes.fromhex(VECTORS["p"]["f52"])
    assert message[64] == b"28C7AFB5"
    assert CODEC.pack(message) == body
