"""Every card of the house: a test card, whole, readable, and proved by the test CA as its file says."""

from __future__ import annotations

from functools import cache

import pytest

from protocols.emv import flatten, parse
from protocols.emv.certificates import recover_pin
from protocols.emv.cvm import CvmList
from protocols.emv.dol import parse_dol
from protocols.pan import LONGEST_PAN, SHORTEST_PAN, derived, is_test_card
from rigs.cards.loading import card_names, card_path, load_card_profile
from simulators.card import CardProfile
from simulators.card.authority import house_authority
from simulators.card.inspection import authentic, ca_index
from simulators.card.personal import PersonalApplication, Personalised, personalise
from tests.simulators.card.data_kit import TODAY, card_key, issuer_key, located, nodes_of, values_of

NAMES = card_names()
every_card = pytest.mark.parametrize("name", NAMES)


@cache
def profile_of(name: str) -> CardProfile:
    return load_card_profile(card_path(name))


@cache
def pan_of(name: str) -> str:
    profile = profile_of(name)
    return next(derived(profile.pan_prefix, 4711, profile.pan_digits))


@cache
def made(name: str) -> Personalised:
    return personalise(profile_of(name), pan_of(name))


def applications() -> list[tuple[str, int]]:
    return [(name, number) for name in NAMES for number in range(len(profile_of(name).applications))]


def application(name: str, number: int) -> PersonalApplication:
    return made(name).applications[number]


every_application = pytest.mark.parametrize(
    ("name", "number"), [one for one in applications() if profile_of(one[0]).chip]
)


@every_card
def test_its_numbers_are_test_cards_with_a_right_check_digit(name: str) -> None:
    assert is_test_card(pan_of(name))
    assert len(pan_of(name)) == profile_of(name).pan_digits
    assert SHORTEST_PAN <= profile_of(name).pan_digits <= LONGEST_PAN
    assert profile_of(name).expiry > "2611"


@every_card
def test_it_says_that_it_is_a_test_card_and_no_other_is_called_so(name: str) -> None:
    assert profile_of(name).name.endswith("(test)")
    assert [one for one in NAMES if profile_of(one).name == profile_of(name).name] == [name]


@every_card
def test_its_tracks_are_those_of_its_number(name: str) -> None:
    assert made(name).track2.startswith(f"{pan_of(name)}D{profile_of(name).expiry}")
    assert made(name).track1.startswith(f"B{pan_of(name)}^")
    chip = profile_of(name).chip
    assert (profile_of(name).service_code[0] in "26") == chip  # facts/unionpay-pos 5.13
    assert bool(made(name).atr) == bool(made(name).applications) == chip


@every_application
def test_every_record_that_is_named_is_there_and_is_tlv(name: str, number: int) -> None:
    one = application(name, number)
    assert {(file, record) for file, record, _, _ in located(one)} == set(one.records)
    assert all(parse(record)[0].tag == "70" and len(parse(record)) == 1 for record in one.records.values())
    tags = [node.tag for node in nodes_of(one) if node.tag != "70" and not node.children]
    assert len(tags) == len(set(tags))


@every_application
def test_what_a_terminal_cannot_do_without_is_there(name: str, number: int) -> None:
    """EMV Book 3, 7.2."""
    values = values_of(application(name, number))
    assert {"5A", "5F24", "8C", "8D"} <= set(values)
    assert values["5A"].hex().upper().rstrip("F") == pan_of(name)
    assert values["57"].hex().upper().startswith(f"{pan_of(name)}D")
    assert ("5F34" in values) == bool(profile_of(name).psn)


@every_application
def test_its_lists_are_lists(name: str, number: int) -> None:
    values = values_of(application(name, number))
    for tag in ("8C", "8D", "97", "9F49"):
        assert tag not in values or parse_dol(values[tag])
    assert "8E" not in values or CvmList.parse(values["8E"]).rules
    profile = profile_of(name).applications[number]
    fci = {node.tag: node.value for node in flatten(parse(application(name, number).fci))}
    assert fci["84"].hex().upper() == profile.aid
    assert fci.get("9F38", b"").hex().upper() == profile.pdol


@every_application
def test_it_proves_itself_as_its_file_says(name: str, number: int) -> None:
    one, profile = application(name, number), profile_of(name).applications[number]
    assert authentic(one, pan_of(name), house_authority(), TODAY) == ("none" if profile.oda == "none" else "right")
    assert ca_index(one) == ("" if profile.oda == "none" else profile.ca_index)
    if profile.oda in ("dda", "cda"):
        assert one.card_key is not None
        assert card_key(one) == one.card_key.public
        assert card_key(one).size * 8 == profile.card_bits
    if profile.pin_key == "own":
        assert one.pin_key is not None
        assert recover_pin(issuer_key(one), values_of(one), pan_of(name), TODAY) == one.pin_key.public


@every_card
def test_its_directory_names_its_applications_and_no_other(name: str) -> None:
    pse, profile = made(name).pse, profile_of(name)
    assert (pse is not None) == (profile.pse and profile.chip)
    if pse is not None:
        nodes = [node for key in sorted(pse.records) for node in flatten(parse(pse.records[key]))]
        listed = [one.aid for one in profile.applications if one.in_directory]
        assert [node.value.hex().upper() for node in nodes if node.tag == "4F"] == listed


def test_the_cards_that_are_asked_for_by_name_are_what_they_are_called() -> None:
    """facts/pcsc-emv 4.2: the AIDs."""
    assert profile_of("credit-chip").aid == "A000000333010102"
    assert profile_of("debit-chip").aid == "A000000333010101"
    assert {one.aid[-2:] for one in profile_of("multi-app").applications} == {"01", "02", "03"}
    first, second = (one.aid for one in profile_of("two-credits").applications)
    assert first.startswith("A000000333010102")
    assert second.startswith("A000000333010102")
    assert first != second
    assert (profile_of("pan-13").pan_digits, profile_of("pan-19").pan_digits) == (13, 19)
    assert profile_of("foreign").country == "0840"
    iad = bytes.fromhex(profile_of("long-iad").applications[0].discretionary_data)
    assert len(iad) == 32 - 9  # facts/pcsc-emv 4.2: 07, key, version, four bytes of results, algorithm, length


def test_no_card_of_the_house_has_another_ones_data_by_accident() -> None:
    seen = [(made(name).applications, made(name).pse, made(name).track2) for name in NAMES]
    assert all(one != other for number, one in enumerate(seen) for other in seen[:number])
