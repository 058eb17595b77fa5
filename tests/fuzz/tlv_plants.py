"""Bugs that target `tlv` must find."""

from __future__ import annotations

from collections.abc import Iterable
from unittest import mock

from protocols.emv import TlvError, objects, parse
from protocols.emv import tlv as tlv_module
from protocols.emv.mask import hide_chip_data
from tests.fuzz.harness import Plant

WITHIN = 5_000
_right_length = tlv_module._length


def _misread_three(data: bytes, at: int, end: int, tag: str) -> tuple[int, int]:
    """Of the length form 83 the last two bytes alone are read, from one byte too early."""
    size, start = _right_length(data, at, end, tag)
    if data[at] == 0x83:
        return int.from_bytes(data[at + 1 : at + 3], "big"), start
    return size, start


def _last_of_all(data: bytes, wanted: Iterable[str]) -> dict[str, bytes]:
    """The last object of a tag, not the first."""
    return {tag: value for tag, value in objects(data) if tag in wanted}


def _name_shown(data: bytes) -> bytes:
    """The discretionary data of track 1 is kept when it is not in a template."""
    out = bytearray(hide_chip_data(data))
    try:
        for node in parse(data):
            if node.tag == "9F1F":
                out[node.offset : node.offset + len(node.value)] = node.value
    except TlvError:
        pass
    return bytes(out)


PLANTS = (
    Plant("length form 83 is misread", lambda: mock.patch.object(tlv_module, "_length", _misread_three), WITHIN),
    Plant("select() gives the last one", lambda: mock.patch("tests.fuzz.tlv.select", _last_of_all), WITHIN),
    Plant("9F1F is kept", lambda: mock.patch("tests.fuzz.tlv.hide_chip_data", _name_shown), WITHIN),
)
