"""The batch: every transaction that was completed since the last settlement, and the batch's number.

facts/unionpay-pos 3.3: totals are taken from here, and an unbalanced batch is uploaded from here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from protocols.totals import Totals

SCHEMA = """
CREATE TABLE IF NOT EXISTS booked (
    id INTEGER PRIMARY KEY, batch INTEGER NOT NULL, trace TEXT NOT NULL, transaction_name TEXT NOT NULL,
    pan TEXT NOT NULL, masked_pan TEXT NOT NULL, amount INTEGER NOT NULL, approval TEXT NOT NULL,
    reference TEXT NOT NULL, date TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batch_number (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER NOT NULL);
INSERT OR IGNORE INTO batch_number VALUES (1, 1);
"""
LAST_BATCH = 999_999
APPROVED, STORED = "approved", "stored"


@dataclass(frozen=True, slots=True)
class Booked:
    """A completed transaction. `amount` in minor units, `date` MMDD.

    `state` is `approved`, `stored` (not acknowledged yet) or `given up` (never acknowledged).
    """

    trace: str
    transaction: str
    pan: str = field(repr=False)
    masked_pan: str
    amount: int
    approval: str = ""
    reference: str = ""
    date: str = ""
    state: str = APPROVED


class BatchBook:
    """The batches of one terminal, in its journal."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(SCHEMA)

    @property
    def number(self) -> str:
        """F60.2 of the open batch."""
        row = self._db.execute("SELECT value FROM batch_number").fetchone()
        return f"{row[0]:06d}"

    def book(self, booked: Booked) -> None:
        """One more transaction of the open batch."""
        self._db.execute(
            "INSERT INTO booked (batch, trace, transaction_name, pan, masked_pan, amount, approval, reference, date,"
            " state) VALUES ((SELECT value FROM batch_number), ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (booked.trace, booked.transaction, booked.pan, booked.masked_pan, booked.amount, booked.approval,
             booked.reference, booked.date, booked.state),
        )  # fmt: skip

    def mark(self, trace: str, state: str) -> None:
        """Another state of the newest transaction with this trace, if it is booked at all."""
        self._db.execute(
            "UPDATE booked SET state=? WHERE id = (SELECT MAX(id) FROM booked WHERE trace=?)", (state, trace)
        )

    def acknowledged(self, trace: str, approval: str, reference: str, date: str) -> None:
        """The host has taken a stored transaction."""
        self._db.execute(
            "UPDATE booked SET state='approved', approval=?, reference=?, date=?"
            " WHERE id = (SELECT MAX(id) FROM booked WHERE trace=?)",
            (approval, reference, date, trace),
        )

    def records(self) -> list[Booked]:
        """The open batch, oldest first."""
        rows = self._db.execute(
            "SELECT trace, transaction_name, pan, masked_pan, amount, approval, reference, date, state FROM booked"
            " WHERE batch = (SELECT value FROM batch_number) ORDER BY id"
        )
        return [Booked(*row) for row in rows]

    def size(self) -> int:
        """How many transactions the open batch has."""
        found = self._db.execute(
            "SELECT COUNT(*) FROM booked WHERE batch = (SELECT value FROM batch_number)"
        ).fetchone()
        return int(found[0])

    def sums(self, debit: Iterable[str], credit: Iterable[str]) -> Totals:
        """The open batch by the names of the transactions that count. The rest counts nowhere."""
        taking, giving = frozenset(debit), frozenset(credit)
        records = self.records()
        taken = [record.amount for record in records if record.transaction in taking]
        given = [record.amount for record in records if record.transaction in giving]
        return Totals(sum(taken), len(taken), sum(given), len(given))

    def close(self) -> str:
        """The batch is settled: its records stay, the next transaction is of the next number, which is returned.

        After 999999 comes 000001. A number that was used before starts empty.
        """
        self._db.execute("UPDATE batch_number SET value = value % ? + 1", (LAST_BATCH,))
        self._db.execute("DELETE FROM booked WHERE batch = (SELECT value FROM batch_number)")
        return self.number
