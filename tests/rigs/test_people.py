"""The people of a virtual bench: what they type."""

from __future__ import annotations

import pytest

from protocols.faults import ConfigurationError
from protocols.pan import has_right_check_digit
from protocols.pinpad import PinEnd
from rigs.people import SUPERVISOR_PASSWORD, VirtualPeople
from simulators.pinpad import Typed
from tests.rigs.kit import OTHER_PAN, PAN


@pytest.fixture
def people() -> VirtualPeople:
    people = VirtualPeople()
    people.has_card(PAN, "3012", "123956")
    return people


def test_the_cardholder_knows_his_pin(people: VirtualPeople) -> None:
    assert [people.type_pin(), people.type_pin()] == [Typed("123956")] * 2


def test_no_pin_is_in_what_shows_him(people: VirtualPeople) -> None:
    assert "123956" not in f"{people!r} {people.type_pin()!r}"


def test_entries_are_typed_in_their_order_and_the_last_one_stays(people: VirtualPeople) -> None:
    people.cardholder_types("wrong", "right")
    assert [people.type_pin().digits == "123956" for _ in range(3)] == [False, True, True]


def test_a_wrong_pin_has_the_length_of_the_right_one_and_no_digit_of_it_in_place(people: VirtualPeople) -> None:
    people.cardholder_types("wrong")
    assert people.type_pin().digits == "234067"


def test_a_new_card_has_a_new_pin(people: VirtualPeople) -> None:
    people.has_card(OTHER_PAN, "2911", "0000")
    assert people.type_pin().digits == "0000"
    assert people.enter_card() == (OTHER_PAN, "2911")


@pytest.mark.parametrize(("entries", "named"), [(("right", "worng"), "'worng'"), ((), "nothing")])
def test_what_nobody_types_is_an_error(people: VirtualPeople, entries: tuple[str, ...], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        people.cardholder_types(*entries)
    assert people.type_pin().digits == "123956"


@pytest.mark.parametrize(
    ("entry", "end"),
    [("bypass", PinEnd.BYPASSED), ("cancel", PinEnd.CANCELLED), ("nothing", PinEnd.TIMED_OUT)],
)
def test_he_may_do_otherwise_than_type(people: VirtualPeople, entry: str, end: PinEnd) -> None:
    people.cardholder_types(entry)
    assert people.type_pin() == Typed(end=end)


LABELS = ("PBOC CREDIT", "PBOC DEBIT")


def test_he_chooses_the_first_application_unless_a_scenario_says_otherwise(people: VirtualPeople) -> None:
    assert people.choose(LABELS) == 0
    people.cardholder_chooses("2", "cancel")
    assert [people.choose(LABELS), people.choose(LABELS), people.choose(LABELS)] == [1, None, None]


def test_what_was_not_offered_cannot_be_chosen(people: VirtualPeople) -> None:
    people.cardholder_chooses("3")
    with pytest.raises(ConfigurationError, match=r"application 3 \(offered were: PBOC CREDIT, PBOC DEBIT\)"):
        people.choose(LABELS)


@pytest.mark.parametrize("choices", [(), ("0",), ("first",), ("1", "x")])
def test_a_choice_is_a_number_or_a_cancel(people: VirtualPeople, choices: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match="does not choose"):
        people.cardholder_chooses(*choices)


@pytest.mark.parametrize("confirms", [True, False])
def test_he_agrees_or_not(people: VirtualPeople, confirms: bool) -> None:
    people.cardholder_confirms(confirms)
    assert people.confirm("PBOC DEBIT") is confirms


def test_the_operator_presses_cancel_when_a_scenario_says_so(people: VirtualPeople) -> None:
    assert not people.cancel_pressed()
    people.operator_cancels()
    assert people.cancel_pressed()


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
    with pytest.raises(ConfigurationError, match=r"'rihgt' \(did you mean right\?\)"):
        people.operator_types("rihgt")


def test_reset_brings_right_entries_and_the_supervisor_back(people: VirtualPeople) -> None:
    people.cardholder_types("wrong")
    people.operator_types("wrong")
    people.supervisor_present(False)
    people.cardholder_chooses("2")
    people.cardholder_confirms(False)
    people.operator_cancels()
    people.reset()
    assert (people.choose(LABELS), people.confirm(""), people.cancel_pressed()) == (0, True, False)
    assert people.type_pin().digits == "123956"
    assert people.enter_card() == (PAN, "3012")
    assert people.enter_supervisor_password() == SUPERVISOR_PASSWORD
