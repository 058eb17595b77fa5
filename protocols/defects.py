"""A seeded defect: one named switch of a twin, and the criterion that must catch it. Design 8.

The twins keep lists of their own (`simulators/terminal/defects.py`, `simulators/reader/defects.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from protocols.faults import ConfigurationError


@dataclass(frozen=True, slots=True)
class Defect:
    """What a bad device does. `caught_by` is the id of the criterion that must fail, with evidence, in its `cases`.

    `component` is what is bad: the device that has to be under test for the defect to be seen.
    """

    name: str
    description: str
    caught_by: str
    cases: tuple[int, ...]
    component: str = "terminal"


def known_names(names: Iterable[str], known: Collection[str]) -> frozenset[str]:
    """The names as a set. Raises ConfigurationError that names the near miss of one that is unknown."""
    wanted = frozenset(names)
    for name in sorted(wanted - frozenset(known)):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        raise ConfigurationError(f"no defect is called {name!r}", advice=hint)
    return wanted
