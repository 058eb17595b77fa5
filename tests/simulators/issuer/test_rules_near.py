"""When an original is not found, the nearest miss is named. cases.md 44, 45, 57, 67."""

from __future__ import annotations

import pytest

from protocols.transactions import Transaction
from simulators.issuer.decisions.near import nearest_number
from tests.simulators.issuer.bank import HOLD, OPENING, Bank
from tests.simulators.kit import TERMINAL

T = Transaction


@pytest.fixture
def many(bank: Bank) -> Bank:
    """Holds 000123 and 000132 of today, 000200 of yesterday."""
    bank.ledger.open_account("debit", OPENING)
    bank.days_go_by(-1)
    for trace, code in ((1, 200), (2, 123), (3, 132)):
        bank.rules._books._approvals = code - 1
        assert bank.preauth(1_00, trace=trace).code == "00"
        bank.days_go_by(trace == 1)
    return bank


@pytest.mark.parametrize(
    ("changes", "near"),
    [
        ({"approval": "000124"}, "nearest 000123"),
        ({"approval": "000312"}, "nearest 000132"),
        ({"approval": "000201"}, "nearest 000200 of 06-14"),
        ({"approval": ""}, "nearest 000132"),
        ({"approval": "ABCDEF"}, "nearest 000132"),
        ({"approval": "000200"}, "000200 is of 06-14"),
        ({"approval": "000123", "original_day": "0613"}, "000123 is of 06-15"),
        ({"approval": "000123", "merchant": "X" * 15}, "000123 of 06-15 belongs to another merchant"),
        ({"approval": "000123", "card": "debit"}, "000123 of 06-15 is of another card"),
        ({"approval": "000124", "card": "debit"}, "this card has no hold"),
    ],
)
def test_a_hold_that_is_not_found_has_a_nearest_miss(many: Bank, changes: dict[str, str], near: str) -> None:
    values = {"original_day": "0615", **changes}
    for ask in (many.complete, many.cancel, many.increment, many.advise):
        decided = ask(1_00, trace=50, **values)
        assert (decided.code, decided.near) == ("25", near)
        code, day = values["approval"] or "missing", f"{values['original_day'][:2]}-{values['original_day'][2:]}"
        assert decided.reason == f"F38 {code} unknown for this card on {day}; {near}"


def test_a_date_that_is_none_is_said_to_be_none(many: Bank) -> None:
    assert many.complete(1_00, trace=50, original_day="0230").reason.startswith(
        "F38 000132 unknown for this card on no date"
    )


def test_a_hold_that_ended_is_named_with_its_end(many: Bank) -> None:
    many.reverse(T.PREAUTH, 3, 1_00)
    decided = many.complete(1_00, trace=50)
    assert (decided.code, decided.near) == ("25", "hold 000132 of 06-15 is reversed")


@pytest.mark.parametrize(
    ("changes", "near"),
    [
        ({"original_trace": "000003"}, "nearest trace 000002"),
        ({"original_trace": "000001"}, "that trace is a pre-authorisation"),
        ({"original_batch": "000009"}, "trace 000002 is of batch 000001"),
        ({"original_batch": "000009", "original_trace": "000003"}, "nearest trace 000002 of batch 000001"),
        ({"terminal": "50080002"}, f"terminal {TERMINAL} has that trace"),
        ({"terminal": "50080002", "original_trace": "000009"}, "this terminal has no completion"),
        ({"original_trace": ""}, "nearest trace 000002"),
    ],
)
def test_a_completion_that_is_not_found_has_a_nearest_miss(bank: Bank, changes: dict[str, str], near: str) -> None:
    bank.preauth()
    bank.complete()
    decided = bank.void(trace=50, **changes)
    assert (decided.code, decided.near) == ("25", near)
    assert decided.reason.endswith(f"; {near}")
    assert bank.account().booked == HOLD


@pytest.mark.parametrize(
    ("wanted", "there", "nearest"),
    [
        ("000123", ["000132", "000124"], "000124"),
        ("000123", ["000132"], "000132"),
        ("000100", ["000200", "000110"], "000110"),
        ("000100", ["000101", "000099", "000102"], "000101"),
        ("5", ["000005"], "000005"),
        ("x", ["1", "2"], "1"),
        ("000001", [], ""),
    ],
)
def test_nearest_is_the_fewest_other_digits_then_the_smallest_difference_then_the_first(
    wanted: str, there: list[str], nearest: str
) -> None:
    assert nearest_number(wanted, there) == nearest
