"""What a card may be told to do wrong at a command: the words, when they count, and what comes of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from protocols.emv import Apdu, find, parse
from simulators.card import CardFault
from simulators.card.faults import ACTS, MEASURED, NARROWER, CommandFault, Misbehaviour
from tests.simulators.card.desk import AAC, AID, ARQC, TC, Desk, Word, fault

GET_9F36 = Apdu(0x80, 0xCA, 0x9F, 0x36, le=256)


def row(at: str, do: Any, occurrence: Any = "every") -> CommandFault:
    return CommandFault.model_validate({"at": at, "do": do, "occurrence": occurrence})


def nth(at: str, occurrence: int, do: str) -> CardFault:
    return fault().model_copy(update={"commands": [row(at, do, occurrence)]})


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", [*ACTS, *(measured.example for measured in MEASURED)])
def test_all_words_are_understood(words: str) -> None:
    assert row("SELECT", words).words == (words,)
    assert row("SELECT", [words, "slow 1"]).words == (words, "slow 1")


@pytest.mark.parametrize(("do", "hint"), [
    ("mut", "did you mean 'mute'?"), ("status 698", "as `status 6985`"), ("status 9000 before", "as `status 6985`"),
    ("slow", "slow and milliseconds"), ("gives ARQ", "as `gives AAC`"), ("drop 9F3", "as `drop 9F36`"),
    ("counter jumps -1", "as `counter jumps 5`"), ("information 100", "as `information C0`"), ("", "there are mute"),
    ("set 9F36 0", "as `set 9F36 0000`"), ("wrong sdad", "did you mean 'wrong SDAD'?"),
])  # fmt: skip
def test_other_words_are_refused_with_what_was_meant(do: str, hint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        row("SELECT", do)
    assert hint in str(refused.value)


@pytest.mark.parametrize(("data", "hint"), [
    ({"at": "SELEKT", "do": "mute"}, "did you mean 'SELECT'?"),
    ({"at": "third GENERATE AC", "do": "mute"}, "did you mean"),
    ({"at": "SELECT", "do": []}, "a fault does something"),
    ({"at": "SELECT", "do": "mute", "occurrence": 0}, "greater than or equal to 1"),
    ({"at": "SELECT", "do": "mute", "occurence": 1}, "Extra inputs are not permitted"),
    ({"at": "SELECT", "do": "mute", "occurrence": "1"}, "occurrence"),
])  # fmt: skip
def test_a_row_is_read_strictly(data: dict[str, Any], hint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CommandFault.model_validate(data)
    assert hint in str(refused.value)


@pytest.mark.parametrize("more", [{"state": {"atc": -1}}, {"state": {"counter": 1}}, {"data": {"loose": ["5A"]}},
                                  {"says": ""}, {"clause": ""}, {"kind": "credit"}])  # fmt: skip
def test_a_fault_is_read_strictly(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        fault(**more)


# ── when ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fault_counts_each_time_or_the_nth_time_of_its_name() -> None:
    desk = Desk(fault=nth("SELECT", 2, "status 6F00"))
    assert [desk.select().sw for _ in range(3)] == ["9000", "6F00", "9000"]
    desk = Desk(fault=fault(("SELECT", "status 6F00")))
    assert [desk.select().sw for _ in range(3)] == ["6F00"] * 3


def test_the_count_outlives_a_reset() -> None:
    desk = Desk(fault=nth("SELECT", 2, "status 6F00"))
    desk.select()
    desk.card.power_on()
    assert desk.select().sw == "6F00"


def test_narrower_names_count_by_themselves() -> None:
    desk = Desk(fault=nth("SELECT application", 1, "status 6F00"))
    assert [desk.select(name).sw for name in (b"1PAY.SYS.DDF01", AID, AID)] == ["9000", "6F00", "9000"]
    desk = Desk(fault=nth("SELECT directory", 1, "status 6F00"))
    assert [desk.select(name).sw for name in (AID, b"1PAY.SYS.DDF01")] == ["9000", "6F00"]


def test_records_are_told_apart_by_what_is_selected() -> None:
    for narrower, expected in (("directory", ["6F00", "9000", "6A83"]), ("application", ["9000", "6F00", "6A83"]),
                               ("log", ["9000", "9000", "6F00"])):  # fmt: skip
        desk = Desk(fault=fault((f"READ RECORD {narrower}", "status 6F00")))
        desk.select(b"1PAY.SYS.DDF01")
        seen = [desk.read(1, 1).sw]
        desk.initiate()
        assert [*seen, desk.read(1, 1).sw, desk.read(11, 1).sw] == expected


def test_the_two_cryptograms_and_the_two_pins_are_told_apart() -> None:
    desk = Desk(fault=fault(("second GENERATE AC", "status 6F00"), ("VERIFY enciphered", "status 6F01")))
    desk.initiate()
    assert desk.verify("26123456FFFFFFFF") == "9000"
    assert desk.verify("26123456FFFFFFFF", 0x88) == "6F01"
    assert [desk.first().sw, desk.second().sw] == ["9000", "6F00"]
    desk = Desk(fault=fault(("first GENERATE AC", "status 6F00")))
    desk.initiate()
    assert desk.first().sw == "6F00"


def test_objects_are_told_apart() -> None:
    desk = Desk(fault=fault(("GET DATA 9F17", "status 6A88")))
    desk.select()
    assert [desk.get(tag).sw for tag in ("9F36", "9F17", "9F13")] == ["9000", "6A88", "9000"]


def test_any_command_is_every_one() -> None:
    desk = Desk(fault=fault(("any command", "status 6F00")))
    assert {desk.select().sw, desk.read(1, 1).sw, desk.verify("00" * 8), desk.send(Apdu(0, 0xFF, 0, 0)).sw} == {"6F00"}


@pytest.mark.parametrize("at", NARROWER)
def test_every_narrower_name_is_met_by_a_command(at: str) -> None:
    """None is a name that nothing goes by."""
    desk = Desk(fault=fault((at, "slow 0")))
    desk.select(b"1PAY.SYS.DDF01")
    desk.read(1, 1)
    desk.initiate()
    desk.read(1, 1)
    desk.read(11, 1)
    for tag in ("9F36", "9F13", "9F17"):
        desk.get(tag)
    for form in (0x80, 0x88):
        desk.verify("26123456FFFFFFFF", form)
    desk.first()
    desk.second()
    assert [(event["at"], event["occurrence"]) for event in desk.events.of("misbehaved")] == [(at, 1)]


def test_faults_of_one_command_add_up_in_their_order() -> None:
    two = Misbehaviour([row("SELECT", "gives TC"), row("SELECT application", ["gives AAC", "slow 5"])])
    effects, acting = two.meets(("any command", "SELECT application", "SELECT"))
    assert (effects.gives, effects.slow_ms, len(acting)) == ("AAC", 5, 2)


def test_what_it_does_is_told() -> None:
    desk = Desk(fault=fault(("GET DATA", ["slow 0", "status 6F00"])))
    desk.select()
    desk.get("9F36")
    desk.get("9F17")
    assert desk.events.of("misbehaved") == [
        {"card": "credit", "at": "GET DATA", "occurrence": n, "does": "slow 0, status 6F00"} for n in (1, 2)
    ]


# ── what ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_status_words_alone_do_nothing_and_afterwards_all() -> None:
    desk = Desk(fault=fault(("GET PROCESSING OPTIONS", "status 6985")))
    assert desk.initiate().sw == "6985"
    assert desk.value("9F36") == 0
    desk = Desk(fault=fault(("GET PROCESSING OPTIONS", "status 6F00 afterwards")))
    answer = desk.initiate()
    assert (answer.sw, answer.data, desk.value("9F36")) == ("6F00", b"", 1)


def test_a_warning_afterwards_keeps_the_data() -> None:
    desk = Desk(fault=fault(("SELECT", "status 6283 afterwards")))
    answer = desk.select()
    assert (answer.sw, find(answer.data, "84")) == ("6283", AID)
    assert desk.events.of("selected") == [{"card": "credit", "aid": AID.hex().upper(), "sw": "6283"}]


def test_a_refused_selection_is_told_as_one() -> None:
    desk = Desk(fault=fault(("SELECT", "status 6985")))
    desk.select()
    assert desk.events.of("selected") == [{"card": "credit", "aid": "", "sw": "6985"}]


def test_a_mute_command_is_mute_and_the_next_is_not() -> None:
    desk = Desk(fault=nth("GET DATA", 1, "mute"))
    desk.select()
    assert desk.card.transmit(GET_9F36.pack()) is None
    assert desk.value("9F36") == 0


def test_a_card_that_is_torn_does_nothing_and_is_dead_until_it_is_powered() -> None:
    desk = Desk(fault=nth("GET PROCESSING OPTIONS", 1, "tear"))
    desk.select()
    assert desk.card.transmit(Apdu(0x80, 0xA8, 0, 0, b"\x83\x09" + bytes(9), 256).pack()) is None
    assert desk.card.transmit(Apdu(0, 0xA4, 4, 0, AID, 256).pack()) is None
    desk.card.power_on()
    desk.select()
    assert desk.value("9F36") == 0


def test_a_card_that_leaves_before_it_answers_has_done_what_was_asked() -> None:
    desk = Desk(fault=nth("GET PROCESSING OPTIONS", 1, "removed before answer"))
    gone = []
    desk.card.leave = lambda: gone.append("before")
    desk.card.leave_after = lambda: gone.append("after")
    desk.select()
    assert desk.card.transmit(Apdu(0x80, 0xA8, 0, 0, b"\x83\x09" + bytes(9), 256).pack()) is None
    assert (gone, desk.card.state.atc) == (["before"], 1)
    assert desk.card.transmit(Apdu(0, 0xA4, 4, 0, AID, 256).pack()) is None


def test_a_card_that_leaves_after_it_answered_has_answered() -> None:
    desk = Desk(fault=nth("SELECT", 1, "removed after answer"))
    gone = []
    desk.card.leave = lambda: gone.append("before")
    desk.card.leave_after = lambda: gone.append("after")
    assert desk.select().sw == "9000"
    assert gone == ["after"]
    assert desk.card.transmit(GET_9F36.pack()) is None
    desk.card.power_on()
    assert desk.select().sw == "9000"


def test_a_slow_card_takes_its_time_before_it_answers() -> None:
    desk = Desk(fault=nth("SELECT", 2, "slow 250"))
    waited = []
    desk.card.pause = lambda seconds: waited.append((seconds, desk.card._chip.session.name))
    desk.select()
    desk.select(b"1PAY.SYS.DDF01")
    assert waited == [(0.25, AID.hex().upper())]


def test_a_slow_card_really_waits() -> None:
    desk = Desk(fault=fault(("SELECT", "slow 2")))
    assert desk.card.pause(0.001) is False  # a wait that ran out, and nobody's word that it is over
    assert desk.select().sw == "9000"


@pytest.mark.parametrize("kind", ["AAC", "TC", "ARQC"])
@pytest.mark.parametrize("asked", [AAC, TC, ARQC])
def test_a_card_may_give_any_kind_with_its_right_cryptogram(kind: str, asked: int) -> None:
    desk = Desk(fault=fault(("GENERATE AC", f"gives {kind}")))
    desk.initiate()
    word = Word(desk.first(asked))
    assert (word.kind, word.cryptogram) == (kind, desk.expected(word))
    assert desk.events.of("cryptogram")[0]["type"] == kind
    if kind == "ARQC":
        last = Word(desk.second(asked))
        assert (last.kind, last.cryptogram) == ("ARQC", desk.expected(last))


def test_the_information_may_say_something_else_than_the_cryptogram() -> None:
    desk = Desk(fault=fault(("first GENERATE AC", "information 88")))
    desk.initiate()
    word = Word(desk.first())
    assert (word.information, word.cryptogram) == (0x88, desk.expected(word))


def test_the_counter_may_stay_or_jump() -> None:
    desk = Desk(fault=fault(("GET PROCESSING OPTIONS", "counter stays")))
    desk.initiate()
    desk.initiate()
    assert desk.value("9F36") == 0
    desk = Desk(fault=fault(("GET PROCESSING OPTIONS", "counter jumps 300")))
    desk.initiate()
    word = Word(desk.first())
    assert (word.atc, word.cryptogram) == (b"\x01\x2c", desk.expected(word))


def test_shapes_spoil_the_answer_in_their_order() -> None:
    desk = Desk(fault=fault(("GENERATE AC", ["format 2", "drop 9F36", "add DF01 00"])))
    desk.initiate()
    [template] = parse(desk.first().data)
    assert [node.tag for node in template.children] == ["9F27", "9F26", "9F10", "DF01"]


def test_profile_data_and_memory_may_be_wrong_from_the_start() -> None:
    worn = fault(
        profile={"expiry": "2001", "application": {"version": "0031"}}, data={"drop": ["5F34"]}, state={"atc": 7}
    )
    desk = Desk(fault=worn)
    assert (desk.card.expiry, desk.card.state.atc) == ("2001", 7)
    desk.initiate()
    record = desk.read(2, 1).data
    assert (find(record, "5F24"), find(record, "9F08"), find(record, "5F34")) == (b"\x20\x01\x31", b"\x00\x31", None)
    [told] = desk.events.of("personalised")
    assert told["data_wrong"] == ["drop 5F34"]
