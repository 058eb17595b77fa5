"""The stream cut into frames, however it is segmented."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import Frame, FrameReader, FramingError, pack_frame
from protocols.iso8583.frame import LENGTH_BYTES, LONGEST, is_one_frame

bodies = st.lists(st.binary(max_size=40), max_size=6)
GARBAGE = b"HTTP/1.1 400"


def frame(body: bytes) -> bytes:
    return pack_frame(Frame("6000060000", "603100311003", body))


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    marks = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in pairwise(marks)]


@given(bodies, st.lists(st.integers(0, 1000), max_size=12), st.binary(max_size=1))
def test_frames_come_out_whole_however_the_stream_is_cut(sent: list[bytes], cuts: list[int], begun: bytes) -> None:
    frames, reader = [frame(body) for body in sent], FrameReader()
    received = [out for piece in pieces(b"".join(frames) + begun, cuts) for out in reader.feed(piece)]
    assert received == frames
    assert reader.pending == begun


def test_a_frame_byte_by_byte_comes_out_with_its_last_byte() -> None:
    raw, reader = frame(b"body"), FrameReader()
    assert [reader.feed(raw[at : at + 1]) for at in range(len(raw))] == [[]] * (len(raw) - 1) + [[raw]]


def test_bytes_that_are_no_frame_are_refused_and_stay_to_be_seen() -> None:
    reader = FrameReader()
    with pytest.raises(FramingError, match="is over 2048"):
        reader.feed(GARBAGE)
    assert reader.pending == GARBAGE


def test_a_frame_before_garbage_is_not_lost() -> None:
    reader, raw = FrameReader(), frame(b"body")
    assert reader.feed(raw + GARBAGE) == [raw]
    with pytest.raises(FramingError):
        reader.feed(b"")
    with pytest.raises(FramingError):
        reader.feed(raw)


def test_what_follows_bytes_that_are_no_frame_is_not_hoarded() -> None:
    reader = FrameReader()
    for _ in range(5):
        with pytest.raises(FramingError, match="is over 2048"):
            reader.feed(GARBAGE * 1000)
    assert reader.pending == (GARBAGE * 1000)[: LENGTH_BYTES + LONGEST]


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda rest: len(rest).to_bytes(2, "big") + rest))
def test_one_frame_is_what_a_reader_would_give_whole(chunk: bytes) -> None:
    reader = FrameReader()
    try:
        whole = reader.feed(chunk) == [chunk] and not reader.pending
    except FramingError:
        whole = False
    assert is_one_frame(chunk) is whole


def test_a_frame_that_is_too_long_is_not_taken_for_one() -> None:
    assert is_one_frame(LONGEST.to_bytes(2, "big") + bytes(LONGEST))
    assert not is_one_frame((LONGEST + 1).to_bytes(2, "big") + bytes(LONGEST + 1))
