"""The reader, worn out: sessions with every mishap at random, each outcome against a model, and nothing left behind.

`python benchmarks/soak_reader.py --sessions 20000 [--seed N] [--embedded] [--only N | --only FIRST-LAST] [--json FILE]`

A session puts a card in, powers it, sends commands, and has one mishap of its kind: the card is pulled, torn out at
work, put back at once, changed, mute, slow; the reader is unplugged; the daemon is killed, stopped, restarted.
`benchmarks/readers/model.py` says what must come of each step, which events are told and what each card got. Memory,
descriptors and threads of this process and of the daemon are sampled all the time. The first deviation ends it with
status 1, seed, session and steps; `--only` plays that session again, as it was, with the same seed.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.load.results import Goal, console, keep, result
from benchmarks.readers import races
from benchmarks.readers.leaks import Held, at, growth, held, lives
from benchmarks.readers.model import FAULTS, Model
from benchmarks.readers.sessions import ending, kind_of, left_in, middle, opening
from benchmarks.readers.stand import Player
from benchmarks.readers.steps import Step

SAMPLE_EVERY = 10
PROGRESS_EVERY, LOG_EVERY = 50, 1000
LAST_STEPS = 40
RACES = {"race": races.commands, "power race": races.power_on, "power on at last": races.at_last}
STUCK_S = 120.0
"""A session that takes longer is stuck: the stacks of all threads are shown, and that is the end."""


class Deviation(Exception):
    """Something came that the model does not know."""


@dataclass
class Figures:
    """What a soak counts."""

    kinds: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds_of: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    own: list[Held] = field(default_factory=list)
    daemon: list[Held] = field(default_factory=list)


class Soak:
    """Plays sessions and holds each step against the model."""

    def __init__(self, seed: int, *, embedded: bool) -> None:
        self.seed, self.embedded = seed, embedded
        self.figures = Figures()
        self.player = Player(embedded=embedded)
        self.model = Model()
        self.last: deque[str] = deque(maxlen=LAST_STEPS)
        self.number = 0

    def prepare(self, number: int) -> None:
        """As the session before this one would have left it."""
        if (card := left_in(self.seed, number - 1)) >= 0:
            self._play([Step("insert", card), Step("wait")])

    def session(self, number: int) -> None:
        """Raises Deviation."""
        kind, began = kind_of(self.seed, number, daemon=not self.embedded), time.monotonic()
        self.number = number
        self.last.append(f"── session {number}: {kind}")
        self._play(opening(self.seed, number))
        self._play(middle(self.seed, number, kind, self.model.card))
        self._play(ending(self.model, self.seed, number))
        self._compare()
        self.figures.kinds[kind] += 1
        self.figures.seconds_of[kind] += time.monotonic() - began  # type: ignore[assignment]

    def _play(self, steps: Iterable[Step]) -> None:
        for step in steps:
            got, wanted = self._step(step)
            self.last.append(f"   {step}: {got}" + ("" if got == wanted else f"   <- wanted {wanted}"))
            self.figures.steps += 1
            self.figures.outcomes[_outcome(step, got)] += 1
            if got != wanted:
                words = f" ({self.player.words})" if got in FAULTS else ""
                raise Deviation(f"{step}: {got}{words}, wanted {wanted}")

    def _step(self, step: Step) -> tuple[str, str]:
        """What came, and what had to. Whatever else is raised came, too."""
        try:
            if step.do in RACES:
                return RACES[step.do](self.player, self.model, step)
            raw, wanted = self.model.next_command(step.size), self.model.expect(step)
            return self.player.do(step, raw), wanted
        except Exception as error:
            return f"{type(error).__name__}: {error}", "no such thing"

    def _compare(self) -> None:
        """Events told and commands received in the session. A refused command may be told or not."""
        told, wanted = self.player.told.copy(), self.model.told.copy()
        self.player.told.clear()
        self.model.told.clear()
        most, self.model.tried = wanted["command"] + self.model.tried, 0
        commands, least = told.pop("command", 0), wanted.pop("command", 0)
        if +told != +wanted or not least <= commands <= most:
            raise Deviation(f"told {dict(told)} and {commands} commands, wanted {dict(wanted)} and {least}..{most}")
        seen, self.model.seen, due = self.player.seen(), Counter(), self.model.seen
        perhaps, self.model.perhaps = self.model.perhaps, Counter()
        if not due <= seen <= due + perhaps:
            raise Deviation(f"commands that cards got: {dict(seen)}, wanted {dict(due)}")
        (counted, made), hidden, self.model.hidden = self.player.moved(), self.model.hidden, 0
        if counted not in range(made - hidden, made + 1, 2):
            raise Deviation(f"{counted} movements counted, there were {made}, of which {hidden} may be hidden")
        self.player.watch()

    def sample(self, number: int) -> None:
        """What this process and the daemon hold now."""
        for pid, samples in ((os.getpid(), self.figures.own), (self.player.stand.pid, self.figures.daemon)):
            if pid and (found := held(number, pid)) is not None:
                samples.append(found)

    def leaks(self) -> list[str]:
        """What grew, in words."""
        grew = [f"this process: {words}" for words in growth(self.figures.own)]
        for life in lives(self.figures.daemon):
            grew += [f"pcscd from session {life[0].session} on: {words}" for words in growth(life)]
        return grew


def _outcome(step: Step, got: str) -> str:
    """For counting: a fault, an answer, an ATR, or that it was done."""
    if got in FAULTS:
        return got
    return {"transmit": "answer", "power on": "ATR", "reset": "ATR"}.get(step.do, "done or told")


def run(soak: Soak, numbers: range, out: Console) -> None:
    """Raises Deviation."""
    if numbers.start:
        soak.prepare(numbers.start)
    for number in numbers:
        faulthandler.dump_traceback_later(STUCK_S, exit=True)
        soak.session(number)
        if number % SAMPLE_EVERY == 0 or number == numbers[-1]:
            soak.sample(number)
        if number % (PROGRESS_EVERY if out.is_terminal else LOG_EVERY) == 0:
            end = "\r" if out.is_terminal else "\n"
            out.print(f"session {number:,} of {numbers.stop:,}, {soak.figures.steps:,} steps", end=end)
    faulthandler.cancel_dump_traceback_later()


def report(soak: Soak, numbers: range, seconds: float, out: Console) -> dict[str, Any]:
    """The figures, shown and as they are kept."""
    figures = soak.figures
    kinds = Table("session", "times", "ms each", box=None, header_style="bold")
    for kind, times in figures.kinds.most_common():
        kinds.add_row(kind, f"{times:,}", f"{1000 * figures.seconds_of[kind] / times:,.1f}")
    outcomes = Table("outcome", "times", box=None, header_style="bold")
    for outcome, times in figures.outcomes.most_common():
        outcomes.add_row(outcome, f"{times:,}")
    holds = Table("holds", "after", "memory MiB", "descriptors", "threads", box=None, header_style="bold")
    rows = []
    for process, samples in (("this process", figures.own), ("pcscd", figures.daemon)):
        for share in (0.0, 0.25, 0.5, 1.0) if samples else ():
            row = {"process": process, "share": share, **at(samples, share)}
            rows.append(row)
            holds.add_row(
                process, f"{share:.0%}", f"{row['rss'] / 2**20:.1f}", str(row["descriptors"]), str(row["threads"])
            )
    for table in (kinds, outcomes, holds):
        out.print(table)
    lived = [len(life) for life in lives(figures.daemon)]
    return {
        "seed": soak.seed, "sessions": len(numbers), "steps": figures.steps, "seconds": round(seconds, 1),
        "twin": "in process" if soak.embedded else "pcscd", "kinds": dict(figures.kinds.most_common()),
        "outcomes": dict(figures.outcomes.most_common()), "holds": rows, "daemons": len(lived),
        "longest_life": SAMPLE_EVERY * max(lived, default=0), "leaks": soak.leaks(),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--embedded", action="store_true", help="the in-process twin, without a daemon")
    parser.add_argument("--only", default="", help="the number of one session, or FIRST-LAST")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    first, _, last = options.only.partition("-")
    numbers = range(int(first), int(last or first) + 1) if first else range(options.sessions)
    out, began = console(), time.monotonic()
    soak = Soak(options.seed, embedded=options.embedded)
    try:
        run(soak, numbers, out)
    except Deviation as deviation:
        out.print("\n".join(soak.last), markup=False)
        out.print(
            f"DEVIATION (--seed {options.seed} --only {soak.number}): {deviation}", style="bold red", markup=False
        )
        return 1
    finally:
        soak.player.close()
    told = report(soak, numbers, time.monotonic() - began, out)
    out.print(f"{told['sessions']:,} sessions, {told['steps']:,} steps, {told['seconds']:,.0f} s, seed {soak.seed}")
    for leak in told["leaks"]:
        out.print(f"LEAK: {leak}", style="bold red")
    if not told["leaks"]:
        out.print("every outcome was as foretold, and nothing grew")
    goals = [
        Goal(f"processes that grew in {told['sessions']:,} sessions ({told['twin']})", len(told["leaks"]), "at most", 0)
    ]
    keep(result(f"reader soak, {told['twin']}", goals, **told), options.json)
    return 1 if told["leaks"] else 0


if __name__ == "__main__":
    sys.exit(main())
