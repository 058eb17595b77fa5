"""Puts the rig's virtual cards to its virtual reader."""

from __future__ import annotations

from protocols.emv import Apdu
from simulators.card import ChipCard
from simulators.reader import Slot


class VirtualPresenter:
    """A `Presenter` over a virtual slot."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._cards: dict[str, ChipCard] = {}

    def hold(self, name: str, card: ChipCard) -> None:
        """A card that may be offered from now on."""
        self._cards[name] = card

    def offer(self, card: str) -> None:
        self._slot.insert(self._cards[card])

    def pull_before(self, command: str) -> None:
        """The card leaves the slot as the named command reaches it: it never answers that."""

        def pull(seen: Apdu) -> None:
            if seen.name == command:
                self._slot.remove()

        for card in self._cards.values():
            card.on_command = pull

    def unplug_before(self, command: str) -> None:
        """The reader itself is lost as the named command reaches the card."""

        def unplug(seen: Apdu) -> None:
            if seen.name == command:
                self._slot.unplug()

        for card in self._cards.values():
            card.on_command = unplug

    def remove(self) -> None:
        """Take the card out and forget the cards of this case."""
        for card in self._cards.values():
            card.on_command = None
        self._cards.clear()
        self._slot.remove()
