"""The issuer's answer: EXTERNAL AUTHENTICATE, or 91 in the second GENERATE AC. EMV Book 3, 10.9; Book 2, 8.2."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu
from protocols.emv.csu import Csu
from simulators.card import CardState
from tests.simulators.card.desk import TC, Desk, Word, fault, no_oda

BY_COMMAND = {
    "issuer_authentication": "external authenticate",
    "cdol2": "8A029F02069F03069F1A0295055F2A029A039C019F3704",
}
VERSIONS = pytest.mark.parametrize("version", ["01", "18"])
APPROVED = Csu.APPROVED


def requested(**changes: object) -> tuple[Desk, Word]:
    desk = Desk(no_oda(**changes), state=CardState(atc=4, last_online_atc=4))
    desk.initiate()
    return desk, Word(desk.first())


def told(desk: Desk) -> list[str]:
    return [event["result"] for event in desk.events.of("issuer authentication")]


# ── in the second cryptogram ──────────────────────────────────────────────────────────────────────────────────────


@VERSIONS
def test_the_right_answer_lets_the_card_approve(version: str) -> None:
    desk, word = requested(cryptogram_version=version)
    last = Word(desk.second(TC, desk.answer(word, b"00", APPROVED)))
    assert (last.kind, last.results) == ("TC", "03600000")
    assert told(desk) == ["right"]


@VERSIONS
@pytest.mark.parametrize("spoilt", [0, 3, 4, 7])
def test_a_wrong_answer_is_answered_with_an_aac(version: str, spoilt: int) -> None:
    desk, word = requested(cryptogram_version=version)
    answer = bytearray(desk.answer(word, b"00", APPROVED))
    answer[spoilt] ^= 1
    last = Word(desk.second(TC, bytes(answer)))
    assert (last.kind, last.results) == ("AAC", "03280000")
    assert last.cryptogram == desk.expected(last)
    assert told(desk) == ["wrong"]


def test_a_response_code_that_is_not_the_arpcs_is_wrong() -> None:
    desk, word = requested()
    assert Word(desk.second(TC, desk.answer(word)[:8] + b"05")).kind == "AAC"


def test_no_answer_is_answered_with_an_aac_by_the_issuers_own_wish() -> None:
    desk, _ = requested()
    last = Word(desk.second(TC, b""))
    assert (last.kind, last.results) == ("AAC", "03200000")
    assert told(desk) == ["absent"]


def test_an_issuer_may_do_without() -> None:
    desk, _ = requested(default_action="4300")
    assert Word(desk.second(TC, b"")).kind == "TC"
    desk, _ = requested(default_action="4300")
    assert Word(desk.second(TC, b"\x01" * 10)).kind == "AAC"
    desk, _ = requested(default_action="0000")
    assert Word(desk.second(TC, b"\x01" * 10)).kind == "TC"


@VERSIONS
def test_a_list_that_asks_for_more_bytes_than_come_does_no_harm(version: str) -> None:
    """The terminal fills up with zeros; the status update says that nothing follows it. Book 3, 5.4 and Annex C10"""
    desk, word = requested(cryptogram_version=version, cdol2="910C8A029F02069F03069F1A0295055F2A029A039C019F3704")
    answer = desk.answer(word, b"00", APPROVED)
    assert Word(desk.second(TC, answer)).kind == "TC"


# ── by a command of its own ───────────────────────────────────────────────────────────────────────────────────────


@VERSIONS
def test_external_authenticate_with_the_right_answer(version: str) -> None:
    desk, word = requested(cryptogram_version=version, **BY_COMMAND)
    assert desk.external(desk.answer(word, b"00", APPROVED)) == "9000"
    assert told(desk) == ["right"]
    assert Word(desk.second(TC)).kind == "TC"
    assert told(desk) == ["right"]


def test_external_authenticate_with_a_wrong_answer() -> None:
    desk, word = requested(**BY_COMMAND)
    answer = desk.answer(word)
    assert desk.external(bytes([answer[0] ^ 1]) + answer[1:]) == "6300"
    last = Word(desk.second(TC))
    assert (last.kind, last.results) == ("AAC", "03280000")


def test_it_is_given_once_a_transaction() -> None:
    """EMV Book 3, 6.5.4: 6985 the second time; the first word stands."""
    desk, word = requested(**BY_COMMAND)
    desk.external(bytes(7) + b"\x01")
    assert desk.external(desk.answer(word)) == "6985"
    assert Word(desk.second(TC)).kind == "AAC"


def test_a_terminal_that_gives_none_gets_an_aac_and_the_absence_is_told() -> None:
    desk, _ = requested(**BY_COMMAND)
    assert Word(desk.second(TC)).kind == "AAC"
    assert told(desk) == ["absent"]


@pytest.mark.parametrize(("data", "p1", "sw"), [(b"\x01" * 7, 0, "6700"), (b"\x01" * 17, 0, "6700"),
                                                (b"\x01" * 8, 1, "6A86"), (b"\x01" * 16, 0, "6300")])  # fmt: skip
def test_external_authenticate_wants_8_to_16_bytes_and_no_parameters(data: bytes, p1: int, sw: str) -> None:
    desk, _ = requested(**BY_COMMAND)
    assert desk.send(Apdu(0, 0x82, p1, 0, data)).sw == sw


def test_it_follows_an_arqc_alone() -> None:
    desk = Desk(no_oda(**BY_COMMAND))
    assert desk.external(bytes(10)) == "6985"
    desk.initiate()
    assert desk.external(bytes(10)) == "6985"
    desk.first()
    desk.second()
    assert desk.external(bytes(10)) == "6985"


def test_a_card_that_looks_for_it_in_the_second_cryptogram_refuses_the_command() -> None:
    desk, word = requested()
    assert desk.external(desk.answer(word)) == "6985"
    assert Word(desk.second(TC, desk.answer(word))).kind == "TC"


# ── the status update of method 2 ─────────────────────────────────────────────────────────────────────────────────


def updated(csu: Csu, state: CardState | None = None) -> tuple[Desk, Word]:
    desk = Desk(no_oda(cryptogram_version="18"), state=state or CardState(atc=4, last_online_atc=4))
    desk.initiate()
    word = Word(desk.first())
    return desk, Word(desk.second(TC, desk.answer(word, b"00", csu)))


def test_the_issuer_that_does_not_approve_gets_an_aac() -> None:
    assert updated(Csu(0))[1].kind == "AAC"
    assert updated(APPROVED)[1].kind == "TC"


def test_the_issuer_may_block_application_or_card() -> None:
    desk, last = updated(APPROVED | Csu.APPLICATION_BLOCK)
    assert (last.kind, desk.select().sw) == ("AAC", "6283")
    desk, last = updated(APPROVED | Csu.CARD_BLOCK)
    assert (last.kind, desk.select().sw) == ("AAC", "6A81")


def test_the_issuer_may_set_the_pin_tries() -> None:
    desk, _ = updated(APPROVED.with_pin_tries(2))
    assert desk.value("9F17") == 2


def test_the_issuer_may_want_to_see_the_next_transaction() -> None:
    desk, _ = updated(APPROVED | Csu.GO_ONLINE_NEXT)
    desk.initiate()
    assert Word(desk.first(TC)).kind == "ARQC"
    desk, _ = updated(APPROVED)
    desk.initiate()
    assert Word(desk.first(TC)).kind == "TC"


def test_a_wrong_status_update_is_not_obeyed() -> None:
    desk = Desk(no_oda(cryptogram_version="18"))
    desk.initiate()
    word = Word(desk.first())
    answer = desk.answer(word, b"00", Csu.APPROVED)
    desk.second(TC, answer[:4] + Csu.CARD_BLOCK.pack())
    assert desk.select().sw == "9000"


# ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_may_refuse_the_right_answer() -> None:
    desk = Desk(fault=fault(("second GENERATE AC", "refuse ARPC")))
    desk.initiate()
    assert Word(desk.second(TC, desk.answer(Word(desk.first())))).results == "03281000"
    desk = Desk(no_oda(**BY_COMMAND), fault=fault(("EXTERNAL AUTHENTICATE", "refuse ARPC")))
    desk.initiate()
    assert desk.external(desk.answer(Word(desk.first()))) == "6300"
    assert told(desk) == ["wrong"]


def test_the_second_list_is_all_that_is_needed() -> None:
    """The card counts what CDOL2 brings anew, and what CDOL1 brought before."""
    desk, word = requested(cdol2="910A8A02")
    last = Word(desk.second(TC, desk.answer(word)))
    assert last.cryptogram == desk.expected(last)
