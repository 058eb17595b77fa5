"""The issuer's books on a PostgreSQL server, 13 or newer: one schema is one ledger, and one host at a time uses it.

A URL is libpq's, `postgresql://user@host/database`, and may end in `?schema=NAME` (made when it is not there; else the
first of the search path) and `&durable=no` (a server that does not write through is taken too).

The host that uses a ledger holds an advisory lock on it, which ends with its connection; a pooler that lends
connections for a transaction each cannot stand between. When the server goes away all fails with LedgerUnavailable, and
the next `begin`, or the next statement outside of a transaction, connects again. A commit that was cut is looked up: it
fails only when it was not kept, or when the server cannot be asked within `PATIENCE_S`. A host that comes back after
another has used the ledger is refused: what it remembers of the books is no longer so.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache

import psycopg
from psycopg import errors

from protocols.faults import ConfigurationError, HoldfastBug
from simulators.issuer.database import LedgerUnavailable, Reader, Row
from simulators.issuer.postgresqlsession import PAUSE_S, connect, reading, search, settle, take
from simulators.issuer.postgresqlurl import Place
from simulators.issuer.schema import MARK, POSTGRESQL_SCHEMA, standing

AWAY = (psycopg.OperationalError, errors.ReadOnlySqlTransaction, errors.DataCorrupted, errors.IndexCorrupted)
"""The server's failures; all others are ours."""
ENDED = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.DatabaseDropped)
"""After these the server hangs up."""
PATIENCE_S = 2.0
"""How long a server that broke off a commit is asked what became of it."""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"


class PostgresqlDatabase:
    """A ledger on a server; what is committed there survives loss of power, unless the URL allows otherwise.

    Raises ConfigurationError for a URL, a server or a ledger that cannot be used as it is, and LedgerUnavailable when
    the server cannot be reached or lets nobody in. No text holds the password.
    """

    def __init__(self, url: str) -> None:
        self._place = Place.of(url)
        self._own = f"holdfast issuer {secrets.token_hex(4)}"
        self._began = self._kept_mark = self._ended = False
        self._commits = 0
        self._open(self._claim)
        version = self._connection.info.server_version
        self.name = f"PostgreSQL {version // 10000}.{version % 10000}" + ("" if self.durable else ", not durable")

    # ── the port ──────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        return self._ask(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        found = self._ask(statement, values).fetchall()
        return found[0] if found else None

    def run(self, statement: str, values: Sequence[object] = ()) -> None:
        self._ask(statement, values)

    def begin(self) -> None:
        """Connects again when the connection was lost."""
        if not self._connection.closed:
            with suppress(LedgerUnavailable):
                self._begin()
                return
            if not self._connection.closed:
                self._begin()  # the server is there and refuses: say why
                return
        self._open_again()
        self._begin()

    def commit(self) -> None:
        """Raises HoldfastBug when a statement of the transaction had failed: nothing of it is kept."""
        self._began = False
        self._commits += 1
        try:
            self._plain(f"UPDATE used_by SET commits = {self._commits}; COMMIT")  # noqa: S608
        except LedgerUnavailable as error:
            if not self._connection.closed or not self._kept(error):
                raise
        except errors.InFailedSqlTransaction:
            raise HoldfastBug("a transaction was to be kept in which a statement had failed") from None

    def rollback(self) -> None:
        self._began = False
        if not self._connection.closed:
            with suppress(psycopg.Error):
                self._cursor.execute("ROLLBACK", prepare=False)

    def mark(self) -> None:
        self._plain("RELEASE decision; SAVEPOINT decision" if self._kept_mark else "SAVEPOINT decision")
        self._kept_mark = False

    def keep(self) -> None:
        """The server learns of it with the next mark; a commit forgets marks by itself."""
        self._kept_mark = True

    def back(self) -> None:
        self._plain("ROLLBACK TO decision; RELEASE decision")

    def reader(self) -> Reader:
        return _PostgresqlReader(self._place, f"{self._own} reads", self._unavailable)

    def close(self) -> None:
        self._ended = True
        self._connection.close()

    # ── the connection ────────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, statement: str, values: Sequence[object]) -> psycopg.Cursor[Row]:
        """What only looks, and outside of a transaction, is asked again over a new connection."""
        if self._connection.closed and not self._began:
            self._open_again()
        try:
            return self._cursor.execute(_translated(statement), values, prepare=True)
        except AWAY as error:
            failed = self._failed(error)
        if self._began or not self._connection.closed or not statement.startswith("SELECT"):
            raise failed
        self._open_again()
        try:
            return self._cursor.execute(_translated(statement), values, prepare=True)
        except AWAY as error:
            raise self._failed(error) from None

    def _plain(self, statement: str) -> None:
        try:
            self._cursor.execute(statement, prepare=False)
        except AWAY as error:
            raise self._failed(error) from None

    def _begin(self) -> None:
        self._plain("BEGIN")
        self._began, self._kept_mark = True, False

    def _kept(self, lost: LedgerUnavailable) -> bool:
        """What became of a commit that was cut. Raises LedgerUnavailable when nobody can tell now.

        The number of the transaction would not tell: after a crash the server gives it to another one.
        """
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._open_again()
                return self.row("SELECT commits FROM used_by") == (self._commits,)
            except LedgerUnavailable:
                if time.monotonic() > until:
                    break
                time.sleep(PAUSE_S)
        raise LedgerUnavailable(
            f"{lost.message}; whether it kept its last transaction cannot be asked now",
            advice=lost.advice,
            component="host",
        )

    def _open(self, enter: Callable[[], None]) -> None:
        """Connect, look at the server, take the ledger, bring its tables up to date, and enter."""
        if self._ended:
            raise HoldfastBug("a ledger was used after it had been closed")
        try:
            connection = connect(self._place, self._own)
        except psycopg.Error as error:
            raise self._unavailable(error) from None
        try:
            self.durable = settle(connection, self._place)
            take(connection, self._place, self._own)
            self._connection = connection
            self._cursor = connection.cursor()
            self._make_tables()
            enter()
        except AWAY as error:
            connection.close()
            raise self._unavailable(error) from None
        except psycopg.ProgrammingError as error:  # what the role may not do
            connection.close()
            raise ConfigurationError(
                f"the ledger on {self._place} cannot be made or read: {error.diag.message_primary}",
                advice="give the role a schema of its own, or name one that it may use: ?schema=NAME",
                component="host",
            ) from None
        except BaseException:
            connection.close()
            raise

    def _open_again(self) -> None:
        """What would be a wrong set-up at the start is a fault of the bench now."""
        try:
            self._open(self._look_again)
        except ConfigurationError as error:
            raise LedgerUnavailable(error.message, advice=error.advice, component="host") from None

    def _claim(self) -> None:
        """From now on this is the host that used it last."""
        with self._connection.transaction():
            self._connection.execute("DELETE FROM used_by")
            self._connection.execute("INSERT INTO used_by VALUES (%s, 0)", (self._own,))

    def _look_again(self) -> None:
        if self._connection.execute("SELECT host FROM used_by").fetchall() != [(self._own,)]:
            raise ConfigurationError(
                f"another host has used the ledger on {self._place} meanwhile", advice="start this one again"
            )

    def _make_tables(self) -> None:
        connection = self._connection
        tables = [name for (name,) in connection.execute(_TABLES)]
        marks = connection.execute(f"SELECT version_num FROM {MARK}").fetchall() if MARK in tables else []  # noqa: S608
        stands = standing(tables, marks[0][0] if marks else None)
        if stands == "nothing":
            with connection.transaction():
                connection.execute(POSTGRESQL_SCHEMA)
        elif stands == "old":
            from simulators.issuer.migrations import upgrade_postgresql

            upgrade_postgresql(self._for_upgrade)

    def _for_upgrade(self) -> psycopg.Connection[Row]:
        connection = connect(self._place, self._own, autocommit=False)
        search(connection, self._place)
        connection.commit()
        return connection

    def _failed(self, error: psycopg.Error) -> LedgerUnavailable:
        if isinstance(error, ENDED):
            self._connection.close()
        return self._unavailable(error)

    def _unavailable(self, error: psycopg.Error) -> LedgerUnavailable:
        if isinstance(error, errors.DiskFull):
            what, advice = "the disk of the ledger is full", "make room on the disk; business goes on by itself then"
        else:
            said = self._place.without_password(_told_once(str(error))) or type(error).__name__
            what = f"the ledger on {self._place} cannot be used: {said}"
            advice = "look at the PostgreSQL server; business goes on by itself when it is back"
        return LedgerUnavailable(what, advice=advice, component="host")


class _PostgresqlReader:
    """Connects when it is asked first, and again when the server was away."""

    def __init__(self, place: Place, own: str, unavailable: Callable[[psycopg.Error], LedgerUnavailable]) -> None:
        self._place, self._own, self._unavailable = place, own, unavailable
        self._connection: psycopg.Connection[Row] | None = None

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        known = self._connection is not None
        try:
            try:
                return self._ask(statement, values)
            except AWAY:
                self.close()
                if not known:
                    raise
                return self._ask(statement, values)
        except AWAY as error:
            self.close()
            raise self._unavailable(error) from None

    def row(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        found = self.rows(statement, values)
        return found[0] if found else None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, statement: str, values: Sequence[object]) -> list[Row]:
        if self._connection is None:
            self._connection = reading(self._place, self._own)
        return self._connection.execute(_translated(statement), values).fetchall()


def _told_once(text: str) -> str:
    """In one line; what several ways to connect failed with alike is told once."""
    lines = text.removeprefix("connection failed: ").splitlines()
    return "; ".join(dict.fromkeys(line.strip() for line in lines if line.strip()))


@cache
def _translated(statement: str) -> bytes:
    """The driver's placeholders; bytes, since its own check of the text is then done once."""
    return statement.replace("%", "%%").replace("?", "%s").encode()
