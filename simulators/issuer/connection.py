"""A terminal's connection to the host: bytes in, whole frames on to the host, answers out."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from protocols.events import Direction
from protocols.iso8583 import CodecError, FrameReader


class Listener(Protocol):
    """Whoever takes what comes in: the host, in its own thread."""

    open_connections: set[Connection]

    def received(self, connection: Connection, raw: bytes) -> None:
        """One whole frame came in."""

    def tell(
        self, kind: str, fields: dict[str, Any], direction: Direction = Direction.NONE, raw: bytes | None = None
    ) -> None:
        """Record an event."""


class Connection(asyncio.Protocol):
    """One connection, known by its number."""

    def __init__(self, host: Listener, number: int) -> None:
        self._host = host
        self.number = number
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._host.open_connections.add(self)
        self._host.tell("connected", {"connection": self.number})

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._reader.feed(data)
        except CodecError as error:
            self._host.tell("undecodable", {"reason": str(error)}, Direction.OUT, self._reader.pending)
            self.abort()
            return
        for frame in frames:
            self._host.received(self, frame)

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.open_connections.discard(self)
        self._transport = None
        self._host.tell("disconnected", {"connection": self.number})

    def write(self, data: bytes) -> bool:
        """False when the terminal has gone."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        return True

    def abort(self) -> None:
        """Hang up at once; what was not sent yet is lost."""
        if self._transport is not None:
            self._transport.abort()
