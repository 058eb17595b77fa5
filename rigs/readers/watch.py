"""What is known of a reader and its slot, from many looks by more than one thread. facts/pcsc-emv 1.6.

pcscd counts movements in the upper 16 bits of the event state. It sets the state a moment before it counts, and
only then has it done with the card: a state that changed under an old count is a movement under way, and not taken
for done. Some such never end: who lets a card go at the moment that it leaves makes pcscd say that it is there until
the next one comes. The count is right all the same. winscard of pcsc-lite, eventhandler.c and SCardDisconnect
"""

from __future__ import annotations

import threading

from protocols.events import Channel, Emit, Event
from rigs.readers.winscard import LOST, PRESENT, counter

ROUND = 0x10000
"""The counter has so many values."""
LATE = 64
"""A look of one thread may come after a later one of another, by so many movements at most."""


class Watch:
    """The reader at the latest look. Tells READER `seen`, `missed`, `lost` and `found`. Safe to call from any thread.

    Looks belong to a term: one connection to the service by whoever watches. A look of an earlier term is not taken.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._changed = threading.Condition()
        self._term = 0
        self._counter: int | None = None
        self._present: bool | None = None
        self._moving = False
        self._is_lost = False
        self._movements = 0

    @property
    def term(self) -> int:
        """To be given with each look that is begun now."""
        with self._changed:
            return self._term

    @property
    def movements(self) -> int:
        """Insertions and removals since the first look, with those that were missed between two looks."""
        with self._changed:
            return self._movements

    def begin(self) -> int:
        """A new term: the service counts afresh, or may do so."""
        with self._changed:
            self._term += 1
            self._counter, self._moving = None, False
            return self._term

    def look(self, term: int, state: int) -> None:
        """An event state as the service gave it."""
        with self._changed:
            if term != self._term:
                return
            if state & LOST:
                self._lose("the reader is not there")
            else:
                self._see(counter(state), bool(state & PRESENT))

    def lost(self, term: int, why: str) -> None:
        """Reader or service is gone."""
        with self._changed:
            if term == self._term:
                self._lose(why)

    @property
    def present(self) -> bool:
        """Whether a card is in, and the service done with it."""
        with self._changed:
            return self._in()

    @property
    def under_way(self) -> bool:
        """Whether a movement has begun that the service is not yet done with."""
        with self._changed:
            return self._moving

    def wait(self, present: bool, timeout_s: float) -> bool | None:
        """Wait for a card to be in, and the service done with it, or out: whether it is. None for a lost reader."""

        def met() -> bool:
            return self._in() if present else self._present is False

        with self._changed:
            self._changed.wait_for(lambda: self._is_lost or met(), timeout_s)
            return None if self._is_lost else met()

    def settled(self, timeout_s: float) -> bool:
        """Wait until no movement is under way. False when the time ran out."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._moving, timeout_s)

    def _in(self) -> bool:
        return self._present is True and not self._moving

    def _lose(self, why: str) -> None:
        self._counter, self._moving = None, False
        if not self._is_lost:
            self._is_lost = True
            self._emit(Event(Channel.READER, "lost", {"why": why}))
        self._changed.notify_all()

    def _see(self, count: int, present: bool) -> None:
        before = self._present
        if self._counter is None:
            moved = int(before is not None and before is not present)
        else:
            moved = (count - self._counter) % ROUND
            if moved == 0 and present is not before:
                self._moving = True
            if moved > ROUND - LATE or (self._moving and moved == 0):
                return
        self._counter, self._present, self._moving = count, present, False
        self._movements += moved
        told = {"present": present, "movements": self._movements}
        if self._is_lost:
            self._is_lost = False
            self._emit(Event(Channel.READER, "found", told))
        elif moved:
            missed = moved - (present is not before)
            if missed:
                self._emit(Event(Channel.READER, "missed", {"count": missed}))
            self._emit(Event(Channel.READER, "seen", told))
        self._changed.notify_all()
