"""One sample: the generator runs against a server, and what the machine did meanwhile is known."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.load.build import generator
from benchmarks.load.machine import busy_s, cores, pinned, process_cpu_s
from protocols.faults import RigFault

SLACK_S = 60.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What a right answer looks like; offsets count from the first byte of its frame. None: any of the same length.

    `same` is where the request, and where the answer, has what both must share, and how many bytes it has.
    """

    mti: str
    mti_at: int
    code_at: int
    same: tuple[int, int, int]
    code: bytes = b"00"

    def options(self) -> list[str]:
        same = ":".join(map(str, self.same))
        return [
            "--mti", self.mti, "--mti-at", str(self.mti_at), "--code", self.code.hex(), "--code-at", str(self.code_at),
            "--same", same,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """Latencies in microseconds, by class of request. `foreign` is the share of all cores that others used."""

    per_second: float
    classes: dict[int, dict[str, float]]
    errors: int
    first_error: str
    exhausted: int
    cpu_us: float
    """Processor time of the server for each request."""
    generator_busy: float
    """Share of a core that the generator used."""
    foreign: float

    @property
    def all(self) -> dict[str, float]:
        """The latencies of the only class."""
        (only,) = self.classes.values()
        return only

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def sample(
    requests: Path, port: int, server: int, answers: Answers | None, *, seconds: float, warm_up: float = 0.5,
    rate: float = 0.0,
) -> Sample:  # fmt: skip
    """Closed loop, or an open one at `rate` requests a second. Raises RigFault when the server hung up or fell silent.

    With two cores and more the generator has the last one; servers are put on the first.
    """
    command = [
        str(generator()), "--file", str(requests), "--port", str(port), "--seconds", str(seconds),
        "--warm-up", str(warm_up), "--rate", str(rate), *(answers.options() if answers else ()),
    ]  # fmt: skip
    start, busy, cpu = time.perf_counter(), busy_s(), process_cpu_s(server)
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + warm_up + SLACK_S, check=False,
        preexec_fn=partial(pinned, generator_core()),
    )  # fmt: skip
    if done.returncode:
        raise RigFault(f"the load could not be run: {done.stderr.strip()[:300]}")
    told = json.loads(done.stdout)
    used, everyone = process_cpu_s(server) - cpu, busy_s() - busy
    elapsed = time.perf_counter() - start
    return Sample(
        told["per_second"],
        {one.pop("class"): one for one in told["classes"]},
        told["errors"],
        told["first_error"],
        told["exhausted"],
        1e6 * used / max(1, told["answered"]),
        told["cpu_s"] / elapsed,
        max(0.0, everyone - used - told["cpu_s"]) / elapsed / len(cores()),
    )


def generator_core() -> int | None:
    """None where there is no core of its own for it."""
    return cores()[-1] if len(cores()) > 1 else None


def server_core() -> int | None:
    return cores()[0] if len(cores()) > 1 else None


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and most."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}
