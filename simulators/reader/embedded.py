"""The in-process reader twin, for machines without pcscd, compiler or pyscard."""

from __future__ import annotations

import time

from simulators.reader.slot import Slot


class EmbeddedSlot(Slot):
    """A slot that a driver in the same process asks directly."""

    def wait(self, present: bool, timeout_s: float) -> bool:
        """Wait until the reader reports a card (`present`) or none; False when the time ran out. A reader that is gone
        ends the wait."""
        deadline = time.monotonic() + timeout_s
        with self._moved:
            while self.casing.plugged and self._reports is not present:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._moved.wait(left)
            return self.casing.plugged
