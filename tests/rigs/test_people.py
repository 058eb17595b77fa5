"""The people of a virtual bench: what they type."""

from __future__ import annotations

import pytest

from protocols.faults import ConfigurationError
from protocols.pan import has_right_check_digit
from rigs.people import SUPERVISOR_PASSWORD, VirtualPeople
from tests.rigs.kit import OTHER_PAN, PAN


@pytest.fixture
def people() -> VirtualPeople:
    people = VirtualPeople()
    people.has_card(PAN, "3012", "123956")
    return people


def test_the_cardholder_knows_his_pin(people: VirtualPeople) -> None:
    assert [people.enter_pin(3), people.enter_pin(None)] == ["123956", "123956"]


def test_entries_are_typed_in_their_order_and_the_last_one_stays(people: VirtualPeople) -> None:
    people.cardholder_types("wrong", "right")
    assert [people.enter_pin(None) == "123956" for _ in range(3)] == [False, True, True]


def test_a_wrong_pin_has_the_length_of_the_right_one_and_no_digit_of_it_in_place(people: VirtualPeople) -> None:
    people.cardholder_types("wrong")
    assert people.enter_pin(None) == "234067"


def test_a_new_card_has_a_new_pin(people: VirtualPeople) -> None:
    people.has_card(OTHER_PAN, "2911", "0000")
    assert people.enter_pin(None) == "0000"
    assert people.enter_card() == (OTHER_PAN, "2911")


@pytest.mark.parametrize(("entries", "named"), [(("right", "worng"), "'worng'"), ((), "nothing")])
def test_what_nobody_types_is_an_error(people: VirtualPeople, entries: tuple[str, ...], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        people.cardholder_types(*entries)
    assert people.enter_pin(None) == "123956"


def test_a_supervisor_who_is_away_types_nothing(people: VirtualPeople) -> None:
    assert people.enter_supervisor_password() == SUPERVISOR_PASSWORD
    people.supervisor_present(False)
    assert people.enter_supervisor_password() is None


def test_the_operator_types_what_stands_on_the_card(people: VirtualPeople) -> None:
    assert people.enter_card() == (PAN, "3012")


def test_without_a_card_there_is_nothing_to_type() -> None:
    assert VirtualPeople().enter_card() is None


def test_a_mistyped_number_has_a_wrong_check_digit_and_no_other(people: VirtualPeople) -> None:
    people.operator_types("wrong")
    number, expiry = people.enter_card() or ("", "")
    assert (number[:-1], expiry) == (PAN[:-1], "3012")
    assert has_right_check_digit(PAN)
    assert not has_right_check_digit(number)


def test_what_no_operator_types_is_an_error(people: VirtualPeople) -> None:
    with pytest.raises(ConfigurationError, match=r"'rihgt' \(say right or wrong\)"):
        people.operator_types("rihgt")


def test_reset_brings_right_entries_and_the_supervisor_back(people: VirtualPeople) -> None:
    people.cardholder_types("wrong")
    people.operator_types("wrong")
    people.supervisor_present(False)
    people.reset()
    assert people.enter_pin(None) == "123956"
    assert people.enter_card() == (PAN, "3012")
    assert people.enter_supervisor_password() == SUPERVISOR_PASSWORD
