"""VERIFY and GET CHALLENGE, plain and enciphered. EMV Book 3, 6.5.12 and 10.5.1; Book 2, 7.2."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu
from protocols.emv.pin import encipher_pin, pin_block_2
from protocols.emv.rsa import RsaPublic
from simulators.card import CardState
from tests.simulators.card.desk import Desk, Word, no_oda
from tests.simulators.kit import OTHER_PAN, credit_profile

RIGHT, WRONG = "26123456FFFFFFFF", "26000000FFFFFFFF"
FILL = b"\x5a"


def enciphered() -> Desk:
    desk = Desk(credit_profile(pin_key="own"))
    desk.select()
    return desk


def key_of(desk: Desk) -> RsaPublic:
    key = desk.card._chip.application.pin_key
    assert key is not None
    return key.public


def challenge(desk: Desk) -> bytes:
    return desk.send(Apdu(0, 0x84, 0, 0, le=8)).data


def hidden(desk: Desk, given: bytes, pin: str = "123456") -> str:
    key = key_of(desk)
    return encipher_pin(key, pin_block_2(pin), given, FILL * (key.size - 17)).hex()


def told(desk: Desk) -> list[tuple[str, str, int]]:
    return [(event["form"], event["result"], event["tries_left"]) for event in desk.events.of("pin")]


# ── plain ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_wrong_pins_count_down_and_block() -> None:
    desk = Desk()
    desk.select()
    assert [desk.verify(WRONG) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert desk.verify(RIGHT) == "6983"
    desk.card.power_on()
    desk.select()
    assert desk.verify(RIGHT) == "6984"  # used up before this session
    assert told(desk) == [
        ("plain", "wrong", 2), ("plain", "wrong", 1), ("plain", "wrong", 0), ("plain", "blocked", 0),
        ("plain", "blocked", 0), ("plain", "blocked", 0),
    ]  # fmt: skip


def test_a_right_pin_gives_all_tries_back() -> None:
    desk = Desk()
    desk.select()
    assert [desk.verify(block) for block in (WRONG, RIGHT, WRONG)] == ["63C2", "9000", "63C2"]
    assert desk.value("9F17") == 2


def test_the_tries_outlive_a_reset_and_are_as_many_as_the_issuer_says() -> None:
    desk = Desk(no_oda(pin_tries=5))
    desk.select()
    desk.verify(WRONG)
    desk.card.power_on()
    desk.select()
    assert desk.value("9F17") == 4


@pytest.mark.parametrize(
    "block", ["25123456FFFFFFFF", "26123456FFFFFFF0", "16123456FFFFFFFF", "00" * 8, "27123456FFFFFFFF"]
)
def test_a_block_that_is_not_exactly_the_pins_is_wrong(block: str) -> None:
    desk = Desk()
    desk.select()
    assert desk.verify(block) == "63C2"


def test_verify_wants_an_application_a_known_form_and_eight_bytes() -> None:
    desk = Desk()
    assert desk.verify(RIGHT) == "6985"
    desk.select()
    assert desk.verify(RIGHT, 0x81) == "6A86"
    assert desk.verify(RIGHT, 0x88) == "6A86"  # this card has no key for it
    assert desk.send(Apdu(0, 0x20, 1, 0x80, bytes.fromhex(RIGHT))).sw == "6A86"
    assert desk.verify(RIGHT[:-2]) == "6700"
    assert desk.value("9F17") == 3
    assert desk.verify(RIGHT) == "9000"


# ── challenges ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_challenges_differ_from_each_other_and_a_twin_repeats_them() -> None:
    one, twin = Desk(), Desk()
    given = []
    for desk in (one, twin):
        for _ in range(2):
            desk.card.power_on()
            desk.initiate()
            given += [challenge(desk) for _ in range(3)]
    assert len(set(given)) == 6
    assert given[:6] == given[6:]
    assert {len(each) for each in given} == {8}


def test_two_cards_give_different_challenges() -> None:
    assert challenge(Desk()) != challenge(Desk(pan=OTHER_PAN))


def test_a_kept_card_goes_on_with_its_challenges() -> None:
    before = Desk()
    first = challenge(before)
    assert challenge(Desk(state=before.card.state)) != first


def test_a_challenge_has_no_parameters() -> None:
    assert Desk().send(Apdu(0, 0x84, 1, 0, le=8)).sw == "6A86"


# ── enciphered ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_right_pin_under_the_cards_key_and_its_challenge_is_right() -> None:
    desk = enciphered()
    assert desk.verify(hidden(desk, challenge(desk)), 0x88) == "9000"
    assert told(desk) == [("enciphered", "right", 3)]


def test_a_wrong_pin_counts_down_in_either_form() -> None:
    desk = enciphered()
    assert desk.verify(hidden(desk, challenge(desk), "654321"), 0x88) == "63C2"
    assert desk.verify(WRONG) == "63C1"
    assert [form for form, _, _ in told(desk)] == ["enciphered", "plain"]


@pytest.mark.parametrize("what", ["challenge", "header"])
def test_data_that_are_not_the_books_fail_and_cost_a_try(what: str) -> None:
    """Book 2, 7.2: another challenge, or no 7F: PIN verification has failed."""
    desk = enciphered()
    given = challenge(desk)
    sent = hidden(desk, bytes(8)) if what == "challenge" else key_of(desk).recover(b"\x01" * key_of(desk).size).hex()
    assert given != bytes(8)
    assert desk.verify(sent, 0x88) == "63C2"
    assert told(desk) == [("enciphered", "unreadable", 2)]


def test_a_challenge_is_good_for_the_next_command_alone() -> None:
    desk = enciphered()
    given = challenge(desk)
    desk.get("9F17")
    assert desk.verify(hidden(desk, given), 0x88) == "6985"
    given = challenge(desk)
    assert desk.verify(hidden(desk, given), 0x88) == "9000"
    assert desk.verify(hidden(desk, given), 0x88) == "6985"
    assert desk.value("9F17") == 3


def test_enciphered_data_have_the_length_of_the_key() -> None:
    desk = enciphered()
    challenge(desk)
    assert desk.verify("00" * 8, 0x88) == "6700"
    assert desk.value("9F17") == 3


def test_a_card_may_use_its_own_key_for_pins() -> None:
    desk = Desk(credit_profile(pin_key="card"))
    desk.select()
    assert key_of(desk) == desk.card._chip.application.card_key.public  # type: ignore[union-attr]
    assert desk.verify(hidden(desk, challenge(desk)), 0x88) == "9000"


# ── in the card verification results ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("blocks", "results"), [
    ([], "03A00000"), ([RIGHT], "03A40000"), ([WRONG], "03A60000"), ([WRONG, RIGHT], "03A40000"),
    ([WRONG] * 3, "03A64000"),
])  # fmt: skip
def test_the_issuer_is_told_of_the_offline_pin(blocks: list[str], results: str) -> None:
    desk = Desk(state=CardState(atc=4, last_online_atc=4))
    desk.initiate()
    for block in blocks:
        desk.verify(block)
    assert Word(desk.first()).results == results


def test_an_application_that_blocks_itself_with_its_last_pin_gives_an_aac_and_says_why() -> None:
    desk = Desk(no_oda(default_action="6380", pin_tries=1), state=CardState(atc=4, last_online_atc=4))
    desk.initiate()
    assert desk.verify(WRONG) == "63C0"
    word = Word(desk.first())
    assert (word.kind, word.results) == ("AAC", "03864200")
    assert desk.select().sw == "6283"


def test_no_pin_is_in_what_is_told() -> None:
    desk = enciphered()
    desk.verify(RIGHT)
    desk.verify(hidden(desk, challenge(desk)), 0x88)
    assert "123456" not in repr([event.fields for event in desk.events.all()])
    assert "123456" not in repr(desk.card.state)
