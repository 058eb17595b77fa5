"""A session of the books on a PostgreSQL server: how it is connected, set up, and made the only one of its ledger."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import psycopg
from psycopg import sql
from psycopg.adapt import Loader
from psycopg.types.numeric import Int8BinaryDumper

from protocols.faults import ConfigurationError
from simulators.issuer.database import STATEMENTS, Row
from simulators.issuer.postgresqlurl import Place

OLDEST = 13_00_00
DEFAULTS = {"connect_timeout": 5, "tcp_user_timeout": 5000, "keepalives_idle": 5, "keepalives_interval": 2}
"""Of a connection, unless the URL says otherwise: a host that waits for its books answers nobody. Seconds, but
`tcp_user_timeout` in milliseconds."""
SETTINGS = {
    "synchronous_commit": "on", "client_encoding": "UTF8", "client_min_messages": "error", "jit": "off",
    "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0", "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
}  # fmt: skip
"""Of a session. All that is asked in business is found by index: a plan made while a table was empty stays right."""
LOSES = ("synchronous_commit", "fsync", "full_page_writes")
"""Settings without which a server may lose what it has committed."""
LOCK_PATIENCE_S = 1.0
"""How long a ledger is waited for that is in use: a server does not notice at once that a host was killed."""
PAUSE_S = 0.05
"""Between one look and the next."""

_LOCK = "SELECT pg_try_advisory_lock(%s)"
_HOLDING = """
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database() AND l.objsubid = 1
    AND (l.classid::bigint << 32) | l.objid::bigint = %s"""
_END_OWN = f"SELECT pg_terminate_backend(a.pid) {_HOLDING} AND a.application_name = %s"
_HOLDER = f"""
SELECT a.pid, COALESCE(host(a.client_addr), 'a local process'),
    COALESCE(to_char(a.backend_start, 'YYYY-MM-DD HH24:MI'), 'a time that it keeps to itself') {_HOLDING}"""


class _Whole(Loader):
    """SUM of BIGINT is NUMERIC, and a whole number all the same."""

    def load(self, data: Any) -> int:
        return int(bytes(data))


def connect(place: Place, own: str, *, autocommit: bool = True) -> psycopg.Connection[Row]:
    """A connection by the name of `own`. Raises psycopg's errors."""
    connection = psycopg.connect(**{**DEFAULTS, **place.parts, "application_name": own}, autocommit=autocommit)
    connection.prepared_max = 2 * STATEMENTS  # one with a value and one with NULL
    connection.adapters.register_dumper(int, Int8BinaryDumper)  # one type for each place, whatever its value
    connection.adapters.register_loader("numeric", _Whole)
    return connection


def settle(connection: psycopg.Connection[Row], place: Place) -> bool:
    """A session as the books need it; whether what it commits is durable. Raises ConfigurationError."""
    if connection.info.server_version < OLDEST:
        version = connection.info.parameter_status("server_version")
        raise ConfigurationError(
            f"the server at {place} is PostgreSQL {version}", advice="use 13 or newer", component="host"
        )
    search(connection, place)
    each = ", ".join("set_config(%s, %s, false)" for _ in SETTINGS)
    connection.execute(f"SELECT {each}", [text for pair in SETTINGS.items() for text in pair])
    off = [name for name in LOSES if connection.execute("SELECT current_setting(%s)", (name,)).fetchone() != ("on",)]
    if off and not place.may_lose:
        raise ConfigurationError(
            f"the server at {place} may lose what it has committed: {', '.join(off)} is off",
            advice="switch it on, or say ?durable=no where that does not matter",
            component="host",
        )
    return not off


def reading(place: Place, own: str) -> psycopg.Connection[Row]:
    """A session that changes nothing, for questions of all kinds. Raises psycopg's errors."""
    connection = connect(place, own)
    search(connection, place)
    connection.execute("SET default_transaction_read_only = on")
    return connection


def search(connection: psycopg.Connection[Row], place: Place) -> None:
    if place.schema:
        if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (place.schema,)).fetchall():
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(place.schema)))
        connection.execute("SELECT set_config('search_path', %s, false)", (place.schema,))
    elif connection.execute("SELECT current_schema()").fetchone() == (None,):
        raise ConfigurationError(
            f"{place} has no schema in its search path",
            advice="say which is to be used: ?schema=NAME",
            component="host",
        )


def take(connection: psycopg.Connection[Row], place: Place, own: str) -> None:
    """Raises ConfigurationError when another host has it. A lost connection of `own` is ended for it."""
    (schema,) = connection.execute("SELECT current_schema()").fetchone() or (None,)
    key = int.from_bytes(hashlib.sha256(f"holdfast ledger {schema}".encode()).digest()[:8], "big") >> 1
    until = time.monotonic() + LOCK_PATIENCE_S
    while connection.execute(_LOCK, (key,)).fetchone() != (True,):
        if time.monotonic() > until:
            break
        connection.execute(_END_OWN, (key, own))
        time.sleep(PAUSE_S)
    else:
        return
    holder = connection.execute(_HOLDER, (key,)).fetchone()
    by = f": server process {holder[0]}, from {holder[1]}, since {holder[2]}" if holder else ""
    raise ConfigurationError(
        f"another host uses the ledger in schema {schema!r} of {place}{by}",
        advice="stop it, or give this one a ledger of its own: ?schema=NAME",
        component="host",
    )
