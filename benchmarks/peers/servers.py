"""The servers that are measured: each a process of its own, on a core of its own where there are two."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.load.machine import pinned
from benchmarks.load.sampling import server_core
from benchmarks.peers.environment import LIBRARIES, ROOT, SIMULATOR, missing, simulator_missing
from protocols.faults import RigFault

UP_DEADLINE_S, DOWN_DEADLINE_S = 60.0, 20.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of server. `dialect` says which requests it understands; `missing` why it cannot be run here."""

    name: str
    module: str
    options: tuple[str, ...] = ()
    dialect: str = "unionpay"
    missing: Callable[[], str] = lambda: ""

    def uvloop(self) -> Kind:
        """The same on uvloop."""
        return Kind(
            f"{self.name}, uvloop", self.module, (*self.options, "--uvloop"), self.dialect,
            lambda: self.missing() or missing("uvloop"),
        )  # fmt: skip


_libraries = partial(missing, *LIBRARIES)
HOLDFAST = Kind("Holdfast", "holdfast_host")
RECORDING = Kind("Holdfast, recording", "holdfast_host", ("--record",))
LIBRARY = Kind("libraries", "library_host", missing=_libraries)
LIBRARY_GROUP = Kind("libraries, group commit", "library_host", ("--group",), missing=_libraries)
SIMULATOR_HOST = Kind("iso8583sim 1.6.0", "", dialect="iso8583sim", missing=simulator_missing)
ECHO = Kind("asyncio echo", "echo_host", dialect="echo")


@dataclass
class Server:
    """One that runs."""

    kind: Kind
    process: subprocess.Popen[str]
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid

    def audit(self) -> str:
        """Holdfast alone: "sound", or what is wrong with its ledger."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("audit\n")
        self.process.stdin.flush()
        return str(json.loads(self.process.stdout.readline())["audit"])


@contextlib.contextmanager
def running(kind: Kind, plan: Path, directory: Path, *more: str) -> Iterator[Server]:
    """Start, and stop at the end. `directory` is its own. Raises RigFault when it does not come up."""
    directory.mkdir(parents=True, exist_ok=True)
    port = _free_port() if kind.dialect == "iso8583sim" else 0
    said = directory / "said"
    with said.open("w") as complaints:
        process = subprocess.Popen(
            _command(kind, plan, directory, port, more), cwd=ROOT, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=complaints, preexec_fn=partial(pinned, server_core()),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    try:
        if port:
            wait_for(port)
        yield Server(kind, process, port or _told(kind, process, said))
    finally:
        _stop(process, patient=not port)


def _command(kind: Kind, plan: Path, directory: Path, port: int, more: tuple[str, ...]) -> list[str]:
    if kind.dialect == "iso8583sim":
        return [str(SIMULATOR / "bin" / "iso8583sim"), "serve", "-f", "bcd", "--header", "2b", "-p", str(port)]
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.peers.{kind.module}", *kind.options, *more]
    where = ["--plan", str(plan), "--directory", str(directory)] if kind.dialect == "unionpay" else []
    return command + where


def _told(kind: Kind, process: subprocess.Popen[str], said: Path) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        last = said.read_text().strip().rpartition("\n")[2]
        raise RigFault(f"{kind.name} did not come up, status {process.wait()}: {last[:300]}")
    return int(json.loads(line)["port"])


def _stop(process: subprocess.Popen[str], *, patient: bool) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    if not patient:
        process.terminate()
    try:
        process.wait(DOWN_DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    deadline = time.monotonic() + UP_DEADLINE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise RigFault(f"nobody listens on port {port}") from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
