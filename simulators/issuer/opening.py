"""Opens a ledger where it is said to be: a file, or a schema of a PostgreSQL server."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

from protocols.faults import ConfigurationError
from simulators.issuer.database import Database, SqliteDatabase

SCHEMES = ("postgresql", "postgres")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")

_MAGIC = b"SQLite format 3\0"


def open_database(where: str | Path) -> Database:
    """The ledger there, made or brought up to date. A file is SQLite's; `postgresql://…` is a server's (`postgresql`).

    Raises ConfigurationError for what is neither or cannot be used, LedgerUnavailable when it cannot be reached.
    """
    url = _URL.match(where) if isinstance(where, str) else None
    if url is None:
        return _in_file(Path(where))
    if url[1] in SCHEMES:
        from simulators.issuer.postgresql import PostgresqlDatabase

        return PostgresqlDatabase(str(where))
    near = get_close_matches(url[1].lower().partition("+")[0], SCHEMES, 1)
    raise ConfigurationError(
        f"a ledger is a file or postgresql://…, not {url[1]}://",
        advice=f"did you mean {near[0]}://?" if near else "give the path of a file, or a URL of a PostgreSQL server",
        component="host",
    )


def _in_file(path: Path) -> Database:
    if path.is_dir() or not path.parent.is_dir():
        what = "is a directory" if path.is_dir() else "lies in no directory that is there"
        raise ConfigurationError(f"the ledger {path} {what}", advice="name a file in one", component="host")
    if path.exists() and path.stat().st_size and not _is_sqlite(path):
        raise ConfigurationError(
            f"{path} is no ledger, nor any other SQLite database",
            advice="name another file: it is made when it is not there",
            component="host",
        )
    return SqliteDatabase(path, alone=True)


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC
