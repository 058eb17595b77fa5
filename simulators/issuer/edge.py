"""What all lines of one host share: a buffer to read into, deadlines without a timer each, and a tongue that keeps
still in a storm. Runs in the host's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from simulators.issuer.limits import KIB, Limits

READ_BYTES = 16 * KIB
"""Read from one line in one turn, at most."""
A_SECOND = 1.0
LATE_A_TURN = 64

Tell = Callable[[str, dict[str, Any], str], None]
"""Takes kind and fields of an event of the host's line, and the sentence that explains it."""
T = TypeVar("T")


def keep_to_oneself(kind: str, fields: dict[str, Any], text: str) -> None:
    """A `Tell` for a port used alone, whose refusals nobody records."""


class Deadlines(Generic[T]):
    """Who has begun something that must be over within so many seconds, the same for all: one timer for all of them.

    `act` is called with whoever is late, who is no longer among them then.
    """

    def __init__(self, seconds: float, act: Callable[[T], None]) -> None:
        self._seconds = seconds
        self._act = act
        self._since: dict[T, float] = {}  # in the order in which they began, so the first is due first
        self._timer: asyncio.TimerHandle | None = None

    def start(self, who: T) -> None:
        """It begins now, even if it was under way."""
        loop = asyncio.get_running_loop()
        self._since.pop(who, None)
        self._since[who] = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._due)

    def stop(self, who: T) -> None:
        """It is over, or was not under way at all. The timer finds out by itself."""
        self._since.pop(who, None)

    def __contains__(self, who: T) -> bool:
        return who in self._since

    def __len__(self) -> int:
        return len(self._since)

    def oldest(self) -> tuple[T, float] | None:
        """Who has been at it for longest, and for how many seconds."""
        who = next(iter(self._since), None)
        return None if who is None else (who, asyncio.get_running_loop().time() - self._since[who])

    def everyone(self) -> list[T]:
        """All that are under way."""
        return list(self._since)

    def _due(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(LATE_A_TURN):
            oldest = self.oldest()
            if oldest is None:
                self._timer = None
                return
            who, seconds = oldest
            if seconds < self._seconds:
                self._timer = loop.call_later(self._seconds - seconds, self._due)
                return
            del self._since[who]
            self._act(who)
        self._timer = loop.call_later(0, self._due)  # the others have their turn


class Tally:
    """Lets so many events of a kind through in a second; counts the rest, and tells their number afterwards."""

    def __init__(self, most: int, tell: Tell) -> None:
        self._most = most
        self._tell = tell
        self._counts: dict[str, int] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def permits(self, kind: str) -> bool:
        """Whether one more may be told in full; it is counted in any case."""
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if kind not in self._timers:
            self._timers[kind] = asyncio.get_running_loop().call_later(A_SECOND, self._over, kind)
        return count <= self._most

    def tell(self, kind: str, fields: dict[str, Any], text: str) -> None:
        """Tell it, or count it."""
        if self.permits(kind):
            self._tell(kind, fields, text)

    def close(self) -> None:
        """Tell the numbers that are still to be told."""
        for kind, timer in list(self._timers.items()):
            timer.cancel()
            self._over(kind)

    def _over(self, kind: str) -> None:
        del self._timers[kind]
        more = self._counts.pop(kind) - self._most
        if more > 0:
            text = f"{more} more {kind!r} came within a second of the first {self._most}, and were counted alone"
            self._tell("and more", {"of": kind, "count": more}, text)


class Edge:
    """Shared by the lines of one port. `coming` counts those that are accepted and not up yet, `open` those that are
    connected, their handshake over."""

    def __init__(self, limits: Limits, tell: Tell) -> None:
        self.limits = limits
        self.buffer = memoryview(bytearray(READ_BYTES))
        self.tally = Tally(limits.told_a_second, tell)
        self.frames: Deadlines[Late] = Deadlines(limits.frame_s, lambda line: line.too_slow())
        self.unread: Deadlines[Late] = Deadlines(limits.unread_s, lambda line: line.does_not_read())
        self.handshakes: Deadlines[Shaking] = Deadlines(limits.handshake_s, lambda end: end.too_long())
        self.coming = self.open = 0

    @property
    def lines(self) -> int:
        """All of them."""
        return self.coming + len(self.handshakes) + self.open


class Late(Protocol):
    """A line that keeps the host waiting."""

    def too_slow(self) -> None:
        """It has begun a frame, and not ended it in time."""

    def does_not_read(self) -> None:
        """It has left its answers lying for too long."""


class Shaking(Protocol):
    """A line whose handshake is under way."""

    def too_long(self) -> None:
        """Its time for it is up."""

    def make_way(self) -> None:
        """Others wait for its place."""

    def abort(self) -> None:
        """Hang up."""
