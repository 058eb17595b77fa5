"""What the words of an amount mean, in any market."""

from __future__ import annotations

import pytest

from protocols.faults import ConfigurationError
from protocols.money import Money
from steps.amounts import Amounts
from tests.rigs.kit import china

HOLD = Money(33_33)


@pytest.fixture
def amounts() -> Amounts:
    return Amounts(china(), lambda: HOLD)


@pytest.mark.parametrize(
    ("phrase", "minor"),
    [
        ("nothing", 0),
        ("the smallest amount", 1),
        ("the usual amount", 1000_00),
        ("the full amount", 33_33),
        ("the market's limit", 38_32),
        ("the smallest unit above the limit", 38_33),
        ("the account's amount", 10_000_00),
        ("the most that a message can carry", 999_999_999_999),
        ("more than a message can carry", 1_000_000_000_000),
        ("the usual amount together with the other amount", 1256_40),
        ("the usual amount together with the other amount together with the less amount", 1856_40),
        ("the account's amount without the full amount", 9_966_67),
        ("the usual amount together with the other amount without the less amount", 656_40),
    ],
)
def test_a_phrase_means_an_amount(amounts: Amounts, phrase: str, minor: int) -> None:
    assert amounts(phrase) == Money(minor)


def test_what_is_relative_to_the_hold_follows_it() -> None:
    holds = [Money(100_00), Money(200_00)]
    amounts = Amounts(china(), lambda: holds[-1])
    assert amounts("the full amount") == Money(200_00)
    holds.append(Money(50_00))
    assert amounts("the market's limit") == Money(57_50)


def test_another_market_has_another_limit() -> None:
    strict = china().model_copy(update={"completion": china().completion.model_copy(update={"limit_percent": 100})})
    assert Amounts(strict, lambda: HOLD)("the market's limit") == HOLD


@pytest.mark.parametrize("phrase", ["the unusual amount", "usual and other", "", "the usual amount without"])
def test_what_nobody_says_is_told_with_what_can_be_said(amounts: Amounts, phrase: str) -> None:
    with pytest.raises(ConfigurationError, match=r"no amount is called .*say one of: nothing, .*the usual amount"):
        amounts(phrase)
