"""The line to the host: one TCP connection kept open, one monotonic deadline for an answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from protocols.iso8583 import UNIONPAY, CodecError, FrameReader, Message, compile_spec, unpack_frame

CHUNK = 4096
MATCHED = (3, 4, 11, 41, 42)
"""facts/unionpay-pos 1: a reply is one's own when its MTI is the request's plus 10 and these are equal.

One without a code (F39) answers nothing.
"""


@dataclass(frozen=True, slots=True)
class Received:
    """A reply with the bytes that its MAC covers."""

    message: Message
    body: bytes


class NotConnected(Exception):
    """No connection could be made: nothing left the terminal."""


class HostLink:
    """Sends a frame and waits for the reply that matches it. What does not match goes to `on_stray`."""

    def __init__(
        self, address: tuple[str, int], connect_timeout_s: float, on_stray: Callable[[Received], None]
    ) -> None:
        self._address = address
        self._connect_timeout_s = connect_timeout_s
        self._on_stray = on_stray
        self._codec = compile_spec(UNIONPAY)
        self._socket: socket.socket | None = None
        self._frames = FrameReader()

    def connect(self) -> None:
        """Connect unless connected. A line that the host has hung up since is made anew. Raises NotConnected."""
        if self._socket is not None and not _hung_up(self._socket):
            return
        self.drop()
        try:
            self._socket = socket.create_connection(self._address, self._connect_timeout_s)
        except OSError as error:
            raise NotConnected(str(error)) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._frames = FrameReader()

    def exchange(self, frame: bytes, request: Message, timeout_s: float) -> Received | None:
        """The reply, or None when none came in time or the line broke after sending. Raises NotConnected before."""
        self.connect()
        assert self._socket is not None
        deadline = time.monotonic() + timeout_s
        try:
            self._socket.settimeout(timeout_s)
            self._socket.sendall(frame)
            return self._await(request, deadline)
        except (OSError, CodecError):
            self.drop()
            return None

    def _await(self, request: Message, deadline: float) -> Received | None:
        assert self._socket is not None
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                chunk = self._socket.recv(CHUNK)
            except TimeoutError:
                return None
            if not chunk:
                self.drop()
                return None
            found = self._sort(chunk, request)
            if found is not None:
                return found
        return None

    def _sort(self, chunk: bytes, request: Message) -> Received | None:
        found = None
        for raw in self._frames.feed(chunk):
            body = unpack_frame(raw).body
            received = Received(self._codec.unpack(body), body)
            if found is None and _answers(received.message, request):
                found = received
            else:
                self._on_stray(received)
        return found

    def drop(self) -> None:
        """Close the connection; the next exchange makes a new one."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None


def _hung_up(connection: socket.socket) -> bool:
    """Whether the other side has closed; bytes that wait to be read say that it has not."""
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _answers(reply: Message, request: Message) -> bool:
    if reply[0] != f"{int(str(request[0])) + 10:04d}" or 39 not in reply:
        return False
    return all(reply.get(n) == request.get(n) for n in MATCHED if n in request)
