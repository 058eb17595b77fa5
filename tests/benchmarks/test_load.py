"""The load generator counts what it should: answers, wrong ones, requests that did not last, and what was due."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.load.foreign import SIMULATOR_ANSWERS, write_foreign
from benchmarks.load.sampling import Answers, sample
from benchmarks.peers.servers import ECHO, Server, running
from protocols.faults import RigFault

pytestmark = pytest.mark.usefixtures("generator")
LINES = 4


@pytest.fixture
def echo(plan_file: Path, tmp_path: Path) -> Iterator[Server]:
    with running(ECHO, plan_file, tmp_path / "echo") as server:
        yield server


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    return tmp_path / "requests"


def test_an_echo_is_right_and_every_answer_is_timed(echo: Server, requests: Path) -> None:
    write_foreign(requests, LINES, 20_000)
    got = sample(requests, echo.port, echo.pid, None, seconds=0.2, warm_up=0.05)
    assert got.errors == got.exhausted == 0
    assert got.all["count"] == pytest.approx(got.per_second * 0.2)
    assert 0 < got.all["min"] <= got.all["p50"] <= got.all["p99"] <= got.all["p999"] <= got.all["max"]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("another MTI", SIMULATOR_ANSWERS),
        ("not approved", dataclasses.replace(SIMULATOR_ANSWERS, mti="0100", code=b"\x99")),
        ("the answer to another request", Answers("0100", 2, 3, (30, 29, 3), code=b"\x00")),
    ],
)
def test_a_wrong_answer_is_counted_with_its_reason(
    what: str, expected: Answers, echo: Server, requests: Path
) -> None:  # an echo answers with the request itself
    write_foreign(requests, 1, 50)
    got = sample(requests, echo.port, echo.pid, expected, seconds=1.0, warm_up=0.0)
    assert got.errors == 50
    assert got.first_error.startswith(what)


def test_requests_that_did_not_last_are_told(echo: Server, requests: Path) -> None:
    write_foreign(requests, LINES, 3)
    got = sample(requests, echo.port, echo.pid, None, seconds=1.0, warm_up=0.0)
    assert got.exhausted == LINES
    assert got.all["count"] == 3 * LINES


def test_an_open_loop_sends_what_is_due_and_no_more(echo: Server, requests: Path) -> None:
    write_foreign(requests, LINES, 1000)
    got = sample(requests, echo.port, echo.pid, None, seconds=0.5, warm_up=0.1, rate=400)
    assert got.all["count"] == pytest.approx(200, abs=1)
    assert got.all["min"] > 0, "it left before it was due"
    assert got.errors == got.exhausted == 0


def test_nobody_there_is_a_fault_of_the_rig(requests: Path, echo: Server) -> None:
    write_foreign(requests, 1, 1)
    with pytest.raises(RigFault, match="connect"):
        sample(requests, 1, echo.pid, None, seconds=0.1)
