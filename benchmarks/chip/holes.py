"""A story twice, with and without a defect of the terminal: does it show, and who notices?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from benchmarks.chip.behaviour import Behaviour, behaviour, differences
from benchmarks.chip.demands import Demand, broken, demands_of
from benchmarks.chip.hints import hinted
from benchmarks.chip.recipes import PARAMETER, Ingredient, Recipe, draw
from benchmarks.chip.shrinking import shrunk
from benchmarks.chip.stand import ChipStand
from protocols.defects import Defect

HINT_EVERY = 4
"""After each so manieth story comes the same with what brings the defect to light."""


class Notice(StrEnum):
    """Who noticed a defect in a story."""

    NO_EFFECT = "no effect"
    OWN = "its own rule"
    AUDITOR = "another auditor"
    DEMAND = "a demand alone"
    NOBODY = "nobody"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Good:
    """A story as the good terminal did it, and what a scenario of it would demand."""

    recipe: Recipe
    behaviour: Behaviour
    demands: Sequence[Demand]
    wrong: Sequence[str]


@dataclass
class Shown:
    """What came of one story with a defect. `by` are rules, `differs` is where it shows first."""

    recipe: Recipe
    notice: Notice
    by: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)


@dataclass
class Score:
    """Of one defect over all its stories."""

    defect: Defect
    counts: Counter[Notice] = field(default_factory=Counter)
    by: Counter[str] = field(default_factory=Counter)
    elsewise: list[Shown] = field(default_factory=list)
    """Stories in which its own rule did not notice it."""

    def take(self, shown: Shown) -> None:
        self.counts[shown.notice] += 1
        self.by.update(shown.by)
        if shown.notice not in (Notice.OWN, Notice.NO_EFFECT):
            self.elsewise.append(shown)

    @property
    def shown(self) -> int:
        """Stories in which the defect showed."""
        return sum(self.counts.values()) - self.counts[Notice.NO_EFFECT] - self.counts[Notice.UNCLEAR]

    def first(self, notice: Notice) -> Shown | None:
        """The first story that went this way."""
        return next((shown for shown in self.elsewise if shown.notice is notice), None)

    def plain(self) -> dict[str, Any]:
        """As it is kept."""
        counts = {notice.value: self.counts[notice] for notice in Notice}
        about = {"defect": self.defect.name, "caught_by": self.defect.caught_by}
        return {**about, **counts, "by": dict(self.by.most_common())}

    @property
    def holes(self) -> list[Shown]:
        """Stories in which it shows, and that nobody would have blamed it for."""
        return [shown for shown in self.elsewise if shown.notice is Notice.NOBODY]


class Differential:
    """A good bench, whose stories are told once, and a bad one for each defect."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.good = ChipStand()
        self._told: dict[int, Good] = {}

    def of_good(self, recipe: Recipe) -> Good:
        told = self.good.tell(recipe)
        self.good.sign_on()
        terms = self.good.terms
        assert terms is not None
        return Good(recipe, behaviour(told.records), demands_of(told.records, terms), told.wrong)

    def story(self, number: int) -> Good:
        """Of that number: told once, however many defects it is compared with."""
        if number not in self._told:
            self._told[number] = self.of_good(certain(draw(self.seed, number, self.good.kinds)))
        return self._told[number]

    def score(self, defect: Defect, numbers: Sequence[int]) -> Score:
        """Tell all these stories with the defect. The first that nobody noticed is shrunk."""
        score, bad = Score(defect), ChipStand(defects=(defect.name,), position=1)
        try:
            for number in numbers:
                score.take(self._compare(self.story(number), bad, defect))
                more = hinted(self.story(number).recipe, defect.name) if number % HINT_EVERY == 0 else None
                if more is not None:
                    score.take(self._compare(self.of_good(more), bad, defect))
            for notice in (Notice.NOBODY, Notice.DEMAND):
                self._shorten(score, notice, bad)
        finally:
            bad.close()
        return score

    def _compare(self, good: Good, bad: ChipStand, defect: Defect) -> Shown:
        """What is not the same either when the good terminal is told twice is no effect of the defect."""
        told = bad.tell(good.recipe)
        bad.sign_on()
        if told.stopped or good.wrong:
            return Shown(good.recipe, Notice.UNCLEAR)
        differs = list(differences(good.behaviour, behaviour(told.records)))
        if not differs and not told.blamed:
            return Shown(good.recipe, Notice.NO_EFFECT)
        assert bad.terms is not None
        demands = broken(good.demands, told.records, bad.terms)
        if defect.caught_by in told.blamed or defect.caught_by in demands:
            return Shown(good.recipe, Notice.OWN, [defect.caught_by], differs)
        if told.blamed:
            return Shown(good.recipe, Notice.AUDITOR, sorted(told.blamed), differs)
        if list(differences(good.behaviour, self.of_good(good.recipe).behaviour)):
            return Shown(good.recipe, Notice.NO_EFFECT)
        return Shown(good.recipe, Notice.DEMAND if demands else Notice.NOBODY, demands, differs)

    def _shorten(self, score: Score, notice: Notice, bad: ChipStand) -> None:
        first = score.first(notice)
        if first is None:
            return

        def still(recipe: Recipe) -> bool:
            return self._compare(self.of_good(recipe), bad, score.defect).notice is notice

        least = self._compare(self.of_good(shrunk(first.recipe, still)), bad, score.defect)
        first.recipe, first.by, first.differs = least.recipe, least.by, least.differs

    def close(self) -> None:
        self.good.close()


def certain(recipe: Recipe) -> Recipe:
    """The same without what chance decides: a card may be selected at random, or not."""
    return recipe.spared(_is_chance)


def _is_chance(ingredient: Ingredient) -> bool:
    return ingredient[:2] == (PARAMETER, "random selection") and ingredient[2] not in ("0", "100")
