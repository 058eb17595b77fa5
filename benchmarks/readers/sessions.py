"""The kinds of sessions with a reader, how often each comes, and the steps of the n-th: all from a seed.

A session begins with a card that is powered and has answered a few commands; a kind says how it goes on. It ends with
a driver and a reader that are well, and with a card in the slot or none, as the seed says: so the n-th can be played
again without those before it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.readers.model import Model, other
from benchmarks.readers.steps import Step

CARDS = 6
SIZES = (0, 1, 8, 64, 250, 255)
EXTENDED = (256, 1000, 4000)
SHORT_DEADLINE_S = 0.8
"""Of a driver whose daemon hangs: so long such a session waits."""
MOMENT_S = 0.01
STRETCH = 500
"""Every other so many sessions leave reader and daemon alone: so one lives long enough to show what it leaks."""
STAYS = 0.3

Plan = Callable[[random.Random, int], list[Step]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`weight` is how often it comes; a harsh one costs a daemon its life, and `daemon` ones need one."""

    plan: Plan
    weight: float
    harsh: bool = False
    daemon: bool = False


def some(dice: random.Random, card: int) -> list[Step]:
    """A few commands, now and then a long one if the card takes it."""
    sizes = SIZES + (EXTENDED if card % 2 and dice.random() < 0.2 else ())
    return [Step("transmit", size=dice.choice(sizes)) for _ in range(dice.randint(1, 4))]


def one(dice: random.Random, trap: str = "") -> Step:
    return Step("transmit", size=dice.choice(SIZES), trap=trap)


def some_time(dice: random.Random) -> float:
    """Seconds in which a few commands go back and forth."""
    return dice.uniform(0.0, 0.003)


def soon(dice: random.Random) -> float:
    """Seconds in which a card is powered."""
    return dice.uniform(0.0, 0.002)


IN, OUT = Step("wait", present=True), Step("wait", present=False)
BRIEFLY = Step("wait", deadline_s=MOMENT_S)
ON, OFF = Step("power on"), Step("power off")
PRESENT, HEALTHY, RECOVER = Step("present"), Step("healthy"), Step("recover")
ALONE = Step("reopen", revives=False)
"""A driver that has nobody to call when the reader is lost."""
HASTY = Step("reopen", deadline_s=SHORT_DEADLINE_S)
HASTY_ALONE = Step("reopen", deadline_s=SHORT_DEADLINE_S, revives=False)
PATIENT = (Step("reopen"), IN, ON)
AGAIN, AT_LAST = (OFF, IN, ON), Step("power on at last")
WELL = (HEALTHY, RECOVER, HEALTHY, IN, ON)

KINDS: dict[str, Kind] = {
    "plain": Kind(lambda dice, card: [], 380),
    "pulled": Kind(lambda dice, card: [Step("remove"), one(dice), OUT, PRESENT, ON], 70),
    "taken out when done": Kind(lambda dice, card: [OFF, Step("leave"), PRESENT, ON], 50),
    "torn at work": Kind(
        lambda dice, card: [one(dice, "torn"), one(dice), OUT, Step("insert", other(card)), *AGAIN], 70
    ),
    "pulled and put back": Kind(lambda dice, card: [Step("bounce"), one(dice), *AGAIN, *some(dice, card)], 60),
    "pulled and put back thrice": Kind(
        lambda dice, card: [*3 * (Step("bounce"),), one(dice), *AGAIN, *some(dice, card)], 30
    ),
    "changed thrice as it is powered": Kind(
        lambda dice, card: [
            OFF, Step("insert", other(card)), Step("insert", card),
            Step("power race", other(card), trap="insert", deadline_s=soon(dice)), AT_LAST, one(dice),
        ], 30,
    ),
    "pulled and put back at work": Kind(lambda dice, card: [one(dice, "bounced"), *AGAIN, *some(dice, card)], 50),
    "another in its place": Kind(lambda dice, card: [Step("insert", other(card)), one(dice), *AGAIN, one(dice)], 60),
    "another in its place at work": Kind(lambda dice, card: [one(dice, "swapped"), *AGAIN, one(dice)], 50),
    "slow": Kind(lambda dice, card: [one(dice, "slow"), *some(dice, card)], 30),
    "garbage": Kind(lambda dice, card: [one(dice, "garbage"), *some(dice, card)], 40),
    "reset": Kind(lambda dice, card: [Step("reset"), *some(dice, card), OFF, ON, *some(dice, card)], 40),
    "pulled some time": Kind(
        lambda dice, card: [Step("race", trap="remove", deadline_s=some_time(dice)), OUT, OFF, PRESENT], 40
    ),
    "pulled and put back some time": Kind(
        lambda dice, card: [Step("race", trap="bounce", deadline_s=some_time(dice)), *AGAIN, *some(dice, card)], 40
    ),
    "another in its place some time": Kind(
        lambda dice, card: [Step("race", other(card), trap="insert", deadline_s=some_time(dice)), *AGAIN, one(dice)], 40
    ),
    "another in its place as it is powered": Kind(
        lambda dice, card: [
            OFF, Step("power race", other(card), trap="insert", deadline_s=soon(dice)), AT_LAST, one(dice)
        ], 40,
    ),
    "pulled and put back as it is powered": Kind(
        lambda dice, card: [OFF, Step("power race", trap="bounce", deadline_s=soon(dice)), AT_LAST, one(dice)], 40
    ),
    "reader misses an insertion": Kind(
        lambda dice, card: [
            OFF, Step("remove"), OUT, Step("insert", card, trap="missed"), BRIEFLY, PRESENT, ON,
            Step("remove"), Step("insert", card), IN, ON, one(dice),
        ], 20,
    ),
    "pulled before a reset": Kind(lambda dice, card: [Step("remove"), Step("reset"), OUT], 20),
    "no card": Kind(
        lambda dice, card: [OFF, Step("remove"), OUT, ON, one(dice), BRIEFLY], 30
    ),
    "asked who it is": Kind(lambda dice, card: [OFF, Step("attributes"), HEALTHY, PRESENT, ON, *some(dice, card)], 20),
    "held by another": Kind(lambda dice, card: [Step("held"), *some(dice, card)], 20, daemon=True),
    "opened anew": Kind(lambda dice, card: [Step("reopen"), one(dice), ON, *some(dice, card)], 20),
    "mute at a command": Kind(lambda dice, card: [one(dice, "mute"), OFF, ON, *some(dice, card)], 4),
    "one byte": Kind(lambda dice, card: [one(dice, "one byte"), OFF, ON, *some(dice, card)], 3),
    "no bytes": Kind(lambda dice, card: [one(dice, "nothing"), OFF, ON, *some(dice, card)], 3),
    "mute at power on": Kind(
        lambda dice, card: [OFF, Step("remove"), OUT, Step("insert", card, trap="mute"), IN, ON], 4
    ),
    "unplugged": Kind(lambda dice, card: [Step("unplug"), one(dice), *WELL, *some(dice, card)], 5, harsh=True),
    "reader drops out by itself": Kind(lambda dice, card: [one(dice, "drops out"), *WELL, one(dice)], 4, harsh=True),
    "unplugged, nothing asked": Kind(lambda dice, card: [OFF, Step("unplug"), OUT, *WELL, one(dice)], 4, harsh=True),
    "unplugged some time": Kind(
        lambda dice, card: [Step("race", trap="unplug", deadline_s=some_time(dice)), *WELL, one(dice)], 4, harsh=True
    ),
    "unplugged at work": Kind(
        lambda dice, card: [one(dice, "unplugged"), one(dice), *WELL, *some(dice, card)], 5, harsh=True
    ),
    "unplugged and plugged in": Kind(
        lambda dice, card: [ALONE, ON, one(dice, "unplugged"), OFF, Step("replug"), *WELL, one(dice)], 4, harsh=True
    ),
    "daemon killed": Kind(
        lambda dice, card: [Step("kill"), one(dice), PRESENT, *WELL, *some(dice, card)], 8, harsh=True, daemon=True
    ),
    "daemon killed some time": Kind(
        lambda dice, card: [Step("race", trap="kill", deadline_s=some_time(dice)), *WELL, one(dice)],
        6, harsh=True, daemon=True,
    ),
    "daemon killed at work": Kind(
        lambda dice, card: [one(dice, "killed"), *WELL, *some(dice, card)], 6, harsh=True, daemon=True
    ),
    "daemon restarted": Kind(
        lambda dice, card: [ALONE, ON, Step("restart"), one(dice), OFF, *WELL, one(dice)], 6, harsh=True, daemon=True
    ),
    "daemon stopped": Kind(
        lambda dice, card: [HASTY, ON, Step("stop"), one(dice), PRESENT, OFF, RECOVER, *PATIENT, one(dice)],
        5, harsh=True, daemon=True,
    ),
    "daemon stopped and goes on": Kind(
        lambda dice, card: [
            HASTY_ALONE, ON, Step("stop"), one(dice), Step("continue"), OFF, RECOVER, HEALTHY, IN, *PATIENT, one(dice)
        ], 4, harsh=True, daemon=True,
    ),
    "too slow": Kind(
        lambda dice, card: [HASTY, ON, one(dice, "too slow"), one(dice), RECOVER, *PATIENT, one(dice)],
        4, harsh=True, daemon=True,
    ),
}  # fmt: skip


def kind_of(seed: int, number: int, *, daemon: bool) -> str:
    """The kind of the n-th session. The in-process twin has no daemon that could die."""
    gentle = number // STRETCH % 2 == 1
    fit = {name: k.weight for name, k in KINDS.items() if not (k.harsh and gentle) and (daemon or not k.daemon)}
    return random.Random(f"{seed}/{number}/kind").choices(list(fit), list(fit.values()))[0]


def left_in(seed: int, number: int) -> int:
    """The card that is in the slot after the n-th session; -1 for none."""
    dice = random.Random(f"{seed}/{number}/left")
    return dice.randrange(CARDS) if number >= 0 and dice.random() < STAYS else -1


def opening(seed: int, number: int) -> list[Step]:
    """A card is in, powered, and has answered. What was left in may stay, or make room for another."""
    dice, there = random.Random(f"{seed}/{number}/opening"), left_in(seed, number - 1)
    steps: list[Step] = []
    card = there
    if there < 0 or dice.random() < 0.5:
        card = dice.randrange(CARDS)
        if there >= 0:
            steps += [Step("remove"), OUT] if dice.random() < 0.5 else [Step("leave")]
        steps += [Step("come", card)] if dice.random() < 0.3 else [Step("insert", card)]
    return [*steps, IN, ON, *some(dice, card)]


def middle(seed: int, number: int, kind: str, card: int) -> list[Step]:
    """What makes the session one of its kind."""
    return KINDS[kind].plan(random.Random(f"{seed}/{number}/middle"), card)


def ending(model: Model, seed: int, number: int) -> list[Step]:
    """All is well again, and the slot holds what the next session reckons with."""
    leaves = left_in(seed, number)
    steps = [OFF] + ([Step("recover")] if model.needs_recovery else [])
    if not (model.revives and model.patient):
        steps.append(Step("reopen"))
    if leaves < 0 and model.card >= 0:
        steps += [Step("remove"), OUT]
    if leaves >= 0 and (leaves != model.card or model.mute):
        steps += ([Step("remove"), OUT] if model.card >= 0 else []) + [Step("insert", leaves), IN]
    return [*steps, PRESENT, HEALTHY]
