"""Frames as they may be kept: secrets hidden at their place, all else as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv import build
from protocols.iso8583 import UNIONPAY, Frame, Message, compile_spec, mask_frame, pack_frame
from protocols.masking import Exposure
from tests.protocols.samples import PAN, TRACK, messages, pans

CODEC = compile_spec(UNIONPAY)
HEAD = 2 + 5 + 6 + 10
BLOCK = bytes.fromhex("3D87C8B8FA17C67C")


def framed(message: Message) -> bytes:
    return pack_frame(Frame("6000060000", "603100311003", CODEC.pack(message)))


def kept(message: Message) -> str:
    """What is kept of the fields, in hex."""
    return mask_frame(framed(message)).raw[HEAD:].hex().upper()


def test_a_pan_keeps_its_first_six_and_last_four_digits() -> None:
    assert kept({0: "0100", 2: PAN}) == "16" + "625094FFFFFF0014"


def test_a_pan_of_odd_length_keeps_its_last_four_digits_and_its_pad() -> None:
    assert kept({0: "0100", 2: PAN + "003"}) == "19" + "625094FFFFFFFFF40030"


def test_a_pan_too_short_to_hide_anything_is_hidden_whole() -> None:
    assert kept({0: "0100", 2: "625094000014"}) == "12" + "F" * 12


@pytest.mark.parametrize(
    ("number", "value", "wire"),
    [
        (14, "3012", "FFFF"),
        (35, TRACK, "38" + "F" * 38),
        (36, "1" * 51, "0051" + "F" * 52),
        (48, "02" + "1" * 39, "0041" + "F" * 42),
        (52, BLOCK, "F" * 16),
        (62, BLOCK, "0008" + "F" * 16),
    ],
)
def test_a_secret_field_keeps_its_length_alone(number: int, value: str | bytes, wire: str) -> None:
    if number == 35:
        value, wire = TRACK[:37], "37" + "F" * 38
    assert kept({0: "0100", number: value}) == wire


def test_chip_data_keeps_all_but_the_cards_secrets() -> None:
    chip = build([("9F26", BLOCK), ("5A", bytes.fromhex(PAN)), ("57", bytes(3)), ("5F24", bytes(3)), ("5F20", b"LI")])
    assert kept({0: "0100", 55: chip}) == (
        "0037" + "9F2608" + BLOCK.hex().upper() + "5A08625094FFFFFF0014" + "5703FFFFFF" + "5F2403FFFFFF" + "5F2002FFFF"
    )


def test_chip_data_that_is_no_tlv_is_hidden_whole() -> None:
    assert kept({0: "0100", 55: b"\x5a\x20" + bytes.fromhex(PAN)}) == "0010" + "F" * 20


def test_a_card_number_in_a_text_is_hidden() -> None:
    assert bytes.fromhex(kept({0: "0110", 63: f"余额 {PAN}"})) == b"\x00\x21" + "余额 ".encode("gb18030") + (
        b"625094" + b"\x7f" * 6 + b"0014"
    )


def test_what_was_hidden_is_told_with_its_place() -> None:
    masked = mask_frame(framed({0: "0100", 2: PAN, 14: "3012", 52: BLOCK, 63: PAN}))
    assert masked.exposed == (
        Exposure("pan", HEAD + 1, 16, "holdfast"),
        Exposure("expiry", HEAD + 9, 4, "holdfast"),
        Exposure("pin block", HEAD + 11, 8, "holdfast"),
        Exposure("pan", HEAD + 21, 16, "holdfast"),
    )


@given(messages)
def test_only_secret_fields_change(message: Message) -> None:
    raw = framed(message)
    body = raw[HEAD - 10 :]
    masked = mask_frame(raw).raw[HEAD - 10 :]
    assert len(masked) == len(body)
    changed = {n for n, (start, end) in CODEC.spans(body).items() if body[start:end] != masked[start:end]}
    assert changed <= {2, 14, 35, 36, 44, 48, 52, 54, 55, 57, 58, 59, 62, 63}
    assert masked[:10] == body[:10]


@given(messages, pans, st.binary(min_size=8, max_size=8))
def test_no_secret_is_ever_kept(message: Message, pan: str, block: bytes) -> None:
    even = pan + "F" * (len(pan) % 2)
    chip = build([("70", [("5A", bytes.fromhex(even))])])
    raw = framed({**message, 2: pan, 35: f"{pan}D30122010001", 52: block, 55: chip, 57: f"({pan})"})
    spans = CODEC.spans(raw[HEAD - 10 :])
    masked = mask_frame(raw).raw
    parts = {number: masked[HEAD - 10 + start : HEAD - 10 + end] for number, (start, end) in spans.items()}
    assert pan[6:-4] not in parts[2].hex()[2:] or set(pan[6:-4]) <= {"f"}
    assert set(parts[35][1:]) == {0xFF}
    assert set(parts[52]) == {0xFF}
    assert pan.encode("ascii") not in parts[57]
    assert pan not in parts[55].hex()


FULL = framed({0: "0100", 2: PAN, 3: "030000", 14: "3012", 35: TRACK[:37], 52: BLOCK})


@pytest.mark.parametrize(
    "frame",
    [
        FULL[:-1],  # cut short
        FULL[2:],  # no length
        (len(FULL) - 7).to_bytes(2, "big") + FULL[7:],  # no TPDU
        (len(FULL) - 8).to_bytes(2, "big") + FULL[2:7] + FULL[13:],  # no header
        (len(FULL) - 13).to_bytes(2, "big") + FULL[13:],  # neither
        FULL[13:],  # the message alone
        (len(FULL) - 1).to_bytes(2, "big") + FULL[2:] + b"\x00",  # left over
        FULL[:13] + b"0100" + FULL[15:],  # MTI in ASCII
        b"",
        b"\x00",
    ],
)
def test_a_frame_that_cannot_be_read_shows_no_more_of_a_pan_than_six_digits(frame: bytes) -> None:
    masked = mask_frame(frame)
    assert len(masked.raw) == len(frame)
    assert PAN[:7] not in masked.raw.hex()
    assert BLOCK not in masked.raw
    assert masked.exposed[0].kind == "undecodable"
    assert masked.exposed[0].offset + masked.exposed[0].clear_digits // 2 == len(frame)


def test_a_frame_with_a_wrong_field_keeps_its_head_and_bitmap() -> None:
    frame = framed({0: "0100", 3: "030000"})[:-1] + b"\x0a"
    assert mask_frame(frame).raw == frame[:HEAD] + b"\xff" * 3


@given(st.binary(max_size=80))
def test_any_bytes_can_be_masked_and_keep_their_length(data: bytes) -> None:
    assert len(mask_frame(data).raw) == len(data)
