"""Only test cards: the guard between a reader and everybody else. Design 7; cases.md 215.

A reader's driver shows the guard each answer of a card before anybody is told of it. The first answer that shows a
card number outside the rig's list goes no further: the card is powered off, the run is marked as stopped for all its
workers, and `ForeignCard` ends the case. From then on the guard is shut: no answer passes any more.

What cannot be promised is said in `docs/test-cards.md`.
"""

from __future__ import annotations

import resource
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from protocols.cardlist import CardList
from protocols.emv.card_numbers import Shown, numbers_shown
from protocols.events import Channel, Emit, Event, discard
from protocols.faults import FOREIGN_CARD, ForeignCard

STOPPED = "stopped.txt"
"""In a run folder: why no case may be started any more, in words."""
CORE_FILTER = Path("/proc/self/coredump_filter")
NO_CORE = 1
"""Bytes: no core file is that small, and of exactly this limit the kernel gives none to a program either. core(5)"""


class CardHolder(Protocol):
    """What a guard asks of the reader that it watches."""

    def power_off(self) -> None:
        """Let the card go. Never raises for a card that has left already."""


def alone() -> None:
    """A guard that no run depends on has nobody to stop."""


class CardGuard:
    """Lets the numbers of a list pass. `stop` ends the run; `emit` is told which entry of the list let a card in."""

    def __init__(self, listed: CardList, emit: Emit = discard, *, stop: Callable[[], None] = alone) -> None:
        self._listed = listed
        self._emit = emit
        self._stop = stop
        self._watched: list[CardHolder] = []
        self._shut = False

    @property
    def shut(self) -> bool:
        """Whether a foreign card was presented."""
        return self._shut

    def watch(self, reader: CardHolder) -> None:
        """This reader's card is powered off when a foreign card is seen. From now on a number may be in memory."""
        no_core_files()
        self._watched.append(reader)

    def lists(self, pan: str) -> bool:
        """Whether a card with this number may be used."""
        return self._listed.entry_of(pan) is not None

    def admit(self, command: bytes, answer: bytes) -> None:
        """A card's whole answer, before it is told, returned or read further. Raises ForeignCard."""
        self._refuse_when_shut()
        entries = [self._entry_of(shown) for shown in numbers_shown(command, answer)]
        if None in entries:
            self._end()
        for entry in dict.fromkeys(filter(None, entries)):
            self._emit(Event(Channel.CARD, "listed", {"entry": entry}))

    def number(self, pan: str) -> None:
        """A number that was typed, or read from a stripe, before it is used. Raises ForeignCard."""
        self._refuse_when_shut()
        if not self.lists(pan):
            self._end()

    def _entry_of(self, shown: Shown) -> str | None:
        """The entry that lets one reading in; none at all is a foreign card. A number that is cut off has no entry."""
        if shown.cut:
            return "" if any(map(self._listed.may_begin_with, shown.readings)) else None
        return next((entry for reading in shown.readings if (entry := self._listed.entry_of(reading))), None)

    def _refuse_when_shut(self) -> None:
        if self._shut:
            raise ForeignCard

    def _end(self) -> None:
        """Everything is tried, whatever fails before: the card off first, then the word to all workers."""
        self._shut = True
        error = ForeignCard()
        told = Event(
            Channel.RIG, "fault", {"cause": error.message, "component": error.component, "advice": error.advice}
        )
        acts: list[Callable[[], object]] = [reader.power_off for reader in self._watched]
        acts += [self._stop, partial(self._emit, told)]
        for act in acts:
            with suppress(Exception):
                act()
        raise error


# ── the run ───────────────────────────────────────────────────────────────────────────────────────────────────────


def stop_run(folder: Path, why: str = FOREIGN_CARD) -> None:
    """Mark a run as stopped: no worker starts a case any more. A foreign card outdoes any other reason."""
    if why == FOREIGN_CARD or not stopped(folder):
        (folder / STOPPED).write_text(why + "\n", "utf-8")


def stopped(folder: Path) -> str:
    """Why a run was stopped; empty when it was not."""
    try:
        return (folder / STOPPED).read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


# ── memory ────────────────────────────────────────────────────────────────────────────────────────────────────────


def forget(error: BaseException | None) -> None:
    """Drop what the frames behind an error still hold of an answer, those of its causes included.

    Frames that have not returned yet keep theirs: this is for whoever caught the error.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def no_core_files() -> None:
    """No core file of this process is written from now on, nor of those that it starts, pcscd being one.

    Should one be written all the same, since a limit means little to a program that takes them, no memory is in it.
    """
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    most = NO_CORE if hard == resource.RLIM_INFINITY else min(NO_CORE, hard)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    with suppress(OSError):  # a kernel without it writes no cores
        CORE_FILTER.write_text("0")
