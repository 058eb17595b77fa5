"""How long each command is."""

from __future__ import annotations

import pytest

from protocols.escpos.commands import CUTS, FIXED, INTRODUCERS, STATUS, is_known, measure

VARIABLE = [
    b"\x1dV\x00", b"\x1dVB\x05", b"\x1dv0\x00\x01\x00\x02\x00ab", b"\x1d(k\x03\x001Q0", b"\x1c(A\x01\x00x",
    b"\x1b(A\x01\x00x",
    b"\x1dk\x021\x00", b"\x1dkI\x01x", b"\x1b*\x00\x01\x00x", b"\x1b*\x21\x01\x00xyz", b"\x1bD\x08\x00", b"\x1bD\x00",
    b"\x1d8L\x02\x00\x00\x00xy", b"\x1d*\x01\x01" + bytes(8),
]  # fmt: skip
COMPLETE = [prefix + bytes(size) for prefix, size in FIXED.items()] + VARIABLE


@pytest.mark.parametrize("command", COMPLETE)
def test_a_command_is_as_long_as_it_is(command: bytes) -> None:
    measured = measure(command)  # and not a byte more is waited for
    assert measured is not None
    assert measured == measure(command + b"text")
    assert measured[1] == len(command)
    assert is_known(measured[0])


@pytest.mark.parametrize("command", COMPLETE)
def test_a_command_that_is_not_whole_waits_for_more(command: bytes) -> None:
    assert [measure(command[:size]) for size in range(1, len(command))] == [None] * (len(command) - 1)


def test_an_unknown_command_is_its_two_prefix_bytes() -> None:
    assert measure(b"\x1bytext") == (b"\x1by", 2)
    assert not is_known(b"\x1by")


def test_every_command_begins_with_an_introducer() -> None:
    assert {prefix[0] for prefix in FIXED} <= INTRODUCERS
    assert all(is_known(prefix) for prefix in (*CUTS, *STATUS))
