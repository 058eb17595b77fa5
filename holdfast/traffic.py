"""What an issuer host does, counted as it happens; and which of it is shown when there is too much for a reader."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from protocols.events import Channel, Event

WINDOW_S = 5
"""Whole seconds that requests per second are taken over."""
CALM, SAMPLE = 20, 2
"""Messages a second up to which each is shown, and how many are above it."""
REMEMBERED = 4096
"""Exchanges whose events are still to be shown."""
BEGINS = ("request", "undecodable", "connected")
"""Kinds of events that begin something that a reader sees as one."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Since the host started, except `connections`, which are those now, and `per_second`, that of the last seconds."""

    connections: int
    requests: int
    per_second: float
    answered: int
    refused: int
    explanation: str


class Traffic:
    """Counts the events of one host. `success_codes` are the codes that refuse nothing. Safe from any thread."""

    def __init__(self, success_codes: Collection[str], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._success = frozenset(success_codes)
        self._monotonic = monotonic
        self._started = monotonic()
        self._lock = threading.Lock()
        self._connections = self._requests = self._answered = self._refused = 0
        self._seconds: deque[tuple[int, int]] = deque(maxlen=WINDOW_S + 1)  # whole second, requests in it
        self._explanation = ""

    def seen(self, event: Event) -> None:
        """Count one event."""
        if event.channel is not Channel.HOST:
            return
        with self._lock:
            match event.kind:
                case "request":
                    self._requests += 1
                    self._tick(int(self._monotonic()))
                case "response":
                    self._answered += 1
                case "decision":
                    self._refused += event.fields["code"] not in self._success
                case "connected":
                    self._connections += 1
                case "disconnected":
                    self._connections -= 1
                case "explanation":
                    self._explanation = str(event.fields["text"])

    def counts(self) -> Counts:
        """All of them now. The explanation is not masked."""
        with self._lock:
            now = self._monotonic()
            over = min(float(WINDOW_S), max(1.0, now - self._started))
            recent = sum(count for second, count in self._seconds if int(now) - WINDOW_S <= second < int(now))
            return Counts(
                self._connections, self._requests, recent / over, self._answered, self._refused, self._explanation
            )

    def _tick(self, second: int) -> None:
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = (second, self._seconds[-1][1] + 1)
        else:
            self._seconds.append((second, 1))


class Throttle:
    """Which events are shown: all while few messages come, and of many the first of each second, whole.

    An exchange that is shown is shown to its end, with the postings that its decision made.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._second = 0
        self._count = self._before = self._sampled = 0
        self._shown: OrderedDict[int, None] = OrderedDict()
        self._following = True
        self.hidden = 0
        """Messages and connects that were not shown, so far."""

    def shows(self, event: Event) -> bool:
        """Whether this one is shown. Events are given in their order."""
        self._turn(int(self._monotonic()))
        exchange = event.fields.get("exchange")
        if event.kind in BEGINS:
            shown = self._takes()
            self.hidden += not shown
            if shown and isinstance(exchange, int):
                self._shown[exchange] = None
                if len(self._shown) > REMEMBERED:
                    self._shown.popitem(last=False)
            return shown
        if isinstance(exchange, int) and exchange:
            self._following = exchange in self._shown
            return self._following
        if event.channel is Channel.LEDGER:  # follows the decision that moved it
            return self._following or not self._busy
        return self._takes()

    @property
    def _busy(self) -> bool:
        return self._count > CALM or self._before > CALM

    def _takes(self) -> bool:
        self._count += 1
        if not self._busy:
            return True
        self._sampled += 1
        return self._sampled <= SAMPLE

    def _turn(self, second: int) -> None:
        if second != self._second:
            self._before = self._count if second == self._second + 1 else 0
            self._second, self._count, self._sampled = second, 0, 0
