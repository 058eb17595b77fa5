"""F60 and F61 by their parts, of any length that was seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import F60, F61, PackError
from protocols.iso8583.subfields import f60
from protocols.transactions import TRANSACTIONS


@pytest.mark.parametrize("size", [8, 11, 12, 13, 14, 17])
def test_f60_of_any_known_length_comes_back(size: int) -> None:
    digits = "22000024000600123"[:size]
    assert F60.parse(digits).pack() == digits


def test_f60_parts() -> None:
    assert F60.parse("22000024000600123") == F60("22", "000024", "000", "6", "0", "0", "123")


def test_f60_of_the_old_form_has_no_management_code() -> None:
    assert F60.parse("22000001") == F60("22", "000001", "")


@pytest.mark.parametrize("size", [12, 16, 18, 29])
def test_f61_of_any_known_length_comes_back(size: int) -> None:
    digits = "00000100004211250012345678901"[:size]
    assert F61.parse(digits).pack() == digits


def test_f61_parts() -> None:
    assert F61.parse("00000100004211250012345678901") == F61("000001", "000042", "1125", "00", "12345678901")


def test_f61_of_a_sale_void_has_no_date() -> None:
    assert F61("000001", "000042").pack() == "000001000042"


@pytest.mark.parametrize(
    ("field", "path", "problem"),
    [
        (F60("1", "000001"), ("F60", "60.1"), "1 digits instead of 2"),
        (F60("10", "1"), ("F60", "60.2"), "1 digits instead of 6"),
        (F60("10", "000001", "0"), ("F60", "60.3"), "1 digits instead of 3"),
        (F60("10", "000001", "000", "", "5"), ("F60", "60.5"), "follows a part that is not there"),
        (F61("000001", "42"), ("F61", "61.2"), "2 digits instead of 6"),
        (F61("000001", "", "1125"), ("F61", "61.3"), "follows a part that is not there"),
    ],
)
def test_a_part_that_would_shift_the_others_is_refused(field: F60 | F61, path: tuple[str, ...], problem: str) -> None:
    with pytest.raises(PackError, match=problem) as caught:
        field.pack()
    assert caught.value.path == path


@given(st.text("0123456789", max_size=17))
def test_parsing_any_digits_loses_none(digits: str) -> None:
    parsed = F60.parse(digits)
    parts = (parsed.type, parsed.batch, parsed.management, parsed.capability, parsed.condition, parsed.partial)
    assert "".join(parts) + parsed.account == digits


@given(st.text("0123456789", max_size=29))
def test_parsing_any_digits_of_f61_loses_none(digits: str) -> None:
    parsed = F61.parse(digits)
    assert parsed.batch + parsed.trace + parsed.date + parsed.method + parsed.institution == digits


def test_every_transaction_of_the_matrix_has_its_words() -> None:
    for layout in TRANSACTIONS.values():
        assert layout.f60_1 in f60.TYPES
        assert {layout.f60_3, *layout.also_f60_3} <= set(f60.MANAGEMENT)
