"""The ways to the host, in their order: the first one that can be had is taken.

The first gateway is tried first at every new connection, so that the terminal is back with it as soon as it makes one;
a line over another one is given up when the terminal has come to rest. cases.md 117, 265.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from simulators.terminal.tls import ClientTls, Refused, encrypted

PRIMARY = "primary"
NO_SECOND_BY = "second-gateway-not-tried"


@dataclass(frozen=True, slots=True)
class Gateway:
    """One way to the host: plain TCP, or TLS."""

    address: tuple[str, int]
    tls: ClientTls | None = None
    name: str = PRIMARY


@dataclass(frozen=True, slots=True)
class Tried:
    """How it went with a gateway: connected under a TLS version, empty for a plain line, or why not."""

    gateway: Gateway
    connected: bool
    version: str = ""
    reason: str = ""


class NotConnected(Exception):
    """No connection could be made: nothing left the terminal."""


def connect_first(
    gateways: Sequence[Gateway], timeout_s: float, tell: Callable[[Tried], None], defects: Collection[str] = ()
) -> tuple[socket.socket, Gateway]:
    """A line over the first gateway that can be had; each gets the whole time. Raises NotConnected, with all reasons.

    Raises ConfigurationError for certificates that cannot be used.
    """
    reasons = []
    for gateway in gateways[:1] if NO_SECOND_BY in defects else gateways:
        try:
            line = _connect(gateway, timeout_s, defects)
        except (OSError, UnicodeError, Refused) as error:  # UnicodeError: no name of a host
            tried = Tried(gateway, False, reason=_words(error))
            reasons.append(f"{gateway.name}: {tried.reason}" if len(gateways) > 1 else tried.reason)
            tell(tried)
            continue
        tell(Tried(gateway, True, version_of(line)))
        return line, gateway
    raise NotConnected("; ".join(reasons))


def _connect(gateway: Gateway, timeout_s: float, defects: Collection[str]) -> socket.socket:
    context = gateway.tls.context(defects) if gateway.tls is not None else None
    deadline = time.monotonic() + timeout_s
    line = socket.create_connection(gateway.address, timeout_s)
    try:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if gateway.tls is None or context is None:
            return line
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        line.settimeout(left)
        return encrypted(line, gateway.tls, context)
    except BaseException:
        with suppress(OSError):
            line.close()
        raise


def version_of(line: socket.socket) -> str:
    """`TLSv1.3`, or empty for a plain line."""
    version = getattr(line, "version", None)
    return str(version() or "") if version is not None else ""


def _words(error: Exception) -> str:
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return "its name is known to nobody"
    if isinstance(error, TimeoutError):
        return "it did not take the connection in time"
    if isinstance(error, ConnectionRefusedError):
        return "it refuses connections"
    return getattr(error, "strerror", None) or type(error).__name__
