"""Makes the cards of one bench: numbers that no other worker uses, names that never come again, cards that are kept."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from protocols.events import Emit
from protocols.faults import ConfigurationError, RigFault
from protocols.pan import derived
from rigs.allowlist import CardGuard
from rigs.cards.faulty import card_fault
from simulators.card import CardProfile, ChipCard
from simulators.card.faults import CardFault

CARDS_A_WORKER = 100_000
"""Each worker derives its test cards from a stretch of its own, so that no two workers share a card."""
WORKERS = 25
"""Of whom each has a stretch of numbers that are too short for stretches of that length."""
EXPIRED = "2001"


class Wanted(NamedTuple):
    """What is asked for: see `Bench.issue_card`."""

    kind: str
    fault: str = ""
    expired: bool = False
    keep: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A card that outlives its case. Its name does not: an account is one case's, and is known by its card's name."""

    kind: str
    card: ChipCard
    named: bool = True


class CardMaker:
    """Of the worker at a position. `guard` says which cards may be used at all: only those are witnessed. `protect` is
    told each number before anybody else is."""

    def __init__(
        self, profiles: Mapping[str, CardProfile], position: int, emit: Emit, guard: CardGuard,
        protect: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._profiles = profiles
        self._position = position
        self._emit = emit
        self._guard = guard
        self._protect = protect
        self._numbers: dict[int, Iterator[int]] = {}
        self._names: set[str] = set()
        self._kept: dict[str, Kept] = {}

    def make(self, wanted: Wanted) -> ChipCard:
        """Raises ConfigurationError for a kind or a fault that is not there, RigFault when the numbers are used up."""
        profile, fault = self._profile(wanted)
        kept = self._before(wanted)
        if kept is None:
            shown = profile.changed(fault.profile) if fault is not None and fault.profile else profile
            pan = self.next_pan(shown.pan_prefix, shown.pan_digits)
            card = self._card(profile, pan, self._name(wanted.kind, pan), fault)
        else:
            before = kept.card
            name = before.name if kept.named else self._name(wanted.kind, before.pan)
            card = self._card(profile, before.pan, name, fault, before)
        if wanted.keep:
            self._kept[wanted.keep] = Kept(wanted.kind, card)
        return card

    def _profile(self, wanted: Wanted) -> tuple[CardProfile, CardFault | None]:
        if wanted.kind not in self._profiles:
            near = difflib.get_close_matches(wanted.kind, self._profiles, n=3)
            raise ConfigurationError(
                f"the rig has no {wanted.kind!r} card",
                advice=f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(self._profiles)}",
            )
        profile = self._profiles[wanted.kind]
        fault = card_fault(wanted.fault) if wanted.fault else None
        return profile.changed({"expiry": EXPIRED}) if wanted.expired else profile, fault

    def end_case(self) -> None:
        """Kept cards are called otherwise from now on."""
        self._kept = {keep: replace(kept, named=False) for keep, kept in self._kept.items()}

    def _before(self, wanted: Wanted) -> Kept | None:
        """The same card as it was."""
        kept = self._kept.get(wanted.keep) if wanted.keep else None
        if kept is not None and kept.kind != wanted.kind:
            raise ConfigurationError(
                f"the card that is kept as {wanted.keep!r} is a {kept.kind} card", advice="keep it by another name"
            )
        return kept

    def _card(
        self, profile: CardProfile, pan: str, name: str, fault: CardFault | None, before: ChipCard | None = None
    ) -> ChipCard:
        self._protect(pan)
        witness = self._emit if self._guard.lists(pan) else None
        state = before.state if before is not None else None
        return ChipCard(profile, pan, name=name, emit=self._emit, witness=witness, fault=fault, state=state)

    def next_pan(self, prefix: str, digits: int = 16) -> str:
        """A number that no card of any worker had. Cards of one length differ by more than their range."""
        if digits not in self._numbers:
            stretch = min(CARDS_A_WORKER, 10 ** (digits - len(prefix) - 1) // WORKERS)
            first = self._position * stretch + 1
            self._numbers[digits] = iter(range(first, first + stretch))
        number = next(self._numbers[digits], None)
        pan = None if number is None else next(derived(prefix, number, digits), None)
        if pan is None:
            raise RigFault("this worker has used up its test cards", advice="run with fewer workers, or start anew")
        return pan

    def _name(self, kind: str, pan: str) -> str:
        """Last four digits come again after some hundred cards; names never do."""
        name = plain = f"{kind}-{pan[-4:]}"
        number = 1
        while name in self._names:
            number += 1
            name = f"{plain}-{number}"
        self._names.add(name)
        return name
