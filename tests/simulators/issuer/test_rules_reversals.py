"""Reversals: in either order, of what was refused, by batch or not, and told apart. facts/unionpay-pos 5.19, 5.20."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocols.faults import HoldfastBug
from protocols.transactions import FINANCIAL, TRANSACTIONS, Transaction
from rigs.marketfile import load_market
from simulators.issuer.decisions import Decided
from simulators.issuer.decisions.rules import _DECIDERS
from simulators.issuer.decisions.undoing import _UNDO
from tests.simulators.issuer.bank import HOLD, OPENING, Bank
from tests.simulators.kit import cn_market

T = Transaction
MADE: dict[Transaction, tuple[Callable[[Bank], object], ...]] = {
    T.PREAUTH: (lambda b: b.preauth(trace=40),),
    T.INCREMENT: (Bank.preauth, lambda b: b.increment(trace=40)),
    T.CANCEL: (Bank.preauth, lambda b: b.cancel(trace=40)),
    T.COMPLETION: (Bank.preauth, lambda b: b.complete(trace=40)),
    T.COMPLETION_VOID: (Bank.preauth, Bank.complete, lambda b: b.void(trace=40)),
    T.SALE: (lambda b: b.sell(trace=40),),
    T.SALE_VOID: (Bank.sell, lambda b: b.void_sale(trace=40)),
}


def test_whatever_is_financial_is_decided_and_whatever_is_reversible_can_be_undone() -> None:
    reversible = {transaction for transaction, layout in TRANSACTIONS.items() if layout.reversible}
    assert (set(_DECIDERS), set(_UNDO), set(MADE)) == (set(FINANCIAL), reversible, reversible)


def test_what_is_not_financial_is_not_decided(bank: Bank) -> None:
    with pytest.raises(KeyError):
        bank.ask(T.ECHO, 0, 1)


@pytest.mark.parametrize("transaction", MADE)
def test_request_and_reversal_come_to_the_same_in_either_order(bank: Bank, transaction: Transaction) -> None:
    *before, request = MADE[transaction]
    for step in before:
        step(bank)
    stood = bank.account()
    assert request(bank).code == "00"  # type: ignore[attr-defined]
    assert bank.account() != stood
    assert bank.reverse(transaction, 40).code == "00"
    assert bank.account() == stood
    bank.ledger.audit()


@pytest.mark.parametrize("transaction", MADE)
def test_a_reversal_before_its_request_blocks_it(bank: Bank, transaction: Transaction) -> None:
    *before, request = MADE[transaction]
    for step in before:
        step(bank)
    stood = bank.account()
    assert [bank.reverse(transaction, 40).code for _ in range(2)] == ["00", "00"]
    assert request(bank).code == "12"  # type: ignore[attr-defined]
    assert bank.reverse(transaction, 40).code == "00"
    assert bank.account() == stood


def test_a_reversal_blocks_its_own_kind_of_request_only(bank: Bank) -> None:
    bank.reverse(T.SALE, 1)
    assert bank.preauth(trace=1).code == "00"


def test_the_reversal_of_a_refused_request_says_so_and_the_request_comes_no_more(bank: Bank) -> None:
    """5.19."""
    bank.preauth(OPENING + 1)
    assert bank.reverse(T.PREAUTH, 1, OPENING + 1).code == "01"
    assert bank.preauth(1).code == "12"


def test_a_refused_request_that_comes_again_is_decided_anew_and_then_reversed_as_approved(bank: Bank) -> None:
    assert bank.preauth(OPENING + 1).code == "51"
    assert bank.preauth().code == "00"
    assert bank.reverse(T.PREAUTH, 1).code == "00"
    assert bank.account().held == 0


@pytest.mark.parametrize(("refused", "answered"), [("55", "01"), ("98", "00")])
def test_a_refusal_made_elsewhere_is_remembered_for_its_reversal(bank: Bank, refused: str, answered: str) -> None:
    """5.19: a code other than 00 or 98."""
    asked = bank._asked(T.PREAUTH, HOLD, 1, {})
    decided = bank.rules.refuse(asked, bank.today, "0" * 12, refused, "wrong PIN")
    assert (decided.code, decided.reason) == (refused, "wrong PIN")
    assert bank.reverse(T.PREAUTH, 1).code == answered


def test_a_refused_request_is_the_original_of_nothing(bank: Bank) -> None:
    bank.sell(OPENING + 1)
    assert bank.void_sale(OPENING + 1).code == "25"
    assert bank.refund(OPENING + 1).code == "25"
    bank.preauth(OPENING + 1, trace=2)
    assert bank.complete(approval="000001", trace=3).code == "25"


@pytest.mark.parametrize(("days", "code"), [(0, "00"), (1, "25")])
def test_a_reversal_comes_on_the_day_of_its_request(bank: Bank, days: int, code: str) -> None:
    """5.19 (BP)."""
    bank.preauth()
    bank.days_go_by(days)
    assert bank.reverse(T.PREAUTH, 1).code == code


@pytest.mark.parametrize(("market", "code"), [("unionpay-cn", "00"), ("unionpay-cn-strict", "00")])
def test_an_unknown_batch_finds_no_request_where_batches_count(books: Path | str, market: str, code: str) -> None:
    """2.5, 5.20: one host finds a request by its trace alone."""
    bank = Bank(books, load_market(market))
    bank.preauth()
    decided = bank.reverse(T.PREAUTH, 1, batch="000009")
    by_batch = load_market(market).matching.by_batch
    assert (decided.code, bank.account().held) == (code, HOLD if by_batch else 0)
    assert decided.near == ("trace 000001 is of batch 000001" if by_batch else "")
    bank.close()


@pytest.mark.parametrize(("by_batch", "code"), [(True, "25"), (False, "00")])
def test_a_void_names_its_batch_where_batches_count(books: Path | str, by_batch: bool, code: str) -> None:
    bank = Bank(books, cn_market(matching={"by_batch": by_batch}))
    bank.preauth()
    bank.complete()
    assert bank.void(original_batch="000009").code == code
    bank.close()


def test_a_request_of_another_kind_under_the_trace_is_not_reversed(bank: Bank) -> None:
    bank.sell(trace=1)
    decided = bank.reverse(T.PREAUTH, 1)
    assert (decided.code, decided.near) == ("00", "that trace is a sale")
    assert bank.account().booked == HOLD


def test_a_cancel_is_not_reversed_when_another_took_its_place(books: Path | str) -> None:
    """Where several completions are, a hold can be cancelled in parts: the last cancel has to go first."""
    bank = Bank(books, cn_market(completion={"multiple": True}))
    bank.preauth()
    bank.complete(60_00, trace=2)
    assert bank.cancel(40_00, trace=3).code == "00"
    assert bank.void(60_00, trace=4).code == "00"
    assert bank.cancel(60_00, trace=5).code == "00"
    assert bank.reverse(T.CANCEL, 3, 40_00).code == "25"
    assert bank.reverse(T.CANCEL, 5, 60_00).code == "00"
    assert bank.reverse(T.CANCEL, 3, 40_00).code == "00"
    assert (bank.account().held, bank.state()) == (HOLD, "open")
    bank.ledger.audit()
    bank.close()


def test_a_refusal_that_moved_money_is_a_bug_of_ours_and_nothing_is_kept(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(books: Any, asked: Any, today: Any, reference: str) -> Decided:
        books.ledger.post(asked.card, "sale", 1)
        return Decided("51", "and yet")

    monkeypatch.setitem(_DECIDERS, T.SALE, torn)
    with pytest.raises(HoldfastBug, match="sale was refused with 51 and moved money"):
        bank.sell()
    assert bank.account().available == OPENING
    assert bank.reverse(T.SALE, 6).code == "00"  # not even the refusal is known
