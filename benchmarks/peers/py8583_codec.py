"""py8583 with the UnionPay field table, as near as it comes: it pads odd digits on sides of its own."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from protocols.iso8583 import Codec, Message
from protocols.iso8583.field import Encoding, Field, MessageSpec
from protocols.iso8583.stepwise import TRACK_FIELDS

if TYPE_CHECKING:
    from py8583.py8583 import Iso8583

NOTE = "py8583 pads odd digits on its own side, and reads digits as numbers: leading zeros are lost, pads are not."


def missing() -> str:
    """What to install when it is not there; empty when it is."""
    if importlib.util.find_spec("py8583"):
        return ""
    return "py8583 1.3 is not installed: run make bench-setup, which takes requirements/bench.txt"


class Peer:
    """One specification and both directions, in the way its own documentation shows."""

    def __init__(self, spec: MessageSpec) -> None:
        from py8583 import py8583, py8583spec

        self._library = py8583
        self._reading, self._writing = py8583spec.IsoSpec(), py8583spec.IsoSpec()
        for own, hex_digits in ((self._reading, 1), (self._writing, 2)):  # it measures bytes to be packed by their hex
            own.ContentTypes = {field.number: self._content(field, hex_digits) for field in spec.fields}
            own.DataTypes = {field.number: self._data(field) for field in spec.fields}
            own.DataTypes |= {"MTI": {"Data": py8583.DT.BCD}, 1: {"Data": py8583.DT.BIN}}

    def _content(self, field: Field, hex_digits: int) -> dict[str, Any]:
        kind = {Encoding.BCD: "n", Encoding.ASCII: "ans", Encoding.BINARY: "b"}[field.encoding]
        forms = {0: self._library.LT.FIXED, 2: self._library.LT.LLVAR, 4: self._library.LT.LLLVAR}
        return {
            "ContentType": "z" if field.number in TRACK_FIELDS else kind,
            "MaxLen": field.length.most * (hex_digits if kind == "b" else 1),
            "LenType": forms[field.length.prefix_digits],
        }  # fmt: skip

    def _data(self, field: Field) -> dict[str, Any]:
        types = self._library.DT
        data = {Encoding.BCD: types.BCD, Encoding.ASCII: types.ASCII, Encoding.BINARY: types.BIN}[field.encoding]
        return {"Data": data, "Length": types.BCD}

    def pack(self, message: Message) -> bytes:
        iso = self._library.Iso8583(IsoSpec=self._writing)
        iso.MTI(message[0])
        for number, value in message.items():
            if number:
                iso.Field(number, 1)
                iso.FieldData(number, self._own(number, value))
        return bytes(iso.BuildIso())

    def _own(self, number: int, value: str | bytes) -> str | int:
        """Its kind of value: numbers for digits of fixed length, hex for bytes."""
        if isinstance(value, bytes):
            return value.hex()
        content = self._writing.ContentTypes[number]
        return int(value) if content["ContentType"] == "n" and content["LenType"] is self._library.LT.FIXED else value

    def unpack(self, body: bytes) -> Iso8583:
        return self._library.Iso8583(body, self._reading)

    def differences(self, codec: Codec, message: Message) -> str:
        """`yes`, or which fields it packs to other bytes: it pads odd digits on its own side."""
        body, theirs = codec.pack(message), self.pack(message)
        if body == theirs:
            return "yes"
        assert len(body) == len(theirs)
        spans = codec.spans(body)
        other = [f"F{number}" for number, (start, end) in spans.items() if body[start:end] != theirs[start:end]]
        return f"no: {' '.join(other)}"
