"""Answers that are fetched, and answers that want the right length. EMV Book 1, 9.3.1.2."""

from __future__ import annotations

from protocols.emv import Apdu
from simulators.card.wire import Wire
from tests.simulators.card.desk import AID, ARQC, TERMINAL, Desk, Word, fault

READ = Apdu(0, 0xB2, 1, 0x0C, le=256)
DATA = bytes(range(20))


def fetch(wire: Wire, size: int | None) -> str:
    answer = wire.takes(Apdu(0, 0xC0, 0, 0, le=size))
    assert answer is not None
    return answer.hex().upper()


def given(wire: Wire, how: str, data: bytes = DATA, command: Apdu = READ, status: str = "9000") -> str:
    return wire.gives(command, data, bytes.fromhex(status), how).hex().upper()


def test_an_answer_comes_at_once_by_default() -> None:
    assert given(Wire(), "") == DATA.hex().upper() + "9000"


def test_an_answer_to_be_fetched_says_its_length() -> None:
    wire = Wire()
    assert given(wire, "61xx") == "6114"
    assert fetch(wire, 20) == DATA.hex().upper() + "9000"
    assert fetch(wire, 20) == "6985"


def test_it_is_fetched_in_as_many_pieces_as_it_is_asked_for() -> None:
    wire = Wire()
    given(wire, "61xx")
    assert fetch(wire, 15) == DATA[:15].hex().upper() + "6105"
    assert fetch(wire, 256) == DATA[15:].hex().upper() + "9000"


def test_it_may_come_in_two_parts_of_its_own() -> None:
    wire = Wire()
    assert given(wire, "61xx in parts") == "610A"
    assert fetch(wire, 256) == DATA[:10].hex().upper() + "610A"
    assert fetch(wire, 10) == DATA[10:].hex().upper() + "9000"


def test_256_bytes_are_said_as_zero() -> None:
    wire = Wire()
    assert given(wire, "61xx", bytes(256)) == "6100"
    assert given(wire, "6Cxx", bytes(256), Apdu(0, 0xB2, 1, 0x0C, le=10)) == "6C00"


def test_the_status_words_come_with_the_last_piece() -> None:
    wire = Wire()
    given(wire, "61xx", status="6283")
    assert fetch(wire, 20).endswith("6283")


def test_another_command_forgets_what_waits() -> None:
    wire = Wire()
    given(wire, "61xx")
    assert wire.takes(READ) is None
    assert fetch(wire, 20) == "6985"
    given(wire, "61xx")
    wire.forget()
    assert fetch(wire, 20) == "6985"


def test_status_words_alone_are_never_fetched() -> None:
    for how in ("61xx", "61xx in parts", "6Cxx"):
        assert given(Wire(), how, b"", status="6A82") == "6A82"


def test_a_wrong_length_is_answered_with_the_right_one_and_the_command_is_not_done_again() -> None:
    wire = Wire()
    assert given(wire, "6Cxx") == "6C14"
    assert wire.takes(Apdu(0, 0xB2, 1, 0x0C, le=20)) == DATA + b"\x90\x00"
    assert wire.takes(Apdu(0, 0xB2, 1, 0x0C, le=20)) is None


def test_only_the_same_command_with_that_length_gets_it() -> None:
    for other in (Apdu(0, 0xB2, 2, 0x0C, le=20), Apdu(0, 0xB2, 1, 0x0C, le=19), Apdu(0, 0xB2, 1, 0x0C, b"\0", 20)):
        wire = Wire()
        given(wire, "6Cxx")
        assert wire.takes(other) is None


def test_a_command_with_the_right_length_gets_its_answer() -> None:
    assert given(Wire(), "6Cxx", command=Apdu(0, 0xB2, 1, 0x0C, le=20)) == DATA.hex().upper() + "9000"


# ── on a card ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cryptogram_is_made_once_however_it_is_fetched() -> None:
    for how in ("61xx", "6Cxx"):
        desk = Desk(fault=fault(("GENERATE AC", how)))
        desk.initiate()
        told = desk.first()
        size = int(told.sw[2:], 16)
        parts = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "9F21", "9F4E")
        data = b"".join(TERMINAL[tag] for tag in parts)
        again = Apdu(0, 0xC0, 0, 0, le=size) if how == "61xx" else Apdu(0x80, 0xAE, ARQC, 0, data, size)
        word = Word(desk.send(again))
        assert word.cryptogram == desk.expected(word)
        assert len(desk.events.of("cryptogram")) == 1
        assert len(desk.events.of("misbehaved")) == 1


def test_a_reset_forgets_what_waits() -> None:
    desk = Desk(fault=fault(("SELECT", "61xx")))
    assert desk.select(AID).sw[:2] == "61"
    desk.card.power_on()
    assert desk.send(Apdu(0, 0xC0, 0, 0, le=256)).sw == "6985"
