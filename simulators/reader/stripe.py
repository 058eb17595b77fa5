"""The slot for the magnetic stripe: a twin through which somebody draws a card."""

from __future__ import annotations

import threading
from collections import deque

from protocols.events import Channel, Emit, Event, discard
from protocols.stripe import Swipe, read_stripe


class StripeSlot:
    """What is drawn through is read once, by whoever waits or comes to wait for it. Safe to call from any thread."""

    def __init__(self, emit: Emit = discard) -> None:
        self._emit = emit
        self._drawn: deque[Swipe] = deque()
        self._moved = threading.Condition()

    def draw(self, swipe: Swipe, card: str = "") -> None:
        """Draw the card of this name through. A swipe without tracks is a bad one."""
        stripe = read_stripe(swipe.track2)
        fields = {
            "card": card, "read": "good" if stripe else "bad", "service_code": stripe.service_code if stripe else "",
        }  # fmt: skip
        self._emit(Event(Channel.CARD, "swiped", fields))
        with self._moved:
            self._drawn.append(swipe)
            self._moved.notify_all()

    def waits(self) -> bool:
        """Whether something was drawn through that nobody has read yet."""
        with self._moved:
            return bool(self._drawn)

    def swiped(self, timeout_s: float) -> Swipe | None:
        """The next swipe; None when the time ran out."""
        with self._moved:
            if not self._moved.wait_for(lambda: bool(self._drawn), timeout_s):
                return None
            return self._drawn.popleft()

    def forget(self) -> None:
        """What was drawn through and not read is lost, as when nobody asked."""
        with self._moved:
            self._drawn.clear()
