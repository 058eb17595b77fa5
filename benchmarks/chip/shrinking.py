"""The shortest story that still goes wrong in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks.chip.recipes import Recipe


def shrunk(recipe: Recipe, still_wrong: Callable[[Recipe], bool]) -> Recipe:
    """Without every ingredient that it goes wrong without, and of the plain card if that does, too."""
    smaller = next((less for less in recipe.smaller() if still_wrong(less)), None)
    return recipe if smaller is None else shrunk(smaller, still_wrong)


def kinds_of(wrong: Iterable[str]) -> frozenset[str]:
    """What went wrong, without the values: the rule, or what was raised and where."""
    return frozenset(words.partition(":")[0] if not words.startswith("raised") else " ".join(words.split()[:4])
                     for words in wrong)  # fmt: skip
