"""facts/unionpay-pos 5.20 as tables, one a market: each event on each record, what the host answers, and what the hold
is then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.transactions import Transaction
from rigs.marketfile import load_market
from tests.simulators.issuer.bank import HOLD, OPENING, Bank
from tests.simulators.kit import cn_market

T = Transaction
Step = Callable[[Bank], Any]
RECORDS: dict[str, tuple[Step, ...]] = {
    "nothing": (),
    "open": (Bank.preauth,),
    "cancelled": (Bank.preauth, Bank.cancel),
    "reversed": (Bank.preauth, lambda bank: bank.reverse(T.PREAUTH, 1)),
    "completed": (Bank.preauth, Bank.complete),
    "advised": (Bank.preauth, Bank.advise),
    "voided": (Bank.preauth, Bank.complete, Bank.void),
    "advice voided": (Bank.preauth, Bank.advise, Bank.void),
    "cancel undone": (Bank.preauth, Bank.cancel, lambda bank: bank.reverse(T.CANCEL, 3)),
    "complete undone": (Bank.preauth, Bank.complete, lambda bank: bank.reverse(T.COMPLETION, 2)),
    "void undone": (Bank.preauth, Bank.complete, Bank.void, lambda bank: bank.reverse(T.COMPLETION_VOID, 4)),
    "expired": (Bank.preauth, lambda bank: _expire(bank)),
}
EVENTS: dict[str, Step] = {
    "undo preauth": lambda bank: bank.reverse(T.PREAUTH, 1),
    "cancel": lambda bank: bank.cancel(trace=13),
    "undo cancel": lambda bank: bank.reverse(T.CANCEL, 3),
    "complete": lambda bank: bank.complete(trace=12),
    "advise": lambda bank: bank.advise(trace=12),
    "undo complete": lambda bank: bank.reverse(T.COMPLETION, 2),
    "void": lambda bank: bank.void(trace=14),
    "undo void": lambda bank: bank.reverse(T.COMPLETION_VOID, 4),
}
TABLES = {
    "unionpay-cn": """
record         |undo preauth|cancel      |undo cancel |complete    |advise      |undo complete|void        |undo void
nothing        |00 none     |25 none     |00 none     |25 none     |25 none     |00 none      |25 none     |00 none
open           |00 reversed |00 cancelled|00 open     |00 completed|00 completed|00 open      |25 open     |00 open
cancelled      |25 cancelled|25 cancelled|00 open     |25 cancelled|25 cancelled|00 cancelled |25 cancelled|00 cancelled
reversed       |25 reversed |25 reversed |00 reversed |25 reversed |25 reversed |00 reversed  |25 reversed |00 reversed
completed      |25 completed|25 completed|00 completed|25 completed|25 completed|00 open      |00 open     |00 completed
advised        |25 completed|25 completed|00 completed|25 completed|25 completed|00 completed |00 open     |00 completed
voided         |00 reversed |00 cancelled|00 open     |00 completed|00 completed|25 open      |25 open     |00 completed
advice voided  |00 reversed |00 cancelled|00 open     |00 completed|00 completed|00 open      |25 open     |00 completed
cancel undone  |00 reversed |00 cancelled|25 open     |00 completed|00 completed|00 open      |25 open     |00 open
complete undone|00 reversed |00 cancelled|00 open     |00 completed|00 completed|25 open      |25 open     |00 open
void undone    |25 completed|25 completed|00 completed|25 completed|25 completed|00 open      |00 open     |25 completed
expired        |25 expired  |25 expired  |00 expired  |22 expired  |22 expired  |00 expired   |25 expired  |00 expired
""",
    "unionpay-cn-strict": """
record         |undo preauth|cancel      |undo cancel |complete    |advise      |undo complete|void        |undo void
nothing        |25 none     |25 none     |25 none     |25 none     |25 none     |25 none      |25 none     |25 none
open           |00 reversed |00 cancelled|25 open     |00 completed|00 completed|25 open      |25 open     |25 open
cancelled      |C9 cancelled|C9 cancelled|00 open     |C9 cancelled|C9 cancelled|25 cancelled |25 cancelled|25 cancelled
reversed       |00 reversed |C9 reversed |25 reversed |C9 reversed |C9 reversed |25 reversed  |25 reversed |25 reversed
completed      |C9 completed|96 completed|25 completed|94 completed|94 completed|00 open      |00 open     |25 completed
advised        |C9 completed|96 completed|25 completed|94 completed|94 completed|25 completed |00 open     |25 completed
voided         |00 reversed |00 cancelled|25 open     |00 completed|00 completed|C9 open      |C9 open     |00 completed
advice voided  |00 reversed |00 cancelled|25 open     |00 completed|00 completed|25 open      |C9 open     |00 completed
cancel undone  |00 reversed |00 cancelled|00 open     |00 completed|00 completed|25 open      |25 open     |25 open
complete undone|00 reversed |00 cancelled|25 open     |00 completed|00 completed|00 open      |CA open     |25 open
void undone    |C9 completed|96 completed|25 completed|94 completed|94 completed|00 open      |00 open     |00 completed
expired        |25 expired  |C9 expired  |25 expired  |96 expired  |96 expired  |25 expired   |25 expired  |25 expired
""",
}
MONEY = {  # state of the one hold: available, held, booked
    "none": (OPENING, 0, 0),
    "open": (OPENING - HOLD, HOLD, 0),
    "completed": (OPENING - HOLD, 0, HOLD),
    "cancelled": (OPENING, 0, 0),
    "reversed": (OPENING, 0, 0),
    "expired": (OPENING, 0, 0),
}


def _expire(bank: Bank) -> Any:
    bank.days_go_by(31)
    (decided,) = bank.rules.expire(bank.today)
    return decided


def rows() -> list[tuple[str, str, str, str, str]]:
    found = []
    for market, table in TABLES.items():
        head, *lines = (line.split("|") for line in table.strip().splitlines())
        for line in lines:
            for event, cell in zip(head[1:], line[1:], strict=True):
                code, after = cell.split()
                found.append((market, line[0].strip(), event.strip(), code, after))
    return found


@pytest.fixture
def bank_of(books: Path | str) -> Iterator[Callable[[str], Bank]]:
    made: list[Bank] = []

    def make(market: str) -> Bank:
        made.append(Bank(books, load_market(market)))
        return made[-1]

    yield make
    for bank in made:
        bank.close()


@pytest.mark.parametrize(
    ("market", "record", "event", "code", "after"), rows(), ids=lambda value: str(value).replace(" ", "-")
)
def test_an_event_on_a_record_is_answered_and_moves_the_hold_as_the_table_says(
    bank_of: Callable[[str], Bank], market: str, record: str, event: str, code: str, after: str
) -> None:
    bank = bank_of(market)
    for step in RECORDS[record]:
        assert step(bank).code == "00"
    decided = EVENTS[event](bank)
    assert (decided.code, bank.state()) == (code, after)
    account = bank.account()
    assert (account.available, account.held, account.booked) == MONEY[after]
    bank.ledger.audit()


def test_the_tables_have_every_record_and_event() -> None:
    found = {(market, record, event) for market, record, event, *_ in rows()}
    assert found == {(market, record, event) for market in TABLES for record in RECORDS for event in EVENTS}


@pytest.mark.parametrize(("market", "code"), [("unionpay-cn", "25"), ("unionpay-cn-strict", "94")])
def test_a_reversed_completion_void_leaves_the_hold_completed_so_that_a_second_completion_is_refused(
    bank_of: Callable[[str], Bank], market: str, code: str
) -> None:
    """The trap of 5.20: one host leaves the pre-authorisation open here."""
    bank = bank_of(market)
    for step in RECORDS["void undone"]:
        step(bank)
    assert bank.complete(trace=20).code == code
    assert bank.account().booked == HOLD


def test_the_reversal_of_a_void_is_refused_when_its_hold_was_completed_anew_since(bank: Bank) -> None:
    """Else one hold would be booked twice."""
    for step in RECORDS["voided"]:
        step(bank)
    assert bank.complete(trace=15).code == "00"
    assert bank.reverse(T.COMPLETION_VOID, 4).code == "25"
    assert (bank.account().booked, bank.state()) == (HOLD, "completed")


@pytest.mark.parametrize("market", TABLES)
@pytest.mark.parametrize("record", ["open", "completed", "cancelled", "voided"])
def test_a_repeated_reversal_is_answered_by_the_market_s_code_and_moves_nothing(
    bank_of: Callable[[str], Bank], market: str, record: str
) -> None:
    bank = bank_of(market)
    for step in RECORDS[record]:
        step(bank)
    last = {"open": (T.PREAUTH, 1), "completed": (T.COMPLETION, 2), "cancelled": (T.CANCEL, 3)}
    transaction, trace = last.get(record, (T.COMPLETION_VOID, 4))
    assert bank.reverse(transaction, trace).code == "00"
    before, state = bank.account(), bank.state()
    for _ in range(3):
        again = bank.reverse(transaction, trace)
        assert (again.code, again.postings) == (load_market(market).reversal.repeated_code, ())
    assert (bank.account(), bank.state()) == (before, state)


# ── several completions of one hold ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def several(books: Path | str) -> Iterator[Bank]:
    bank = Bank(books, cn_market(completion={"multiple": True}))
    yield bank
    bank.ledger.audit()
    bank.close()


def money(bank: Bank) -> tuple[int, int, str]:
    return bank.account().held, bank.account().booked, bank.state()


def test_several_completions_use_up_a_hold_and_its_rest_stays_held_until_then(several: Bank) -> None:
    """cases.md 42."""
    several.preauth()
    assert several.complete(60_00, trace=2).code == "00"
    assert money(several) == (40_00, 60_00, "partly completed")
    assert several.complete(55_01, trace=3).code == "64"
    assert several.complete(55_00, trace=4).code == "00"
    assert money(several) == (0, 115_00, "completed")
    assert several.complete(1, trace=5).code == "25"


def test_a_hold_that_is_booked_in_full_is_used_up_even_below_the_limit(several: Bank) -> None:
    several.preauth()
    several.complete(60_00, trace=2)
    several.complete(40_00, trace=3)
    assert money(several) == (0, 100_00, "completed")
    assert several.complete(1, trace=4).code == "25"


def test_the_rest_of_a_partly_completed_hold_is_cancelled_by_its_own_amount(several: Bank) -> None:
    several.preauth()
    several.complete(60_00, trace=2)
    assert several.cancel(HOLD, trace=3).code == "64"
    assert several.cancel(40_00, trace=4).code == "00"
    assert money(several) == (0, 60_00, "completed")
    assert several.complete(1, trace=5).code == "25"
    assert several.reverse(T.CANCEL, 4, amount=40_00).code == "00"
    assert money(several) == (40_00, 60_00, "partly completed")


def test_one_of_several_completions_is_voided_and_stands_again(several: Bank) -> None:
    several.preauth()
    several.complete(60_00, trace=2)
    several.complete(40_00, trace=3)
    assert several.void(60_00, trace=4, completion=2).code == "00"
    assert money(several) == (60_00, 40_00, "partly completed")
    assert several.reverse(T.COMPLETION_VOID, 4, amount=60_00).code == "00"
    assert money(several) == (0, 100_00, "completed")


def test_a_void_stands_when_its_completion_no_longer_fits(several: Bank) -> None:
    several.preauth()
    several.complete(60_00, trace=2)
    several.void(60_00, trace=4, completion=2)
    several.complete(80_00, trace=5)
    assert several.reverse(T.COMPLETION_VOID, 4, amount=60_00).code == "25"
    assert money(several) == (20_00, 80_00, "partly completed")


def test_the_rest_of_a_partly_completed_hold_expires_and_what_is_booked_stays(several: Bank) -> None:
    several.preauth()
    several.complete(60_00, trace=2)
    _expire(several)
    assert money(several) == (0, 60_00, "expired")


@pytest.mark.parametrize(("total", "code"), [(59_99, "13"), (60_00, "13"), (60_01, "00"), (200_00, "00")])
def test_the_issuer_lowers_a_partly_completed_hold_to_what_is_booked_at_most(
    several: Bank, total: int, code: str
) -> None:
    several.preauth()
    several.complete(60_00, trace=2)
    assert several.rules.adjust("credit", several.approval, several.today, total).code == code


def test_a_limit_below_100_percent_keeps_the_issuer_from_lowering_a_hold_under_what_is_booked(
    books: Path | str,
) -> None:
    bank = Bank(books, cn_market(completion={"multiple": True, "limit_percent": 80}))
    bank.preauth()
    bank.complete(60_00)
    assert bank.rules.adjust("credit", bank.approval, bank.today, 74_99).code == "13"
    assert bank.rules.adjust("credit", bank.approval, bank.today, 75_00).code == "00"
    bank.close()
