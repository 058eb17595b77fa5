"""Hiding what a card's answers and commands hold: PAN, track equivalents, name, expiry, and PINs."""

from __future__ import annotations

from protocols.emv.apdu import HEADER_BYTES, PIN_COMMANDS, SCRIPT_COMMAND, shown_script_command
from protocols.emv.tags import TAGS
from protocols.emv.tlv import Tlv, TlvError, flatten, objects, parse
from protocols.masking import Exposure, Masked, hide_nibbles, hide_pan_nibbles

NO_TLV = (0x20, 0x82, 0x84, 0x88)
"""Commands whose answers are no data objects and hold no card data: VERIFY, EXTERNAL AUTHENTICATE, GET CHALLENGE,
INTERNAL AUTHENTICATE."""
_KINDS = {
    "5A": "pan", "57": "track", "56": "track", "9F1F": "track", "9F20": "track", "9F6B": "track", "5F24": "expiry",
    "99": "pin block",
}  # fmt: skip
_HIDDEN = frozenset(tag for tag, known in TAGS.items() if known.hidden)
_LOOKED_AT = _HIDDEN | {SCRIPT_COMMAND}


def mask_apdu(command: bytes, response: bytes) -> tuple[Masked, Masked]:
    """A command and its response as they may be kept. Answer data that is no TLV, but should be, is hidden whole."""
    return _command(command), _response(command, response)


def _command(command: bytes) -> Masked:
    if len(command) > HEADER_BYTES and command[1] in PIN_COMMANDS:
        out = bytearray(command)
        exposed = _hide_data(out, 0, len(command))
        return Masked(bytes(out), (exposed,))
    return Masked(command)


def _hide_data(out: bytearray, start: int, end: int) -> Exposure:
    """Of a command all that follows its header: what holds a PIN, plain or enciphered, is never kept."""
    at, digits = start + HEADER_BYTES, 2 * (end - start - HEADER_BYTES)
    hide_nibbles(out, 2 * at, digits)
    return Exposure("pin block", at, digits, "holdfast")


def _response(command: bytes, response: bytes) -> Masked:
    data = response[:-2]
    try:
        hidden, exposed = _hide(data, list(flatten(parse(data))))
    except TlvError:
        if len(command) > 1 and command[1] in NO_TLV:
            return Masked(response)
        unread = Exposure("undecodable", 0, 2 * len(data), "holdfast")
        return Masked(b"\xff" * len(data) + response[-2:], (unread,))
    return Masked(hidden + response[-2:], tuple(exposed))


def hide_chip_data(data: bytes) -> bytes:
    """F55 with its card data hidden; what is no TLV is hidden whole."""
    try:
        if _LOOKED_AT.isdisjoint([tag for tag, _ in objects(data)]):
            return data
        return _hide(data, list(flatten(parse(data))))[0]
    except TlvError:
        return b"\xff" * len(data)


def _hide(data: bytes, nodes: list[Tlv]) -> tuple[bytes, list[Exposure]]:
    out, exposed = bytearray(data), []
    for node in nodes:
        if node.tag == SCRIPT_COMMAND and shown_script_command(node.value) != node.value:
            exposed.append(_hide_data(out, node.offset, node.offset + len(node.value)))
        if node.tag not in _HIDDEN:
            continue
        digits = len(node.value.hex().upper().rstrip("F"))
        if node.tag == "5A":
            hide_pan_nibbles(out, 2 * node.offset, digits)
        else:
            hide_nibbles(out, 2 * node.offset, 2 * len(node.value))
        exposed.append(Exposure(_KINDS.get(node.tag, "hidden"), node.offset, digits, "holdfast"))
    return bytes(out), exposed
