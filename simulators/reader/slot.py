"""What both reader twins have in common: a slot with a card in it or not, and a plug."""

from __future__ import annotations

import threading
from typing import Protocol

from protocols.events import Channel, Emit, Event


class Card(Protocol):
    """A card as a reader sees it."""

    name: str

    def power_on(self) -> bytes:
        """The ATR."""

    def transmit(self, raw: bytes) -> bytes | None:
        """A command to its answer; None is silence."""


class Slot:
    """Card movements and plug of a virtual reader. Safe to call from any thread."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._lock = threading.RLock()
        self._moved = threading.Condition(self._lock)
        self._card: Card | None = None
        self._moves = 0
        self._plugged = True

    def insert(self, card: Card) -> None:
        """Put a card in; another that is there comes out first, the same one stays."""
        with self._moved:
            if self._card is card:
                return
            before, self._card = self._card, card
            self._moves += 1 if before is None else 2
            self._moved.notify_all()
        if before is not None:
            self._emit(Event(Channel.READER, "removed", {"card": before.name}))
        self._emit(Event(Channel.READER, "inserted", {"card": card.name}))
        self._changed()

    def remove(self) -> None:
        """Take the card out, if there is one."""
        with self._moved:
            card, self._card = self._card, None
            self._moves += card is not None
            self._moved.notify_all()
        if card is not None:
            self._emit(Event(Channel.READER, "removed", {"card": card.name}))
            self._changed()

    def unplug(self) -> None:
        """The reader is gone, as if its process had been killed or its cable pulled."""
        with self._moved:
            was, self._plugged = self._plugged, False
            self._moved.notify_all()
        if was:
            self._emit(Event(Channel.READER, "gone", {}))
            self._torn()

    def replug(self) -> None:
        """The reader is back."""
        with self._moved:
            was, self._plugged = self._plugged, True
            self._moved.notify_all()
        if not was:
            self._back()
            self._emit(Event(Channel.READER, "back", {}))

    @property
    def card(self) -> Card | None:
        with self._lock:
            return self._card

    @property
    def moves(self) -> int:
        """How often a card came or went: a card that left and came back is powered off."""
        with self._lock:
            return self._moves

    @property
    def plugged(self) -> bool:
        with self._lock:
            return self._plugged

    def close(self) -> None:
        """End the twin."""

    def _changed(self) -> None:
        """A card moved."""

    def _torn(self) -> None:
        """The plug was pulled."""

    def _back(self) -> None:
        """The plug is in again."""
