"""The host's port: connects are taken, or refused as if nobody were there, and taken again on the same port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

BACKLOG = 100


class Port:
    """A listening socket in the loop that runs. While it is closed a connect is refused by the system itself."""

    def __init__(self, address: str, port: int, factory: Callable[[], asyncio.Protocol]) -> None:
        self._wanted = (address, port)
        self._factory = factory
        self._socket: socket.socket | None = None
        self._coming: set[asyncio.Task[None]] = set()

    def open(self) -> tuple[str, int]:
        """Listen; returns address and port, which stay the same from then on. Raises OSError."""
        if self._socket is None:
            self._socket = socket.create_server(self._wanted, backlog=BACKLOG)
            self._socket.setblocking(False)
            address, port = self._socket.getsockname()[:2]
            self._wanted = (str(address), int(port))
            asyncio.get_running_loop().add_reader(self._socket, self._take, self._socket)
        return self._wanted

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def close(self) -> None:
        """Take nobody any more; who waits to be taken is reset by the system."""
        listening, self._socket = self._socket, None
        if listening is not None:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()

    async def settle(self) -> None:
        """Whoever was just being taken has come up."""
        while self._coming:
            await asyncio.wait(set(self._coming))

    def _take(self, listening: socket.socket) -> None:
        try:
            taken, _ = listening.accept()
        except OSError:  # it has gone again
            return
        taken.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._up(taken))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _up(self, taken: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._factory, taken)
        except OSError:
            taken.close()
