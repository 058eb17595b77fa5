"""What a reader's driver costs: APDU round trips against bare SCardTransmit, and how soon a movement is seen.

`python benchmarks/bench_reader.py [--quick] [--rounds N] [--json FILE]`

A private pcscd with our IFD twin behind it; card, twin and driver share this process, as on the virtual bench. Bare
calls of pyscard, the driver, and the driver with every event recorded take turns in blocks on the same reader and card,
in each round from another one on; ratios are taken within a round. Each command carries so many bytes to the card and
asks for as many. A movement is timed from `slot.insert()` until the driver's `wait_for_card` has returned. A block that
other programs disturbed is measured again, and the quietest of its tries counts.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.load.machine import scratch
from benchmarks.load.quiet import Quiet
from benchmarks.load.results import Goal, console, keep, result
from benchmarks.readers.cards import CountingCard, command
from benchmarks.readers.stand import DEADLINE_S, PcscStand
from benchmarks.readers.ways import BARE, DRIVER, RECORDING, Transmit, Ways
from protocols.events import Channel, discard
from rigs.timeline import Recorder

SIZES = (0, 8, 64, 250, 2000)
LONGEST_SHORT = 250
"""The size that the goals are about: the slowest of the short ones."""
CARD = 1
"""Of `benchmarks.readers.cards`: T=1."""
WARM_UP = 20
COMING_S = (0.002, 0.008)
"""Between these times after the wait has begun a card moves, so that it falls anywhere into pcscd's own rhythm."""
GOAL_P50_US, GOAL_P99_US, GOAL_SEEN_MS = 100.0, 300.0, 5.0

MOVES_A_BLOCK = 50


def percentile(times: Sequence[float], share: float) -> float:
    """The smallest time that at least this share of all do not exceed."""
    return sorted(times)[max(0, -int(-len(times) * share // 1) - 1)]


def round_trips(ways: Ways, quiet: Quiet, rounds: int, block: int) -> list[dict[str, Any]]:
    """A row for each way, size and round: percentiles in microseconds."""
    rows, kinds = [], (BARE, DRIVER, RECORDING)
    for number in range(rounds):
        for size in SIZES:
            raw = command(CARD, size, size)
            for turn in range(len(kinds)):
                way = kinds[(number + turn) % len(kinds)]
                with ways.connected(way) as transmit:
                    times = quiet.measure(partial(_block, transmit, raw, block))
                found = {name: percentile(times, share) for name, share in (("p50", 0.5), ("p99", 0.99))}
                rows.append({"way": way, "size": size, "round": number, **found})
    return rows


def _block(transmit: Transmit, raw: bytes, times: int) -> list[float]:
    """Microseconds of each call."""
    clock, taken = time.perf_counter_ns, []
    for _ in range(WARM_UP):
        transmit(raw)
    for _ in range(times):
        began = clock()
        transmit(raw)
        taken.append((clock() - began) / 1000)
    return taken


def movements(stand: PcscStand, ways: Ways, quiet: Quiet, times: int) -> dict[str, list[float]]:
    """Milliseconds from a movement until the driver has seen it, while it waits for that."""
    dice = random.Random(20261129)
    stand.slot.remove()
    assert ways.driver.wait_for_card(False, DEADLINE_S)
    seen: dict[str, list[float]] = {"insertion": [], "removal": []}
    for done in range(0, times, MOVES_A_BLOCK):
        few = min(MOVES_A_BLOCK, times - done)
        for what, taken in quiet.measure(partial(_movements, stand, ways.driver, dice, few)).items():
            seen[what] += taken
    return seen


def _movements(stand: PcscStand, driver: Any, dice: random.Random, times: int) -> dict[str, list[float]]:
    card, moved = CountingCard(CARD), 0
    seen: dict[str, list[float]] = {"insertion": [], "removal": []}

    def move(act: Callable[[], object]) -> None:
        nonlocal moved
        moved = time.perf_counter_ns()
        act()

    for _ in range(times):
        for what, present, act in (
            ("insertion", True, lambda: stand.slot.insert(card)), ("removal", False, stand.slot.remove),
        ):  # fmt: skip
            timer = threading.Timer(dice.uniform(*COMING_S), move, (act,))
            timer.start()
            assert driver.wait_for_card(present, DEADLINE_S)
            seen[what].append((time.perf_counter_ns() - moved) / 1e6)
            timer.join()
    return seen


def lives(stand: PcscStand, ways: Ways, times: int) -> dict[str, list[float]]:
    """Milliseconds of what is done once a card or once a run."""
    driver = ways.driver
    stand.slot.insert(CountingCard(CARD))
    assert driver.wait_for_card(True, DEADLINE_S)
    driver.power_on()
    taken: dict[str, list[float]] = {name: [] for name in ("warm reset", "cold reset", "fingerprint", "new daemon")}

    def timed(what: str, work: Callable[[], object]) -> None:
        began = time.perf_counter_ns()
        work()
        taken[what].append((time.perf_counter_ns() - began) / 1e6)

    def cold() -> None:
        driver.power_off()
        driver.power_on()

    for _ in range(times):
        timed("warm reset", driver.reset)
        timed("cold reset", cold)
    driver.power_off()
    for _ in range(times):
        timed("fingerprint", driver.attributes)
    for _ in range(max(3, times // 10)):
        timed("new daemon", driver.recover)
    return taken


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each size and way: the medians of the rounds, their extremes, and the ratio to bare calls within a round."""
    found = []
    for size in SIZES:
        of = {
            way: [row for row in rows if (row["way"], row["size"]) == (way, size)] for way in (BARE, DRIVER, RECORDING)
        }
        for way, mine in of.items():
            ratios = [row["p50"] / bare["p50"] for row, bare in zip(mine, of[BARE], strict=True)]
            found.append({
                "size": size, "way": way, "p50": _spread([row["p50"] for row in mine]),
                "p99": _spread([row["p99"] for row in mine]), "times_bare": None if way == BARE else _spread(ratios),
            })  # fmt: skip
    return found


def _spread(of: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(of), "min": min(of), "max": max(of)}


def _percentiles(of: Sequence[float]) -> dict[str, float]:
    return {"times": len(of), "p50": percentile(of, 0.5), "p99": percentile(of, 0.99), "max": max(of)}


def measure(wanted: argparse.Namespace) -> dict[str, Any]:
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch(wanted.disk))
        recorder = Recorder(
            folder=folder, worker="bench", started_ns=time.monotonic_ns(), started=datetime.now(UTC),
            evidence=dict.fromkeys(Channel, "simulated"),
        )  # fmt: skip
        stack.callback(recorder.close)
        stand = PcscStand(discard)
        stack.callback(stand.close)
        ways = Ways(stand, recorder.emit)
        stack.callback(ways.close)
        stand.slot.insert(CountingCard(CARD))
        assert ways.driver.wait_for_card(True, DEADLINE_S)
        gc.collect()
        quiet = Quiet(stand.pid, wanted.tries)
        rows = round_trips(ways, quiet, wanted.rounds, wanted.block)
        seen = movements(stand, ways, quiet, wanted.movements)
        taken = lives(stand, ways, wanted.movements // 5)
        return {
            "samples": rows, "summary": summary(rows), "foreign": _spread(quiet.foreign),
            "seen_ms": {what: _percentiles(times) for what, times in seen.items()},
            "lives_ms": {what: _percentiles(times) for what, times in taken.items()},
        }  # fmt: skip


def goals(figures: dict[str, Any]) -> list[Goal]:
    (longest,) = (r for r in figures["summary"] if (r["size"], r["way"]) == (LONGEST_SHORT, DRIVER))
    what = f"APDU of {LONGEST_SHORT} bytes both ways through pcscd"
    return [
        Goal(f"{what}, median", longest["p50"]["median"], "at most", GOAL_P50_US, " µs"),
        Goal(f"{what}, 99th percentile", longest["p99"]["median"], "at most", GOAL_P99_US, " µs"),
        *(
            Goal(f"{name} seen, 99th percentile", seen["p99"], "at most", GOAL_SEEN_MS, " ms")
            for name, seen in figures["seen_ms"].items()
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--block", type=int, default=500, help="APDUs of one way and size in a round")
    parser.add_argument("--movements", type=int, default=500, help="insertions, and as many removals")
    parser.add_argument("--tries", type=int, default=6, help="of a block, until nothing else is at work")
    parser.add_argument("--quick", action="store_true", help="two seconds in all: does it work?")
    parser.add_argument("--disk", type=Path, default=None, help="directory on the disk that the recorder writes to")
    parser.add_argument("--json", type=Path, help="write the figures there")
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.rounds, wanted.block, wanted.movements, wanted.tries = 2, 50, 15, 1
    out, figures = console(), measure(wanted)
    out.print(_trips_table(figures["summary"]))
    out.print(_times_table(figures))
    foreign = figures["foreign"]
    out.print(f"other programs used {foreign['median']:.0%} of the cores meanwhile, {foreign['max']:.0%} at most")
    met = goals(figures)
    for goal in met:
        out.print(str(goal))
    about = {"rounds": wanted.rounds, "block": wanted.block, "nice": os.nice(0)}
    keep(result("reader", met, **about, **figures), wanted.json)
    return 0


def _trips_table(rows: list[dict[str, Any]]) -> Table:
    table = Table("bytes", "way", "p50 µs", "p99 µs", "times bare", box=None, header_style="bold")
    for row in rows:
        ratio = f"{row['times_bare']['median']:.2f}" if row["times_bare"] else ""
        p50, p99 = f"{row['p50']['median']:.1f}", f"{row['p99']['median']:.1f}"
        table.add_row(f"{row['size']:,}", row["way"], p50, p99, ratio)
    return table


def _times_table(figures: dict[str, Any]) -> Table:
    table = Table("what", "times", "p50 ms", "p99 ms", "most ms", box=None, header_style="bold")
    for what, found in {**figures["seen_ms"], **figures["lives_ms"]}.items():
        table.add_row(what, str(found["times"]), *(f"{found[p]:.2f}" for p in ("p50", "p99", "max")))
    return table


if __name__ == "__main__":
    sys.exit(main())
