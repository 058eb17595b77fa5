"""A field table compiled once into a codec, behind one small interface.

A message is a dict from field number to value; key 0 is the MTI. BCD and ASCII fields are `str`, binary ones `bytes`.
Track separators are `D` (facts/unionpay-pos 1.14); `=` is taken too when packing. A track may be enciphered in part
(4.7), so its nibbles are any hex digits. Text of fixed length is ASCII and keeps its spaces when unpacked; text of
variable length may be Chinese (GB 18030), and its length counts bytes.

Good messages go through code that is made from the table (`generate`). One that does not fit goes field by field
(`stepwise`), for the error to say what is wrong.
"""

from __future__ import annotations

from functools import cache

from protocols.iso8583.field import MessageSpec
from protocols.iso8583.generate import MISFITS, made_from, source_of
from protocols.iso8583.stepwise import BITMAP_END, MTI, MTI_BYTES, Message, Span, Stepwise, Value

__all__ = ["BITMAP_END", "MTI", "MTI_BYTES", "Codec", "Message", "Span", "Value", "compile_spec"]


class Codec:
    """Packs and unpacks messages of one specification: MTI in two bytes, primary bitmap, fields in order.

    `source` is the code that was made from the specification, a module of its own.
    """

    def __init__(self, spec: MessageSpec) -> None:
        self.spec = spec
        self.source = source_of(spec)
        self._fast = made_from(self.source, spec.name)
        self._stepwise = Stepwise(spec)

    def pack(self, message: Message) -> bytes:
        """Message to bytes. Raises PackError that names the field."""
        try:
            return self._fast.pack(message)
        except MISFITS:
            return self._stepwise.pack(message)

    def unpack(self, body: bytes) -> Message:
        """Bytes to message; every byte is used. Raises UnpackError that names the field and the likely mistake."""
        try:
            return self._fast.unpack(body)
        except MISFITS:
            return self._stepwise.read(body)[0]

    def spans(self, body: bytes) -> dict[int, Span]:
        """Where each field lies in the bytes, its length prefix included. Raises UnpackError as `unpack` does."""
        try:
            return self._fast.spans(body)
        except MISFITS:
            return self._stepwise.read(body)[1]


@cache
def compile_spec(spec: MessageSpec) -> Codec:
    """The codec of a field table. It is made once and shared: it keeps nothing of what it packs."""
    return Codec(spec)
