"""Data object lists: parsed, filled by format, and split again by the card."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv import TlvError, fill_dol, parse_dol, split_dol

CDOL1 = bytes.fromhex("9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14")  # facts/pcsc-emv 4.2
tags = st.lists(st.sampled_from(["9F02", "95", "5F2A", "9A", "9F37", "8A", "DF8101"]), unique=True, max_size=6)


def test_a_typical_cdol1_is_read() -> None:
    assert parse_dol(CDOL1) == [
        ("9F02", 6), ("9F03", 6), ("9F1A", 2), ("95", 5), ("5F2A", 2), ("9A", 3), ("9C", 1), ("9F37", 4),
        ("9F21", 3), ("9F4E", 20),
    ]  # fmt: skip


def test_an_empty_list_asks_for_nothing() -> None:
    assert parse_dol(b"") == []
    assert fill_dol(b"", {"95": bytes(5)}) == b""


@pytest.mark.parametrize("dol", ["95", "9F", "9F02", "95059F37", "DF81"])
def test_a_list_that_ends_within_an_entry_is_refused(dol: str) -> None:
    with pytest.raises(TlvError, match="the DOL ends within its entry at offset"):
        parse_dol(bytes.fromhex(dol))


@pytest.mark.parametrize(
    ("tag", "value", "size", "filled"),  # EMV Book 3, 5.4
    [
        ("9F02", "000000010000", 6, "000000010000"),
        ("9F02", "0100", 4, "00000100"),  # digits stand right
        ("9F02", "000000012345", 2, "2345"),  # and lose their left
        ("9F02", "0100", 0, ""),
        ("5A", "6250", 4, "6250FFFF"),  # compressed digits stand left, filled with F
        ("5A", "62509470", 2, "6250"),
        ("95", "8000", 4, "80000000"),  # binary stands left, filled with zeros
        ("95", "8000040800", 2, "8000"),
        ("9F4E", "4142", 3, "414200"),
        ("DF01", "01", 2, "0100"),  # unknown: as binary
    ],
)
def test_a_value_is_cut_and_filled_by_its_format(tag: str, value: str, size: int, filled: str) -> None:
    dol = bytes.fromhex(tag) + bytes([size])
    assert fill_dol(dol, {tag: bytes.fromhex(value)}) == bytes.fromhex(filled)


def test_what_the_terminal_does_not_know_is_zeros() -> None:
    assert fill_dol(bytes.fromhex("9F3704DF8101025A02"), {}) == bytes(8)


@given(tags, st.data())
def test_the_card_finds_what_the_terminal_filled_in(names: list[str], data: st.DataObject) -> None:
    values = {tag: data.draw(st.binary(max_size=20)) for tag in names}
    dol = b"".join(bytes.fromhex(tag) + bytes([len(value)]) for tag, value in values.items())
    assert split_dol(dol, fill_dol(dol, values)) == values


@pytest.mark.parametrize("size", [0, 4, 6])
def test_data_of_another_length_than_the_list_is_refused(size: int) -> None:
    with pytest.raises(TlvError, match=f"{size} bytes of data for a DOL of 5"):
        split_dol(b"\x95\x05", bytes(size))
