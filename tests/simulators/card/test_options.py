"""GET PROCESSING OPTIONS, and the counter that rises there. EMV Book 3, 6.5.8."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu, parse
from simulators.card import CardState
from tests.simulators.card.desk import Desk, no_oda


def start(desk: Desk, data: bytes, p1: int = 0) -> str:
    return desk.send(Apdu(0x80, 0xA8, p1, 0, data, 256)).sw


def test_processing_options_give_profile_and_locator() -> None:
    desk = Desk()
    [template] = parse(desk.initiate().data)
    application = desk.card._chip.application
    assert (template.tag, template.value) == ("80", application.aip + application.afl)


@pytest.mark.parametrize(
    ("data", "sw"),
    [(b"\x83\x09" + bytes(9), "9000"), (b"\x83\x0a" + bytes(10), "6700"), (b"\x83", "6700"), (b"\x83\x09", "6700"),
     (b"\x84\x09" + bytes(9), "6700"), (b"", "6700"), (b"\x83\x09" + bytes(9) + b"\x00", "6700"),
     (b"\x83\x04" + bytes(4) + b"\x83\x03" + bytes(3), "6700"), (b"\x00\x83\x09" + bytes(9), "6700")],
)  # fmt: skip
def test_processing_options_want_the_data_that_the_card_asked_for(data: bytes, sw: str) -> None:
    desk = Desk()
    desk.select()
    assert start(desk, data) == sw


def test_a_card_without_a_list_wants_an_empty_one() -> None:
    """10.1: 83 00."""
    desk = Desk(no_oda(pdol=""))
    desk.select()
    assert start(desk, b"\x83\x01\x00") == "6700"
    assert start(desk, b"\x83\x00") == "9000"


def test_processing_options_are_given_once_a_selection_and_with_no_parameters() -> None:
    desk = Desk()
    assert desk.options().sw == "6985"
    desk.select()
    assert start(desk, b"\x83\x09" + bytes(9), p1=1) == "6A86"
    assert desk.options().sw == "9000"
    assert desk.options().sw == "6985"
    assert desk.initiate().sw == "9000"


def test_the_counter_rises_by_one_with_each_transaction_and_outlives_a_reset() -> None:
    desk = Desk()
    desk.select()
    seen = [desk.value("9F36")]
    for _ in range(3):
        desk.card.power_on()
        desk.initiate()
        seen.append(desk.value("9F36"))
    assert seen == [0, 1, 2, 3]


def test_the_counter_stays_where_the_data_are_wrong() -> None:
    desk = Desk()
    desk.select()
    start(desk, b"\x83\x01\x00")
    assert desk.value("9F36") == 0


def test_a_card_whose_counter_is_used_up_starts_no_transaction() -> None:
    desk = Desk(state=CardState(atc=0xFFFE, last_online_atc=1))
    assert desk.initiate().sw == "9000"
    assert desk.initiate().sw == "6985"
    assert desk.value("9F36") == 0xFFFF


def test_all_applications_share_one_counter_since_they_share_their_keys() -> None:
    """EMV Book 2, Annex A1.3."""
    profile = no_oda()
    other = profile.applications[0].model_copy(update={"aid": "A000000333010101"})
    desk = Desk(profile.model_copy(update={"applications": (*profile.applications, other)}))
    desk.initiate()
    desk.select(bytes.fromhex("A000000333010101"))
    desk.options()
    assert desk.value("9F36") == 2


def test_a_blocked_application_goes_on_and_gives_nothing_but_an_aac() -> None:
    """EMV Book 3, 6.5.1: what a terminal gets that uses one all the same."""
    desk = Desk(state=CardState(blocked=["all"], atc=3, last_online_atc=3))
    assert desk.initiate().sw == "9000"
    assert desk.first().data[2] == 0x00
