"""The host's port: connects are taken, or refused as if nobody were there, and taken again on the same port."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import struct
from collections.abc import Callable

from simulators.issuer.connection import Connection
from simulators.issuer.edge import Edge, Tell, keep_to_oneself
from simulators.issuer.limits import Limits, lines_possible
from simulators.issuer.tls import TlsEnd, peer

EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
EXHAUSTED_PAUSE_S = 0.2
CROWDED_PAUSE_S = 0.02
DAWDLES_S = 1.0
"""A handshake that has taken so long makes way when all places are taken."""
RESET = struct.pack("ii", 1, 0)


class Port:
    """A listening socket in the loop that runs. While it is closed a connect is refused by the system itself.

    `refused` is told of those who were not taken, and of lines that a limit cut.
    """

    def __init__(
        self, address: str, port: int, factory: Callable[[Edge], Connection], tls: ssl.SSLContext | None = None,
        limits: Limits = Limits(), refused: Tell = keep_to_oneself,
    ) -> None:  # fmt: skip
        self._wanted = (address, port)
        self._factory = factory
        self._tls = tls
        self._limits = limits
        self._edge = Edge(limits, refused)
        self._most = 0
        self._socket: socket.socket | None = None
        self._coming: set[asyncio.Task[None]] = set()
        self._pausing: asyncio.TimerHandle | None = None

    def open(self) -> tuple[str, int]:
        """Listen; returns address and port, which stay the same from then on. Raises OSError."""
        if self._socket is None:
            self._most = self._most or lines_possible(self._limits)
            self._socket = self._listening()
            address, port = self._socket.getsockname()[:2]
            self._wanted = (str(address), int(port))
            asyncio.get_running_loop().add_reader(self._socket, self._take, self._socket)
        return self._wanted

    def _listening(self) -> socket.socket:
        """Those it takes inherit the options, so that none is set for each."""
        made = socket.create_server(self._wanted, backlog=self._limits.backlog)
        for level, option, value in self._options():
            made.setsockopt(level, option, value)
        made.setblocking(False)
        return made

    def _options(self) -> list[tuple[int, int, int]]:
        limits = self._limits
        options = [
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),  # asyncio sets it for none that an accept made
            (socket.SOL_SOCKET, socket.SO_SNDBUF, limits.system_bytes),
            (socket.SOL_SOCKET, socket.SO_RCVBUF, limits.system_bytes),
        ]
        wanted = {
            "TCP_KEEPIDLE": limits.probe_idle_s, "TCP_KEEPINTVL": limits.probe_every_s,
            "TCP_KEEPCNT": limits.probe_times, "TCP_USER_TIMEOUT": limits.unacknowledged_s * 1000,
        }  # fmt: skip
        known = [(name, value) for name, value in wanted.items() if hasattr(socket, name)]
        return options + [(socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in known]

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def close(self) -> None:
        """Take nobody any more; who waits to be taken, or has not ended its handshake, is reset."""
        listening, self._socket = self._socket, None
        if listening is not None:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        if self._pausing is not None:
            self._pausing.cancel()
            self._pausing = None
        for end in self._edge.handshakes.everyone():
            end.abort()

    async def settle(self) -> None:
        """Whoever was just being taken has come up, or is hung up on; what was counted is told."""
        while self._coming:
            await asyncio.wait(set(self._coming))
        for end in self._edge.handshakes.everyone():
            end.abort()
        self._edge.tally.close()

    # ── connects ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, listening: socket.socket) -> None:
        for place in range(self._limits.accepts_a_turn):
            if self._crowded() and (place or not self._made_way()):  # for the first only: more may not be waiting
                return
            try:
                taken, address = listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in EXHAUSTED:
                    self._exhausted(error)
                    return
                continue  # it has gone again
            if self._edge.lines >= self._most:
                self._refuse(taken, peer(address))
                continue
            taken.setblocking(False)
            self._edge.coming += 1
            task = asyncio.get_running_loop().create_task(self._up(taken))
            self._coming.add(task)
            task.add_done_callback(self._coming.discard)

    def _refuse(self, taken: socket.socket, who: str) -> None:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        taken.close()
        reason = f"{self._most} lines are open, and that is the limit"
        self._edge.tally.tell("line refused", {"peer": who, "reason": reason}, f"a connect was reset: {reason}")

    def _exhausted(self, error: OSError) -> None:
        reason = f"the system gives no more descriptors or memory ({errno.errorcode[error.errno or 0]})"
        text = f"connects wait: {reason}, tried again every {EXHAUSTED_PAUSE_S:g} s"
        self._edge.tally.tell("line refused", {"peer": "", "reason": reason}, text)
        self._pause(EXHAUSTED_PAUSE_S)

    def _crowded(self) -> bool:
        """Whether all places for handshakes are taken."""
        handshakes = self._edge.coming + len(self._edge.handshakes)
        return self._tls is not None and handshakes >= self._limits.handshakes

    def _made_way(self) -> bool:
        """Whoever dawdles leaves its place; when nobody does, connects wait for a moment."""
        oldest = self._edge.handshakes.oldest()
        if oldest is not None and oldest[1] > DAWDLES_S:
            oldest[0].make_way()
            return True
        self._pause(CROWDED_PAUSE_S)
        return False

    def _pause(self, seconds: float) -> None:
        """Take nobody for a moment: the socket stays readable, and the loop would spin."""
        loop = asyncio.get_running_loop()
        if self._socket is not None and self._pausing is None:
            loop.remove_reader(self._socket)
            self._pausing = loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._pausing = None
        if self._socket is not None:
            asyncio.get_running_loop().add_reader(self._socket, self._take, self._socket)

    async def _up(self, taken: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, taken)
        except OSError:
            self._edge.coming -= 1
            taken.close()

    def _protocol(self) -> asyncio.BaseProtocol:
        if self._tls is None:
            return self._factory(self._edge)
        return TlsEnd(self._tls, self._edge, self._factory)
