"""The virtual presenter: puts cards in, takes them out, and acts as a command reaches the card."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu
from protocols.events import discard
from protocols.faults import CardRemoved, ConfigurationError, DeviceSilent, ReaderGone
from rigs.presenters.virtual import VirtualPresenter
from rigs.readers.embedded import EmbeddedReader
from simulators.card import ChipCard
from simulators.reader import EmbeddedSlot, SlotKind, StripeSlot
from tests.simulators.kit import OTHER_PAN, PAN, Events, credit_profile

SELECT = Apdu(0x00, 0xA4, 0x04, 0, b"1PAY.SYS.DDF01", 0).pack()
GET_CHALLENGE = Apdu(0x00, 0x84, 0, 0, le=0).pack()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def slot(events: Events) -> EmbeddedSlot:
    return EmbeddedSlot(events)


@pytest.fixture
def presenter(slot: EmbeddedSlot) -> VirtualPresenter:
    presenter = VirtualPresenter(slot)
    presenter.hold("one", ChipCard(credit_profile(), PAN, name="one"))
    return presenter


@pytest.fixture
def reader(slot: EmbeddedSlot) -> EmbeddedReader:
    return EmbeddedReader(slot, discard)


def test_a_card_that_is_offered_is_in_the_reader_until_it_is_removed(
    presenter: VirtualPresenter, slot: EmbeddedSlot, events: Events
) -> None:
    presenter.offer("one")
    assert slot.card is not None
    presenter.remove()
    assert slot.card is None
    assert [event.kind for event in events.all()] == ["inserted", "removed"]


def test_a_card_that_nobody_holds_names_those_there_are(presenter: VirtualPresenter) -> None:
    with pytest.raises(ConfigurationError, match=r"nobody holds a card 'two' \(cards of this case: one\)"):
        presenter.offer("two")


def test_a_card_of_an_earlier_case_is_not_offered_again(presenter: VirtualPresenter) -> None:
    presenter.remove()
    with pytest.raises(ConfigurationError, match="cards of this case: none"):
        presenter.offer("one")


def test_something_is_done_as_the_command_reaches_the_card_and_at_no_other(
    presenter: VirtualPresenter, reader: EmbeddedReader
) -> None:
    done: list[str] = []
    presenter.before("GET CHALLENGE", lambda: done.append("now"))
    presenter.offer("one")
    reader.power_on()
    reader.transmit(SELECT)
    assert done == []
    assert reader.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"
    assert done == ["now"]


def test_only_what_was_said_last_is_done(presenter: VirtualPresenter, reader: EmbeddedReader) -> None:
    done: list[str] = []
    for word in ("first", "last"):
        presenter.before("SELECT", lambda word=word: done.append(word))  # type: ignore[misc]
    presenter.offer("one")
    reader.power_on()
    reader.transmit(SELECT)
    assert done == ["last"]


def test_it_is_done_at_the_occurrence_that_was_meant_and_not_again(
    presenter: VirtualPresenter, reader: EmbeddedReader
) -> None:
    done: list[str] = []
    presenter.before("GET CHALLENGE", lambda: done.append("now"), 2)
    presenter.offer("one")
    reader.power_on()
    counts = []
    for _ in range(3):
        reader.transmit(SELECT)
        reader.transmit(GET_CHALLENGE)
        counts.append(len(done))
    assert counts == [0, 1, 1]


def test_a_card_that_is_pulled_slowly_is_out_in_and_out(
    presenter: VirtualPresenter, reader: EmbeddedReader, slot: EmbeddedSlot, events: Events
) -> None:
    presenter.pull_slowly_before("GET CHALLENGE")
    presenter.offer("one")
    reader.power_on()
    with pytest.raises(CardRemoved):
        reader.transmit(GET_CHALLENGE)
    assert slot.card is None
    assert [e.kind for e in events.all()] == ["inserted", "removed", "inserted", "removed"]


def test_a_card_that_bounces_is_in_in_the_end(
    presenter: VirtualPresenter, reader: EmbeddedReader, events: Events
) -> None:
    presenter.bounce("one", times=2)
    assert [e.kind for e in events.all()] == ["inserted", "removed"] * 2 + ["inserted"]
    assert reader.power_on() == ChipCard.atr


def test_a_card_the_wrong_way_round_is_there_and_mute_until_it_is_turned(
    presenter: VirtualPresenter, reader: EmbeddedReader
) -> None:
    presenter.offer_wrong_way_round("one")
    assert reader.wait_for_card(True, 0)
    with pytest.raises(DeviceSilent) as silent:
        reader.power_on()
    assert silent.value.component == "card"
    presenter.offer("one")
    assert reader.power_on() == ChipCard.atr


def test_a_second_card_in_a_field_is_there_too_and_leaves_alone(events: Events) -> None:
    field = EmbeddedSlot(events, kind=SlotKind.CONTACTLESS)
    presenter = VirtualPresenter(field)
    for name, pan in (("one", PAN), ("two", OTHER_PAN)):
        presenter.hold(name, ChipCard(credit_profile(), pan, name=name))
    presenter.offer("one")
    presenter.offer_too("two")
    assert not field.present()
    presenter.take_away("one")
    assert field.present()
    assert [(e.kind, e.fields["card"]) for e in events.all()] == [
        ("inserted", "one"), ("inserted", "two"), ("removed", "one"),
    ]  # fmt: skip


def test_a_contact_slot_takes_one_card(presenter: VirtualPresenter) -> None:
    presenter.hold("two", ChipCard(credit_profile(), OTHER_PAN, name="two"))
    presenter.offer("one")
    with pytest.raises(ConfigurationError, match="contactless"):
        presenter.offer_too("two")


def test_it_is_done_with_a_card_that_is_issued_later_too(presenter: VirtualPresenter, reader: EmbeddedReader) -> None:
    done: list[str] = []
    presenter.before("SELECT", lambda: done.append("now"))
    presenter.hold("two", ChipCard(credit_profile(), OTHER_PAN, name="two"))
    presenter.offer("two")
    reader.power_on()
    reader.transmit(SELECT)
    assert done == ["now"]


def test_a_card_that_is_pulled_before_a_command_never_answers_it(
    presenter: VirtualPresenter, reader: EmbeddedReader, slot: EmbeddedSlot
) -> None:
    presenter.pull_before("GET CHALLENGE")
    presenter.offer("one")
    reader.power_on()
    reader.transmit(SELECT)
    with pytest.raises(CardRemoved):
        reader.transmit(GET_CHALLENGE)
    assert slot.card is None
    assert slot.plugged


def test_a_reader_that_is_unplugged_before_a_command_is_gone(
    presenter: VirtualPresenter, reader: EmbeddedReader, slot: EmbeddedSlot
) -> None:
    presenter.unplug_before("SELECT")
    presenter.offer("one")
    reader.power_on()
    with pytest.raises(ReaderGone):
        reader.transmit(SELECT)
    assert not slot.plugged


def test_the_next_case_knows_nothing_of_what_was_to_be_done(
    presenter: VirtualPresenter, reader: EmbeddedReader
) -> None:
    kept = ChipCard(credit_profile(), OTHER_PAN, name="kept")
    presenter.hold("kept", kept)
    presenter.pull_before("SELECT")
    presenter.remove()
    assert kept.on_command is None
    presenter.hold("new", ChipCard(credit_profile(), PAN, name="new"))
    presenter.offer("new")
    reader.power_on()
    assert reader.transmit(SELECT)[-2:] == b"\x90\x00"


@pytest.mark.parametrize(("command", "told"), [("GENERATE_AC", "there is: GENERATE AC"), ("xyzzy", "SELECT, READ REC")])
def test_a_command_that_no_card_knows_names_the_near_miss(presenter: VirtualPresenter, command: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        presenter.pull_before(command)


# ── after an answer, and the stripe ───────────────────────────────────────────────────────────────────────────────


def test_a_card_that_is_pulled_after_a_command_has_answered_it_and_nothing_more(
    presenter: VirtualPresenter, reader: EmbeddedReader
) -> None:
    presenter.pull_after("GET CHALLENGE")
    presenter.offer("one")
    reader.power_on()
    assert reader.transmit(SELECT)[-2:] == b"\x90\x00"
    assert len(reader.transmit(GET_CHALLENGE)) >= 2
    with pytest.raises(CardRemoved):
        reader.transmit(SELECT)


@pytest.fixture
def stripe(events: Events) -> StripeSlot:
    return StripeSlot(events)


@pytest.fixture
def swiping(slot: EmbeddedSlot, stripe: StripeSlot) -> VirtualPresenter:
    presenter = VirtualPresenter(slot, stripe)
    for name, pan in (("one", PAN), ("two", OTHER_PAN)):
        presenter.hold(name, ChipCard(credit_profile(), pan, name=name))
    return presenter


def test_a_card_is_drawn_through_and_comes_out_of_the_reader_for_it(
    swiping: VirtualPresenter, slot: EmbeddedSlot, stripe: StripeSlot, events: Events
) -> None:
    swiping.offer("one")
    swiping.swipe("one")
    swipe = stripe.swiped(0)
    assert slot.card is None
    assert swipe is not None
    assert swipe.track2.startswith(f"{PAN}D3012201")
    assert [event.kind for event in events.all()] == ["inserted", "removed", "swiped"]


def test_a_bad_swipe_gives_nothing_and_the_next_one_does(swiping: VirtualPresenter, stripe: StripeSlot) -> None:
    swiping.swipe_badly("one")
    swiping.swipe("one")
    assert [bool(swipe and swipe.track2) for swipe in (stripe.swiped(0), stripe.swiped(0))] == [False, True]


def test_a_card_that_is_worn_out_gives_nothing_any_more_and_another_does(
    swiping: VirtualPresenter, slot: EmbeddedSlot, stripe: StripeSlot
) -> None:
    swiping.offer("one")
    swiping.wear_out("one")
    assert slot.card is not None
    for card in ("one", "one", "two"):
        swiping.swipe(card)
    assert [bool(swipe and swipe.track2) for swipe in (stripe.swiped(0) for _ in range(3))] == [False, False, True]


@pytest.mark.parametrize("act", ["swipe", "swipe_badly", "wear_out"])
def test_nobody_swipes_a_card_that_nobody_holds(swiping: VirtualPresenter, act: str) -> None:
    with pytest.raises(ConfigurationError, match="nobody holds a card 'three'"):
        getattr(swiping, act)("three")


def test_where_there_is_no_slot_for_it_nothing_is_swiped(presenter: VirtualPresenter) -> None:
    assert not presenter.swiped
    with pytest.raises(ConfigurationError, match="no slot for a stripe"):
        presenter.swipe("one")


def test_the_next_case_knows_nothing_of_swipes_and_wear(swiping: VirtualPresenter, stripe: StripeSlot) -> None:
    swiping.wear_out("one")
    swiping.stand_still()
    swiping.swipe("two")
    swiping.remove()
    assert (stripe.waits(), swiping.obliging) == (False, True)
    swiping.swipe_in_hand()
    assert not stripe.waits()
    swiping.hold("one", ChipCard(credit_profile(), PAN, name="one"))
    swiping.swipe_in_hand()
    swipe = stripe.swiped(0)
    assert swipe is not None
    assert swipe.track2


def test_a_card_is_taken_out_and_put_in_again_the_way_that_it_was(
    swiping: VirtualPresenter, slot: EmbeddedSlot
) -> None:
    swiping.offer_wrong_way_round("one")
    turned = slot.card
    swiping.take_out()
    assert (slot.card, swiping.took_out) == (None, True)
    swiping.put_in()
    assert slot.card is turned
    assert not swiping.took_out
