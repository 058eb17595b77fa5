"""The slot for the stripe: what is drawn through is read once."""

from __future__ import annotations

import threading

import pytest

from protocols.stripe import Swipe
from simulators.reader import StripeSlot
from tests.simulators.kit import PAN, Events

TRACK = f"{PAN}D3012101000000000"


def test_a_card_may_be_drawn_through_before_somebody_waits() -> None:
    slot = StripeSlot()
    slot.draw(Swipe(TRACK))
    assert slot.waits()
    assert slot.swiped(0) == Swipe(TRACK)
    assert not slot.waits()
    assert slot.swiped(0) is None


def test_who_waits_has_it_as_it_comes() -> None:
    slot, got = StripeSlot(), []
    waiting = threading.Thread(target=lambda: got.append(slot.swiped(10)))
    waiting.start()
    slot.draw(Swipe(TRACK))
    waiting.join(10)
    assert got == [Swipe(TRACK)]


def test_swipes_are_read_in_their_order() -> None:
    slot = StripeSlot()
    slot.draw(Swipe())
    slot.draw(Swipe(TRACK))
    assert [slot.swiped(0), slot.swiped(0)] == [Swipe(), Swipe(TRACK)]


def test_what_nobody_read_can_be_forgotten() -> None:
    slot = StripeSlot()
    slot.draw(Swipe(TRACK))
    slot.forget()
    assert slot.swiped(0) is None


@pytest.mark.parametrize(
    ("track", "read", "code"), [(TRACK, "good", "101"), ("", "bad", ""), (TRACK[:20], "bad", ""), ("62D", "bad", "")]
)
def test_a_swipe_is_told_by_its_service_code_alone(track: str, read: str, code: str) -> None:
    events = Events()
    StripeSlot(events).draw(Swipe(track), "credit-1")
    assert events.of("swiped") == [{"card": "credit-1", "read": read, "service_code": code}]
    assert PAN not in str(events.all())
