"""The issuer's money as double entry: every posting moves an amount between two pots of one account.

Pots are `available`, `held` and `booked`; their sum is the opening balance, and that is checked after each posting.
Every change of one decision is one durable transaction (SQLite, WAL, synchronous=FULL); a ledger that was cut short is
opened again where it stood.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from protocols.faults import HoldfastBug

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (card TEXT PRIMARY KEY, opening INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS posting (
    id INTEGER PRIMARY KEY, card TEXT NOT NULL REFERENCES account, hold INTEGER, kind TEXT NOT NULL,
    debit TEXT NOT NULL, credit TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount >= 0), journal INTEGER);
CREATE INDEX IF NOT EXISTS posting_card ON posting (card);
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, terminal TEXT NOT NULL, merchant TEXT NOT NULL, batch TEXT NOT NULL, trace TEXT NOT NULL,
    kind TEXT NOT NULL, card TEXT NOT NULL, amount INTEGER NOT NULL, approval TEXT NOT NULL, reference TEXT NOT NULL,
    day TEXT NOT NULL, code TEXT NOT NULL, state TEXT NOT NULL, original INTEGER);
CREATE INDEX IF NOT EXISTS journal_key ON journal (merchant, terminal, batch, trace, kind);
CREATE INDEX IF NOT EXISTS journal_hold ON journal (card, approval);
CREATE TABLE IF NOT EXISTS blocked (
    merchant TEXT, terminal TEXT, batch TEXT, trace TEXT, kind TEXT,
    PRIMARY KEY (merchant, terminal, batch, trace, kind));
"""

MOVES = {  # kind of posting: from pot, to pot
    "hold": ("available", "held"),
    "release": ("held", "available"),
    "book": ("held", "booked"),
    "book above": ("available", "booked"),
    "unbook": ("booked", "held"),
    "unbook above": ("booked", "available"),
}


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account now, in minor units."""

    available: int
    held: int
    booked: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the journal: one approved request. States are those of facts/unionpay-pos 5.20."""

    id: int
    terminal: str
    merchant: str
    batch: str
    trace: str
    kind: str
    card: str
    amount: int
    approval: str
    reference: str
    day: str  # business date YYYY-MM-DD
    code: str
    state: str  # open | completed | cancelled | reversed | normal | voided
    original: int | None


@dataclass(frozen=True, slots=True)
class Posting:
    """One move of money, as events show it."""

    card: str
    hold: int | None
    kind: str
    amount: int
    account: AccountView


class Ledger:
    """One file, one writer thread. Use `with ledger.decision():` around all that belongs together."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        self._pending: list[Posting] = []

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def decision(self) -> Iterator[list[Posting]]:
        """All or nothing; the postings made are in the yielded list when it is durable."""
        self._pending = []
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._pending
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────

    def open_account(self, card: str, opening: int) -> AccountView:
        """A new account with so much available."""
        self._db.execute("INSERT INTO account VALUES (?, ?)", (card, opening))
        return AccountView(opening, 0, 0)

    def account(self, card: str) -> AccountView:
        """The pots of an account, from its postings. Raises KeyError for an unknown card."""
        row = self._db.execute("SELECT opening FROM account WHERE card = ?", (card,)).fetchone()
        if row is None:
            raise KeyError(card)
        pots = {"available": int(row[0]), "held": 0, "booked": 0}
        for debit, credit, amount in self._db.execute(
            "SELECT debit, credit, SUM(amount) FROM posting WHERE card = ? GROUP BY debit, credit", (card,)
        ):
            pots[debit] -= amount
            pots[credit] += amount
        return AccountView(**pots)

    def post(self, card: str, kind: str, amount: int, hold: int | None, journal: int | None = None) -> None:
        """Move an amount. Raises HoldfastBug when `held` or `booked` would fall below zero.

        `available` may: what is put back by a reversal or a void is put back even if its money has been spent since.
        """
        debit, credit = MOVES[kind]
        self._db.execute(
            "INSERT INTO posting (card, hold, kind, debit, credit, amount, journal) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (card, hold, kind, debit, credit, amount, journal),
        )
        view = self.account(card)
        if min(view.held, view.booked) < 0:
            raise HoldfastBug(f"the ledger would leave {card} at {view}")
        self._pending.append(Posting(card, hold, kind.removesuffix(" above"), amount, view))

    # ── journal ───────────────────────────────────────────────────────────────────────────────────────────────

    def enter(self, **values: object) -> Entry:
        """A new approved request."""
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        cursor = self._db.execute(f"INSERT INTO journal ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608
        entry = self.entry(int(cursor.lastrowid or 0))
        assert entry is not None
        return entry

    def entry(self, entry_id: int) -> Entry | None:
        return self._one("id = ?", entry_id)

    def by_trace(self, merchant: str, terminal: str, batch: str, trace: str, kind: str | None = None) -> Entry | None:
        """The request of this terminal, batch and trace."""
        if kind is None:
            return self._one("merchant=? AND terminal=? AND batch=? AND trace=?", merchant, terminal, batch, trace)
        return self._one(
            "merchant=? AND terminal=? AND batch=? AND trace=? AND kind=?", merchant, terminal, batch, trace, kind
        )

    def hold_of(self, card: str, approval: str, merchant: str, kind: str) -> Entry | None:
        """The newest hold of a card by its authorisation code. facts/unionpay-pos 5.5."""
        return self._one("card=? AND approval=? AND merchant=? AND kind=?", card, approval, merchant, kind)

    def approvals(self, card: str) -> list[tuple[str, str]]:
        """Authorisation codes and days that this card has holds under: the near misses of a failed match."""
        rows = self._db.execute("SELECT approval, day FROM journal WHERE card=? AND kind='pre-authorisation'", (card,))
        return [(str(approval), str(day)) for approval, day in rows]

    def last_approval(self) -> int:
        """The highest authorisation code given so far."""
        row = self._db.execute("SELECT MAX(CAST(approval AS INTEGER)) FROM journal").fetchone()
        return int(row[0] or 0)

    def set_state(self, entry: Entry, state: str) -> None:
        self._db.execute("UPDATE journal SET state = ? WHERE id = ?", (state, entry.id))

    def block(self, merchant: str, terminal: str, batch: str, trace: str, kind: str) -> None:
        """Refuse a request that was reversed before it came."""
        self._db.execute(
            "INSERT OR IGNORE INTO blocked VALUES (?, ?, ?, ?, ?)", (merchant, terminal, batch, trace, kind)
        )

    def is_blocked(self, merchant: str, terminal: str, batch: str, trace: str, kind: str) -> bool:
        found = self._db.execute(
            "SELECT 1 FROM blocked WHERE merchant=? AND terminal=? AND batch=? AND trace=? AND kind=?",
            (merchant, terminal, batch, trace, kind),
        ).fetchone()
        return found is not None

    def held_by(self, hold: int) -> int:
        """What is still held under a hold."""
        row = self._db.execute(
            "SELECT SUM(CASE WHEN credit='held' THEN amount ELSE 0 END) - SUM(CASE WHEN debit='held' THEN amount ELSE 0"
            " END) FROM posting WHERE hold = ?",
            (hold,),
        ).fetchone()
        return int(row[0] or 0)

    def _one(self, where: str, *values: object) -> Entry | None:
        row = self._db.execute(
            f"SELECT id, terminal, merchant, batch, trace, kind, card, amount, approval, reference, day, code, state,"  # noqa: S608
            f" original FROM journal WHERE {where} ORDER BY id DESC LIMIT 1",
            values,
        ).fetchone()
        return Entry(*row) if row else None
