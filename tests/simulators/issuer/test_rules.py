"""Who may complete, cancel and void what, until when and for how much. facts/unionpay-pos 5.1-5.9, 5.16, 5.19."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from protocols.transactions import Transaction
from simulators.issuer.decisions.originals import day_of
from tests.simulators.issuer.bank import CARD, HOLD, OPENING, Bank
from tests.simulators.kit import cn_market

T = Transaction
LIMIT = HOLD * 115 // 100


# ── amounts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pre_authorisation_of_nothing_is_refused_with_13(bank: Bank) -> None:
    assert bank.preauth(0).code == "13"


def test_a_pre_authorisation_up_to_the_last_fen_is_held_and_one_above_is_refused_with_51(bank: Bank) -> None:
    assert bank.preauth(OPENING + 1, trace=1).code == "51"
    assert bank.preauth(OPENING, trace=2).code == "00"
    assert (bank.account().available, bank.account().held) == (0, OPENING)


@pytest.mark.parametrize(("amount", "code"), [(0, "13"), (1, "00"), (HOLD, "00"), (LIMIT, "00"), (LIMIT + 1, "64")])
def test_a_completion_is_accepted_up_to_the_limit_exactly(bank: Bank, amount: int, code: str) -> None:
    bank.preauth()
    assert bank.complete(amount).code == code
    booked = amount if code == "00" else 0
    held = 0 if code == "00" else HOLD
    account = bank.account()
    assert (account.available, account.held, account.booked) == (OPENING - held - booked, held, booked)


def test_the_limit_of_an_odd_amount_is_rounded_down(bank: Bank) -> None:
    """115 % of 33.33 is 38.3295."""
    bank.preauth(33_33)
    assert bank.complete(38_33, trace=2).code == "64"
    assert bank.complete(38_32, trace=3).code == "00"


def test_what_a_completion_books_above_the_hold_must_be_available(books: Path | str) -> None:
    bank = Bank(books, cn_market(), opening=HOLD + 10)
    bank.preauth()
    assert bank.complete(HOLD + 11, trace=2).code == "51"
    assert bank.complete(HOLD + 10, trace=3).code == "00"
    assert bank.account().available == 0
    bank.close()


def test_a_stricter_market_accepts_no_completion_above_the_hold_and_answers_with_its_own_code(
    books: Path | str,
) -> None:
    """5.1a: Chanjet."""
    bank = Bank(books, cn_market(completion={"limit_percent": 100, "over_limit_code": "C8"}))
    bank.preauth()
    assert bank.complete(HOLD + 1, trace=2).code == "C8"
    assert bank.complete(HOLD, trace=3).code == "00"
    bank.close()


def test_a_cancel_for_another_amount_is_refused_with_64(bank: Bank) -> None:
    bank.preauth()
    assert bank.cancel(HOLD - 1).code == "64"
    assert bank.state() == "open"


def test_a_void_for_another_amount_is_refused_with_64(bank: Bank) -> None:
    bank.preauth()
    bank.complete(60_00)
    assert bank.void(HOLD).code == "64"
    assert bank.account().booked == 60_00


def test_a_reversal_for_another_amount_is_refused_with_64(bank: Bank) -> None:
    bank.preauth()
    assert bank.reverse(T.PREAUTH, 1, amount=HOLD + 1).code == "64"
    assert bank.account().held == HOLD


@pytest.mark.parametrize("amount", [60_00, HOLD, LIMIT])
def test_a_void_gives_back_the_whole_hold_whatever_was_booked(bank: Bank, amount: int) -> None:
    bank.preauth()
    bank.complete(amount)
    assert bank.void(amount).code == "00"
    account = bank.account()
    assert (account.available, account.held, account.booked) == (OPENING - HOLD, HOLD, 0)


@pytest.mark.parametrize("amount", [60_00, HOLD, LIMIT])
def test_a_reversed_void_books_again_what_was_booked(bank: Bank, amount: int) -> None:
    bank.preauth()
    bank.complete(amount)
    bank.void(amount)
    assert bank.reverse(T.COMPLETION_VOID, 4, amount=amount).code == "00"
    account = bank.account()
    assert (account.available, account.held, account.booked) == (OPENING - amount, 0, amount)


# ── days ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("days", "code"), [(0, "00"), (1, "00"), (30, "00"), (31, "22"), (200, "22")])
def test_a_hold_can_be_completed_until_day_30_and_is_too_old_on_day_31(bank: Bank, days: int, code: str) -> None:
    bank.preauth()
    bank.days_go_by(days)
    assert bank.complete().code == code


@pytest.mark.parametrize(
    ("opened", "days", "code"),
    [
        (date(2026, 12, 31), 1, "00"),
        (date(2026, 12, 20), 30, "00"),
        (date(2026, 12, 20), 31, "22"),
        (date(2028, 2, 29), 1, "00"),
        (date(2028, 2, 29), 30, "00"),
        (date(2028, 2, 29), 31, "22"),
        (date(2028, 2, 28), 30, "00"),
    ],
    ids=str,
)
def test_days_are_counted_over_new_year_and_over_a_leap_day(bank: Bank, opened: date, days: int, code: str) -> None:
    """5.3: one host prefixes this year's number to any date and so miscounts over new year."""
    bank.today = opened
    bank.preauth()
    bank.days_go_by(days)
    assert bank.complete().code == code


def test_a_cancel_may_come_on_a_later_day(bank: Bank) -> None:
    """5.6."""
    bank.preauth()
    bank.days_go_by(40)
    assert bank.cancel().code == "00"


def test_a_completion_can_be_voided_on_its_own_day_only(bank: Bank) -> None:
    """5.8."""
    bank.preauth()
    bank.complete()
    bank.days_go_by(1)
    assert bank.void().code == "25"
    bank.days_go_by(-1)
    assert bank.void(trace=5).code == "00"


@pytest.mark.parametrize(
    ("mmdd", "today", "found"),
    [
        ("0615", date(2026, 6, 15), "2026-06-15"),
        ("0616", date(2026, 6, 15), "2025-06-16"),
        ("1231", date(2027, 1, 1), "2026-12-31"),
        ("0101", date(2027, 1, 1), "2027-01-01"),
        ("0229", date(2028, 2, 29), "2028-02-29"),
        ("0229", date(2028, 2, 28), "2024-02-29"),
        ("0229", date(2029, 3, 1), "2028-02-29"),
        ("0229", date(2030, 3, 1), "2028-02-29"),
        ("0229", date(2031, 3, 1), "2028-02-29"),
        ("0229", date(2103, 3, 1), "2096-02-29"),
        ("0230", date(2028, 3, 1), ""),
        ("1301", date(2028, 3, 1), ""),
        ("0000", date(2028, 3, 1), ""),
        ("", date(2028, 3, 1), ""),
    ],
    ids=str,
)
def test_a_date_without_a_year_means_the_last_such_day(mmdd: str, today: date, found: str) -> None:
    assert day_of(mmdd, today) == found


# ── matching ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "changes",
    [{"approval": "999999"}, {"approval": ""}, {"original_day": "0614"}, {"original_day": ""}, {"merchant": "X" * 15}],
    ids=["other code", "no code", "other day", "no day", "other merchant"],
)
def test_a_hold_is_found_by_code_day_and_merchant_or_else_25(bank: Bank, changes: dict[str, str]) -> None:
    """5.5."""
    bank.preauth()
    assert bank.complete(trace=2, **changes).code == "25"
    assert bank.cancel(trace=3, **changes).code == "25"
    assert bank.state() == "open"


def test_another_card_finds_no_hold(bank: Bank) -> None:
    bank.ledger.open_account("debit", OPENING)
    bank.preauth()
    assert bank.complete(trace=2, card="debit").code == "25"
    assert bank.cancel(trace=3, card="debit").code == "25"


def test_a_void_with_another_card_is_refused_with_14(bank: Bank) -> None:
    """5.8."""
    bank.ledger.open_account("debit", OPENING)
    bank.preauth()
    bank.complete()
    assert bank.void(card="debit").code == "14"


def test_a_reversal_with_another_card_is_refused_with_14(bank: Bank) -> None:
    """5.20."""
    bank.ledger.open_account("debit", OPENING)
    bank.preauth()
    assert bank.reverse(T.PREAUTH, 1, card="debit").code == "14"
    assert bank.account().held == HOLD


def test_a_reversal_that_names_no_card_is_matched_by_its_trace(bank: Bank) -> None:
    bank.preauth()
    assert bank.reverse(T.PREAUTH, 1, card="").code == "00"


def test_a_void_names_its_completion_by_batch_and_trace(bank: Bank) -> None:
    bank.preauth()
    bank.complete()
    assert bank.void(trace=4, original_trace="000001").code == "25"  # that is the pre-authorisation
    assert bank.void(trace=5, original_batch="000009").code == "25"
    assert bank.void(trace=6).code == "00"


def test_a_padded_authorisation_code_matches(bank: Bank) -> None:
    bank.preauth()
    assert bank.complete(approval=f"{bank.approval} ").code == "00"


# ── duplicates and reversals out of order ─────────────────────────────────────────────────────────────────────────


def test_a_used_trace_is_refused_with_94_and_moves_nothing(bank: Bank) -> None:
    """5.16."""
    bank.preauth()
    assert bank.preauth(trace=1).code == "94"
    assert bank.complete(trace=1).code == "94"
    assert bank.account().held == HOLD


def test_a_declined_request_does_not_use_up_its_trace(bank: Bank) -> None:
    assert bank.preauth(OPENING + 1).code == "51"
    assert bank.preauth().code == "00"


@pytest.mark.parametrize("changes", [{"terminal": "50080002"}, {"merchant": "M" * 15}, {"batch": "000002"}])
def test_a_trace_belongs_to_its_terminal_merchant_and_batch(bank: Bank, changes: dict[str, str]) -> None:
    bank.preauth()
    assert bank.ask(T.PREAUTH, HOLD, 1, **changes).code == "00"


def test_a_reversal_before_its_original_is_answered_00_and_blocks_the_original(bank: Bank) -> None:
    """5.19, a guess of the facts: settle the pair in either order."""
    assert bank.reverse(T.PREAUTH, 1).code == "00"
    assert bank.reverse(T.PREAUTH, 1).code == "00"
    assert bank.preauth(trace=1).code == "12"
    assert bank.account().held == 0
    assert bank.preauth(trace=2).code == "00"


# ── money that has gone meanwhile ─────────────────────────────────────────────────────────────────────────────────


def test_a_reversed_cancel_puts_the_hold_back_even_when_the_money_has_been_spent(bank: Bank) -> None:
    """A reversal cannot be refused for lack of funds: the account is overdrawn then, and the sum still right."""
    bank.preauth(OPENING)
    bank.cancel(OPENING)
    first = bank.approval
    bank.preauth(OPENING, trace=5)
    assert bank.reverse(T.CANCEL, 3, amount=OPENING).code == "00"
    account = bank.account()
    assert (account.available, account.held, account.booked) == (-OPENING, 2 * OPENING, 0)
    assert first != bank.approval


def test_a_hold_of_an_overdrawn_account_can_be_completed_in_full_and_not_above(bank: Bank) -> None:
    """What is held is there, whatever became of the rest."""
    bank.preauth(OPENING)
    bank.cancel(OPENING)
    bank.preauth(OPENING, trace=5)
    bank.reverse(T.CANCEL, 3, amount=OPENING)
    assert bank.complete(OPENING + 1, trace=6).code == "51"
    assert bank.complete(OPENING, trace=7).code == "00"


def test_an_overdrawn_account_holds_nothing_more(bank: Bank) -> None:
    bank.preauth(OPENING)
    bank.cancel(OPENING)
    bank.preauth(OPENING, trace=5)
    bank.reverse(T.CANCEL, 3, amount=OPENING)
    assert bank.preauth(1, trace=6).code == "51"


def test_a_voided_part_completion_is_held_in_full_even_when_the_rest_has_been_spent(bank: Bank) -> None:
    bank.preauth(OPENING)
    bank.complete(1)
    bank.preauth(OPENING - 1, trace=5)
    assert bank.void(1).code == "00"
    assert bank.account().held == 2 * OPENING - 1


def test_postings_of_a_decision_are_told_with_the_account_after_each(bank: Bank) -> None:
    bank.preauth()
    decided = bank.complete(LIMIT)
    assert [(p.kind, p.amount) for p in decided.postings] == [("book", HOLD), ("book", LIMIT - HOLD)]
    assert decided.postings[-1].account == bank.account(CARD)


@pytest.mark.parametrize(
    ("amount", "moves"),
    [
        (60_00, [("unbook", 60_00, (940_00, 60_00, 0)), ("hold", 40_00, (900_00, 100_00, 0))]),
        (LIMIT, [("unbook", HOLD, (885_00, 100_00, 15_00)), ("unbook", 15_00, (900_00, 100_00, 0))]),
    ],
)
def test_a_void_moves_what_was_booked_straight_back_to_the_hold_and_the_rest_to_the_account(
    bank: Bank, amount: int, moves: list[tuple[str, int, tuple[int, int, int]]]
) -> None:
    bank.preauth()
    bank.complete(amount)
    found = bank.void(amount).postings
    assert [(p.kind, p.amount, (p.account.available, p.account.held, p.account.booked)) for p in found] == moves
