"""How an old ledger gets the tables of now: Alembic's revisions, run from code.

Imported only where there is something to bring up to date: SQLAlchemy takes longer to import than a ledger to open.
All steps are one transaction, in SQLite too: a ledger that was cut short in them is the old one.
A new revision is a file in `versions`, and the same change in `simulators.issuer.schema`; a test compares the two.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from protocols.faults import ConfigurationError
from simulators.issuer.schema import MARK, REVISIONS

HEAD = "head"


def script() -> Config:
    """Where the revisions lie; no `alembic.ini` is needed."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def upgrade_sqlite(path: Path, to: str = HEAD) -> None:
    """Books in a file. Raises ConfigurationError when a step fails; nothing is changed then."""
    _upgrade("sqlite://", lambda: sqlite3.connect(path, isolation_level=None), "BEGIN IMMEDIATE", to)


def upgrade_postgresql(connect: Callable[[], Any], to: str = HEAD) -> None:
    """Books in the schema that is first in the search path of psycopg connections that `connect` makes."""
    _upgrade("postgresql+psycopg://", connect, "", to)


def _upgrade(dialect: str, connect: Callable[[], Any], begin: str, to: str) -> None:
    engine = create_engine(dialect, creator=connect, poolclass=NullPool)
    if begin:  # Python's driver would begin none before a change of tables
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    config = script()
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            if _unmarked(connection):
                command.stamp(config, REVISIONS[0])
            command.upgrade(config, to)
    except DBAPIError as error:
        raise ConfigurationError(
            f"the ledger could not be brought up to date, and is as it was: {str(error.orig).strip()}",
            advice="look at what was changed in its tables by hand, or at the disk that it lies on",
            component="host",
        ) from error


def _unmarked(connection: Connection) -> bool:
    """Books from before there were revisions."""
    names = inspect(connection).get_table_names()
    return "account" in names and MARK not in names
