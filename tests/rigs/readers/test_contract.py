"""What every card reader keeps, behind a real pcscd or in process: `simulators/terminal/devices.py`."""

from __future__ import annotations

import time

import pytest

from protocols.events import Channel
from protocols.faults import CardRemoved, DeviceSilent, ReaderGone
from tests.rigs.readers.station import ATR, ECHO, OTHER_ATR, ReaderBench, TestCard
from tests.simulators.kit import DEADLINE_S, in_thread


def until_gone(bench: ReaderBench) -> None:
    """A lost reader is noticed within its settling time: waiting for a card that is in to leave shows it."""
    with pytest.raises(ReaderGone):
        bench.driver.wait_for_card(False, DEADLINE_S)


# ── cards come and go ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_that_is_inserted_is_seen(bench: ReaderBench) -> None:
    assert not bench.driver.card_present()
    bench.insert(TestCard())
    assert bench.driver.card_present()


def test_a_card_that_is_removed_is_missed(bench: ReaderBench) -> None:
    bench.insert(TestCard())
    bench.slot.remove()
    assert bench.driver.wait_for_card(False, 5)
    assert not bench.driver.card_present()


def test_waiting_for_a_card_ends_when_it_comes(bench: ReaderBench) -> None:
    seen: list[bool] = []
    waiter = in_thread(lambda: seen.append(bench.driver.wait_for_card(True, DEADLINE_S)))
    bench.slot.insert(TestCard())
    waiter.join(DEADLINE_S)
    assert seen == [True]


@pytest.mark.parametrize("present", [True, False])
def test_waiting_in_vain_ends_with_the_time(bench: ReaderBench, present: bool) -> None:
    if not present:
        bench.insert(TestCard())
    began = time.monotonic()
    assert not bench.driver.wait_for_card(present, 0.2)
    assert time.monotonic() - began >= 0.2


def test_what_is_so_already_needs_no_waiting(bench: ReaderBench) -> None:
    assert bench.driver.wait_for_card(False, 0)
    bench.insert(TestCard())
    assert bench.driver.wait_for_card(True, 0)


def test_movements_are_told(bench: ReaderBench) -> None:
    card = TestCard(name="credit-0014")
    bench.slot.insert(card)
    bench.slot.insert(card)
    bench.slot.remove()
    bench.slot.remove()
    told = [(e.kind, e.fields["card"]) for e in bench.events.all() if e.channel is Channel.READER]
    assert told == [("inserted", "credit-0014"), ("removed", "credit-0014")]


# ── talking to a card ─────────────────────────────────────────────────────────────────────────────────────────────


def test_powering_on_gives_the_atr_and_tells_it(bench: ReaderBench) -> None:
    bench.insert(TestCard())
    assert bench.driver.power_on() == ATR
    assert bench.events.of("atr") == [{"atr": ATR.hex().upper()}]


@pytest.mark.parametrize("size", [5, 60, 200])
def test_commands_reach_the_card_and_answers_come_back_whole(bench: ReaderBench, size: int) -> None:
    card = bench.powered()
    command = bytes([0, 0xD6, 0, 0, size - 5]) + bytes(range(size - 5))
    assert bench.driver.transmit(command) == command + b"\x90\x00"
    assert card.seen == [command]


def test_command_and_answer_are_told_with_their_bytes(bench: ReaderBench) -> None:
    bench.powered()
    bench.driver.transmit(ECHO)
    told = [(e.kind, e.direction.value, e.raw) for e in bench.events.all() if e.kind in ("command", "response")]
    assert told == [("command", "out", ECHO), ("response", "in", ECHO + b"\x90\x00")]


def test_powering_on_again_resets_the_card(bench: ReaderBench) -> None:
    card = bench.powered()
    before = card.powered
    bench.driver.power_off()
    bench.driver.power_on()
    assert card.powered > before
    assert bench.driver.transmit(ECHO)


def test_without_power_nothing_is_sent(bench: ReaderBench) -> None:
    card = bench.powered()
    bench.driver.power_off()
    with pytest.raises(CardRemoved):
        bench.driver.transmit(ECHO)
    assert card.seen == []


def test_powering_off_twice_or_without_a_card_is_nothing(bench: ReaderBench) -> None:
    bench.driver.power_off()
    bench.powered()
    bench.slot.remove()
    bench.driver.power_off()
    bench.driver.power_off()


# ── torn cards ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_card_cannot_be_powered(bench: ReaderBench) -> None:
    with pytest.raises(CardRemoved):
        bench.driver.power_on()


def test_a_card_removed_between_two_commands_is_card_removed(bench: ReaderBench) -> None:
    bench.powered()
    bench.driver.transmit(ECHO)
    bench.slot.remove()
    with pytest.raises(CardRemoved):
        bench.driver.transmit(ECHO)


def test_a_card_removed_during_a_command_is_card_removed(bench: ReaderBench) -> None:
    card = bench.powered()
    card.during = bench.slot.remove
    with pytest.raises(CardRemoved):
        bench.driver.transmit(ECHO)
    assert card.seen == [ECHO]
    assert not bench.events.of("response")


def test_after_a_torn_card_the_next_one_works(bench: ReaderBench) -> None:
    card = bench.powered()
    card.during = bench.slot.remove
    with pytest.raises(CardRemoved):
        bench.driver.transmit(ECHO)
    bench.driver.power_off()
    bench.insert(card)
    assert bench.driver.power_on() == ATR
    assert bench.driver.transmit(ECHO) == ECHO + b"\x90\x00"


def test_a_card_that_was_pulled_and_put_back_at_once_has_lost_its_power(bench: ReaderBench) -> None:
    card = bench.powered()
    bench.slot.remove()
    bench.slot.insert(card)
    with pytest.raises(CardRemoved):
        bench.driver.transmit(ECHO)
    assert card.seen == []


def test_another_card_in_its_place_never_gets_the_commands_of_the_first(bench: ReaderBench) -> None:
    bench.powered()
    other = TestCard(name="other", atr=OTHER_ATR)
    bench.slot.insert(other)
    with pytest.raises(CardRemoved):
        bench.driver.transmit(ECHO)
    assert other.seen == []
    assert [e["card"] for e in bench.events.of("removed")] == ["card"]
    bench.driver.power_off()
    assert bench.driver.wait_for_card(True, 5)
    assert bench.driver.power_on() == OTHER_ATR


# ── silence ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_that_does_not_answer_is_silent_and_named(bench: ReaderBench) -> None:
    bench.powered(TestCard(mute=True))
    with pytest.raises(DeviceSilent) as caught:
        bench.driver.transmit(ECHO)
    assert caught.value.component == "card"


def test_after_a_silent_card_the_reader_still_works(bench: ReaderBench) -> None:
    card = bench.powered(TestCard(mute=True))
    with pytest.raises(DeviceSilent):
        bench.driver.transmit(ECHO)
    card.mute = False
    bench.driver.power_off()
    bench.driver.power_on()
    assert bench.driver.transmit(ECHO) == ECHO + b"\x90\x00"


# ── lost readers ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reader_unplugged_during_a_command_is_gone(bench: ReaderBench) -> None:
    card = bench.powered()
    card.during = bench.slot.unplug
    with pytest.raises(ReaderGone):
        bench.driver.transmit(ECHO)


def test_a_reader_unplugged_while_idle_is_gone_for_every_call(bench: ReaderBench) -> None:
    bench.insert(TestCard())
    bench.slot.unplug()
    until_gone(bench)
    for call in (bench.driver.card_present, bench.driver.power_on, lambda: bench.driver.wait_for_card(False, 0.2)):
        with pytest.raises(ReaderGone):
            call()
    assert not bench.driver.healthy()


def test_a_recovered_reader_works_again(bench: ReaderBench) -> None:
    card = bench.powered()
    card.during = bench.slot.unplug
    with pytest.raises(ReaderGone):
        bench.driver.transmit(ECHO)
    bench.driver.recover()
    assert bench.driver.healthy()
    assert bench.driver.wait_for_card(True, 5)
    assert bench.driver.power_on() == ATR
    assert bench.driver.transmit(ECHO) == ECHO + b"\x90\x00"


def test_after_recovery_the_old_connection_to_the_card_is_not_used(bench: ReaderBench) -> None:
    card = bench.powered()
    bench.driver.recover()
    with pytest.raises(CardRemoved):
        bench.driver.transmit(ECHO)
    assert card.seen == []


def test_plug_movements_are_told_once(bench: ReaderBench) -> None:
    bench.slot.unplug()
    bench.slot.unplug()
    bench.slot.replug()
    bench.slot.replug()
    assert (len(bench.events.of("gone")), len(bench.events.of("back"))) == (1, 1)


# ── identity ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reader_says_who_it_is_and_that_it_is_healthy(bench: ReaderBench) -> None:
    attributes = bench.driver.attributes()
    assert attributes["vendor"] == "Holdfast"
    assert attributes["driver"]
    assert attributes["type"]
    assert bench.driver.healthy()
