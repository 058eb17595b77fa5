"""Sale, void, balance and increment: what is new beside the hold and its completion. cases.md 5, 18."""

from __future__ import annotations

import pytest

from protocols.money import Money
from protocols.orders import Order, Result
from protocols.transactions import Transaction
from simulators.issuer import Answer, NoAnswer, Rule, SetField
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction


def test_a_sale_is_booked_with_the_chip_and_printed_with_its_certificate(shop: Shop) -> None:
    outcome = shop.order(T.SALE, 30_00)
    assert outcome.approved
    assert shop.held() == (0, 30_00)
    assert [e["type"] for e in shop.events.of("cryptogram")] == ["ARQC", "TC"]
    assert "消费(SALE)" in shop.printer.written[0].text
    [message] = shop.messages("0200")
    assert isinstance(message[55], bytes)
    assert bytes.fromhex("9C0100") in message[55]


def test_a_sale_void_takes_it_back_by_batch_and_trace(shop: Shop) -> None:
    sale = shop.order(T.SALE, 30_00)
    assert shop.order(T.SALE_VOID, 30_00, sale).approved
    assert shop.held() == (0, 0)
    assert f"原凭证号                  {sale.trace}" in shop.printer.written[-1].text


@pytest.mark.parametrize("transaction", [T.SALE, T.SALE_VOID, T.INCREMENT])
def test_what_timed_out_is_reversed_and_alone(shop: Shop, transaction: Transaction) -> None:
    """cases.md 77"""
    sale, hold = shop.order(T.SALE, 30_00), shop.preauth(100_00)
    original = {T.SALE_VOID: sale, T.INCREMENT: hold}.get(transaction)
    shop.host.add_rule(Rule(NoAnswer(), transaction))
    shop.impatient = {"request"}
    outcome = shop.order(transaction, 30_00, original)
    assert outcome.result is Result.NO_REPLY
    assert [r[11] for r in shop.reversals()] == [outcome.trace]
    assert shop.held() == (100_00, 30_00)


def test_an_increment_raises_the_hold_and_prints_the_sum(shop: Shop) -> None:
    """cases.md 69, 76"""
    hold = shop.preauth(100_00)
    outcome = shop.order(T.INCREMENT, 20_00, hold)
    assert outcome.approved
    assert shop.held() == (120_00, 0)
    assert "累计金额" in shop.printer.written[-1].text
    assert "RMB 120.00" in shop.printer.written[-1].text


def test_a_balance_is_shown_to_the_customer_and_prints_nothing(shop: Shop) -> None:
    """cases.md 251"""
    shop.preauth(100_00)
    outcome = shop.order(T.BALANCE)
    assert outcome.balance == Money(900_00)
    assert shop.events.of("outcome")[-1]["balance"] == 900_00
    assert "可用余额 900.00" in shop.displays("customer")
    assert len(shop.printer.written) == 2
    assert not shop.events.of("reversal", trace=outcome.trace)


def test_a_balance_that_cannot_be_read_is_none(shop: Shop) -> None:
    shop.host.add_rule(Rule(SetField(54, "HOLDFAST"), T.BALANCE))
    outcome = shop.order(T.BALANCE)
    assert (outcome.approved, outcome.balance) == (True, None)


def test_an_approval_of_another_code_may_come_without_a_balance(shop: Shop) -> None:
    """facts/unionpay-pos 5.21: 11 is an approval, too"""
    shop.host.add_rule(Rule(Answer("11"), T.BALANCE))
    outcome = shop.order(T.BALANCE)
    assert (outcome.approved, outcome.code, outcome.balance) == (True, "11", None)


def test_a_balance_enquiry_that_timed_out_is_not_reversed(shop: Shop) -> None:
    """5.19"""
    shop.host.add_rule(Rule(NoAnswer(), T.BALANCE))
    shop.parameters(response_timeout_s=0.2)
    assert shop.order(T.BALANCE).result is Result.NO_REPLY
    shop.terminal.to_idle()
    assert not shop.events.of("reversal")


@pytest.mark.parametrize("transaction", [T.CANCEL, T.COMPLETION, T.INCREMENT, T.REFUND, T.SALE_VOID, T.ADVICE])
def test_what_speaks_of_an_earlier_one_needs_to_be_told_which(shop: Shop, transaction: Transaction) -> None:
    outcome = shop.terminal.perform(Order(transaction, Money(1_00)))
    assert (outcome.result, outcome.message) == (Result.REFUSED, "请输入原交易信息")


def test_a_sale_void_needs_the_supervisor_where_the_market_says_so(open_shop: Open) -> None:
    shop = open_shop(sale_void={"supervisor": True})
    sale = shop.order(T.SALE, 30_00)
    shop.keys.supervisor = None
    assert shop.order(T.SALE_VOID, 30_00, sale).result is Result.REFUSED


def test_and_not_where_it_does_not(open_shop: Open) -> None:
    shop = open_shop(sale_void={"supervisor": False})
    sale = shop.order(T.SALE, 30_00)
    shop.keys.supervisor = None
    assert shop.order(T.SALE_VOID, 30_00, sale).approved


@pytest.mark.parametrize("scheme", ["unionpay-ecb", "x9.9", "x9.19", "3des-cbc", "fold-3des"])
def test_it_seals_by_the_scheme_of_its_market(open_shop: Open, scheme: str) -> None:
    """4"""
    shop = open_shop(security={"mac": scheme})
    hold = shop.preauth()
    assert shop.complete(hold).approved
    assert shop.held() == (0, 100_00)


def test_a_key_that_the_scheme_cannot_use_leaves_it_signed_off(open_shop: Open) -> None:
    shop = open_shop(security={"mac": "x9.19", "sign_on": "001"})
    assert not shop.terminal.sign_on().approved
    assert shop.preauth().result is Result.NO_REPLY


@pytest.mark.parametrize("rule", [{"pin_format": "without PAN"}, {"track_encryption": True}])
def test_pin_format_and_track_encryption_are_the_markets(open_shop: Open, rule: dict[str, object]) -> None:
    """2.1, 4.6, 4.7: the host reads both."""
    shop = open_shop(security=rule)
    assert shop.preauth().approved
    assert shop.events.of("request", transaction=T.PREAUTH.value)
    assert shop.held() == (100_00, 0)
