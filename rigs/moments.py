"""Something to be done at the very moment that an event of the bench is seen, by whoever sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from protocols.events import Channel, Event


@dataclass
class Moment:
    """`act` is called when the event is seen for the `occurrence`-th time with these field values."""

    channel: Channel
    kind: str
    fields: Mapping[str, Any]
    act: Callable[[], object]
    occurrence: int = 1

    def is_seen_in(self, event: Event) -> bool:
        """Whether this event is one of those that are counted."""
        same = event.channel is self.channel and event.kind == self.kind
        return same and all(event.fields.get(key) == value for key, value in self.fields.items())


class Moments:
    """What is waited for. Safe to call from any thread; each moment comes once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._awaited: list[Moment] = []

    def __bool__(self) -> bool:
        return bool(self._awaited)

    def await_(self, moment: Moment) -> None:
        """Wait for this one, too."""
        with self._lock:
            self._awaited.append(moment)

    def seen(self, event: Event) -> None:
        """An event happened: what was to be done at it is done, in the thread that saw it."""
        with self._lock:
            due = [moment for moment in self._awaited if moment.is_seen_in(event)]
            for moment in due:
                moment.occurrence -= 1
            now = [moment for moment in due if moment.occurrence == 0]
            self._awaited = [moment for moment in self._awaited if moment.occurrence > 0]
        for moment in now:
            moment.act()

    def forget(self) -> None:
        """Nothing is waited for any more."""
        with self._lock:
            self._awaited = []
