"""The ledger by itself: all or nothing, durable, found again after a crash."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from protocols.faults import HoldfastBug
from simulators.issuer.ledger import AccountView, Ledger
from tests.simulators.issuer.bank import CARD, HOLD, OPENING, Bank
from tests.simulators.kit import MERCHANT, ROOT, cn_market


def test_a_decision_that_fails_leaves_nothing_behind(bank: Bank) -> None:
    def fail() -> None:
        with bank.ledger.decision() as postings:
            bank.ledger.post(CARD, "hold", HOLD, None)
            assert len(postings) == 1
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert bank.account() == AccountView(OPENING, 0, 0)
    with bank.ledger.decision():
        bank.ledger.post(CARD, "hold", HOLD, None)
    assert bank.account() == AccountView(OPENING - HOLD, HOLD, 0)


@pytest.mark.parametrize("kind", ["release", "book", "unbook", "unbook above"])
def test_a_posting_that_would_take_what_is_not_held_or_booked_is_a_bug_of_ours(bank: Bank, kind: str) -> None:
    with pytest.raises(HoldfastBug), bank.ledger.decision():
        bank.ledger.post(CARD, kind, 1, None)
    assert bank.account() == AccountView(OPENING, 0, 0)


def test_an_unknown_card_has_no_account(bank: Bank) -> None:
    with pytest.raises(KeyError, match="stranger"):
        bank.account("stranger")


def test_two_accounts_cannot_have_one_name(bank: Bank) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        bank.ledger.open_account(CARD, 1)


def test_the_ledger_is_written_through_to_disk(bank: Bank) -> None:
    """`synchronous` 2 is FULL."""
    assert bank.ledger._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert bank.ledger._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_ledger_opened_again_goes_on_where_it_stood(tmp_path: Path) -> None:
    first = Bank(tmp_path, cn_market())
    first.preauth()
    first.close()
    ledger = Ledger(tmp_path / "ledger.sqlite")
    assert ledger.account(CARD) == AccountView(OPENING - HOLD, HOLD, 0)
    assert ledger.last_approval() == 1  # the next authorisation code is no second 000001
    ledger.close()


CRASH = """
import os, sys
from pathlib import Path
from tests.simulators.issuer.bank import Bank
from tests.simulators.kit import cn_market
bank = Bank(Path(sys.argv[1]), cn_market())
bank.preauth(trace=1)
bank.ledger._db.execute("BEGIN IMMEDIATE")
bank.ledger.post("credit", "hold", 1, None)
print("written", flush=True)
sys.stdin.read()
"""


def test_sigkill_keeps_what_was_decided_and_drops_what_was_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CRASH, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        writer.send_signal(signal.SIGKILL)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    assert ledger.account(CARD) == AccountView(OPENING - HOLD, HOLD, 0)
    hold = ledger.hold_of(CARD, "000001", MERCHANT, "pre-authorisation")
    assert hold is not None
    assert hold.state == "open"
    ledger.close()
