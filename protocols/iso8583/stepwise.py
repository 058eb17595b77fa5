"""A message packed and read field by field, with every check at its place: it says what is wrong, and where.

The plain meaning of a field table, and the one that explains. What packs and reads the good ones is made from the same
table (`generate`), and hands over to this when something does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from protocols.iso8583.errors import PackError, UnpackError
from protocols.iso8583.field import Encoding, Field, MessageSpec, Pad

Value: TypeAlias = "str | bytes"
Message: TypeAlias = "dict[int, str | bytes]"
Span: TypeAlias = "tuple[int, int]"  # from, up to
_Pack: TypeAlias = "Callable[[Value], bytes]"
_Encode: TypeAlias = "Callable[[Value], tuple[bytes, int]]"  # content, and its length in units of the field
_Unpack: TypeAlias = "Callable[[bytes, int], tuple[Value, int]]"

MTI = 0
MTI_BYTES = 2
BITMAP_END = 10
_DIGITS = frozenset("0123456789")
_TRACK = frozenset("0123456789ABCDEF")
TRACK_FIELDS = (35, 36)


class Stepwise:
    """Packs and reads messages of one specification: MTI in two bytes, primary bitmap, fields in order."""

    def __init__(self, spec: MessageSpec) -> None:
        self.spec = spec
        self._fields = {f.number: (_packer(f), _unpacker(f)) for f in spec.fields}

    def pack(self, message: Message) -> bytes:
        """Message to bytes. Raises PackError that names the field."""
        mti = message.get(MTI)
        if not isinstance(mti, str) or len(mti) != 4 or not _is_mti(mti):
            raise PackError(("MTI",), "it is not four digits of which the first is 0")
        bitmap, parts = 0, []
        for number in sorted(n for n in message if n != MTI):
            known = self._fields.get(number)
            if known is None:
                raise PackError((f"F{number}",), f"{self.spec.name} has no such field")
            bitmap |= 1 << (64 - number)
            parts.append(known[0](message[number]))
        return bytes.fromhex(mti) + bitmap.to_bytes(8, "big") + b"".join(parts)

    def read(self, body: bytes) -> tuple[Message, dict[int, Span]]:
        """Values, and where each field lies. Raises UnpackError that names the field and the likely mistake."""
        if len(body) < BITMAP_END:
            raise UnpackError(
                ("MTI",), f"{len(body)} bytes are too short for MTI and bitmap", advice="the message is cut short"
            )
        mti = body[:MTI_BYTES].hex()
        if not _is_mti(mti):
            raise UnpackError(("MTI",), f"{mti} is no MTI", advice=_mti_advice(body))
        message: Message = {MTI: mti}
        spans: dict[int, Span] = {}
        bitmap, at = int.from_bytes(body[MTI_BYTES:BITMAP_END], "big"), BITMAP_END
        for number in range(1, 65):
            if not bitmap >> (64 - number) & 1:
                continue
            known = self._fields.get(number)
            if known is None:
                raise UnpackError(
                    (f"F{number}",), f"the bitmap names it, {self.spec.name} has no such field",
                    advice=_unknown_advice(number, list(spans)),
                )  # fmt: skip
            start = at
            message[number], at = known[1](body, at)
            spans[number] = start, at
        if at != len(body):
            raise UnpackError(
                ("end",), f"{len(body) - at} bytes are left over", advice="a length or the bitmap is wrong"
            )
        return message, spans


def _is_mti(mti: str) -> bool:
    """The first digit is the version of ISO 8583; this link speaks that of 1987 alone (facts/unionpay-pos 3)."""
    return mti[0] == "0" and _DIGITS.issuperset(mti)


def _mti_advice(body: bytes) -> str:
    if body[:4].isdigit():
        return "it looks like an MTI in ASCII; this link packs it in BCD"
    return "is a TPDU or header missing, or there twice?"


def _unknown_advice(number: int, read: list[int]) -> str:
    if number == 1:
        return "this link has no second bitmap; is a TPDU or header missing, or there twice?"
    return f"read so far: {read}; the bitmap may be wrong" if read else "the bitmap may be wrong"


def _packer(field: Field) -> _Pack:
    encode, path = _encoder(field), (f"F{field.number} {field.name}",)
    prefix, most = field.length.prefix_digits, field.length.most
    fills = field.encoding is Encoding.ASCII and field.pad is Pad.RIGHT

    def pack(value: Value) -> bytes:
        content, units = encode(value)
        if prefix:
            if units > most:
                raise PackError(path, f"{units} units are more than {most}")
            return bytes.fromhex(str(units).rjust(prefix, "0")) + content
        if units < most and fills:
            return content.ljust(most)  # facts/unionpay-pos 1.15
        if units != most:
            raise PackError(path, f"{units} units instead of {most}")
        return content

    return pack


def _encoder(field: Field) -> _Encode:
    path = (f"F{field.number} {field.name}",)
    if field.encoding is Encoding.BINARY:

        def binary(value: Value) -> tuple[bytes, int]:
            if not isinstance(value, bytes):
                raise PackError(path, "it takes bytes")
            return value, len(value)

        return binary
    if field.encoding is Encoding.ASCII:
        charset = charset_of(field)

        def text(value: Value) -> tuple[bytes, int]:
            try:
                content = value.encode(charset)  # type: ignore[union-attr]
            except (AttributeError, UnicodeEncodeError):
                raise PackError(path, f"it takes {charset} text") from None
            return content, len(content)

        return text
    left, allowed = field.pad is Pad.LEFT, _TRACK if field.number in TRACK_FIELDS else _DIGITS

    def bcd(value: Value) -> tuple[bytes, int]:
        if not isinstance(value, str):
            raise PackError(path, "it takes a text of digits")
        digits = value.replace("=", "D")
        if not allowed.issuperset(digits):
            raise PackError(path, "it takes hex digits only" if allowed is _TRACK else "it takes digits only")
        if len(digits) % 2:
            return bytes.fromhex("0" + digits if left else digits + "0"), len(digits)
        return bytes.fromhex(digits), len(digits)

    return bcd


def charset_of(field: Field) -> str:
    """Text of variable length may be Chinese."""
    return "gb18030" if field.length.prefix_digits else "ascii"


def _unpacker(field: Field) -> _Unpack:
    decode = _decoder(field)
    path = (f"F{field.number} {field.name}",)
    prefix, most = field.length.prefix_digits, field.length.most
    if not prefix:
        return lambda body, at: decode(body, at, most)
    width = prefix // 2

    def unpack(body: bytes, at: int) -> tuple[Value, int]:
        digits = body[at : at + width].hex()
        if len(digits) != prefix:
            raise UnpackError(path, "its length is missing", advice="the message is cut short")
        if not _DIGITS.issuperset(digits):
            raise UnpackError(path, f"its length {digits} is no BCD", advice=_length_advice(body, at, width))
        if int(digits) > most:
            raise UnpackError(path, f"its length {digits} is over {most}", advice=_length_advice(body, at, width))
        return decode(body, at + width, int(digits))

    return unpack


def _length_advice(body: bytes, at: int, width: int) -> str:
    if body[at : at + width + 1].isdigit():  # LL is two ASCII digits, LLL three
        return "it looks like a length in ASCII; this link packs it in BCD"
    return "the field before it may be longer or shorter than read"


def _decoder(field: Field) -> Callable[[bytes, int, int], tuple[Value, int]]:
    path = (f"F{field.number} {field.name}",)

    def slice_(body: bytes, at: int, size: int) -> bytes:
        part = body[at : at + size]
        if len(part) != size:
            raise UnpackError(path, f"{size} bytes are due, {len(part)} are left", advice="the message is cut short")
        return part

    if field.encoding is Encoding.BINARY:
        return lambda body, at, size: (slice_(body, at, size), at + size)
    if field.encoding is Encoding.ASCII:
        charset = charset_of(field)

        def text(body: bytes, at: int, size: int) -> tuple[Value, int]:
            try:
                return slice_(body, at, size).decode(charset), at + size
            except UnicodeDecodeError:
                raise UnpackError(path, f"it is no {charset} text", advice="it may be binary or BCD here") from None

        return text
    left, allowed = field.pad is Pad.LEFT, _TRACK if field.number in TRACK_FIELDS else _DIGITS

    def bcd(body: bytes, at: int, size: int) -> tuple[Value, int]:
        width = (size + 1) // 2
        digits = slice_(body, at, width).hex().upper()
        value = digits[len(digits) - size :] if left else digits[:size]  # facts 1.12: the pad nibble may be anything
        if not allowed.issuperset(value):
            raise UnpackError(path, "it holds a nibble that is no digit", advice="it may be binary or ASCII here")
        return value, at + width

    return bcd
