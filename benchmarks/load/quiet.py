"""Measuring while nobody else is at work, as far as that can be had."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmarks.load.machine import busy_s, cores

T = TypeVar("T")
FOREIGN = 0.05
"""Share of all cores that others may use while a block is measured; also how exactly the kernel counts in so short a
time."""


class Quiet:
    """Measures while nobody else is at work, if that can be had within so many tries. `pid` is a daemon's that works
    for the measurement; None where there is none."""

    def __init__(self, pid: int | None, tries: int) -> None:
        self._pid, self._tries = pid, tries
        self.foreign: list[float] = []
        """What others used of all cores during each measurement that counted."""

    def measure(self, work: Callable[[], T]) -> T:
        taken: list[tuple[float, T]] = []
        while len(taken) < self._tries:
            others, began = self._others(), time.monotonic()
            found = work()
            share = (self._others() - others) / (time.monotonic() - began) / len(cores())
            taken.append((max(0.0, share), found))
            if share <= FOREIGN:
                break
        share, found = min(taken, key=lambda one: one[0])
        self.foreign.append(share)
        return found

    def _others(self) -> float:
        """Seconds of processor that others have used: all but this process and the threads of the daemon."""
        tasks = [] if self._pid is None else list(Path(f"/proc/{self._pid}/task").iterdir())
        daemon = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
        return busy_s() - time.process_time() - daemon
