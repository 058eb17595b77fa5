"""The `holdfast` command on a terminal of its own, 80 columns wide: what it shows, and what is typed into it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

from tests.support.commands import ROOT

DEADLINE_S = 60.0
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Tty:
    """`holdfast` with these arguments. Close it."""

    def __init__(self, *arguments: str) -> None:
        self._end, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")} | {
            "TERM": "xterm-256color"
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "holdfast", *arguments],
            cwd=ROOT, stdin=child, stdout=child, stderr=child, start_new_session=True,
            env=environment, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(child)
        self.raw = ""

    def until(self, pattern: str) -> re.Match[str]:
        """Read until it is there; what the terminal would show is searched, without its control sequences."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            found = re.search(pattern, self.shown)
            if found:
                return found
            if select.select([self._end], [], [], 0.1)[0]:
                try:
                    self.raw += os.read(self._end, 65536).decode("utf-8", "replace")
                except OSError:  # the other end has closed
                    break
        found = re.search(pattern, self.shown)
        assert found, f"not shown: {pattern}\n{self.shown}"
        return found

    @property
    def shown(self) -> str:
        return ANSI.sub("", self.raw)

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE_S)
        os.close(self._end)
