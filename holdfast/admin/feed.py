"""The newest records in a ring, for those who follow: each reads at its own pace, and none makes it grow."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KEPT = 2000
"""Records that can be had again."""
LARGEST = 16 * 1024
"""Bytes of one record; of a larger one `raw` and the decoded message are left out."""

_AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Item:
    """A record in the ring. `number` counts from 1 since the host started."""

    number: int
    kind: str
    data: str


class Feed:
    """Filled from the host's thread, read from the server's. `boot` tells the numbers of two hosts apart."""

    def __init__(self, kept: int = KEPT) -> None:
        self.boot = secrets.token_hex(4)
        self._ring: deque[Item] = deque(maxlen=kept)
        self._last = 0
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] = []
        self.closed = False
        self.followers = 0
        """Streams that read from it now."""

    def put(self, record: dict[str, Any]) -> None:
        """Keep a record, masked as it is, and wake who waits for it."""
        data = _AS_JSON(record)
        if len(data) > LARGEST:
            short = {key: value for key, value in record.items() if key != "raw"}
            short["f"] = {key: value for key, value in record["f"].items() if len(str(value)) < 256}
            data = _AS_JSON({**short, "cut": True})
        with self._lock:
            self._last += 1
            self._ring.append(Item(self._last, record["kind"], data))
            woken, self._waiting = self._waiting, []
        for wake in woken:
            wake()

    def close(self) -> None:
        """Nothing more will come: who waits is woken."""
        with self._lock:
            self.closed = True
            woken, self._waiting = self._waiting, []
        for wake in woken:
            wake()

    @property
    def last(self) -> int:
        """The number of the newest."""
        return self._last

    def after(self, number: int, most: int) -> tuple[list[Item], int]:
        """The oldest of those after a number, at most so many, and how many between are gone."""
        with self._lock:
            if not self._ring or number >= self._last:
                return [], 0
            first = self._ring[0].number
            start = max(0, number + 1 - first)
            items = [self._ring[at] for at in range(start, min(start + most, len(self._ring)))]
            return items, max(0, first - number - 1)

    async def more(self, number: int, seconds: float) -> None:
        """Return when there is one after a number, when it is closed, or when so many seconds have gone by."""
        loop, come = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(come.set)
            except RuntimeError:  # the server has ended
                return

        with self._lock:
            if self._last > number or self.closed:
                return
            self._waiting.append(wake)
        try:
            await asyncio.wait_for(come.wait(), seconds)
        except TimeoutError:
            return
        finally:
            with self._lock:
                if wake in self._waiting:
                    self._waiting.remove(wake)
