"""The market model: exact limits, and files that must say all and no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocols.faults import ConfigurationError
from protocols.market import Action, Market
from protocols.money import CNY, Currency, Money

PARTS: dict[str, Any] = {
    "name": "test-market", "title": "A market", "source": "this test",
    "currency": {"alpha": "CNY", "numeric": "156", "exponent": 2},
    "completion": {
        "limit_percent": 115, "over_limit_code": "64", "validity_days": 30, "too_old_code": "22", "second_code": "94",
    },
    "cancel": {"supervisor": True, "amount_differs_code": "64", "not_open_code": "25"},
    "completion_void": {"supervisor": True, "same_day_only": True, "not_normal_code": "25"},
    "reversal": {
        "first_try": "before next", "repeats": 3, "stop_codes": ["00", "25", "12"], "reason_no_reply": "98",
        "reason_cannot_finish": "96", "reason_mac": "A0", "reason_other": "06",
    },
    "security": {"mac": "unionpay-ecb", "sign_on": "003", "pin_tries": 3, "pin_tries_exceeded_code": "75"},
    "timing": {"response_timeout_s": 60.0, "connect_timeout_s": 10.0},
    "receipt": {
        "title": "UNIONPAY", "merchant_copy": "merchant", "cardholder_copy": "cardholder", "type_names": {},
        "mandatory": {"cancel": ["total", "trace"]}, "signature_line": "sign", "not_a_sale": "no sale",
    },
    "preauth": {}, "advice": {}, "increment": {}, "refund": {}, "matching": {},
    "sale_void": {"supervisor": True, "same_day_only": True, "not_normal_code": "25"},
    "settlement": {"debit": ["completion"], "credit": ["refund"]},
    "actions": {"00": "accept", "11": "accept", "A0": "sign on again", "55": "enter PIN again"},
    "amounts": {"the usual": "100.00"},
    "codes": {"00": "approved"},
}  # fmt: skip
MARKET = Market.model_validate(PARTS)


def changed(part: str, **values: Any) -> dict[str, Any]:
    return {**PARTS, part: {**PARTS[part], **values}}


@given(st.integers(0, 10**10), st.integers(0, 2 * 10**10))
def test_the_limit_is_exact_and_the_highest_that_is_allowed(hold: int, completion: int) -> None:
    limit = MARKET.completion_limit(Money(hold))
    assert MARKET.completion_allowed(Money(hold), Money(completion)) == (0 < completion <= limit.minor)


@pytest.mark.parametrize(("hold", "limit"), [(100, 115), (1, 1), (7, 8), (10000, 11500), (99, 113), (0, 0)])
def test_a_limit_between_two_minor_units_is_the_lower_one(hold: int, limit: int) -> None:
    assert MARKET.completion_limit(Money(hold)) == Money(limit)


def test_the_limit_itself_is_allowed_and_one_minor_unit_more_is_not() -> None:
    assert MARKET.completion_allowed(Money(10000), Money(11500))
    assert not MARKET.completion_allowed(Money(10000), Money(11501))


@pytest.mark.parametrize("minor", [0, -1])
def test_a_completion_of_nothing_is_not_allowed(minor: int) -> None:
    assert not MARKET.completion_allowed(Money(100), Money(minor))


def test_a_hold_is_not_completed_in_another_currency() -> None:
    with pytest.raises(ConfigurationError, match="a hold in CNY is not completed in JPY"):
        MARKET.completion_allowed(Money(100), Money(100, Currency("JPY", "392", 0)))


def test_named_amounts_are_in_the_markets_currency() -> None:
    assert MARKET.money == CNY
    assert MARKET.amount("the usual") == Money(10000)


def test_an_amount_that_is_not_named_is_told_with_those_that_are() -> None:
    with pytest.raises(KeyError, match="market test-market has no amount 'high'; it has the usual"):
        MARKET.amount("high")


def test_lists_of_a_file_become_tuples() -> None:
    assert MARKET.success_codes == ("00", "11")
    assert MARKET.reversal.stop_codes == ("00", "25", "12")
    assert MARKET.receipt.mandatory == {"cancel": ("total", "trace")}


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({**PARTS, "colour": "red"}, "colour"),
        (changed("completion", limit="115"), "completion.limit"),
        (changed("completion", limit_percent="115"), "completion.limit_percent"),
        (changed("completion", limit_percent=115.0), "completion.limit_percent"),
        (changed("completion", validity_days=0), "completion.validity_days"),
        (changed("currency", numeric="CNY"), "currency.numeric"),
        (changed("security", mac="x9.20"), "security.mac"),
        (changed("timing", response_timeout_s=0.0), "timing.response_timeout_s"),
        (changed("reversal", stop_codes="00"), "reversal.stop_codes"),
        (changed("receipt", mandatory=["total"]), "receipt.mandatory"),
        (changed("receipt", mandatory={"cancel": "total"}), "receipt.mandatory.cancel"),
        ({**PARTS, "actions": {"00": "except"}}, "actions.00"),
        ({key: value for key, value in PARTS.items() if key != "source"}, "source"),
    ],
)
def test_a_part_that_is_wrong_unknown_or_missing_is_named(parts: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Market.model_validate(parts)
    assert [".".join(str(step) for step in error["loc"]) for error in caught.value.errors()] == [place]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({**PARTS, "actions": {"0": "accept"}}, "a response code has two digits or capitals, not '0'"),
        ({**PARTS, "codes": {"0a": "approved"}}, "a response code has two digits or capitals, not '0a'"),
        (changed("settlement", debit=["completions"]), "did you mean 'completion'"),
        (changed("receipt", type_names={"hold": "AUTH"}), "no transaction is called 'hold'"),
    ],
)
def test_a_word_that_means_nothing_is_told_with_its_near_miss(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Market.model_validate(parts)


def test_what_a_code_means_to_a_terminal_is_in_one_table() -> None:
    assert MARKET.action("55") is Action.ENTER_PIN_AGAIN
    assert MARKET.sign_on_codes == ("A0",)
    assert MARKET.action("51") is MARKET.action("ZZ") is Action.DECLINE


def test_a_market_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        MARKET.completion.limit_percent = 200
