"""What pcscd has been shown of one slot.

pcscd asks for presence from many threads, but only the look at the top of its status thread's loop moves its state, and
the same thread also looks as it powers a card up or down. A card that left and came back between two looks must
be shown absent for one whole round of that loop, or pcscd would go on believing in the first one's power. The round
ends where the status thread waits for the next movement.
"""

from __future__ import annotations

from simulators.reader.slot import Slot


class Shown:
    """Presence of one slot as pcscd sees it. Its caller holds the slot's lock."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._known = 0  # movements that pcscd knows of: odd is a card, as the reader began without one
        self._looks: list[int] = []

    def look(self, *, by_status_thread: bool) -> bool:
        """Whether a card is to be shown now."""
        shown = self._shown()
        if by_status_thread:
            self._looks.append(self._slot.moves if shown else 0)
        return shown

    def wait(self) -> bool:
        """A round of the status thread has ended: whether it may wait, or has to look again at once.

        Only a round that saw no card at all can have told pcscd of an absence. From one that saw both it may believe in
        a card that it could not power: it has to see it absent, and may not wait before.
        """
        looks, self._looks = self._looks, []
        if not looks:
            return False
        self._known = max(looks) if any(looks) else self._slot.moves & ~1
        agreed = all(looks) or not any(looks)
        return agreed and self._shown() is (looks[-1] > 0)

    def _shown(self) -> bool:
        return self._slot.present() and (self._known % 2 == 0 or self._known == self._slot.moves)
