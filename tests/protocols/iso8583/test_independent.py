"""Our codec held against pyiso8583, whose field table was written from the facts and not from ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import (
    UNIONPAY,
    Frame,
    Message,
    WorkingKeys,
    compile_spec,
    encrypt_track,
    mask_frame,
    pack_frame,
    unpack_frame,
)
from protocols.iso8583.field import Field
from tests.protocols.samples import PAN, PUBLIC, TRACK, messages, public_frame, values
from tests.support.independent import decode_frame

CODEC = compile_spec(UNIONPAY)
NOT_FIELDS = {"tpdu", "header", "t", "p"}


def ours(raw: bytes) -> dict[str, str]:
    frame = unpack_frame(raw)
    message = CODEC.unpack(frame.body)
    fields = {str(n): v.hex().upper() if isinstance(v, bytes) else v for n, v in message.items() if n}
    bitmap = frame.body[2:10].hex().upper()
    return {"tpdu": frame.tpdu, "header": frame.header, "t": str(message[0]), "p": bitmap, **fields}


def framed(message: Message) -> bytes:
    return pack_frame(Frame("6000060000", "603100311003", CODEC.pack(message)))


@pytest.mark.parametrize("name", PUBLIC)
def test_both_read_the_same_in_a_public_message(name: str) -> None:
    assert decode_frame(public_frame(name)) == ours(public_frame(name))


@given(messages)
def test_what_we_pack_the_other_reads_the_same(message: Message) -> None:
    raw = framed(message)
    assert decode_frame(raw) == ours(raw)


@pytest.mark.parametrize("field", UNIONPAY.fields, ids=lambda field: f"F{field.number}")
@given(data=st.data())
def test_each_field_is_packed_unpacked_and_read_by_the_other(field: Field, data: st.DataObject) -> None:
    message: Message = {0: "0100", field.number: data.draw(values(field))}
    raw = framed(message)
    assert CODEC.unpack(unpack_frame(raw).body) == message
    assert str(field.number) in decode_frame(raw)
    assert decode_frame(raw) == ours(raw)


@pytest.mark.parametrize("digits", [TRACK[:37], TRACK[:36], TRACK[:17]])
def test_an_enciphered_track_is_read_the_same_by_both(digits: str) -> None:
    track = encrypt_track(bytes(range(16)), digits)
    raw = framed({0: "0100", 22: "021", 35: track, 36: track, 53: "2610000000000000"})
    assert set(track) - set("0123456789D")
    assert decode_frame(raw)["35"] == decode_frame(raw)["36"] == track
    assert decode_frame(raw) == ours(raw)


@pytest.mark.parametrize(("size", "keys"), [(8, 2), (16, 2), (16, 3), (24, 2), (24, 3)])
def test_a_sign_on_reply_of_each_form_is_read_the_same_by_both(size: int, keys: int) -> None:
    wrapped = WorkingKeys(*(bytes(range(n, n + size)) for n in range(keys))).wrap(bytes(range(16)))
    raw = framed({0: "0810", 60: "00000001003", 62: wrapped})
    assert decode_frame(raw)["62"] == wrapped.hex().upper()
    assert decode_frame(raw) == ours(raw)


@pytest.mark.parametrize("nibble", "0F7")
def test_a_pad_nibble_of_any_value_is_read_over_by_both(nibble: str) -> None:
    raw = framed({0: "0100", 2: PAN + "003", 22: "051"})
    body = raw.hex().replace("0510", f"051{nibble}").replace(PAN + "0030", f"{PAN}003{nibble}")
    assert decode_frame(bytes.fromhex(body)) == ours(bytes.fromhex(body))


def test_a_kept_frame_is_read_with_its_hidden_nibbles() -> None:
    message: Message = {
        0: "0100", 2: PAN + "003", 3: "030000", 14: "3012", 22: "051", 35: TRACK, 36: "1" * 37, 44: f"to {PAN}",
        52: b"\x3d" * 8, 60: "10000001000", 62: bytes(40), 63: "CUP余额",
    }  # fmt: skip
    raw = framed(message)
    kept = decode_frame(mask_frame(raw).raw)
    hidden = {"2": "625094FFFFFFFFF4003", "14": "FFFF", "35": "F" * len(TRACK), "36": "F" * 37,
              "44": "to 625094\x7f\x7f\x7f\x7f\x7f\x7f0014", "52": "F" * 16, "62": "F" * 80}  # fmt: skip
    assert kept == {**ours(raw), **hidden}


@given(messages)
def test_a_kept_frame_has_its_lengths_and_its_open_fields(message: Message) -> None:
    raw = framed(message)
    kept, fresh = decode_frame(mask_frame(raw).raw), ours(raw)
    assert {key: len(value) for key, value in kept.items() if key not in {"44", "54", "57", "59", "63"}} == {
        key: len(value) for key, value in fresh.items() if key not in {"44", "54", "57", "59", "63"}
    }
    for key in ("t", "p", "3", "4", "11", "22", "23", "37", "38", "39", "41", "42", "60", "61", "64"):
        assert kept.get(key) == fresh.get(key)


def test_a_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes follow"):
        decode_frame(public_frame("signin_req_ajsgn")[:-1])


def test_a_message_that_is_cut_short_is_refused() -> None:
    frame = unpack_frame(public_frame("signin_req_ajsgn"))
    with pytest.raises(ValueError, match="field 63"):
        decode_frame(pack_frame(Frame(frame.tpdu, frame.header, frame.body[:-1])))
