"""PIN blocks with and without PAN: the public vector of format 0, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.crypto import TripleDes
from protocols.iso8583 import F53, PinFormat, PinKey, decrypt_pin, encrypt_pin, pin_block
from tests.protocols.samples import OTHER_PAN, PAN, VECTORS, pans, vector

P = VECTORS["p"]
PIK = bytes.fromhex(P["pik_clear"])
pins = st.text("0123456789", min_size=4, max_size=12)


def test_the_clear_block_is_that_of_the_vector() -> None:
    assert [pin_block(P["pin"], P["pan"])] == vector("p", "clear_block")


def test_f52_is_that_of_the_vector() -> None:
    assert [encrypt_pin(PIK, P["pin"], P["pan"])] == vector("p", "f52")


def test_the_pin_of_the_vector_comes_back() -> None:
    assert decrypt_pin(PIK, bytes.fromhex(P["f52"]), P["pan"]) == P["pin"]


@given(pins, pans, st.sampled_from([PIK, PIK[:8]]))
def test_a_pin_comes_back_under_its_key_and_card(pin: str, pan: str, key: bytes) -> None:
    assert decrypt_pin(key, encrypt_pin(key, pin, pan), pan) == pin


@given(st.lists(st.tuples(pins, pans, st.sampled_from(PinFormat)), min_size=1, max_size=4))
def test_a_kept_key_reads_and_makes_one_block_after_the_other(blocks: list[tuple[str, str, PinFormat]]) -> None:
    key = PinKey(PIK)
    for pin, pan, form in blocks:
        block = key.encrypt(pin, pan, form)
        assert block == encrypt_pin(PIK, pin, pan, form)
        assert key.decrypt(block, pan, form) == decrypt_pin(PIK, block, pan, form) == pin


@given(st.binary(min_size=8, max_size=8), pans, st.sampled_from(PinFormat))
def test_any_block_is_a_pin_that_makes_it_or_none(block: bytes, pan: str, form: PinFormat) -> None:
    key = PinKey(PIK)
    pin = key.decrypt(block, pan, form)
    assert pin is None or key.encrypt(pin, pan, form) == block


@pytest.mark.parametrize("pin", ["", "123", "1234567890123", "12a4", "١٢٣٤", "1234 "])
def test_what_is_no_pin_makes_no_block(pin: str) -> None:
    with pytest.raises(ValueError, match="4 to 12 digits"):
        pin_block(pin, PAN)


def test_a_block_of_another_card_is_no_pin() -> None:
    assert decrypt_pin(PIK, encrypt_pin(PIK, "123456", PAN), OTHER_PAN) is None


def test_a_block_under_another_key_is_no_pin() -> None:
    assert decrypt_pin(PIK[::-1], encrypt_pin(PIK, "123456", PAN), PAN) is None


@pytest.mark.parametrize("size", [0, 7, 16])
def test_a_block_of_another_size_is_no_pin(size: int) -> None:
    assert decrypt_pin(PIK, bytes(size), PAN) is None


@pytest.mark.parametrize(
    "clear", ["1412345678FFFFFF", "03123FFFFFFFFFFF", "0D1234567890123F", "06123A56FFFFFFFF", "06123456FFFFFFF0"]
)
def test_a_block_of_another_format_is_no_pin(clear: str) -> None:
    no_pan = "0" * 13
    assert decrypt_pin(PIK, TripleDes(PIK).encrypt(bytes.fromhex(clear)), no_pan) is None


def test_the_pan_is_taken_without_its_check_digit() -> None:
    assert pin_block("1234", "1234567890128") == bytes.fromhex("041226CBA9876FED")


def test_a_block_without_pan_is_length_pin_and_filling() -> None:
    """facts/unionpay-pos 4.6: 06 123456 FF."""
    assert pin_block("123456", PAN, PinFormat.WITHOUT_PAN) == bytes.fromhex("06123456FFFFFFFF")
    assert pin_block("123456", "", PinFormat.WITHOUT_PAN) == bytes.fromhex("06123456FFFFFFFF")


@given(pins, pans, st.sampled_from([PIK, PIK[:8], PIK + PIK[:8]]))
def test_a_pin_without_pan_comes_back_whatever_the_card(pin: str, pan: str, key: bytes) -> None:
    block = encrypt_pin(key, pin, pan, PinFormat.WITHOUT_PAN)
    assert block == TripleDes(key).encrypt(pin_block(pin, "", PinFormat.WITHOUT_PAN))
    assert decrypt_pin(key, block, "", PinFormat.WITHOUT_PAN) == pin


@pytest.mark.parametrize(
    ("made", "read"), [(PinFormat.WITH_PAN, PinFormat.WITHOUT_PAN), (PinFormat.WITHOUT_PAN, PinFormat.WITH_PAN)]
)
def test_a_block_of_the_other_format_is_no_pin(made: PinFormat, read: PinFormat) -> None:
    assert decrypt_pin(PIK, encrypt_pin(PIK, "123456", PAN, made), PAN, read) is None


@pytest.mark.parametrize("pan", ["", "625094700000001X", "６２５０９４７０００００００１４"])
def test_a_block_with_pan_wants_one(pan: str) -> None:
    with pytest.raises(ValueError, match="wants the digits of the PAN"):
        encrypt_pin(PIK, "123456", pan)


@pytest.mark.parametrize("pan", ["", "625094700000001X"])
def test_what_is_no_card_number_makes_no_pin_of_a_block(pan: str) -> None:
    assert decrypt_pin(PIK, encrypt_pin(PIK, "123456", PAN), pan) is None


@pytest.mark.parametrize("form", PinFormat)
def test_f53_tells_the_format(form: PinFormat) -> None:
    """facts/unionpay-pos 2.1: digit 1 is 1 without PAN, 2 with PAN."""
    assert form.digit == {"with PAN": "2", "without PAN": "1"}[form.value]
    assert PinFormat.of_digit(F53.of(form, 16).pack()[0]) is form


@pytest.mark.parametrize("digit", ["0", "3", ""])
def test_another_digit_tells_no_format(digit: str) -> None:
    assert PinFormat.of_digit(digit) is None
