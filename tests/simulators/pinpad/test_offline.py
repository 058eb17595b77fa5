"""A PIN for the card: plain and enciphered. EMV Book 2, 7; EMV Book 3, 6.5.12."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv.pin import pin_of_block_2
from protocols.emv.rsa import RsaPrivate, RsaPublic
from protocols.faults import CardRemoved
from protocols.pinpad import PinEnd
from simulators.card.authority import house_authority
from simulators.pinpad import PinPad
from simulators.pinpad.offline import verify_enciphered
from tests.simulators.kit import Events
from tests.simulators.pinpad.kit import MASTER, PIN, Fingers, HearingCard


@pytest.fixture(scope="module")
def key() -> RsaPrivate:
    return house_authority().card_key(1024, 3, 0)


def pad(*entries: str | PinEnd, events: Events | None = None) -> PinPad:
    """It needs no key of a sign-on for this."""
    return PinPad(test_master_key=MASTER, hands=Fingers(*entries), emit=events or Events())


# ── plain ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_plain_verify_is_as_the_book_has_it() -> None:
    """EMV Book 3, 6.5.12, tables 23 and 24: control 2, length, digits, F."""
    card = HearingCard()
    entry = pad("123456").offline_pin(card.send, None, 3)
    assert [command.pack().hex().upper() for command in card.heard] == ["002000800826123456FFFFFFFF"]
    assert (entry.end, entry.status, entry.digits, entry.block) == (PinEnd.ENTERED, "9000", 6, b"")


@given(st.text("0123456789", min_size=4, max_size=12))
def test_every_pin_fits_in(pin: str) -> None:
    card = HearingCard()
    pad(pin).offline_pin(card.send, None, None)
    assert pin_of_block_2(card.heard[-1].data) == pin


@pytest.mark.parametrize("status", ["9000", "63C2", "63C0", "6983", "6984", "6F00"])
def test_what_the_card_says_comes_back(status: str) -> None:
    assert pad().offline_pin(HearingCard(status=status).send, None, 3).status == status


# ── enciphered ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_enciphered_verify_asks_for_a_challenge_and_hides_pin_and_challenge(key: RsaPrivate) -> None:
    """EMV Book 2, 7.2: header, block, challenge, random padding."""
    card = HearingCard(key, challenge=b"12345678")
    entry = pad().offline_pin(card.send, key.public, 3)
    asked, verify = card.heard
    assert asked.pack().hex().upper() == "0084000000"
    assert (verify.cla, verify.ins, verify.p1, verify.p2, len(verify.data)) == (0x00, 0x20, 0x00, 0x88, key.size)
    block, challenge = card.deciphered()
    assert (pin_of_block_2(block), challenge) == (PIN, b"12345678")
    assert entry.status == "9000"


def test_the_padding_fills_the_key_and_is_another_one_each_time(key: RsaPrivate) -> None:
    asked: list[int] = []

    def padding(size: int) -> bytes:
        asked.append(size)
        return bytes([len(asked)]) * size

    card = HearingCard(key)
    for _ in range(2):
        verify_enciphered(PIN, key.public, card.send, padding)
    assert asked == [key.size - 17] * 2
    assert card.heard[1].data != card.heard[3].data
    assert key.sign(card.heard[3].data)[17:] == b"\x02" * (key.size - 17)


def test_the_pads_own_padding_is_random(key: RsaPrivate) -> None:
    card, made = HearingCard(key), pad()
    for _ in range(2):
        made.offline_pin(card.send, key.public, 3)
    assert key.sign(card.heard[1].data)[17:] != key.sign(card.heard[3].data)[17:]


@pytest.mark.parametrize(
    ("card", "status"),
    [
        (HearingCard(challenge_status="6985"), "6985"),
        (HearingCard(challenge_status="6D00"), "6D00"),
        (HearingCard(challenge=b"SHORT"), "6985"),
        (HearingCard(challenge=b""), "6985"),
    ],
)
def test_without_a_challenge_there_is_no_verify(card: HearingCard, status: str, key: RsaPrivate) -> None:
    """EMV Book 2, 7.2, step 2."""
    entry = pad().offline_pin(card.send, key.public, 3)
    assert (entry.end, entry.status) == (PinEnd.ENTERED, status)
    assert [command.name for command in card.heard] == ["GET CHALLENGE"]


def test_a_key_without_room_for_a_pin_is_not_used() -> None:
    card = HearingCard()
    entry = pad().offline_pin(card.send, RsaPublic(b"\xc5" * 16, 3), 3)
    assert entry.status == "6A80"
    assert [command.name for command in card.heard] == ["GET CHALLENGE"]


# ── how an entry ends ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("end", [PinEnd.CANCELLED, PinEnd.BYPASSED, PinEnd.TIMED_OUT])
@pytest.mark.parametrize("form", ["plain", "enciphered"])
def test_the_card_hears_nothing_of_a_pin_that_nobody_typed(end: PinEnd, form: str, key: RsaPrivate) -> None:
    card, events = HearingCard(), Events()
    entry = pad(end, events=events).offline_pin(card.send, key.public if form == "enciphered" else None, 3)
    assert (entry.end, entry.status, card.heard) == (end, "", [])
    assert [(e["form"], e["end"]) for e in events.of("pin")] == [(form, end.value)]


def test_a_broken_pad_sends_nothing() -> None:
    card, made = HearingCard(), pad()
    made.broken = True
    assert made.offline_pin(card.send, None, 3).end is PinEnd.BROKEN
    assert not card.heard


def test_a_card_that_leaves_is_told_as_it_was_and_without_a_digit() -> None:
    def gone(raw: bytes) -> bytes:
        raise CardRemoved("the card was removed")

    with pytest.raises(CardRemoved) as caught:
        pad().offline_pin(gone, None, 3)
    assert PIN not in str(caught.value)
