"""What the issuer's books ask of a database: prepared statements in one dialect, transactions, and a durable commit.

Statements are written once, in what SQLite (3.35 and newer) and PostgreSQL (13 and newer) both understand, with `?` for
values; a table name, a kind or a state in them never holds a question mark. One connection, one thread.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import quote

from protocols.faults import ConfigurationError, RigFault
from simulators.issuer.schema import MARK, SCHEMA, standing

STATEMENTS = 256
"""So many prepared statements are kept: more than the books have."""

PRAGMAS = (
    "page_size=2048",  # a commit writes whole pages, a decision changes a few bytes in each: 8192 costs a fifth more
    "journal_mode=WAL",
    "synchronous=FULL",
    "temp_store=MEMORY",
    "cache_size=-32768",  # KiB, of which a small ledger takes little
    "wal_autocheckpoint=8000",  # pages: what changes often is copied into the file once for many commits
)

Row = tuple[Any, ...]


class LedgerUnavailable(RigFault):
    """The database took nothing: its disk is full, or it cannot be reached. Nothing of the transaction is kept."""


class Reader(Protocol):
    """A connection of its own, for another thread, that sees what is durable and changes nothing.

    Both questions raise LedgerUnavailable when the database fails.
    """

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of a query."""

    def row(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        """The first row; None when there is none."""

    def close(self) -> None:
        """A second time does nothing."""


class Database(Protocol):
    """A connection that one thread uses. All but `close` raise LedgerUnavailable when the database fails.

    Within a transaction `mark` sets a point to go back to; marks do not nest.
    """

    name: str
    """For a person: "SQLite 3.40.1"."""

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of a query, or of RETURNING."""

    def row(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        """The first row; None when there is none."""

    def run(self, statement: str, values: Sequence[object] = ()) -> None:
        """A statement without rows."""

    def begin(self) -> None:
        """Begin a transaction that will write."""

    def commit(self) -> None:
        """All that was written since `begin` survives loss of power once this returns."""

    def rollback(self) -> None:
        """Forget all since `begin`. Never raises: a connection that is lost has forgotten by itself."""

    def mark(self) -> None:
        """Set the point to which `back` goes."""

    def keep(self) -> None:
        """Forget the mark, and keep what was written since."""

    def back(self) -> None:
        """Forget what was written since the mark, and the mark."""

    def reader(self) -> Reader:
        """Another connection to the same books."""

    def close(self) -> None:
        """A second time does nothing."""


class SqliteDatabase:
    """One file, WAL, `synchronous=FULL`; a new one gets its tables, an old one is brought up to date.

    Raises ConfigurationError for a file of a newer Holdfast, or that is no ledger. `factory` makes the connection;
    tests cut it short. `alone` keeps others away until it is closed, by a lock beside the file that the system takes
    back when the host dies; it raises ConfigurationError when somebody has it.
    """

    def __init__(
        self, path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection, *, alone: bool = False
    ) -> None:
        self._lock = _locked(path) if alone else None
        self.name = f"SQLite {sqlite3.sqlite_version}"
        self.path = path
        self.connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS, factory=factory
        )
        self._execute = self.connection.cursor().execute  # one for all: every question is read to its end at once
        try:
            for pragma in PRAGMAS:
                self._execute(f"PRAGMA {pragma}")
            self._make_tables()
        except sqlite3.Error as error:
            self.close()
            raise _unavailable(error) from error
        except BaseException:
            self.close()
            raise

    def _make_tables(self) -> None:
        tables = [name for (name,) in self._execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        marks = self._execute(f"SELECT version_num FROM {MARK}").fetchall() if MARK in tables else []  # noqa: S608
        stands = standing(tables, marks[0][0] if marks else None)
        if stands == "nothing":
            self.connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        elif stands == "old":
            from simulators.issuer.migrations import upgrade_sqlite

            upgrade_sqlite(self.path)

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        try:
            return self._execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise _unavailable(error) from error

    def row(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        try:
            found = self._execute(statement, values).fetchall()  # all of them: an unfinished RETURNING is undone
        except sqlite3.OperationalError as error:
            raise _unavailable(error) from error
        return found[0] if found else None

    def run(self, statement: str, values: Sequence[object] = ()) -> None:
        try:
            self._execute(statement, values)
        except sqlite3.OperationalError as error:
            raise _unavailable(error) from error

    def begin(self) -> None:
        self.run("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.run("COMMIT")

    def rollback(self) -> None:
        with suppress(sqlite3.Error):  # a line that is cut has rolled back by itself
            if self.connection.in_transaction:
                self._execute("ROLLBACK")

    def mark(self) -> None:
        self.run("SAVEPOINT decision")

    def keep(self) -> None:
        self.run("RELEASE decision")

    def back(self) -> None:
        self.run("ROLLBACK TO decision")
        self.run("RELEASE decision")

    def reader(self) -> Reader:
        return _SqliteReader(self.path)

    def close(self) -> None:
        self.connection.close()
        if self._lock is not None:
            self._lock.close()


class _SqliteReader:
    """WAL: who reads waits for nobody, and nobody for him."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise _unavailable(error) from error

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise _unavailable(error) from error

    def row(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        found = self.rows(statement, values)
        return found[0] if found else None

    def close(self) -> None:
        self._connection.close()


def _locked(path: Path) -> IO[bytes]:
    lock = path.with_name(f"{path.name}.lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigurationError(
            f"another host uses the ledger {path}", advice="stop it, or name another ledger", component="host"
        ) from None
    return lock


def _unavailable(error: sqlite3.Error) -> LedgerUnavailable:
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    advice = {
        "SQLITE_FULL": "make room on the disk; business goes on by itself then",
        "SQLITE_BUSY": "does another host use this ledger?",
    }.get(name, "look at the disk that the ledger lies on")
    what = {"SQLITE_FULL": "the disk of the ledger is full"}.get(name, f"the ledger cannot be written: {error}")
    return LedgerUnavailable(what, advice=advice, component="host")
