"""The admin API on a port of its own, served from a thread of its own."""

from __future__ import annotations

import socket
import threading
from typing import Any

import uvicorn

from holdfast.admin.access import is_loopback, needs_token
from holdfast.admin.app import make_app
from holdfast.admin.desk import Desk
from holdfast.admin.guard import Guard
from protocols.faults import RigFault

START_S, STOP_S = 10.0, 5.0
MOST_CONNECTIONS = 64


class _Server(uvicorn.Server):
    """Says when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class AdminServer:
    """Started, it serves a desk until it is stopped. Raises ConfigurationError where it must have a token."""

    def __init__(self, desk: Desk, address: str = "127.0.0.1", port: int = 0, token: str = "") -> None:
        needs_token(address, token)
        self._desk = desk
        self._wanted = (address, port)
        app: Any = Guard(make_app(desk), token, local=is_loopback(address))
        self._server = _Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, lifespan="off", ws="none", http="h11", loop="asyncio",
                limit_concurrency=MOST_CONNECTIONS, timeout_graceful_shutdown=1, server_header=False,
            )
        )  # fmt: skip
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="issuer-admin", daemon=True)

    def start(self) -> tuple[str, int]:
        """Listen; returns address and port. Raises RigFault when it cannot."""
        family = socket.AF_INET6 if ":" in self._wanted[0] else socket.AF_INET
        # TCP by name: asyncio sends without delay on such sockets alone
        listening = self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(self._wanted)
            listening.listen(MOST_CONNECTIONS)
        except OSError as error:
            listening.close()
            raise RigFault(
                f"the admin API cannot listen on {self._wanted[0]}:{self._wanted[1]}: {error.strerror}",
                advice="is the port taken?", component="host",
            ) from None  # fmt: skip
        self._thread.start()
        if not self._server.up.wait(START_S):
            self.stop()
            raise RigFault("the admin API did not start", component="host")
        address, port = listening.getsockname()[:2]
        return str(address), int(port)

    def stop(self) -> None:
        """Let followers go and end. A second time does nothing."""
        self._desk.feed.close()
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket] if self._socket else None)
