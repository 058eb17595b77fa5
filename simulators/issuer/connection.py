"""A terminal's connection to the host: bytes in, whole frames on to the host, answers out in whatever manner."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, Protocol

from protocols.events import Direction
from protocols.iso8583 import CodecError, FrameReader

_LINGER = struct.pack("ii", 1, 0)  # on, no time: close sends a reset


class Listener(Protocol):
    """Whoever takes what comes in: the host, in its own thread."""

    open_connections: set[Connection]

    def received(self, connection: Connection, raw: bytes) -> None:
        """One whole frame came in."""

    def unreadable(self, connection: Connection, error: CodecError, pending: bytes) -> None:
        """What came in can be cut into no frames: the connection ends."""

    def unfinished(self, connection: Connection, pending: bytes) -> None:
        """The connection ended within a frame."""

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
        self._deaf = False
        self._dripping = False
        self._behind: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._host.open_connections.add(self)
        self._host.tell("connected", {"connection": self.number})

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        try:
            frames = self._reader.feed(data)
        except CodecError as error:
            self._host.unreadable(self, error, self._reader.pending)
            self._deaf = True
            self.abort()
            return
        for frame in frames:
            self._host.received(self, frame)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._reader.pending and not self._deaf and self._transport is not None:
            self._host.unfinished(self, self._reader.pending)
        self._host.open_connections.discard(self)
        self._transport = None
        self._host.tell("disconnected", {"connection": self.number})

    @property
    def alive(self) -> bool:
        """Whether something written now may arrive."""
        return self._transport is not None and not self._transport.is_closing() and not self._deaf

    def write(self, data: bytes) -> bool:
        """False when the terminal has gone. What is written behind something that drips waits for it."""
        if not self.alive or self._transport is None:
            return False
        if self._dripping:
            self._behind.append(data)
        else:
            self._transport.write(data)
        return True

    def split(self, data: bytes) -> bool:
        """Write byte by byte, each in a segment of its own."""
        return all(self.write(bytes([byte])) for byte in data)

    def begin_drip(self) -> bool:
        """From now on whatever is written waits for what drips. False when something drips already."""
        if self._dripping:
            return False
        self._dripping = True
        return True

    async def drip(self, data: bytes, pause_s: float) -> bool:
        """After `begin_drip`: one byte every so many seconds; False when the terminal has gone before the last."""
        try:
            for place, byte in enumerate(data):
                if place:
                    await asyncio.sleep(pause_s)
                if not self.alive or self._transport is None:
                    return False
                self._transport.write(bytes([byte]))
        finally:
            self._dripping = False
        behind, self._behind = self._behind, []
        for waiting in behind:
            self.write(waiting)
        return True

    def fall_silent(self) -> None:
        """Neither hear nor say anything from now on, and close nothing."""
        self._deaf = True

    def hang_up(self) -> None:
        """Close in order: what was written still arrives."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Close with a TCP reset."""
        if self._transport is not None:
            end: socket.socket | None = self._transport.get_extra_info("socket")
            if end is not None:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            self._transport.abort()

    def abort(self) -> None:
        """Hang up at once; what was not sent yet is lost."""
        if self._transport is not None:
            self._transport.abort()
