"""The contract suite against a reader that `HOLDFAST_READER` names, in a process of its own on a terminal of its own.

Whoever stands beside the reader is played: a twin's slot does what the person on the terminal is asked for. So the way
that a real reader takes is the same, but for the reader.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rigs.readers.pcsc import SOCKET_VARIABLE
from simulators.reader import Slot
from tests.rigs.readers.person import INSERT, REMOVE, REPLUG, UNPLUG
from tests.rigs.readers.station import TestCard
from tests.simulators.kit import ROOT

SUITE = ROOT / "tests/rigs/readers/test_contract.py"
WISH = re.compile(r">>> Please (.+?)\.\s*\n")
DEADLINE_S = 300.0
QUIET = ("-q", "-p", "no:cacheprovider", "--tb=short")


def suite(*arguments: str, junit: Path) -> list[str]:
    """The command that runs the contract suite. Its own fixtures are enough: no case of the house is collected."""
    command = [sys.executable, "-m", "pytest", str(SUITE), f"--confcutdir={SUITE.parent}", *QUIET]
    return [*command, f"--junitxml={junit}", *arguments]


def run_attended(slot: Slot, socket: Path, name: str, *arguments: str, junit: Path) -> tuple[int, str]:
    """Its exit status, and all that stood on the terminal."""
    end, child = pty.openpty()
    environment = os.environ | {"HOLDFAST_READER": name, SOCKET_VARIABLE: str(socket)}
    process = subprocess.Popen(
        suite(*arguments, junit=junit), cwd=ROOT, stdin=child, stdout=child, stderr=child, env=environment,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(child)
    try:
        shown = _attend(end, slot)
        return process.wait(DEADLINE_S), shown
    finally:
        process.kill()
        process.wait(DEADLINE_S)
        os.close(end)


def _attend(terminal: int, slot: Slot) -> str:
    """Do what is asked until the other end has closed."""
    does: Mapping[str, Callable[[], object]] = {
        INSERT: lambda: slot.insert(TestCard(answers=lambda raw: b"\x6f\x00\x90\x00")), REMOVE: slot.remove,
        UNPLUG: slot.unplug, REPLUG: lambda: (slot.replug(), os.write(terminal, b"\n")),
    }  # fmt: skip
    shown, done, deadline = "", 0, time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            shown += os.read(terminal, 65536).decode("utf-8", "replace")
        except OSError:
            return shown
        for wish in WISH.finditer(shown, done):
            done = wish.end()
            does[wish[1]]()
    return shown
