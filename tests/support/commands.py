"""The `holdfast` command in a process of its own, as a user starts it; and what processes it has below it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DEADLINE_S = 180.0


def holdfast(*arguments: str | Path, deadline_s: float = DEADLINE_S) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [sys.executable, "-m", "holdfast", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=deadline_s, check=False,
    )  # fmt: skip


def start_holdfast(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """Start it and go on."""
    return subprocess.Popen(
        [sys.executable, "-m", "holdfast", *map(str, arguments)],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def verdicts_of(out: Path) -> dict[str, Any]:
    """The verdicts of the newest run in an out folder."""
    loaded: dict[str, Any] = json.loads((out / "latest" / "verdicts.json").read_text("utf-8"))
    return loaded


def wait_until(met: Callable[[], Any], deadline_s: float, what: str) -> Any:
    """The first true answer; AssertionError when there is none in time."""
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        found = met()
        if found:
            return found
        time.sleep(0.01)  # the pause between two looks; what is waited for is the condition
    raise AssertionError(f"not in {deadline_s:g} s: {what}")


# ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────


def below(pid: int) -> list[int]:
    """All processes that descend from one."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
        except (OSError, IndexError):
            continue
    found, ahead = [], [pid]
    while ahead:
        children = parents.get(ahead.pop(), [])
        found += children
        ahead += children
    return found


def alive(pid: int) -> bool:
    """Neither gone nor a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def named(pids: Iterable[int], part: str) -> list[int]:
    """Those whose command line holds a text."""
    return [pid for pid in pids if part in command_of(pid)]


def listeners(pids: Iterable[int]) -> set[str]:
    """Local addresses, in the kernel's hex, on which any of the processes listens for TCP."""
    inodes = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                target = os.readlink(descriptor)
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[9] in inodes:
                found.add(columns[1].rpartition(":")[0])
    return found
