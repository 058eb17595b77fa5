"""Cards that leave: pulled by whoever holds them, or by themselves at a command, before or after an answer."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu
from protocols.events import discard
from protocols.faults import CardRemoved, DeviceSilent
from rigs.cards.faulty import card_fault
from rigs.presenters.virtual import VirtualPresenter
from rigs.readers.embedded import EmbeddedReader
from simulators.card import ChipCard
from simulators.reader import EmbeddedSlot
from tests.simulators.card.desk import AID, no_oda
from tests.simulators.kit import OTHER_PAN, PAN, Events

SELECT = Apdu(0x00, 0xA4, 0x04, 0, AID, 256).pack()
GET_CHALLENGE = Apdu(0x00, 0x84, 0, 0, le=8).pack()


class Bench:
    """A slot, somebody at it, and a card with a fault in it."""

    def __init__(self, fault: str = "") -> None:
        self.events = Events()
        self.slot = EmbeddedSlot(self.events)
        self.presenter = VirtualPresenter(self.slot)
        self.reader = EmbeddedReader(self.slot, discard)
        self.card = ChipCard(no_oda(), PAN, name="one", fault=card_fault(fault) if fault else None)
        self.presenter.hold("one", self.card)
        self.presenter.offer("one")
        self.reader.power_on()


def test_a_card_that_is_pulled_after_an_answer_has_given_it() -> None:
    bench = Bench()
    bench.presenter.pull_after("GET CHALLENGE")
    assert bench.reader.transmit(SELECT)[-2:] == b"\x90\x00"
    assert len(bench.reader.transmit(GET_CHALLENGE)) == 10
    assert bench.slot.card is None
    with pytest.raises(CardRemoved):
        bench.reader.transmit(SELECT)


def test_it_is_pulled_at_the_occurrence_that_was_meant() -> None:
    bench = Bench()
    bench.presenter.pull_after("GET CHALLENGE", 2)
    bench.reader.transmit(GET_CHALLENGE)
    assert bench.slot.card is bench.card
    bench.reader.transmit(GET_CHALLENGE)
    assert bench.slot.card is None


def test_a_card_that_leaves_before_it_answers_gives_none_and_is_out_of_the_slot() -> None:
    bench = Bench("leaves before it answers its first GET CHALLENGE")
    bench.reader.transmit(SELECT)
    with pytest.raises(CardRemoved):
        bench.reader.transmit(GET_CHALLENGE)
    assert bench.slot.card is None
    assert [event.kind for event in bench.events.all()] == ["inserted", "removed"]


def test_a_card_that_leaves_after_it_answered_gave_its_answer_and_is_out_of_the_slot() -> None:
    bench = Bench("leaves after it answered its second GET CHALLENGE")
    for _ in range(2):
        assert bench.slot.card is bench.card
        assert len(bench.reader.transmit(GET_CHALLENGE)) == 10
    assert bench.slot.card is None


def test_it_may_be_put_in_again_and_works() -> None:
    bench = Bench("leaves before it answers its first GET CHALLENGE")
    with pytest.raises(CardRemoved):
        bench.reader.transmit(GET_CHALLENGE)
    bench.presenter.offer("one")
    bench.reader.power_on()
    assert len(bench.reader.transmit(GET_CHALLENGE)) == 10


def test_a_card_that_loses_its_power_stays_in_the_slot_and_is_silent_until_it_is_powered() -> None:
    bench = Bench("loses its power at its first GET CHALLENGE")
    for command in (GET_CHALLENGE, SELECT):
        with pytest.raises(DeviceSilent):
            bench.reader.transmit(command)
    assert bench.slot.card is bench.card
    bench.reader.power_on()
    assert bench.reader.transmit(SELECT)[-2:] == b"\x90\x00"


def test_only_the_card_that_leaves_goes() -> None:
    bench = Bench("leaves before it answers its first GET CHALLENGE")
    other = ChipCard(no_oda(), OTHER_PAN, name="two")
    bench.presenter.hold("two", other)
    bench.presenter.offer("two")
    assert bench.card.leave is not None
    bench.card.leave()
    assert bench.slot.card is other


def test_what_is_done_after_an_answer_is_done_once() -> None:
    bench = Bench()
    done: list[int] = []
    bench.slot.after_answer(lambda: done.append(1))
    bench.reader.transmit(SELECT)
    bench.reader.transmit(SELECT)
    assert done == [1]
