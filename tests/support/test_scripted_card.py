"""The scripted card stops at the first byte that deviates, says where, and is content with nothing less than all."""

from __future__ import annotations

import pytest

from protocols.faults import CardRemoved, DeviceSilent
from tests.support.scripted_card import ATR, MUTE, REMOVED, Deviation, ScriptedCard

SELECT = "00A4040005 A000000333 00"


def test_a_script_that_is_followed_is_content() -> None:
    with ScriptedCard("clause", [(SELECT, "6F00 9000"), ("80CA9F3600", b"\x6a\x88")]) as card:
        assert card.power_on() == ATR
        assert card.transmit(bytes.fromhex(SELECT)) == bytes.fromhex("6F009000")
        assert card.transmit(bytes.fromhex("80CA9F3600")) == b"\x6a\x88"
    assert [len(command) for command in card.sent] == [11, 5]


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ("00A4040005A00000033400", r"clause: exchange 1 of 2 \(SELECT\), byte 9: expected 33, got 34"),
        ("00A4040005A000000333", "byte 10: expected 00, got the end"),
        ("00A4040005A0000003330000", "byte 11: expected the end, got 00"),
        ("80A4040005A00000033300", "byte 0: expected 00, got 80"),
        ("", "byte 0: expected 00, got the end"),
    ],
)
def test_the_first_byte_that_deviates_is_named(sent: str, says: str) -> None:
    card = ScriptedCard("clause", [(SELECT, "9000"), (SELECT, "9000")])
    with pytest.raises(Deviation, match=says):
        card.transmit(bytes.fromhex(sent))


def test_two_dots_are_any_byte_and_no_more_than_one() -> None:
    with ScriptedCard("clause", [("0088000004 ........ 00", "9000")]) as card:
        card.transmit(bytes.fromhex("0088000004DEADBEEF00"))
    with pytest.raises(Deviation, match="byte 8: expected any byte, got the end"):
        ScriptedCard("clause", [("0088000004 ........", "9000")]).transmit(bytes.fromhex("0088000004DEADBE"))


def test_what_was_not_asked_for_is_told_at_the_end() -> None:
    says = r"clause: 1 of 2 exchanges were never asked for, the next is GET DATA"
    script = ScriptedCard("clause", [(SELECT, "9000"), ("80CA9F3600", "6A88")])
    with pytest.raises(Deviation, match=says), script as card:
        card.transmit(bytes.fromhex(SELECT))


def test_what_comes_after_the_last_exchange_is_told() -> None:
    card = ScriptedCard("clause", [])
    with pytest.raises(Deviation, match="after 0 exchanges nothing more is expected, got 80CA9F3600"):
        card.transmit(bytes.fromhex("80CA9F3600"))


def test_a_deviation_that_somebody_has_caught_is_told_again() -> None:
    card = ScriptedCard("clause", [(SELECT, "9000")])
    with pytest.raises(Deviation):
        card.transmit(bytes.fromhex("80CA9F3600"))
    with pytest.raises(Deviation, match="byte 0: expected 00, got 80"):
        card.finish()


def test_an_error_of_the_test_is_not_hidden_by_what_is_left() -> None:
    with pytest.raises(ZeroDivisionError), ScriptedCard("clause", [(SELECT, "9000")]):
        raise ZeroDivisionError


def test_a_card_that_was_let_go_is_sent_nothing() -> None:
    card = ScriptedCard("clause", [(SELECT, "9000")])
    card.power_off()
    with pytest.raises(Deviation, match="was let go"):
        card.transmit(bytes.fromhex(SELECT))
    assert card.let_go


def test_a_card_may_be_mute_or_leave() -> None:
    with ScriptedCard("clause", [(SELECT, MUTE), (SELECT, REMOVED)]) as card:
        with pytest.raises(DeviceSilent) as silent:
            card.transmit(bytes.fromhex(SELECT))
        assert silent.value.component == "card"
        with pytest.raises(CardRemoved):
            card.transmit(bytes.fromhex(SELECT))


def test_no_pin_is_in_a_deviation() -> None:
    card = ScriptedCard("clause", [("0020008008 241234FFFFFFFFFF", "9000")])
    with pytest.raises(Deviation) as error:
        card.transmit(bytes.fromhex("0020008008244321FFFFFFFFFF"))
    assert "byte 6: expected (hidden), got (hidden)" in str(error.value)
    assert not any(digits in str(error.value) for digits in ("1234", "4321", "12", "43"))
