"""Puts the rig's virtual cards to its virtual reader."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from protocols.emv import Apdu
from protocols.emv.apdu import COMMANDS
from protocols.faults import ConfigurationError
from protocols.stripe import Swipe
from simulators.card import ChipCard
from simulators.reader import Card, Slot, StripeSlot


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
    """A `Presenter` over a virtual slot, and over the slot for the stripe where the terminal has one.

    `obliging` is whether the cardholder does what the customer display asks of him (`rigs/presenters/obliging.py`).
    """

    def __init__(self, slot: Slot, stripe: StripeSlot | None = None) -> None:
        self._slot = slot
        self._stripe = stripe
        self.obliging = True
        self._hand = ""
        self._taken: Card | None = None
        self._worn: set[str] = set()
        self._cards: dict[str, ChipCard] = {}
        self._on_command: Callable[[Apdu], None] | None = None

    def hold(self, name: str, card: ChipCard) -> None:
        """A card that may be offered from now on."""
        self._cards[name] = card
        self._hand = name
        card.on_command = self._on_command
        card.leave = lambda: self._slot.remove(card)
        card.leave_after = lambda: self._slot.after_answer(lambda: self._slot.remove(card))

    def offer(self, card: str) -> None:
        self._slot.insert(self._held(card))
        self._hand, self._taken = card, None

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

    # ── the stripe, and what a display asks for ───────────────────────────────────────────────────────────────

    def swipe(self, card: str) -> None:
        """Draw the card through; one that is in the reader is taken out for it."""
        self._draw(card, Swipe() if card in self._worn else Swipe(self._held(card).track2))

    def swipe_badly(self, card: str) -> None:
        """Draw the card through too slowly: nothing can be read."""
        self._draw(card, Swipe())

    def wear_out(self, card: str) -> None:
        """From now on no swipe of this card can be read."""
        self._held(card)
        self._worn.add(card)

    def _draw(self, card: str, swipe: Swipe) -> None:
        self._slot.remove(self._held(card))
        self._hand = card
        self._through().draw(swipe, card)

    @property
    def swiped(self) -> bool:
        """Whether a card was drawn through that the terminal has not looked at yet."""
        return self._stripe is not None and self._stripe.waits()

    def swipe_in_hand(self) -> None:
        """Draw the card of this case through that was spoken of last; nobody holds one: nothing is done."""
        if self._hand in self._cards:
            self.swipe(self._hand)

    def take_out(self) -> None:
        """Take the card out and keep it in hand."""
        self._taken = self._slot.card or self._taken
        self._slot.remove()

    def put_in(self) -> None:
        """Put the card in that was taken out before, the way that it was in, or the one that was drawn through."""
        card = self._taken or self._cards.get(self._hand)
        self._taken = None
        if card is not None:
            self._slot.insert(card)

    def stand_still(self) -> None:
        """The cardholder does nothing that a display asks of him, until `remove`."""
        self.obliging = False

    @property
    def took_out(self) -> bool:
        """Whether a card was taken out to be put in again."""
        return self._taken is not None

    def _through(self) -> StripeSlot:
        if self._stripe is None:
            raise ConfigurationError("there is no slot for a stripe here", component="reader")
        return self._stripe

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

    def pull_after(self, command: str, occurrence: int = 1) -> None:
        """The card leaves the slot as soon as it has answered the named command."""
        self.before(command, lambda: self._slot.after_answer(self._slot.remove), occurrence)

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
        self._hand, self._taken = "", None
        self._worn.clear()
        self.obliging = True
        if self._stripe is not None:
            self._stripe.forget()
        self._slot.remove()

    def _watch(self, on_command: Callable[[Apdu], None] | None) -> None:
        self._on_command = on_command
        for card in self._cards.values():
            card.on_command = on_command
