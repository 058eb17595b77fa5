"""Who may ask: where the token comes from, and when there must be one."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from protocols.faults import ConfigurationError

TOKEN = "HOLDFAST_ADMIN_TOKEN"
SHORTEST_TOKEN = 16


def is_loopback(name: str) -> bool:
    """Whether a host name or address can mean this machine alone."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name.lower().rstrip(".") == "localhost"


def admin_token(file: Path | None, environment: Mapping[str, str] = os.environ) -> str:
    """From the file, or from HOLDFAST_ADMIN_TOKEN; empty without either. Raises ConfigurationError for a weak one."""
    if file is None:
        token, where = environment.get(TOKEN, "").strip(), TOKEN
    else:
        where = str(file)
        try:
            token = file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"the token file {file} cannot be read: {type(error).__name__}") from None
    if (token or file) and not (len(token) >= SHORTEST_TOKEN and token.isascii() and token.isprintable()):
        raise ConfigurationError(
            f"the token of {where} is no line of {SHORTEST_TOKEN} or more characters",
            advice="make one: openssl rand -hex 32",
        )
    return token


def needs_token(address: str, token: str) -> None:
    """Raises ConfigurationError when anyone on the network could ask."""
    if not token and not is_loopback(address):
        raise ConfigurationError(
            f"the admin API would listen on {address} without a token",
            advice=f"name a file by --admin-token-file, set {TOKEN}, or listen on 127.0.0.1",
        )
