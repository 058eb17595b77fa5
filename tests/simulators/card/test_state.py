"""What a card remembers, handed on from card to card and kept in a file."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from protocols.emv.scripts import application_block, put_data, update_record
from protocols.faults import ConfigurationError
from simulators.card import CardState
from tests.simulators.card.desk import Desk, Word, no_oda

NEW_PIN = "26654321FFFFFFFF"


def lived() -> Desk:
    """A card that was through it all."""
    desk = Desk(no_oda(electronic_cash=50000))
    desk.approved()
    desk.initiate()
    word = Word(desk.first())
    desk.change_pin("654321", word)
    desk.script(put_data("9F79", bytes(6)), word)
    desk.script(update_record(1, 1, b"\x70\x00"), word)
    desk.verify("26000000FFFFFFFF")
    desk.script(application_block(), word)
    return desk


def test_a_card_with_the_state_of_another_is_the_same_card() -> None:
    before = lived()
    desk = Desk(before.profile, state=before.card.state)
    assert desk.select().sw == "6283"
    assert (desk.value("9F36"), desk.value("9F13"), desk.value("9F17"), desk.value("9F79")) == (2, 1, 2, 0)
    assert desk.read(11, 1).data == before.read(11, 1).data
    assert desk.verify(NEW_PIN) == "9000"
    desk.options()
    assert desk.read(1, 1).data == b"\x70\x00"
    assert desk.value("9F36") == 3


def test_a_state_goes_through_a_file_unchanged(tmp_path: Path) -> None:
    state = lived().card.state
    path = tmp_path / "card.json"
    state.save(path)
    assert CardState.load(path) == state
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    state.save(path)  # over the old one
    assert CardState.load(path) == state


@pytest.mark.parametrize(("text", "place"), [
    ("", "the file"), ("[]", "the file"), ('{"atc": 65536}', "atc"), ('{"atc": "1"}', "atc"),
    ('{"counter": 1}', "counter"), ('{"pin": "12ab"}', "pin"), ('{"log": ["zz"]}', "log.0"),
])  # fmt: skip
def test_a_file_that_holds_no_state_is_refused_by_its_place_and_none_of_its_values(
    tmp_path: Path, text: str, place: str
) -> None:
    path = tmp_path / "card.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        CardState.load(path)
    assert str(refused.value) == f"{path} holds no state of a card: {place} (start anew)"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: FileNotFoundError"):
        CardState.load(tmp_path / "none.json")


def test_a_new_card_is_new() -> None:
    assert CardState() == CardState.model_validate({})
    with pytest.raises(ValidationError):
        CardState.model_validate({"counter": 1})


def test_a_new_pin_is_never_shown() -> None:
    state = CardState(pin="654321", log=["00"], records={"A0/1/1": "70"})
    assert "654321" not in repr(state)
    assert "70" not in repr(state)


def test_what_a_fault_says_of_memory_holds_for_a_card_without_one(tmp_path: Path) -> None:
    from tests.simulators.card.desk import fault

    worn = fault(state={"atc": 9, "last_online_atc": 2})
    assert Desk(fault=worn).card.state.atc == 9
    assert Desk(fault=worn, state=CardState(atc=3)).card.state.atc == 3
    assert json.loads(CardState().model_dump_json())["atc"] == 0
