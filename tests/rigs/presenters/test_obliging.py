"""The cardholder does what the customer display asks of him, and nothing that another display says."""

from __future__ import annotations

import pytest

from protocols.events import Channel, Event
from protocols.prompts import (
    INSERT,
    INSERT_AGAIN,
    INSERT_THE_CHIP,
    PIN,
    REMOVE,
    SWIPE,
    SWIPE_AGAIN,
    SWIPE_INSTEAD,
)
from rigs.presenters.obliging import oblige
from rigs.presenters.virtual import VirtualPresenter
from simulators.card import ChipCard
from simulators.reader import EmbeddedSlot, StripeSlot
from tests.simulators.kit import PAN, Events, credit_profile


class Scene:
    def __init__(self) -> None:
        self.slot, self.stripe = EmbeddedSlot(Events()), StripeSlot()
        self.presenter = VirtualPresenter(self.slot, self.stripe)
        self.presenter.hold("one", ChipCard(credit_profile(), PAN, name="one"))

    def shows(self, text: str, audience: str = "customer", channel: Channel = Channel.TERMINAL) -> None:
        oblige(self.presenter, Event(channel, "display", {"text": text, "audience": audience}))

    @property
    def card_in(self) -> bool:
        return self.slot.card is not None


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_he_takes_the_card_out_and_puts_it_in_again(scene: Scene) -> None:
    scene.presenter.offer("one")
    scene.shows(REMOVE)
    assert not scene.card_in
    scene.shows(INSERT_AGAIN)
    assert scene.card_in


def test_he_puts_no_card_in_that_nobody_offered(scene: Scene) -> None:
    """A case in which no card is presented: cases.md 19."""
    scene.shows(INSERT)
    scene.shows(INSERT_AGAIN)
    assert not scene.card_in


def test_he_puts_the_card_in_that_he_swiped(scene: Scene) -> None:
    scene.shows(INSERT_THE_CHIP)
    assert scene.card_in


@pytest.mark.parametrize("text", [SWIPE, SWIPE_INSTEAD, SWIPE_AGAIN])
def test_he_draws_the_card_in_hand_through(scene: Scene, text: str) -> None:
    scene.presenter.offer("one")
    scene.shows(text)
    swipe = scene.stripe.swiped(0)
    assert swipe is not None
    assert swipe.track2.startswith(PAN)
    assert not scene.card_in


def test_who_has_swiped_before_he_was_asked_does_it_once(scene: Scene) -> None:
    scene.presenter.swipe_badly("one")
    scene.shows(SWIPE)
    assert scene.stripe.swiped(0) is not None
    assert not scene.stripe.waits()


def test_he_who_stands_still_does_nothing(scene: Scene) -> None:
    scene.presenter.offer("one")
    scene.presenter.stand_still()
    for text in (REMOVE, SWIPE, SWIPE_INSTEAD):
        scene.shows(text)
    assert scene.card_in
    assert not scene.stripe.waits()


def test_what_is_none_of_his_business_moves_him_not(scene: Scene) -> None:
    scene.presenter.offer("one")
    scene.shows(REMOVE, audience="operator")
    scene.shows(REMOVE, channel=Channel.HOST)
    scene.shows(PIN)
    oblige(scene.presenter, Event(Channel.TERMINAL, "state", {"text": REMOVE, "audience": "customer"}))
    assert scene.card_in
