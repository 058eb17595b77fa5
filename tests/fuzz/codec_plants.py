"""Bugs that target `codec` must find. They stand in place of what the target uses, in its own module."""

from __future__ import annotations

from unittest import mock

from protocols.iso8583 import UNIONPAY, Message, UnpackError, compile_spec, describe, mask_frame
from protocols.masking import Masked
from tests.fuzz.harness import Plant

_CODEC = compile_spec(UNIONPAY)
_HEAD, BITMAP_END = 13, 10


class _Planted:
    """A codec with a bug."""

    def __init__(self) -> None:
        self.pack = _CODEC.pack
        self._codec = _CODEC

    def unpack(self, body: bytes) -> Message:
        return self._codec.unpack(body)

    def spans(self, body: bytes) -> dict[int, tuple[int, int]]:
        return self._codec.spans(body)


class _NibbleUnchecked(_Planted):
    """A nibble A in F11 is taken for a digit."""

    def unpack(self, body: bytes) -> Message:
        try:
            return super().unpack(body)
        except UnpackError as error:
            if error.path != ("F11 trace",) or "no digit" not in error.message:
                raise
            for at in range(BITMAP_END, len(body)):
                for mended in (body[at] & 0x0F, body[at] & 0xF0):
                    try:
                        return super().unpack(body[:at] + bytes([mended]) + body[at + 1 :])
                    except UnpackError:
                        continue
            raise


class _ShortAt255(_Planted):
    """LLLVAR at 255: a length of one byte overflows, and the value has one byte less."""

    def unpack(self, body: bytes) -> Message:
        message = super().unpack(body)
        return {n: v[:254] if n in (55, 57, 59, 62) and len(v) == 255 else v for n, v in message.items()}


class _SpanOff(_Planted):
    """The span of a track of odd length ends one byte early."""

    def spans(self, body: bytes) -> dict[int, tuple[int, int]]:
        spans = super().spans(body)
        odd = 36 in spans and int(body[spans[36][0] : spans[36][0] + 2].hex()) % 2
        return {n: (a, b - 1) if n == 36 and odd else (a, b) for n, (a, b) in spans.items()}


def _tells_a_track(message: Message) -> dict[str, str]:
    """A track is described in clear when F53 says that it is enciphered."""
    shown = describe(message)
    if 35 in message and str(message.get(53, ""))[2:3] == "1":
        shown["F35 track 2"] = str(message[35])
    return shown


def _keeps_a_pin_block(frame: bytes) -> Masked:
    """A PIN block stays in the frame when there is no F53 behind it."""
    masked = mask_frame(frame)
    try:
        message, spans = _CODEC.unpack(frame[_HEAD:]), _CODEC.spans(frame[_HEAD:])
    except UnpackError:
        return masked
    if 52 not in spans or 53 in message:
        return masked
    start, end = (_HEAD + at for at in spans[52])
    return Masked(masked.raw[:start] + frame[start:end] + masked.raw[end:], masked.exposed)


def _here(name: str, value: object, what: str) -> Plant:
    return Plant(what, lambda: mock.patch(f"tests.fuzz.codec.{name}", value), within=20_000)


PLANTS = (
    _here("CODEC", _NibbleUnchecked(), "a nibble of F11 is not checked"),
    _here("CODEC", _ShortAt255(), "LLLVAR loses a byte at 255"),
    _here("CODEC", _SpanOff(), "the span of an odd track 3 is short"),
    _here("describe", _tells_a_track, "a track is described when F53 says that it is enciphered"),
    _here("mask_frame", _keeps_a_pin_block, "a PIN block is kept when there is no F53"),
)
