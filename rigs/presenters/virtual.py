"""Puts the rig's virtual cards to its virtual reader."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from protocols.emv import Apdu
from protocols.emv.apdu import COMMANDS
from protocols.faults import ConfigurationError
from simulators.card import ChipCard
from simulators.reader import Slot


class WrongWayRound:
    """A card whose contacts meet none of the reader's: it is there, and mute."""

    def __init__(self, card: ChipCard) -> None:
        self.name = card.name

    def power_on(self) -> bytes:
        return b""

    def transmit(self, raw: bytes) -> bytes | None:
        """It never gets a command."""
        return None


class VirtualPresenter:
    """A `Presenter` over a virtual slot."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._cards: dict[str, ChipCard] = {}
        self._on_command: Callable[[Apdu], None] | None = None

    def hold(self, name: str, card: ChipCard) -> None:
        """A card that may be offered from now on."""
        self._cards[name] = card
        card.on_command = self._on_command

    def offer(self, card: str) -> None:
        self._slot.insert(self._held(card))

    def offer_too(self, card: str) -> None:
        """Hold a further card into the field. Raises ConfigurationError for a slot that takes one card alone."""
        self._slot.add(self._held(card))

    def offer_wrong_way_round(self, card: str) -> None:
        """The card is in, and its contacts are not where the reader's are."""
        self._slot.insert(WrongWayRound(self._held(card)))

    def bounce(self, card: str, times: int = 2) -> None:
        """The card is in in the end; its contacts close and open so many times before."""
        held = self._held(card)
        for _ in range(times):
            self._slot.insert(held)
            self._slot.remove()
        self._slot.insert(held)

    def _held(self, card: str) -> ChipCard:
        if card not in self._cards:
            held = ", ".join(self._cards) or "none"
            raise ConfigurationError(f"nobody holds a card {card!r}", advice=f"cards of this case: {held}")
        return self._cards[card]

    def before(self, command: str, act: Callable[[], object], occurrence: int = 1) -> None:
        """Do something as the named command reaches a card of this case for the `occurrence`-th time.

        What was to be done before is not.
        """
        if command not in COMMANDS.values():
            near = difflib.get_close_matches(command, COMMANDS.values(), n=1) or COMMANDS.values()
            raise ConfigurationError(f"no command is called {command!r}", advice=f"there is: {', '.join(near)}")
        seen = 0

        def on_command(reached: Apdu) -> None:
            nonlocal seen
            seen += reached.name == command
            if reached.name == command and seen == occurrence:
                act()

        self._watch(on_command)

    def pull_before(self, command: str, occurrence: int = 1) -> None:
        """The card leaves the slot as the named command reaches it: it never answers that."""
        self.before(command, self._slot.remove, occurrence)

    def pull_slowly_before(self, command: str, occurrence: int = 1) -> None:
        """As `pull_before`, with contacts that close once more on the way out."""

        def out_in_out() -> None:
            card = self._slot.card
            self._slot.remove()
            if card is not None:
                self._slot.insert(card)
                self._slot.remove()

        self.before(command, out_in_out, occurrence)

    def unplug(self) -> None:
        """The reader's cable is pulled."""
        self._slot.unplug()

    def unplug_before(self, command: str) -> None:
        """The reader itself is lost as the named command reaches the card."""
        self.before(command, self._slot.unplug)

    def take_away(self, card: str) -> None:
        """This card leaves; any other stays."""
        self._slot.remove(self._held(card))

    def remove(self) -> None:
        """Take the card out and forget the cards of this case."""
        self._watch(None)
        self._cards.clear()
        self._slot.remove()

    def _watch(self, on_command: Callable[[Apdu], None] | None) -> None:
        self._on_command = on_command
        for card in self._cards.values():
            card.on_command = on_command
