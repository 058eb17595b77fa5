"""Powering a card that pcscd is just about to power: what it tells then is half done."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.faults import DeviceSilent
from rigs.readers.pcsc import PcscReader
from rigs.readers.winscard import EMPTY, OK, PRESENT
from tests.rigs.readers.station import ATR
from tests.rigs.readers.test_supervisor import READER, Library
from tests.simulators.kit import Events

LONGEST_ATR = 33


class Arriving(Library):
    """A card comes as it is connected. As pcscd: there before it is counted, and its ATR as long as any can be until
    the reader has told it. eventhandler.c: cardAtrLength."""

    def __init__(self) -> None:
        super().__init__()
        self.states[READER] = EMPTY | 1 << 16

    def connect(self, context: Any, reader: str) -> tuple[int, Any, int]:
        if self.states[READER] & EMPTY:
            self.put(lambda: self.states.update({READER: PRESENT | 1 << 16}))
        return OK, "card", 0

    def atr(self, handle: Any) -> tuple[int, bytes]:
        return OK, ATR if self.states[READER] >> 16 == 2 else ATR.ljust(LONGEST_ATR, b"\0")

    def disconnect(self, handle: Any, *, unpower: bool) -> int:
        self.put(lambda: self.states.update({READER: PRESENT | 2 << 16}))
        return OK


class Counted(Arriving):
    """It looks as if the card had been there all the time: only the answer gives it away."""

    def __init__(self) -> None:
        super().__init__()
        self.states[READER] = PRESENT | 1 << 16
        self.asked_for_atr = 0

    def atr(self, handle: Any) -> tuple[int, bytes]:
        self.asked_for_atr += 1
        return OK, ATR if self.asked_for_atr > 1 else ATR.ljust(LONGEST_ATR, b"\0")


def test_an_answer_to_reset_that_is_half_written_is_asked_for_again(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Counted()
    monkeypatch.setattr("rigs.readers.pcsc.Pyscard", lambda socket: library)
    driver = PcscReader(READER, events)
    assert driver.power_on() == ATR
    assert library.asked_for_atr == 2
    driver.close()


class Illegible(Arriving):
    """A card whose own answer is too long."""

    def __init__(self) -> None:
        super().__init__()
        self.states[READER] = PRESENT | 1 << 16

    def atr(self, handle: Any) -> tuple[int, bytes]:
        return OK, ATR.ljust(LONGEST_ATR, b"\0")


def test_an_answer_to_reset_that_stays_as_it_is_is_the_cards(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rigs.readers.pcsc.Pyscard", lambda socket: Illegible())
    driver = PcscReader(READER, events)
    with pytest.raises(DeviceSilent) as caught:
        driver.power_on()
    assert caught.value.component == "card"
    driver.close()


def test_an_answer_to_reset_is_not_taken_before_the_service_is_done_with_the_card(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counter is the same before and after: the movement has begun, and is not counted yet."""
    library = Arriving()
    monkeypatch.setattr("rigs.readers.pcsc.Pyscard", lambda socket: library)
    driver = PcscReader(READER, events)
    assert driver.power_on() == ATR
    assert events.of("atr") == [{"atr": ATR.hex().upper()}]
    driver.close()
