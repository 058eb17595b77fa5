"""Mishaps at a moment that nobody has chosen: a card is pulled, or a daemon killed, while commands go back and forth.

Where exactly it falls is not for the model to say. What came before it must be right, what it ends with is certain,
and the one command that it may have fallen into reached the card or did not.
"""

from __future__ import annotations

import threading

from benchmarks.readers.cards import atr
from benchmarks.readers.model import FAULTS, GONE, REMOVED, YES, Model, shown
from benchmarks.readers.stand import DEADLINE_S, Player
from benchmarks.readers.steps import Step

ENDS = {"remove": REMOVED, "bounce": REMOVED, "insert": REMOVED, "unplug": GONE, "kill": GONE}
"""What a command comes to after each mishap."""
ASK = Step("transmit", size=8)
TRIES = 4
"""Before a card that has stopped moving must have been seen."""


class _Mishap:
    """Done by another thread after the step's time."""

    def __init__(self, player: Player, step: Step) -> None:
        self.begun = threading.Event()
        self._player, self._act = player, Step(step.trap, step.card)
        self._timer = threading.Timer(step.deadline_s, self._run)
        self._timer.start()

    def _run(self) -> None:
        self.begun.set()
        self._player.do(self._act, b"")

    @property
    def over(self) -> bool:
        return not self._timer.is_alive()

    def join(self) -> None:
        self._timer.join(DEADLINE_S)


def commands(player: Player, model: Model, step: Step) -> tuple[str, str]:
    """Commands until one fails: how it ended, and how it had to."""
    mishap, wanted = _Mishap(player, step), ENDS[step.trap]
    try:
        while True:
            over, raw = mishap.over, model.next_command(ASK.size)
            got = player.do(ASK, raw)
            if got in FAULTS or over:
                break
            foretold = model.expect(ASK)
            if got != foretold:
                return got, foretold
        if not mishap.begun.is_set():
            return f"{got} too early", wanted
    finally:
        mishap.join()
    model.cut_short(Step(step.trap, step.card), lost=wanted == GONE)
    return got, wanted


def power_on(player: Player, model: Model, step: Step) -> tuple[str, str]:
    """A card is changed while it is powered: what came of it and of a command after it, and what that had to be."""
    before, mishap = model.card, _Mishap(player, step)
    got = player.do(Step("power on"), b"")
    mishap.join()
    model.expect(Step("power off"))
    model.expect(Step(step.trap, step.card))  # at once after what came before: nobody can say what was seen of it
    if got == REMOVED:
        return got, REMOVED
    if got not in (shown(atr(before)), shown(atr(model.card))):
        return got, f"the ATR of {before} or {model.card}"
    return _after(player, model, got)


def at_last(player: Player, model: Model, step: Step) -> tuple[str, str]:
    """The card is powered once its movements have been seen: until then it may be gone again, or its ATR an old one."""
    for _ in range(TRIES):
        player.do(Step("power off"), b"")
        if (there := player.do(Step("wait"), b"")) != YES:
            return there, YES
        got = player.do(Step("power on"), b"")
        if got != REMOVED:
            if got in FAULTS:
                return got, "an ATR"
            got, wanted = _after(player, model, got)
            if (got, wanted) != (REMOVED, REMOVED):
                return got, wanted
    return REMOVED, "an answer at last"


def _after(player: Player, model: Model, told: str) -> tuple[str, str]:
    """A command after a card was powered and gave this ATR, and what it has to come to.

    An old ATR means that the card left after it. A right one may have been had just before the movement was seen.
    """
    model.told["atr"] += 1
    model.take_for_powered()
    said = player.do(ASK, model.next_command(ASK.size))
    if said != REMOVED and told == shown(atr(model.card)):
        return said, model.expect(ASK)
    model.cut_short(Step("power off"), lost=False)
    return said, REMOVED
