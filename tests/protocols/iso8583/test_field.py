"""A field table that cannot work is refused when it is written, not when a message meets it."""

from __future__ import annotations

import pytest

from protocols.iso8583 import UNIONPAY
from protocols.iso8583.field import Encoding, Field, MessageSpec, Pad, fixed, lllvar, llvar
from tests.support.independent import SPEC

MAY_BE_ODD = [fixed(3), llvar(19), lllvar(104)]


@pytest.mark.parametrize("length", MAY_BE_ODD)
def test_a_bcd_field_that_may_be_odd_needs_a_side_for_its_pad(length: object) -> None:
    with pytest.raises(ValueError, match="F22 entry mode may have an odd digit"):
        Field(22, "entry mode", Encoding.BCD, length, Pad.NONE)  # type: ignore[arg-type]


def test_an_even_field_needs_no_pad() -> None:
    assert Field(3, "processing code", Encoding.BCD, fixed(6)).pad is Pad.NONE


@pytest.mark.parametrize("number", [0, 1, 65])
def test_a_field_must_be_in_the_primary_bitmap(number: int) -> None:
    with pytest.raises(ValueError, match=f"F{number} has no place"):
        Field(number, "none", Encoding.BINARY, fixed(8))


def test_a_table_names_a_field_once() -> None:
    field = Field(3, "processing code", Encoding.BCD, fixed(6))
    with pytest.raises(ValueError, match="names a field twice"):
        MessageSpec("doubled", (field, field))


def test_the_table_holds_the_fields_of_the_facts() -> None:
    assert {str(field.number) for field in UNIONPAY.fields} == set(SPEC) - {"h", "t", "p", "1"}


def test_each_limit_is_that_of_the_facts() -> None:
    assert {str(f.number): f.length.most for f in UNIONPAY.fields} == {
        key: entry["max_len"] for key, entry in SPEC.items() if key not in {"h", "t", "p", "1"}
    }
