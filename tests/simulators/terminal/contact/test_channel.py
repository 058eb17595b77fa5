"""The way to the card: power, pieces of answers, and whose fault a silence is. EMV Book 1, 8 and 9."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu
from protocols.faults import CardRemoved, DeviceSilent, ForeignCard, ReaderGone
from protocols.pcsc.exchange import ExchangeError
from simulators.terminal.contact.channel import MOST_PIECES, RESETS, CardUnusable, Channel
from tests.simulators.kit import PAN
from tests.support.foreign import FOREIGN
from tests.support.scripted_card import MUTE, REMOVED, ScriptedCard

RIGHT = bytes.fromhex("3B88010073C84013009000F1")
READ = Apdu(0x00, 0xB2, 0x01, 0x0C, le=256)


class Bouncing(ScriptedCard):
    """A reader whose card comes and goes while it is powered, so many times."""

    def __init__(self, bounces: int = 0, atr: bytes = RIGHT, *, present: bool = True) -> None:
        super().__init__("EMV Book 1, 8", [], atr=atr)
        self.bounces, self.present, self.waited = bounces, present, 0

    def power_on(self) -> bytes:
        if self.bounces:
            self.bounces -= 1
            raise CardRemoved("it moved")
        return super().power_on()

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        self.waited += 1
        return self.present


class Failing(ScriptedCard):
    """A reader that fails at whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        super().__init__("EMV Book 1, 9", [])
        self.error = error

    def power_on(self) -> bytes:
        raise self.error

    def transmit(self, command: bytes) -> bytes:
        raise self.error


# ── power ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("bounces", range(RESETS))
def test_contacts_that_bounce_get_another_reset(bounces: int) -> None:
    """cases.md 146."""
    reader = Bouncing(bounces)
    Channel(reader).power_on()
    assert reader.waited == bounces


def test_contacts_that_never_come_to_rest_are_a_card_that_left() -> None:
    with pytest.raises(CardRemoved):
        Channel(Bouncing(RESETS)).power_on()


def test_a_card_that_has_really_left_is_not_waited_for_again() -> None:
    reader = Bouncing(1, present=False)
    with pytest.raises(CardRemoved):
        Channel(reader).power_on()
    assert reader.waited == 1


@pytest.mark.parametrize(
    ("atr", "words"),
    [
        (bytes.fromhex("00FFA5"), "the card's answer to reset is none: "),
        (RIGHT[:5], "the card's answer to reset is none: "),
        (b"", "the card's answer to reset is none: "),
        (RIGHT[:-1] + b"\xf0", "the card's answer to reset has a wrong check byte"),
    ],
    ids=["no ATR", "cut short", "empty", "wrong check byte"],
)
def test_a_card_whose_answer_to_reset_is_none_may_be_swiped(atr: bytes, words: str) -> None:
    """EMV Book 1, 8.3; facts/unionpay-pos 5.13: the IC has failed."""
    with pytest.raises(CardUnusable, match=words) as error:
        Channel(Bouncing(atr=atr)).power_on()
    assert error.value.fallback


def test_a_mute_card_may_be_swiped() -> None:
    with pytest.raises(CardUnusable, match="the card is mute") as error:
        Channel(Failing(DeviceSilent("no answer", component="card"))).power_on()
    assert error.value.fallback


@pytest.mark.parametrize("fault", [DeviceSilent("no answer", component="reader"), ReaderGone("unplugged")])
def test_a_reader_that_fails_is_no_mute_card(fault: Exception) -> None:
    channel = Channel(Failing(fault))
    with pytest.raises(type(fault)):
        channel.power_on()
    with pytest.raises(type(fault)):
        channel.send(READ)


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_data_and_status_words() -> None:
    with ScriptedCard("EMV Book 3, 6.3.4", [("00B2010C00", "7003 9F0400 9000")]) as card:
        answer = Channel(card).send(READ)
    assert (answer.data.hex().upper(), answer.sw, answer.ok) == ("70039F0400", "9000", True)


def test_what_a_card_has_ready_is_fetched() -> None:
    script = [("00B2010C00", "6105"), ("00C0000005", "70039F0400 9000")]
    with ScriptedCard("EMV Book 1, 9.3.1.1: 61xx", script) as card:
        assert Channel(card).need(READ).data.hex().upper() == "70039F0400"


def test_an_answer_in_several_pieces_is_put_together() -> None:
    script = [("00B2010C00", "7003 6102"), ("00C0000002", "9F04 6101"), ("00C0000001", "00 9000")]
    with ScriptedCard("ISO 7816-4, 5.3.4: 61xx with data", script) as card:
        assert Channel(card).need(READ).data.hex().upper() == "70039F0400"


def test_all_that_is_ready_may_be_256_bytes() -> None:
    with ScriptedCard(
        "EMV Book 1, 9.3.1.1: 6100", [("00B2010C00", "6100"), ("00C0000000", "00" * 256 + "9000")]
    ) as card:
        assert Channel(card).need(READ).data == bytes(256)


def test_a_length_that_the_card_names_is_used() -> None:
    with ScriptedCard("EMV Book 1, 9.3.1.2: 6Cxx", [("00B2010C00", "6C05"), ("00B2010C05", "70039F0400 9000")]) as card:
        assert Channel(card).need(READ).data.hex().upper() == "70039F0400"


def test_a_length_that_the_card_names_is_used_beside_data() -> None:
    script = [("80A8000002 8300 00", "6C04"), ("80A8000002 8300 04", "80027C00 9000")]
    with ScriptedCard("EMV Book 1, 9.3.1.2: 6Cxx", script) as card:
        assert Channel(card).need(Apdu(0x80, 0xA8, 0, 0, b"\x83\x00", 256)).sw == "9000"


def test_get_response_itself_may_want_another_length() -> None:
    script = [("00B2010C00", "6108"), ("00C0000008", "6C05"), ("00C0000005", "70039F0400 9000")]
    with ScriptedCard("EMV Book 1, 9.3", script) as card:
        assert Channel(card).need(READ).data.hex().upper() == "70039F0400"


def test_a_card_that_promises_data_for_ever_has_failed() -> None:
    script = [("00B2010C00", "6101"), *[("00C0000001", "00 6101")] * MOST_PIECES]
    with (
        ScriptedCard("ISO 7816-4, 5.3.4: 61xx without end", script) as card,
        pytest.raises(CardUnusable, match="promises more of READ RECORD without end") as error,
    ):
        Channel(card).send(READ)
    assert error.value.fallback


@pytest.mark.parametrize("sw", ["6A83", "6985", "6283", "6700", "6D00"])
def test_a_command_that_must_succeed_and_does_not_names_itself(sw: str) -> None:
    with (
        ScriptedCard("EMV Book 3, 6.3.5", [("00B2010C00", sw)]) as card,
        pytest.raises(CardUnusable, match=f"the card answered READ RECORD with {sw}") as error,
    ):
        Channel(card).need(READ)
    assert error.value.fallback


def test_a_card_that_is_mute_at_a_command_is_the_cards_fault() -> None:
    with (
        ScriptedCard("EMV Book 1, 9", [("00B2010C00", MUTE)]) as card,
        pytest.raises(CardUnusable, match="the card gave no answer to READ RECORD") as error,
    ):
        Channel(card).send(READ)
    assert error.value.fallback


def test_a_card_that_breaks_its_transport_is_the_cards_fault() -> None:
    with pytest.raises(CardUnusable, match="the card gave no answer to READ RECORD"):
        Channel(Failing(ExchangeError("no status words"))).send(READ)


@pytest.mark.parametrize("answer", ["", "90"])
def test_an_answer_without_status_words_is_the_cards_fault(answer: str) -> None:
    with (
        ScriptedCard("EMV Book 3, 6.3.4", [("00B2010C00", answer)]) as card,
        pytest.raises(CardUnusable, match="no status words"),
    ):
        Channel(card).send(READ)


def test_a_card_that_leaves_is_told_as_such() -> None:
    with ScriptedCard("cases.md 10", [("00B2010C00", REMOVED)]) as card, pytest.raises(CardRemoved):
        Channel(card).send(READ)


def test_more_data_than_a_command_holds_are_the_cards_fault() -> None:
    with pytest.raises(CardUnusable, match="asks too much of GENERATE AC") as error:
        Channel(ScriptedCard("EMV Book 3, 6.3.3", [])).send(Apdu(0x80, 0xAE, 0x80, 0x00, bytes(256), 256))
    assert error.value.fallback


def test_a_raw_command_comes_back_raw() -> None:
    """As a PIN pad and an issuer's script send it; one that is no command goes as it is."""
    with ScriptedCard("raw", [("84DA9F580401", "6C01"), ("84DA9F580401", "9000"), ("00B20104", "6A82")]) as card:
        channel = Channel(card)
        assert channel.exchange(bytes.fromhex("84DA9F580401")) == b"\x90\x00"
        assert channel.exchange(bytes.fromhex("00B20104")) == b"\x6a\x82"


def test_a_silence_after_what_is_no_command_is_told_all_the_same() -> None:
    with ScriptedCard("raw", [("84DA", MUTE)]) as card, pytest.raises(CardUnusable, match="no answer to a command"):
        Channel(card).exchange(bytes.fromhex("84DA"))


# ── only test cards ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_of_the_test_ranges_is_read_on() -> None:
    card = ScriptedCard("design 7", [])
    Channel(card).guard(PAN)
    assert not card.let_go


@pytest.mark.parametrize("number", [FOREIGN, PAN[:-1] + "5", "", PAN + "00"])
def test_another_card_is_let_go_at_once(number: str) -> None:
    card = ScriptedCard("design 7", [])
    with pytest.raises(ForeignCard):
        Channel(card).guard(number)
    assert card.let_go
