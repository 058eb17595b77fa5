"""How much of everything the host gives to those who connect, and how long it waits for them.

Seconds are real ones, whatever the time scale: they guard the host, and no rule of a market. Each limit that acts is
told as an event of the host's line, with a sentence that says which it was.
"""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass, fields
from pathlib import Path

from protocols.faults import ConfigurationError

KIB = 1024
SPARE_DESCRIPTORS = 64
"""For the books, the database's own connections, logs and whatever else opens a file while all lines are taken."""
OPEN_FILES = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one host. Raises ConfigurationError for one that is not above zero."""

    connections: int = 20_000
    """Lines at once; fewer when the system gives fewer descriptors. One more is reset."""
    accepts_a_turn: int = 64
    """Connects taken before those who are connected already are served again."""
    handshakes: int = 256
    """TLS handshakes under way at once. Others wait in the system's queue; one that dawdles makes way for them."""
    handshake_s: float = 10.0
    """From connect to the end of the TLS handshake."""
    frame_s: float = 30.0
    """From the first byte of a frame to its last."""
    requests_a_turn: int = 32
    """Requests of one line decided before the others have their turn."""
    waiting_bytes: int = 64 * KIB
    """Answers waiting for a terminal to read, from which on nothing more is read from it."""
    unsent_bytes: int = 256 * KIB
    """Answers waiting for a terminal to read, at the very most: the next one cuts the line."""
    unread_s: float = 10.0
    """How long a terminal may leave answers lying while nothing is read from it."""
    system_bytes: int = 64 * KIB
    """What the system keeps of a line, each way, beside our own buffers."""
    probe_idle_s: int = 60
    """A line without traffic for so long is probed, so that one whose other end is gone does not stay for ever."""
    probe_every_s: int = 10
    probe_times: int = 3
    unacknowledged_s: int = 30
    """Longest that the other end's system may leave what was sent to it without a sign."""
    backlog: int = 4096
    """Connects that the system keeps waiting to be taken; it may have a lower limit of its own."""
    told_a_second: int = 100
    """Events of one kind about bad lines; of a storm the rest is counted, and the number told."""

    def __post_init__(self) -> None:
        for limit in fields(self):
            if getattr(self, limit.name) <= 0:
                raise ConfigurationError(f"the limit {limit.name} is {getattr(self, limit.name)}", advice="above zero")


def lines_possible(limits: Limits) -> int:
    """Lines that the process has descriptors for, at most as many as the limits say.

    The soft limit of the process is raised for it as far as the hard one allows.
    """
    used = len(os.listdir(OPEN_FILES)) if OPEN_FILES.is_dir() else SPARE_DESCRIPTORS
    wanted = limits.connections + used + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return limits.connections
    return max(1, min(limits.connections, soft - used - SPARE_DESCRIPTORS))
