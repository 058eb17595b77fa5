"""One pcscd a process for all tests here; each test gets a driver of its own.

`HOLDFAST_READER` names a real reader, by a part of its name: it takes the place of the twin behind pcscd, since a
process speaks to one daemon. A person is then asked on the terminal to move a test card.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from rigs.readers.embedded import EmbeddedReader
from rigs.readers.pcsc import PcscReader
from rigs.readers.telling import Admit
from simulators.reader import EmbeddedSlot, unavailable
from tests.rigs.readers.person import Person
from tests.rigs.readers.station import CALL_DEADLINE_S, ReaderBench, Station, profile
from tests.simulators.kit import Events

REAL = os.environ.get("HOLDFAST_READER", "")
BACK_ENDS = ["real", "embedded"] if REAL else ["pcsc", "embedded"]


class MakeBench(Protocol):
    """A bench with a reader of a kind (`station.PROFILES`)."""

    def __call__(self, kind: str = "contact", admit: Admit | None = None) -> ReaderBench: ...


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture(scope="session")
def _station() -> Iterator[Station]:
    if REAL:
        pytest.skip("this process speaks to the service of a real reader")
    if reason := unavailable():
        pytest.skip(reason)
    directory = Path(tempfile.mkdtemp(prefix="hf-"))
    station = Station(directory)
    yield station
    station.close()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def station(_station: Station, events: Events) -> Station:
    _station.ready()
    _station.target = events
    return _station


@pytest.fixture
def behind_pcscd(station: Station, events: Events) -> Iterator[MakeBench]:
    """The twin of a kind, behind a real pcscd."""
    drivers: list[PcscReader] = []

    def make(kind: str = "contact", admit: Admit | None = None) -> ReaderBench:
        driver = station.driver(events, which=profile(kind).name, admit=admit)
        drivers.append(driver)
        return ReaderBench(driver, station.models[kind], events)

    yield make
    for driver in drivers:
        driver.close()


@pytest.fixture
def in_process(events: Events) -> Iterator[MakeBench]:
    drivers: list[EmbeddedReader] = []

    def make(kind: str = "contact", admit: Admit | None = None) -> ReaderBench:
        slot = EmbeddedSlot(events, profile(kind))
        drivers.append(EmbeddedReader(slot, events, admit=admit))
        return ReaderBench(drivers[-1], slot, events)

    yield make
    for driver in drivers:
        driver.close()


@pytest.fixture
def at_hand(events: Events) -> Iterator[MakeBench]:
    """The real reader, whatever kind it is."""
    driver = PcscReader(REAL, events, call_deadline_s=CALL_DEADLINE_S)
    try:
        person = Person(driver)
    except BaseException:  # a skip is one
        driver.close()
        raise
    person.empty()

    def make(kind: str = "contact", admit: Admit | None = None) -> ReaderBench:
        if kind != "contact" or admit is not None:
            pytest.skip(f"takes a twin: a {kind} reader, and a card whose answers are known")
        return ReaderBench(driver, person, events)

    yield make
    driver.close()
    person.leave()


_MAKERS = {"pcsc": "behind_pcscd", "embedded": "in_process", "real": "at_hand"}


@pytest.fixture(params=BACK_ENDS)
def bench_of(request: pytest.FixtureRequest) -> MakeBench:
    """The same contract, whatever stands behind it."""
    make: MakeBench = request.getfixturevalue(_MAKERS[request.param])
    return make


@pytest.fixture
def bench(bench_of: MakeBench) -> ReaderBench:
    return bench_of()


@pytest.fixture
def pcsc(behind_pcscd: MakeBench) -> ReaderBench:
    return behind_pcscd()
