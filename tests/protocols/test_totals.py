"""Totals: the figures of a batch."""

from __future__ import annotations

import pytest

from protocols.totals import Totals


def test_one_more_transaction_adds_its_amount_and_itself() -> None:
    assert Totals().plus_debit(5_00).plus_debit(2_00).plus_credit(3_00) == Totals(7_00, 2, 3_00, 1)


@pytest.mark.parametrize("more", [Totals(8, 2, 3, 1), Totals(7, 3, 3, 1), Totals(7, 2, 4, 1), Totals(7, 2, 3, 2)])
def test_each_figure_counts_when_two_are_compared(more: Totals) -> None:
    less = Totals(7, 2, 3, 1)
    assert less.at_most(less)
    assert less.at_most(more)
    assert not more.at_most(less)


def test_they_are_told_in_minor_units() -> None:
    assert str(Totals(7_00, 2, 3_00, 1)) == "debit 700 in 2, credit 300 in 1"
