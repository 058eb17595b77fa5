"""Money is exact: integer minor units of one currency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.faults import ConfigurationError
from protocols.money import CNY, Currency, Money

JPY, KWD = Currency("JPY", "392", 0), Currency("KWD", "414", 3)
currencies = st.sampled_from([CNY, JPY, KWD])
amounts = st.integers(0, 10**12)


@given(amounts, currencies)
def test_an_amount_comes_back_from_its_text(minor: int, currency: Currency) -> None:
    assert Money.parse(str(Money(minor, currency)), currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("123.45", CNY, 12345), ("123.4", CNY, 12340), ("123", CNY, 12300), ("0", CNY, 0), ("007.05", CNY, 705),
        (" 1.00 ", CNY, 100), ("1.234", KWD, 1234), ("1", KWD, 1000), ("500", JPY, 500),
    ],
)  # fmt: skip
def test_a_text_is_read_exactly(text: str, currency: Currency, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text", ["", ".5", "1.", "1.234", "-1.00", "+1", "1,000.00", "1e3", "１２.00", "1.00 CNY", "1 0"]
)
def test_what_is_no_exact_amount_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no amount in CNY") as caught:
        Money.parse(text)
    assert caught.value.advice == "write digits with at most 2 decimals"


def test_a_currency_without_decimals_takes_none() -> None:
    with pytest.raises(ConfigurationError, match="at most 0 decimals"):
        Money.parse("1.0", JPY)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (0, CNY, "0.00"), (5, CNY, "0.05"), (-5, CNY, "-0.05"), (-12345, CNY, "-123.45"), (7, KWD, "0.007"),
        (7, JPY, "7"), (-7, JPY, "-7"),
    ],
)  # fmt: skip
def test_an_amount_is_written_with_all_its_decimals(minor: int, currency: Currency, text: str) -> None:
    assert str(Money(minor, currency)) == text


@given(amounts, amounts)
def test_adding_and_taking_away_are_exact(left: int, right: int) -> None:
    assert Money(left) + Money(right) == Money(left + right)
    assert Money(left) - Money(right) == Money(left - right)


@given(st.integers(-100, 100), st.integers(-100, 100))
def test_amounts_of_one_currency_are_ordered(left: int, right: int) -> None:
    assert (Money(left) < Money(right), Money(left) <= Money(right)) == (left < right, left <= right)
    assert (Money(left) > Money(right), Money(left) >= Money(right)) == (left > right, left >= right)


def test_two_currencies_are_never_mixed() -> None:
    assert Money(100, CNY) != Money(100, JPY)
    for mix in (
        lambda: Money(1, CNY) + Money(1, JPY),
        lambda: Money(1, CNY) - Money(1, JPY),
        lambda: Money(1, CNY) < Money(2, JPY),
        lambda: Money(1, CNY) >= Money(1, JPY),
    ):
        with pytest.raises(ConfigurationError, match="CNY"):
            mix()
