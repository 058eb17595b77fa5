"""What a merchant asks of the terminal, and what he remembers of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from protocols.faults import HoldfastBug
from protocols.money import Money
from protocols.orders import Entry, Order, Outcome, Result
from protocols.transactions import Transaction
from steps.merchant import WRONG_APPROVAL, Merchant
from tests.rigs.kit import china

USUAL, OTHER = Money(1000_00), Money(256_40)


@dataclass
class Till:
    """A terminal that answers as it is told, and keeps the orders."""

    results: list[Result] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)

    def perform(self, order: Order) -> Outcome:
        self.orders.append(order)
        result = self.results.pop(0) if self.results else Result.APPROVED
        number = f"{len(self.orders):06d}"
        return Outcome(order.transaction, result, order.amount, approval=number, trace=number, date="1120")


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def merchant(till: Till) -> Merchant:
    terminal: Any = till
    return Merchant(lambda: terminal, china())


def test_a_hold_is_what_the_next_orders_speak_of(merchant: Merchant, till: Till) -> None:
    merchant.asks_for_hold(USUAL)
    merchant.completes(OTHER)
    first, second = till.orders
    assert (first.transaction, first.amount, first.original) == (Transaction.PREAUTH, USUAL, None)
    assert (second.transaction, second.amount, second.entry) == (Transaction.COMPLETION, OTHER, Entry.CHIP)
    assert second.original is not None
    assert (second.original.approval, second.original.amount) == ("000001", USUAL)


def test_a_raise_that_was_approved_makes_the_hold_greater(merchant: Merchant, till: Till) -> None:
    merchant.asks_for_hold(USUAL)
    merchant.raises_it(OTHER)
    assert merchant.held_amount() == Money(1256_40)
    assert merchant.held().approval == "000001"
    till.results = [Result.DECLINED]
    merchant.raises_it(OTHER)
    assert merchant.held_amount() == Money(1256_40)


def test_the_first_hold_can_be_taken_up_again(merchant: Merchant, till: Till) -> None:
    merchant.asks_for_hold(USUAL)
    merchant.asks_for_hold(OTHER)
    assert merchant.held().approval == "000002"
    merchant.takes_up_the_first_hold()
    merchant.cancels()
    assert till.orders[-1].original == merchant.holds[0].as_original()
    assert till.orders[-1].amount == USUAL


@pytest.mark.parametrize("result", [Result.APPROVED, Result.STORED])
def test_what_was_completed_online_or_offline_can_be_voided(merchant: Merchant, till: Till, result: Result) -> None:
    merchant.asks_for_hold(USUAL)
    till.results = [result]
    merchant.completes_offline(OTHER)
    merchant.voids_completion()
    assert [order.transaction for order in till.orders[1:]] == [Transaction.ADVICE, Transaction.COMPLETION_VOID]
    assert till.orders[-1].amount == OTHER


def test_a_completion_that_failed_is_not_remembered(merchant: Merchant, till: Till) -> None:
    merchant.asks_for_hold(USUAL)
    till.results = [Result.NO_REPLY]
    merchant.completes(USUAL)
    with pytest.raises(HoldfastBug, match="a completion that it never made"):
        merchant.voids_completion()


ACTS: list[tuple[Callable[[Merchant], object], Transaction, Entry]] = [
    (lambda m: m.completes_without_card(OTHER), Transaction.COMPLETION, Entry.KEYED),
    (lambda m: m.cancels_without_card(), Transaction.CANCEL, Entry.KEYED),
    (lambda m: m.cancels_part(OTHER), Transaction.CANCEL, Entry.CHIP),
    (lambda m: m.sells(OTHER), Transaction.SALE, Entry.CHIP),
    (lambda m: m.asks(Transaction.BALANCE), Transaction.BALANCE, Entry.CHIP),
    (lambda m: m.asks(Transaction.SETTLEMENT), Transaction.SETTLEMENT, Entry.CHIP),
]


@pytest.mark.parametrize(("act", "transaction", "entry"), ACTS)
def test_each_wish_is_one_order(
    merchant: Merchant, till: Till, act: Callable[[Merchant], object], transaction: Transaction, entry: Entry
) -> None:
    merchant.asks_for_hold(USUAL)
    act(merchant)
    assert (till.orders[-1].transaction, till.orders[-1].entry) == (transaction, entry)
    assert len(till.orders) == 2


def test_a_sale_is_voided_refunded_and_mistaken_for_a_hold_by_its_own_data(merchant: Merchant, till: Till) -> None:
    merchant.sells(OTHER)
    sale = merchant.sale
    assert sale is not None
    for act in (merchant.voids_sale, merchant.refunds_sale, merchant.completes_sale):
        act()
        assert till.orders[-1].original == sale.as_original()
    assert [order.transaction for order in till.orders[1:]] == [
        Transaction.SALE_VOID, Transaction.REFUND, Transaction.COMPLETION,
    ]  # fmt: skip


def test_a_mistyped_approval_is_none_that_a_host_gives(merchant: Merchant, till: Till) -> None:
    merchant.asks_for_hold(USUAL)
    acts: list[Callable[[], None]] = [
        lambda: merchant.completes_under_wrong_approval(USUAL), merchant.cancels_under_wrong_approval,
    ]  # fmt: skip
    for act in acts:
        act()
        original = till.orders[-1].original
        assert original is not None
        assert original.approval == WRONG_APPROVAL
        assert not original.approval.isdigit()


@pytest.mark.parametrize(
    "act",
    [Merchant.cancels, Merchant.voids_completion, Merchant.refunds_completion, Merchant.voids_sale, Merchant.held],
)
def test_who_speaks_of_what_never_was_wrote_a_wrong_scenario(
    merchant: Merchant, act: Callable[[Merchant], object]
) -> None:
    with pytest.raises(HoldfastBug, match="that it never"):
        act(merchant)
