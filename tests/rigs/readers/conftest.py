"""One pcscd a process for all tests here; each test gets a driver of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rigs.readers.embedded import EmbeddedReader
from simulators.reader import EmbeddedSlot, unavailable
from tests.rigs.readers.station import ReaderBench, Station
from tests.simulators.kit import Events


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture(scope="session")
def _station() -> Iterator[Station]:
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
def pcsc(station: Station, events: Events) -> Iterator[ReaderBench]:
    driver = station.driver(events)
    yield ReaderBench(driver, station.model, events)
    driver.close()


@pytest.fixture
def embedded(events: Events) -> Iterator[ReaderBench]:
    slot = EmbeddedSlot(events)
    driver = EmbeddedReader(slot, events)
    yield ReaderBench(driver, slot, events)
    driver.close()


@pytest.fixture(params=["pcsc", "embedded"])
def bench(request: pytest.FixtureRequest) -> ReaderBench:
    """The same contract, whatever stands behind it."""
    bench = request.getfixturevalue(request.param)
    assert isinstance(bench, ReaderBench)
    return bench
