"""All seeded defects, of every twin that can be under test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from protocols.defects import Defect, known_names
from simulators.reader import defects as reader
from simulators.terminal import defects as terminal


def all_defects() -> Mapping[str, Defect]:
    """By name, the terminal's first. Asked anew each time: a test adds one of its own."""
    return {**terminal.DEFECTS, **reader.DEFECTS}


def check_names(names: Iterable[str]) -> frozenset[str]:
    """The names as a set. Raises ConfigurationError that names the near miss of one that is unknown."""
    return known_names(names, all_defects())


def defects_named(names: Iterable[str]) -> tuple[Defect, ...]:
    """In the order of the list. Raises ConfigurationError as `check_names` does."""
    wanted = check_names(names)
    return tuple(defect for name, defect in all_defects().items() if name in wanted)
