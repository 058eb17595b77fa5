"""The IFD handler in a small program of its own, and models that answer it as no model should."""

from __future__ import annotations

import os
import select
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from simulators.reader.build import HEADERS, SOURCES, WARNINGS
from tests.simulators.kit import DEADLINE_S

PATIENCE_MS = 800
"""How long the handler waits for a model here."""
CALL_S = 60.0
"""Longest wait for a call, under valgrind on a busy machine."""
WHOLE = 200_000
"""Bytes: no send or receive is cut."""
DRIVER = Path(__file__).with_name("ifd_driver.c")
BUILDS = {
    "address": ("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "thread": ("-fsanitize=thread",),
    "valgrind": (),
}
VALGRIND = (
    "valgrind", "--quiet", "--error-exitcode=99", "--exit-on-first-error=yes", "--leak-check=full",
    "--errors-for-leak-kinds=definite",
)  # fmt: skip
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=1", "TSAN_OPTIONS": "halt_on_error=1", "PATH": os.environ["PATH"]}
OK, NO_SUCH_DEVICE, COMMUNICATION, TIMEOUT, TOO_SMALL, BAD_TAG = 0, 617, 612, 613, 618, 600
NOT_SUPPORTED, CANNOT_POWER, PRESENT, ABSENT, NO_PROTOCOL, NOT_THAT_WAY = 606, 608, 615, 616, 605, 614


def compiled(kind: str, folder: Path) -> list[str] | str:
    """The command that runs the driver in this build, or why there is none."""
    if shutil.which("gcc") is None or not (HEADERS / "ifdhandler.h").exists():
        return "no compiler, or no headers"
    if kind == "valgrind" and shutil.which("valgrind") is None:
        return "valgrind is not installed"
    out = folder / f"ifd-{kind}"
    options = ("-g", "-O1", *WARNINGS, "-Werror", *BUILDS[kind], "-pthread", f"-DRECEIVE_MILLISECONDS={PATIENCE_MS}")
    sources = [*sorted(SOURCES.glob("*.c")), DRIVER]
    command = [
        "gcc",
        *options,
        f"-I{HEADERS}",
        *map(str, sources),
        "-Wl,--wrap=send,--wrap=recv,--wrap=poll",
        "-o",
        str(out),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "cannot find" in done.stderr and BUILDS[kind]:
        return f"the compiler has no library for {BUILDS[kind][0]}"
    assert (done.returncode, done.stderr) == (0, "")
    return [*VALGRIND, str(out)] if kind == "valgrind" else [str(out)]


class Handler:
    """The driver program: one call at a time, and one more on a thread of its own."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        """Start it, unless it runs: one that an error has ended is started anew."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=ENVIRONMENT,
            )  # fmt: skip

    def __call__(self, *words: object) -> tuple[int, bytes]:
        """Result and bytes of a call."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(w.hex() or "-" if isinstance(w, bytes) else str(w) for w in words) + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], CALL_S)[0]:
            self._process.kill()
            pytest.fail(f"{words[0]} did not return: {self.end()[1]}")
        code, _, given = self._process.stdout.readline().strip().partition(" ")
        assert code, f"the handler died: {self.end()[1]}"
        return int(code), b"" if given == "-" else bytes.fromhex(given)

    def end(self) -> tuple[int, str]:
        """Its exit status, and what it, a sanitizer or valgrind had to say."""
        process, self._process = self._process, None
        if process is None:
            return 0, ""
        _, said = process.communicate(timeout=10 * DEADLINE_S)
        return process.returncode, said


Behaviour = Callable[["Line", bytes, int, bytes], None]


class Line:
    """One connection of the handler to a scripted model."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def answer(self, result: int, data: bytes = b"") -> None:
        self.connection.sendall(struct.pack(">II", result, len(data)) + data)

    def raw(self, data: bytes) -> None:
        self.connection.sendall(data)

    def hang_up(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)


class ScriptedModel:
    """A socket that answers each request as `behave` says, and notes what was asked: `requests`, `hellos`."""

    def __init__(self, path: Path, behave: Behaviour) -> None:
        self.path = path
        self.behave = behave
        self.requests: list[tuple[bytes, int, bytes]] = []
        self.hellos: list[tuple[bytes, int]] = []
        self.events: list[Line] = []
        self.asked = threading.Condition()
        self._lines: list[Line] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                line = Line(connection)
                self._lines.append(line)
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: Line) -> None:
        with line.connection, suppress(OSError, EOFError):
            while True:
                operation, code, length = struct.unpack(">cII", self._exactly(line, 9))
                data = self._exactly(line, length)
                with self.asked:
                    if operation in b"RE":
                        self.hellos.append((operation, code))
                        if operation == b"E":
                            self.events.append(line)
                    else:
                        self.requests.append((operation, code, data))
                    self.asked.notify_all()
                if operation not in b"RE":
                    self.behave(line, operation, code, data)

    def _exactly(self, line: Line, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            chunk = line.connection.recv(size - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return bytes(data)

    def operations(self) -> bytes:
        """What was asked so far, a letter each."""
        with self.asked:
            return b"".join(operation for operation, _, _ in self.requests)

    def wait_for(self, operation: bytes, count: int = 1) -> None:
        """Until it was asked so often."""
        with self.asked:
            assert self.asked.wait_for(lambda: self.operations().count(operation) >= count, DEADLINE_S)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self._lines:
            with suppress(OSError):
                line.connection.shutdown(socket.SHUT_RDWR)
