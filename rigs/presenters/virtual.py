"""Puts the rig's virtual cards to its virtual reader."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from protocols.emv import Apdu
from protocols.emv.apdu import COMMANDS
from protocols.faults import ConfigurationError
from simulators.card import ChipCard
from simulators.reader import Slot


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
        if card not in self._cards:
            held = ", ".join(self._cards) or "none"
            raise ConfigurationError(f"nobody holds a card {card!r}", advice=f"cards of this case: {held}")
        self._slot.insert(self._cards[card])

    def before(self, command: str, act: Callable[[], object]) -> None:
        """Do something as the named command reaches the card of this case. What was to be done before is not."""

        if command not in COMMANDS.values():
            near = difflib.get_close_matches(command, COMMANDS.values(), n=1) or COMMANDS.values()
            raise ConfigurationError(f"no command is called {command!r}", advice=f"there is: {', '.join(near)}")

        def on_command(seen: Apdu) -> None:
            if seen.name == command:
                act()

        self._watch(on_command)

    def pull_before(self, command: str) -> None:
        """The card leaves the slot as the named command reaches it: it never answers that."""
        self.before(command, self._slot.remove)

    def unplug_before(self, command: str) -> None:
        """The reader itself is lost as the named command reaches the card."""
        self.before(command, self._slot.unplug)

    def remove(self) -> None:
        """Take the card out and forget the cards of this case."""
        self._watch(None)
        self._cards.clear()
        self._slot.remove()

    def _watch(self, on_command: Callable[[Apdu], None] | None) -> None:
        self._on_command = on_command
        for card in self._cards.values():
            card.on_command = on_command
