"""Card numbers: check digit, test ranges, masking."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pan import TEST_RANGES, check_digit, derived, has_right_check_digit, is_test_card, mask_pan
from tests.protocols.samples import OTHER_PAN, PAN, pans


@pytest.mark.parametrize("pan", [PAN, OTHER_PAN])
def test_a_listed_card_has_the_right_check_digit(pan: str) -> None:
    assert check_digit(pan[:-1]) == pan[-1]
    assert has_right_check_digit(pan)


@given(pans, st.integers(0, 18), st.integers(1, 9))
def test_one_digit_changed_is_found(pan: str, place: int, step: int) -> None:
    place %= len(pan)
    changed = pan[:place] + str((int(pan[place]) + step) % 10) + pan[place + 1 :]
    assert not has_right_check_digit(changed)


@pytest.mark.parametrize("text", ["", "0", "6250 9470", "62509470000000x4", "６２５０９４７０００００００１４"])
def test_what_is_not_all_digits_has_no_check_digit(text: str) -> None:
    assert not has_right_check_digit(text)


@given(pans)
def test_cards_of_the_test_ranges_are_test_cards(pan: str) -> None:
    assert is_test_card(pan)


@pytest.mark.parametrize("pan", ["6250947000000015", "9001100000000027", ""])
def test_no_other_card_is_a_test_card(pan: str) -> None:
    assert not is_test_card(pan)


@pytest.mark.parametrize(
    ("pan", "shown"),
    [(PAN, "625094******0014"), ("6250947000001", "625094***0001"), ("625094700000", "*" * 12), ("", "")],
)
def test_a_masked_pan_shows_six_and_four_or_nothing(pan: str, shown: str) -> None:
    assert mask_pan(pan) == shown


@pytest.mark.parametrize("prefix", TEST_RANGES)
def test_derived_cards_are_test_cards_of_their_range_and_all_different(prefix: str) -> None:
    cards = list(islice(derived(prefix), 200))
    assert len(set(cards)) == 200
    assert all(is_test_card(card) and card.startswith(prefix) and len(card) == 16 for card in cards)


def test_derived_cards_end_with_their_range() -> None:
    assert [card[:-1] for card in derived("62509470", start=8, length=10)] == ["625094708", "625094709"]
