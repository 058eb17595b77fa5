"""A terminal's connection to the host: bytes in, whole frames on to the host, answers out in whatever manner.

An idle one keeps nothing but itself: what it reads into is shared, and its frame reader lives while a frame is begun.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, Protocol, cast

from protocols.events import Direction
from protocols.iso8583 import CodecError, FrameReader
from protocols.iso8583.frame import is_one_frame
from simulators.issuer import explain
from simulators.issuer.edge import Edge
from simulators.issuer.limits import KIB

_LINGER = struct.pack("ii", 1, 0)  # on, no time: close sends a reset

SHOWN_BYTES = 2 * KIB
"""Kept as evidence of a stream that is no frames, at most."""


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


class Connection(asyncio.BufferedProtocol):
    """One connection, known by its number."""

    __slots__ = ("_behind", "_deaf", "_edge", "_host", "_reader", "_transport", "_waiting", "number")

    def __init__(self, host: Listener, number: int, edge: Edge) -> None:
        self._host = host
        self._edge = edge
        self.number = number
        self._reader: FrameReader | None = None
        self._transport: asyncio.Transport | None = None
        self._deaf = False
        self._behind: list[bytes] | None = None  # what waits for something that drips; None when nothing does
        self._waiting: list[bytes] | None = None  # frames that wait for a turn

    # ── what comes in ─────────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = made = cast(asyncio.Transport, transport)  # uvloop's are none by name
        made.set_write_buffer_limits(high=self._edge.limits.waiting_bytes)
        tls = transport.get_extra_info("tls")
        if tls is None:  # else it was up before its handshake
            self._edge.coming -= 1
        self._edge.open += 1
        self._host.open_connections.add(self)
        self._host.tell("connected", {"connection": self.number, **(tls or {})})

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._edge.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._edge.buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Bytes came in, in clear."""
        if self._deaf:
            return
        begun, self._reader = self._reader, None
        if begun is None and is_one_frame(data):
            self._take([data])
            return
        reader = begun or FrameReader()
        try:
            frames = reader.feed(data)
        except CodecError as error:
            self._unreadable(error, reader.pending)
            return
        if reader.pending:
            self._reader = reader
            if frames or begun is None:
                self._edge.frames.start(self)
        elif begun is not None:
            self._edge.frames.stop(self)
        self._take(frames)

    def _unreadable(self, error: CodecError, pending: bytes) -> None:
        if self._edge.tally.permits("undecodable"):
            self._host.unreadable(self, error, pending[:SHOWN_BYTES])
        self._cut()

    def _take(self, frames: list[bytes]) -> None:
        """So many in this turn; while some wait, or answers do, nothing more is read."""
        for place, frame in enumerate(frames):
            if place == self._edge.limits.requests_a_turn or self._full:
                self._rest()
                self._waiting = frames[place:]
                if not self._full:
                    asyncio.get_running_loop().call_soon(self._go_on)
                return
            self._host.received(self, frame)

    @property
    def _full(self) -> bool:
        """Whether the terminal must take answers before it is asked for requests."""
        return self in self._edge.unread or len(self._behind or ()) >= self._edge.limits.requests_a_turn

    def _rest(self) -> None:
        """Read nothing for now; nor is the terminal late with a frame that nobody reads."""
        self._edge.frames.stop(self)
        if self._transport is not None:
            self._transport.pause_reading()

    def _go_on(self) -> None:
        if self._transport is None or self._full:
            return
        frames, self._waiting = self._waiting, None
        if frames:
            self._take(frames)
        if self._waiting is None and not self._full:
            self._transport.resume_reading()
            if self._reader is not None and self not in self._edge.frames:
                self._edge.frames.start(self)

    def pause_writing(self) -> None:
        self._edge.unread.start(self)
        self._rest()

    def resume_writing(self) -> None:
        self._edge.unread.stop(self)
        asyncio.get_running_loop().call_soon(self._go_on)

    def connection_lost(self, exc: Exception | None) -> None:
        self._edge.frames.stop(self)
        self._edge.unread.stop(self)
        frames, self._waiting = self._waiting, None
        if not self._deaf:
            for frame in frames or ():  # they had come, though nobody waits for the answers any more
                self._host.received(self, frame)
            pending = self._reader.pending if self._reader is not None else b""
            if pending and self._edge.tally.permits("undecodable"):
                self._host.unfinished(self, pending)
        self._reader = self._transport = None
        self._edge.open -= 1
        self._host.open_connections.discard(self)
        self._host.tell("disconnected", {"connection": self.number})

    # ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────

    def too_slow(self) -> None:
        reader = self._reader
        if reader is None:
            return
        try:
            reader.feed(b"")
        except CodecError as error:  # what follows whole frames shows only now that it cannot be one
            self._unreadable(error, reader.pending)
            return
        seconds, came = self._edge.limits.frame_s, len(reader.pending)
        told = {"connection": self.number, "bytes": came, "seconds": seconds}
        self._edge.tally.tell("too slow", told, explain.too_slow(reader.pending, seconds))
        self._cut()

    def does_not_read(self) -> None:
        if self._transport is None:
            return
        waiting = self._transport.get_write_buffer_size()
        told = {"connection": self.number, "bytes": waiting, "seconds": self._edge.limits.unread_s}
        self._edge.tally.tell("does not read", told, explain.does_not_read(waiting, self._edge.limits.unread_s))
        self._cut()

    def _overflows(self) -> None:
        most = self._edge.limits.unsent_bytes
        told = {"connection": self.number, "bytes": most, "seconds": 0}
        self._edge.tally.tell("does not read", told, explain.overflows(most))
        self._cut()

    def _cut(self) -> None:
        self.fall_silent()
        self.abort()

    # ── what goes out ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def alive(self) -> bool:
        """Whether something written now may arrive."""
        return self._transport is not None and not self._transport.is_closing() and not self._deaf

    def write(self, data: bytes) -> bool:
        """False when the terminal has gone, or reads nothing. What is written behind something that drips waits."""
        if not self.alive or self._transport is None:
            return False
        if self._behind is not None:
            self._behind.append(data)
            if self._full:
                self._rest()
            return True
        if self._transport.get_write_buffer_size() + len(data) > self._edge.limits.unsent_bytes:
            self._overflows()
            return False
        self._transport.write(data)
        return True

    def split(self, data: bytes) -> bool:
        """Write byte by byte, each in a segment of its own."""
        return all(self.write(bytes([byte])) for byte in data)

    def begin_drip(self) -> bool:
        """From now on whatever is written waits for what drips. False when something drips already."""
        if self._behind is not None:
            return False
        self._behind = []
        return True

    async def drip(self, data: bytes, pause_s: float) -> bool:
        """After `begin_drip`: one byte every so many seconds; False when the terminal has gone before the last."""
        behind: list[bytes] = []
        try:
            for place, byte in enumerate(data):
                if place:
                    await asyncio.sleep(pause_s)
                if not self.alive or self._transport is None:
                    return False
                self._transport.write(bytes([byte]))
        finally:
            behind, self._behind = self._behind or [], None
        for waiting in behind:
            self.write(waiting)
        self._go_on()
        return True

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

    def fall_silent(self) -> None:
        """Neither hear nor say anything from now on, and close nothing."""
        self._deaf = True
        self._waiting = None
        self._edge.frames.stop(self)
        self._edge.unread.stop(self)
        if self._transport is not None:
            self._transport.resume_reading()  # else its end would go unseen

    def hang_up(self) -> None:
        """Close in order: what was written still arrives, if the terminal reads it in time."""
        if self._transport is not None:
            if self._transport.get_write_buffer_size():
                self._edge.unread.start(self)
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
