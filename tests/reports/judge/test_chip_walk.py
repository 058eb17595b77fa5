"""A card's side of a transaction as it is read off the timeline: commands put together, applications, data, rounds."""

from __future__ import annotations

import pytest

from protocols.emv import build
from reports.judge.chip.apdus import data_objects, sent_of
from reports.judge.chip.messages import chip_rows, chip_values, requests_of, sendings
from reports.judge.chip.walk import Walk, started, walks
from tests.reports.judge.chip_tale import AID, CDOL1, ChipTale

MORE, WRONG = "6110", "6C10"
RECORD = build([("70", [("9F42", b"\x01\x56")])])


def only(tale: ChipTale) -> Walk:
    (walk,) = walks(tale.view())
    return walk


def commands(tale: ChipTale) -> list[tuple[str, str, str]]:
    return [(s.name, s.answer.hex().upper(), s.sw) for s in sent_of(tale.records) if s.apdu is not None]


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_fetched_belongs_to_the_command_before() -> None:
    tale = ChipTale().apdu("00A4040001AA", "", MORE).apdu("00C0000010", "6F00").apdu("00B2010C00", "7000")
    assert commands(tale) == [("SELECT", "6F00", "9000"), ("READ RECORD", "7000", "9000")]


def test_what_is_fetched_in_pieces_is_told_whole_with_the_last_of_them() -> None:
    tale = ChipTale().apdu("00B2010C00", "", MORE)
    tale.tell("card", "command", raw=bytes.fromhex("00C0000010"))
    tale.tell("card", "response", raw=bytes.fromhex(MORE), left_out=16)
    tale.tell("card", "command", raw=bytes.fromhex("00C0000010"))
    tale.tell("card", "response", raw=RECORD + b"\x90\x00", pieces=2)
    assert commands(tale) == [("READ RECORD", RECORD.hex().upper(), "9000")]


def test_pieces_that_the_terminal_fetched_itself_are_put_together() -> None:
    tale = ChipTale().apdu("00B2010C00", "70039A", "6102").apdu("00C0000002", "0126")
    assert commands(tale) == [("READ RECORD", "70039A0126", "9000")]


def test_what_is_repeated_with_the_right_length_is_one_command() -> None:
    tale = ChipTale().apdu("00B2010C00", "", WRONG).apdu("00B2010C10", "7000")
    assert commands(tale) == [("READ RECORD", "7000", "9000")]
    other = ChipTale().apdu("00B2010C00", "", WRONG).apdu("00B2020C10", "7000")
    assert len(commands(other)) == 2


def test_a_warning_outlasts_what_is_fetched_after_it() -> None:
    tale = ChipTale().apdu("00A4040001AA", "", "6283").apdu("00C0000010", "6F00")
    assert commands(tale) == [("SELECT", "6F00", "6283")]


def test_a_get_response_that_nobody_promised_stands_alone() -> None:
    assert len(commands(ChipTale().apdu("00B2010C00", "7000").apdu("00C0000010", "", "6985"))) == 2


def test_bytes_that_are_no_command_have_no_name() -> None:
    (sent,) = sent_of(ChipTale().apdu("00A4").records)
    assert (sent.name, sent.sw, sent.ok) == ("", "9000", True)


def test_a_command_without_an_answer_has_no_status() -> None:
    (sent,) = sent_of(ChipTale().apdu("00B2010C00", sw="").records)
    assert (sent.sw, sent.ok, len(sent.numbers)) == ("", False, 1)


def test_bytes_that_are_no_tlv_hold_no_objects() -> None:
    assert data_objects(bytes.fromhex("7099")) == []
    assert data_objects(RECORD) == [("9F42", b"\x01\x56")]


# ── walks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_walk_is_read_from_the_order_to_its_cryptogram() -> None:
    walk = only(ChipTale().opened().pin_entered().first())
    assert (walk.aid, walk.labels, walk.card) == (AID, ("PBOC CREDIT",), "credit-0014")
    assert walk.value("8C").hex().upper() == CDOL1
    assert walk.first is not None
    assert (walk.first.asked, walk.first.given, walk.first.counter) == ("ARQC", "ARQC", b"\x00\x01")
    assert walk.first.data["9F37"].hex() == "1e78eebc"
    assert walk.second is None


def test_each_power_up_begins_another() -> None:
    tale = ChipTale().opened().first()
    tale.powered().selects().options().reads().first()
    first, second = walks(tale.view())
    assert first.end is not None
    assert second.end is None
    assert first.order is not None
    assert second.order is first.order


def test_an_order_ends_the_walk_before_it() -> None:
    tale = ChipTale().opened().first().order("completion").powered().selects()
    first, second = walks(tale.view())
    assert len(started(tale.view())) == 1
    assert second.order is not None
    assert second.order.fields["transaction"] == "completion"
    assert first.rounds


def test_without_an_order_nobody_asked_for_it() -> None:
    assert walks(ChipTale().powered().selects().view()) == []


def test_a_walk_of_the_bench_after_an_order_is_none_of_the_terminals() -> None:
    tale = ChipTale().opened().tell("reader", "walk", where="reader").powered().selects()
    tale.tell("reader", "walked", commands=2).powered().selects()
    assert [len(w.sent) for w in walks(tale.view())] == [4, 1]


def test_processing_options_in_either_form() -> None:
    for answer in ("800679000801FF00", "770A8202790094040801FF00"):
        tale = ChipTale().order().powered().selects().apdu("80A8000002830000", answer)
        walk = only(tale)
        assert walk.aip is not None
        assert walk.aip.pack().hex() == "7900"
        assert walk.value("94").hex().upper() == "0801FF00"


def test_an_application_that_refuses_to_start_is_not_the_one_in_use() -> None:
    tale = ChipTale().order().powered().selects(AID[:-2] + "01", "DEBIT").options("6985").selects().options()
    walk = only(tale)
    assert (walk.aid, walk.labels) == (AID, ("PBOC CREDIT",))
    alone = only(ChipTale().order().powered().selects(AID[:-2] + "01", "DEBIT").options("6985"))
    assert (alone.labels, alone.options) == (("DEBIT",), None)


def test_records_of_the_directory_are_no_data_of_the_application() -> None:
    tale = ChipTale().order().powered().apdu("00A404000E315041592E5359532E4444463031", "6F00")
    tale.apdu("00B2010C00", "70049F420199").selects().options().reads()
    walk = only(tale)
    assert walk.value("9F42").hex() == "0156"


def test_the_preferred_name_stands_before_the_label() -> None:
    walk = only(ChipTale().order().powered().selects(**{"9F12": "银联".encode("gb18030").hex()}))
    assert walk.labels == ("银联", "PBOC CREDIT")


def test_what_is_said_first_counts() -> None:
    tale = (
        ChipTale()
        .order()
        .powered()
        .selects()
        .options()
        .apdu("00B2010C00", "70039A0101")
        .apdu("00B2020C00", "70039A0102")
    )
    assert only(tale).value("9A") == b"\x01"
    assert only(tale).number("9F99") == 0


@pytest.mark.parametrize(("where", "is_there"), [("before", False), ("after", True)])
def test_a_card_that_leaves_ends_the_walk_it_was_in(where: str, is_there: bool) -> None:
    tale = ChipTale()
    if where == "before":
        tale.tell("reader", "removed", card="x")
    tale.opened().first()
    if where == "after":
        tale.tell("reader", "removed", card="x")
    assert (only(tale).removed is not None) is is_there


def test_data_that_were_asked_for_after_the_first_word_are_no_part_of_it() -> None:
    tale = ChipTale().opened().gets("9F17", "03").first().gets("9F36", "0001")
    assert set(only(tale).asked_data) == {"9F17"}


# ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_chip_data_are_read_tag_by_tag_in_their_order() -> None:
    message = {
        "F55 chip data": "40 bytes", "F55.71 issuer script 1": "16 bytes", "F55.86 issuer script command": "8424",
        "F55.86 issuer script command (2)": "04DA", "F55.57 track 2 equivalent": "(17 bytes, hidden)", "F38 code": "12",
    }  # fmt: skip
    assert chip_rows(message) == [("71", None), ("86", b"\x84\x24"), ("86", b"\x04\xda"), ("57", None)]
    assert chip_values(message) == {"86": b"\x84\x24"}


def test_a_request_rests_on_the_last_walk_of_its_own_order() -> None:
    tale = ChipTale().opened().first().order("completion").request("completion", change={55: "9 bytes"})
    assert sendings(tale.view()) == []
    tale = ChipTale().opened().first()
    tale.powered().selects().options().reads().first().sent()
    view = tale.view()
    (sending,) = sendings(view)
    assert sending.walk is walks(view)[1]
    assert requests_of(view, walks(view)[0]) == []
