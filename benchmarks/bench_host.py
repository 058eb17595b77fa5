"""The issuer host against its peers, in one run: requests a second, latency, and processor time of each request.

`python benchmarks/bench_host.py [--quick] [--rounds N] [--seconds S] [--scheme MAC] [--uvloop] [--with iso8583sim]
[--json FILE]`

Every server is a process of its own and answers pre-authorisations with right MAC, PIN and cryptogram; those that
should check them are shown wrong ones first. In each round each server takes the same load in rotating order, with 1,
16 and 256 terminals, one request outstanding each. A sample during which others used the machine is taken again.
Ratios are those within a round; what is told is the median, and [least..most].
`make bench-setup` installs what the peers need; a peer that is not there is left out, and that is said.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.load.machine import fsyncs_per_second, scratch
from benchmarks.load.plan import make_plan
from benchmarks.load.results import Goal, console, keep, result
from benchmarks.load.sampling import spread
from benchmarks.load.terminals import Chips
from benchmarks.peers.contest import TRIES, enter
from benchmarks.peers.environment import PEERS, install_simulator
from benchmarks.peers.servers import (
    ECHO,
    HOLDFAST,
    LIBRARY,
    LIBRARY_GROUP,
    RECORDING,
    SIMULATOR_HOST,
    Kind,
)

CONNECTIONS = (1, 16, 256)
KINDS = (HOLDFAST, RECORDING, LIBRARY, LIBRARY_GROUP, SIMULATOR_HOST, ECHO)
WITH_UVLOOP = (HOLDFAST.uvloop(), LIBRARY_GROUP.uvloop(), ECHO.uvloop())
GOAL_CONNECTIONS, GOAL_RATIO, GOAL_P99 = 16, 3.0, 1 / 3
"""Against the host built from libraries, at so many connections: its requests a second, and its 99th percentile."""
SCHEME = "unionpay-ecb"
"""The MAC of the first market; with another the measurement has a name of its own."""
CARDS = 10_000
FSYNC_S = 0.3
"""So long the disk is looked at before each round."""


def measure(kinds: list[Kind], wanted: argparse.Namespace, out: Console) -> dict[str, Any]:
    """All samples, what the disk can do, and whether Holdfast's ledgers are sound after it all."""
    plan = make_plan(wanted.scheme, max(CONNECTIONS), wanted.cards)
    chips, samples, fsyncs = Chips(plan), [], []
    with scratch(wanted.disk) as folder, contextlib.ExitStack() as stack:
        plan.write(folder / "plan.json")
        runners = [enter(stack, kind, plan, chips, folder) for kind in kinds]
        for number in range(wanted.rounds):
            fsyncs.append(fsyncs_per_second(folder, FSYNC_S))
            for connections in CONNECTIONS:
                turn = number % len(runners)
                for one in runners[turn:] + runners[:turn]:
                    got, tries = one.quiet(folder / "requests", connections, wanted)
                    what = {"server": one.server.kind.name, "connections": connections, "round": number}
                    samples.append({**what, "tries": tries, **got.plain(), "latency": got.all})
            out.print(f"round {number + 1} of {wanted.rounds}")
        ours = [one.server for one in runners if one.server.kind.module == HOLDFAST.module]
        audits = {server.kind.name: server.audit() for server in ours}
    return {"samples": samples, "fsyncs": spread(fsyncs), "audits": audits}


def summary(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each server and number of connections: medians, and ratios to the hosts built from libraries."""
    names = list(dict.fromkeys(s["server"] for s in samples))
    return [
        _row([s for s in samples if s["connections"] == connections], name)
        for connections in CONNECTIONS
        for name in names
    ]


def _row(samples: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """All samples are of one number of connections; the row is of one server."""
    mine = [s for s in samples if s["server"] == name]
    row: dict[str, Any] = {
        "server": name, "connections": mine[0]["connections"], "per_second": spread([s["per_second"] for s in mine]),
        "cpu_us": spread([s["cpu_us"] for s in mine]), "foreign": max(s["foreign"] for s in mine),
        **{p: spread([s["latency"][p] for s in mine]) for p in ("p50", "p99", "p999", "max")}, "against": {},
    }  # fmt: skip
    for peer in (LIBRARY.name, LIBRARY_GROUP.name):
        theirs = {s["round"]: s for s in samples if s["server"] == peer}
        if theirs:
            pairs = [(s, theirs[s["round"]]) for s in mine]
            row["against"][peer] = {
                "per_second": spread([s["per_second"] / t["per_second"] for s, t in pairs]),
                "p99": spread([s["latency"]["p99"] / t["latency"]["p99"] for s, t in pairs]),
            }
    return row


def goals(rows: list[dict[str, Any]], scheme: str = SCHEME) -> list[Goal]:
    """None without the host that is built from libraries."""
    mac = "" if scheme == SCHEME else f" ({scheme})"
    row = next(r for r in rows if r["server"] == HOLDFAST.name and r["connections"] == GOAL_CONNECTIONS)
    ratio = row["against"].get(LIBRARY.name)
    if ratio is None:
        return []
    at = f"{GOAL_CONNECTIONS} terminals, times the host built from libraries{mac}"
    return [
        Goal(f"requests a second of {at}", ratio["per_second"]["median"], "at least", GOAL_RATIO),
        Goal(f"99th percentile of {at}", ratio["p99"]["median"], "at most", GOAL_P99),
    ]


def shown(told: dict[str, Any], out: Console) -> None:
    table = Table(
        "server", "lines", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs", "times libraries", "p99 times",
        "times group", "others", box=None, header_style="bold",
    )  # fmt: skip
    for row in told["summary"]:
        rate, alone, group = row["per_second"], *(row["against"].get(k.name) for k in (LIBRARY, LIBRARY_GROUP))
        table.add_row(
            row["server"], str(row["connections"]), f"{rate['median']:,.0f} [{rate['min']:,.0f}..{rate['max']:,.0f}]",
            *(f"{row[p]['median'] / 1000:.2f}" for p in ("p50", "p99", "p999")), f"{row['cpu_us']['median']:.0f}",
            "{median:.2f} [{min:.2f}..{max:.2f}]".format(**alone["per_second"]) if alone else "",
            f"{alone['p99']['median']:.2f}" if alone else "", f"{group['per_second']['median']:.2f}" if group else "",
            f"{row['foreign']:.0%}",
        )  # fmt: skip
    out.print(table)
    disk = told["fsyncs"]
    out.print(
        f"MAC {told['scheme']}, {told['rounds']} rounds of {told['seconds']} s; the disk makes {disk['median']:,.0f}"
        f" [{disk['min']:,.0f}..{disk['max']:,.0f}] blocks a second durable.\nlines: terminals at once; times: requests"
        " a second, or p99, of the host built from libraries (group: with its group commit); others: the most that"
        " others used of all cores during a sample"
    )
    for name, audit in told["audits"].items():
        out.print(f"{name}: ledger {audit}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each sample")
    parser.add_argument("--warm-up", type=float, default=0.5, help="seconds before each sample")
    parser.add_argument("--tries", type=int, default=TRIES, help="of a sample that others disturb")
    parser.add_argument("--quick", action="store_true", help="one round of half a second: does it work?")
    parser.add_argument("--scheme", default=SCHEME, choices=(SCHEME, "x9.19"), help="MAC, of both sides")
    parser.add_argument("--cards", type=int, default=CARDS)
    parser.add_argument("--uvloop", action="store_true", help="some servers on uvloop, too")
    parser.add_argument("--with", dest="peers", action="append", choices=PEERS, default=[], help="install it first")
    parser.add_argument("--disk", type=Path, default=None, help="directory on the disk that holds the ledgers")
    parser.add_argument("--json", type=Path, help="write samples and summary there")
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.rounds, wanted.seconds, wanted.warm_up, wanted.cards, wanted.tries = 1, 0.5, 0.2, 1000, 1
    if "iso8583sim" in wanted.peers:
        install_simulator()
    out = console()
    kinds = [*KINDS, *(WITH_UVLOOP if wanted.uvloop else ())]
    for kind in kinds:
        if kind.missing():
            out.print(f"without {kind.name}: {kind.missing()}", style="yellow")
    figures = measure([kind for kind in kinds if not kind.missing()], wanted, out)
    figures["summary"] = summary(figures["samples"])
    reached = goals(figures["summary"], wanted.scheme)
    name = "host" if wanted.scheme == SCHEME else f"host, {wanted.scheme}"
    told = result(
        name, reached, scheme=wanted.scheme, rounds=wanted.rounds, seconds=wanted.seconds, **figures
    )  # fmt: skip
    shown(told, out)
    for goal in reached:
        out.print(str(goal))
    if not reached:
        out.print("goals were not looked at: the host built from libraries is missing")
    keep(told, wanted.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
