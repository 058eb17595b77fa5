"""The people of a virtual bench: what they type."""

from __future__ import annotations

import pytest

from protocols.faults import ConfigurationError
from rigs.people import SUPERVISOR_PASSWORD, VirtualPeople


@pytest.fixture
def people() -> VirtualPeople:
    people = VirtualPeople()
    people.knows_pin("123956")
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
    people.knows_pin("0000")
    assert people.enter_pin(None) == "0000"


@pytest.mark.parametrize(("entries", "named"), [(("right", "worng"), "'worng'"), ((), "nothing")])
def test_what_nobody_types_is_an_error(people: VirtualPeople, entries: tuple[str, ...], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        people.cardholder_types(*entries)
    assert people.enter_pin(None) == "123956"


def test_a_supervisor_who_is_away_types_nothing(people: VirtualPeople) -> None:
    assert people.enter_supervisor_password() == SUPERVISOR_PASSWORD
    people.supervisor_present(False)
    assert people.enter_supervisor_password() is None


def test_reset_brings_the_right_pin_and_the_supervisor_back(people: VirtualPeople) -> None:
    people.cardholder_types("wrong")
    people.supervisor_present(False)
    people.reset()
    assert people.enter_pin(None) == "123956"
    assert people.enter_supervisor_password() == SUPERVISOR_PASSWORD
