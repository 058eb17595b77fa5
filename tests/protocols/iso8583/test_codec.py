"""The codec: what each kind of field looks like on the wire, and that what was packed is unpacked."""

from __future__ import annotations

import pytest
from hypothesis import given

from protocols.iso8583 import UNIONPAY, Message, PackError, compile_spec
from tests.protocols.samples import messages

CODEC = compile_spec(UNIONPAY)
START = 10


def packed(number: int, value: str | bytes) -> str:
    """One field on the wire, in hex."""
    return CODEC.pack({0: "0100", number: value})[START:].hex().upper()


@given(messages)
def test_what_was_packed_is_unpacked(message: Message) -> None:
    assert CODEC.unpack(CODEC.pack(message)) == message


@given(messages)
def test_spans_follow_each_other_from_the_bitmap_to_the_end(message: Message) -> None:
    body = CODEC.pack(message)
    spans = CODEC.spans(body)
    assert list(spans) == sorted(number for number in message if number)
    ends = [START, *(end for _, end in spans.values())]
    assert [start for start, _ in spans.values()] == ends[:-1]
    assert ends[-1] == len(body)


def test_mti_and_bitmap_stand_first() -> None:
    assert CODEC.pack({0: "0800", 64: bytes(8), 11: "000001"})[:START].hex() == "08000020000000000001"


def test_f22_is_left_justified_with_a_pad_nibble_on_the_right() -> None:
    assert packed(22, "021") == "0210"


def test_f23_is_right_justified_with_a_pad_nibble_on_the_left() -> None:
    assert packed(23, "001") == "0001"


def test_an_even_fixed_field_has_no_pad() -> None:
    assert packed(3, "030000") == "030000"


@pytest.mark.parametrize(("digits", "wire"), [("1234", "041234"), ("12345", "05123450"), ("", "00")])
def test_a_variable_bcd_field_counts_digits_and_pads_right(digits: str, wire: str) -> None:
    assert packed(32, digits) == wire


def test_lll_is_two_bytes() -> None:
    assert packed(60, "22000001003") == "0011220000010030"


@pytest.mark.parametrize("nibble", "0F7D")
def test_the_pad_nibble_may_be_anything(nibble: str) -> None:
    body = CODEC.pack({0: "0100"})[:2] + bytes.fromhex("0000000100000000" + "05" + "12345" + nibble)
    assert CODEC.unpack(body) == {0: "0100", 32: "12345"}


def test_the_track_separator_is_nibble_d_however_it_was_given() -> None:
    assert packed(35, "6250947000000014=3012") == packed(35, "6250947000000014D3012") == "216250947000000014D30120"


def test_a_track_may_hold_any_nibble_for_it_may_be_enciphered() -> None:
    assert packed(35, "6250947000000014D30A2F") == "226250947000000014D30A2F"
    assert CODEC.unpack(CODEC.pack({0: "0100", 36: "0123456789ABCDEF0"}))[36] == "0123456789ABCDEF0"


@pytest.mark.parametrize("track", ["6250947000000014^30", "6250947000000014d30", "6250947000000014 30"])
def test_what_is_no_nibble_has_no_place_in_a_track(track: str) -> None:
    with pytest.raises(PackError, match="F35 track 2: it takes hex digits only"):
        CODEC.pack({0: "0100", 35: track})


@pytest.mark.parametrize("number", [2, 48, 60])
def test_only_tracks_take_a_separator(number: int) -> None:
    with pytest.raises(PackError, match="digits only"):
        CODEC.pack({0: "0100", number: "12=34"})


def test_a_short_authorisation_code_is_filled_with_spaces() -> None:
    assert CODEC.unpack(CODEC.pack({0: "0110", 38: "AB12"})) == {0: "0110", 38: "AB12  "}


def test_chinese_text_counts_bytes_not_characters() -> None:
    assert packed(63, "CUP余额") == "0007" + "435550" + "余额".encode("gb18030").hex().upper()


def test_chinese_text_at_its_limit_of_bytes_is_packed_and_one_more_is_refused() -> None:
    text = "余" * 81 + "a"
    assert CODEC.unpack(CODEC.pack({0: "0110", 63: text})) == {0: "0110", 63: text}
    with pytest.raises(PackError, match="164 units are more than 163"):
        CODEC.pack({0: "0110", 63: text + "a"})


@pytest.mark.parametrize(
    ("message", "path", "problem"),
    [
        ({}, "MTI", "four digits"),
        ({0: "100"}, "MTI", "four digits"),
        ({0: b"0100"}, "MTI", "four digits"),
        ({0: "01A0"}, "MTI", "four digits"),
        ({0: "2100"}, "MTI", "first is 0"),
        ({0: "0100", 5: "1"}, "F5", "no such field"),
        ({0: "0100", 128: b""}, "F128", "no such field"),
        ({0: "0100", 3: "30000"}, "F3 processing code", "5 units instead of 6"),
        ({0: "0100", 3: "0300000"}, "F3 processing code", "7 units instead of 6"),
        ({0: "0100", 4: "00000000 100"}, "F4 amount", "digits only"),
        ({0: "0100", 2: "1" * 20}, "F2 PAN", "20 units are more than 19"),
        ({0: "0100", 2: b"62"}, "F2 PAN", "text of digits"),
        ({0: "0100", 4: 100}, "F4 amount", "text of digits"),
        ({0: "0100", 2: "６２"}, "F2 PAN", "digits only"),
        ({0: "0100", 37: "1234567890"}, "F37 reference", "10 units instead of 12"),
        ({0: "0100", 41: "123456789"}, "F41 terminal", "9 units instead of 8"),
        ({0: "0100", 41: b"1234567"}, "F41 terminal", "ascii text"),
        ({0: "0100", 42: "商户"}, "F42 merchant", "ascii text"),
        ({0: "0100", 63: "\ud800"}, "F63 private 63", "gb18030 text"),
        ({0: "0100", 63: 7}, "F63 private 63", "gb18030 text"),
        ({0: "0100", 52: "3D87C8B8"}, "F52 PIN block", "it takes bytes"),
        ({0: "0100", 52: bytes(7)}, "F52 PIN block", "7 units instead of 8"),
        ({0: "0100", 55: bytes(256)}, "F55 chip data", "256 units are more than 255"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(message: Message, path: str, problem: str) -> None:
    with pytest.raises(PackError, match=problem) as caught:
        CODEC.pack(message)
    assert caught.value.path == (path,)
