"""Commands of issuer scripts, with right, wrong and no MAC. EMV Book 3, 6.5 and 10.10; Book 2, 9."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu, find
from protocols.emv.scripts import (
    application_block,
    application_unblock,
    card_block,
    pin_change,
    pin_unblock,
    put_data,
    update_record,
)
from protocols.emv.secure_messaging import seal
from simulators.card import CardState
from tests.simulators.card.desk import AAC, AID, TC, Desk, Word, no_oda
from tests.simulators.kit import credit_profile

VERSIONS = pytest.mark.parametrize("version", ["01", "18"])
WRONG_PIN, OLD_PIN, NEW_PIN = "26000000FFFFFFFF", "26123456FFFFFFFF", "26654321FFFFFFFF"
COMMANDS = [application_block(), application_unblock(), card_block(), pin_unblock(), put_data("9F79", bytes(6)),
            update_record(1, 1, b"\x70\x00")]  # fmt: skip
NAMES = ["APPLICATION BLOCK", "APPLICATION UNBLOCK", "CARD BLOCK", "PIN CHANGE/UNBLOCK", "PUT DATA", "UPDATE RECORD"]
EACH = pytest.mark.parametrize(("command", "name"), list(zip(COMMANDS, NAMES, strict=True)), ids=NAMES)


def requested(version: str = "01", **changes: object) -> tuple[Desk, Word]:
    """After an ARQC: a script of template 71 may come."""
    profile = no_oda(cryptogram_version=version, electronic_cash=50000, **changes)
    desk = Desk(profile, state=CardState(atc=4, last_online_atc=4))
    desk.initiate()
    return desk, Word(desk.first())


def finished(version: str = "01", **changes: object) -> tuple[Desk, Word]:
    """After the second cryptogram: template 72."""
    desk, word = requested(version, **changes)
    desk.second(AAC, desk.answer(word))
    return desk, word


def told(desk: Desk) -> list[tuple[str, str, str]]:
    return [(event["command"], event["sw"], event["mac"]) for event in desk.events.of("script")]


# ── secure messaging ──────────────────────────────────────────────────────────────────────────────────────────────


@EACH
@VERSIONS
@pytest.mark.parametrize("when", [requested, finished])
def test_a_right_mac_is_obeyed_before_and_after_the_second_cryptogram(
    command: Apdu, name: str, version: str, when: object
) -> None:
    desk, word = when(version)  # type: ignore[operator]
    assert desk.script(command, word) == "9000"
    assert told(desk) == [(name, "9000", "right")]


@EACH
def test_a_wrong_mac_changes_nothing(command: Apdu, name: str) -> None:
    desk, word = finished()
    before = desk.card.state.model_copy(update={"script_failed": True}, deep=True)
    right = seal(command, desk.script_keys(word))
    wrong = Apdu(right.cla, right.ins, right.p1, right.p2, right.data[:-1] + bytes([right.data[-1] ^ 1]))
    assert desk.send(wrong).sw == "6988"
    assert told(desk) == [(name, "6988", "wrong")]
    assert desk.card.state == before


@EACH
def test_a_command_without_a_mac_is_refused(command: Apdu, name: str) -> None:
    desk, _ = finished()
    plain = Apdu(command.cla & 0xF0, command.ins, command.p1, command.p2, command.data)
    short = Apdu(command.cla, command.ins, command.p1, command.p2, b"\x01\x02\x03")
    assert [desk.send(each).sw for each in (plain, short)] == ["6982", "6987"]
    assert told(desk) == [(name, "6982", "absent"), (name, "6987", "absent")]


def test_a_mac_covers_header_counter_and_cryptogram() -> None:
    desk, word = finished()
    sealed = seal(pin_unblock(), desk.script_keys(word))
    assert desk.send(Apdu(0x84, 0x18, 0, 0, sealed.data)).sw == "6988"
    desk.initiate()
    other = Word(desk.first())
    assert desk.send(sealed).sw == "6988"
    assert desk.script(pin_unblock(), other) == "9000"


def test_before_the_first_cryptogram_there_is_no_key() -> None:
    desk, word = finished()
    sealed = seal(card_block(), desk.script_keys(word))
    desk.initiate()
    assert desk.send(sealed).sw == "6985"
    assert told(desk) == [("CARD BLOCK", "6985", "unchecked")]
    assert desk.select().sw == "9000"


# ── blocks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_application_is_blocked_and_unblocked_again() -> None:
    """EMV Book 3, 6.5.1 and 6.5.2: blocked, it gives an AAC alone, and scripts follow that."""
    desk, word = finished()
    assert desk.script(application_block(), word) == "9000"
    assert desk.select().sw == "6283"
    desk.options()
    declined = Word(desk.first())
    assert declined.kind == "AAC"
    assert desk.script(application_unblock(), declined) == "9000"
    assert desk.select().sw == "9000"
    desk.options()
    assert Word(desk.first()).kind == "ARQC"


def test_an_application_that_is_blocked_before_the_second_cryptogram_gives_an_aac() -> None:
    desk, word = requested()
    desk.script(application_block(), word)
    assert Word(desk.second(TC, desk.answer(word))).kind == "AAC"


OTHER_AID = bytes.fromhex("A000000333010101")


def two_applications(state: CardState | None = None, **changes: object) -> Desk:
    profile = no_oda(**changes)
    other = profile.applications[0].model_copy(update={"aid": OTHER_AID.hex().upper()})
    return Desk(profile.model_copy(update={"applications": (*profile.applications, other)}), state=state)


def test_only_the_application_of_the_transaction_is_blocked_and_unblocked() -> None:
    desk = two_applications()
    desk.initiate()
    desk.script(application_block(), Word(desk.first()))
    assert [desk.select(aid).sw for aid in (AID, OTHER_AID)] == ["6283", "9000"]
    desk = two_applications(CardState(blocked=["all"]))
    desk.initiate()
    desk.script(application_unblock(), Word(desk.first()))
    assert [desk.select(aid).sw for aid in (AID, OTHER_AID)] == ["9000", "6283"]


def test_an_application_that_blocked_itself_says_so_until_it_is_unblocked() -> None:
    """Byte 3, b2 of the card verification results; another application of the card does not."""
    desk = two_applications(CardState(atc=4, last_online_atc=4, pin_tries=1), default_action="6380")
    desk.initiate()
    desk.verify(WRONG_PIN)
    declined = Word(desk.first())
    assert declined.results == "03864200"
    desk.select(OTHER_AID)
    desk.options()
    assert Word(desk.first(AAC)).results == "03804000"
    desk.initiate()
    declined = Word(desk.first())
    assert declined.results == "03804200"
    desk.script(application_unblock(), declined)
    desk.initiate()
    word = Word(desk.first())
    assert word.results == "03A04010"
    desk.script(application_block(), word)
    assert Word(desk.second(TC, desk.answer(word))).results == "03204010"


def test_a_blocked_card_stays_blocked() -> None:
    """EMV Book 3, 6.5.3."""
    desk, word = requested()
    desk.script(card_block(), word)
    assert Word(desk.second(TC, desk.answer(word))).kind == "AAC"
    desk.card.power_on()
    assert desk.select().sw == "6A81"


@pytest.mark.parametrize("command", [application_block(), application_unblock(), card_block()])
def test_blocks_have_no_parameters_and_no_data(command: Apdu) -> None:
    desk, word = finished()
    assert desk.script(Apdu(command.cla, command.ins, 1, 0), word) == "6A86"
    assert desk.script(Apdu(command.cla, command.ins, 0, 0, b"\x00"), word) == "6700"
    assert desk.select().sw == "9000"


# ── PIN ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pin_is_unblocked_and_stays_the_same() -> None:
    desk, word = finished()
    for _ in range(3):
        desk.verify(WRONG_PIN)
    assert desk.verify(OLD_PIN) == "6983"
    assert desk.script(pin_unblock(), word) == "9000"
    assert (desk.value("9F17"), desk.verify(OLD_PIN)) == (3, "9000")


@VERSIONS
@pytest.mark.parametrize("current", ["", "123456"])
def test_a_new_pin_is_the_one_that_verifies(version: str, current: str) -> None:
    desk, word = finished(version)
    desk.verify(WRONG_PIN)
    assert desk.change_pin("654321", word, current) == "9000"
    assert desk.value("9F17") == 3
    assert [desk.verify(OLD_PIN), desk.verify(NEW_PIN)] == ["63C2", "9000"]
    desk.card.power_on()
    desk.select()
    assert desk.verify(NEW_PIN) == "9000"


@VERSIONS
def test_a_pin_change_that_holds_no_pin_is_refused(version: str) -> None:
    desk, word = finished(version)
    assert desk.script(pin_change(b"\x11" * 16), word) == "6A80"
    assert desk.script(pin_change(b"\x11" * 5), word) == "6A80"
    assert desk.script(pin_change(b""), word) == "6A80"
    assert desk.verify(OLD_PIN) == "9000"


def test_a_pin_change_by_a_wrong_current_pin_does_not_give_the_new_one() -> None:
    """PBOC, likely: the block is crossed with the current PIN."""
    desk, word = finished()
    desk.change_pin("654321", word, "999999")
    assert desk.verify(NEW_PIN) != "9000"


def test_pin_change_has_known_parameters() -> None:
    desk, word = finished()
    assert desk.script(Apdu(0x84, 0x24, 0, 3), word) == "6A86"
    assert desk.script(Apdu(0x84, 0x24, 1, 0), word) == "6A86"
    assert desk.script(Apdu(0x84, 0x24, 0, 0, b"\x01"), word) == "6700"


# ── data ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_object_that_is_there_gets_another_value() -> None:
    desk, word = finished()
    assert desk.script(put_data("9F79", bytes.fromhex("000000000100")), word) == "9000"
    assert find(desk.get("9F79").data, "9F79") == bytes.fromhex("000000000100")
    desk.card.power_on()
    desk.select()
    assert desk.value("9F79") == 0x0100


@pytest.mark.parametrize(("tag", "value", "sw"), [
    ("9F50", b"\x00", "6A88"), ("9F36", b"\x00\x00", "6A88"), ("9F13", b"\x00\x00", "6A88"), ("9F17", b"\x03", "6A88"),
    ("9F4F", b"\x9a\x03", "6A88"), ("9F79", b"\x00", "6700"),
])  # fmt: skip
def test_no_other_object_is_put(tag: str, value: bytes, sw: str) -> None:
    desk, word = finished()
    assert desk.script(put_data(tag, value), word) == sw


def test_a_limit_that_is_put_counts() -> None:
    desk, word = finished(lower_limit=9, default_action="0000")
    assert desk.script(put_data("9F14", b"\x01"), word) == "9000"
    desk.initiate()
    assert Word(desk.first(TC)).kind == "TC"
    desk.initiate()
    word = Word(desk.first(TC))
    assert (word.kind, word.results) == ("ARQC", "03A02010")


def test_a_record_is_written_and_read() -> None:
    desk, word = finished()
    assert desk.script(update_record(1, 1, b"\x70\x03\x5f\x20\x00"), word) == "9000"
    desk.initiate()
    assert desk.read(1, 1).data == b"\x70\x03\x5f\x20\x00"


def test_dates_that_a_script_writes_are_the_cards() -> None:
    desk, word = finished()
    record = bytes.fromhex("700C" + "5F2403250131" + "5F2503200101")
    assert desk.script(update_record(2, 1, record), word) == "9000"
    desk.initiate()
    desk.first()
    assert [event["expired"] for event in desk.events.of("cryptogram")] == [False, False, True]


@pytest.mark.parametrize(("file", "number", "sw"), [(9, 1, "6A82"), (1, 9, "6A83"), (11, 1, "6985")])
def test_no_other_record_is_written(file: int, number: int, sw: str) -> None:
    desk, word = finished()
    assert desk.script(update_record(file, number, b"\x70\x00"), word) == sw


def test_a_record_is_named_by_its_number() -> None:
    desk, word = finished()
    assert desk.script(Apdu(0x04, 0xDC, 1, 1 << 3 | 5, b"\x70\x00"), word) == "6A86"


# ── what the issuer is told of them ───────────────────────────────────────────────────────────────────────────────


def test_commands_after_the_last_cryptogram_are_counted_for_the_next_time() -> None:
    desk, word = finished()
    for _ in range(2):
        desk.script(pin_unblock(), word)
    desk.initiate()
    again = Word(desk.first())
    assert again.results == "03A00020"
    desk.second(TC, desk.answer(again))
    desk.initiate()
    assert Word(desk.first()).results == "03A00000"


@pytest.mark.parametrize(("answered", "results"), [(True, "03A00000"), (False, "03A00400")])
def test_commands_before_it_are_not(answered: bool, results: str) -> None:
    desk, word = requested()
    desk.script(pin_unblock(), word)
    desk.second(TC, desk.answer(word) if answered else b"")
    desk.initiate()
    assert Word(desk.first()).results == results


@pytest.mark.parametrize("when", [requested, finished])
def test_a_failure_is_told_the_next_time_wherever_it_was(when: object) -> None:
    desk, word = when()  # type: ignore[operator]
    desk.script(put_data("9F50", b"\x00"), word)
    if when is requested:
        desk.second(TC, desk.answer(word))
    desk.initiate()
    again = Word(desk.first())
    assert again.results == "03A00008"
    desk.second(TC, desk.answer(again))
    desk.initiate()
    assert Word(desk.first()).results == "03A00000"


def test_the_count_ends_at_fifteen() -> None:
    desk, word = finished()
    for _ in range(17):
        desk.script(pin_unblock(), word)
    desk.initiate()
    assert Word(desk.first()).results == "03A000F0"


def test_scripts_of_a_card_that_signs_its_cryptogram_follow_the_one_inside_the_signature() -> None:
    desk = Desk(credit_profile(oda="cda"))
    desk.initiate()
    word = Word(desk.first(0x90))
    [told_of] = desk.events.of("cryptogram")
    word.cryptogram = bytes.fromhex(told_of["cryptogram"])
    assert desk.script(pin_unblock(), word) == "9000"


def test_no_pin_and_no_key_is_told() -> None:
    desk, word = finished()
    desk.change_pin("654321", word)
    shown = repr([event.fields for event in desk.events.all()]) + repr(desk.card.state)
    assert "654321" not in shown
