"""What the events demand of the terminal verification results: bits that must be set, and bits that must not be.

A bit of which nobody demands anything is open: the evidence does not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocols.emv.verification import Capabilities, Tvr
from reports.judge.chip.messages import message_of
from reports.judge.chip.rounds import Round
from reports.judge.chip.setting import Personality, Setting, personality_of, setting_of
from reports.judge.chip.walk import Walk
from reports.judge.finding import Check
from reports.judge.registry import View


@dataclass(frozen=True, slots=True)
class Demand:
    """One bit, whether it must be set, and the events that demand it."""

    bit: Tvr
    due: bool
    why: str
    numbers: tuple[int, ...] = ()


def due(bit: Tvr, why: str, *numbers: int) -> Demand:
    return Demand(bit, True, why, numbers)


def barred(bit: Tvr, why: str, *numbers: int) -> Demand:
    return Demand(bit, False, why, numbers)


def demand(bit: Tvr, holds: bool, why: str, why_not: str, *numbers: int) -> Demand:
    """Due when something holds, barred when it does not."""
    return Demand(bit, holds, why if holds else why_not, numbers)


@dataclass(frozen=True)
class Case:
    """A walk with its first cryptogram, and all that is known beside."""

    view: View
    walk: Walk
    first: Round
    setting: Setting
    card: Personality
    message: Mapping[str, bytes]

    def terminal(self, tag: str) -> bytes:
        """A value of the terminal's: as it gave it to the card, else as it told the host; empty where it did not."""
        return self.first.data.get(tag) or self.message.get(tag, b"")

    @property
    def capabilities(self) -> Capabilities | None:
        """As the terminal told them, else as the rig set them."""
        value = self.terminal("9F33") or self.setting.code("capabilities")
        return Capabilities.parse(value) if len(value) == Capabilities.size() else None

    @property
    def tvr(self) -> Tvr | None:
        """The results when the first cryptogram was asked for."""
        given, sent = self.first.tvr, self.message.get("95", b"")
        if given is not None:  # none of its bits may be set
            return given
        return Tvr.parse(sent) if len(sent) == Tvr.size() else None


def case_of(view: View, walk: Walk) -> Case | None:
    """None where no cryptogram was asked for."""
    if walk.first is None:
        return None
    return Case(
        view, walk, walk.first, setting_of(view, walk), personality_of(view, walk), message_of(view, walk)
    )  # fmt: skip


def compare(check: Check, tvr: Tvr, where: Round, demands: Iterable[Demand]) -> int:
    """Hold a value against what is demanded; how many bits were judged."""
    count = 0
    for wanted in demands:
        count += 1
        check.see(where.numbers[0])
        if bool(tvr & wanted.bit) is not wanted.due:
            how = "is not set" if wanted.due else "is set"
            text = f"TVR {tvr.pack().hex().upper()}: '{wanted.bit.label}' {how}, though {wanted.why}"
            check.deviate(text, where.numbers[0], *wanted.numbers)
    return count
