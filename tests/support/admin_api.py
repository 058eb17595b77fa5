"""A client of the admin API that keeps all that it was given, and a host served as `holdfast issuer` serves it."""

from __future__ import annotations

import http.client
import io
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from holdfast.issuer_command import Served, Wanted
from tests.support.commands import ROOT
from tests.support.secret_search import find_key, find_pans

DEADLINE_S = 10.0
RIG = ROOT / "rigs" / "virtual-bench.yaml"
KEYS = ("44" * 16, "0123456789ABCDEFFEDCBA9876543210")
"""The rig's terminal master key, and the cards' master key."""


@dataclass
class Answer:
    """What came back. `json` is its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Api:
    """Asks at an address; `told` is every body that was given."""

    address: tuple[str, int]
    token: str = ""
    told: list[bytes] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`body` is sent as JSON, bytes as they are; `Content_Type=…` sets a header."""
        sent: dict[str, str] = {} if body is None else {"Content-Type": "application/json"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        line = http.client.HTTPConnection(*self.address, timeout=DEADLINE_S)
        try:
            line.request(method, path, body if isinstance(body, bytes) or body is None else json.dumps(body), sent)
            answer = line.getresponse()
            found = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            line.close()
        self.told.append(found.body + repr(found.headers).encode())
        return found

    def get(self, path: str) -> Any:
        """The body of a success."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.json

    def secrets(self) -> set[str]:
        """What stood in any answer, and must stand in none."""
        data = b"\n".join(self.told)
        return find_pans(data) | {form for key in KEYS for form in find_key(data, key)}


class Follower:
    """Server-sent events as they come, on a connection of its own."""

    def __init__(self, address: tuple[str, int], *, after: str = "", receive_buffer: int = 0) -> None:
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(DEADLINE_S)
        self._socket.connect(address)
        last = f"Last-Event-ID: {after}\r\n" if after else ""
        self._socket.sendall(f"GET /events HTTP/1.0\r\nHost: localhost\r\n{last}\r\n".encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        while self._file.readline().strip():
            pass
        self.told = b""

    def lines(self) -> Iterator[str]:
        for line in self._file:
            self.told += line
            yield line.decode().rstrip("\r\n")

    def events(self) -> Iterator[dict[str, str]]:
        """Each with `event`, `data` and perhaps `id`; a comment has `comment` alone."""
        event: dict[str, str] = {}
        for line in self.lines():
            if line.startswith(":"):
                event["comment"] = line[1:].strip()
            elif line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif event:
                yield event
                event = {}

    def until(self, kind: str) -> list[dict[str, str]]:
        """Events up to the first of a kind, comments left out."""
        found = []
        for event in self.events():
            if "event" in event:
                found.append(event)
                if event["event"] == kind:
                    return found
        raise AssertionError(f"ended without {kind}: {found}")

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextmanager
def served(**wanted: Any) -> Iterator[Served]:
    """`holdfast issuer --admin` without its process: the same objects on free ports of loopback."""
    options: dict[str, Any] = {"listen": ("127.0.0.1", 0), "admin": ("127.0.0.1", 0), "quiet": True, **wanted}
    with ExitStack() as stack:
        one = Served(Wanted(RIG, **options), Console(file=io.StringIO()), stack)
        one.start()
        yield one


def token_file(directory: Path, token: str) -> Path:
    path = directory / "token"
    path.write_text(token + "\n", "ascii")
    return path
