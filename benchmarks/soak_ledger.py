"""The issuer's rules at scale: random event sequences against a second, plain bank, and cuts at every SQL statement.

`python benchmarks/soak_ledger.py --sequences 100000 [--seed N]` plays so many sequences of up to 20 events, each over a
ledger of its own in memory, in four markets by turns. After each event every answer, account and hold is compared with
the plain bank, and each decision checks its own invariants; after each sequence the pots are added up again from all
postings.
`--cuts 200` cuts the 200 shortest sequences at each statement boundary, in both markets, on a disk in memory.

The first difference ends it with status 1 and the shortest part of the sequence that still shows it.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from protocols.faults import HoldfastBug
from protocols.market import Market
from rigs.marketfile import load_market
from tests.simulators.issuer.cuts import cut_everywhere, shortest
from tests.simulators.issuer.play import EVENTS, Different, Event, Play, markets

MEMORY, MEMORY_DISK = Path(":memory:"), Path("/dev/shm")
LONGEST = 20
BROKEN = (Different, HoldfastBug, sqlite3.Error, AssertionError, KeyError)
WEIGHTS = {
    "pre-authorise": 16, "complete": 12, "advise": 5, "cancel": 8, "void completion": 8, "reverse": 14, "increment": 6,
    "sell": 6, "void sale": 4, "refund": 6, "repeat": 4, "reverse early": 2, "days": 3, "expire": 2, "adjust hold": 4,
    "balance": 1, "sell offline": 2, "adjust sale": 2, "tip": 2, "refuse": 2, "settle": 2, "retire": 1,
}  # fmt: skip
assert WEIGHTS.keys() == EVENTS.keys()


class Ready(sqlite3.Connection):
    """A connection whose tables are there already: making them takes longer than a decision."""

    template: ClassVar[bytes] = b""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if Ready.template:
            self.deserialize(Ready.template)


def sequence(dice: random.Random) -> list[Event]:
    """Mostly about what came last, mostly right."""
    kinds = dice.choices(list(WEIGHTS), list(WEIGHTS.values()), k=dice.randint(2, LONGEST))
    kinds[0] = "pre-authorise" if dice.random() < 0.7 else kinds[0]
    return [(kind, _small(dice), _small(dice), dice.randrange(9_240) if dice.random() < 0.3 else 0) for kind in kinds]


def _small(dice: random.Random) -> int:
    return 0 if dice.random() < 0.6 else dice.randrange(14)


def play(market: Market, events: Sequence[Event]) -> None:
    """Raises what is wrong."""
    one = Play(market, MEMORY, Ready)
    try:
        for event in events:
            one.play(event)
        one.ledger.audit()
    finally:
        one.close()


def shrunk(events: list[Event], broken: Callable[[list[Event]], bool]) -> list[Event]:
    """Without the events that it breaks without, and with numbers as small as it breaks with."""
    at = 0
    while at < len(events):
        fewer = events[:at] + events[at + 1 :]
        if broken(fewer):
            events, at = fewer, 0
        else:
            at += 1
    for at, (kind, *numbers) in enumerate(events):
        for which in range(3):
            smaller: Any = (kind, *(0 if i == which else n for i, n in enumerate(numbers)))
            if broken([*events[:at], smaller, *events[at + 1 :]]):
                events[at], numbers = smaller, list(smaller[1:])
    return events


def breaks(market: Market, events: list[Event]) -> bool:
    try:
        play(market, events)
    except BROKEN:
        return True
    return False


def soak(how_many: int, seed: int) -> int:
    """Exit status."""
    named = markets(load_market("unionpay-cn"), load_market("unionpay-cn-strict"))
    empty = Play(named["unionpay-cn"], MEMORY)
    empty.database.connection.execute("DELETE FROM account")
    Ready.template = empty.database.connection.serialize()
    empty.close()
    names, dice, events, start = list(named), random.Random(seed), 0, _now()
    for number in range(how_many):
        name, made = names[number % len(names)], sequence(dice)
        try:
            play(named[name], made)
        except BROKEN as error:
            print(f"broken: sequence {number} of seed {seed} in {name}: {type(error).__name__}: {error}")
            print("shrunk:", shrunk(made, partial(breaks, named[name])))
            return 1
        events += len(made)
        if sys.stdout.isatty() and number % 1000 == 0:
            print(f"{number} of {how_many}", end="\r", flush=True)
    print(f"{how_many} sequences, {events} events, {_since(start)}, seed {seed}: all invariants held")
    return 0


def cut(how_many: int) -> int:
    """Exit status."""
    for name in ("unionpay-cn", "unionpay-cn-strict"):
        market, cuts, start = load_market(name), 0, _now()
        where = MEMORY_DISK if MEMORY_DISK.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="holdfast-cuts-", dir=where) as folder:
            for events in shortest(market, how_many):
                try:
                    cuts += cut_everywhere(market, events, Path(folder))
                except BROKEN as error:
                    print(f"broken in {name}: {events}: {type(error).__name__}: {error}")
                    return 1
        print(f"{name}: {how_many} sequences cut at {cuts} statement boundaries, {_since(start)}: all stood it")
    return 0


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(start: tuple[float, float]) -> str:
    """By the clock, and of the processor: the machine may have other things to do."""
    return f"{time.perf_counter() - start[0]:.1f} s ({time.process_time() - start[1]:.1f} s of processor)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sequences", type=int, default=0, help="random event sequences to play")
    parser.add_argument("--seed", type=int, default=None, help="of the sequences; by the clock when not given")
    parser.add_argument("--cuts", type=int, default=0, help="shortest sequences to cut at every statement")
    wanted = parser.parse_args()
    if not wanted.sequences and not wanted.cuts:
        parser.error("say --sequences N, --cuts N or both")
    seed = time.time_ns() % 1_000_000_007 if wanted.seed is None else wanted.seed
    status = soak(wanted.sequences, seed) if wanted.sequences else 0
    return status or (cut(wanted.cuts) if wanted.cuts else 0)


if __name__ == "__main__":
    sys.exit(main())
