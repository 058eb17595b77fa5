"""A PIN for the issuer: its block, its key, and how an entry may end. facts/unionpay-pos 2.6, 4.4, 4.6."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import KeyCheckError, WorkingKeys, decrypt_pin
from protocols.iso8583.pin import PinFormat, pin_block
from protocols.pinpad import PinEnd
from simulators.pinpad import PinPad
from tests.simulators.kit import Events
from tests.simulators.pinpad.kit import KEYS, MASTER, PAN, PIN, Fingers


def pad(*entries: str | PinEnd, events: Events | None = None, **more: object) -> PinPad:
    made = PinPad(test_master_key=MASTER, hands=Fingers(*entries), emit=events or Events(), **more)  # type: ignore[arg-type]
    made.load_keys(KEYS.wrap(MASTER))
    return made


def test_the_published_block_of_the_facts_is_made() -> None:
    """facts/unionpay-pos 4.6: CHF."""
    entry = pad("123456").online_pin("9001100000000027")
    assert (entry.end, entry.block.hex().upper(), entry.digits) == (PinEnd.ENTERED, "3D87C8B8FA17C67C", 6)


@given(st.text("0123456789", min_size=4, max_size=12), st.sampled_from(PinFormat))
def test_the_issuer_reads_what_was_typed_in_the_format_of_the_market(pin: str, form: PinFormat) -> None:
    block = pad(pin, pin_format=form).online_pin(PAN).block
    assert decrypt_pin(KEYS.pin, block, PAN, form) == pin


def test_after_a_sign_on_the_block_is_another_one() -> None:
    """cases.md 264"""
    made = pad()
    before = made.online_pin(PAN).block
    other = WorkingKeys(bytes.fromhex("11" * 16), KEYS.mac)
    made.load_keys(other.wrap(MASTER))
    after = made.online_pin(PAN).block
    assert before != after
    assert decrypt_pin(other.pin, after, PAN) == PIN


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("track", [b"", bytes.fromhex("22" * 16)])
def test_what_is_not_its_own_it_hands_on_and_the_pin_key_it_keeps(track: bytes) -> None:
    made = PinPad(test_master_key=MASTER, hands=Fingers())
    keys = made.load_keys(WorkingKeys(KEYS.pin, KEYS.mac, track).wrap(MASTER))
    assert (keys.mac, keys.track, keys.pin_key_bytes) == (KEYS.mac, track, 16)
    assert KEYS.pin not in [getattr(keys, name) for name in ("mac", "track", "pin_key_bytes")]
    assert KEYS.mac.hex() not in repr(keys)


def test_the_check_value_of_its_key_may_be_shown() -> None:
    """facts/unionpay-pos 4.4"""
    assert pad().key_check == "6EB8E4EE"


@pytest.mark.parametrize("place", [0, 16, 20, 39])
def test_a_set_of_keys_that_is_not_whole_is_not_taken_and_the_one_before_is_gone(place: int) -> None:
    made = pad()
    wrapped = bytearray(KEYS.wrap(MASTER))
    wrapped[place] ^= 1
    with pytest.raises(KeyCheckError):
        made.load_keys(bytes(wrapped))
    assert made.key_check == ""
    assert made.online_pin(PAN).end is PinEnd.BROKEN


def test_keys_under_another_master_key_are_not_taken() -> None:
    with pytest.raises(KeyCheckError, match="PIN key"):
        PinPad(test_master_key=bytes(16), hands=Fingers()).load_keys(KEYS.wrap(MASTER))


def test_a_new_master_key_ends_what_was_under_the_one_before() -> None:
    made = pad()
    made.inject(bytes(16))
    assert made.online_pin(PAN).end is PinEnd.BROKEN
    with pytest.raises(KeyCheckError):
        made.load_keys(KEYS.wrap(MASTER))


def test_without_a_key_nobody_is_asked() -> None:
    hands = Fingers()
    made = PinPad(test_master_key=MASTER, hands=hands)
    assert made.online_pin(PAN).end is PinEnd.BROKEN
    assert hands.asked == 0


# ── how an entry ends ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("end", [PinEnd.CANCELLED, PinEnd.BYPASSED, PinEnd.TIMED_OUT])
def test_nobody_typed_is_told_as_it_was_and_has_no_block(end: PinEnd) -> None:
    events = Events()
    entry = pad(end, events=events).online_pin(PAN)
    assert (entry.end, entry.block, entry.digits) == (end, b"", 0)
    assert events.of("pin") == [{"form": "online", "end": end.value, "digits": 0, "cancelled": end is PinEnd.CANCELLED}]


def test_a_broken_pad_asks_nobody_and_says_so() -> None:
    hands = Fingers()
    made = PinPad(test_master_key=MASTER, hands=hands)
    made.load_keys(KEYS.wrap(MASTER))
    made.broken = True
    assert not made.works()
    assert made.online_pin(PAN).end is PinEnd.BROKEN
    assert hands.asked == 0
    made.broken = False
    assert made.works()
    assert made.online_pin(PAN).end is PinEnd.ENTERED


@pytest.mark.parametrize("entry", ["", "123", "1234567890123", "12a4", "１２３４"])
def test_the_green_key_takes_no_other_than_four_to_twelve_digits(entry: str) -> None:
    """ISO 9564-1, 8.1."""
    assert pad(entry, PIN).online_pin(PAN).digits == len(PIN)
    hands = Fingers(entry)
    made = PinPad(test_master_key=MASTER, hands=hands)
    made.load_keys(KEYS.wrap(MASTER))
    assert made.online_pin(PAN).end is PinEnd.TIMED_OUT
    assert hands.asked == 3


def test_a_seeded_defect_lets_the_block_out_in_clear() -> None:
    entry = pad(defects=frozenset({"pin-in-clear"})).online_pin(PAN)
    assert entry.block == pin_block(PIN, PAN)
