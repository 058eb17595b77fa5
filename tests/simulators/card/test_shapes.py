"""How the data of an answer is spoilt, and what is left as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv import TlvError, build, flatten, parse
from protocols.emv.card_numbers import numbers_shown
from simulators.card import shapes

GPO, GENERATE, SIGN, READ = 0xA8, 0xAE, 0x88, 0xB2
RECORD = build([("70", [("5A", b"\x12\x34"), ("61", [("50", b"AB")]), ("9F42", b"\x01\x56")])])
WORD = build([("80", bytes.fromhex("80" + "0007" + "1122334455667788" + "07010103A0000001"))])
EACH = [
    shapes.format_1, shapes.format_2, shapes.garbled, shapes.cut_short, shapes.emptied, shapes.padded, shapes.bare,
    shapes.long_lengths, shapes.wrapped("70"), shapes.without("5A"), shapes.valued("5A", "00"), shapes.twice("5A"),
    shapes.flipped("5A"), shapes.added("DF01", "00"), shapes.replaced("7000"),
]  # fmt: skip


def tags(data: bytes) -> list[str]:
    return [node.tag for node in flatten(parse(data))]


def test_format_1_becomes_format_2_value_by_value_and_back() -> None:
    """EMV Book 3, 6.5.5.4, 6.5.8.4 and 6.5.9.4."""
    second = shapes.format_2(GENERATE, WORD)
    assert tags(second) == ["77", "9F27", "9F36", "9F26", "9F10"]
    assert b"".join(node.value for node in parse(second)[0].children) == parse(WORD)[0].value
    assert shapes.format_1(GENERATE, second) == WORD
    start = build([("80", bytes.fromhex("7C00" + "08010100"))])
    assert shapes.format_2(GPO, start) == build([("77", [("82", b"\x7c\0"), ("94", bytes.fromhex("08010100"))])])
    assert shapes.format_2(GPO, build([("80", b"\x7c\0")])) == build([("77", [("82", b"\x7c\0")])])
    assert shapes.format_2(SIGN, build([("80", bytes(9))])) == build([("77", [("9F4B", bytes(9))])])


def test_what_has_no_other_format_stays() -> None:
    signed = build([("77", [("9F27", b"\x80"), ("9F36", b"\0\1"), ("9F4B", bytes(9)), ("9F10", b"\x07")])])
    assert shapes.format_1(GENERATE, signed) == signed
    assert shapes.format_2(READ, RECORD) == RECORD
    assert shapes.format_2(READ, build([("80", b"\x01")])) == build([("80", b"\x01")])
    assert shapes.format_1(READ, RECORD) == RECORD


@pytest.mark.parametrize("data", [RECORD, WORD, build([("70", bytes(200))])])
def test_garbled_data_are_no_tlv(data: bytes) -> None:
    with pytest.raises(TlvError):
        parse(shapes.garbled(READ, data))
    with pytest.raises(TlvError):
        parse(shapes.cut_short(READ, data))


def test_objects_are_dropped_changed_doubled_flipped_and_added_at_any_depth() -> None:
    assert tags(shapes.without("50")(READ, RECORD)) == ["70", "5A", "61", "9F42"]
    assert tags(shapes.without("61")(READ, RECORD)) == ["70", "5A", "9F42"]
    assert tags(shapes.twice("50")(READ, RECORD)) == ["70", "5A", "61", "50", "50", "9F42"]
    values = {node.tag: node.value for node in flatten(parse(shapes.valued("50", "43")(READ, RECORD)))}
    assert values["50"] == b"C"
    values = {node.tag: node.value for node in flatten(parse(shapes.flipped("50")(READ, RECORD)))}
    assert values["50"] == b"AC"
    added = shapes.added("DF8101", "0102")(READ, RECORD)
    assert tags(added) == [*tags(RECORD), "DF8101"]
    assert parse(added)[0].children[-1].value == b"\x01\x02"


def test_an_empty_object_cannot_be_flipped() -> None:
    assert shapes.flipped("50")(READ, build([("70", [("50", b"")])])) == build([("70", [("50", b"")])])


def test_the_template_is_another_or_none() -> None:
    assert tags(shapes.wrapped("77")(READ, RECORD))[0] == "77"
    assert shapes.bare(READ, RECORD) == parse(RECORD)[0].value


def test_filling_and_long_lengths_change_no_value() -> None:
    """EMV Book 3, Annex B1 and B2."""
    for shape in (shapes.padded, shapes.long_lengths):
        other = shape(READ, RECORD)
        assert other != RECORD
        assert [(node.tag, node.value) for node in flatten(parse(other)) if not node.children] == [
            (node.tag, node.value) for node in flatten(parse(RECORD)) if not node.children
        ]
    long = shapes.long_lengths(READ, build([("70", bytes(0x80))]))
    assert long[:3] == bytes.fromhex("708180")


def test_an_answer_may_be_nothing_or_anything() -> None:
    assert shapes.emptied(READ, RECORD) == b""
    assert shapes.replaced("7000")(READ, RECORD) == b"\x70\x00"


@pytest.mark.parametrize("shape", EACH[:-1])
def test_data_that_are_no_objects_stay_or_get_shorter(shape: shapes.Shape) -> None:
    for data in (b"", b"\x70\x05\x01", b"\x00\x00"):
        assert shape(GENERATE, data) in (data, data[:-1], b"")


@pytest.mark.parametrize("shape", [shapes.garbled, shapes.cut_short, shapes.bare])
def test_what_is_no_data_object_any_more_never_looks_like_a_card_number(shape: shapes.Shape) -> None:
    """Random bytes do, once in some hundred: a run was stopped by a card that nobody had presented."""
    number, command = b"\x80\x09" + bytes.fromhex("4111111111111111") + b"\xff", bytes.fromhex("80AE800000")
    assert list(numbers_shown(command, number[2:] + b"\x90\x00"))
    assert not list(numbers_shown(command, shape(GENERATE, number) + b"\x90\x00"))


@given(st.binary(max_size=40), st.sampled_from(EACH), st.sampled_from([GPO, GENERATE, SIGN, READ]))
def test_no_data_break_a_shape(data: bytes, shape: shapes.Shape, ins: int) -> None:
    assert isinstance(shape(ins, data), bytes)
