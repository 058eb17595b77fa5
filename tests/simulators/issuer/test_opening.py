"""Where a ledger may be, and what is said of other places."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from simulators.issuer.database import SqliteDatabase
from simulators.issuer.opening import open_database
from simulators.issuer.postgresql import PostgresqlDatabase
from tests.support.postgresql import Server


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_a_file(tmp_path: Path, kind: type[str] | type[Path]) -> None:
    with closing(open_database(kind(tmp_path / "ledger:1?.sqlite"))) as database:
        assert isinstance(database, SqliteDatabase)
        assert database.name.startswith("SQLite 3.")
    assert (tmp_path / "ledger:1?.sqlite").exists()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_url_of_postgresql_is_a_schema_of_a_server(postgresql: Server, scheme: str) -> None:
    url = postgresql.emptied("books").replace("postgresql://", f"{scheme}://")
    with closing(open_database(url)) as database:
        assert isinstance(database, PostgresqlDatabase)
        assert database.name.startswith("PostgreSQL ")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("postgresq://h/d", r"not postgresq:// \(did you mean postgresql://"),
        ("postgres+psycopg://h/d", r"\(did you mean postgres://"),
        ("PostgreSQL://h/d", r"\(did you mean postgresql://"),
        ("mysql://h/d", r"not mysql:// \(give the path of a file, or a URL of a PostgreSQL server"),
        ("postgresql:/h/d", "not one of PostgreSQL|cannot be read"),
    ],
)
def test_another_place_is_refused_with_the_near_miss(where: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_database(where)


def test_a_file_that_cannot_be_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a directory"):
        open_database(tmp_path)
    with pytest.raises(ConfigurationError, match="lies in no directory"):
        open_database(tmp_path / "nowhere" / "ledger.sqlite")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no ledger at all, and long enough to be looked at as one" * 40)
    with pytest.raises(ConfigurationError, match="is no ledger"):
        open_database(tmp_path / "text")


def test_a_file_is_used_by_one_host_at_a_time(tmp_path: Path) -> None:
    """Both would keep what they know of accounts and codes in mind."""
    path = tmp_path / "ledger.sqlite"
    with closing(open_database(path)), pytest.raises(ConfigurationError, match=r"another host uses .*stop it"):
        open_database(path)
    with closing(open_database(path)) as database:
        assert database.row("SELECT COUNT(*) FROM account") == (0,)


def test_a_file_that_is_refused_is_free_for_others(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no database at all, whatever its name may say" * 40)
    with pytest.raises(ConfigurationError, match="no ledger"):
        open_database(path)
    path.unlink()
    open_database(path).close()
