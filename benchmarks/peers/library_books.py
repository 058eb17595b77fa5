"""The books of the host that is built from libraries: the same tables and the same work as Holdfast's, plainly done.

Written as one does with `sqlite3`: constant statements (it keeps them prepared), WAL, synchronous=FULL. No invariants
are checked, and nothing is told to anybody.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

VALID_DAYS = 30
SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    card TEXT PRIMARY KEY, opening INTEGER NOT NULL, available INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0,
    booked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, terminal TEXT, merchant TEXT, batch TEXT, trace TEXT, kind TEXT, card TEXT, amount INTEGER,
    approval TEXT, reference TEXT, day TEXT, code TEXT, state TEXT, original INTEGER);
CREATE INDEX IF NOT EXISTS journal_key ON journal (merchant, terminal, trace, batch);
CREATE INDEX IF NOT EXISTS journal_reference ON journal (reference);
CREATE INDEX IF NOT EXISTS journal_batch ON journal (merchant, terminal, batch, kind);
CREATE TABLE IF NOT EXISTS hold (
    id INTEGER PRIMARY KEY, card TEXT, merchant TEXT, approval TEXT, trace TEXT, day TEXT, amount INTEGER,
    held INTEGER, booked INTEGER, state TEXT, last_day TEXT);
CREATE INDEX IF NOT EXISTS hold_key ON hold (card, approval);
CREATE INDEX IF NOT EXISTS hold_held ON hold (card, held) WHERE held > 0;
CREATE INDEX IF NOT EXISTS hold_days ON hold (last_day) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS posting (
    id INTEGER PRIMARY KEY, card TEXT, hold INTEGER, kind TEXT, debit TEXT, credit TEXT, amount INTEGER,
    journal INTEGER);
CREATE TABLE IF NOT EXISTS blocked (
    merchant TEXT, terminal TEXT, batch TEXT, trace TEXT, PRIMARY KEY (merchant, terminal, batch, trace)) WITHOUT ROWID;
"""
USED = "SELECT 1 FROM journal WHERE merchant = ? AND terminal = ? AND trace = ? AND batch = ? AND state <> 'refused'"
BLOCKED = "SELECT 1 FROM blocked WHERE merchant = ? AND terminal = ? AND batch = ? AND trace = ?"
ACCOUNT = "SELECT available FROM account WHERE card = ?"
ENTER = (
    "INSERT INTO journal (terminal, merchant, batch, trace, kind, card, amount, approval, reference, day, code, state)"
    " VALUES (?, ?, ?, ?, 'pre-authorisation', ?, ?, ?, ?, ?, ?, ?)"
)
HOLD = "INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 'open', ?)"
POST = (
    "INSERT INTO posting (card, hold, kind, debit, credit, amount, journal)"
    " VALUES (?, ?, 'hold', 'available', 'held', ?, ?)"
)
MOVE = "UPDATE account SET available = available - ?, held = held + ? WHERE card = ?"


@dataclass(frozen=True)
class Request:
    """A pre-authorisation as the books see it; the amount in minor units."""

    terminal: str
    merchant: str
    batch: str
    trace: str
    card: str
    amount: int
    reference: str
    today: date


class Books:
    """Use `begin`, then any number of decisions, then `commit`: they are durable when it returns."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._execute = self._db.execute
        self._execute("PRAGMA journal_mode=WAL")
        self._execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        self._approvals = 0

    def open_accounts(self, cards: list[str], opening: int) -> None:
        self._execute("BEGIN")
        rows = [(card, opening, opening) for card in cards]
        self._db.executemany("INSERT INTO account (card, opening, available) VALUES (?, ?, ?)", rows)
        self._execute("COMMIT")

    def begin(self) -> None:
        self._execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._execute("COMMIT")

    def mark(self) -> None:
        self._execute("SAVEPOINT one")

    def keep(self) -> None:
        self._execute("RELEASE one")

    def back(self) -> None:
        self._execute("ROLLBACK TO one")
        self._execute("RELEASE one")

    def preauth(self, asked: Request) -> tuple[str, str]:
        """Response code and authorisation code."""
        key = (asked.merchant, asked.terminal, asked.trace, asked.batch)
        if self._execute(USED, key).fetchone():
            return self.refuse(asked, "94"), ""
        if self._execute(BLOCKED, (asked.merchant, asked.terminal, asked.batch, asked.trace)).fetchone():
            return self.refuse(asked, "12"), ""
        if asked.amount < 1:
            return self.refuse(asked, "13"), ""
        account = self._execute(ACCOUNT, (asked.card,)).fetchone()
        if account is None or account[0] < asked.amount:
            return self.refuse(asked, "51"), ""
        self._approvals = self._approvals % 999_999 + 1
        approval, day = f"{self._approvals:06d}", asked.today.isoformat()
        entry = self._enter(asked, approval, "00", "normal")
        last_day = (asked.today + timedelta(days=VALID_DAYS)).isoformat()
        hold = (entry, asked.card, asked.merchant, approval, asked.trace, day, asked.amount, asked.amount, last_day)
        self._execute(HOLD, hold)
        self._execute(POST, (asked.card, entry, asked.amount, entry))
        self._execute(MOVE, (asked.amount, asked.amount, asked.card))
        return "00", approval

    def refuse(self, asked: Request, code: str) -> str:
        """Kept as well: its reversal must be told so."""
        self._enter(asked, "", code, "refused")
        return code

    def _enter(self, asked: Request, approval: str, code: str, state: str) -> int:
        values = (
            asked.terminal, asked.merchant, asked.batch, asked.trace, asked.card, asked.amount, approval,
            asked.reference, asked.today.isoformat(), code, state,
        )  # fmt: skip
        return self._execute(ENTER, values).lastrowid or 0
