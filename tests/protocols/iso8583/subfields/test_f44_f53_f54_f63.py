"""Small fields of parts: institutions, security control, balances, operator and texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import (
    F44,
    F53,
    F54,
    F63,
    UNIONPAY,
    Balance,
    PackError,
    PinFormat,
    UnpackError,
    compile_spec,
    unpack_frame,
)
from protocols.iso8583.subfields.f63 import operator
from tests.protocols.samples import public_frame

CODEC = compile_spec(UNIONPAY)
codes = st.text("0123456789", max_size=11)


@given(codes, codes)
def test_institutions_come_back(issuer: str, acquirer: str) -> None:
    assert len(F44(issuer, acquirer).pack()) == 22
    assert F44.parse(F44(issuer, acquirer).pack()) == F44(issuer, acquirer)


def test_institutions_stand_left_before_spaces() -> None:
    """facts/unionpay-pos 2, F44."""
    assert F44("03080000", "03099988").pack() == "03080000   03099988   "
    assert F44.parse("03080000") == F44("03080000")


def test_an_institution_that_is_too_long_is_refused() -> None:
    with pytest.raises(PackError, match=r"44\.2: 12 bytes are more than 11"):
        F44("03080000", "1" * 12).pack()


@pytest.mark.parametrize(
    ("control", "digits"),
    [
        (F53("2", "6"), "2600000000000000"),  # facts/unionpay-pos 2.1
        (F53("2", "0"), "2000000000000000"),
        (F53("1", "6", track_encrypted=True), "1610000000000000"),
        (F53("0", "6", track_encrypted=True), "0610000000000000"),
    ],
)
def test_security_control_is_three_digits_and_zeros(control: F53, digits: str) -> None:
    assert control.pack() == digits
    assert F53.parse(digits) == control


def test_security_control_of_a_terminal_follows_its_keys() -> None:
    assert F53.of(PinFormat.WITH_PAN, 16) == F53("2", "6")
    assert F53.of(PinFormat.WITHOUT_PAN, 8) == F53("1", "0")
    assert F53.of(None, 24, track_encrypted=True) == F53("0", "6", track_encrypted=True)


def test_the_public_sale_has_a_pin_with_pan_under_a_double_key() -> None:
    message = CODEC.unpack(unpack_frame(public_frame("sale_contactless_pin_chip")).body)
    assert F53.parse(str(message[53])) == F53("2", "6")


@pytest.mark.parametrize("control", [F53("", "6"), F53("26", ""), F53("2", "A"), F53("26", "0"), F53("２", "6")])
def test_a_control_of_other_than_digits_is_refused(control: F53) -> None:
    with pytest.raises(PackError, match="one digit each"):
        control.pack()


@pytest.mark.parametrize(
    ("digits", "problem"),
    [("26", "2 digits instead of 16"), ("2650000000000000", r"53\.3: 5 tells nothing of the track")],
)
def test_what_is_no_security_control_is_refused(digits: str, problem: str) -> None:
    with pytest.raises(UnpackError, match=problem):
        F53.parse(digits)


AVAILABLE = Balance("10", "02", "156", 999999)
two_digits = st.text("0123456789", min_size=2, max_size=2)
balances = st.builds(Balance, two_digits, two_digits, st.just("156"), st.integers(1 - 10**12, 10**12 - 1))


def test_a_balance_lies_as_the_facts_say() -> None:
    """facts/unionpay-pos 2, F54."""
    assert F54((AVAILABLE,)).pack() == "1002156C000000999999"
    assert Balance("10", "01", "156", -100).pack() == "1001156D000000000100"


@given(st.lists(balances, max_size=2))
def test_balances_come_back(given_balances: list[Balance]) -> None:
    field = F54(tuple(given_balances))
    assert F54.parse(field.pack()) == field
    assert CODEC.unpack(CODEC.pack({0: "0210", 54: field.pack()}))[54] == field.pack()


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        (F54((AVAILABLE,) * 3), "3 balances are more than 2"),
        (F54((Balance("1", "02", "156", 1),)), "2, 2 and 3 digits"),
        (F54((Balance("10", "02", "CNY", 1),)), "2, 2 and 3 digits"),
        (F54((Balance("10", "02", "156", 10**12),)), "does not fit in 12 digits"),
    ],
)
def test_a_balance_that_does_not_fit_is_refused(field: F54, problem: str) -> None:
    with pytest.raises(PackError, match=problem):
        field.pack()


@pytest.mark.parametrize(
    "text", ["1002156C00000099999", "1002156X000000999999", "10021A6C000000999999", "1002156C00000099999X"]
)
def test_what_is_no_balance_is_refused(text: str) -> None:
    with pytest.raises(UnpackError, match=r"are no balance|it is no number"):
        F54.parse(text)


def test_an_operator_has_three_characters() -> None:
    """facts/unionpay-pos 2.7."""
    assert operator("01") == "01 "
    with pytest.raises(PackError, match="4 bytes are more than 3"):
        operator("0001")


def test_texts_count_bytes_and_those_at_the_end_are_not_sent() -> None:
    assert F63("CUP").pack() == "CUP"
    assert F63("CUP", "成功").pack() == "CUP" + "成功" + " " * 16
    assert len(F63("CUP", "", "成功").pack().encode("gb18030")) == 43
    assert F63.parse("CUP") == F63("CUP")


texts = st.text(st.sampled_from("余额ABC 123"), max_size=9).map(str.rstrip)


@given(st.sampled_from(["CUP", "VIS", "MCC"]), texts, texts, texts, texts)
def test_texts_come_back(company: str, issuer: str, unionpay: str, acquirer: str, centre: str) -> None:
    field = F63(company, issuer, unionpay, acquirer, centre)
    assert F63.parse(field.pack()) == field
    assert CODEC.unpack(CODEC.pack({0: "0210", 63: field.pack()}))[63] == field.pack()


def test_a_character_across_two_texts_is_refused() -> None:
    with pytest.raises(UnpackError, match=r"63\.2: it is no gb18030 text"):
        F63.parse("CUP" + "A" * 19 + "余")


def test_a_text_that_no_charset_knows_is_refused() -> None:
    with pytest.raises(PackError, match="it takes gb18030 text"):
        F63("CUP", "\ud800").pack()
