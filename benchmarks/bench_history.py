"""What a request costs with a thousand holds in the ledger, and with a million: the same load, by turns.

`python benchmarks/bench_history.py [--quick] [--holds N ...] [--rounds N] [--seconds S] [--json FILE]`

Each ledger is a file on the disk, filled with pre-authorisations of the past and what became of them: of ten holds on a
card one is open, one expired, one cancelled, seven are completed. All their postings are there: the audit adds up every
account and hold at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.load.history import fill
from benchmarks.load.machine import fsyncs_per_second, scratch
from benchmarks.load.plan import make_plan
from benchmarks.load.results import Goal, console, keep, result
from benchmarks.load.sampling import spread
from benchmarks.load.terminals import Chips
from benchmarks.peers.contest import TRIES, enter
from benchmarks.peers.servers import HOLDFAST

HOLDS = (1_000, 1_000_000)
CONNECTIONS = 16
ACTIVE_CARDS = 10_000
GOAL_RATIO = 1.3
LEDGER = "ledger.sqlite"


def measure(wanted: argparse.Namespace) -> dict[str, Any]:
    """Samples by number of holds, how the filling went, and the audits."""
    plan = make_plan("x9.19", CONNECTIONS, wanted.cards)
    samples: list[dict[str, Any]] = []
    filled: dict[int, dict[str, float]] = {}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch(wanted.disk))
        plan.write(folder / "plan.json")
        fsyncs = fsyncs_per_second(folder)
        runners = {}
        for holds in wanted.holds:
            place = folder / str(holds)
            place.mkdir()
            plan.write(place / "plan.json")
            runners[holds] = enter(stack, HOLDFAST, plan, Chips(plan), place)
            ledger = place / HOLDFAST.name / LEDGER
            start = time.perf_counter()
            fill(ledger, holds, plan.opening, date.today())
            filled[holds] = {"seconds": time.perf_counter() - start, "megabytes": ledger.stat().st_size / 1e6}
        for number in range(wanted.rounds):
            for holds in wanted.holds if number % 2 else reversed(wanted.holds):
                got, tries = runners[holds].quiet(folder / "requests", CONNECTIONS, wanted)
                samples.append({"holds": holds, "round": number, "tries": tries, **got.plain(), "latency": got.all})
        audits = {holds: one.server.audit() for holds, one in runners.items()}
    return {"samples": samples, "filled": filled, "audits": audits, "fsyncs": fsyncs}


def summary(samples: list[dict[str, Any]], sizes: list[int]) -> dict[str, Any]:
    """Medians of each size, and the largest against the smallest in each round."""
    of = {(s["holds"], s["round"]): s for s in samples}
    rounds = sorted({s["round"] for s in samples})
    least, most = min(sizes), max(sizes)
    rows = [
        {
            "holds": size, "per_second": spread([of[size, n]["per_second"] for n in rounds]),
            "cpu_us": spread([of[size, n]["cpu_us"] for n in rounds]),
            "p50": spread([of[size, n]["latency"]["p50"] for n in rounds]),
            "p99": spread([of[size, n]["latency"]["p99"] for n in rounds]),
            "foreign": max(of[size, n]["foreign"] for n in rounds),
        }
        for size in sizes
    ]  # fmt: skip
    return {
        "rows": rows,
        "time_ratio": spread([of[least, n]["per_second"] / of[most, n]["per_second"] for n in rounds]),
        "cpu_ratio": spread([of[most, n]["cpu_us"] / of[least, n]["cpu_us"] for n in rounds]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--holds", type=int, nargs="+", default=list(HOLDS), help="in the ledger, before it begins")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each sample")
    parser.add_argument("--warm-up", type=float, default=0.5, help="seconds before each sample")
    parser.add_argument("--tries", type=int, default=TRIES, help="of a sample that others disturb")
    parser.add_argument("--cards", type=int, default=ACTIVE_CARDS, help="that the load uses")
    parser.add_argument("--quick", action="store_true", help="small ledgers, one short round: does it work?")
    parser.add_argument("--disk", type=Path, default=None, help="directory on the disk that holds the ledgers")
    parser.add_argument("--json", type=Path, help="write samples and summary there")
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.holds, wanted.rounds, wanted.seconds, wanted.warm_up = [1_000, 20_000], 1, 0.5, 0.2
        wanted.tries, wanted.cards = 1, 500
    out = console()
    figures = measure(wanted)
    figures["summary"] = summary(figures["samples"], wanted.holds)
    what = f"time of a request, {max(wanted.holds):,} holds against {min(wanted.holds):,}"
    goals = [Goal(what, figures["summary"]["time_ratio"]["median"], "at most", GOAL_RATIO)]
    told = result("history", goals, rounds=wanted.rounds, seconds=wanted.seconds, **figures)
    table = Table(
        "holds", "file MB", "requests/s", "p50 ms", "p99 ms", "CPU µs", "others", "ledger", box=None,
        header_style="bold",
    )  # fmt: skip
    for row in figures["summary"]["rows"]:
        rate, holds = row["per_second"], row["holds"]
        table.add_row(
            f"{holds:,}", f"{figures['filled'][holds]['megabytes']:.0f}",
            f"{rate['median']:,.0f} [{rate['min']:,.0f}..{rate['max']:,.0f}]",
            *(f"{row[p]['median'] / 1000:.2f}" for p in ("p50", "p99")), f"{row['cpu_us']['median']:.0f}",
            f"{row['foreign']:.0%}", figures["audits"][holds],
        )  # fmt: skip
    out.print(table)
    cpu = figures["summary"]["cpu_ratio"]
    out.print(f"processor time: {cpu['median']:.2f} [{cpu['min']:.2f}..{cpu['max']:.2f}] times; ", end="")
    out.print(
        f"median of {wanted.rounds} rounds of {wanted.seconds} s; {figures['fsyncs']:,.0f} durable blocks a second"
    )
    for goal in goals:
        out.print(str(goal))
    keep(told, wanted.json)
    return 0 if set(figures["audits"].values()) == {"sound"} else 1


if __name__ == "__main__":
    sys.exit(main())
