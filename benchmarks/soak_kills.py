"""SIGKILL under load: is every answered request in the ledger, once?

`python -m benchmarks.soak_kills --kills 500 [--ledger WHERE | --postgresql] [--terminals 8] [--seed N] [--json FILE]`

A host is killed at a random moment while terminals work, its ledger is opened and held against what the terminals were
answered, and a new host takes up. At the end everything that was ever answered is looked up again, and all accounts and
holds are added up from all postings. The first difference ends it with status 1.

It shows that an answer leaves after its commit, and that a transaction is all there or not at all. The system survives
a SIGKILL, so it does not show that the disk kept it: that is the database's `synchronous=FULL` or `fsync`.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.kills.terminals import BATCH, Asked, Standing, Working
from benchmarks.load.results import Goal, keep, result
from simulators.issuer.ledger import Ledger
from simulators.issuer.opening import open_database
from tests.simulators.kit import MERCHANT
from tests.support.postgresql import Server

ROOT = Path(__file__).parents[1]
SHORTEST_S, LONGEST_S = 0.05, 0.6
NOTICE_S = 20.0
AUDIT_EVERY = 50
DUPLICATE = "94"
_ROWS = (
    "SELECT kind, reference, approval, asked, state FROM journal"
    " WHERE merchant = ? AND terminal = ? AND trace = ? AND batch = ? AND kind = ? AND state <> 'refused'"
)


class Lost(Exception):
    """The ledger and the terminals do not agree."""


@dataclass
class Figures:
    """What a soak counts."""

    terminals: int = 0
    kills: int = 0
    answered: int = 0
    approved: int = 0
    unanswered: int = 0
    found: int = 0
    """Of those unanswered: how many the ledger has all the same, once."""
    repeated: int = 0
    reversed_: int = 0
    audits: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "codes": dict(sorted(self.codes.items()))}


def soak(where: str, kills: int, terminals: int, seed: int, console: Console) -> Figures:
    """Raises Lost at the first difference."""
    figures, dice, start = Figures(terminals), random.Random(seed), time.monotonic()
    standing = Standing(terminals)
    working = [Working(place, standing, seed) for place in range(terminals)]
    for one in working:
        one.thread.start()
    looked_at = [0] * terminals
    for number in range(1, kills + 1):
        with _host(where, terminals) as host:
            standing.up(_port(host))
            time.sleep(dice.uniform(SHORTEST_S, LONGEST_S))  # the load itself: nothing is waited for
            host.kill()
        standing.wait_until_idle(NOTICE_S)
        for one in working:
            if one.trouble:
                raise Lost(f"a terminal stopped: {one.trouble}")
        ledger = Ledger(open_database(where))
        try:
            for place, one in enumerate(working):
                hold_against(ledger, one.asked[looked_at[place] :], figures)
                looked_at[place] = len(one.asked)
            if number % AUDIT_EVERY == 0 or number == kills:
                ledger.audit()
                figures.audits += 1
            if number == kills:
                hold_against(ledger, (asked for one in working for asked in one.asked), Figures())
        finally:
            ledger.database.close()
        figures.kills = number
        if console.is_terminal:
            console.print(f"{number} of {kills} kills, {figures.answered} answered", end="\r")
    standing.end()
    for one in working:
        one.thread.join(NOTICE_S)
    asked = [asked for one in working for asked in one.asked]
    figures.repeated = sum(one.repeated for one in asked)
    figures.reversed_ = sum(one.reversed_with not in ("", "?") for one in asked)
    figures.seconds = round(time.monotonic() - start, 1)
    return figures


def _host(where: str, terminals: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.kills.kept_host", where, str(terminals)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _port(host: subprocess.Popen[str]) -> int:
    assert host.stdout is not None
    line = host.stdout.readline()
    if not line:
        raise Lost(f"the host ended with status {host.wait()} before it served")
    return int(line)


def hold_against(ledger: Ledger, asked: Iterable[Asked], figures: Figures) -> None:
    """Everything that was answered is in the books once, and says what the answer said."""
    for one in asked:
        rows = ledger.database.rows(_ROWS, (MERCHANT, one.terminal, one.trace, BATCH, one.kind))
        what = f"{one.kind} {one.trace} of {one.terminal}, answered {one.code or 'nothing'}"
        if len(rows) > 1:
            raise Lost(f"{what}, is in the ledger {len(rows)} times")
        if one.code in ("00", DUPLICATE) and one.repeated:
            _same(rows, one, what, answered=one.code == "00")
        elif one.code == "00":
            _same(rows, one, what, answered=True)
        elif one.code and rows:
            raise Lost(f"{what}, is in the ledger as approved")
        if one.reversed_with == "00" and rows and rows[0][4] != "reversed":
            raise Lost(f"{what} and reversed with 00, is in the ledger as {rows[0][4]}")
        figures.answered += bool(one.code)
        figures.approved += one.code == "00"
        figures.unanswered += not one.code
        figures.found += not one.code and bool(rows)
        figures.codes[one.code or "none"] += 1


def _same(rows: list[Any], one: Asked, what: str, *, answered: bool) -> None:
    if not rows:
        raise Lost(f"{what}, is not in the ledger")
    _, reference, approval, amount, _ = rows[0]
    if amount != one.amount or (answered and (reference, approval) != (one.reference, one.approval)):
        raise Lost(f"{what} with {one.reference} {one.approval}, stands there with {reference} {approval}")


def _fresh_ledger(stack: ExitStack, *, postgresql: bool) -> str:
    if not postgresql:
        return str(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-kills-"))) / "ledger.sqlite")
    server = Server()
    stack.callback(server.close)
    with server.connect() as connection:  # the server of the tests need not be durable; this one must
        connection.execute("ALTER SYSTEM SET fsync = on")
        connection.execute("SELECT pg_reload_conf()")
    server.stop()
    server.start()
    return server.url("kills", durable=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="SIGKILL under load")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--ledger", default="", help="a file or postgresql://…; a fresh file by default")
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own, which is installed here")
    parser.add_argument("--terminals", type=int, default=8)
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    console = Console()
    with ExitStack() as stack:
        where = options.ledger or _fresh_ledger(stack, postgresql=options.postgresql)
        try:
            figures = soak(where, options.kills, options.terminals, options.seed, console)
        except Lost as lost:
            console.print(f"LOST (seed {options.seed}): {lost}", style="bold red")
            return 1
    table = Table("SIGKILL under load", "PostgreSQL" if where.startswith("postgres") else "SQLite", box=None)
    for name, value in figures.as_dict().items():
        table.add_row(name.rstrip("_"), str(value))
    console.print(table)
    console.print("every answered request is in the ledger, once")
    if options.json:
        where = "PostgreSQL" if where.startswith("postgres") else "SQLite"
        lost = Goal(f"answered requests that {figures.kills} kills lost or doubled ({where})", 0, "at most", 0)
        keep(result(f"kills, {where}", [lost], seed=options.seed, **figures.as_dict()), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
