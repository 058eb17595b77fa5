"""A walk through a card: from its reset to its first cryptogram, by a reader alone."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu
from protocols.events import discard
from protocols.faults import CardRemoved
from rigs.readers.embedded import EmbeddedReader
from rigs.readers.walk import CONTACT_DIRECTORY, FIELD_DIRECTORY, Walk
from simulators.card import ChipCard
from simulators.reader import EmbeddedSlot
from tests.simulators.kit import PAN, Events, credit_profile

WHOLE = ["SELECT", "SELECT", "GET PROCESSING OPTIONS", *["READ RECORD"] * 6, "GENERATE AC"]


@pytest.fixture
def slot() -> EmbeddedSlot:
    return EmbeddedSlot(discard)


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def card(events: Events) -> ChipCard:
    return ChipCard(credit_profile(), PAN, emit=events, witness=events)


def commands(events: Events) -> list[str]:
    taken = ((e.raw or b"")[: int(str(e.fields["took"]))] for e in events.all() if e.kind in ("took", "gave"))
    return [Apdu.parse(raw).name for raw in taken]


@pytest.mark.parametrize("directory", [CONTACT_DIRECTORY, FIELD_DIRECTORY], ids=["known", "unknown"])
def test_it_gets_a_cryptogram_from_a_good_card(
    slot: EmbeddedSlot, card: ChipCard, events: Events, directory: bytes
) -> None:
    slot.insert(card)
    assert Walk(EmbeddedReader(slot, discard), directory).go() == len(WHOLE)
    assert commands(events) == WHOLE
    assert events.of("cryptogram", type="ARQC", round="first")


@pytest.mark.parametrize(("command", "reached"), [("SELECT", 1), ("READ RECORD", 4), ("GENERATE AC", 10)])
def test_a_card_that_leaves_ends_it_there(
    slot: EmbeddedSlot, card: ChipCard, events: Events, command: str, reached: int
) -> None:
    slot.insert(card)
    card.on_command = lambda seen: slot.remove() if seen.name == command else None
    with pytest.raises(CardRemoved):
        Walk(EmbeddedReader(slot, discard), CONTACT_DIRECTORY).go()
    assert len(commands(events)) == reached


def test_the_card_is_let_go_however_it_ends(slot: EmbeddedSlot, card: ChipCard) -> None:
    slot.insert(card)
    reader = EmbeddedReader(slot, discard)
    Walk(reader, CONTACT_DIRECTORY).go()
    with pytest.raises(CardRemoved):
        reader.transmit(b"\x00\x84\x00\x00\x00")


def test_a_reader_that_spoils_the_answers_is_walked_to_an_end_all_the_same(
    slot: EmbeddedSlot, card: ChipCard, events: Events
) -> None:
    """Whoever judges finds what was spoilt; the walk only learns less."""
    slot.faults.garble = lambda answer: answer[:-3] + answer[-2:] if len(answer) > 4 else answer
    slot.insert(card)
    assert Walk(EmbeddedReader(slot, discard), CONTACT_DIRECTORY).go() == len(commands(events))
