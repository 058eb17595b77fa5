"""Frames: length, TPDU, header. Faults name the likely mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import Frame, FramingError, PackError, pack_frame, unpack_frame
from protocols.iso8583.frame import LONGEST

FRAME = Frame("6000060000", "603100311003", b"\x08\x00" + bytes(8))
RAW = pack_frame(FRAME)

heads = st.builds(
    Frame,
    st.text("0123456789", min_size=8, max_size=8).map(lambda digits: "60" + digits),
    st.text("0123456789", min_size=12, max_size=12),
    st.binary(max_size=300),
)


def fault(data: bytes) -> FramingError:
    with pytest.raises(FramingError) as caught:
        unpack_frame(data)
    return caught.value


@given(heads)
def test_what_was_framed_is_unframed(frame: Frame) -> None:
    assert unpack_frame(pack_frame(frame)) == frame


def test_the_length_is_binary_and_does_not_count_itself() -> None:
    assert RAW.hex() == "0015" + "6000060000" + "603100311003" + "0800" + "00" * 8


def test_a_length_that_counts_itself_is_recognised() -> None:
    error = fault((len(RAW)).to_bytes(2, "big") + RAW[2:])
    assert error.path == ("length",)
    assert str(error) == "length: it says 23, 21 bytes follow (it counts itself)"


def test_a_frame_that_is_cut_short_is_told() -> None:
    assert fault(RAW[:-1]).advice == "the frame is cut short"


def test_a_frame_with_something_behind_it_is_told() -> None:
    assert fault(RAW + b"\x00").advice == "something follows the frame"


@pytest.mark.parametrize("data", [b"", b"\x00"])
def test_less_than_a_length_is_told(data: bytes) -> None:
    assert fault(data).message == f"length: {len(data)} bytes hold no length"


def test_an_ascii_length_is_recognised() -> None:
    error = fault(b"0021" + RAW[2:])
    assert error.path == ("length",)
    assert "ASCII digits" in error.advice


def test_a_length_with_its_lower_byte_first_is_suspected() -> None:
    assert "lower one" in fault(b"\x15\x00" + RAW[2:]).advice


def test_the_longest_frame_is_read_and_one_byte_more_is_not() -> None:
    longest = Frame(FRAME.tpdu, FRAME.header, bytes(LONGEST - 11))
    assert unpack_frame(pack_frame(longest)) == longest
    assert (
        fault((LONGEST + 1).to_bytes(2, "big") + bytes(LONGEST + 1)).message
        == "length: length prefix 2049 is over 2048"
    )


def test_a_missing_tpdu_is_recognised() -> None:
    error = fault((10).to_bytes(2, "big") + FRAME.body)
    assert error.path == ("TPDU",)
    assert str(error) == "TPDU: 08 stands where 60 should (is there a TPDU at all?)"


def test_a_tpdu_that_is_no_digits_is_refused() -> None:
    assert fault(RAW[:4] + b"\x0a" + RAW[5:]).path == ("TPDU",)


def test_an_empty_frame_has_no_tpdu() -> None:
    assert fault(b"\x00\x00").message == "TPDU: nothing stands where 60 should"


def test_a_frame_that_ends_in_its_header_is_told() -> None:
    error = fault(b"\x00\x08" + RAW[2:10])
    assert error.path == ("header",)
    assert error.advice == "the frame is cut short"


def test_a_header_that_is_no_digits_is_refused_and_not_told() -> None:
    error = fault(RAW[:9] + b"\xab" + RAW[10:])
    assert error.path == ("header",)
    assert str(error) == "header: it is not 12 digits (is there a header at all?)"


@given(heads, st.binary(min_size=6, max_size=6))
def test_what_can_be_unframed_can_be_framed(frame: Frame, header: bytes) -> None:
    raw = pack_frame(frame)
    raw = raw[:7] + header + raw[13:]
    try:
        assert pack_frame(unpack_frame(raw)) == raw
    except FramingError:
        assert not header.hex().isdigit()


@pytest.mark.parametrize(
    ("frame", "path"),
    [
        (Frame("60000600", FRAME.header, b""), "TPDU"),
        (Frame("6000060000", "6031003110", b""), "header"),
        (Frame("600006000A", FRAME.header, b""), "TPDU"),
        (Frame("６000060000", FRAME.header, b""), "TPDU"),
        (Frame(FRAME.tpdu, FRAME.header, bytes(LONGEST - 10)), "length"),
    ],
)
def test_a_frame_that_no_reader_would_take_is_not_packed(frame: Frame, path: str) -> None:
    with pytest.raises(PackError) as caught:
        pack_frame(frame)
    assert caught.value.path == (path,)


def test_a_reply_swaps_the_addresses_of_the_tpdu() -> None:
    assert FRAME.reply(b"x") == Frame("6000000006", FRAME.header, b"x")


def test_a_reply_changes_the_processing_request_alone() -> None:
    assert FRAME.reply(b"", processing_request="3").header == "603103311003"


@given(heads)
def test_the_reply_to_a_reply_goes_back(frame: Frame) -> None:
    assert frame.reply(b"").reply(frame.body) == frame
