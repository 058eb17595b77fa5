"""Target `frame`: a stream of bytes in segments. The first bytes of an input say where the segments end.

What is held against it: the same frames, the same error and the same rest in whatever segments; a plain cut without
state; the bound of what is kept; and each frame packed again.
"""

from __future__ import annotations

import random
from unittest import mock

from protocols.iso8583 import Frame, FrameReader, FramingError, UnpackError, mask_frame, pack_frame, unpack_frame
from protocols.iso8583.frame import HEADER_BYTES, LENGTH_BYTES, LONGEST, TPDU_BYTES
from tests.fuzz import messages
from tests.fuzz.harness import Plant, Target, changed_bytes

CUTS = 8
"""Bytes of an input that say how long its segments are, over and over again."""
MOST = 3 * LONGEST
HEAD = TPDU_BYTES + HEADER_BYTES
_pack_frame = pack_frame


def run(data: bytes) -> None:
    """Raises AssertionError, or whatever should not have been raised."""
    sizes, stream = data[:CUTS], data[CUTS:MOST]
    frames, rest, broken = cut(stream)
    for segments in (segmented(stream, sizes), [stream], [bytes([byte]) for byte in stream[:300]] + [stream[300:]]):
        _fed(segments, frames, rest, broken)
    for raw in frames:
        _alone(raw)
    _alone(stream)


def cut(stream: bytes) -> tuple[list[bytes], bytes, bool]:
    """The frames of a whole stream, what is left, and whether no frame can begin there. facts/unionpay-pos 1.1"""
    frames, at = [], 0
    while at + LENGTH_BYTES <= len(stream):
        size = 256 * stream[at] + stream[at + 1]
        if size > LONGEST:
            return frames, stream[at:], True
        if at + LENGTH_BYTES + size > len(stream):
            break
        frames.append(stream[at : at + LENGTH_BYTES + size])
        at += LENGTH_BYTES + size
    return frames, stream[at:], False


def segmented(stream: bytes, sizes: bytes) -> list[bytes]:
    """Segments of so many bytes, by turns; those of 255 hold whatever is left."""
    segments, at, turn = [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)] if sizes else 255
        size = len(stream) if size == 255 else size
        segments.append(stream[at : at + size])
        at, turn = at + max(size, int(turn % 9 == 8)), turn + 1
        if size == 0 and turn % 9 == 0:
            segments.append(stream[at - 1 : at])
    return segments


def _fed(segments: list[bytes], frames: list[bytes], rest: bytes, broken: bool) -> None:
    reader, found, error = FrameReader(), [], ""
    for segment in segments:
        try:
            found += reader.feed(segment)
        except FramingError as raised:
            error = str(raised)
            break
        assert len(reader.pending) < LENGTH_BYTES + LONGEST or broken, "more is kept than a frame"
    if not error:
        try:
            found += reader.feed(b"")
        except FramingError as raised:
            error = str(raised)
    assert found == frames, "other frames in these segments"
    assert bool(error) == broken, f"{error or 'no error'} in these segments"
    if broken:
        assert rest.startswith(reader.pending), "what cannot be read is not what is left"
        _stays_broken(reader, error)
    else:
        assert reader.pending == rest, "another rest in these segments"


def _stays_broken(reader: FrameReader, error: str) -> None:
    """It says the same for ever, and does not hoard what comes."""
    for _ in range(3):
        try:
            reader.feed(bytes(LONGEST))
        except FramingError as raised:
            again = str(raised)
        else:
            raise AssertionError("it reads on behind what cannot be read")
        assert again == error, "another error"
    assert len(reader.pending) <= LENGTH_BYTES + LONGEST, "a stream that cannot be read is hoarded"


def _alone(raw: bytes) -> None:
    masked = mask_frame(raw)
    assert len(masked.raw) == len(raw), "a masked frame has another length"
    try:
        frame = unpack_frame(raw)
    except UnpackError:
        assert set(masked.raw[2 + 10 :]) <= {0xFF}, "a frame that cannot be read is shown"
        return
    assert pack_frame(frame) == raw, "packed again it is another frame"
    assert frame.body == raw[LENGTH_BYTES + HEAD :], "the body is not what follows the header"
    answer = frame.reply(frame.body, "3")
    back = answer.reply(frame.body, frame.header[5])
    assert back == frame, "an answer's answer is not the frame"
    assert unpack_frame(pack_frame(answer)) == answer, "an answer cannot be read"


# ── seeds and mutants ─────────────────────────────────────────────────────────────────────────────────────────────


HEADERS = ("603100311003", "602200000000", "613200320001")
"""facts/unionpay-pos 1.6"""


def _frames(header: str = HEADERS[0]) -> list[bytes]:
    return [_pack_frame(Frame("6000060000", header, body)) for body in messages.BODIES]


def seeds() -> list[bytes]:
    """One frame, many, and broken ones, in a few manners of segments."""
    frames = _frames()
    shortest = pack_frame(Frame("6000030000", "602200000000", b""))
    longest = pack_frame(Frame("6000030000", "602200000000", bytes(LONGEST - HEAD)))
    manners = (b"\xff" * CUTS, b"\x01" * CUTS, b"\x02\x01\x00\x07\x0d\x40\x80\xfe", b"\x01\xff\x01\xff\x03\x03\x01\x02")
    streams = [*frames, b"".join(frames[:6]), shortest * 3, longest + shortest, b"\x00\x00" * 4, b"\x08\x01" + bytes(9),
               b"0041" + frames[0], frames[0][:-3], frames[0] + b"\xff\xff\xff", b"\x00", b""]  # fmt: skip
    return [manners[number % len(manners)] + stream for number, stream in enumerate(streams)]


def mutate(data: bytes, dice: random.Random) -> bytes:
    """Other segments; a frame more, less, changed within, or with another length before it."""
    sizes, stream = data[:CUTS].ljust(CUTS, b"\xff"), data[CUTS:]
    frames, rest, _ = cut(stream)
    how = dice.randrange(6)
    if how == 0 or not frames:
        sizes = bytes(dice.choice((0, 1, 1, 2, 2, 3, 7, 13, 64, 200, 255)) for _ in range(CUTS))
        return sizes + (stream if frames else dice.choice(seeds())[CUTS:])
    at = dice.randrange(len(frames))
    if how == 1:
        frames.insert(at, dice.choice(_frames(dice.choice(HEADERS))))
    elif how == 2:
        del frames[at]
    elif how == 3:
        body = changed_bytes(frames[at][LENGTH_BYTES:], dice)[:LONGEST]
        frames[at] = len(body).to_bytes(LENGTH_BYTES, "big") + body
    elif how == 4:
        size = max(0, int.from_bytes(frames[at][:LENGTH_BYTES], "big") + dice.choice((-2, -1, 1, 2, 256)))
        frames[at] = size.to_bytes(LENGTH_BYTES, "big") + frames[at][LENGTH_BYTES:]
    else:
        rest = dice.choice((b"", b"\x00", b"\x08\x01", b"\xff\xff", frames[at][:-1], frames[at][:1]))
    return sizes + b"".join(frames) + rest


# ── plants ────────────────────────────────────────────────────────────────────────────────────────────────────────


class _LosesAByte(FrameReader):
    """A segment that ends within a length loses the byte of it."""

    def feed(self, chunk: bytes) -> list[bytes]:
        frames = super().feed(chunk)
        if len(chunk) > 1 and len(self.pending) == 1:
            self._buffer.clear()
        return frames


class _Swallows(FrameReader):
    """Frames of no length are passed over."""

    def feed(self, chunk: bytes) -> list[bytes]:
        return [frame for frame in super().feed(chunk) if len(frame) > LENGTH_BYTES]


def _digit_lost(frame: Frame) -> bytes:
    """The processing request is not packed when the class is 61 (facts/unionpay-pos 1.5, 1.8)."""
    if frame.header.startswith("61"):
        frame = Frame(frame.tpdu, frame.header[:5] + "0" + frame.header[6:], frame.body)
    return _pack_frame(frame)


def _here(what: str, name: str, value: object) -> Plant:
    return Plant(what, lambda: mock.patch.dict(globals(), {name: value}), within=2_000)


TARGET = Target(
    name="frame", run=run, mutate=mutate, seeds=seeds, longest=MOST, share=0.5,
    words=(b"\x60\x00", b"\x08\x00", b"\x08\x01", b"\x00\x0b", b"\x00\x00"),
    plants=(
        _here("a byte is lost within a length", "FrameReader", _LosesAByte),
        _here("a frame of no length is lost", "FrameReader", _Swallows),
        _here("a digit of the header is lost", "pack_frame", _digit_lost),
    ),
)  # fmt: skip
