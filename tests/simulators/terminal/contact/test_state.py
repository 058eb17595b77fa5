"""The data of a transaction: the terminal's and the card's apart. EMV Book 3, 5.4 and Annex A1."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.emv import Tlv
from protocols.emv.rsa import RsaPublic
from protocols.emv.verification import Aip, Tsi, Tvr
from protocols.faults import ForeignCard
from protocols.money import Currency, Money
from simulators.terminal.contact.channel import CardUnusable
from simulators.terminal.contact.configuration import ApplicationRule, Configuration
from simulators.terminal.contact.state import ChipTransaction, Oda, objects_of
from tests.simulators.kit import PAN
from tests.simulators.terminal.contact.front import CREDIT, TERMS, pan, tlv, transaction
from tests.support.foreign import FOREIGN
from tests.support.scripted_card import ScriptedCard

JPY = Currency("JPY", "392", 0)


def begun(configuration: Configuration | None = None, **changes: object) -> ChipTransaction:
    return transaction(ScriptedCard("state", []), configuration, replace(TERMS, **changes))[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("9F02", "000000010000"), ("9F03", "000000000000"), ("9F1A", "0156"), ("5F2A", "0156"), ("5F36", "02"),
        ("9A", "260615"), ("9C", "03"), ("9F21", "093005"), ("9F33", "E0F8C8"), ("9F35", "22"), ("9F37", "11223344"),
        ("9F1E", "53494D3030303031"), ("9F41", "00000042"), ("9F7A", "00"), ("81", "00002710"), ("9F39", "05"),
        ("95", "0000000000"), ("9B", "0000"),
    ],
)  # fmt: skip
def test_the_terminal_brings_its_own_data(tag: str, value: str) -> None:
    """facts/unionpay-pos 2.2; EMV Book 3, Annex A1."""
    assert begun().value(tag) == bytes.fromhex(value)


def test_another_market_is_another_currency_and_country() -> None:
    other = begun(Configuration(country="392", serial="X", merchant="保持"), amount=Money(500, JPY), other=20)
    assert other.value("5F2A") == bytes.fromhex("0392")
    assert other.value("5F36") == b"\x00"
    assert other.value("9F1A") == bytes.fromhex("0392")
    assert other.value("9F03") == bytes.fromhex("000000000020")
    assert other.value("9F1E") == b"X       "
    assert other.value("9F4E") == "保持".encode("gb18030")


def test_an_amount_beyond_the_binary_one_is_its_greatest() -> None:
    assert begun(amount=Money(99_999_999_999)).value("81") == b"\xff\xff\xff\xff"


def test_results_are_read_as_they_stand() -> None:
    state = begun()
    state.tvr |= Tvr.EXPIRED
    state.tsi |= Tsi.ODA_PERFORMED
    assert state.value("95") == bytes.fromhex("0040000000")
    assert state.fill(bytes.fromhex("95059B02")) == bytes.fromhex("00400000008000")


def test_a_cards_data_are_asked_after_the_terminals() -> None:
    state = begun()
    state.learn(bytes.fromhex(tlv(("82", "7D00"), ("9F37", "99999999"), ("95", "FFFFFFFFFF"), ("9F42", "0156"))))
    assert state.value("9F37") == bytes.fromhex("11223344")
    assert state.value("9F42") == bytes.fromhex("0156")
    assert state.fill(bytes.fromhex("9F3704820295059F4202DF0101")) == bytes.fromhex("112233447D000000000000015600")
    assert state.aip == Aip.parse(bytes.fromhex("7D00"))


def test_the_terminals_value_counts_whatever_the_cards_says() -> None:
    state = begun()
    state.card["9F1A"] = b"\x08\x40"
    assert state.value("9F1A") == state.fill(bytes.fromhex("9F1A02")) == b"\x01\x56"


def test_a_template_is_no_value_and_what_it_holds_is() -> None:
    state = begun()
    state.learn(bytes.fromhex(tlv(("A5", [("50", "41"), ("BF0C", [("9F4D", "0B0A")])]), ("70", ""))))
    assert state.card == {"50": b"A", "9F4D": bytes.fromhex("0B0A")}


def test_an_object_without_a_value_is_as_one_that_is_not_there() -> None:
    state = begun()
    state.learn([Tlv("9F08", b""), Tlv("9F07", b"\xff\x00")])
    assert state.value("9F08") is None
    assert state.value("9F07") == b"\xff\x00"


def test_a_list_that_is_none_is_the_cards_fault() -> None:
    with pytest.raises(CardUnusable, match="data object list is none") as error:
        begun().fill(bytes.fromhex("9F"))
    assert error.value.fallback


def test_an_answer_that_is_no_tlv_is_the_cards_fault() -> None:
    with pytest.raises(CardUnusable, match="no TLV") as error:
        objects_of(bytes.fromhex("7005"))
    assert error.value.fallback


def test_nothing_of_a_card_is_kept_when_it_is_forgotten() -> None:
    state = begun()
    state.learn(bytes.fromhex(tlv(("5A", pan()), ("82", "7C00"))))
    state.signed_records.append((1, b"\x70\x00"))
    state.rule, state.label, state.pdol_data, state.oda = ApplicationRule(bytes.fromhex(CREDIT)), "A", b"\x00", Oda.DDA
    state.forget()
    fresh = begun()
    assert state == replace(fresh, guard=state.guard, unpredictable=state.unpredictable)
    assert state.value("9F02") == bytes.fromhex("000000010000")


@pytest.mark.parametrize("shown", [("5A", pan(FOREIGN)), ("57", pan(f"{FOREIGN}D2512201"))], ids=["number", "track"])
def test_a_foreign_card_is_forgotten_at_once(shown: tuple[str, str]) -> None:
    """Design 7."""
    card = ScriptedCard("design 7", [])
    state, _ = transaction(card, t82="7C00")
    with pytest.raises(ForeignCard):
        state.learn(bytes.fromhex(tlv(shown)))
    assert not state.card
    assert card.let_go


def test_no_card_number_is_in_its_words() -> None:
    state = begun(Configuration(exception_file=frozenset({PAN})))
    state.learn(bytes.fromhex(tlv(("5A", pan()), ("57", pan(f"{PAN}D3012201")))))
    state.signed_records.append((1, bytes.fromhex(PAN)))
    assert state.pan == PAN
    assert PAN not in repr(state)
    assert bytes.fromhex(PAN).hex() not in repr(state).replace("\\x", "")


def test_a_signature_with_the_cryptogram_is_asked_for_unless_it_has_failed() -> None:
    state = begun()
    assert not state.cda
    state.oda = Oda.CDA
    assert not state.cda  # there is no key to prove it by
    state.card_key = RsaPublic(b"\xc1" * 128, 3)
    assert state.cda
    state.tvr |= Tvr.CDA_FAILED
    assert not state.cda
    state.oda, state.tvr = Oda.DDA, Tvr(0)
    assert not state.cda


@pytest.mark.parametrize(
    ("able", "number", "has"),
    [
        ("6000F0F001", 1, True), ("6000F0F001", 2, False), ("6000F0F001", 0, False), ("6000F0F001", 9, False),
        ("6000F0F100", 9, True), ("6000F0F200", 10, True), ("6000F0F3FF", 11, False), ("6000F0F080", 8, True),
    ],
)  # fmt: skip
def test_the_code_tables_of_the_display_are_in_9f40(able: str, number: int, has: bool) -> None:
    """EMV Book 4, Annex A3."""
    assert Configuration(additional_capabilities=bytes.fromhex(able)).has_code_table(number) is has
