"""Steps that put a card of nobody's list to the bench, and keep the bench's private files for a search."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_bdd import given, parsers

from rigs.bench import Bench
from rigs.cards.loading import card_path, load_card_profile
from simulators.card import ChipCard
from simulators.card.layout import RecordKey
from steps.story import Story
from tests.support.foreign import EXPIRY, FOREIGN

KEEP, CRASH, LIMITS = "HOLDFAST_TEST_KEEP", "HOLDFAST_TEST_CRASH", "HOLDFAST_TEST_LIMITS"
"""Environment: where private files are copied to as a bench goes down; whether the process crashes after a case that a
foreign card ended; and which file takes what pcscd may write."""
FIRST_RECORD: RecordKey = (1, 1)


@pytest.fixture(scope="session", autouse=True)
def kept(bench: Bench) -> Iterator[None]:
    """Before the bench is closed, and its private directory with it."""
    yield
    if KEEP in os.environ:
        target = Path(os.environ[KEEP]) / bench.plan.worker
        for path in bench.private.rglob("*"):
            if path.is_file():
                (target / path.relative_to(bench.private)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target / path.relative_to(bench.private))


def pytest_bdd_after_scenario(request: pytest.FixtureRequest, feature: Any, scenario: Any) -> None:
    bench: Bench = request.getfixturevalue("bench")
    if LIMITS in os.environ:
        process = Path("/proc") / bench.reader.attributes()["pid"]
        words = f"coredump_filter {(process / 'coredump_filter').read_text()}"
        Path(os.environ[LIMITS]).write_text((process / "limits").read_text() + words, "utf-8")
    if CRASH in os.environ and bench.guard.shut:
        os.abort()


def foreign_card(story: Story) -> ChipCard:
    """Held by whoever stands at the bench. It is no card of the bench: nobody has issued it."""
    profile = load_card_profile(card_path("credit")).changed({"expiry": EXPIRY})
    card = ChipCard(profile, FOREIGN, name="a card")
    story.bench.take_card_out()
    story.bench.presenter.hold("a card", card)
    return card


@given("a card of nobody's list in the reader")
def foreign(story: Story) -> None:
    foreign_card(story)
    story.bench.presenter.offer("a card")


@given(parsers.parse("a card of nobody's list whose record is cut to {count:d} bytes"))
def cut(story: Story, count: int) -> None:
    records = foreign_card(story)._chip.personal.applications[0].records
    assert isinstance(records, dict)
    records[FIRST_RECORD] = records[FIRST_RECORD][:count]
    story.bench.presenter.offer("a card")


@given("an operator who types a number of nobody's list")
def typed(story: Story) -> None:
    story.bench.people.has_card(FOREIGN, EXPIRY, "123456")
