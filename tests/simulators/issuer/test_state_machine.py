"""facts/unionpay-pos 5.20 as a table: each event on each record, what the host answers, and what the hold is then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocols.transactions import Transaction
from tests.simulators.issuer.bank import HOLD, OPENING, Bank

T = Transaction
RECORDS: dict[str, tuple[Callable[[Bank], object], ...]] = {
    "nothing": (),
    "open": (Bank.preauth,),
    "cancelled": (Bank.preauth, Bank.cancel),
    "reversed": (Bank.preauth, lambda bank: bank.reverse(T.PREAUTH, 1)),
    "completed": (Bank.preauth, Bank.complete),
    "voided": (Bank.preauth, Bank.complete, Bank.void),
    "cancel undone": (Bank.preauth, Bank.cancel, lambda bank: bank.reverse(T.CANCEL, 3)),
    "completion undone": (Bank.preauth, Bank.complete, lambda bank: bank.reverse(T.COMPLETION, 2)),
    "void undone": (Bank.preauth, Bank.complete, Bank.void, lambda bank: bank.reverse(T.COMPLETION_VOID, 4)),
}
EVENTS: dict[str, Callable[[Bank], object]] = {
    "undo pre-auth": lambda bank: bank.reverse(T.PREAUTH, 1),
    "cancel": lambda bank: bank.cancel(trace=13),
    "undo cancel": lambda bank: bank.reverse(T.CANCEL, 3),
    "complete": lambda bank: bank.complete(trace=12),
    "undo completion": lambda bank: bank.reverse(T.COMPLETION, 2),
    "void": lambda bank: bank.void(trace=14),
    "undo void": lambda bank: bank.reverse(T.COMPLETION_VOID, 4),
}
TABLE = """
record           |undo pre-auth|cancel      |undo cancel |complete    |undo completion|void        |undo void
nothing          |00 none      |25 none     |00 none     |25 none     |00 none        |25 none     |00 none
open             |00 reversed  |00 cancelled|00 open     |00 completed|00 open        |25 open     |00 open
cancelled        |25 cancelled |25 cancelled|00 open     |25 cancelled|00 cancelled   |25 cancelled|00 cancelled
reversed         |25 reversed  |25 reversed |00 reversed |25 reversed |00 reversed    |25 reversed |00 reversed
completed        |25 completed |25 completed|00 completed|25 completed|00 open        |00 open     |00 completed
voided           |00 reversed  |00 cancelled|00 open     |00 completed|25 open        |25 open     |00 completed
cancel undone    |00 reversed  |00 cancelled|25 open     |00 completed|00 open        |25 open     |00 open
completion undone|00 reversed  |00 cancelled|00 open     |00 completed|25 open        |25 open     |00 open
void undone      |25 completed |25 completed|00 completed|25 completed|00 open        |00 open     |25 completed
"""
MONEY = {  # state of the one hold: available, held, booked
    "none": (OPENING, 0, 0),
    "open": (OPENING - HOLD, HOLD, 0),
    "completed": (OPENING - HOLD, 0, HOLD),
    "cancelled": (OPENING, 0, 0),
    "reversed": (OPENING, 0, 0),
}


def rows() -> list[tuple[str, str, str, str]]:
    head, *lines = (line.split("|") for line in TABLE.strip().splitlines())
    return [
        (line[0].strip(), event.strip(), *cell.split())  # type: ignore[misc]
        for line in lines
        for event, cell in zip(head[1:], line[1:], strict=True)
    ]


@pytest.mark.parametrize(("record", "event", "code", "after"), rows(), ids=lambda value: str(value).replace(" ", "-"))
def test_an_event_on_a_record_is_answered_and_moves_the_hold_as_the_table_says(
    bank: Bank, record: str, event: str, code: str, after: str
) -> None:
    for step in RECORDS[record]:
        assert step(bank).code == "00"  # type: ignore[attr-defined]
    decided = EVENTS[event](bank)
    assert (decided.code, bank.state()) == (code, after)  # type: ignore[attr-defined]
    account = bank.account()
    assert (account.available, account.held, account.booked) == MONEY[after]


def test_a_reversed_completion_void_leaves_the_hold_completed_so_that_a_second_completion_is_refused(
    bank: Bank,
) -> None:
    """The trap of 5.20: one host leaves the pre-authorisation open here."""
    for step in RECORDS["void undone"]:
        step(bank)
    assert bank.complete(trace=20).code == "25"
    assert bank.account().booked == HOLD


def test_the_reversal_of_a_void_is_refused_when_its_hold_was_completed_anew_since(bank: Bank) -> None:
    """Else one hold would be booked twice."""
    for step in RECORDS["voided"]:
        step(bank)
    assert bank.complete(trace=5).code == "00"
    assert bank.reverse(T.COMPLETION_VOID, 4).code == "25"
    assert (bank.account().booked, bank.state()) == (HOLD, "completed")


@pytest.mark.parametrize("record", ["open", "completed", "cancelled", "voided"])
def test_a_repeated_reversal_is_answered_25_and_moves_nothing(bank: Bank, record: str) -> None:
    for step in RECORDS[record]:
        step(bank)
    last = {"open": (T.PREAUTH, 1), "completed": (T.COMPLETION, 2), "cancelled": (T.CANCEL, 3)}
    transaction, trace = last.get(record, (T.COMPLETION_VOID, 4))
    assert bank.reverse(transaction, trace).code == "00"
    before = bank.account()
    assert [bank.reverse(transaction, trace).code for _ in range(3)] == ["25"] * 3
    assert bank.account() == before
