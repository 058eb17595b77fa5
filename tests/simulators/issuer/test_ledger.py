"""The ledger by itself: all or nothing, durable, found again after a crash."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError, HoldfastBug
from simulators.issuer.database import SqliteDatabase
from simulators.issuer.ledger import MOVES, AccountView, Hold, Ledger
from simulators.issuer.opening import open_database
from tests.simulators.issuer.bank import CARD, HOLD, OPENING, Bank
from tests.simulators.kit import ROOT, cn_market


def test_a_decision_that_fails_leaves_nothing_behind(bank: Bank) -> None:
    def fail() -> None:
        with bank.ledger.decision() as postings:
            bank.ledger.post(CARD, "sale", HOLD)
            assert len(postings) == 1
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert bank.account() == AccountView(OPENING, 0, 0)
    with bank.ledger.decision():
        bank.ledger.post(CARD, "sale", HOLD)
    assert bank.account() == AccountView(OPENING - HOLD, 0, HOLD)
    bank.ledger.audit()


TAKEN = [kind for kind, (debit, _) in MOVES.items() if debit != "available"]


@pytest.mark.parametrize("kind", TAKEN)
def test_a_posting_that_would_take_what_is_not_held_or_booked_is_a_bug_of_ours(bank: Bank, kind: str) -> None:
    with pytest.raises(HoldfastBug, match=f"{kind} of 1 would leave {CARD}"), bank.ledger.decision():
        bank.ledger.post(CARD, kind, 1)
    assert bank.account() == AccountView(OPENING, 0, 0)
    bank.ledger.audit()


def test_a_posting_below_zero_is_a_bug_of_ours(bank: Bank) -> None:
    with pytest.raises(HoldfastBug), bank.ledger.decision():
        bank.ledger.post(CARD, "sale", -1)


def test_a_hold_is_opened_with_something_in_it(bank: Bank) -> None:
    nothing = Hold(1, CARD, "", "", "", "", 0, 0, 0, 0, "open", "")
    with pytest.raises(HoldfastBug, match="hold 1 would be opened with 0"), bank.ledger.decision():
        bank.ledger.open_hold(nothing, 1)


def test_a_posting_of_nothing_is_none(bank: Bank) -> None:
    with bank.ledger.decision() as postings:
        bank.ledger.post(CARD, "refund", 0)
    assert postings == []


def test_a_posting_for_nobody_is_a_bug_of_ours(bank: Bank) -> None:
    with pytest.raises(HoldfastBug, match="stranger, which has no account"), bank.ledger.decision():
        bank.ledger.post("stranger", "sale", 1)


def test_what_is_held_under_no_hold_is_a_bug_of_ours(bank: Bank) -> None:
    """Nothing of the decision is kept then."""
    with pytest.raises(HoldfastBug, match=f"{CARD} holds 1 more, its holds 0"), bank.ledger.decision():
        bank.ledger.post(CARD, "hold", 1)
    assert bank.account() == AccountView(OPENING, 0, 0)


def test_more_than_a_hold_has_cannot_be_taken_from_it(bank: Bank) -> None:
    bank.preauth(trace=1)
    bank.preauth(trace=2)
    with pytest.raises(HoldfastBug, match="hold 1 would be left at -1 held"), bank.ledger.decision():
        bank.ledger.post(CARD, "release", HOLD + 1, 1)
    bank.ledger.audit()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE account SET available = available - 1, booked = booked + 1", r"stands at .*, its postings say"),
        ("UPDATE hold SET held = held - 1, amount = amount - 1", "hold 9999, its account 10000"),
        ("UPDATE hold SET state = 'completed', booked = 1", "is completed with 10000 held"),
        ("UPDATE hold SET amount = 5, held = 5", "hold 5, its account 10000"),
        ("DELETE FROM posting", r"stands at .*, its postings say"),
        ("UPDATE hold SET booked = 1", "is open with 10000 held and 1 booked"),
        ("UPDATE hold SET state = 'forgotten'", "is forgotten with 10000 held"),
    ],
)
def test_an_audit_finds_what_history_does_not_bear_out(bank: Bank, statement: str, said: str) -> None:
    bank.preauth()
    bank.ledger.audit()
    bank.ledger.database.run(statement)
    with pytest.raises(HoldfastBug, match=said):
        bank.ledger.audit()


def test_a_hold_that_the_postings_do_not_know_is_found_by_an_audit(bank: Bank) -> None:
    bank.preauth()
    bank.ledger.database.run("UPDATE posting SET hold = NULL")
    with pytest.raises(HoldfastBug, match=r"hold 1 has .* its postings say"):
        bank.ledger.audit()


@pytest.mark.parametrize(
    ("state", "held", "booked", "right"),
    [
        ("open", 100, 0, True), ("open", 99, 0, False), ("open", 100, 1, False), ("open", 101, 0, False),
        ("partly completed", 40, 60, True),
        ("partly completed", 39, 60, False), ("partly completed", 100, 0, False), ("partly completed", 0, 100, False),
        ("completed", 0, 60, True), ("completed", 0, 0, False), ("completed", 40, 60, False), ("cancelled", 0, 0, True),
        ("cancelled", 0, 1, False), ("cancelled", 1, 0, False), ("reversed", 0, 0, True), ("reversed", 0, 1, False),
        ("reversed", 1, 0, False), ("expired", 0, 0, True), ("expired", 0, 60, True), ("expired", 1, 0, False),
        ("lost", 0, 0, False),
    ],
)  # fmt: skip
def test_a_hold_holds_what_its_state_says(state: str, held: int, booked: int, right: bool) -> None:
    hold = Hold(1, CARD, "", "", "", "", 100, 100, held, booked, state, "")
    assert (hold.breach() == "") is right


def test_an_account_is_of_a_kind(bank: Bank) -> None:
    bank.ledger.open_account("debit", OPENING, "debit")
    assert [bank.ledger.kind(card) for card in (CARD, "debit", "stranger")] == ["credit", "debit", ""]


def test_what_is_not_in_the_books_is_a_key_error(bank: Bank) -> None:
    with pytest.raises(KeyError, match="7"):
        bank.ledger.journal.entry(7)
    with pytest.raises(KeyError, match="8"):
        bank.ledger.holds.get(8)


def test_the_cost_of_a_decision_does_not_grow_with_what_went_before(tmp_path: Path) -> None:
    """SQLite steps, in hundreds, of a pre-authorisation and its cancel."""
    bank = Bank(tmp_path / "ledger.sqlite", cn_market())
    assert isinstance(bank.ledger.database, SqliteDatabase)
    connection = bank.ledger.database.connection

    def steps(trace: int) -> int:
        counted: list[None] = []
        connection.set_progress_handler(lambda: counted.append(None), 100)
        bank.preauth(trace=trace)
        bank.cancel(trace=trace + 1)
        connection.set_progress_handler(None, 0)
        return len(counted)

    early = [steps(trace) for trace in range(1, 20, 2)]
    for trace in range(21, 1000, 2):
        bank.preauth(trace=trace)
        bank.cancel(trace=trace + 1)
    late = [steps(trace) for trace in range(1001, 1020, 2)]
    bank.close()
    assert max(late) <= max(early) * 2


def test_an_unknown_card_has_no_account(bank: Bank) -> None:
    with pytest.raises(KeyError, match="stranger"):
        bank.account("stranger")


def test_two_accounts_cannot_have_one_name(bank: Bank) -> None:
    with pytest.raises(ConfigurationError, match="has an account already"):
        bank.ledger.open_account(CARD, 1)


def test_the_ledger_is_written_through_to_disk(tmp_path: Path) -> None:
    """`synchronous` 2 is FULL."""
    ledger = Ledger(SqliteDatabase(tmp_path / "ledger.sqlite"))
    assert ledger.database.row("PRAGMA synchronous") == (2,)
    assert ledger.database.row("PRAGMA journal_mode") == ("wal",)
    ledger.close()


def test_a_ledger_opened_again_goes_on_where_it_stood(books: Path | str) -> None:
    first = Bank(books, cn_market())
    first.preauth()
    first.close()
    ledger = Ledger(open_database(books))
    assert ledger.account(CARD) == AccountView(OPENING - HOLD, HOLD, 0)
    assert ledger.journal.last_approval() == 1  # the next authorisation code is no second 000001
    ledger.close()


CRASH = """
import sys
from tests.simulators.issuer.bank import Bank
from tests.simulators.kit import cn_market
bank = Bank(sys.argv[1], cn_market())
bank.preauth(trace=1)
bank.ledger.database.begin()
bank.ledger.post("credit", "sale", 1)
print("written", flush=True)
sys.stdin.read()
"""


def test_sigkill_keeps_what_was_decided_and_drops_what_was_not(books: Path | str) -> None:
    command = [sys.executable, "-c", CRASH, str(books)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        writer.send_signal(signal.SIGKILL)
    ledger = Ledger(open_database(books))
    assert ledger.account(CARD) == AccountView(OPENING - HOLD, HOLD, 0)
    hold = ledger.holds.newest(CARD, "000001")
    assert hold is not None
    assert hold.state == "open"
    ledger.close()
