"""The search for the foreign number finds it in every form, and nothing else; the number is nobody's."""

from __future__ import annotations

import pytest

from protocols.pan import TEST_RANGES, has_right_check_digit, is_test_card, looks_like_a_pan
from tests.support.foreign import FOREIGN, RANGE, forms_in, planted


def test_the_number_is_a_card_number_of_a_range_that_no_issuer_has() -> None:
    assert looks_like_a_pan(FOREIGN)
    assert has_right_check_digit(FOREIGN)
    assert not is_test_card(FOREIGN)
    assert FOREIGN[0] == "9"  # of a national body
    assert 900 <= int(FOREIGN[1:4]) <= 999  # of no country
    assert FOREIGN.startswith(RANGE)
    assert not RANGE.startswith(TEST_RANGES)


@pytest.mark.parametrize(("form", "data"), [*planted()], ids=[form for form, _ in planted()])
def test_a_planted_number_is_found(form: str, data: bytes) -> None:
    assert forms_in(b"\x00\x01before " + data + b" after\x00")


@pytest.mark.parametrize("text", ["6250947000000014", "625094******0014", FOREIGN[:-1] + "0", "999994 8641"])
def test_another_number_is_not_found(text: str) -> None:
    assert not forms_in(text.encode())
    assert not forms_in(text.encode().hex().encode())
