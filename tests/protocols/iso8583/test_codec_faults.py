"""Bytes that are no message of this link: each error names the place and the likely mistake."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import UNIONPAY, Message, UnpackError, compile_spec
from tests.protocols.samples import PAN, messages

CODEC = compile_spec(UNIONPAY)
BODY = CODEC.pack({0: "0100", 2: PAN, 3: "030000", 11: "000001", 41: "12345678", 60: "10000001000"})


def bitmap(*numbers: int) -> bytes:
    return sum(1 << (64 - number) for number in numbers).to_bytes(8, "big")


def fault(body: bytes) -> UnpackError:
    with pytest.raises(UnpackError) as caught:
        CODEC.unpack(body)
    assert PAN not in str(caught.value)
    return caught.value


def test_a_body_without_a_whole_bitmap_is_too_short() -> None:
    error = fault(BODY[:9])
    assert error.path == ("MTI",)
    assert str(error) == "MTI: 9 bytes are too short for MTI and bitmap (the message is cut short)"


def test_an_mti_in_ascii_is_recognised() -> None:
    error = fault(b"0100" + BODY[2:])
    assert error.path == ("MTI",)
    assert "MTI in ASCII" in error.advice


def test_a_header_that_was_not_taken_off_is_suspected() -> None:
    error = fault(bytes.fromhex("602200000000") + BODY)
    assert error.path == ("MTI",)
    assert "6022 is no MTI" in error.message
    assert error.advice == "is a TPDU or header missing, or there twice?"


@pytest.mark.parametrize("start", [2, 3])
def test_an_mti_that_was_taken_for_a_header_is_suspected(start: int) -> None:
    assert fault(BODY[start:]).path[0] in {"MTI", "F1"}


def test_an_mti_of_another_version_of_iso_8583_is_refused() -> None:
    assert fault(b"\x21\x00" + BODY[2:]).message == "MTI: 2100 is no MTI"


def test_a_second_bitmap_is_refused_by_name() -> None:
    error = fault(b"\x01\x00" + bitmap(1, 3) + bytes(20))
    assert error.path == ("F1",)
    assert "no second bitmap" in error.advice


def test_a_field_that_the_table_does_not_hold_is_named_with_what_was_read_before() -> None:
    error = fault(b"\x01\x00" + bitmap(3, 5) + bytes(20))
    assert error.path == ("F5",)
    assert error.advice == "read so far: [3]; the bitmap may be wrong"


def test_an_unknown_field_at_the_start_puts_the_bitmap_in_doubt() -> None:
    assert fault(b"\x01\x00" + bitmap(5) + bytes(20)).advice == "the bitmap may be wrong"


def test_an_ascii_ll_length_is_recognised() -> None:
    error = fault(b"\x01\x00" + bitmap(2) + b"16" + bytes.fromhex(PAN))
    assert error.path == ("F2 PAN",)
    assert error.message == "F2 PAN: its length 31 is over 19"
    assert "length in ASCII" in error.advice


@pytest.mark.parametrize("content", [b"\x10\x00\x00\x01\x00\x00", b"100000010000"])
def test_an_ascii_lll_length_is_recognised_whatever_follows_it(content: bytes) -> None:
    error = fault(b"\x01\x00" + bitmap(60) + b"011" + content)
    assert error.path == ("F60 transaction type, batch, management",)
    assert "length in ASCII" in error.advice


def test_a_length_over_the_limit_puts_the_field_before_it_in_doubt() -> None:
    error = fault(b"\x01\x00" + bitmap(32) + b"\x12" + bytes(6))
    assert error.message == "F32 acquirer: its length 12 is over 11"
    assert error.advice == "the field before it may be longer or shorter than read"


def test_a_binary_length_is_no_bcd() -> None:
    assert fault(b"\x01\x00" + bitmap(55) + b"\x00\x8b" + bytes(0x8B)).message == (
        "F55 chip data: its length 008b is no BCD"
    )


@pytest.mark.parametrize("cut", [b"", b"\x00"])
def test_a_length_that_is_cut_off_is_missing(cut: bytes) -> None:
    error = fault(b"\x01\x00" + bitmap(60) + cut)
    assert error.message.endswith("its length is missing")
    assert error.advice == "the message is cut short"


def test_a_field_that_is_cut_off_tells_how_much_is_left() -> None:
    error = fault(BODY[:-2])
    assert error.path == ("F60 transaction type, batch, management",)
    assert error.message.endswith("6 bytes are due, 4 are left")
    assert error.advice == "the message is cut short"


def test_left_over_bytes_are_counted() -> None:
    error = fault(BODY + b"\x00\x00")
    assert error.path == ("end",)
    assert "2 bytes are left over" in error.message


@pytest.mark.parametrize(("number", "content"), [(3, b"\x03\x0a\x00"), (2, b"\x04\x62\xd5"), (60, b"\x00\x04\x62\xe5")])
def test_a_nibble_that_is_no_digit_is_named_by_its_field(number: int, content: bytes) -> None:
    error = fault(b"\x01\x00" + bitmap(number) + content)
    assert error.path[0].startswith(f"F{number} ")
    assert "no digit" in error.message


@pytest.mark.parametrize(("number", "content"), [(39, b"\xb0\xb0"), (63, b"\x00\x01\xff")])
def test_bytes_that_are_no_text_are_named_by_their_field(number: int, content: bytes) -> None:
    error = fault(b"\x01\x10" + bitmap(number) + content)
    assert error.path[0].startswith(f"F{number} ")
    assert "text" in error.message
    assert error.advice == "it may be binary or BCD here"


@given(messages.filter(lambda message: len(message) > 1), st.data())
def test_a_message_cut_anywhere_is_refused(message: Message, data: st.DataObject) -> None:
    body = CODEC.pack(message)
    with pytest.raises(UnpackError):
        CODEC.unpack(body[: data.draw(st.integers(0, len(body) - 1))])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_unpack_error(body: bytes) -> None:
    with suppress(UnpackError):
        assert CODEC.unpack(b"\x01\x00" + body)[0] == "0100"
