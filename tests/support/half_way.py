"""A proxy before a PostgreSQL server that lets a commit through and loses what the server says to it."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

COMMIT = b"COMMIT"


class HalfWay:
    """Listens on a Unix socket beside the server's own. When `armed`, the next COMMIT is the connection's last word."""

    def __init__(self, server: Path, directory: Path) -> None:
        self.directory, self.armed, self._losing = directory, False, False
        self._server = str(server / ".s.PGSQL.5432")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / ".s.PGSQL.5432"))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def close(self) -> None:
        """When its connections have ended."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            pair = [
                threading.Thread(target=self._asked, args=(client, server)),
                threading.Thread(target=self._answered, args=(server, client)),
            ]
            self._threads += pair
            for thread in pair:
                thread.start()

    def _asked(self, client: socket.socket, server: socket.socket) -> None:
        with server:
            while data := _read(client):
                if self.armed and COMMIT in data:
                    self._losing, self.armed = True, False
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answered(self, server: socket.socket, client: socket.socket) -> None:
        with client:
            while data := _read(server):
                if self._losing:  # it has committed, and says so here
                    self._losing = False
                    client.shutdown(socket.SHUT_RDWR)
                    return
                try:
                    client.sendall(data)
                except OSError:
                    return


def _read(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except OSError:
        return b""
