"""F48: totals of a settlement, records and end of a batch upload."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import (
    BatchEnd,
    BatchRecord,
    BatchRecords,
    CodecError,
    PackError,
    Settlement,
    TotalsRow,
    UnpackError,
)
from tests.protocols.samples import OTHER_PAN, PAN, pans

PUBLIC = "00000000001101100000000000200210000000000000000000000000000001"
"""F48 of a public 0510, from the test data of a POS kit: 11 debits, 2 credits, balanced."""
amounts, counts = st.integers(0, 10**12 - 1), st.integers(0, 999)
totals = st.builds(TotalsRow, amounts, counts, amounts, counts, st.sampled_from("0123"))
records = st.builds(
    BatchRecord, st.text("0123456789", min_size=6, max_size=6), pans, amounts, st.sampled_from(["00", "01"])
)


def test_a_public_settlement_reply_is_read() -> None:
    assert Settlement.parse(PUBLIC) == Settlement(TotalsRow(11, 11, 2, 2, "1"), TotalsRow(flag="1"))
    assert Settlement.parse(PUBLIC).pack() == PUBLIC


def test_totals_lie_as_the_facts_say() -> None:
    """facts/unionpay-pos 2.3: the flags stand at digits 31 and 62."""
    digits = Settlement(TotalsRow(1150, 2, 300, 1, "2"), TotalsRow(7, 1, 0, 0, "3")).pack()
    assert digits == "00000000115000200000000030000120000000000070010000000000000003"
    assert (digits[30], digits[61], len(digits)) == ("2", "3", 62)


def test_a_request_of_nothing_is_all_zeros() -> None:
    assert Settlement(TotalsRow()).pack() == "0" * 62


@given(totals, totals)
def test_totals_come_back(domestic: TotalsRow, foreign: TotalsRow) -> None:
    assert Settlement.parse(Settlement(domestic, foreign).pack()) == Settlement(domestic, foreign)


def test_a_record_lies_as_the_facts_say() -> None:
    record = BatchRecord("000123", PAN, 115000)
    assert record.pack() == "00" + "000123" + "0000" + PAN + "000000115000"
    assert BatchRecords((record,)).pack() == "01" + record.pack()


@given(st.lists(records, min_size=1, max_size=8))
def test_up_to_eight_records_come_back(given_records: list[BatchRecord]) -> None:
    batch = BatchRecords(tuple(given_records))
    assert len(batch.pack()) == 2 + 40 * len(given_records)
    assert BatchRecords.parse(batch.pack()) == batch


def test_a_record_never_shows_its_card() -> None:
    assert PAN not in repr(BatchRecords((BatchRecord("000123", PAN, 1), BatchRecord("000124", OTHER_PAN, 1))))


@given(st.integers(0, 9999))
def test_the_end_of_a_batch_counts_its_records(count: int) -> None:
    assert BatchEnd(count).pack() == f"{count:04d}"
    assert BatchEnd.parse(f"{count:04d}") == BatchEnd(count)


ONE = BatchRecord("000123", PAN, 1)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (TotalsRow(debit=10**12), "does not fit in 12 digits"),
        (TotalsRow(debit_count=1000), "does not fit in 3 digits"),
        (TotalsRow(credit=-1), "does not fit in 12 digits"),
        (TotalsRow(flag=""), "flag: it is one digit"),
        (TotalsRow(flag="A"), "flag: it is one digit"),
        (TotalsRow(flag="11"), "flag: it is one digit"),
        (BatchRecord("123", PAN, 1), "card class and trace are 2 and 6 digits"),
        (BatchRecord("000123", PAN, 1, "0"), "card class and trace are 2 and 6 digits"),
        (BatchRecord("000123", "1" * 21, 1), "a PAN at most 20"),
        (BatchRecord("000123", PAN, 10**12), "does not fit in 12 digits"),
        (BatchRecords((ONE,) * 9), "9 records are more than 8"),
        (BatchEnd(10000), "does not fit in 4 digits"),
    ],
)
def test_what_does_not_fit_is_refused(value: TotalsRow | BatchRecord | BatchRecords | BatchEnd, problem: str) -> None:
    with pytest.raises(PackError, match=problem) as caught:
        value.pack()
    assert PAN not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "digits", "problem"),
    [
        (Settlement, "0" * 61, "61 digits instead of 62"),
        (Settlement, "0" * 31, "31 digits instead of 62"),
        (TotalsRow, "0" * 30, "30 digits instead of 31"),
        (TotalsRow, "0" * 12 + "00A" + "0" * 16, "debit count: it is no number"),
        (BatchRecord, PAN, "a record has 16 digits instead of 40"),
        (BatchRecord, ONE.pack()[:-1] + "F", "it is no number"),
        (BatchRecords, "02" + ONE.pack(), "it says 2 records, 40 digits follow"),
        (BatchRecords, "01", "it says 1 records, 0 digits follow"),
        (BatchRecords, "", "it is no number"),
        (BatchRecords, "0", "it says 0 records"),
        (BatchRecords, "00", r"it says 0 records \(1 to 8 go in one message\)"),
        (BatchRecords, "09" + 9 * ONE.pack(), r"it says 9 records \(1 to 8 go in one message\)"),
        (BatchEnd, "001", "3 digits instead of 4"),
    ],
)
def test_what_is_none_is_refused_without_showing_it(
    kind: type[Settlement | TotalsRow | BatchRecord | BatchRecords | BatchEnd], digits: str, problem: str
) -> None:
    with pytest.raises(UnpackError, match=problem) as caught:
        kind.parse(digits)
    assert PAN not in str(caught.value)
    assert caught.value.path[0] == "F48"


@given(st.text("0123456789", max_size=322))
def test_any_digits_are_a_batch_or_a_codec_error(digits: str) -> None:
    try:
        batch = BatchRecords.parse(digits)
    except CodecError:
        return
    assert batch.pack() == digits
