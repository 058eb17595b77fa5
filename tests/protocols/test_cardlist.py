"""The list of cards: what it lets in, and what is wrong with one that cannot be meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.cardlist import HOUSE_RANGES, CardList, number_problem, range_problem
from protocols.faults import ConfigurationError
from protocols.pan import TEST_RANGES, check_digit, derived
from tests.support.foreign import FOREIGN

LISTED, OTHER = "6250947000000014", "6224242900000113"
house = CardList()


@pytest.mark.parametrize(("pan", "entry"), [(LISTED, "62509470xxxxxxxx"), (OTHER, "62242429xxxxxxxx")])
def test_the_house_lists_its_test_ranges(pan: str, entry: str) -> None:
    assert house.entry_of(pan) == entry


@pytest.mark.parametrize(
    "pan",
    [FOREIGN, "", "6250947", LISTED[:-1] + "5", LISTED + "0", LISTED[:-1], "6250957000000013", "625094700000001A"],
    ids=["foreign", "empty", "short", "check digit", "longer", "cut", "range", "no number"],
)
def test_what_is_not_on_the_list_has_no_entry(pan: str) -> None:
    assert house.entry_of(pan) is None


def test_a_number_of_the_range_but_of_another_length_has_no_entry() -> None:
    longer = LISTED[:-1] + "000"
    assert house.entry_of(longer + check_digit(longer)) is None


def test_a_single_number_is_let_in_and_shown_masked() -> None:
    listed = CardList(ranges=(), numbers=(LISTED,))
    assert listed.entry_of(LISTED) == "625094******0014"
    assert listed.entry_of(next(derived("62509470", 2))) is None
    assert LISTED not in repr(listed)


@given(st.sampled_from(TEST_RANGES), st.integers(1, 9_999_999))
def test_every_derived_card_is_listed_and_no_other_check_digit_is(prefix: str, number: int) -> None:
    pan = next(derived(prefix, number))
    assert house.entry_of(pan) == prefix + "xxxxxxxx"
    for digit in "0123456789":
        assert (house.entry_of(pan[:-1] + digit) is None) == (digit != pan[-1])


@pytest.mark.parametrize("known", ["6", "625094", "62509470000", LISTED, "62242429"])
def test_the_beginning_of_a_listed_number_may_be_one(known: str) -> None:
    assert house.may_begin_with(known)


@pytest.mark.parametrize("known", ["9", "625093", "62509471", LISTED + "1", "6224242A"])
def test_the_beginning_of_no_listed_number_is_foreign(known: str) -> None:
    assert not house.may_begin_with(known)


@pytest.mark.parametrize(("prefix", "held"), [("62509470", True), ("625094701", True), ("625094", False), ("9", False)])
def test_a_profile_fits_where_all_its_cards_are_listed(prefix: str, held: bool) -> None:
    assert house.holds_range(prefix) is held


def test_another_length_of_a_profile_does_not_fit() -> None:
    assert not house.holds_range("62509470", 19)


def test_the_nearest_range_is_named() -> None:
    assert house.nearest("62509460") == "62509470xxxxxxxx"
    assert house.nearest("99994173") == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [("62509470XXXXXXXX", "did you mean 62509470xxxxxxxx?"),
     ("6250 9470 xxxx xxxx", "did you mean 62509470xxxxxxxx?"),
     ("62509470********", "did you mean 62509470xxxxxxxx?"),
     ("62509470", "'62509470' is no range"),
     ("62509470xxx", "has 11 places"),
     ("62509470xxxxxxxxxxxx", "has 20 places"),
     ("62509xxxxxxxxxxx", "too wide"),
     ("62509470000000xx", "too narrow"),
     ("xxxxxxxxxxxxxxxx", "is no range"),
     ("62509470x0xxxxxx", "is no range"),
     ("٦٢٥٠٩٤٧٠xxxxxxxx", "is no range"),
     (LISTED, "is one number: write it under `numbers`")],
)  # fmt: skip
def test_a_range_that_cannot_be_meant_is_told_with_its_near_miss(text: str, problem: str) -> None:
    assert problem in range_problem(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("6250947000000015", "625094******0015 has a wrong check digit: 4 would be right"),
     ("6250 9470 0000 0014", "625094******0014 is written in groups"),
     ("62509470xxxxxxxx", "is no card number: write 13 to 19 digits"),
     ("625094700001", "is no card number"),
     ("62509470000000000148", "is no card number"),
     ("", "is no card number")],
)  # fmt: skip
def test_a_number_that_cannot_be_meant_is_told_with_its_near_miss(text: str, problem: str) -> None:
    assert problem in number_problem(text)


@pytest.mark.parametrize("text", [*HOUSE_RANGES, "6250947000xxxxxxxxx", "625094xxxxxxx"])
def test_a_range_that_is_one_has_no_problem(text: str) -> None:
    assert range_problem(text) == ""


@given(st.text(alphabet="0123456789 -xX*", min_size=11, max_size=24))
def test_no_more_of_a_number_is_told_than_a_mask_shows(text: str) -> None:
    told = range_problem(text) + number_problem(text)
    digits = "".join(character for character in text if character.isdigit())
    if len(digits) > 10:
        assert digits not in told.replace(" ", "").replace("-", "")


def test_a_list_with_faults_names_them_all() -> None:
    with pytest.raises(ConfigurationError) as caught:
        CardList(ranges=("62509470",), numbers=("6250947000000015",))
    assert "is no range" in str(caught.value)
    assert "wrong check digit" in str(caught.value)


def test_an_empty_list_is_a_fault() -> None:
    with pytest.raises(ConfigurationError, match="lets no card in"):
        CardList(ranges=(), numbers=())
