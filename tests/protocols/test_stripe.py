"""A second track and its service code. ISO/IEC 7813, 7.1 and 7.3; facts/unionpay-pos 5.13."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.stripe import Swipe, read_stripe

PAN = "6250947000000014"


@pytest.mark.parametrize("separator", ["D", "="])
def test_a_track_is_number_expiry_service_code_and_the_issuers_own(separator: str) -> None:
    """facts/unionpay-pos 1.14: D on the line."""
    stripe = read_stripe(f"{PAN}{separator}3012201000000000")
    assert stripe is not None
    assert (stripe.pan, stripe.expiry, stripe.service_code) == (PAN, "3012", "201")
    assert stripe.track2 == f"{PAN}D3012201000000000"


@given(st.from_regex(r"[0-9]{13,19}", fullmatch=True), st.from_regex(r"[0-9]{7}[0-9]{0,10}", fullmatch=True))
def test_what_fits_into_37_digits_is_read(pan: str, rest: str) -> None:
    track = f"{pan}D{rest}"
    stripe = read_stripe(track)
    assert (stripe is not None) == (len(track) <= 37)
    if stripe is not None:
        assert (stripe.pan, stripe.expiry + stripe.service_code) == (pan, rest[:7])


@pytest.mark.parametrize(
    "track",
    ["", PAN, f"{PAN}D", f"{PAN}D301220", f"{PAN}D3012201F", f";{PAN}=3012201?", f"{PAN}X3012201", f"D{PAN}3012201",
     f"{PAN}D3012201" + "0" * 30, f"{PAN}DD3012201"],
)  # fmt: skip
def test_what_is_no_track_is_none(track: str) -> None:
    assert read_stripe(track) is None


@pytest.mark.parametrize(
    ("code", "chip"), [("201", True), ("601", True), ("101", False), ("501", False), ("701", False), ("901", False)]
)
def test_the_first_digit_tells_of_a_chip(code: str, chip: bool) -> None:
    stripe = read_stripe(f"{PAN}D3012{code}")
    assert stripe is not None
    assert stripe.has_chip is chip


@pytest.mark.parametrize(
    ("third", "wanted", "without_keys"),
    [
        ("0", True, True), ("1", False, False), ("2", False, False), ("3", True, True), ("4", False, False),
        ("5", True, True), ("6", True, False), ("7", True, False), ("8", False, False),
    ],
)  # fmt: skip
def test_the_third_digit_tells_of_a_pin(third: str, wanted: bool, without_keys: bool) -> None:
    stripe = read_stripe(f"{PAN}D301212{third}")
    assert stripe is not None
    assert (stripe.wants_pin(), stripe.wants_pin(possible=False)) == (wanted, without_keys)


def test_nothing_of_a_track_is_in_what_shows_it() -> None:
    track = f"{PAN}D3012201000000000"
    assert PAN not in f"{Swipe(track, 'B' + PAN)!r} {read_stripe(track)!r}"
