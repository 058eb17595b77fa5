"""Where a ledger on a PostgreSQL server is: read from a URL, and told without its password."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from protocols.faults import ConfigurationError

SCHEMES = ("postgresql", "postgres")
OWN = ("schema", "durable")
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
KNOWN = (
    *OWN, "host", "port", "user", "dbname", "password", "passfile", "sslmode", "sslrootcert", "sslcert", "sslkey",
    "options", "connect_timeout", "tcp_user_timeout", "target_session_attrs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Parts of a URL; as text, host and database alone.

    `schema` is empty for the first of the search path; `may_lose` takes a server that is not durable.
    """

    parts: dict[str, Any]
    schema: str
    may_lose: bool

    @classmethod
    def of(cls, url: str) -> Place:
        """Raises ConfigurationError, whose text holds nothing of the URL that may be secret."""
        head, _, query = url.partition("?")
        options = [option for option in query.split("&") if option]
        own = {name: unquote(value) for name, _, value in (o.partition("=") for o in options) if name in OWN}
        theirs = [option for option in options if option.partition("=")[0] not in OWN]
        schema, durable = own.get("schema", ""), own.get("durable", "yes")
        if "schema" in own and not NAME.fullmatch(schema):
            raise _wrong(
                f"{schema!r} is no name of a schema", "use small letters, digits and _, and begin with no digit"
            )
        if durable not in ("yes", "no"):
            raise _wrong(f"durable is yes or no, not {durable!r}", "leave it out: yes is what a ledger needs")
        try:
            scheme = urlsplit(head).scheme
            parts = conninfo_to_dict(f"{head}?{'&'.join(theirs)}" if theirs else head)
            ports = [int(port) for port in str(parts.get("port") or "").split(",") if port]
            assert all(0 < port < 1 << 16 for port in ports)
        except (psycopg.Error, ValueError, AssertionError):  # their texts quote the URL
            names = [option.partition("=")[0] for option in theirs]
            near = [near for name in names if name not in KNOWN for near in get_close_matches(name, KNOWN, 1)]
            hint = f"did you mean {near[0]}?" if near else "it is postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
            raise _wrong("the URL of the ledger cannot be read", hint) from None
        if scheme not in SCHEMES:
            raise _wrong("the URL of the ledger is not one of PostgreSQL", "it begins with postgresql://")
        return cls(dict(parts), schema, durable == "no")

    def __str__(self) -> str:
        return f"{self.parts.get('host') or 'this machine'}, database {self.parts.get('dbname') or 'by default'}"

    def __repr__(self) -> str:
        return f"Place({self})"

    def without_password(self, text: str) -> str:
        """What a server or its driver said, safe to be told."""
        password = str(self.parts.get("password") or "")
        return text.replace(password, "***") if password else text


def _wrong(what: str, advice: str) -> ConfigurationError:
    return ConfigurationError(what, advice=advice, component="host")
