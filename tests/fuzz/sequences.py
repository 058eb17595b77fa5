"""Inputs of target `server`: a byte that chooses the market, and steps; stories to begin with, and mutants of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.fuzz.harness import INTERESTING
from tests.fuzz.requests import AMOUNTS, ANOTHER_AMOUNT, KIND_OF, KINDS, STEP

STEPS = 24
"""At most, of a sequence."""
LONGEST = 1 + STEP * STEPS


def steps(data: bytes) -> Iterator[bytes]:
    """Whole steps alone."""
    for at in range(1, min(len(data), LONGEST) - STEP + 1, STEP):
        yield data[at : at + STEP]


def step_of(op: int = 0, kind: int = 0, who: int = 0, mac: int = 0, one: bytes = bytes(3), two: bytes = bytes(3),
            manner: int = 0, extra: int = 0) -> bytes:  # fmt: skip
    return bytes([op, kind, who, mac]) + one + two + bytes([manner, extra])


def seeds() -> list[bytes]:
    """Each kind after a sign-on, by chip and by follow-up; and some stories."""
    on, hold = step_of(kind=0), step_of(kind=1)
    most = step_of(kind=KIND_OF["completion"], two=bytes([0, ANOTHER_AMOUNT, AMOUNTS.index("000000011500")]))
    stories = [
        on + hold + most + step_of(kind=KIND_OF["void"]),
        on + hold + step_of(kind=KIND_OF["completion"]) + step_of(kind=KIND_OF["reversal"]),
        on + hold + step_of(op=10) + step_of(op=10, manner=3) + step_of(kind=KIND_OF["reversal"]),
        on + step_of(kind=1, manner=3) + step_of(kind=5, manner=3) + step_of(kind=1),
        on + step_of(who=1) + hold + step_of(kind=1, who=5) + step_of(op=13, mac=1, two=b"\x01\x01\x01"),
        on + hold + step_of(op=14, one=b"\x24\x00\x00") + step_of(kind=KIND_OF["cancel"]),
        on + hold + step_of(op=12, one=b"\x00\x08\x60") + step_of(op=12, one=b"\x00\x01\xff"),
    ]
    singles = [on + hold + step_of(kind=kind) + step_of(kind=kind, extra=1, who=1) for kind in range(len(KINDS))]
    macs = [on + on + step_of(kind=1, mac=mac) for mac in (11, 12, 13, 14, 15)]
    changes = [on + step_of(kind=1, one=bytes([which, how, 5])) for which in (1, 30) for how in range(4, 12)]
    return [b"\x00" + body for body in (*stories, *singles, *macs, *changes)] + [
        bytes([market]) + story for market in (5, 6, 7) for story in stories[:3]
    ]


def mutate(data: bytes, dice: random.Random) -> bytes:
    """A step more, one less, one from elsewhere, or one byte of one: steps stay in step."""
    head, played = (data[:1] or b"\x00"), list(steps(data))
    how = dice.randrange(8)
    at = dice.randrange(len(played) + 1)
    if how <= 1 or at == len(played):
        played.insert(at, random_step(dice))
    elif how == 2 and len(played) > 1:
        del played[at]
    elif how == 3:
        played.insert(dice.randrange(len(played) + 1), played[at])
    elif how == 4:
        played[at] = random_step(dice)
    elif how == 5:
        head = bytes([dice.choice((0, 5, 6, 7))])
    else:
        byte = dice.randrange(STEP)
        value = dice.choice(INTERESTING) if dice.random() < 0.3 else dice.randrange(256)
        played[at] = played[at][:byte] + bytes([value]) + played[at][byte + 1 :]
    if dice.random() < 0.3 and sum(step[:2] == b"\x00\x00" for step in played) < 2:  # without keys little happens
        played = [step_of(), step_of(who=1), *played]
    return head + b"".join(played[:STEPS])


CHANGES = (0,) * 12 + tuple(range(4, 12))
"""Of a step that is made: three of five times a field stays as it is."""


def random_step(dice: random.Random) -> bytes:
    """Mostly a request, mostly right but for one change."""
    one, two = (bytes([dice.randrange(256), *dice.choices(CHANGES), dice.randrange(256)]) for _ in range(2))
    if dice.random() < 0.1:
        two = bytes([0, ANOTHER_AMOUNT, dice.randrange(256)])
    return step_of(
        dice.randrange(16), dice.randrange(len(KINDS)), dice.choice((0, 0, 0, 1, 4, 16, 17, dice.randrange(256))),
        dice.choice((0, 0, 0, 0, dice.randrange(16))), one, two, dice.choice((0, 0, 3, dice.randrange(256))),
        dice.choice((0, 0, 1, dice.randrange(256))),
    )  # fmt: skip
