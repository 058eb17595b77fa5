"""A frame as it may be kept: field by field hidden on the wire bytes themselves, at the place where each lies."""

from __future__ import annotations

from protocols.emv.mask import hide_chip_data
from protocols.iso8583.compile import BITMAP_END, compile_spec
from protocols.iso8583.errors import UnpackError
from protocols.iso8583.field import Encoding, Field, Mask
from protocols.iso8583.frame import HEADER_BYTES, LENGTH_BYTES, TPDU_BYTES, unpack_frame
from protocols.iso8583.unionpay import UNIONPAY
from protocols.masking import Exposure, Masked, hide_nibbles, hide_pan_nibbles

_CODEC = compile_spec(UNIONPAY)
_FIELDS = UNIONPAY.by_number()
_START = LENGTH_BYTES + TPDU_BYTES + HEADER_BYTES
_KINDS = {14: "expiry", 35: "track", 36: "track", 52: "pin block", 62: "key"}


def mask_frame(frame: bytes) -> Masked:
    """Hide PAN, expiry, tracks, PIN block, keys and card data. A frame that cannot be read keeps its first bytes."""
    try:
        message = _CODEC.unpack(unpack_frame(frame).body)
    except UnpackError:
        return _hide_rest(frame)
    out, exposed, at = bytearray(frame), [], _START + BITMAP_END
    for number in sorted(n for n in message if n):
        field = _FIELDS[number]
        value = message[number]
        start = at + field.length.prefix_digits // 2
        size = (len(value) + 1) // 2 if field.encoding is Encoding.BCD else _width(value)
        if field.mask is not Mask.NONE:
            exposed.append(_hide(out, field, value, start, size))
        at = start + size
    return Masked(bytes(out), tuple(exposed))


def _width(value: str | bytes) -> int:
    return len(value) if isinstance(value, bytes) else len(value.encode("gb18030"))


def _hide(out: bytearray, field: Field, value: str | bytes, start: int, size: int) -> Exposure:
    if field.mask is Mask.PAN:
        hide_pan_nibbles(out, 2 * start, len(value))
        return Exposure("pan", start, len(value), "holdfast")
    if field.mask is Mask.TLV:
        out[start : start + size] = hide_chip_data(bytes(out[start : start + size]))
        return Exposure("chip data", start, 0, "holdfast")
    hide_nibbles(out, 2 * start, 2 * size)
    return Exposure(_KINDS.get(field.number, "hidden"), start, len(value), "holdfast")


def _hide_rest(frame: bytes) -> Masked:
    """Nothing is known of where secrets lie: all behind the bitmap is hidden."""
    out, keep = bytearray(frame), min(len(frame), _START + BITMAP_END)
    hide_nibbles(out, 2 * keep, 2 * (len(frame) - keep))
    return Masked(bytes(out), (Exposure("undecodable", keep, 2 * (len(frame) - keep), "holdfast"),))
