"""What a fuzz target is: bytes in, an AssertionError or any other exception out when something is wrong.

A target must not depend on who drives it: atheris by coverage (`benchmarks/fuzz.py`), Hypothesis, or a test that plays
a corpus. Its mutator draws from the dice that it is given and from nothing else, so that a run can be repeated.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
Mutate = Callable[[bytes, random.Random], bytes]
INTERESTING = (0, 1, 2, 7, 8, 9, 10, 15, 16, 17, 31, 99, 100, 127, 128, 129, 254, 255)


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug that is put into the code in memory. A target that does not find it in so many executions is blind.

    `quick` ones are looked for by the tests.
    """

    name: str
    planted: Callable[[], AbstractContextManager[object]]
    within: int
    quick: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """`longest` counts bytes of an input; `words` are what a mutation may put in.

    `share` of the mutations are the target's own; the others are made by whoever drives it. `unit` is what an input is
    made of, in bytes, behind its first `head`: it is made smaller by whole units.
    """

    name: str
    run: Callable[[bytes], None]
    mutate: Mutate
    seeds: Callable[[], list[bytes]]
    plants: tuple[Plant, ...]
    longest: int
    words: tuple[bytes, ...] = ()
    share: float = 0.5
    unit: int = 1
    head: int = 0


def corpus(target: Target) -> list[bytes]:
    """The inputs of the script, and those that earlier runs kept as worth keeping."""
    kept = CORPUS / f"{target.name}.txt"
    lines = kept.read_text(encoding="ascii").split() if kept.exists() else []
    return [*target.seeds(), *map(bytes.fromhex, lines)]


def changed_bytes(data: bytes, dice: random.Random) -> bytes:
    """A change that knows nothing of what the bytes mean."""
    if not data:
        return dice.randbytes(dice.randint(1, 8))
    at = dice.randrange(len(data))
    end = min(len(data), at + dice.randint(1, 8))
    how = dice.randrange(6)
    if how == 0:
        return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]
    if how == 1:
        return data[:at] + bytes([dice.choice(INTERESTING)]) + data[at + 1 :]
    if how == 2:
        return data[:at] + data[end:]
    if how == 3:
        return data[:at] + dice.randbytes(end - at) + data[at:]
    if how == 4:
        return data[:end] + data[at:end] + data[end:]
    other = dice.randrange(len(data))
    return data[:at] + data[other : other + end - at] + data[end:]


def found_after(target: Target, plant: Plant, pool: Sequence[bytes], seed: int = 0) -> tuple[int, Exception] | None:
    """Executions without coverage until the planted bug showed, and how it did; None when it stayed hidden.

    Mutants of the pool, up to four changes each; every eighth joins the pool.
    """
    dice, alive = random.Random(seed), list(pool)
    with plant.planted():
        for number in range(1, plant.within + 1):
            data = alive[number - 1] if number <= len(pool) else mutant(target, dice.choice(alive), dice)
            try:
                target.run(data)
            except Exception as error:
                return number, error
            if number > len(pool) and number % 8 == 0:
                alive.append(data)
    return None


def mutant(target: Target, data: bytes, dice: random.Random) -> bytes:
    """One to four changes of an input."""
    for _ in range(dice.randint(1, 4)):
        own = dice.random() < target.share
        data = (target.mutate(data, dice) if own else changed_bytes(data, dice))[: target.longest]
    return data


def failure(target: Target, data: bytes) -> str:
    """What is wrong with an input: kind and first words of the error, without its numbers; empty when nothing is."""
    try:
        target.run(data)
    except Exception as error:
        words = str(error).partition(":")[0]
        return f"{type(error).__name__}: {''.join(c for c in words if not c.isdigit())}"
    return ""


def smallest(target: Target, data: bytes, tries: int = 2_000) -> bytes:
    """As little of a failing input as fails in the same way, found within so many executions."""
    wanted = failure(target, data)
    size = max(target.unit, (len(data) - target.head) // 2 // target.unit * target.unit)
    while wanted and size:
        at, shrunk = target.head, False
        while at < len(data) and tries:
            less = data[:at] + data[at + size :]
            tries -= 1
            if failure(target, less) == wanted:
                data, shrunk = less, True
            else:
                at += size
        if not tries:
            break
        if not shrunk or size > target.unit:
            size = 0 if size == target.unit else max(target.unit, size // 2 // target.unit * target.unit)
    return _with_zeros(target, data, wanted, tries)


def _with_zeros(target: Target, data: bytes, wanted: str, tries: int) -> bytes:
    for at in range(min(len(data), tries)):
        if data[at] and failure(target, plain := data[:at] + b"\x00" + data[at + 1 :]) == wanted:
            data = plain
    return data
