"""A server that takes part: it runs, its terminals are signed on, and its load is prepared for each sample."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.foreign import SIMULATOR_ANSWERS, write_foreign
from benchmarks.load.plan import Plan
from benchmarks.load.sampling import Answers, Sample, sample
from benchmarks.load.terminals import Chips, Fleet
from benchmarks.peers.servers import Kind, Server, running

FOREIGN, TRIES = 0.05, 3
"""A sample with more of the cores used by others is taken again, so often in all; then the quietest counts."""
FIRST_GUESS, ROOM = 6_000, 1.6
"""Requests a second that a server is thought to take before it was measured; and how many more are prepared."""


@dataclass
class Contestant:
    """A server that runs, with what prepares its load."""

    server: Server
    write: Callable[[Path, int, int], Path]
    answers: Answers | None
    guess: dict[int, float]

    def take(self, requests: Path, connections: int, seconds: float, warm_up: float) -> Sample:
        """One sample; with more requests once more when they did not last."""
        while True:
            expected = self.guess.get(connections, max(self.guess.values(), default=FIRST_GUESS))
            each = int(expected * ROOM * (seconds + warm_up) / connections) + 20
            self.write(requests, connections, each)
            got = sample(requests, self.server.port, self.server.pid, self.answers, seconds=seconds, warm_up=warm_up)
            if got.errors:
                raise AssertionError(f"{self.server.kind.name}: {got.errors} wrong answers; {got.first_error}")
            self.guess[connections] = max(got.per_second, 2 * expected if got.exhausted else 0.0)
            if not got.exhausted:
                return got

    def quiet(self, requests: Path, connections: int, wanted: argparse.Namespace) -> tuple[Sample, int]:
        """The quietest of up to `wanted.tries`, each of `wanted.seconds`; and how many were taken."""
        taken: list[Sample] = []
        while len(taken) < wanted.tries:
            taken.append(self.take(requests, connections, wanted.seconds, wanted.warm_up))
            if taken[-1].foreign <= FOREIGN:
                break
        return min(taken, key=lambda one: one.foreign), len(taken)


def enter(stack: contextlib.ExitStack, kind: Kind, plan: Plan, chips: Chips, folder: Path, *more: str) -> Contestant:
    """Start a server, sign its terminals on, and see that it refuses what it must."""
    server = stack.enter_context(running(kind, folder / "plan.json", folder / kind.name.replace(" ", "-"), *more))
    if kind.dialect == "unionpay":
        fleet = Fleet(plan, chips, server.port)
        return Contestant(server, fleet.write, fleet.check(), {})
    return Contestant(server, write_foreign, SIMULATOR_ANSWERS if kind.dialect == "iso8583sim" else None, {})
