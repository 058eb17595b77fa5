"""The line to the host: one connection kept open, plain or TLS, one monotonic deadline for an answer.

It goes over the first of the gateways that can be had. Bytes that have left never go again over another one: that would
be the same request twice. What became of them is found out by a reversal (facts/unionpay-pos 5.19).
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from protocols.iso8583 import UNIONPAY, CodecError, FrameReader, Message, compile_spec, unpack_frame
from simulators.terminal.gateways import Gateway, Tried, connect_first

CHUNK = 4096
TRACE = 11
MATCHED = (3, TRACE, 41, 42)
"""facts/unionpay-pos 1: a reply is to one's own request when its MTI is the request's plus 10 and these are equal.

Its F4 and F49 are looked at when its MAC was found right. One without a code (F39) answers nothing.
"""
SILENCES = 2
"""Time-outs in a row after which the connection is taken for dead and made anew. cases.md 114."""


@dataclass(frozen=True, slots=True)
class Received:
    """A reply with the bytes that its MAC covers, and the header of its frame."""

    message: Message
    body: bytes
    header: str = ""


class HostLink:
    """Sends a frame and waits for the reply that matches it.

    What does not match goes to `on_stray`. Bytes that cannot be read are told to `on_unreadable` in words, and the line
    is dropped: nothing behind them can be trusted to be in step. Each gateway that is tried is told to `on_tried`.
    `gateways` are asked for before each message: a line over one that is no longer among them is given up.
    """

    def __init__(
        self, gateways: Callable[[], Sequence[Gateway]], connect_timeout_s: float, on_stray: Callable[[Received], None],
        on_unreadable: Callable[[str], None] = lambda reason: None, matched: tuple[int, ...] = MATCHED,
        on_tried: Callable[[Tried], None] = lambda tried: None, defects: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._gateways = gateways
        self._on_tried = on_tried
        self._defects = defects
        self._over: Gateway | None = None
        self._connect_timeout_s = connect_timeout_s
        self._on_stray = on_stray
        self._on_unreadable = on_unreadable
        self._matched = matched
        self._codec = compile_spec(UNIONPAY)
        self._socket: socket.socket | None = None
        self._begin()

    def _begin(self) -> None:
        self._frames = FrameReader()
        self._pending = self._silences = 0

    def connect(self) -> None:
        """Connect unless connected. A line that the host has hung up since is made anew. Raises NotConnected."""
        gateways = self._gateways()
        if self._over in gateways and self._is_up():
            return
        self.drop()
        self._socket, self._over = connect_first(gateways, self._connect_timeout_s, self._on_tried, self._defects)
        self._begin()

    @property
    def is_open(self) -> bool:
        """Whether the line was not dropped; the other side may have."""
        return self._socket is not None

    def rest(self) -> None:
        """Nothing is under way: a line over another gateway than the first is given up."""
        if self._over not in self._gateways()[:1]:
            self.drop()

    def _is_up(self) -> bool:
        """Read what came since, which answers nothing any more: the host may have hung up behind it."""
        while self._socket is not None:
            chunk = _waiting(self._socket)
            if chunk is None:
                return True
            if not chunk:
                return False
            self._sort(chunk, None)
        return False

    def exchange(self, frame: bytes, request: Message, timeout_s: float) -> Received | None:
        """The reply, or None when none came in time, it could not be read, or the line broke after sending.

        Raises NotConnected before anything was sent.
        """
        self.connect()
        assert self._socket is not None
        deadline = time.monotonic() + timeout_s
        try:
            self._socket.settimeout(timeout_s)
            self._socket.sendall(frame)
            return self._await(request, deadline)
        except OSError:
            self.drop()
            return None

    def _await(self, request: Message, deadline: float) -> Received | None:
        assert self._socket is not None
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                chunk = self._socket.recv(CHUNK)
            except TimeoutError:
                break
            if not chunk:
                self.drop()
                return None
            found = self._sort(chunk, request)
            if found is not None:
                self._silences = 0
                return found
            if self._socket is None:
                return None
        self._silent()
        return None

    def _silent(self) -> None:
        """A time-out. With half a frame there, or after a second one in a row, the line is out of step or dead."""
        self._silences += 1
        if self._pending or self._silences >= SILENCES:
            self.drop()

    def _sort(self, chunk: bytes, request: Message | None) -> Received | None:
        """The reply to the request among the frames that are whole now; without a request there is none."""
        found = None
        self._pending += len(chunk)
        try:
            frames = self._frames.feed(chunk)
            for raw in frames:
                self._pending -= len(raw)
                frame = unpack_frame(raw)
                received = Received(self._codec.unpack(frame.body), frame.body, frame.header)
                if found is None and request is not None and self._answers(received.message, request):
                    found = received
                else:
                    self._on_stray(received)
            self._frames.feed(b"")  # a length that cannot be one is told as soon as it is there
        except CodecError as error:
            self._on_unreadable(str(error))
            self.drop()
        return found

    def _answers(self, reply: Message, request: Message) -> bool:
        if reply[0] != f"{int(str(request[0])) + 10:04d}" or 39 not in reply:
            return False
        return all(reply.get(n) == request.get(n) for n in self._matched if n in request)

    def drop(self) -> None:
        """Close the connection; the next exchange makes a new one."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = self._over = None


def _waiting(connection: socket.socket) -> bytes | None:
    """What waits to be read: empty when the other side has closed, None when nothing does."""
    connection.setblocking(False)
    try:
        return connection.recv(CHUNK)
    except (BlockingIOError, ssl.SSLWantReadError):
        return None
    except OSError:
        return b""
