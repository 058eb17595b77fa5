"""The targets by name. A module is imported when its target is asked for: whoever counts branches prepares before."""

from __future__ import annotations

import importlib

from hypothesis import strategies as st

from tests.fuzz.harness import Target, corpus, mutant

NAMES = ("codec", "tlv", "frame", "server")


def target_of(name: str) -> Target:
    """Raises KeyError for a name that is none."""
    if name not in NAMES:
        raise KeyError(name)
    found = importlib.import_module(f"tests.fuzz.{name}").TARGET
    assert isinstance(found, Target)
    return found


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Mutants of the corpus, and any bytes."""
    seeds = st.sampled_from(corpus(target))
    mutants = st.tuples(seeds, st.randoms(use_true_random=False)).map(lambda drawn: mutant(target, *drawn))
    return mutants | seeds | st.binary(max_size=min(target.longest, 300))
