"""The card, the kernel and the judge at scale: random stories of odd cards, each judged as a case is. Is nobody blamed?

`python benchmarks/soak_chip.py --stories 5000 [--seed N] [--pcscd] [--only N | --only FIRST-LAST] [--json FILE]`

A story is a random card with up to two faults of `rigs/cards/faults.yaml`, random parameters of the terminal, people
and manners of the host, and some transactions by chip, stripe or hand. It is told on one bench in process (`--pcscd`:
behind the real daemon), closed, and judged by all auditors. The terminal is good: whoever blames it is wrong. Besides,
nothing may raise, no bug may be told, the ledger must add up, and no secret may stand in a record. What goes wrong is
shrunk to the shortest story that still does, and ends the soak with status 1.

`--defects [NAME ...]` tells each story twice, with and without a seeded defect of the terminal: where it shows in what
leaves the terminal, who notices? A defect that shows and that nobody notices is a hole: status 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.chip.holes import Differential, Notice, Score, Shown
from benchmarks.chip.recipes import Recipe, draw
from benchmarks.chip.shrinking import kinds_of, shrunk
from benchmarks.chip.stand import ChipStand, Told
from benchmarks.load.results import Goal, console, keep, result
from benchmarks.readers.leaks import Held, at, growth, held
from protocols.defects import Defect
from reports.judge.finding import Verdict
from simulators.terminal.chip_defects import CHIP_DEFECTS
from simulators.terminal.defects import DEFECTS, check_names

LIFE = 2000
"""Stories on one bench: its numbers of short cards and its books have an end."""
SWEEP_EVERY, SAMPLE_EVERY, LOG_EVERY = 100, 20, 250
MOST_SHRUNK = 3
"""Of what goes wrong in one and the same way so many stories are shrunk: that takes long."""


@dataclass
class Figures:
    """What a soak counts."""

    kinds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    auditors: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    blames: list[dict[str, Any]] = field(default_factory=list)

    def count(self, told: Told) -> None:
        self.kinds[told.recipe.kind] += 1
        self.faults.update(told.recipe.faults)
        self.ends.update(f"{sort}, {outcome.entry}: {outcome.result}" for sort, outcome in told.outcomes)
        self.auditors.update((one.id, one.verdict.value) for one in told.verdict.criteria if one.source == "auditor")
        self.seconds.append(told.seconds)


class Soak:
    """Tells stories on benches one after the other."""

    def __init__(self, seed: int, *, pcscd: bool = False, thorough: bool = False) -> None:
        self.seed, self._pcscd, self._thorough = seed, pcscd, thorough
        self.figures = Figures()
        self._shrunk: Counter[frozenset[str]] = Counter()
        self._stand: ChipStand | None = None

    @property
    def stand(self) -> ChipStand:
        if self._stand is None:
            self._stand = ChipStand(pcscd=self._pcscd)
        return self._stand

    def story(self, number: int) -> Told:
        """Tell it, and see what is wrong."""
        told = self.tell(draw(self.seed, number, self.stand.kinds))
        self.figures.count(told)
        if told.wrong:
            self._blame(told)
        if number % SAMPLE_EVERY == 0 and (now := held(number, os.getpid())) is not None:
            self.figures.held.append(now)
        if (number + 1) % SWEEP_EVERY == 0:
            self.sweep(number)
        if (number + 1) % LIFE == 0:
            self.renew(number)
        return told

    def tell(self, recipe: Recipe) -> Told:
        """A bench that a foreign card stopped says nothing any more: the next story has another."""
        told = self.stand.tell(recipe)
        if told.stopped:
            self.renew(recipe.number)
        return told

    def sweep(self, number: int) -> None:
        """The books of the bench, and now and then every form in which a secret may stand in its files."""
        thoroughly = self._thorough or (number + 1) % (10 * SWEEP_EVERY) == 0
        self._note(number, "", self.stand.sweep(thoroughly=thoroughly), "")

    def renew(self, number: int) -> None:
        """The bench is taken down; what only its whole life shows is judged."""
        if self._stand is not None:
            self._note(number, "", self._stand.over_all(), "")
            self._stand.close()
        self._stand = None

    def _blame(self, told: Told) -> None:
        """Shrink it: it goes wrong in the same way as long as one of its kinds is there."""
        kinds = kinds_of(told.wrong)
        self._shrunk[kinds] += 1
        least, wrong = told.recipe, told.wrong
        if self._shrunk[kinds] <= MOST_SHRUNK:
            least = shrunk(told.recipe, lambda less: bool(kinds & kinds_of(self.tell(less).wrong)))
            wrong = self.tell(least).wrong or told.wrong
        self._note(told.recipe.number, str(told.recipe), wrong, str(least))

    def _note(self, number: int, story: str, wrong: list[str], shortest: str) -> None:
        if wrong:
            self.figures.blames.append({"story": number, "wrong": wrong, "told": story, "shortest": shortest})


def show_blame(blame: dict[str, Any], seed: int, out: Console) -> None:
    """In words, with how to tell it again."""
    out.print(f"BLAME (--seed {seed} --only {blame['story']})", style="bold red", markup=False)
    for words in blame["wrong"]:
        out.print(f"   {words}", markup=False)
    out.print(f"   shortest: {blame['shortest']}", markup=False)
    if blame["told"] != blame["shortest"]:
        out.print(f"   as told:  {blame['told']}", style="dim", markup=False)


def run(soak: Soak, numbers: range, out: Console) -> None:
    shown = 0
    for number in numbers:
        soak.story(number)
        for blame in soak.figures.blames[shown:]:
            show_blame(blame, soak.seed, out)
        shown = len(soak.figures.blames)
        if (number + 1) % LOG_EVERY == 0:
            end = "\r" if out.is_terminal else "\n"
            out.print(f"story {number + 1:,} of {numbers.stop:,}, {shown} blames", end=end)
    soak.sweep(numbers[-1])
    soak.renew(numbers[-1])
    for blame in soak.figures.blames[shown:]:
        show_blame(blame, soak.seed, out)


def report(soak: Soak, numbers: range, seconds: float, out: Console) -> dict[str, Any]:
    """The figures, shown and as they are kept."""
    figures = soak.figures
    ends = Table("order, card read by: end", "times", box=None, header_style="bold")
    for what, times in figures.ends.most_common():
        ends.add_row(what, f"{times:,}")
    auditors = Table("auditor", "passed", "otherwise", box=None, header_style="bold")
    judged = {id_ for id_, _ in figures.auditors}
    for id_ in sorted(judged):
        passed = figures.auditors[id_, Verdict.PASS.value]
        others = sum(times for (one, _), times in figures.auditors.items() if one == id_) - passed
        auditors.add_row(id_, f"{passed:,}", f"{others:,}")
    for table in (ends, auditors):
        out.print(table)
    median = sorted(figures.seconds)[len(figures.seconds) // 2]
    holds = [at(figures.held, share) for share in (0.0, 0.5, 1.0)] if figures.held else []
    return {
        "seed": soak.seed, "stories": len(numbers), "seconds": round(seconds, 1), "ms_each": round(1000 * median, 1),
        "kinds": dict(figures.kinds.most_common()), "faults": dict(figures.faults.most_common()),
        "ends": dict(figures.ends.most_common()), "auditors": sorted(judged), "holds": holds,
        "leaks": growth(figures.held), "blames": figures.blames,
    }  # fmt: skip


# ── with defects ──────────────────────────────────────────────────────────────────────────────────────────────────────


def score_all(seed: int, defects: Sequence[Defect], numbers: range, out: Console) -> list[Score]:
    """Each of them in the same stories, one after the other."""
    differential, scores = Differential(seed), []
    try:
        for defect in defects:
            scores.append(differential.score(defect, numbers))
            told = ", ".join(f"{notice} {scores[-1].counts[notice]}" for notice in Notice if scores[-1].counts[notice])
            out.print(f"{defect.name}: {told}", markup=False)
    finally:
        differential.close()
    return scores


def show_scores(scores: Sequence[Score], out: Console) -> None:
    table = Table("defect", "must be caught by", box=None, header_style="bold")
    for notice in Notice:
        table.add_column(notice.value, justify="right")
    for score in scores:
        counts = (str(score.counts[notice] or "") for notice in Notice)
        table.add_row(score.defect.name, score.defect.caught_by, *counts)
    out.print(table)
    for score in scores:
        for notice in (Notice.NOBODY, Notice.DEMAND, Notice.AUDITOR, Notice.UNCLEAR):
            if (shown := score.first(notice)) is not None:
                show_unlike(score.defect, shown, out)


def show_unlike(defect: Defect, shown: Shown, out: Console) -> None:
    """A story in which its own rule did not notice a defect, and where it shows."""
    who = "A HOLE: " if shown.notice is Notice.NOBODY else ""
    by = f" ({', '.join(shown.by)})" if shown.by else ""
    out.print(f"{defect.name}: {who}noticed by {shown.notice}{by}: {shown.recipe}", markup=False)
    for words in shown.differs[:4]:
        out.print(f"   {words}", style="dim", markup=False)


def soak_defects(options: argparse.Namespace, numbers: range, out: Console) -> int:
    """Exit status: 1 when a defect shows and nobody notices, or when its own rule never does where it shows."""
    named = check_names(options.defects) or {defect.name for defect in CHIP_DEFECTS}
    began, defects = time.monotonic(), [defect for name, defect in DEFECTS.items() if name in named]
    scores = score_all(options.seed, defects, numbers, out)
    show_scores(scores, out)
    seconds = time.monotonic() - began
    out.print(f"{len(scores)} defects in {len(numbers):,} stories each, {seconds:,.0f} s, seed {options.seed}")
    holed = [score.defect.name for score in scores if score.holes]
    never = [score.defect.name for score in scores if score.shown and not score.counts[Notice.OWN]]
    hidden = [score.defect.name for score in scores if not score.shown]
    for words, names in (("holes in", holed), ("never caught by its own rule", never), ("never shown", hidden)):
        if names:
            out.print(f"{words}: {', '.join(names)}", style="" if names is hidden else "bold red", markup=False)
    goals = [Goal("seeded defects that showed and that nobody noticed", len(holed), "at most", 0)]
    rows = [score.plain() for score in scores]
    keep(result("chip soak, defects", goals, seed=options.seed, stories=len(numbers), rows=rows), options.json)
    return 1 if holed or never else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stories", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--pcscd", action="store_true", help="the reader twin behind the real daemon")
    parser.add_argument("--defects", nargs="*", help="seeded defects of the terminal; without a name those of the chip")
    parser.add_argument("--only", default="", help="the number of one story, or FIRST-LAST")
    parser.add_argument("--thorough", action="store_true", help="look through all files for secrets in any form")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    first, _, last = options.only.partition("-")
    numbers = range(int(first), int(last or first) + 1) if first else range(options.stories)
    out, began = console(), time.monotonic()
    if options.defects is not None:
        return soak_defects(options, numbers, out)
    soak = Soak(options.seed, pcscd=options.pcscd, thorough=options.thorough)
    try:
        run(soak, numbers, out)
    finally:
        soak.renew(numbers.stop)
    told = report(soak, numbers, time.monotonic() - began, out)
    out.print(
        f"{told['stories']:,} stories, {len(told['kinds'])} kinds of cards, {len(told['faults'])} faults, "
        f"{len(told['auditors'])} auditors, {told['ms_each']} ms each, {told['seconds']:,.0f} s, seed {soak.seed}"
    )
    for leak in told["leaks"]:
        out.print(f"this process: {leak}")
    blames = len(told["blames"])
    out.print("nobody was blamed" if not blames else f"{blames} blames", style="" if not blames else "bold red")
    goals = [Goal(f"blames of a good terminal in {told['stories']:,} stories", blames, "at most", 0)]
    keep(result("chip soak", goals, **told), options.json)
    return 1 if blames else 0


if __name__ == "__main__":
    sys.exit(main())
