"""Totals, reconciliation, uploads and the end of a batch. facts/unionpay-pos 2.3, 3.3; cases.md 12."""

from __future__ import annotations

import pytest

from protocols.totals import Totals
from protocols.transactions import Transaction
from simulators.issuer.settlement import Detail, Settlement
from tests.simulators.issuer.bank import BATCH, CARD, HOLD, OPENING, Bank
from tests.simulators.kit import MERCHANT, TERMINAL, cn_market

T = Transaction
KEY = (MERCHANT, TERMINAL, BATCH)


@pytest.fixture
def settlement(bank: Bank) -> Settlement:
    return Settlement(bank.ledger, cn_market())


def test_pre_authorisations_increments_and_cancels_count_nothing(bank: Bank, settlement: Settlement) -> None:
    """cases.md 195."""
    bank.preauth()
    bank.increment()
    bank.cancel(2 * HOLD)
    bank.preauth(trace=20)
    bank.ask(T.BALANCE, 0, 21)
    assert settlement.totals(*KEY) == Totals(0, 0, 0, 0)


def test_a_completion_and_its_void_are_a_debit_and_a_credit(bank: Bank, settlement: Settlement) -> None:
    """cases.md 196."""
    bank.preauth()
    bank.complete(60_00)
    assert settlement.totals(*KEY) == Totals(60_00, 1, 0, 0)
    bank.void(60_00)
    assert settlement.totals(*KEY) == Totals(60_00, 1, 60_00, 1)


def test_what_was_reversed_or_refused_counts_nothing(bank: Bank, settlement: Settlement) -> None:
    bank.preauth()
    bank.complete(60_00)
    bank.void(60_00)
    bank.reverse(T.COMPLETION_VOID, 4, 60_00)
    assert settlement.totals(*KEY) == Totals(60_00, 1, 0, 0)
    bank.reverse(T.COMPLETION, 2, 60_00)
    bank.complete(115_01, trace=30)
    assert settlement.totals(*KEY) == Totals(0, 0, 0, 0)


def test_every_kind_counts_on_its_side(bank: Bank, settlement: Settlement) -> None:
    bank.preauth(trace=1)
    bank.advise(1_00, trace=2)
    bank.sell(2_00, trace=3)
    bank.ask(T.OFFLINE_SALE, 4_00, 4)
    bank.sell(8_00, trace=5)
    bank.void_sale(8_00, trace=6, sale=5)
    bank.refund(50, trace=7, of=3)
    assert settlement.totals(*KEY) == Totals(15_00, 4, 8_50, 2)


def test_a_part_counts_as_a_part_and_an_adjusted_sale_as_adjusted(bank: Bank, settlement: Settlement) -> None:
    bank.sell(most=60_00)
    assert settlement.totals(*KEY) == Totals(60_00, 1, 0, 0)
    bank.change_sale(T.TIP, 66_00)
    assert settlement.totals(*KEY) == Totals(66_00, 1, 0, 0)


@pytest.mark.parametrize(
    "other", [("X" * 15, TERMINAL, BATCH), (MERCHANT, "50080002", BATCH), (MERCHANT, TERMINAL, "9")]
)
def test_a_batch_is_one_terminal_s_own(bank: Bank, settlement: Settlement, other: tuple[str, str, str]) -> None:
    bank.sell()
    assert settlement.totals(*other) == Totals()


def test_equal_totals_are_balanced_however_often_they_are_asked(bank: Bank, settlement: Settlement) -> None:
    """cases.md 197, 201."""
    bank.sell()
    for _ in range(2):
        found = settlement.reconcile(*KEY, Totals(HOLD, 1, 0, 0))
        assert (found.flag, found.own) == ("1", Totals(HOLD, 1, 0, 0))


@pytest.mark.parametrize(
    "claimed", [Totals(HOLD - 1, 1), Totals(HOLD, 2), Totals(HOLD, 1, 1), Totals(HOLD, 1, 0, 1), Totals()]
)
def test_other_totals_are_unbalanced_and_both_are_told(bank: Bank, settlement: Settlement, claimed: Totals) -> None:
    """cases.md 198."""
    bank.sell()
    found = settlement.reconcile(*KEY, claimed)
    assert (found.flag, found.own) == ("2", Totals(HOLD, 1))
    assert found.reason == f"claimed {claimed}; here debit 10000 in 1, credit 0 in 0"


def test_a_closed_batch_is_an_error_and_its_end_may_come_again(bank: Bank, settlement: Settlement) -> None:
    """cases.md 199."""
    bank.sell()
    assert settlement.end(*KEY, 0, balanced=True).reason == f"batch {BATCH} closed, balanced"
    found = settlement.reconcile(*KEY, Totals(HOLD, 1))
    assert (found.flag, found.reason) == ("3", f"batch {BATCH} was closed before")
    again = settlement.end(*KEY, 0, balanced=True)
    assert (again.code, again.reason) == ("00", f"batch {BATCH} was closed before")
    assert settlement.upload(*KEY, [Detail("000006", HOLD, CARD)])[0].reason == f"batch {BATCH} was closed before"
    assert settlement.reconcile(MERCHANT, TERMINAL, "000002", Totals()).flag == "1"


def test_uploaded_records_are_held_against_the_books_one_by_one(bank: Bank, settlement: Settlement) -> None:
    """cases.md 202: the wrong one is named, and the others are taken."""
    bank.ledger.open_account("debit", OPENING)
    bank.preauth(trace=1)
    bank.complete(trace=2)
    bank.sell(trace=6)
    found = settlement.upload(
        *KEY,
        [
            Detail("000002", HOLD, CARD), Detail("000006", HOLD - 1, CARD), Detail("000006", HOLD, "debit"),
            Detail("000007", HOLD, CARD), Detail("000001", HOLD, CARD), Detail("000006", HOLD, CARD),
        ],
    )  # fmt: skip
    assert [(one.trace, one.matched, one.reason) for one in found] == [
        ("000002", True, "completion of 10000"),
        ("000006", False, "trace 000006 is of 10000, not 9999"),
        ("000006", False, "trace 000006 is of another card"),
        ("000007", False, "trace 000007 unknown in this batch; nearest 000006"),
        ("000001", False, "trace 000001 unknown in this batch; nearest 000002"),
        ("000006", True, "sale of 10000"),
    ]
    ended = settlement.end(*KEY, 6, balanced=False)
    assert (ended.code, ended.reason) == ("00", f"batch {BATCH} closed, unbalanced: 6 records uploaded, 2 matched")


def test_a_record_uploaded_again_counts_once(bank: Bank, settlement: Settlement) -> None:
    bank.sell()
    for _ in range(2):
        assert settlement.upload(*KEY, [Detail("000006", HOLD, CARD)])[0].matched
    assert "1 matched" in settlement.end(*KEY, 1, balanced=False).reason


def test_nothing_matches_where_nothing_was_booked(settlement: Settlement) -> None:
    (one,) = settlement.upload(*KEY, [Detail("000001", 1, CARD)])
    assert one.reason == "trace 000001 unknown in this batch; nothing was booked in it"
