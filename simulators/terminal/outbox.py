"""Messages that are kept until the host has acknowledged them, in the order in which they were written.

facts/unionpay-pos 5.18, 5.19: advices and refunds, and script notices, which go before all else.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from protocols.iso8583 import Message
from protocols.transactions import Transaction

SCHEMA = """
CREATE TABLE IF NOT EXISTS stored (
    id INTEGER PRIMARY KEY, trace TEXT NOT NULL, transaction_name TEXT NOT NULL, message TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message in the outbox, without its MAC."""

    trace: str
    transaction: Transaction
    message: Message
    tries: int

    @property
    def amount(self) -> int:
        """F4, in minor units."""
        return int(str(self.message.get(4, 0)))


class Outbox:
    """The stored messages of one terminal, in its journal."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(SCHEMA)

    def put(self, transaction: Transaction, message: Message) -> None:
        """Keep a message; it is on disk when this returns."""
        written = {n: value if isinstance(value, str) else {"hex": value.hex()} for n, value in message.items()}
        self._db.execute(
            "INSERT INTO stored (trace, transaction_name, message) VALUES (?, ?, ?)",
            (str(message[11]), transaction.value, json.dumps(written)),
        )

    def waiting(self) -> list[Kept]:
        """What is not acknowledged yet, oldest first."""
        rows = self._db.execute("SELECT trace, transaction_name, message, tries FROM stored ORDER BY id")
        return [Kept(row[0], Transaction(row[1]), _read(row[2]), row[3]) for row in rows]

    def tried(self, trace: str) -> None:
        """One more try leaves."""
        self._db.execute("UPDATE stored SET tries = tries + 1 WHERE trace=?", (trace,))

    def remove(self, trace: str) -> None:
        """It is acknowledged, or given up."""
        self._db.execute("DELETE FROM stored WHERE trace=?", (trace,))


def _read(text: str) -> Message:
    return {
        int(number): bytes.fromhex(value["hex"]) if isinstance(value, dict) else str(value)
        for number, value in json.loads(text).items()
    }
