"""A PostgreSQL server for tests: the installed one, with a cluster of its own that ends with whoever started it.

It takes 0.7 s to start, so each worker of the tests has its own.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from simulators.issuer.schema import POSTGRESQL_SCHEMA, TABLES
from tests.support import keep_postgresql
from tests.support.keep_postgresql import DATABASE, OWNER, USER

KEEPER = Path(keep_postgresql.__file__)
_EMPTY = "; ".join(
    [f"DELETE FROM {table}" for table in sorted(TABLES)]
    + [f"ALTER SEQUENCE {table}_id_seq RESTART" for table in ("journal", "posting")]
)


class Server:
    """Started when made. `close` ends it."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.directory = Path(tempfile.mkdtemp(prefix="hf-pg-", dir="/tmp"))  # short, and its owner may go there
        if os.getuid() == 0:
            shutil.chown(self.directory, OWNER, OWNER)
        self._keeper = subprocess.Popen(
            [sys.executable, str(KEEPER), str(self.directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._ready()

    def url(self, schema: str, *, durable: bool = False) -> str:
        place = str(self.directory).replace("/", "%2F")
        return f"postgresql://{USER}@{place}/{DATABASE}?schema={schema}" + ("" if durable else "&durable=no")

    def emptied(self, schema: str) -> str:
        """URL of the books in a schema, made once; nothing is in them."""
        with self.connect(schema) as connection:
            found = connection.execute("SELECT to_regclass(%s)", (f"{schema}.closed_batch",)).fetchone()
            if found == (None,):
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
                connection.execute(POSTGRESQL_SCHEMA)
            else:  # tenfold as fast as TRUNCATE where there is little
                connection.execute(_EMPTY)
        return self.url(schema)

    def fresh(self) -> str:
        """Name of a schema that is not there yet."""
        return f"books_{next(self._numbers)}"

    def connect(self, schema: str = "public", *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """Past the books: to look, and to do them harm."""
        options = f"-c search_path={schema} -c client_min_messages=error"
        return psycopg.connect(
            host=str(self.directory), user=USER, dbname=DATABASE, autocommit=autocommit, options=options
        )  # fmt: skip

    def crash(self) -> None:
        """It ends at once, as `pg_ctl restart -m immediate` has it, and is there again."""
        self._say("crash")

    def stop(self) -> None:
        self._say("stop")

    def start(self) -> None:
        self._say("start")

    def close(self) -> None:
        """The server is gone, and its directory."""
        assert self._keeper.stdin
        assert self._keeper.stdout
        self._keeper.stdin.close()
        self._keeper.wait(30)
        self._keeper.stdout.close()

    @property
    def keeper(self) -> subprocess.Popen[str]:
        return self._keeper

    def _say(self, word: str) -> None:
        assert self._keeper.stdin
        print(word, file=self._keeper.stdin, flush=True)
        self._ready()

    def _ready(self) -> None:
        assert self._keeper.stdout
        said = self._keeper.stdout.readline()
        assert said == "ready\n", f"the PostgreSQL server did not start: {said or 'its log is above'}"
