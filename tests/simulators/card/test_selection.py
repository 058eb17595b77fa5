"""SELECT: directory, names, beginnings of names, next occurrences, what is blocked. EMV Book 1, 11.3 and 12."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu, find
from simulators.card import CardState
from simulators.card.directory import PSE
from tests.simulators.card.desk import AID, Desk, no_oda
from tests.simulators.kit import credit_profile

SECOND_AID = bytes.fromhex("A00000033301010201")


def two() -> Desk:
    """A card with two applications whose names begin alike."""
    profile = no_oda()
    other = profile.applications[0].model_copy(update={"aid": SECOND_AID.hex().upper(), "label": "SECOND"})
    return Desk(profile.model_copy(update={"applications": (*profile.applications, other)}))


def test_the_directory_is_selected_by_its_name_and_lists_the_application() -> None:
    desk = Desk()
    assert find(desk.select(PSE).data, "88") == b"\x01"
    record = desk.read(1, 1).data
    assert find(record, "4F") == AID
    assert find(record, "50") == b"PBOC CREDIT"
    assert desk.read(1, 2).sw == "6A83"
    assert desk.read(2, 1).sw == "6A82"


def test_a_card_without_a_directory_says_that_it_is_not_found() -> None:
    desk = Desk(no_oda(pse=False))
    assert desk.select(PSE).sw == "6A82"
    assert desk.select().sw == "9000"


@pytest.mark.parametrize(("name", "sw"), [(AID, "9000"), (AID[:7], "9000"), (AID[:5], "9000"), (AID[:4], "6A82"),
                                          (AID + b"\0", "6A82"), (b"\xa0\0\0\0\x03\x10\x10", "6A82"), (b"", "6A82"),
                                          (PSE[:-1], "6A82")])  # fmt: skip
def test_an_application_is_selected_by_its_whole_name_or_a_beginning_of_it(name: bytes, sw: str) -> None:
    """12.2.1: the RID, 5 bytes, is the least."""
    desk = Desk()
    answer = desk.select(name)
    assert answer.sw == sw
    assert find(answer.data, "84") == (AID if sw == "9000" else None)


def test_next_occurrences_follow_until_there_is_none() -> None:
    """12.3.3: P2 02 with the same name."""
    desk = two()
    found = [desk.select(AID[:7], p2) for p2 in (0x00, 0x02, 0x02)]
    assert [answer.sw for answer in found] == ["9000", "9000", "6A82"]
    assert [find(answer.data, "84") for answer in found[:2]] == [AID, SECOND_AID]


def test_a_next_occurrence_wants_a_first_one_of_the_same_name() -> None:
    desk = two()
    assert desk.select(AID[:7], 0x02).sw == "6A82"
    desk.select(AID[:7])
    assert desk.select(AID[:6], 0x02).sw == "6A82"
    desk.select(AID[:7])
    desk.card.power_on()
    assert desk.select(AID[:7], 0x02).sw == "6A82"
    desk.select(PSE)
    assert desk.select(PSE, 0x02).sw == "6A82"


def test_a_whole_name_finds_its_own_application_alone() -> None:
    desk = two()
    assert find(desk.select(SECOND_AID).data, "84") == SECOND_AID
    assert desk.select(SECOND_AID, 0x02).sw == "6A82"


@pytest.mark.parametrize(("p1", "p2"), [(0x00, 0x00), (0x02, 0x00), (0x04, 0x01), (0x04, 0x0C)])
def test_only_names_first_or_next_are_selected_by(p1: int, p2: int) -> None:
    assert Desk().send(Apdu(0, 0xA4, p1, p2, AID, 256)).sw == "6A86"


def test_a_selection_that_fails_leaves_nothing_selected() -> None:
    desk = Desk()
    desk.initiate()
    assert desk.select(b"\xa0\0\0\0\x04").sw == "6A82"
    assert desk.read(2, 1).sw == "6985"


def test_a_blocked_application_tells_so_with_its_name() -> None:
    """12.3.2: 6283. Book 3, 6.5.1"""
    desk = Desk(state=CardState(blocked=[AID.hex().upper()]))
    answer = desk.select()
    assert (answer.sw, find(answer.data, "84")) == ("6283", AID)
    assert desk.select(PSE).sw == "9000"


def test_an_issuer_may_send_a_card_out_with_a_blocked_application() -> None:
    assert Desk(no_oda(blocked=True)).select().sw == "6283"


def test_all_applications_may_be_blocked_by_one_word() -> None:
    desk = two()
    assert Desk(desk.profile, state=CardState(blocked=["all"])).card.state.blocked == [
        AID.hex().upper(), SECOND_AID.hex().upper(),
    ]  # fmt: skip


def test_a_blocked_card_refuses_every_selection() -> None:
    """Book 3, 6.5.3: 6A81."""
    desk = Desk(state=CardState(card_blocked=True))
    assert [desk.select(name).sw for name in (PSE, AID, AID[:5])] == ["6A81"] * 3


def test_each_selection_is_told_with_the_name_that_was_found() -> None:
    desk = two()
    for name, p2 in ((PSE, 0), (AID[:7], 0), (AID[:7], 2), (b"\xa0\0\0\0\x04", 0)):
        desk.select(name, p2)
    told = [(event["aid"], event["sw"]) for event in desk.events.of("selected", card="credit")]
    names = ["1PAY.SYS.DDF01", AID.hex().upper(), SECOND_AID.hex().upper(), ""]
    assert told == list(zip(names, ["9000", "9000", "9000", "6A82"], strict=True))


def test_what_was_personalised_is_told_as_the_card_is_made() -> None:
    desk = Desk(credit_profile())
    [told] = desk.events.of("personalised")
    assert told["data_wrong"] == []
    [application] = told["applications"]
    assert len(application.pop("serial")) == 6
    assert application == {
        "aid": AID.hex().upper(), "label": "PBOC CREDIT", "oda": "dda", "ca_index": "F0", "authentic": "right"
    }  # fmt: skip
