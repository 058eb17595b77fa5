"""READ RECORD, GET DATA and the log. EMV Book 3, 6.5.7, 6.5.11 and Annex D4; facts/pcsc-emv 4.2."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu, find
from tests.simulators.card.desk import AAC, TC, TERMINAL, Desk, Word, no_oda
from tests.simulators.kit import credit_profile


def test_every_record_that_the_locator_names_is_there_and_no_other() -> None:
    desk = Desk(credit_profile())
    desk.initiate()
    afl = desk.card._chip.application.afl
    named = {(afl[at] >> 3, n) for at in range(0, len(afl), 4) for n in range(afl[at + 1], afl[at + 2] + 1)}
    there = {(f, r) for f in range(31) for r in range(9) if desk.read(f, r).sw == "9000"}
    assert there == named


def test_a_record_or_a_file_that_is_not_there() -> None:
    desk = Desk()
    desk.initiate()
    assert desk.read(1, 9).sw == "6A83"
    assert desk.read(9, 1).sw == "6A82"


def test_no_record_is_read_before_processing_options_or_by_another_reference() -> None:
    desk = Desk()
    desk.select()
    assert desk.read(2, 1).sw == "6985"
    desk.options()
    assert desk.send(Apdu(0, 0xB2, 1, 2 << 3 | 5, le=256)).sw == "6A86"


def test_counters_and_stored_objects_are_given_by_tag() -> None:
    desk = Desk(no_oda(lower_limit=2, upper_limit=4, electronic_cash=50000))
    assert desk.get("9F36").sw == "6985"
    desk.select()
    assert {tag: find(desk.get(tag).data, tag) for tag in ("9F36", "9F13", "9F17", "9F14", "9F23", "9F79")} == {
        "9F36": b"\0\0", "9F13": b"\0\0", "9F17": b"\x03", "9F14": b"\x02", "9F23": b"\x04",
        "9F79": bytes.fromhex("000000050000"),
    }  # fmt: skip
    assert find(desk.get("9F4F").data, "9F4F") == bytes.fromhex(desk.rules.log_format)
    assert desk.get("9F50").sw == "6A88"


# ── its log ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_approved_transaction_is_logged_by_the_cards_own_format() -> None:
    """9A 9F21 9F02 9F03 9F1A 5F2A 9F4E 9C 9F36; the newest is record 1."""
    desk = Desk()
    desk.approved()
    desk.select()
    parts = [TERMINAL[tag] for tag in ("9A", "9F21", "9F02", "9F03", "9F1A", "5F2A", "9F4E", "9C")]
    assert desk.read(11, 1).data == b"".join(parts) + b"\x00\x01"
    assert desk.read(11, 2).sw == "6A83"
    desk.approved()
    desk.select()
    assert [desk.read(11, n).data[-1] for n in (1, 2)] == [2, 1]


def test_a_declined_transaction_is_not_logged() -> None:
    desk = Desk()
    desk.initiate()
    desk.first(AAC)
    desk.initiate()
    word = Word(desk.first())
    desk.second(AAC, desk.answer(word))
    desk.select()
    assert desk.read(11, 1).sw == "6A83"


def test_an_offline_approval_is_logged_at_its_first_cryptogram() -> None:
    desk = Desk(no_oda(default_action="6000"))
    desk.initiate()
    desk.first(TC)
    assert desk.read(11, 1).data[-1] == 1


def test_the_log_keeps_ten_transactions() -> None:
    desk = Desk(no_oda(default_action="6000"))
    for _ in range(12):
        desk.initiate()
        desk.first(TC)
    assert [desk.read(11, n).data[-1] for n in (1, 10)] == [12, 3]
    assert desk.read(11, 11).sw == "6A83"
    assert desk.read(11, 0).sw == "6A83"


@pytest.mark.parametrize("log", [True, False])
def test_a_card_without_a_log_has_no_such_file(log: bool) -> None:
    desk = Desk(no_oda(log=log, default_action="6000"))
    desk.initiate()
    desk.first(TC)
    assert desk.read(11, 1).sw == ("9000" if log else "6A82")
