"""The frame on the line: 2-byte length, 5-byte TPDU, 6-byte header, message. facts/unionpay-pos 1.1-1.9."""

from __future__ import annotations

from typing import NamedTuple

from protocols.iso8583.errors import FramingError, PackError

LENGTH_BYTES, TPDU_BYTES, HEADER_BYTES = 2, 5, 6
LONGEST = 2048
"""No message of this style comes near it: a longer length is another framing read as this one."""
TPDU_ID = "60"


class Frame(NamedTuple):
    """TPDU as 10 digits, header as 12 digits, and the message from its MTI on."""

    tpdu: str
    header: str
    body: bytes

    def reply(self, body: bytes, processing_request: str = "") -> Frame:
        """The frame of an answer: TPDU addresses swapped, header echoed but for the processing request (1.3, 1.9)."""
        header = self.header[:5] + processing_request + self.header[6:] if processing_request else self.header
        return Frame(self.tpdu[:2] + self.tpdu[6:] + self.tpdu[2:6], header, body)


def pack_frame(frame: Frame) -> bytes:
    """Frame to bytes, length first; the length does not count itself.

    Raises PackError when TPDU or header have not their length, or the whole is longer than a reader takes.
    """
    for name, digits, size in (("TPDU", frame.tpdu, TPDU_BYTES), ("header", frame.header, HEADER_BYTES)):
        if len(digits) != 2 * size or not digits.isascii() or not digits.isdigit():
            raise PackError((name,), f"it is not {2 * size} digits")
    content = bytes.fromhex(frame.tpdu) + bytes.fromhex(frame.header) + frame.body
    if len(content) > LONGEST:
        raise PackError(("length",), f"{len(content)} bytes are more than {LONGEST}")
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


def unpack_frame(data: bytes) -> Frame:
    """One whole frame with its length. Raises FramingError that names the likely mistake."""
    if len(data) < LENGTH_BYTES:
        raise FramingError(("length",), f"{len(data)} bytes hold no length", advice="the frame is cut short")
    stated, follow = _length(data), len(data) - LENGTH_BYTES
    if stated != follow:
        raise FramingError(
            ("length",), f"it says {stated}, {follow} bytes follow", advice=_length_advice(stated, follow)
        )
    start = LENGTH_BYTES + TPDU_BYTES
    tpdu, header = data[LENGTH_BYTES:start].hex(), data[start : start + HEADER_BYTES].hex()
    if not tpdu.startswith(TPDU_ID) or not tpdu.isdigit():
        raise FramingError(
            ("TPDU",), f"{tpdu[:2] or 'nothing'} stands where 60 should", advice="is there a TPDU at all?"
        )
    if len(header) != 2 * HEADER_BYTES:
        raise FramingError(("header",), "the frame ends within it", advice="the frame is cut short")
    if not header.isdigit():
        raise FramingError(("header",), f"it is not {2 * HEADER_BYTES} digits", advice="is there a header at all?")
    return Frame(tpdu, header, data[start + HEADER_BYTES :])


def _length(data: bytes) -> int:
    prefix = data[:LENGTH_BYTES]
    stated = int.from_bytes(prefix, "big")
    if stated <= LONGEST:
        return stated
    advice = "is the stream out of step, or its first byte the lower one?"
    if prefix.isdigit():
        advice = "it looks like ASCII digits; this link has two binary bytes"
    raise FramingError(("length",), f"length prefix {stated} is over {LONGEST}", advice=advice)


def _length_advice(stated: int, follow: int) -> str:
    if stated == follow + LENGTH_BYTES:
        return "it counts itself"
    return "the frame is cut short" if stated > follow else "something follows the frame"


def is_one_frame(data: bytes) -> bool:
    """Whether a chunk is just one frame, as it mostly is: then no reader is needed."""
    follow = len(data) - LENGTH_BYTES
    return 0 <= follow <= LONGEST and follow == int.from_bytes(data[:LENGTH_BYTES], "big")


class FrameReader:
    """Cuts a byte stream into frames, however it is segmented."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Frames, length included, that are whole now.

        Raises FramingError when a length cannot be one: at the next feed, if there are whole frames before it. From
        there on the stream cannot be read, each feed raises again, and no more is kept than a frame could have.
        """
        self._buffer += chunk
        frames: list[bytes] = []
        while len(self._buffer) >= LENGTH_BYTES:
            try:
                end = LENGTH_BYTES + _length(bytes(self._buffer[:LENGTH_BYTES]))
            except FramingError:
                if frames:
                    break
                del self._buffer[LENGTH_BYTES + LONGEST :]
                raise
            if len(self._buffer) < end:
                break
            frames.append(bytes(self._buffer[:end]))
            del self._buffer[:end]
        return frames

    @property
    def pending(self) -> bytes:
        """Bytes of a frame that is not whole yet, or that cannot be one."""
        return bytes(self._buffer)
