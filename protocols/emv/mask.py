"""Hiding what a card's answers and commands hold: PAN, track equivalents, name, expiry, and PINs."""

from __future__ import annotations

from protocols.emv.tags import TAGS
from protocols.emv.tlv import Tlv, TlvError, flatten, parse
from protocols.masking import Exposure, Masked, hide_nibbles, hide_pan_nibbles

VERIFY = 0x20
_KINDS = {"5A": "pan", "57": "track", "56": "track", "9F1F": "track", "9F20": "track", "5F24": "expiry"}


def mask_apdu(command: bytes, response: bytes) -> tuple[Masked, Masked]:
    """A command and its response as they may be kept."""
    return _command(command), _response(response)


def _command(command: bytes) -> Masked:
    if len(command) > 5 and command[1] == VERIFY:
        out = bytearray(command)
        hide_nibbles(out, 10, 2 * (len(command) - 5))
        return Masked(bytes(out), (Exposure("pin block", 5, 2 * (len(command) - 5), "holdfast"),))
    return Masked(command)


def _response(response: bytes) -> Masked:
    data = response[:-2]
    try:
        hidden, exposed = _hide(data, list(flatten(parse(data))))
    except TlvError:
        return Masked(response)
    return Masked(hidden + response[-2:], tuple(exposed))


def hide_chip_data(data: bytes) -> bytes:
    """F55 with its card data hidden; what is no TLV is hidden whole."""
    try:
        return _hide(data, list(flatten(parse(data))))[0]
    except TlvError:
        return b"\xff" * len(data)


def _hide(data: bytes, nodes: list[Tlv]) -> tuple[bytes, list[Exposure]]:
    out, exposed = bytearray(data), []
    for node in nodes:
        known = TAGS.get(node.tag)
        if known is None or not known.hidden:
            continue
        digits = len(node.value.hex().upper().rstrip("F"))
        if node.tag == "5A":
            hide_pan_nibbles(out, 2 * node.offset, digits)
        else:
            hide_nibbles(out, 2 * node.offset, 2 * len(node.value))
        exposed.append(Exposure(_KINDS.get(node.tag, "hidden"), node.offset, digits, "holdfast"))
    return bytes(out), exposed
