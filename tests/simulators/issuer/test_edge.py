"""Deadlines, tallies and limits by themselves."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from protocols.faults import ConfigurationError
from simulators.issuer.edge import Deadlines, Tally
from simulators.issuer.limits import SPARE_DESCRIPTORS, Limits, lines_possible

ROOT = Path(__file__).parents[3]


def test_who_is_late_is_named_in_order_and_who_was_in_time_is_not() -> None:
    async def play() -> list[str]:
        late: list[str] = []
        done = asyncio.Event()

        def act(who: str) -> None:
            late.append(who)
            if who == "last":
                done.set()

        deadlines = Deadlines(0.05, act)
        for who in ("first", "stopped", "begun again", "last"):
            deadlines.start(who)
        deadlines.stop("stopped")
        deadlines.stop("never began")
        deadlines.start("begun again")
        deadlines.start("last")
        assert len(deadlines) == 3
        assert "first" in deadlines
        await asyncio.wait_for(done.wait(), 10)
        assert not len(deadlines)
        return late

    assert asyncio.run(play()) == ["first", "begun again", "last"]


def test_a_deadline_that_was_met_costs_no_second_timer_and_the_next_is_still_watched() -> None:
    async def play() -> list[int]:
        late: list[int] = []
        done = asyncio.Event()
        deadlines = Deadlines[int](0.05, lambda who: (late.append(who), done.set())[0])
        for who in range(1000):
            deadlines.start(who)
            deadlines.stop(who)
        loop = asyncio.get_running_loop()
        assert len(loop._scheduled) == 1  # type: ignore[attr-defined]
        await asyncio.sleep(0.06)
        deadlines.start(7)
        await asyncio.wait_for(done.wait(), 10)
        return late

    assert asyncio.run(play()) == [7]


def test_of_a_storm_the_first_are_told_and_the_rest_is_counted() -> None:
    told: list[tuple[str, dict[str, Any]]] = []

    async def play() -> None:
        tally = Tally(3, lambda kind, fields, text: told.append((kind, fields)))
        for number in range(10_000):
            tally.tell("line refused", {"number": number}, "")
        tally.tell("too slow", {}, "")
        tally.close()
        tally.tell("line refused", {"number": "anew"}, "")
        tally.close()

    asyncio.run(play())
    assert told == [
        ("line refused", {"number": 0}), ("line refused", {"number": 1}), ("line refused", {"number": 2}),
        ("too slow", {}), ("and more", {"of": "line refused", "count": 9_997}), ("line refused", {"number": "anew"}),
    ]  # fmt: skip


def test_a_limit_of_nothing_is_a_fault_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match="the limit unread_s is 0"):
        Limits(unread_s=0)


RAISE = """
import resource
from simulators.issuer.limits import Limits, lines_possible
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300))
print(lines_possible(Limits(connections=150)), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
print(lines_possible(Limits()), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_descriptors_are_raised_as_far_as_needed_and_allowed_and_lines_are_no_more_than_they_allow() -> None:
    done = subprocess.run([sys.executable, "-c", RAISE], cwd=ROOT, capture_output=True, text=True, check=True)
    some, soft, most, hard = map(int, done.stdout.split())
    assert some == 150
    assert 150 + SPARE_DESCRIPTORS < soft < 300
    assert hard == 300
    assert 200 < most < 300 - SPARE_DESCRIPTORS
    assert lines_possible(Limits(connections=1)) == 1
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 1
