"""The terminal's memory: counters, the reversal that is armed before a request leaves, and what `outbox`, `batchbook`
and downloads keep beside it.

SQLite with synchronous=FULL: what is committed here survives a power cut. facts/unionpay-pos 5.19. The file lies in a
private directory: it holds card numbers, as a terminal must.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulators.terminal.batchbook import BatchBook, Booked
from simulators.terminal.outbox import Outbox

SCHEMA = """
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS reversal (
    trace TEXT PRIMARY KEY, transaction_name TEXT NOT NULL, fields TEXT NOT NULL, reason TEXT NOT NULL,
    approval TEXT NOT NULL DEFAULT '', tries INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS exception_list (trace TEXT, transaction_name TEXT, tries INTEGER);
CREATE TABLE IF NOT EXISTS download (kind TEXT, name TEXT, value BLOB NOT NULL, PRIMARY KEY (kind, name));
"""
FIRST_TRACE, LAST_TRACE = 1, 999_999


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
    """One terminal's journal. Every call is durable when it returns. `first_trace` is what comes after 999999."""

    def __init__(self, path: Path, first_trace: int = FIRST_TRACE) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        self._first_trace = first_trace
        self.batch = BatchBook(self._db)
        self.outbox = Outbox(self._db)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is on disk whole, or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # ── trace numbers ─────────────────────────────────────────────────────────────────────────────────────────

    def next_trace(self) -> str:
        """The next trace number; after 999999 comes 000001. facts/unionpay-pos 2."""
        row = self._db.execute(
            "INSERT INTO counter VALUES ('trace', 1) ON CONFLICT (name) DO UPDATE SET"
            " value = CASE WHEN value >= ? THEN ? ELSE value + 1 END RETURNING value",
            (LAST_TRACE, self._first_trace),
        ).fetchone()
        return f"{row[0]:06d}"

    def last_trace(self) -> int:
        """The trace number used last, 0 before the first."""
        row = self._db.execute("SELECT value FROM counter WHERE name = 'trace'").fetchone()
        return int(row[0]) if row else 0

    def count_on_from(self, trace: int) -> None:
        """Let the trace number used last be this one."""
        self._db.execute("INSERT OR REPLACE INTO counter VALUES ('trace', ?)", (trace,))

    # ── the chip ──────────────────────────────────────────────────────────────────────────────────────────────

    def next_sequence(self) -> str:
        """Tag 9F41: one more chip transaction. EMV Book 4, Annex A; of six digits, like a trace number"""
        row = self._db.execute(
            "INSERT INTO counter VALUES ('sequence', 1) ON CONFLICT (name) DO UPDATE SET"
            " value = value % ? + 1 RETURNING value",
            (LAST_TRACE,),
        ).fetchone()
        return f"{row[0]:06d}"

    def chip_fared(self, *, well: bool) -> None:
        """How the last chip that was put in could be read: the next stripe tells of it. facts/unionpay-pos 2.4"""
        if self.chip_failed() is well:
            self._db.execute("INSERT OR REPLACE INTO counter VALUES ('chip failed', ?)", (int(not well),))

    def chip_failed(self) -> bool:
        """Whether the last chip could not be read."""
        row = self._db.execute("SELECT value FROM counter WHERE name = 'chip failed'").fetchone()
        return bool(row and row[0])

    # ── reversals ─────────────────────────────────────────────────────────────────────────────────────────────

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

    def tell_chip(self, trace: str, chip: bytes) -> None:
        """F55 of the armed reversal, as the card stands now. facts/unionpay-pos 2.2"""
        self._db.execute(
            "UPDATE reversal SET fields = json_set(fields, '$.\"55\"', ?) WHERE trace=?", (chip.hex().upper(), trace)
        )

    def disarm(self, trace: str) -> None:
        """The request is answered and done with, or it never left."""
        self._db.execute("DELETE FROM reversal WHERE trace=?", (trace,))

    def complete(self, booked: Booked) -> None:
        """An approval is finished: nothing is to be reversed any more, and it is part of the batch."""
        with self.together():
            self.disarm(booked.trace)
            self.batch.book(booked)

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

    # ── the exception list ────────────────────────────────────────────────────────────────────────────────────

    def given_up(self) -> list[str]:
        """Traces on the exception list, oldest first."""
        return [str(row[0]) for row in self._db.execute("SELECT trace FROM exception_list ORDER BY rowid")]

    def give_up(self, trace: str) -> None:
        """A reversal goes to the exception list. cases.md 102."""
        with self.together():
            self._db.execute(
                "INSERT INTO exception_list SELECT trace, transaction_name, tries FROM reversal WHERE trace=?", (trace,)
            )
            self.disarm(trace)

    def give_up_stored(self, trace: str) -> None:
        """A stored message goes to the exception list; its transaction stays in the batch, to be uploaded.

        facts/unionpay-pos 3.3: what was never acknowledged is among the records of an unbalanced batch.
        """
        with self.together():
            self._db.execute(
                "INSERT INTO exception_list SELECT trace, transaction_name, tries FROM stored WHERE trace=?", (trace,)
            )
            self.outbox.remove(trace)
            self.batch.mark(trace, "given up")

    # ── downloads ─────────────────────────────────────────────────────────────────────────────────────────────

    def keep_download(self, kind: str, name: str, value: bytes) -> None:
        """One object that was downloaded, such as a CA key; a newer one of the same name replaces it."""
        self._db.execute("INSERT OR REPLACE INTO download VALUES (?, ?, ?)", (kind, name, value))

    def forget_downloads(self, kind: str) -> None:
        """As if nothing of this kind had ever been downloaded."""
        self._db.execute("DELETE FROM download WHERE kind=?", (kind,))

    def downloads(self, kind: str) -> dict[str, bytes]:
        """What was downloaded, by name."""
        rows = self._db.execute("SELECT name, value FROM download WHERE kind=? ORDER BY name", (kind,))
        return {str(name): bytes(value) for name, value in rows}
