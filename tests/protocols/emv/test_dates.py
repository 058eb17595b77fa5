"""Dates without a century. EMV Book 4, 6.7.3."""

from __future__ import annotations

import pytest

from protocols.emv.dates import full_date, month_over


@pytest.mark.parametrize(
    ("short", "full"), [("000101", "20000101"), ("491231", "20491231"), ("500101", "19500101"), ("991231", "19991231")]
)
def test_years_from_50_on_are_of_the_last_century(short: str, full: str) -> None:
    assert full_date(short) == full


@pytest.mark.parametrize("date", ["", "26010", "2601011", "26010x", "２60101"])
def test_what_is_no_date_is_refused(date: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        full_date(date)


@pytest.mark.parametrize(
    ("month", "today", "over"),
    [
        ("0126", "260131", False),
        ("0126", "260201", True),
        ("1225", "260101", True),
        ("0127", "261231", False),
        ("1299", "260101", True),
        ("0149", "991231", False),
        ("0026", "260101", True),
        ("1326", "260101", True),
        ("FF26", "260101", True),
    ],
)
def test_a_month_counts_to_its_last_day(month: str, today: str, over: bool) -> None:
    assert month_over(month, today) is over
