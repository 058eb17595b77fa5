"""What both reader twins have in common: a slot with cards in it or not, and what the reader makes of that.

All that a reader does or does wrong is decided here, so that the twin behind pcscd and the one in process never differ.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

from protocols.events import Channel, Emit, Event
from protocols.faults import CardRemoved, ConfigurationError, DeviceSilent
from simulators.reader.contactless import answer_to_select, reader_command
from simulators.reader.controls import Controls
from simulators.reader.faults import ReaderFaults
from simulators.reader.pinpad import Keys
from simulators.reader.profile import IFD_SERIAL, ReaderProfile, SlotKind


class Card(Protocol):
    """A card as a reader sees it. One that lies in a field may also have a `uid`, in bytes."""

    name: str

    def power_on(self) -> bytes:
        """The ATR; empty is a card that is mute."""

    def transmit(self, raw: bytes) -> bytes | None:
        """A command to its answer; None is silence."""


class Answered(IntEnum):
    """How a command went. The numbers are those of the wire to the IFD handler."""

    OK = 0
    REFUSED = 1
    """There is no powered card, or it left while it worked, or the reader is gone."""
    SILENT = 2
    """The card, or what the reader takes for one, said nothing."""


class Casing:
    """What all slots of one reader share: a lock, a plug, keys, faults, and what a twin does when any of it moves."""

    def __init__(self) -> None:
        self.moved = threading.Condition(threading.RLock())
        self.plugged = True
        self.faults = ReaderFaults()
        self.keys = Keys()
        self.slots: list[Slot] = []
        self.on_card: Callable[[Slot], None] = lambda slot: None
        self.on_unplug: Callable[[], None] = lambda: None
        self.on_replug: Callable[[], None] = lambda: None


class _Power:
    """One powering of one card: whoever holds an older one has lost the card."""

    def __init__(self, card: Card) -> None:
        self.card = card


class Slot:
    """Card movements and plug of a virtual reader, and what it answers. Safe to call from any thread."""

    def __init__(
        self, emit: Emit, profile: ReaderProfile | None = None, *, kind: SlotKind | None = None,
        casing: Casing | None = None,
    ) -> None:  # fmt: skip
        """`casing` is another slot's, for a further slot of the same reader."""
        self.profile = profile or ReaderProfile()
        self.kind = kind or self.profile.slots[0]
        self.casing = casing or Casing()
        self.casing.slots.append(self)
        self._controls = Controls(self.profile, self.casing.keys, self._answer_or_raise)
        self._emit = emit
        self._moved = self.casing.moved
        self._lock = self.casing.moved
        self._cards: list[Card] = []
        self._reports = False
        self._moves = 0
        self._power: _Power | None = None
        self._believes_powered = False
        self._afterwards: list[Callable[[], object]] = []

    @property
    def keys(self) -> Keys:
        """The reader's keys, if its profile has any, and who stands there."""
        return self.casing.keys

    @property
    def faults(self) -> ReaderFaults:
        return self.casing.faults

    # ── people ────────────────────────────────────────────────────────────────────────────────────────────────

    def insert(self, card: Card) -> None:
        """Put a card in; another that is there comes out first, the same one stays."""
        with self._moved:
            if self._holds(card):
                return
            out = [self._leave(other) for other in list(self._cards)]
            self._come(card)
        self._tell("removed", *out)
        self._tell("inserted", card)
        self.casing.on_card(self)

    def add(self, card: Card) -> None:
        """Hold a further card into a contactless field: the reader then reports none until one leaves."""
        if self.kind is not SlotKind.CONTACTLESS:
            raise ConfigurationError("only a contactless field takes two cards", component="reader")
        with self._moved:
            if self._holds(card):
                return
            self._come(card)
        self._tell("inserted", card)
        self.casing.on_card(self)

    def remove(self, card: Card | None = None) -> None:
        """Take this card out, or all that are there."""
        with self._moved:
            out = [self._leave(other) for other in list(self._cards) if card is None or other is card]
        self._tell("removed", *out)
        if out:
            self.casing.on_card(self)

    def unplug(self) -> None:
        """The reader is gone, as if its process had been killed or its cable pulled. Its cards lose their power."""
        with self._moved:
            was, self.casing.plugged = self.casing.plugged, False
            for slot in self.casing.slots if was else ():
                slot._cut()
                slot._report(False)
            self._moved.notify_all()
        if was:
            self._emit(Event(Channel.READER, "gone", {}))
            self.casing.on_unplug()

    def replug(self) -> None:
        """The reader is back, and looks at its slots afresh."""
        with self._moved:
            was, self.casing.plugged = self.casing.plugged, True
            for slot in () if was else self.casing.slots:
                slot._report(len(slot._cards) == 1)
            self._moved.notify_all()
        if not was:
            self.casing.on_replug()
            self._emit(Event(Channel.READER, "back", {}))

    def after_answer(self, act: Callable[[], object]) -> None:
        """Done as soon as the command that is under way has its answer: that is given all the same."""
        with self._lock:
            self._afterwards.append(act)

    @property
    def card(self) -> Card | None:
        """The card that is really there; of several the one that came first."""
        with self._lock:
            return self._cards[0] if self._cards else None

    @property
    def moves(self) -> int:
        """How often a card came or went, as far as the reader noticed."""
        with self._lock:
            return self._moves

    @property
    def plugged(self) -> bool:
        with self._lock:
            return self.casing.plugged

    def close(self) -> None:
        """End the twin."""

    # ── the reader ────────────────────────────────────────────────────────────────────────────────────────────

    def present(self) -> bool:
        """Whether the reader reports a card: it may have missed a movement, and of two in its field it sees none."""
        with self._lock:
            return self._reports

    def power_up(self) -> bytes | None:
        """Cold or warm reset: the ATR. None where no card answers."""
        with self._lock:
            self._cut()
            if not self._reports or not self._cards:
                return None
            power = self._power = _Power(self._cards[0])
        own = power.card.power_on()
        atr = self.faults.atr
        if atr is None:
            atr = answer_to_select(own) if self.kind is SlotKind.CONTACTLESS else own
        with self._lock:
            if self._power is not power:
                return None
            if not atr:
                self._cut()
                return None
            self._believes_powered = True
        return atr

    def power_down(self) -> None:
        """The card gets no command until it is powered up again."""
        with self._lock:
            self._cut()

    def command(self, data: bytes) -> tuple[Answered, bytes]:
        """A command and its whole answer. A card that leaves while it works gives none."""
        answered = self._command(data)
        with self._lock:
            acts, self._afterwards = self._afterwards, []
        for act in acts:
            act()
        return answered

    def _command(self, data: bytes) -> tuple[Answered, bytes]:
        with self._lock:
            drops = self.casing.plugged and self.faults.drops_out()
            power, believes = self._power, self._believes_powered
        if drops:
            self.unplug()
            return Answered.REFUSED, b""
        if power is None:
            return (Answered.SILENT if believes else Answered.REFUSED), b""
        answer = None if self.faults.silent else self._answer(power.card, data)
        if answer is not None and self.faults.garble is not None:
            answer = self.faults.garble(answer)
        with self._moved:
            if self.faults.delay_s > 0:
                self._moved.wait_for(lambda: self._power is not power, self.faults.delay_s)
            if self._power is not power:
                return (Answered.SILENT if self._believes_powered else Answered.REFUSED), b""
        return (Answered.SILENT, b"") if answer is None else (Answered.OK, answer)

    def attribute(self, tag: int) -> bytes | None:
        """A PC/SC part 3 attribute; None where the reader does not offer it."""
        if tag == IFD_SERIAL and self.faults.hide_serial:
            return None
        return self.profile.attributes().get(tag)

    def control(self, code: int, data: bytes) -> bytes | None:
        """A PC/SC part 10 feature or an escape command; None where the reader does not offer it.

        Raises CardRemoved or DeviceSilent where it is the card that gives no answer.
        """
        return self._controls.answer(code, data)

    def _answer_or_raise(self, data: bytes) -> bytes:
        how, answer = self.command(data)
        if how is Answered.REFUSED:
            raise CardRemoved("the card was removed during a command")
        if how is Answered.SILENT:
            raise DeviceSilent("the card did not answer a command", component="card")
        return answer

    def _answer(self, card: Card, data: bytes) -> bytes | None:
        own = reader_command(data, card, self.profile) if self.kind is SlotKind.CONTACTLESS else None
        return card.transmit(data) if own is None else own

    # ── movements, with the lock held ─────────────────────────────────────────────────────────────────────────

    def _holds(self, card: Card) -> bool:
        return any(other is card for other in self._cards)

    def _come(self, card: Card) -> None:
        self._cards.append(card)
        self._movement(noticed=not self.faults.misses_insertion())

    def _leave(self, card: Card) -> Card:
        self._cards = [other for other in self._cards if other is not card]  # two may be equal
        self._movement(noticed=not self.faults.misses_removal())
        return card

    def _movement(self, *, noticed: bool) -> None:
        """Whatever the reader makes of it, the card that was powered is no longer."""
        self._power = None
        if noticed:
            self._believes_powered = False
            self._report(self.casing.plugged and len(self._cards) == 1)
        self._moved.notify_all()

    def _report(self, present: bool) -> None:
        self._moves += present is not self._reports
        self._reports = present

    def _cut(self) -> None:
        self._power = None
        self._believes_powered = False

    def _tell(self, kind: str, *cards: Card) -> None:
        which = {"slot": self.kind.value} if len(self.casing.slots) > 1 else {}
        for card in cards:
            self._emit(Event(Channel.READER, kind, {"card": card.name, **which}))
