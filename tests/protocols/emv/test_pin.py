"""The PIN on its way to the card. EMV Book 3, 6.5.12; Book 2, 7.2."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.emv.certificates import AuthenticationFailed, Reason
from protocols.emv.pin import Deciphered, decipher_pin, encipher_pin, pin_block_2, pin_of_block_2
from tests.protocols.emv.keys_for_tests import private

pins = st.text("0123456789", min_size=4, max_size=12)


@pytest.mark.parametrize(
    ("pin", "block"),
    [("1234", "241234FFFFFFFFFF"), ("123456", "26123456FFFFFFFF"), ("123456789012", "2C123456789012FF")],
)
def test_a_block_is_control_length_digits_and_filling(pin: str, block: str) -> None:
    assert pin_block_2(pin).hex().upper() == block


@given(pins)
def test_the_digits_come_back(pin: str) -> None:
    assert pin_of_block_2(pin_block_2(pin)) == pin


@pytest.mark.parametrize("pin", ["", "123", "1234567890123", "12a4", "１２３４"])
def test_what_is_no_pin_makes_no_block(pin: str) -> None:
    with pytest.raises(ValueError, match="4 to 12 digits"):
        pin_block_2(pin)


@pytest.mark.parametrize(
    "block",
    [
        "", "341234FFFFFFFFFF", "231234FFFFFFFFFF", "2D1234567890123F", "241234FFFFFFFF", "24123AFFFFFFFFFF",
        "2412345FFFFFFFFF", "251234FFFFFFFFFF", "241234FFFFFFFFF0", "241234FFFFFFFFFFFF",
    ],
)  # fmt: skip
def test_what_is_no_block_gives_no_digits(block: str) -> None:
    assert pin_of_block_2(bytes.fromhex(block)) is None


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([1024, 1152, 1408]), pins, st.binary(min_size=8, max_size=8), st.data())
def test_an_enciphered_pin_is_deciphered_with_its_challenge(
    bits: int, pin: str, challenge: bytes, data: st.DataObject
) -> None:
    key = private(bits)
    padding = data.draw(st.binary(min_size=key.size - 17, max_size=key.size - 17))
    enciphered = encipher_pin(key.public, pin_block_2(pin), challenge, padding)
    assert decipher_pin(key, enciphered) == Deciphered(pin_block_2(pin), challenge)
    assert key.sign(enciphered) == b"\x7f" + pin_block_2(pin) + challenge + padding


def test_padding_that_does_not_fill_the_modulus_is_refused() -> None:
    with pytest.raises(ValueError, match="under a modulus of 128"):
        encipher_pin(private(1024).public, pin_block_2("1234"), bytes(8), bytes(110))


def test_data_of_another_length_and_without_header_are_refused() -> None:
    key = private(1024)
    with pytest.raises(AuthenticationFailed) as failed:
        decipher_pin(key, bytes(127))
    assert failed.value.reason is Reason.LENGTH
    with pytest.raises(AuthenticationFailed) as failed:
        decipher_pin(key, key.public.recover(b"\x6a" + bytes(127)))
    assert failed.value.reason is Reason.HEADER


def test_what_was_deciphered_does_not_show_itself() -> None:
    assert "1234" not in repr(Deciphered(pin_block_2("1234"), bytes(8)))
