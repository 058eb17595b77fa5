"""A field table compiled once into pack and unpack closures, behind one small interface.

A message is a dict from field number to value; key 0 is the MTI. BCD and ASCII fields are `str`, binary ones `bytes`.
Track separators are `D` (facts/unionpay-pos 1.14); `=` is taken too when packing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from protocols.iso8583.errors import PackError, UnpackError
from protocols.iso8583.field import Encoding, Field, MessageSpec, Pad

Message: TypeAlias = "dict[int, str | bytes]"
_Pack: TypeAlias = "Callable[[str | bytes], bytes]"
_Unpack: TypeAlias = "Callable[[bytes, int], tuple[str | bytes, int]]"

MTI = 0
BITMAP_END = 10
_DIGITS = frozenset("0123456789")
_TRACK = frozenset("0123456789D")


class Codec:
    """Packs and unpacks messages of one specification: MTI in two bytes, primary bitmap, fields in order."""

    def __init__(self, spec: MessageSpec) -> None:
        self.spec = spec
        self._fields = {f.number: (_packer(f), _unpacker(f)) for f in spec.fields}

    def pack(self, message: Message) -> bytes:
        """Message to bytes. Raises PackError that names the field."""
        mti = message.get(MTI)
        if not isinstance(mti, str) or len(mti) != 4 or not _DIGITS.issuperset(mti):
            raise PackError(("MTI",), "it is not four digits")
        bitmap, parts = 0, []
        for number in sorted(n for n in message if n != MTI):
            known = self._fields.get(number)
            if known is None:
                raise PackError((f"F{number}",), f"{self.spec.name} has no such field")
            bitmap |= 1 << (64 - number)
            parts.append(known[0](message[number]))
        return bytes.fromhex(mti) + bitmap.to_bytes(8, "big") + b"".join(parts)

    def unpack(self, body: bytes) -> Message:
        """Bytes to message; every byte is used. Raises UnpackError that names the field and the likely mistake."""
        if len(body) < BITMAP_END:
            raise UnpackError(("MTI",), f"{len(body)} bytes are too short for MTI and bitmap")
        mti = body[:2].hex()
        if not _DIGITS.issuperset(mti):
            raise UnpackError(("MTI",), f"{mti} is no MTI", advice=_mti_advice(body))
        message: Message = {MTI: mti}
        bitmap, at = int.from_bytes(body[2:BITMAP_END], "big"), BITMAP_END
        for number in range(1, 65):
            if not bitmap >> (64 - number) & 1:
                continue
            known = self._fields.get(number)
            if known is None:
                raise UnpackError(
                    (f"F{number}",), f"the bitmap names it, {self.spec.name} has no such field",
                    advice=f"found after {sorted(n for n in message if n)}; a field before it may be longer than read",
                )  # fmt: skip
            message[number], at = known[1](body, at)
        if at != len(body):
            raise UnpackError(
                ("end",), f"{len(body) - at} bytes are left over", advice="a length or the bitmap is wrong"
            )
        return message


def compile_spec(spec: MessageSpec) -> Codec:
    """Compile a field table; do it once and keep the codec."""
    return Codec(spec)


def _mti_advice(body: bytes) -> str:
    if body[:4].isdigit():
        return "it looks like an MTI in ASCII; this link packs it in BCD"
    return "a TPDU or header may stand before it"


def _packer(field: Field) -> _Pack:
    units, path = _to_bytes(field), (f"F{field.number} {field.name}",)
    prefix, most = field.length.prefix_digits, field.length.most

    def pack(value: str | bytes) -> bytes:
        if prefix:
            if len(value) > most:
                raise PackError(path, f"{len(value)} units are more than {most}")
            return bytes.fromhex(str(len(value)).rjust(prefix, "0")) + units(value)
        if len(value) != most:
            if field.encoding is Encoding.ASCII and field.pad is Pad.RIGHT and len(value) < most:
                assert isinstance(value, str)
                return units(value.ljust(most))
            raise PackError(path, f"{len(value)} units instead of {most}")
        return units(value)

    return pack


def _to_bytes(field: Field) -> _Pack:
    path = (f"F{field.number} {field.name}",)
    if field.encoding is Encoding.BINARY:

        def binary(value: str | bytes) -> bytes:
            if not isinstance(value, bytes):
                raise PackError(path, "it takes bytes")
            return value

        return binary
    if field.encoding is Encoding.ASCII:

        def ascii_(value: str | bytes) -> bytes:
            try:
                return value.encode("ascii" if field.length.prefix_digits == 0 else "gb18030")  # type: ignore[union-attr]
            except (AttributeError, UnicodeEncodeError):
                raise PackError(path, "it takes ASCII text") from None

        return ascii_
    left, allowed = field.pad is Pad.LEFT, _TRACK if field.number in (35, 36) else _DIGITS

    def bcd(value: str | bytes) -> bytes:
        if not isinstance(value, str):
            raise PackError(path, "it takes digits")
        digits = value.replace("=", "D")
        if not allowed.issuperset(digits):
            raise PackError(path, "it takes digits only")
        if len(digits) % 2:
            digits = "0" + digits if left else digits + "0"
        return bytes.fromhex(digits)

    return bcd


def _unpacker(field: Field) -> _Unpack:
    units = _from_bytes(field)
    path = (f"F{field.number} {field.name}",)
    prefix, most = field.length.prefix_digits, field.length.most
    if not prefix:
        return lambda body, at: units(body, at, most)
    width = prefix // 2

    def unpack(body: bytes, at: int) -> tuple[str | bytes, int]:
        digits = body[at : at + width].hex()
        if len(digits) != prefix or not _DIGITS.issuperset(digits):
            raise UnpackError(
                path, f"its length {digits or 'is missing'} is no BCD", advice=_length_advice(body, at, width)
            )
        if int(digits) > most:
            raise UnpackError(path, f"its length {digits} is over {most}", advice=_length_advice(body, at, width))
        return units(body, at + width, int(digits))

    return unpack


def _length_advice(body: bytes, at: int, width: int) -> str:
    if body[at : at + 2 * width].isdigit():
        return "it looks like a length in ASCII; this link packs it in BCD"
    return "the field before it may be longer or shorter than read"


def _from_bytes(field: Field) -> Callable[[bytes, int, int], tuple[str | bytes, int]]:
    path = (f"F{field.number} {field.name}",)

    def slice_(body: bytes, at: int, size: int) -> bytes:
        part = body[at : at + size]
        if len(part) != size:
            raise UnpackError(path, f"{size} bytes are due, {len(part)} are left", advice="the message is cut short")
        return part

    if field.encoding is Encoding.BINARY:
        return lambda body, at, size: (slice_(body, at, size), at + size)
    if field.encoding is Encoding.ASCII:

        def ascii_(body: bytes, at: int, size: int) -> tuple[str | bytes, int]:
            try:
                return slice_(body, at, size).decode("gb18030"), at + size
            except UnicodeDecodeError:
                raise UnpackError(path, "it is no text") from None

        return ascii_
    left, allowed = field.pad is Pad.LEFT, _TRACK if field.number in (35, 36) else _DIGITS

    def bcd(body: bytes, at: int, size: int) -> tuple[str | bytes, int]:
        width = (size + 1) // 2
        digits = slice_(body, at, width).hex().upper()
        value = digits[len(digits) - size :] if left else digits[:size]  # facts 1.12: the pad nibble may be anything
        if not allowed.issuperset(value):
            raise UnpackError(path, "it holds a nibble that is no digit", advice="it may be binary or ASCII here")
        return value, at + width

    return bcd
