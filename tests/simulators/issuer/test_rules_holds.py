"""A hold that changes: increments, the issuer's own acts, expiry; and the limits of who may hold. cases.md 5."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from protocols.transactions import Transaction
from tests.simulators.issuer.bank import CARD, HOLD, OPENING, Bank
from tests.simulators.kit import cn_market

T = Transaction


@pytest.fixture
def held(bank: Bank) -> Iterator[Bank]:
    bank.preauth()
    yield bank
    bank.ledger.audit()


def test_an_increment_adds_to_the_same_hold_under_the_same_code(held: Bank) -> None:
    """cases.md 69, 76."""
    decided = held.increment(50_00)
    assert decided.hold is not None
    assert (decided.code, decided.approval, decided.hold.amount) == ("00", held.approval, 150_00)
    assert (decided.hold_state, held.account().held) == ("open", 150_00)


def test_several_increments_are_completed_by_one_completion_of_the_sum_up_to_its_limit(held: Bank) -> None:
    """cases.md 71."""
    held.increment(50_00, trace=5)
    held.increment(50_00, trace=6)
    assert held.complete(230_01, trace=7).code == "64"
    assert held.complete(230_00, trace=8).code == "00"
    assert (held.account().held, held.account().booked) == (0, 230_00)


def test_a_declined_increment_leaves_the_hold_as_it_was(held: Bank) -> None:
    """cases.md 70."""
    assert held.increment(OPENING).code == "51"
    assert held.increment(0, trace=6).code == "13"
    assert (held.account().held, held.state()) == (HOLD, "open")


@pytest.mark.parametrize(("days", "code"), [(30, "00"), (31, "22")])
def test_an_increment_comes_while_the_hold_is_valid(held: Bank, days: int, code: str) -> None:
    """cases.md 72."""
    held.days_go_by(days)
    assert held.increment().code == code


@pytest.mark.parametrize("ended", ["cancel", "complete"])
def test_what_ended_is_not_incremented(held: Bank, ended: str) -> None:
    getattr(held, ended)()
    assert held.increment().code == "25"


def test_an_increment_after_expiry_is_too_old(held: Bank) -> None:
    held.days_go_by(31)
    held.rules.expire(held.today)
    assert held.increment().code == "22"


def test_a_cancel_is_of_the_total(held: Bank) -> None:
    held.increment(50_00)
    assert held.cancel(HOLD).code == "64"
    assert held.cancel(150_00, trace=6).code == "00"
    assert held.account().held == 0


def test_the_reversal_of_an_increment_removes_the_increment_only(held: Bank) -> None:
    """cases.md 77."""
    held.increment(50_00)
    decided = held.reverse(T.INCREMENT, 5, amount=50_00)
    assert decided.hold is not None
    assert (decided.code, decided.hold.amount, held.account().held) == ("00", HOLD, HOLD)
    assert held.reverse(T.INCREMENT, 5, amount=50_00).code == "25"
    assert held.cancel().code == "00"


def test_an_increment_of_what_ended_since_is_not_reversed(held: Bank) -> None:
    held.increment(50_00)
    held.complete()
    assert held.reverse(T.INCREMENT, 5, amount=50_00).code == "25"


def test_an_increment_is_not_reversed_below_what_the_issuer_left(held: Bank) -> None:
    held.increment(50_00)
    held.rules.adjust(CARD, held.approval, held.today, 50_00)
    decided = held.reverse(T.INCREMENT, 5, amount=50_00)
    assert (decided.code, held.account().held) == ("25", 50_00)
    assert "lowered" in decided.reason


def test_the_reversal_of_a_pre_authorisation_takes_its_increments_along(held: Bank) -> None:
    held.increment(50_00)
    assert held.reverse(T.PREAUTH, 1).code == "00"
    assert held.account().held == 0
    assert held.reverse(T.INCREMENT, 5, amount=50_00).code == "25"


@pytest.mark.parametrize(("extends", "code"), [(True, "00"), (False, "22")])
def test_an_increment_starts_the_days_anew_where_the_market_says_so(
    books: Path | str, extends: bool, code: str
) -> None:
    bank = Bank(books, cn_market(increment={"extends_validity": extends}))
    bank.preauth()
    bank.days_go_by(20)
    bank.increment()
    bank.days_go_by(30)
    assert bank.complete().code == code
    bank.close()


def test_the_total_of_a_hold_stays_within_the_market_s_most(books: Path | str) -> None:
    bank = Bank(books, cn_market(preauth={"most": 150_00}))
    bank.preauth()
    assert bank.increment(50_01).code == "61"
    assert bank.increment(50_00, trace=6).code == "00"
    bank.close()


def test_a_debit_account_holds_where_the_market_lets_it(bank: Bank) -> None:
    """5.14."""
    bank.ledger.open_account("debit", OPENING, "debit")
    assert bank.preauth(card="debit").code == "00"


def test_a_debit_account_may_be_refused_a_hold_and_not_a_sale(books: Path | str) -> None:
    bank = Bank(books, cn_market(preauth={"debit_allowed": False}))
    bank.ledger.open_account("debit", OPENING, "debit")
    assert bank.preauth(card="debit", trace=1).code == "57"
    assert bank.sell(card="debit", trace=2).code == "00"
    assert bank.preauth(trace=3).code == "00"
    bank.close()


def test_a_market_without_advice_refuses_it(books: Path | str) -> None:
    bank = Bank(books, cn_market(advice={"allowed": False}))
    bank.preauth()
    assert bank.advise().code == "40"
    assert bank.complete(trace=3).code == "00"
    bank.close()


def test_an_advice_that_comes_again_counts_once(held: Bank) -> None:
    """cases.md 50; 5.16: 94 is taken for accepted."""
    assert [held.advise().code for _ in range(3)] == ["00", "94", "94"]
    assert held.account().booked == HOLD


def test_a_refused_advice_that_comes_again_is_refused_again_and_not_called_a_duplicate(held: Bank) -> None:
    """Else the terminal would take it for accepted."""
    assert [held.advise(115_01).code for _ in range(2)] == ["64", "64"]


# ── the issuer's own acts ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("total", "limit"), [(60_00, 69_00), (200_00, 230_00), (1, 1)])
def test_the_issuer_changes_a_hold_and_its_limit_goes_with_it(held: Bank, total: int, limit: int) -> None:
    """cases.md 78, 245."""
    decided = held.rules.adjust(CARD, held.approval, held.today, total)
    assert decided.hold is not None
    assert (decided.code, decided.hold_state, decided.hold.amount, held.account().held) == ("00", "open", total, total)
    assert held.complete(limit + 1, trace=2).code == "64"
    assert held.complete(limit, trace=3).code == "00"


def test_the_merchant_cancels_a_lowered_hold_by_either_amount(held: Bank) -> None:
    """He knows the one on his slip, and may have been told the other."""
    held.rules.adjust(CARD, held.approval, held.today, 60_00)
    assert held.cancel(HOLD - 1, trace=3).code == "64"
    assert held.cancel(HOLD, trace=4).code == "00"
    assert held.reverse(T.CANCEL, 4).code == "00"
    assert held.account().held == 60_00
    assert held.cancel(60_00, trace=5).code == "00"


def test_the_issuer_raises_a_hold_as_far_as_there_is_money(held: Bank) -> None:
    assert held.rules.adjust(CARD, held.approval, held.today, OPENING + 1).code == "51"
    assert held.rules.adjust(CARD, held.approval, held.today, OPENING).code == "00"


@pytest.mark.parametrize(("days", "code"), [(35, "00"), (36, "22")])
def test_the_issuer_extends_a_hold_by_days(held: Bank, days: int, code: str) -> None:
    """cases.md 73."""
    decided = held.rules.adjust(CARD, held.approval, held.today, days=5)
    assert decided.postings == ()
    held.days_go_by(days)
    assert held.complete().code == code


@pytest.mark.parametrize(("days", "code"), [(30, "00"), (31, "22")])
def test_another_amount_leaves_the_days_of_a_hold_as_they_were(held: Bank, days: int, code: str) -> None:
    assert held.rules.adjust(CARD, held.approval, held.today, 60_00).code == "00"
    held.days_go_by(days)
    assert held.complete(60_00).code == code


@pytest.mark.parametrize("ended", ["cancel", "complete"])
def test_what_ended_is_not_changed_by_the_issuer_either(held: Bank, ended: str) -> None:
    getattr(held, ended)()
    assert held.rules.adjust(CARD, held.approval, held.today, 1).code == "25"


def test_an_unknown_hold_is_not_changed(held: Bank) -> None:
    assert held.rules.adjust(CARD, "999999", held.today, 1).code == "25"
    assert held.rules.adjust(CARD, held.approval, held.today, 0).code == "13"
    with pytest.raises(ConfigurationError, match="name one of them"):
        held.rules.adjust(CARD, held.approval, held.today)


def test_a_hold_expires_after_its_last_day_and_is_told_with_its_release(held: Bank) -> None:
    """cases.md 68."""
    held.days_go_by(30)
    assert held.rules.expire(held.today) == []
    held.days_go_by(1)
    (expired,) = held.rules.expire(held.today)
    assert (expired.hold_state, [(p.kind, p.amount) for p in expired.postings]) == ("expired", [("release", HOLD)])
    assert (held.account().held, held.state()) == (0, "expired")
    assert held.rules.expire(held.today) == []
    assert held.complete().code == "22"


def test_a_completion_voided_after_its_hold_expired_goes_back_to_the_account(books: Path | str) -> None:
    bank = Bank(books, cn_market(completion={"multiple": True}, completion_void={"same_day_only": False}))
    bank.preauth()
    bank.complete(60_00)
    bank.days_go_by(31)
    bank.rules.expire(bank.today)
    assert bank.void(60_00).code == "00"
    account = bank.account()
    assert (account.available, account.held, bank.state()) == (OPENING, 0, "expired")
    assert bank.reverse(T.COMPLETION_VOID, 4, 60_00).code == "25"
    bank.close()


def test_holds_of_retired_accounts_expire_no_more(held: Bank) -> None:
    held.ledger.retire_accounts()
    held.ledger.open_account("next", OPENING)
    held.preauth(trace=2, card="next")
    held.days_go_by(31)
    assert [decided.hold.card for decided in held.rules.expire(held.today) if decided.hold] == ["next"]
    assert held.account().held == HOLD


def test_authorisation_codes_start_anew_after_the_last(held: Bank) -> None:
    held.rules._books._approvals = 999_998
    assert [held.preauth(1, trace=trace).approval for trace in (2, 3)] == ["999999", "000001"]
    assert held.complete(1, approval="000001", trace=4).code == "00"  # the newest of that code and day
    assert held.ledger.holds.get(1).state == "open"
