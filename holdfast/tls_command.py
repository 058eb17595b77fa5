"""`holdfast tls make`: a test CA, a server certificate and client certificates, for a bench of one's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from holdfast.status import Exit
from protocols.faults import ConfigurationError
from simulators.issuer.testca import make as make_certificates

CLIENT_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
HOST_NAME = re.compile(r"[A-Za-z0-9.*:_-]{1,253}")


def make(
    directory: Path, hosts: Sequence[str], clients: Sequence[str], days: int, console: Console, *,
    spoiled: bool, rsa_keys: bool,
) -> int:  # fmt: skip
    """Returns 0. Raises ConfigurationError for a name that cannot be one, and for a directory that has a CA."""
    for name, allowed, what in [
        *((n, CLIENT_NAME, "client") for n in clients),
        *((n, HOST_NAME, "host") for n in hosts),
    ]:
        if not allowed.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no name of a {what}", advice="use letters, digits, dots and dashes")
    try:
        made = make_certificates(
            directory, hosts, clients or ("terminal",), days, spoiled=spoiled, rsa_keys=rsa_keys
        )  # fmt: skip
    except OSError as error:
        raise ConfigurationError(f"{directory} cannot be written: {error.strerror}") from None
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for name, identity in made.items():
        until = f"valid until {identity.certificate.not_valid_after_utc:%Y-%m-%d}"
        table.add_row(Text(f"{name}.pem", "bold"), Text(until))
    console.print(f"in {directory}, for tests alone; each has its .key beside it:", highlight=False)
    console.print(table)
    return int(Exit.CONFORMS)
