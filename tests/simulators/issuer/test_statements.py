"""Every statement that the books have at hand is understood by both databases, and finds what it looks for by index."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

import simulators.issuer
from simulators.issuer.opening import open_database
from simulators.issuer.postgresqlsession import SETTINGS
from simulators.issuer.schema import SCHEMA
from tests.support.postgresql import Server

STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s")
ASIDE = {"postgresql", "postgresqlsession"}
"""What a module says to its own database alone."""
ALL = {
    "ledger._POTS_BY_HISTORY",
    "ledger._HOLDS_BY_HISTORY",
    "ledger._RETIRE",
    "journal._SELECT",
    "holdbook._SELECT",
}
"""What goes through all rows: audits, the end of a case, and beginnings of other statements."""


def statements() -> Iterator[tuple[str, str]]:
    for found in pkgutil.iter_modules(simulators.issuer.__path__):
        if found.name in ASIDE or found.ispkg:
            continue
        module = importlib.import_module(f"simulators.issuer.{found.name}")
        for name, value in vars(module).items():
            if isinstance(value, str) and STATEMENT.match(value) and "{" not in value:  # or it is half a statement
                yield f"{found.name}.{name}", value


STATEMENTS = dict(statements())


def test_the_statements_are_found() -> None:
    assert {"ledger._POST", "journal._ENTER", "holdbook._PUT", "batches._SUMS"} <= STATEMENTS.keys()
    assert len(STATEMENTS) > 30


@pytest.mark.parametrize("name", STATEMENTS)
def test_postgresql_prepares_it_and_looks_up_by_index(postgresql: Server, name: str) -> None:
    """With the settings of a host's session."""
    number = itertools.count(1)
    numbered, values = re.sub(r"\?", lambda _: f"${next(number)}", STATEMENTS[name]), ["NULL"] * (next(number) - 1)
    postgresql.emptied("books")
    with postgresql.connect("books") as connection:
        for setting, value in SETTINGS.items():
            connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
        connection.execute(f"PREPARE it AS {numbered}")
        plan = connection.execute(f"EXPLAIN EXECUTE it{'(' + ', '.join(values) + ')' if values else ''}").fetchall()
    read_through = [line for (line,) in plan if "Seq Scan" in line]
    assert not read_through or name in ALL


@pytest.mark.parametrize("name", STATEMENTS)
def test_sqlite_prepares_it_and_looks_up_by_index(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        values = [None] * STATEMENTS[name].count("?")
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {STATEMENTS[name]}", values)]
    read_through = [
        line for line in plan if re.match(r"SCAN (account|posting|journal|hold|blocked|closed_batch)$", line)
    ]
    assert not read_through or name in ALL or "LIMIT" in STATEMENTS[name]


def test_a_number_has_one_type_whatever_its_size_and_a_sum_is_a_number(postgresql: Server) -> None:
    """Or else each size would be prepared by itself."""
    with closing(open_database(postgresql.emptied("books"))) as database:
        for value in (1, 1 << 20, 1 << 40, (1 << 62) - 1):
            assert database.row("SELECT ? + 0", (value,)) == (value,)
        ((summed,),) = database.rows("SELECT SUM(n) FROM (SELECT CAST(? AS BIGINT) AS n) AS summed", (1 << 40,))
        assert (type(summed), summed) == (int, 1 << 40)
        assert database.row("SELECT COUNT(*) FROM pg_prepared_statements WHERE statement LIKE '%+ 0'") == (1,)


def test_text_with_signs_of_the_driver_s_own_is_taken_as_it_is(postgresql: Server) -> None:
    with closing(open_database(postgresql.emptied("books"))) as database:
        assert database.row("SELECT '100 %', CAST(? AS TEXT), '%s'", ("100 % ? 卡",)) == ("100 %", "100 % ? 卡", "%s")
