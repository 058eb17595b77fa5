"""A terminal's line as a fuzzed sequence uses it: whole, in segments, with more requests behind each other, cut short.

It knows itself which answers are due, from a reader of its own that is fed what the host is fed.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from dataclasses import dataclass, field

from protocols.iso8583 import UNIONPAY, CodecError, FrameReader, Message, compile_spec, unpack_frame

CODEC = compile_spec(UNIONPAY)
DEADLINE_S = 90.0
"""Within it whatever is due must come, on a machine that stands still for half a minute as well."""
NUDGE_S = 0.02
_LINGER = struct.pack("ii", 1, 0)


@dataclass
class Line:
    """One connection. `due` are the requests that are not answered yet."""

    address: tuple[str, int]
    due: list[Message] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """Of those requests."""
    waiting: bytes = b""
    broken: bool = False
    """What was sent last can be no frame: the host hangs up, and what was due may be lost."""

    def __post_init__(self) -> None:
        self._socket = socket.create_connection(self.address, DEADLINE_S)
        self._mirror, self._reader = FrameReader(), FrameReader()
        self._came: list[bytes] = []

    def close(self, *, reset: bool) -> None:
        """In order, or with a reset; what was due is due no more."""
        with contextlib.suppress(OSError):
            if reset:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            self._socket.close()

    def put(self, raw: bytes) -> None:
        """Send it with what is sent next."""
        self.waiting += raw

    def send(self, segment: bytes) -> None:
        """At once. Works out what is due for it."""
        with contextlib.suppress(OSError):  # the host may have hung up already, for good reasons
            self._socket.sendall(segment)
        if self.broken:
            return
        frames: list[bytes] = []
        try:
            frames = self._mirror.feed(segment)
            self._mirror.feed(b"")
        except CodecError:
            self.broken = True
        for raw in frames:
            self._is_due(raw)

    def _is_due(self, raw: bytes) -> None:
        try:
            body = unpack_frame(raw).body
            message = CODEC.unpack(body)
        except CodecError:
            return
        if str(message[0])[2] in "02":
            self.due.append(message)
            self.bodies.append(body)

    def answers(self) -> list[bytes]:
        """Every frame that is due; of a broken line those that still came, until the host hung up.

        Raises AssertionError when one does not come.
        """
        while len(self._came) < len(self.due) or self.broken:
            chunk = self._chunk()
            if not chunk:
                assert self.broken, "the host has hung up"
                break
            self._came += self._reader.feed(chunk)
        came, self._came = self._came, []
        assert not self._reader.pending or self.broken, "an answer is cut short"
        return came

    def _chunk(self) -> bytes:
        """What comes next; nothing when the host hangs up. A broken line is told so by one byte after the other:
        behind whole frames it shows with the next byte alone that nothing can be read there."""
        self._socket.settimeout(NUDGE_S if self.broken else DEADLINE_S)
        for _ in range(int(DEADLINE_S / NUDGE_S)):
            if self.broken:
                self.send(b"\x00")
            try:
                return self._socket.recv(65536)
            except TimeoutError:
                if not self.broken:
                    break
            except ConnectionError:
                return b""
        missing = len(self.due) - len(self._came)
        raise AssertionError("a broken line is not cut" if self.broken else f"{missing} of {len(self.due)} do not come")
