"""The card's records. EMV Book 3, 10.2, 7.2 and 7.5."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.faults import CardRemoved, ForeignCard
from protocols.pan import derived
from simulators.terminal.contact.channel import CardUnusable
from simulators.terminal.contact.reading import Span, read_application_data, spans
from simulators.terminal.contact.state import ChipTransaction
from tests.simulators.kit import PAN
from tests.simulators.terminal.contact.front import pan, read, record, tlv, transaction
from tests.support.foreign import FOREIGN
from tests.support.scripted_card import MUTE, REMOVED, Exchange, ScriptedCard

NUMBER = ("5A", pan())
EXPIRY = ("5F24", "301231")
LISTS = (("8C", "9F0206"), ("8D", "8A029F0206"))
WHOLE = (NUMBER, EXPIRY, *LISTS)


def run(clause: str, locator: str, exchanges: list[Exchange]) -> ChipTransaction:
    with ScriptedCard(clause, exchanges) as card:
        begun, channel = transaction(card, t82="7C00", t94=locator)
        read_application_data(begun, channel)
    return begun


def refused(clause: str, locator: str, exchanges: list[Exchange]) -> CardUnusable:
    with ScriptedCard(clause, exchanges) as card:
        begun, channel = transaction(card, t82="7C00", t94=locator)
        with pytest.raises(CardUnusable) as error:
            read_application_data(begun, channel)
    assert error.value.fallback  # facts/unionpay-pos 5.13: the IC has failed
    return error.value


# ── the locator ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_record_is_read_in_the_locators_order() -> None:
    begun = run(
        "EMV Book 3, 10.2",
        "18010201 08020200 F0010100",
        [
            (read(1, 3), record(NUMBER)),
            (read(2, 3), record(EXPIRY)),
            (read(2, 1), record(*LISTS)),
            (read(1, 30), "9F4401029000"),
        ],
    )
    assert begun.pan == PAN
    assert begun.value("8D") == bytes.fromhex("8A029F0206")
    assert begun.signed_records == [(3, bytes.fromhex(record(NUMBER, sw="")))]


LOCATORS = {
    "empty": ("", "has 0 bytes"),
    "three bytes": ("080101", "has 3 bytes"),
    "an entry and a half": ("080101000801", "has 6 bytes"),
    "file 0": ("00010100", "entry 1"),
    "file 31": ("F8010100", "entry 1"),
    "low bits set": ("09010100", "entry 1"),
    "record 0": ("08000100", "entry 1"),
    "backwards": ("08020100", "entry 1"),
    "more signed than there are": ("08010203", "entry 1"),
    "the second entry": ("0801010008020103", "entry 2 of the card's file locator is none: 08020103"),
}


@pytest.mark.parametrize(("locator", "words"), LOCATORS.values(), ids=LOCATORS)
def test_a_locator_that_breaks_the_rules_ends_it_before_anything_is_read(locator: str, words: str) -> None:
    """EMV Book 3, 10.2 and 7.5."""
    assert words in refused("EMV Book 3, 7.5: AFL", locator, []).message


def test_a_locator_may_sign_all_of_its_records_and_reach_to_the_last_file() -> None:
    assert spans(bytes.fromhex("F001FFFF 08010101")) == [Span(30, 1, 255, 255), Span(1, 1, 1, 1)]


# ── records ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sw", ["6A83", "6985", "6283", "6300", "6F00"])
def test_a_record_that_is_refused_ends_it(sw: str) -> None:
    error = refused("EMV Book 3, 10.2: other than 9000", "08010200", [(read(1, 1), record(*WHOLE)), (read(2, 1), sw)])
    assert error.message == f"the card answered READ RECORD with {sw}"


def test_a_card_that_is_mute_at_a_record_ends_it() -> None:
    assert "no answer to READ RECORD" in refused("EMV Book 1, 9", "08010100", [(read(1, 1), MUTE)]).message


def test_a_card_that_leaves_at_a_record_is_told_as_such() -> None:
    with pytest.raises(CardRemoved):
        run("cases.md 10", "08010100", [(read(1, 1), REMOVED)])


BROKEN = {
    "no TLV": "70055A9000",
    "no template": tlv(*WHOLE) + "9000",
    "another template": tlv(("77", WHOLE)) + "9000",
    "nothing": "9000",
    "two templates": record(*WHOLE)[:-4] + tlv(("70", [("9F42", "0156")])) + "9000",
    "something behind the template": record(*WHOLE)[:-4] + "9F42020156" + "9000",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_a_record_of_files_1_to_10_is_one_template_70(answer: str) -> None:
    """EMV Book 3, 6.5.11.4 and 5.3.2.2."""
    refused("EMV Book 3, 6.5.11.4", "50010100", [(read(1, 10), answer)])


def test_of_other_files_only_a_template_70_is_read() -> None:
    """EMV Book 3, 5.3.2.2: files 11 to 30 are their owner's affair; what is signed of them is kept whole."""
    begun = run(
        "EMV Book 3, 5.3.2.2",
        "08010100 58010202",
        [(read(1, 1), record(*WHOLE)), (read(1, 11), record(("9F42", "0156"))), (read(2, 11), "5F2402000FAA9000")],
    )
    assert begun.value("9F42") == b"\x01\x56"
    assert [sfi for sfi, _ in begun.signed_records] == [11, 11]


ODD: dict[str, tuple[Any, ...]] = {
    "unknown tags": (("DF7F", "01"), ("C1", "02"), ("DF8101", "03")),
    "a template within": (("BF0C", [("DF01", "01"), ("9F63", "02")]),),
    "no value": (("9F0B", ""), ("5F25", ""), ("9F07", "")),
    "a long value": (("9F46", "AB" * 130),),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_data_change_nothing(odd: tuple[Any, ...]) -> None:
    begun = run("EMV Book 3, 10.2", "08010100", [(read(1, 1), record(*odd, *WHOLE))])
    assert begun.pan == PAN
    assert all(begun.value(tag) != b"" for tag, _ in odd)


def test_filling_between_data_objects_is_passed_over() -> None:
    """EMV Book 3, Annex B1."""
    inner = "00" + tlv(NUMBER, EXPIRY) + "0000" + tlv(*LISTS) + "00"
    begun = run("EMV Book 3, Annex B1", "08010100", [(read(1, 1), f"70{len(inner) // 2:02X}{inner}9000")])
    assert begun.pan == PAN


@pytest.mark.parametrize(
    "exchanges",
    [
        [(read(1, 1), record(*WHOLE, EXPIRY))],
        [(read(1, 1), record(*WHOLE)), (read(2, 1), record(EXPIRY))],
        [(read(1, 1), record(*WHOLE, ("BF0C", [("DF01", "01")]), ("DF01", "02")))],
    ],
    ids=["in one record", "in two records", "unknown, within a template"],
)
def test_an_object_that_is_there_twice_ends_it(exchanges: list[Exchange]) -> None:
    """EMV Book 3, 10.2: redundant primitive data objects are not permitted."""
    error = refused("EMV Book 3, 10.2", f"080{1}0{len(exchanges)}00", exchanges)
    assert error.message.endswith("twice")


def test_a_template_may_be_there_twice() -> None:
    template = ("BF0C", [("DF01", "01")])
    run("EMV Book 3, 10.2", "08010100", [(read(1, 1), record(*WHOLE, template, ("BF0C", [("DF02", "02")])))])


def test_what_is_not_the_cards_to_say_is_not_taken() -> None:
    """EMV Book 3, Annex A1: the source of a data object."""
    lies = (("9F02", "000000000001"), ("95", "FFFFFFFFFF"), ("9F1A", "0840"), ("91", "00" * 10), ("8A", "3030"))
    begun = run("EMV Book 3, Annex A1", "08010100", [(read(1, 1), record(*WHOLE, *lies))])
    assert begun.value("9F02") == bytes.fromhex("000000010000")
    assert begun.value("95") == bytes(5)
    assert begun.value("9F1A") == bytes.fromhex("0156")
    assert begun.value("91") is None
    assert begun.value("8A") is None


# ── what must be there, and be right ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("missing", ["5A", "5F24", "8C", "8D"])
@pytest.mark.parametrize("empty", [False, True], ids=["absent", "empty"])
def test_a_card_without_a_mandatory_object_ends_it(missing: str, empty: bool) -> None:
    """EMV Book 3, 7.2, table 26."""
    objects = [(tag, "" if tag == missing else value) for tag, value in WHOLE if empty or tag != missing]
    error = refused("EMV Book 3, 7.2", "08010100", [(read(1, 1), record(*objects))])
    assert f"({missing})" in error.message


WRONG = {
    "month 13": ("5F24", "301331"),
    "day 0": ("5F24", "301200"),
    "31 February": ("5F24", "300231"),
    "an expiry of two bytes": ("5F24", "3012"),
    "an expiry of four bytes": ("5F24", "20301231"),
    "an expiry with letters": ("5F24", "30AB31"),
    "an effective date that is none": ("5F25", "260631"),
    "a country of three bytes": ("5F28", "000156"),
    "a usage control of one byte": ("9F07", "FF"),
    "a version of three bytes": ("9F08", "003000"),
    "action codes of four bytes": ("9F0E", "00100000"),
    "a sequence number of two bytes": ("5F34", "0001"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_there_and_is_not_of_its_format_ends_it(wrong: tuple[str, str]) -> None:
    """EMV Book 3, 7.5."""
    objects = [(tag, value) for tag, value in WHOLE if tag != wrong[0]]
    error = refused("EMV Book 3, 7.5", "08010100", [(read(1, 1), record(*objects, wrong))])
    assert error.message == f"the card's {wrong[0]} is not of its format"


@pytest.mark.parametrize("number", ["62509470000000D4", PAN + "F" * 6, "FF"])
def test_a_number_that_is_none_ends_it_before_it_is_anybodys(number: str) -> None:
    """EMV Book 3, 7.5, Annex A1; where the list of cards lets it in at all."""
    with ScriptedCard("EMV Book 3, 7.5", [(read(1, 1), record(("5A", number), EXPIRY, *LISTS))]) as card:
        begun, channel = transaction(card, t82="7C00", t94="08010100")
        begun.guard = lambda pan: None
        with pytest.raises(CardUnusable, match="the card's 5A is not of its format"):
            read_application_data(begun, channel)


@pytest.mark.parametrize("length", range(13, 20))
def test_a_number_may_have_13_to_19_digits(length: int) -> None:
    number = next(derived("62509470", length=length))
    with ScriptedCard("EMV Book 3, Annex A1", [(read(1, 1), record(("5A", pan(number)), EXPIRY, *LISTS))]) as card:
        begun, channel = transaction(card, t82="7C00", t94="08010100")
        begun.guard = lambda pan: None
        read_application_data(begun, channel)
    assert begun.pan == number


def test_a_card_without_a_sequence_number_is_read() -> None:
    assert run("EMV Book 3, 7.2: 5F34 is optional", "08010100", [(read(1, 1), record(*WHOLE))]).value("5F34") is None


# ── only test cards ───────────────────────────────────────────────────────────────────────────────────────────────


FOREIGN_NUMBER = ("5A", pan(FOREIGN))


@pytest.mark.parametrize(
    "shown",
    [
        (FOREIGN_NUMBER,),
        (("57", pan(f"{FOREIGN}D25122010000")),),
        (FOREIGN_NUMBER, NUMBER),
        (NUMBER, FOREIGN_NUMBER),
        (FOREIGN_NUMBER, ("9F42", "0156"), ("9F42", "0156")),
    ],
    ids=["as its number", "as its track", "beside another", "behind another", "in a record that is wrong"],
)
def test_a_foreign_number_stops_all_at_the_record_that_shows_it(shown: tuple[tuple[str, str], ...]) -> None:
    """Design 7: the card is let go, nothing of it is kept, and no other record is read."""
    exchanges: list[Exchange] = [(read(1, 1), record(EXPIRY)), (read(2, 1), record(*shown))]
    with ScriptedCard("design 7", exchanges) as card:
        begun, channel = transaction(card, t82="7C00", t94="08010300")
        with pytest.raises(ForeignCard):
            read_application_data(begun, channel)
    assert card.let_go
    assert not begun.card
    assert not begun.signed_records
    assert FOREIGN not in repr(begun)
