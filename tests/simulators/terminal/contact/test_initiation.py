"""The transaction begins in the card. EMV Book 3, 10.1 and 6.5.8."""

from __future__ import annotations

import pytest

from protocols.emv.verification import Tsi, Tvr
from protocols.faults import ForeignCard
from simulators.terminal.contact.channel import CardUnusable
from simulators.terminal.contact.initiation import initiate
from simulators.terminal.contact.state import ChipTransaction
from tests.simulators.terminal.contact.front import UNPREDICTABLE, tlv, transaction
from tests.support.foreign import FOREIGN
from tests.support.scripted_card import ScriptedCard

AIP, AFL = "7C00", "0801010010010201"
FORMAT_1 = tlv(("80", AIP + AFL)) + "9000"
FORMAT_2 = tlv(("77", [("82", AIP), ("94", AFL)])) + "9000"
NO_PDOL = "80A8000002 8300 00"


def started(clause: str, command: str, answer: str = FORMAT_1, **values: str) -> ChipTransaction:
    with ScriptedCard(clause, [(command, answer)]) as card:
        begun, channel = transaction(card, **values)
        assert initiate(begun, channel)
    assert (begun.value("82"), begun.value("94")) == (bytes.fromhex(AIP), bytes.fromhex(AFL))
    return begun


def refused(clause: str, answer: str, **values: str) -> CardUnusable:
    with ScriptedCard(clause, [(NO_PDOL, answer)]) as card:
        begun, channel = transaction(card, **values)
        with pytest.raises(CardUnusable) as error:
            initiate(begun, channel)
    return error.value


# ── what is sent ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_pdol_the_template_is_empty() -> None:
    assert started("EMV Book 3, 10.1: no PDOL", NO_PDOL).pdol_data == b""


def test_a_pdol_without_entries_is_none() -> None:
    begun = started("EMV Book 3, 10.1: empty PDOL", NO_PDOL, t9F38="")
    assert begun.pdol_data == b""


PDOLS = {
    "as UnionPay's cards ask": ("9F7A019F02065F2A02", "8309 00 000000010000 0156"),  # facts/pcsc-emv 4.2
    "all that is random and dated": ("9F37049A039C019F2103", "830B 11223344 260615 03 093005"),
    "the terminal": ("9F1A029F35019F33039F40059F1E08", "8313 0156 22 E0F8C8 6000F0F001 53494D3030303031"),
    "TVR and TSI are zeros": ("95059B02", "8307 0000000000 0000"),
    "unknown tags": ("DF0103DF810202", "8305 000000 0000"),
    "a template is zeros": ("7F4903", "8303 000000"),
    "the card's own data are zeros": ("9F4202", "8302 0000"),
    "no length": ("9F02009A03", "8303 260615"),
    "a number that is cut on the left": ("9F0202", "8302 0000"),
    "a number that is filled on the left": ("9F0208", "8308 0000000000010000"),
    "a country of one byte": ("9F1A01", "8301 56"),
    "text that is filled on the right": ("9F1E0A", "830A 53494D30303030310000"),
    "text that is cut on the right": ("9F1E03", "8303 53494D"),
    "amounts in binary": ("81049F0404", "8308 00002710 00000000"),
}


@pytest.mark.parametrize(("pdol", "data"), PDOLS.values(), ids=PDOLS)
def test_a_pdol_is_filled_with_the_terminals_data(pdol: str, data: str) -> None:
    """EMV Book 3, 5.4 and 10.1."""
    whole = bytes.fromhex(data)
    command = f"80A80000{len(whole):02X}{whole.hex()}00"
    begun = started("EMV Book 3, 5.4: PDOL", command, t9F38=pdol, t9F42="0840")
    assert begun.pdol_data == whole[2:]


def test_more_than_127_bytes_take_a_length_of_two_bytes() -> None:
    command = f"80A8000083 8381 80 {UNPREDICTABLE}{'00' * 124} 00"
    begun = started("EMV Book 3, 6.5.8.2; Annex B2", command, t9F38="9F3704DF017C")
    assert len(begun.pdol_data) == 128


@pytest.mark.parametrize(
    ("pdol", "words"),
    [("9F", "PDOL is none"), ("9F02", "PDOL is none"), ("DF01FD", "asks for 253 bytes"), ("DF01FFDF0101", "256 bytes")],
)
def test_a_pdol_that_is_none_is_the_cards_fault(pdol: str, words: str) -> None:
    with ScriptedCard("EMV Book 3, 7.5", []) as card:
        begun, channel = transaction(card, t9F38=pdol)
        with pytest.raises(CardUnusable, match=words) as error:
            initiate(begun, channel)
    assert error.value.fallback


def test_a_card_cannot_put_its_own_value_in_place_of_the_terminals() -> None:
    with ScriptedCard("EMV Book 3, Annex A1: source", [("80A8000008 8306 000000010000 00", FORMAT_1)]) as card:
        begun, channel = transaction(card, t9F38="9F0206")
        begun.learn(bytes.fromhex(tlv(("9F02", "000000000001"), ("9F1A", "0840"))))
        assert initiate(begun, channel)
    assert begun.value("9F02") == bytes.fromhex("000000010000")


def test_the_results_begin_at_nothing() -> None:
    """EMV Book 3, 10.1: TVR and TSI are set to 0."""
    with ScriptedCard("EMV Book 3, 10.1", [(NO_PDOL, FORMAT_1)]) as card:
        begun, channel = transaction(card)
        begun.tvr, begun.tsi = Tvr.EXPIRED, Tsi.ODA_PERFORMED
        initiate(begun, channel)
    assert (begun.tvr, begun.tsi) == (Tvr(0), Tsi(0))


# ── what is answered ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_answer_may_be_data_objects() -> None:
    started("EMV Book 3, 6.5.8.4: format 2", NO_PDOL, FORMAT_2)


def test_data_objects_may_be_in_any_order_with_others_among_them() -> None:
    answer = tlv(("77", [("DF01", "AA"), ("94", AFL), ("9F36", "0001"), ("82", AIP), ("9F10", "")])) + "9000"
    assert started("EMV Book 3, 6.5.8.4: format 2", NO_PDOL, answer).value("9F36") == b"\x00\x01"


def test_a_long_form_of_length_and_filling_are_no_faults() -> None:
    started("EMV Book 3, Annex B1 and B2", NO_PDOL, "00 80 81 0A" + AIP + AFL + "00 9000")


def test_a_card_that_refuses_this_use_lets_the_next_application_be_taken() -> None:
    with ScriptedCard("EMV Book 3, 10.1: 6985", [(NO_PDOL, "6985")]) as card:
        begun, channel = transaction(card)
        assert not initiate(begun, channel)


@pytest.mark.parametrize("sw", ["6283", "6700", "6982", "6986", "6A80", "6A81", "6D00", "6F00"])
def test_every_other_status_ends_it(sw: str) -> None:
    error = refused("EMV Book 3, 10.1: no other status is provided for", sw)
    assert error.message == f"the card answered GET PROCESSING OPTIONS with {sw}"
    assert error.fallback


ANSWERS = {
    "empty": ("", "0 data objects"),
    "no TLV": ("8005", "no TLV"),
    "two objects": (FORMAT_1[:-4] + FORMAT_1[:-4], "2 data objects"),
    "another template": (tlv(("70", [("82", AIP), ("94", AFL)])), "template 70"),
    "no locator": (tlv(("80", AIP)), "no application file locator"),
    "one byte": (tlv(("80", "7C")), "no application file locator"),
    "nothing": (tlv(("80", "")), "no application interchange profile"),
    "format 2 without profile": (tlv(("77", [("94", AFL)])), "no application interchange profile"),
    "format 2 without locator": (tlv(("77", [("82", AIP)])), "no application file locator"),
    "format 2 with an empty locator": (tlv(("77", [("82", AIP), ("94", "")])), "no application file locator"),
    "format 2 with a second locator": (tlv(("77", [("82", AIP), ("94", AFL), ("94", AFL)])), "94 twice"),
    "format 2 with a short profile": (tlv(("77", [("82", "7C"), ("94", AFL)])), "no two bytes"),
    "format 2 with a long profile": (tlv(("77", [("82", "7C0000"), ("94", AFL)])), "no two bytes"),
}


@pytest.mark.parametrize(("answer", "words"), ANSWERS.values(), ids=ANSWERS)
def test_processing_options_that_are_none_end_it(answer: str, words: str) -> None:
    """EMV Book 3, 6.5.8.4 and 7.5."""
    error = refused("EMV Book 3, 6.5.8.4", answer + "9000")
    assert words in error.message
    assert error.fallback


def test_a_foreign_number_in_processing_options_stops_all() -> None:
    """Design 7: a card may show its track as early as here."""
    track = FOREIGN + "D2512201" + "0" * (len(FOREIGN) % 2)
    answer = tlv(("77", [("82", AIP), ("94", AFL), ("57", track)])) + "9000"
    with ScriptedCard("design 7", [(NO_PDOL, answer)]) as card:
        begun, channel = transaction(card)
        with pytest.raises(ForeignCard):
            initiate(begun, channel)
    assert card.let_go
    assert not begun.card
