"""A frame as it may be kept: field by field hidden on the wire bytes themselves, at the place where each lies."""

from __future__ import annotations

import re

from protocols.emv.mask import hide_chip_data
from protocols.iso8583.compile import BITMAP_END, MTI_BYTES, Span, compile_spec
from protocols.iso8583.errors import FramingError, UnpackError
from protocols.iso8583.field import Field, Mask
from protocols.iso8583.frame import HEADER_BYTES, LENGTH_BYTES, TPDU_BYTES, unpack_frame
from protocols.iso8583.unionpay import UNIONPAY
from protocols.masking import Exposure, Masked, hide_nibbles, hide_pan_nibbles, mask_text

_CODEC = compile_spec(UNIONPAY)
_FIELDS = UNIONPAY.by_number()
_START = LENGTH_BYTES + TPDU_BYTES + HEADER_BYTES
_MTI = re.compile(r"0[1-8][0-9]0")
_SAFE = MTI_BYTES + BITMAP_END
"""However few of length, TPDU and header a frame has, no more than six digits of a PAN lie before this byte."""
_KINDS = {14: "expiry", 35: "track", 36: "track", 52: "pin block", 62: "key"}


def mask_frame(frame: bytes) -> Masked:
    """Hide PAN, expiry, tracks, PIN block, keys and card data.

    Of a frame that cannot be read, what may hold any of these is hidden: all behind its bitmap, or nearly all of it
    when its TPDU and header are not where they should be.
    """
    try:
        body = unpack_frame(frame).body
    except FramingError:
        return _hide_rest(frame, _SAFE)
    try:
        spans = _CODEC.spans(body)
    except UnpackError:
        return _hide_rest(frame, _START + BITMAP_END if _MTI.fullmatch(body[:MTI_BYTES].hex()) else _SAFE)
    out, exposed = bytearray(frame), []
    for number, (start, end) in spans.items():
        field = _FIELDS[number]
        if field.mask is not Mask.NONE:
            exposed += _hide(out, field, (_START + start, _START + end))
    return Masked(bytes(out), tuple(exposed))


def _hide(out: bytearray, field: Field, span: Span) -> list[Exposure]:
    prefix = field.length.prefix_digits // 2
    start, end = span[0] + prefix, span[1]
    units = int(out[start - prefix : start].hex()) if prefix else field.length.most
    if field.mask is Mask.PAN:
        hide_pan_nibbles(out, 2 * start, units)
        return [Exposure("pan", start, units, "holdfast")]
    if field.mask is Mask.TEXT:
        masked = mask_text(bytes(out[start:end]))
        out[start:end] = masked.raw
        return [Exposure(e.kind, start + e.offset, e.clear_digits, "holdfast") for e in masked.exposed]
    if field.mask is Mask.TLV:
        out[start:end] = hide_chip_data(bytes(out[start:end]))
        return [Exposure("chip data", start, 0, "holdfast")]
    hide_nibbles(out, 2 * start, 2 * (end - start))
    return [Exposure(_KINDS.get(field.number, "hidden"), start, units, "holdfast")]


def _hide_rest(frame: bytes, keep: int) -> Masked:
    """Nothing is known of where secrets lie: all from byte `keep` on is hidden."""
    out, start = bytearray(frame), min(keep, len(frame))
    hide_nibbles(out, 2 * start, 2 * (len(frame) - start))
    return Masked(bytes(out), (Exposure("undecodable", start, 2 * (len(frame) - start), "holdfast"),))
