"""Sale and its relatives: balance, partial approval, void, refund, offline sale, adjustment, tip."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.transactions import Transaction
from simulators.issuer.settlement import Settlement
from tests.simulators.issuer.bank import BATCH, CARD, HOLD, OPENING, TODAY, Bank
from tests.simulators.kit import MERCHANT, TERMINAL, cn_market

T = Transaction


def money(bank: Bank) -> tuple[int, int, int]:
    account = bank.account()
    bank.ledger.audit()
    return account.available, account.held, account.booked


def test_a_balance_is_what_is_available_less_the_holds(bank: Bank) -> None:
    """cases.md 251."""
    bank.preauth()
    bank.sell(5_00)
    decided = bank.ask(T.BALANCE, 0, 7)
    assert (decided.code, decided.balance, decided.postings) == ("00", OPENING - HOLD - 5_00, ())


def test_a_sale_is_booked_at_once_under_a_code_of_its_own(bank: Bank) -> None:
    decided = bank.sell()
    assert (decided.code, decided.approval, decided.amount, decided.hold) == ("00", "000001", None, None)
    assert [(p.kind, p.amount, p.hold) for p in decided.postings] == [("sale", HOLD, None)]
    assert money(bank) == (OPENING - HOLD, 0, HOLD)


@pytest.mark.parametrize(("amount", "code"), [(0, "13"), (1, "00"), (OPENING, "00"), (OPENING + 1, "51")])
def test_a_sale_is_of_something_and_of_no_more_than_there_is(bank: Bank, amount: int, code: str) -> None:
    assert bank.sell(amount).code == code


@pytest.mark.parametrize(("amount", "code", "booked"), [(OPENING, "00", OPENING), (OPENING + 1, "10", OPENING)])
def test_a_terminal_that_can_takes_a_part(bank: Bank, amount: int, code: str, booked: int) -> None:
    """5.15."""
    decided = bank.sell(amount, partial=True)
    assert (decided.code, decided.amount) == (code, booked if code == "10" else None)
    assert bank.account().booked == booked


def test_there_is_no_part_of_nothing(bank: Bank) -> None:
    bank.sell(OPENING)
    assert bank.sell(1, trace=7, partial=True).code == "51"


def test_the_issuer_grants_no_more_than_it_is_told_to(bank: Bank) -> None:
    """cases.md 28, 29: a rule says so, whatever the terminal can take."""
    assert (bank.sell(most=60_00).amount, bank.account().booked) == (60_00, 60_00)
    held = bank.ask(T.PREAUTH, HOLD, 1, most=60_00)
    assert (held.code, held.amount, bank.account().held) == ("10", 60_00, 60_00)
    assert bank.sell(trace=7, most=0).code == "51"


@pytest.mark.parametrize("amount", [HOLD, 60_00])
def test_a_part_is_reversed_by_what_was_asked_or_by_what_was_approved(bank: Bank, amount: int) -> None:
    bank.ask(T.PREAUTH, HOLD, 1, most=60_00)
    assert bank.reverse(T.PREAUTH, 1, amount).code == "00"
    assert money(bank) == (OPENING, 0, 0)


def test_a_market_may_hold_a_part(books: Path | str) -> None:
    bank = Bank(books, cn_market(preauth={"partial": True}))
    decided = bank.ask(T.PREAUTH, OPENING + 1, 1, partial=True)
    assert (decided.code, decided.amount, bank.account().held) == ("10", OPENING, OPENING)
    assert bank.ask(T.PREAUTH, 1, 2).code == "51"
    bank.close()


def test_a_partial_hold_is_not_what_this_market_knows(bank: Bank) -> None:
    assert bank.ask(T.PREAUTH, OPENING + 1, 1, partial=True).code == "51"


# ── voids ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_void_gives_back_the_sale_and_touches_no_hold(bank: Bank) -> None:
    """cases.md 250."""
    bank.preauth()
    bank.sell()
    decided = bank.void_sale()
    assert [(p.kind, p.amount, p.hold) for p in decided.postings] == [("sale void", HOLD, None)]
    assert (decided.code, bank.state(), money(bank)) == ("00", "open", (OPENING - HOLD, HOLD, 0))


def test_a_sale_void_finds_sales_only(bank: Bank) -> None:
    bank.preauth()
    bank.complete()
    decided = bank.void_sale(sale=2)
    assert (decided.code, decided.near) == ("25", "that trace is a completion")


def test_sale_and_void_are_undone_one_after_the_other(bank: Bank) -> None:
    bank.sell()
    assert bank.void_sale().code == "00"
    assert bank.reverse(T.SALE, 6).code == "25"
    assert bank.reverse(T.SALE_VOID, 7).code == "00"
    assert money(bank) == (OPENING - HOLD, 0, HOLD)
    assert bank.void_sale(trace=8).code == "00"
    assert bank.reverse(T.SALE_VOID, 8).code == "00"
    assert bank.reverse(T.SALE, 6).code == "00"
    assert money(bank) == (OPENING, 0, 0)
    assert bank.void_sale(trace=10).code == "25"


@pytest.mark.parametrize("batch", [BATCH, "000002"])
def test_what_was_settled_is_refunded_and_not_voided(bank: Bank, batch: str) -> None:
    """cases.md 61."""
    bank.sell()
    bank.preauth()
    bank.complete()
    Settlement(bank.ledger, cn_market()).end(MERCHANT, TERMINAL, BATCH, 0, balanced=True)
    assert (bank.void(batch=batch).code, bank.void_sale(batch=batch).code) == ("25", "25")
    assert "is settled" in bank.void(trace=11, batch=batch).reason
    assert bank.refund(of=2, trace=12).code == "00"
    assert bank.refund(of=6, trace=13).code == "00"
    assert money(bank) == (OPENING, 0, 0)


# ── refunds ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("transaction", [T.COMPLETION, T.ADVICE])
def test_a_refund_of_a_completion_moves_money_and_no_hold(bank: Bank, transaction: Transaction) -> None:
    bank.preauth()
    bank.ask(transaction, HOLD, 2, approval=bank.approval, original_day=f"{TODAY:%m%d}")
    decided = bank.refund(60_00, of=2)
    assert [(p.kind, p.amount, p.hold) for p in decided.postings] == [("refund", 60_00, None)]
    assert (decided.hold, bank.state(), money(bank)) == (None, "completed", (OPENING - 40_00, 0, 40_00))


def test_several_refunds_together_never_exceed_what_was_booked(bank: Bank) -> None:
    bank.sell()
    assert bank.refund(60_00, trace=10).code == "00"
    assert bank.refund(40_01, trace=11).code == "64"
    assert bank.refund(40_00, trace=12).code == "00"
    assert bank.refund(1, trace=13).code == "64"
    assert money(bank) == (OPENING, 0, 0)


def test_a_refund_sent_again_is_a_duplicate_and_counts_once(bank: Bank) -> None:
    """5.16, 5.18: the terminal takes 94 for accepted."""
    bank.sell()
    assert [bank.refund(10_00).code for _ in range(3)] == ["00", "94", "94"]
    assert bank.account().booked == 90_00


@pytest.mark.parametrize(("days", "code"), [(0, "00"), (29, "00"), (30, "00"), (31, "22")])
def test_a_refund_comes_within_the_market_s_days(bank: Bank, days: int, code: str) -> None:
    bank.sell()
    bank.days_go_by(days)
    assert bank.refund().code == code


def test_nothing_is_refunded_that_was_voided_or_reversed(bank: Bank) -> None:
    bank.sell(trace=6)
    bank.void_sale(sale=6)
    bank.sell(trace=20)
    bank.reverse(T.SALE, 20)
    assert [bank.refund(of=of, trace=30 + of).code for of in (6, 20)] == ["25", "25"]


def test_what_was_refunded_is_neither_voided_nor_reversed(bank: Bank) -> None:
    bank.sell()
    bank.preauth()
    bank.complete()
    bank.refund(1, of=6, trace=10)
    bank.refund(1, of=2, trace=11)
    assert bank.void_sale(trace=12).code == "25"
    assert bank.void(trace=13).code == "25"
    assert bank.reverse(T.SALE, 6).code == "25"
    assert bank.reverse(T.COMPLETION, 2).code == "25"


@pytest.mark.parametrize(
    ("changes", "code", "near"),
    [
        ({"reference": "000000000009"}, "25", "nearest 000000000006"),
        ({"reference": ""}, "25", "nearest 000000000006"),
        ({"original_day": "0614"}, "25", "000000000006 is of 06-15"),
        ({"merchant": "X" * 15}, "25", "this merchant has no booking"),
        ({"card": "debit"}, "14", ""),
    ],
)
def test_a_refund_finds_its_original_by_reference_day_merchant_and_card(
    bank: Bank, changes: dict[str, str], code: str, near: str
) -> None:
    bank.ledger.open_account("debit", OPENING)
    bank.sell()
    decided = bank.refund(**changes)
    assert (decided.code, decided.near) == (code, near)
    assert near in decided.reason


def test_nothing_is_no_refund(bank: Bank) -> None:
    bank.sell()
    assert bank.refund(0).code == "13"


# ── offline sale, adjustment, tip ─────────────────────────────────────────────────────────────────────────────────


def test_an_offline_sale_brings_its_own_code(bank: Bank) -> None:
    decided = bank.ask(T.OFFLINE_SALE, HOLD, 6, approval="900001")
    assert (decided.code, decided.approval, money(bank)) == ("00", "900001", (OPENING - HOLD, 0, HOLD))
    assert bank.sell(trace=7).approval == "000001"


@pytest.mark.parametrize(("amount", "code"), [(0, "13"), (OPENING + 1, "51")])
def test_an_offline_sale_is_of_something_and_of_no_more_than_there_is(bank: Bank, amount: int, code: str) -> None:
    assert bank.ask(T.OFFLINE_SALE, amount, 6).code == code


@pytest.mark.parametrize("sale", [T.SALE, T.OFFLINE_SALE])
@pytest.mark.parametrize(
    ("change", "amount", "code", "booked"),
    [
        (T.ADJUSTMENT, 120_00, "00", 120_00), (T.ADJUSTMENT, 80_00, "00", 80_00), (T.ADJUSTMENT, HOLD, "00", HOLD),
        (T.TIP, 120_00, "00", 120_00), (T.TIP, HOLD, "00", HOLD), (T.TIP, HOLD - 1, "13", HOLD),
        (T.TIP, 0, "13", HOLD), (T.ADJUSTMENT, 0, "13", HOLD), (T.ADJUSTMENT, OPENING + 1, "51", HOLD),
        (T.ADJUSTMENT, OPENING, "00", OPENING),
    ],
)  # fmt: skip
def test_an_adjustment_sets_what_is_booked_and_a_tip_never_lowers_it(
    bank: Bank, sale: Transaction, change: Transaction, amount: int, code: str, booked: int
) -> None:
    bank.ask(sale, HOLD, 6)
    assert bank.change_sale(change, amount).code == code
    assert money(bank) == (OPENING - booked, 0, booked)


def test_an_adjusted_sale_is_voided_by_what_it_is_now(bank: Bank) -> None:
    bank.sell()
    bank.change_sale(T.ADJUSTMENT, 80_00)
    assert bank.void_sale(HOLD).code == "64"
    assert bank.void_sale(80_00, trace=10).code == "00"
    assert bank.change_sale(T.ADJUSTMENT, HOLD, trace=11).code == "25"


def test_an_adjusted_sale_is_reversed_whole_by_the_amount_that_was_asked(bank: Bank) -> None:
    bank.sell()
    bank.change_sale(T.TIP, 120_00)
    assert bank.reverse(T.SALE, 6).code == "00"
    assert money(bank) == (OPENING, 0, 0)
    assert bank.change_sale(T.TIP, 120_00, trace=11).code == "25"


def test_an_adjustment_finds_its_sale_by_batch_trace_and_card_before_it_is_settled(bank: Bank) -> None:
    bank.ledger.open_account("debit", OPENING)
    bank.sell()
    assert bank.change_sale(T.ADJUSTMENT, 1, trace=10, original_trace="000009").code == "25"
    assert bank.change_sale(T.ADJUSTMENT, 1, trace=11, original_batch="000009").code == "25"
    assert bank.change_sale(T.ADJUSTMENT, 1, trace=12, card="debit").code == "14"
    Settlement(bank.ledger, cn_market()).end(MERCHANT, TERMINAL, BATCH, 0, balanced=True)
    assert bank.change_sale(T.ADJUSTMENT, 1, trace=13).code == "25"
    assert bank.account(CARD).booked == HOLD
