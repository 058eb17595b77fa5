"""How exactly a behaviour rule delays an answer: what came, less what was asked for, seen by the terminal.

`python benchmarks/bench_delay.py [--quick] [--delay SECONDS] [--uvloop] [--json FILE]`

Idle: one terminal, one request at a time, all of them delayed. At half load: requests leave at half the rate that the
host takes from 16 terminals, whatever it answers (open loop), and every tenth is delayed. The time counts from when a
request was due. It holds the host's own work and the way there and back; that of the others is shown beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.load.machine import scratch
from benchmarks.load.plan import make_plan
from benchmarks.load.results import Goal, console, keep, result
from benchmarks.load.sampling import Sample, sample
from benchmarks.load.terminals import Chips, Fleet
from benchmarks.peers.contest import FIRST_GUESS
from benchmarks.peers.servers import HOLDFAST, Server, running

LINES, FULL_LOAD_LINES = 128, 16
MARKED_EVERY = 10
GOAL_IDLE_MS, GOAL_HALF_MS = 2.0, 10.0
PLAIN, DELAYED = 0, 1
"""Classes of requests in the generator's file."""


class Delays:
    """A host with the rule, and its terminals."""

    def __init__(self, server: Server, fleet: Fleet, requests: Path, wanted: argparse.Namespace) -> None:
        self._server, self._fleet, self._requests, self._wanted = server, fleet, requests, wanted
        self._answers = fleet.check()

    def full_rate(self) -> float:
        """Requests a second from 16 terminals, none of them delayed."""
        each = int(2.5 * FIRST_GUESS * self._wanted.seconds / FULL_LOAD_LINES)
        return self._sample(FULL_LOAD_LINES, each, seconds=self._wanted.seconds).per_second

    def idle(self) -> Sample:
        """All are delayed, one after the other."""
        each = int((self._wanted.idle_seconds + 1) / self._wanted.delay) + 20  # a warm-up goes before
        return self._sample(1, each, seconds=self._wanted.idle_seconds, marked_every=1)

    def loaded(self, rate: float) -> Sample:
        """So many requests a second, every tenth of them delayed."""
        each = int(2 * rate * (self._wanted.half_seconds + 1) / LINES) + 20
        return self._sample(LINES, each, seconds=self._wanted.half_seconds, rate=rate, marked_every=MARKED_EVERY)

    def _sample(self, lines: int, each: int, *, seconds: float, rate: float = 0.0, marked_every: int = 0) -> Sample:
        self._fleet.write(self._requests, lines, each, marked_every)
        got = sample(self._requests, self._server.port, self._server.pid, self._answers, seconds=seconds, rate=rate)
        assert not got.errors, f"{got.errors} wrong answers; {got.first_error}"
        assert not got.exhausted, "the requests did not last"
        return got


def measure(wanted: argparse.Namespace) -> dict[str, Any]:
    plan = make_plan("x9.19", LINES, wanted.cards)
    kind = HOLDFAST.uvloop() if wanted.uvloop else HOLDFAST
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch(wanted.disk))
        server = stack.enter_context(
            running(kind, plan.write(folder / "plan.json"), folder / "host", "--delay", str(wanted.delay))
        )
        delays = Delays(server, Fleet(plan, Chips(plan), server.port), folder / "requests", wanted)
        full = delays.full_rate()
        return {"server": kind.name, "full_rate": full, "idle": delays.idle(), "half": delays.loaded(full / 2)}


def errors_ms(delayed: dict[str, float], asked_s: float) -> dict[str, float]:
    """What came less what was asked for, in milliseconds, by percentile."""
    return {p: delayed[p] / 1000 - asked_s * 1000 for p in ("min", "p50", "p99", "p999", "max")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--delay", type=float, default=0.1, help="seconds that the rule asks for")
    parser.add_argument("--seconds", type=float, default=2.0, help="in which the full rate is measured")
    parser.add_argument("--idle-seconds", type=float, default=30.0)
    parser.add_argument("--half-seconds", type=float, default=10.0)
    parser.add_argument("--cards", type=int, default=10_000)
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--quick", action="store_true", help="two seconds in all: does it work?")
    parser.add_argument("--disk", type=Path, default=None, help="directory on the disk that holds the ledger")
    parser.add_argument("--json", type=Path, help="write the figures there")
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.seconds, wanted.idle_seconds, wanted.half_seconds, wanted.delay, wanted.cards = 0.5, 0.7, 0.7, 0.02, 500
    out, figures = console(), measure(wanted)
    rows: list[dict[str, Any]] = [_row(name, figures.pop(name), wanted.delay) for name in ("idle", "half")]
    idle, half = (float(row["error_ms"]["p99"]) for row in rows)
    goals = [
        Goal("error of a delay, 99th percentile, idle", idle, "at most", GOAL_IDLE_MS, " ms"),
        Goal("error of a delay, 99th percentile, half load", half, "at most", GOAL_HALF_MS, " ms"),
    ]
    out.print(_table(rows))
    out.print(f"{figures['server']}: milliseconds beyond the {wanted.delay * 1000:.0f} asked for", end="; ")
    out.print(f"at full load it takes {figures['full_rate']:,.0f} requests a second")
    for goal in goals:
        out.print(str(goal))
    keep(result("delay", goals, asked_s=wanted.delay, rows=rows, **figures), wanted.json)
    return 0


def _row(name: str, got: Sample, asked_s: float) -> dict[str, Any]:
    return {
        "load": name, "per_second": got.per_second, "delayed": got.classes[DELAYED]["count"],
        "error_ms": errors_ms(got.classes[DELAYED], asked_s), "others": got.classes.get(PLAIN), "foreign": got.foreign,
    }  # fmt: skip


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(
        "load", "requests/s", "delayed", "least", "p50", "p99", "p99.9", "most", "p99 of the others", "foreign",
        box=None, header_style="bold",
    )  # fmt: skip
    for row in rows:
        others = f"{row['others']['p99'] / 1000:.2f}" if row["others"] else ""
        error = [f"{value:.2f}" for value in row["error_ms"].values()]
        rate, delayed = f"{row['per_second']:,.0f}", f"{row['delayed']:,.0f}"
        table.add_row(row["load"], rate, delayed, *error, others, f"{row['foreign']:.0%}")
    return table


if __name__ == "__main__":
    sys.exit(main())
