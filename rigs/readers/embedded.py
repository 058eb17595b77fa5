"""Drives the in-process reader twin."""

from __future__ import annotations

from protocols.events import Channel, Direction, Emit, Event
from protocols.faults import CardRemoved, DeviceSilent, ReaderGone
from simulators.reader import Card, EmbeddedSlot


class EmbeddedReader:
    """A `CardReader` without PC/SC. Reports say that it was this one."""

    def __init__(self, slot: EmbeddedSlot, emit: Emit) -> None:
        self._slot = slot
        self._emit = emit
        self._powered: Card | None = None
        self._moves = 0

    def card_present(self) -> bool:
        self._need_reader()
        return self._slot.card is not None

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        met = self._slot.wait(present, timeout_s)
        self._need_reader()
        return met

    def power_on(self) -> bytes:
        self._need_reader()
        moves, card = self._slot.moves, self._slot.card
        if card is None:
            raise CardRemoved("there is no card in the reader")
        self._powered, self._moves = card, moves
        atr = card.power_on()
        self._emit(Event(Channel.CARD, "atr", {"atr": atr.hex().upper()}, Direction.IN))
        return atr

    def transmit(self, command: bytes) -> bytes:
        card = self._powered
        self._need_reader()
        if card is None or not self._slot.in_slot(card, self._moves):
            raise CardRemoved("the card was removed")
        self._emit(Event(Channel.CARD, "command", {}, Direction.OUT, command))
        response = card.transmit(command)
        self._need_reader()
        if not self._slot.in_slot(card, self._moves):
            raise CardRemoved("the card was removed during a command")
        if response is None:
            raise DeviceSilent("the card did not answer a command", component="card")
        self._emit(Event(Channel.CARD, "response", {}, Direction.IN, response))
        return response

    def power_off(self) -> None:
        self._powered = None

    def attributes(self) -> dict[str, str]:
        self._need_reader()
        return {"driver": "in process, no PC/SC", "vendor": "Holdfast", "type": "in-process reader twin"}

    def healthy(self) -> bool:
        return self._slot.plugged

    def recover(self) -> None:
        self._powered = None
        self._slot.replug()

    def close(self) -> None:
        self._powered = None

    def _need_reader(self) -> None:
        if not self._slot.plugged:
            raise ReaderGone("reader gone", advice="plug it in again")
