"""The in-process reader twin, for machines without pcscd, compiler or pyscard."""

from __future__ import annotations

import time

from simulators.reader.slot import Card, Slot


class EmbeddedSlot(Slot):
    """A slot that a driver in the same process asks directly."""

    def wait(self, present: bool, timeout_s: float) -> bool:
        """Wait for a card to be in or out; False when the time ran out. A reader that is gone ends the wait."""
        deadline = time.monotonic() + timeout_s
        with self._moved:
            while self._plugged and (self._card is not None) is not present:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._moved.wait(left)
            return self._plugged

    def in_slot(self, card: Card, moves: int) -> bool:
        """Whether this very card is still there, and never left since so many moves."""
        with self._lock:
            return self._card is card and self._moves == moves
