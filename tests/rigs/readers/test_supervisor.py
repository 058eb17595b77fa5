"""The supervisor against a library that does what a test tells it: services that die, readers that come and go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from protocols.faults import ReaderGone
from rigs.readers import supervisor as module
from rigs.readers.supervisor import Supervisor
from rigs.readers.watch import Watch
from rigs.readers.winscard import (
    CANCELLED,
    EMPTY,
    OK,
    PNP,
    PRESENT,
    TIMEOUT,
    UNAVAILABLE,
    UNKNOWN,
    UNKNOWN_READER,
)  # fmt: skip
from tests.simulators.kit import DEADLINE_S, Events

NO_SERVICE, STOPPED = 0x8010001D, 0x8010001E
READER = "ACS ACR122U 00 00"


class Library:
    """The calls that a supervisor makes. A state that changes wakes the call that waits."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.states: dict[str, int] = {READER: EMPTY}
        self.failing = OK
        self.missing_names: set[str] = set()
        self.opened = self.released = self.refused = 0
        self.cancelled = False
        self.asked: list[Sequence[tuple[str, int]]] = []

    def put(self, act: Callable[[], Any]) -> None:
        with self.changed:
            act()
            self.changed.notify_all()

    def establish(self) -> tuple[int, Any]:
        with self.changed:
            if self.failing:
                self.refused += 1
                self.changed.notify_all()
                return self.failing, 0
            self.opened += 1
            return OK, self.opened

    def release(self, context: Any) -> int:
        self.released += 1
        return OK

    def cancel(self, context: Any) -> int:
        self.put(lambda: setattr(self, "cancelled", True))
        return OK

    def readers(self, context: Any) -> tuple[int, list[str]]:
        return OK, list(self.states)

    def changes(self, context: Any, wait_ms: int, known: Sequence[tuple[str, int]]) -> tuple[int, list[int]]:
        """As pcsc-lite: an unknown name at once, else when a state or the number of readers differs."""
        with self.changed:
            self.asked.append(known)
            self.changed.notify_all()
            there = len(self.states)

            def news() -> bool:
                moved = any(self.states.get(n) != k for n, k in known if n != PNP)
                return self.failing != OK or self.cancelled or moved or len(self.states) != there

            if any(name not in self.states for name, _ in known if name != PNP):
                return UNKNOWN_READER, []
            done = self.changed.wait_for(news, wait_ms / 1000)
            if self.failing:
                return self.failing, []
            if self.cancelled:
                return CANCELLED, []
            lost = UNKNOWN | UNAVAILABLE
            return (OK if done else TIMEOUT), [0 if n == PNP else self.states.get(n, lost) for n, _ in known]


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def watch(events: Events) -> Watch:
    return Watch(events)


@pytest.fixture
def supervised(library: Library, watch: Watch) -> Iterator[Supervisor]:
    def locate(context: Any) -> str:
        for name in library.states:
            if name.startswith("ACS"):
                return name
        raise ReaderGone("no reader is there with 'ACS'")

    supervisor = Supervisor(library, READER, locate, watch, watch.begin())  # type: ignore[arg-type]
    assert watch.wait(False, DEADLINE_S) is True
    yield supervisor
    supervisor.stop(lambda work: work())
    assert library.opened == library.released


def test_a_movement_is_told(supervised: Supervisor, library: Library, events: Events) -> None:
    library.put(lambda: library.states.update({READER: 1 << 16 | PRESENT}))
    events.wait("seen", present=True, movements=1)


def test_a_movement_back_and_forth_between_two_looks_is_missed_and_counted(
    supervised: Supervisor, library: Library, events: Events
) -> None:
    library.put(lambda: library.states.update({READER: 1 << 16 | PRESENT}))
    events.wait("seen", movements=1)
    library.put(lambda: library.states.update({READER: 3 << 16 | PRESENT}))
    events.wait("seen", present=True, movements=3)
    assert events.of("missed") == [{"count": 2}]


def test_it_does_not_ask_again_and_again(supervised: Supervisor, library: Library) -> None:
    """It waits with the state that it knows, the counter included: a poll would know nothing."""
    library.put(lambda: library.states.update({READER: 1 << 16 | PRESENT}))
    with library.changed:
        assert library.changed.wait_for(lambda: library.asked[-1][0] == (READER, 1 << 16 | PRESENT), DEADLINE_S)
    assert len(library.asked) <= 4


@pytest.mark.parametrize("code", [NO_SERVICE, STOPPED, 0x80100013, 0x80100003])
def test_it_outlives_its_service(
    supervised: Supervisor, library: Library, events: Events, watch: Watch, code: int
) -> None:
    """facts/pcsc-emv 1.6: pyscard's monitors do not. A look that began before the loss is no longer taken."""
    before = watch.term
    library.put(lambda: setattr(library, "failing", code))
    assert events.wait("lost")
    with library.changed:
        assert library.changed.wait_for(lambda: library.refused >= 3, DEADLINE_S)
    library.states[READER] = PRESENT
    library.put(lambda: setattr(library, "failing", OK))
    events.wait("found", present=True, movements=1)
    assert library.opened == 2
    watch.look(before, 40 << 16 | EMPTY)
    assert watch.present


def test_it_waits_longer_from_attempt_to_attempt(
    supervised: Supervisor, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    pause = supervised._stop.wait
    monkeypatch.setattr(supervised._stop, "wait", lambda seconds: pauses.append(seconds) or pause(0.001))
    library.put(lambda: setattr(library, "failing", NO_SERVICE))
    with library.changed:
        assert library.changed.wait_for(lambda: library.refused >= 8, DEADLINE_S)
    assert pauses[:3] == [module.FIRST_PAUSE_S, 2 * module.FIRST_PAUSE_S, 4 * module.FIRST_PAUSE_S]
    assert max(pauses) == module.LONGEST_PAUSE_S


def test_a_reader_that_is_unavailable_and_back_is_lost_and_found(
    supervised: Supervisor, library: Library, events: Events
) -> None:
    """One that stands in reader.conf stays listed."""
    library.put(lambda: library.states.update({READER: UNAVAILABLE}))
    assert events.wait("lost")
    library.put(lambda: library.states.update({READER: 2 << 16 | EMPTY}))
    assert events.wait("found", present=False)


def test_a_usb_reader_that_comes_back_under_another_name_is_found(
    supervised: Supervisor, library: Library, events: Events, watch: Watch
) -> None:
    library.put(lambda: library.states.pop(READER))
    assert events.wait("lost")
    assert watch.wait(True, DEADLINE_S) is None
    library.put(lambda: library.states.update({"ACS ACR122U 01 00": PRESENT}))
    assert events.wait("found", present=True)
    library.put(lambda: library.states.update({"ACS ACR122U 01 00": 1 << 16 | EMPTY}))
    assert events.wait("seen", present=False)


def test_it_ends_at_once_where_it_waits(supervised: Supervisor, library: Library, events: Events) -> None:
    """Without the cancel it would go on for the rest of its wait."""
    supervised.stop(lambda work: work())
    assert library.cancelled
    assert not supervised._thread.is_alive()
    assert not events.of("lost")


def test_a_service_that_hangs_keeps_nobody_waiting(
    supervised: Supervisor, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread is left to itself; it ends when its call returns."""
    monkeypatch.setattr(module, "JOIN_S", 0.05)
    supervised.stop(lambda work: None)
    assert supervised._thread.is_alive()
    library.put(lambda: setattr(library, "cancelled", True))
    supervised._thread.join(DEADLINE_S)
    assert not supervised._thread.is_alive()
