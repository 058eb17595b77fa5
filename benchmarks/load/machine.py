"""What a measurement must know of the machine: its cores, who else uses them, its disk, and what it is."""

from __future__ import annotations

import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]

_TICKS = os.sysconf("SC_CLK_TCK")
FSYNC_BLOCK = 4096


def cores() -> list[int]:
    """Those that this process may use."""
    return sorted(os.sched_getaffinity(0))


def pinned(core: int | None) -> None:
    """For a child before it runs: stay on one core. None: wherever it likes."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def process_cpu_s(pid: int) -> float:
    """User and system time of a process that lives, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def busy_s() -> float:
    """Time that all cores were busy since the machine began: all but idle and waiting; stolen time counts as busy."""
    ticks = [int(n) for n in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / _TICKS


@contextmanager
def scratch(disk: Path | None) -> Iterator[Path]:
    """A directory that goes away at the end, on a real disk: `build` when none is named. /tmp may be memory."""
    place = disk or ROOT / "build"
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place) as name:
        yield Path(name)


def fsyncs_per_second(directory: Path, seconds: float = 0.5) -> float:
    """How often a second this disk makes an appended block durable, one after the other."""
    path, count = directory / "fsync.probe", 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            os.pwrite(descriptor, bytes(FSYNC_BLOCK), count * FSYNC_BLOCK)
            os.fdatasync(descriptor)
            count += 1
        return count / (time.perf_counter() - start)
    finally:
        os.close(descriptor)
        path.unlink()


def described() -> dict[str, str]:
    """The machine in words that name neither its host nor a path."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": str(len(cores())),
        "kernel": f"Linux {'.'.join(platform.release().split('.')[:2])}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
    }
