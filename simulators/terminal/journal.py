"""The terminal's memory: trace numbers, and the reversal that is armed before a request leaves.

SQLite with synchronous=FULL: what is committed here survives a power cut. facts/unionpay-pos 5.19. The file lies in a
private directory: it holds card numbers, as a terminal must.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS reversal (
    trace TEXT PRIMARY KEY, transaction_name TEXT NOT NULL, fields TEXT NOT NULL, reason TEXT NOT NULL,
    approval TEXT NOT NULL DEFAULT '', tries INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS exception_list (trace TEXT, transaction_name TEXT, tries INTEGER);
"""
LAST_TRACE = 999_999


@dataclass(frozen=True, slots=True)
class Armed:
    """A reversal that goes out unless its request is answered. `fields` are the original's, by number."""

    trace: str
    transaction: str
    fields: dict[int, str]
    reason: str
    approval: str
    tries: int


class Journal:
    """One terminal's journal. Every call is durable when it returns."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def next_trace(self) -> str:
        """The next trace number; after 999999 comes 000001. facts/unionpay-pos 2."""
        row = self._db.execute(
            "INSERT INTO counter VALUES ('trace', 1) ON CONFLICT (name) DO UPDATE SET value = value % ? + 1"
            " RETURNING value",
            (LAST_TRACE,),
        ).fetchone()
        return f"{row[0]:06d}"

    def arm(self, trace: str, transaction: str, fields: dict[int, str], reason: str) -> None:
        """Before a request leaves: its reversal is written."""
        self._db.execute(
            "INSERT INTO reversal (trace, transaction_name, fields, reason) VALUES (?, ?, ?, ?)",
            (trace, transaction, json.dumps(fields), reason),
        )

    def explain(self, trace: str, reason: str, approval: str | None = None) -> None:
        """Why the armed reversal will go out, and the approval if one was seen now; one seen before stays."""
        self._db.execute(
            "UPDATE reversal SET reason=?, approval=COALESCE(?, approval) WHERE trace=?", (reason, approval, trace)
        )

    def disarm(self, trace: str) -> None:
        """The request is answered and done with, or it never left."""
        self._db.execute("DELETE FROM reversal WHERE trace=?", (trace,))

    def armed(self) -> Armed | None:
        """The oldest reversal that is due."""
        row = self._db.execute(
            "SELECT trace, transaction_name, fields, reason, approval, tries FROM reversal ORDER BY rowid LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        fields = {int(number): str(value) for number, value in json.loads(row[2]).items()}
        return Armed(row[0], row[1], fields, row[3], row[4], row[5])

    def tried(self, trace: str) -> None:
        """One more try leaves."""
        self._db.execute("UPDATE reversal SET tries = tries + 1 WHERE trace=?", (trace,))

    def given_up(self) -> list[str]:
        """Traces on the exception list, oldest first."""
        return [str(row[0]) for row in self._db.execute("SELECT trace FROM exception_list ORDER BY rowid")]

    def give_up(self, trace: str) -> None:
        """To the exception list. cases.md 102."""
        self._db.execute(
            "INSERT INTO exception_list SELECT trace, transaction_name, tries FROM reversal WHERE trace=?", (trace,)
        )
        self.disarm(trace)
