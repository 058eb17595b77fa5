"""What two processes hold, sampled over time: this one and the daemon. Does it stay flat?"""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_PAGE = os.sysconf("SC_PAGE_SIZE")
WARM_UP = 0.1
MOST_RSS = 4 << 20
"""Bytes that a process may have grown by after its warm-up: an allocator's own unrest."""
MOST_THREADS = MOST_DESCRIPTORS = 1
"""A thread or connection that is about to end may be in a sample."""
FEWEST = 8
"""Samples without which nothing is said."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a process held after so many sessions."""

    session: int
    pid: int
    rss: int
    descriptors: int
    threads: int


def held(session: int, pid: int) -> Held | None:
    """None when there is no such process."""
    proc = Path(f"/proc/{pid}")
    try:
        rss = int((proc / "statm").read_text().split()[1]) * _PAGE
        return Held(session, pid, rss, len(os.listdir(proc / "fd")), len(os.listdir(proc / "task")))
    except (FileNotFoundError, ProcessLookupError):
        return None


def growth(samples: Sequence[Held]) -> list[str]:
    """What grew from the first quarter after the warm-up to the last quarter: medians of both, in words."""
    warm = samples[int(len(samples) * WARM_UP) :]
    if len(warm) < FEWEST:
        return []
    quarter = len(warm) // 4
    found = []
    for what, most in (("rss", MOST_RSS), ("descriptors", MOST_DESCRIPTORS), ("threads", MOST_THREADS)):
        before, after = (
            statistics.median(getattr(s, what) for s in part) for part in (warm[:quarter], warm[-quarter:])
        )
        if after - before > most:
            found.append(f"{what} grew from {before:,.0f} to {after:,.0f}")
    return found


def lives(samples: Sequence[Held]) -> list[list[Held]]:
    """The samples of each process by itself: a daemon that is restarted begins anew."""
    found: dict[int, list[Held]] = {}
    for sample in samples:
        found.setdefault(sample.pid, []).append(sample)
    return list(found.values())


def at(samples: Sequence[Held], share: float) -> dict[str, Any]:
    """The sample taken after this share of all sessions, for a report."""
    return asdict(samples[min(len(samples) - 1, round(share * (len(samples) - 1)))])
