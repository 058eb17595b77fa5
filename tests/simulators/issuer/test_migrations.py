"""Old ledgers are brought up to date with all that is in them, on both databases; new ones get the same tables."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from protocols.faults import ConfigurationError
from simulators.issuer.ledger import AccountView
from simulators.issuer.migrations import script, upgrade_postgresql, upgrade_sqlite
from simulators.issuer.opening import open_database
from simulators.issuer.schema import MARK, POSTGRESQL_SCHEMA, REVISION, REVISIONS, SCHEMA, TABLES
from tests.simulators.issuer.bank import CARD, HOLD, OPENING, Bank
from tests.simulators.kit import ROOT, cn_market
from tests.support.postgresql import Server

BEFORE_REVISIONS = """
CREATE TABLE account (
    card TEXT PRIMARY KEY, kind TEXT NOT NULL, opening INTEGER NOT NULL, available INTEGER NOT NULL,
    held INTEGER NOT NULL DEFAULT 0, booked INTEGER NOT NULL DEFAULT 0, retired INTEGER NOT NULL DEFAULT 0)
    WITHOUT ROWID;
CREATE TABLE posting (
    id INTEGER PRIMARY KEY, card TEXT NOT NULL, hold INTEGER, kind TEXT NOT NULL, debit TEXT NOT NULL,
    credit TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount >= 0), journal INTEGER);
CREATE TABLE journal (
    id INTEGER PRIMARY KEY, terminal TEXT NOT NULL, merchant TEXT NOT NULL, batch TEXT NOT NULL, trace TEXT NOT NULL,
    kind TEXT NOT NULL, card TEXT NOT NULL, amount INTEGER NOT NULL, asked INTEGER NOT NULL, approval TEXT NOT NULL,
    reference TEXT NOT NULL, day TEXT NOT NULL, code TEXT NOT NULL, state TEXT NOT NULL, original INTEGER,
    refunded INTEGER NOT NULL DEFAULT 0, uploaded INTEGER NOT NULL DEFAULT 0);
CREATE INDEX journal_key ON journal (merchant, terminal, trace, batch);
CREATE INDEX journal_reference ON journal (reference);
CREATE INDEX journal_batch ON journal (merchant, terminal, batch, kind);
CREATE TABLE hold (
    id INTEGER PRIMARY KEY, card TEXT NOT NULL, merchant TEXT NOT NULL, approval TEXT NOT NULL, trace TEXT NOT NULL,
    day TEXT NOT NULL, amount INTEGER NOT NULL, granted INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0,
    booked INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, last_day TEXT NOT NULL, closed_by INTEGER);
CREATE INDEX hold_key ON hold (card, approval);
CREATE INDEX hold_held ON hold (card, held) WHERE held > 0;
CREATE INDEX hold_days ON hold (last_day) WHERE state IN ('open', 'partly completed');
CREATE TABLE blocked (
    merchant TEXT, terminal TEXT, batch TEXT, trace TEXT, kind TEXT,
    PRIMARY KEY (merchant, terminal, batch, trace, kind)) WITHOUT ROWID;
CREATE TABLE closed_batch (
    merchant TEXT, terminal TEXT, batch TEXT, PRIMARY KEY (merchant, terminal, batch)) WITHOUT ROWID;
"""
"""The tables as they were made before there were revisions."""
DATA = (
    "INSERT INTO account VALUES ('credit', 'credit', 100000, 90000, 10000, 0, 0)",
    "INSERT INTO journal VALUES (1, '50080001', '309310083985008', '000001', '000001', 'pre-authorisation', 'credit',"
    " 10000, 10000, '000001', '000000000001', '2026-06-15', '00', 'normal', NULL, 0, 0)",
    "INSERT INTO hold VALUES (1, 'credit', '309310083985008', '000001', '000001', '2026-06-15', 10000, 10000, 10000, 0,"
    " 'open', '2026-07-15', NULL)",
    "INSERT INTO posting VALUES (1, 'credit', 1, 'hold', 'available', 'held', 10000, 1)",
    "INSERT INTO blocked VALUES ('309310083985008', '50080001', '000001', '000002', 'sale')",
    "INSERT INTO closed_batch VALUES ('309310083985008', '50080001', '000000')",
)
"""One pre-authorisation of 100.00 of 1000.00."""

Sql = Callable[[str], list[tuple[Any, ...]]]


class Old:
    """A place for an old ledger: what is there is done by plain SQL, past the books."""

    def __init__(self, where: Path | str, sql: Sql, upgrade: Callable[[str], None]) -> None:
        self.where, self.sql, self.upgrade = where, sql, upgrade

    def fill(self) -> None:
        for statement in DATA:
            self.sql(statement)

    def revision(self) -> str:
        ((revision,),) = self.sql(f"SELECT version_num FROM {MARK}")
        return str(revision)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Old]:
    if request.param == "SQLite":
        path = tmp_path / "ledger.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            yield Old(path, lambda text: db.execute(text).fetchall(), lambda to: upgrade_sqlite(path, to))
        return
    server: Server = request.getfixturevalue("postgresql")
    schema = server.fresh()
    with server.connect(schema) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")

        def sql(text: str) -> list[tuple[Any, ...]]:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else []

        def upgrade(to: str) -> None:
            upgrade_postgresql(lambda: server.connect(schema, autocommit=False), to)

        yield Old(server.url(schema), sql, upgrade)
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


def _goes_on(where: Path | str) -> None:
    """The hold of `DATA` is completed, and what comes next gets the next number."""
    bank = Bank(where, cn_market(), opening=None)
    with closing(bank.ledger) as ledger:
        assert ledger.account(CARD) == AccountView(OPENING - HOLD, HOLD, 0)
        assert ledger.database.row("SELECT trace, kind FROM blocked") == ("000002", "sale")
        assert ledger.batches.closed("309310083985008", "50080001", "000000")
        ledger.audit()
        bank.approval = "000001"
        assert bank.complete(trace=3).code == "00"
        assert bank.preauth(trace=4).approval == "000002"
        ledger.audit()


def test_a_ledger_of_the_first_revision_is_brought_up_to_date_with_all_that_is_in_it(old: Old) -> None:
    old.upgrade("0001")
    old.fill()
    _let_numbers_go_on(old)
    _goes_on(old.where)
    assert old.revision() == REVISION


def test_a_ledger_from_before_there_were_revisions_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(BEFORE_REVISIONS)
        for statement in DATA:
            db.execute(statement)
        _goes_on(path)
        assert db.execute(f"SELECT version_num FROM {MARK}").fetchall() == [(REVISION,)]


def _let_numbers_go_on(old: Old) -> None:
    """PostgreSQL counts by itself; `DATA` brought its own numbers."""
    if isinstance(old.where, str):
        for table in ("journal", "posting"):
            old.sql(f"ALTER SEQUENCE {table}_id_seq RESTART 2")


def test_a_ledger_of_a_newer_revision_is_refused_and_stays_as_it_is(old: Old) -> None:
    open_database(old.where).close()
    old.sql(f"UPDATE {MARK} SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match=r"of revision 9999, this Holdfast knows those up to 0002 \(use the"):
        open_database(old.where)
    assert old.revision() == "9999"


def test_tables_that_are_no_books_are_refused(old: Old) -> None:
    old.sql("CREATE TABLE account (name TEXT)")
    with pytest.raises(ConfigurationError, match="these are no books: account without blocked, closed_batch, hold,"):
        open_database(old.where)


def test_an_upgrade_that_fails_half_way_leaves_the_ledger_as_it_was(old: Old) -> None:
    """`hold_code` is made, then an index is missing."""
    old.upgrade("0001")
    old.fill()
    old.sql("DROP INDEX journal_key")
    with pytest.raises(ConfigurationError, match=r"could not be brought up to date, and is as it was: .*journal_key"):
        open_database(old.where)
    assert old.revision() == "0001"
    old.sql("CREATE INDEX hold_code ON hold (approval, day)")
    old.sql("DROP INDEX hold_code")
    old.sql("CREATE INDEX journal_key ON journal (merchant)")
    _let_numbers_go_on(old)
    _goes_on(old.where)


def test_opening_a_ledger_of_now_changes_nothing(old: Old) -> None:
    for _ in range(2):
        open_database(old.where).close()
        assert old.revision() == REVISION
    old.fill()
    _let_numbers_go_on(old)
    _goes_on(old.where)


# ── the same tables ───────────────────────────────────────────────────────────────────────────────────────────────


def _definition(engine: Any) -> dict[str, Any]:
    """Tables with their columns, keys, checks and indices, as the database tells them."""
    with engine.connect() as connection:
        look = inspect(connection)
        return {
            name: {
                "columns": [{**column, "type": str(column["type"])} for column in look.get_columns(name)],
                "key": look.get_pk_constraint(name)["constrained_columns"],
                "checks": [check["sqltext"] for check in look.get_check_constraints(name)],
                "indices": sorted(map(_told, look.get_indexes(name))),
                "options": look.get_table_options(name),
            }
            for name in look.get_table_names()
        }


def _told(index: Any) -> str:
    """Its condition is an object without an equal."""
    options = {name: str(value) for name, value in index.pop("dialect_options", {}).items()}
    return f"{sorted(index.items())} {options}"


def _plain_indices(db: sqlite3.Connection) -> list[tuple[str]]:
    return db.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql <> '' ORDER BY name").fetchall()


def test_a_new_file_has_the_tables_that_the_revisions_make(tmp_path: Path) -> None:
    new, grown = tmp_path / "new", tmp_path / "grown"
    with closing(sqlite3.connect(new)) as db:
        db.executescript(SCHEMA)
        indices = _plain_indices(db)
    upgrade_sqlite(grown)
    with closing(sqlite3.connect(grown)) as db:
        assert _plain_indices(db) == indices
    definitions = [_definition(create_engine(f"sqlite:///{path}", poolclass=NullPool)) for path in (new, grown)]
    assert definitions[0].keys() == {*TABLES, MARK}
    assert definitions[0] == definitions[1]


def test_a_new_schema_of_a_server_has_the_tables_that_the_revisions_make(postgresql: Server) -> None:
    new, grown = postgresql.fresh(), postgresql.fresh()
    with postgresql.connect() as connection:
        for schema in (new, grown):
            connection.execute(f"CREATE SCHEMA {schema}")
    with postgresql.connect(new) as connection:
        connection.execute(POSTGRESQL_SCHEMA)
    upgrade_postgresql(lambda: postgresql.connect(grown, autocommit=False))
    definitions = []
    for schema in (new, grown):
        made = _definition(
            create_engine(
                "postgresql+psycopg://", creator=lambda schema=schema: postgresql.connect(schema), poolclass=NullPool
            )
        )
        definitions.append(made)
    assert definitions[0].keys() == {*TABLES, MARK, "used_by"}
    assert definitions[0] == definitions[1]


def test_what_counts_in_a_server_has_64_bits(postgresql: Server) -> None:
    postgresql.emptied("books")
    with postgresql.connect() as connection:
        found = connection.execute(
            "SELECT DISTINCT data_type FROM information_schema.columns WHERE table_schema = 'books'"
        ).fetchall()
    assert sorted(kind for (kind,) in found) == ["bigint", "character varying", "text"]


def test_the_revisions_are_a_line_from_the_first_to_the_last() -> None:
    revisions = [step.revision for step in ScriptDirectory.from_config(script()).walk_revisions()]
    assert tuple(reversed(revisions)) == REVISIONS


# ── quick ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_file_is_opened_at_once_and_without_what_only_old_ones_need(tmp_path: Path) -> None:
    code = (
        "import sys; from simulators.issuer.opening import open_database; open_database(sys.argv[1]).close();"
        "open_database(sys.argv[1]).close(); print({'sqlalchemy', 'alembic', 'psycopg'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "ledger.sqlite")], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")
