"""PC/SC alone: a service that somebody else restarts, several readers of one service, and which of them it is."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from protocols.faults import CardRemoved, ConfigurationError, DeviceSilent, ReaderGone, RigFault
from rigs.readers.choice import ReaderChoice
from rigs.readers.pcsc import PcscReader, list_readers
from rigs.readers.winscard import PROTOCOL_MISMATCH
from tests.rigs.readers.station import ECHO, PROFILES, UID, ReaderBench, Station, TestCard, profile, supervised
from tests.simulators.kit import DEADLINE_S, Events
from tests.support.commands import wait_until


@pytest.fixture
def alone(station: Station, events: Events) -> Iterator[ReaderBench]:
    """A driver that cannot bring its service back: that is for people to do."""
    driver = station.driver(events, revives=False)
    yield ReaderBench(driver, station.model, events)
    driver.close()


# ── a service that is not ours ────────────────────────────────────────────────────────────────────────────────────


def test_the_supervisor_outlives_a_service_that_is_restarted(
    station: Station, alone: ReaderBench, events: Events
) -> None:
    """facts/pcsc-emv 1.6: pyscard's monitors die for good. Nobody asks the driver anything meanwhile."""
    alone.insert()
    station.service.restart()
    assert events.wait("lost")
    assert events.wait("found", present=True)
    station.model.remove()
    assert events.wait("seen", present=False)


def test_a_service_that_was_restarted_under_a_card_is_a_lost_reader_until_recovered(
    station: Station, alone: ReaderBench
) -> None:
    card = alone.powered()
    station.service.restart()
    with pytest.raises(ReaderGone):
        alone.driver.transmit(ECHO)
    alone.driver.power_off()
    assert not alone.driver.healthy()
    alone.driver.recover()
    assert alone.driver.healthy()
    assert alone.driver.wait_for_card(True, DEADLINE_S)
    alone.driver.power_on()
    alone.works(card)


def test_a_service_that_dies_during_a_command_is_a_lost_reader(station: Station, alone: ReaderBench) -> None:
    def die() -> None:
        assert station.service.pid is not None
        os.kill(station.service.pid, signal.SIGKILL)

    card = alone.powered()
    card.during = die
    with pytest.raises(ReaderGone):
        alone.driver.transmit(ECHO)
    with pytest.raises(ReaderGone):
        alone.driver.recover()
    assert not alone.driver.healthy()
    station.service.restart()
    alone.driver.recover()
    alone.driver.power_on()
    alone.works(card)


def test_a_plug_that_was_pulled_for_a_moment_does_not_undo_a_recovery(station: Station, alone: ReaderBench) -> None:
    """pcscd may notice the loss after the reader is back: recovery is over when it stays."""
    card = alone.powered()
    card.during = station.model.unplug
    with pytest.raises(ReaderGone):
        alone.driver.transmit(ECHO)
    station.model.replug()
    alone.driver.recover()
    assert alone.driver.healthy()
    assert alone.driver.wait_for_card(True, DEADLINE_S)
    alone.driver.power_on()
    alone.works(card)


def test_a_service_that_hangs_while_a_card_is_awaited_is_silent(station: Station, alone: ReaderBench) -> None:
    """The supervisor hangs with it, and would tell no card: that nobody knows is what the wait ends with."""
    driver: Any = alone.driver
    caught: list[BaseException] = []

    def wait() -> None:
        with pytest.raises(DeviceSilent) as silent:
            driver.wait_for_card(True, 0.3)
        caught.append(silent.value)

    station.disturbed = True
    driver._service.deadline_s = 0.2
    pid = station.service.pid
    assert pid is not None

    def stop() -> None:
        os.kill(pid, signal.SIGSTOP)
        os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)

    driver._library = driver._service.library = Once(driver._library, "changes", stop, after=True)
    wait()
    assert len(caught) == 1
    assert not driver.healthy()


def test_recovery_from_a_hung_service_lets_the_hung_connection_go(station: Station, pcsc: ReaderBench) -> None:
    """Nothing is left of it: no descriptor, no thread."""
    pcsc.driver.recover()
    supervised(pcsc.driver)
    before, named = len(os.listdir("/proc/self/fd")), ("pcsc-caller", "pcsc-supervisor")
    for _ in range(3):
        assert station.service.pid is not None
        station.disturbed = True
        pcsc.driver._service.deadline_s = 0.2  # type: ignore[union-attr]
        os.kill(station.service.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, station.service.pid, os.WSTOPPED | os.WNOWAIT)  # all its threads have stopped
        with pytest.raises(DeviceSilent):
            pcsc.driver.card_present()
        pcsc.driver._service.deadline_s = DEADLINE_S  # type: ignore[union-attr]
        pcsc.driver.recover()
    assert pcsc.driver.healthy()
    supervised(pcsc.driver)
    wait_until(lambda: len(os.listdir("/proc/self/fd")) <= before, DEADLINE_S, "as many descriptors as before")
    wait_until(lambda: sum(t.name in named for t in threading.enumerate()) == 2, DEADLINE_S, "one thread of each")


# ── pcscd's own races ─────────────────────────────────────────────────────────────────────────────────────────────


class Once:
    """Does something at the first call of a name, before or after the call itself."""

    def __init__(self, library: Any, name: str, act: Callable[[], object], *, after: bool) -> None:
        self._library, self._name, self._act, self._after = library, name, act, after

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._library, name)
        if name != self._name or self._act is None:
            return call

        def once(*arguments: Any, **named: Any) -> Any:
            act, self._act = self._act, None  # type: ignore[assignment]
            if not self._after:
                act()
            done = call(*arguments, **named)
            if self._after:
                act()
            return done

        return once


def swap(bench: ReaderBench, card: TestCard) -> Callable[[], object]:
    """Out, and in again, and pcscd has seen it."""

    def act() -> None:
        movements = bench.driver.movements()
        bench.slot.remove()
        bench.slot.insert(card)
        bench.events.wait("seen", present=True, movements=movements + 2)

    return act


@pytest.mark.parametrize(
    ("call", "after"), [("connect", False), ("connect", True), ("atr", True)], ids=["before", "then", "after"]
)
def test_a_card_that_moves_as_it_is_connected_is_powered_again(pcsc: ReaderBench, call: str, after: bool) -> None:
    """A `power_on` that returns belongs to the card that is in: the next command reaches it."""
    driver: Any = pcsc.driver
    card = pcsc.powered()
    driver.power_off()
    driver._library = Once(driver._library, call, swap(pcsc, card), after=after)
    driver.power_on()
    pcsc.works(card)


def test_a_card_that_goes_as_it_is_connected_is_card_removed(pcsc: ReaderBench) -> None:
    driver: Any = pcsc.driver

    def go() -> None:
        pcsc.slot.remove()
        pcsc.events.wait("seen", present=False)

    pcsc.powered()
    driver.power_off()
    driver._library = Once(driver._library, "connect", go, after=True)
    with pytest.raises(CardRemoved):
        driver.power_on()
    assert not pcsc.driver.card_present()


def test_a_card_that_never_rests_is_not_powered_for_ever(pcsc: ReaderBench) -> None:
    driver: Any = pcsc.driver
    card = pcsc.insert()
    again = swap(pcsc, card)

    class Restless:
        def __getattr__(self, name: str) -> Any:
            if name == "atr":
                again()
            return getattr(library, name)

    library, driver._library = driver._library, Restless()
    with pytest.raises(CardRemoved, match="came and went"):
        driver.power_on()
    driver._library = library


def test_a_power_that_the_service_took_away_is_the_rigs_fault(
    pcsc: ReaderBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pcscd tells PROTO_MISMATCH, and the card never moved: a new reset would hide what the card forgot."""
    driver: Any = pcsc.driver
    monkeypatch.setattr("rigs.readers.settling.SETTLE_S", 0.05)
    pcsc.powered()

    class Mismatched:
        def __getattr__(self, name: str) -> Any:
            return (lambda *_: (PROTOCOL_MISMATCH, b"")) if name == "transmit" else getattr(library, name)

    library, driver._library = driver._library, Mismatched()
    with pytest.raises(RigFault, match="took the card's power") as caught:
        driver.transmit(ECHO)
    assert caught.value.component == "reader"
    driver._library = library


def test_a_card_that_left_before_it_was_let_go_is_out(pcsc: ReaderBench) -> None:
    pcsc.powered()
    pcsc.slot.remove()
    pcsc.events.wait("seen", present=False)
    pcsc.driver.power_off()
    assert not pcsc.driver.card_present()
    assert pcsc.driver.wait_for_card(False, 0)
    assert not pcsc.driver.wait_for_card(True, 0.05)
    with pytest.raises(CardRemoved):
        pcsc.driver.power_on()
    pcsc.works(pcsc.powered())


@pytest.mark.parametrize("moved", [False, True], ids=["stayed", "moved"])
def test_only_a_card_that_stayed_is_powered_down(pcsc: ReaderBench, moved: bool) -> None:
    """pcscd sets PRESENT as it powers down for whoever lets go, though its status thread has just seen the card leave,
    and stays with that until another comes: proved under load by a trace."""
    driver: Any = pcsc.driver
    card = pcsc.powered()
    if moved:
        swap(pcsc, card)()
    let_go: list[bool] = []

    class Noting:
        def __getattr__(self, name: str) -> Any:
            return noted if name == "disconnect" else getattr(library, name)

    def noted(handle: Any, *, unpower: bool) -> Any:
        let_go.append(unpower)
        return library.disconnect(handle, unpower=unpower)

    library, driver._library = driver._library, Noting()
    driver.power_off()
    assert let_go == [not moved]


# ── several readers ───────────────────────────────────────────────────────────────────────────────────────────────


def test_all_readers_are_listed_with_what_they_say(station: Station) -> None:
    listed = list_readers(str(station.service.socket))
    assert [one.serial for one in listed] == [profile(kind).serial for kind in PROFILES]
    assert [one.usb for one in listed] == ["", "", ""]
    assert listed[1].name == f"{profile('contactless').name} 01 00"
    assert listed[1].attributes["name"] == listed[1].name
    assert listed[1].attributes["model"] == profile("contactless").model


def test_a_reader_that_is_held_is_listed_all_the_same(station: Station, pcsc: ReaderBench) -> None:
    pcsc.powered()
    listed = list_readers(str(station.service.socket))
    assert [one.serial for one in listed] == ["", profile("contactless").serial, profile("pinpad").serial]


def test_no_service_is_said(station: Station) -> None:
    station.service.stop()
    with pytest.raises(ReaderGone):
        list_readers(str(station.service.socket))


@pytest.mark.parametrize("kind", PROFILES)
def test_a_reader_is_chosen_by_its_serial_number(station: Station, events: Events, kind: str) -> None:
    driver = station.driver(events, which=ReaderChoice(serial=profile(kind).serial))
    assert driver.name.startswith(profile(kind).name)
    driver.close()


def test_two_readers_that_match_are_an_error_at_once(station: Station, events: Events) -> None:
    with pytest.raises(ConfigurationError) as caught:
        station.driver(events, which="Holdfast")
    for kind in PROFILES:
        assert profile(kind).serial in str(caught.value)


def test_a_reader_that_loses_its_serial_number_is_not_found_by_it(
    station: Station, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rigs.readers.service.READY_S", 0.1)
    monkeypatch.setattr("rigs.readers.service.STEP_MS", 20)
    station.model.faults.hide_serial = True
    with pytest.raises(ReaderGone, match=r"HF-0001.*Holdfast Virtual Reader 00 00 \(no serial"):
        station.driver(events, which=ReaderChoice(serial="HF-0001"))


def test_two_readers_do_not_disturb_each_other(station: Station, events: Events, pcsc: ReaderBench) -> None:
    other_events = Events()
    other = station.driver(other_events, which=profile("contactless").name)
    card = pcsc.powered()
    station.models["contactless"].insert(TestCard(name="other"))
    assert other.wait_for_card(True, DEADLINE_S)
    other.power_on()
    assert other.uid() == UID
    station.models["contactless"].unplug()
    with pytest.raises(ReaderGone):
        other.transmit(ECHO)
    pcsc.works(card)
    assert pcsc.driver.movements() == 1
    assert not events.of("lost")
    other.close()


# ── deadlines ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_somebody_at_the_keys_has_more_time_than_a_call(station: Station, events: Events) -> None:
    """The reader's own time-out ends PIN entry; a deadline of a call would come before it."""
    asked: list[float] = []
    driver: PcscReader = station.driver(events, which=profile("pinpad").name)
    call = driver._service._caller.call
    driver._service._caller.call = lambda work, deadline_s: asked.append(deadline_s) or call(work, deadline_s)  # type: ignore[method-assign, func-returns-value]
    station.models["pinpad"].insert(TestCard())
    driver.wait_for_card(True, DEADLINE_S)
    driver.power_on()
    from tests.rigs.readers.test_contract import VERIFY

    driver.verify_pin(VERIFY)
    assert max(asked) == 65
    driver.close()
