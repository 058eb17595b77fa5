"""Readers in every kind that the contract is held against, and a card that does what a test tells it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from protocols.events import Event, discard
from rigs.readers.choice import ReaderChoice
from rigs.readers.embedded import EmbeddedReader
from rigs.readers.pcsc import PcscReader, Pyscard
from rigs.readers.telling import Admit
from rigs.readers.winscard import EMPTY, NOT_WATCHED, OK
from rigs.yamlfile import load_strict
from simulators.reader import PcscService, ReaderModel, Slot
from simulators.reader.faults import ReaderFaults
from simulators.reader.profile import ReaderProfile
from simulators.reader.service import READER_NAME
from tests.simulators.kit import DEADLINE_S, ROOT, Events

ATR = bytes.fromhex("3B6800000073C84013009000")
OTHER_ATR = bytes.fromhex("3B6800000073C84013009001")
T1_ATR = bytes.fromhex("3B800181")
ECHO = bytes.fromhex("00B2010C00")
SELECT_PSE = bytes.fromhex("00A404000E315041592E5359532E444446303100")
UID = bytes.fromhex("04A1B2C3D4E5F6")
CALL_DEADLINE_S = 10.0
WAIT_MS = 1000
DONE = b"\x90\x00"
PROFILES = {"contact": "plain", "contactless": "acr122u-like", "pinpad": "pinpad-like"}


def profile(kind: str) -> ReaderProfile:
    return load_strict(ROOT / f"rigs/readers/profiles/{PROFILES[kind]}.yaml", ReaderProfile)


@dataclass
class TestCard:
    """Answers each command with itself and 9000, or as `answers` says; `mute` keeps it silent.

    `during` runs while the card works on its next command, `waking` while it is powered the next time.
    """

    __test__ = False
    name: str = "card"
    atr: bytes = ATR
    mute: bool = False
    uid: bytes = UID
    answers: Callable[[bytes], bytes] | None = None
    during: Callable[[], object] | None = None
    waking: Callable[[], object] | None = None
    powered: int = 0
    seen: list[bytes] = field(default_factory=list)

    def power_on(self) -> bytes:
        self.powered += 1
        if self.waking is not None:
            waking, self.waking = self.waking, None
            waking()
        return self.atr

    def transmit(self, raw: bytes) -> bytes | None:
        self.seen.append(raw)
        if self.during is not None:
            during, self.during = self.during, None
            during()
        if self.mute:
            return None
        return self.answers(raw) if self.answers else raw + DONE


class People(Protocol):
    """Who moves cards and cables. A twin's slot obeys at once; a person is asked, and given time."""

    def insert(self, card: TestCard) -> None:
        """Put it in."""

    def remove(self) -> None:
        """Take it out."""

    def unplug(self) -> None:
        """Pull the reader's plug."""

    def replug(self) -> None:
        """And put it in again."""


@dataclass
class ReaderBench:
    """A driver, who stands beside it, and what both told."""

    driver: PcscReader | EmbeddedReader
    people: People
    events: Events

    @property
    def slot(self) -> Slot:
        """What only a twin can do. A real reader leaves the clause out, and says why."""
        if not isinstance(self.people, Slot):
            pytest.skip("takes a twin: it does what nobody can do to a real card or reader on time")
        return self.people

    @property
    def command(self) -> bytes:
        """One that the card of this bench answers, and that asks for no card data."""
        return ECHO if isinstance(self.people, Slot) else SELECT_PSE

    def insert(self, card: TestCard | None = None) -> TestCard:
        """Put it in and wait until the driver sees it."""
        card = card or TestCard()
        if card != TestCard():
            self.slot.insert(card)  # a card that only a twin can be
        else:
            self.people.insert(card)
        assert self.driver.wait_for_card(True, DEADLINE_S)
        return card

    def powered(self, card: TestCard | None = None) -> TestCard:
        """A card that is in and powered."""
        card = self.insert(card)
        self.driver.power_on()
        return card

    def works(self, card: TestCard) -> None:
        """A command goes to the card and its answer comes back; of a real card nobody knows which one."""
        answer = self.driver.transmit(self.command)
        if isinstance(self.people, Slot):
            assert answer == ECHO + DONE
            assert card.seen[-1] == ECHO
        assert len(answer) >= 2

    def saw_nothing(self, card: TestCard) -> None:
        """No command reached it. A real card cannot be asked: that nothing was told has to do."""
        assert card.seen == []
        assert not self.events.of("response")


class Station:
    """One pcscd and its readers for the whole process: libpcsclite reads its socket's path once."""

    def __init__(self, directory: Path) -> None:
        self.target: Callable[[Event], object] = discard
        self.disturbed = False
        self.models = {kind: ReaderModel(directory / kind, self._emit, profile(kind)) for kind in PROFILES}
        self.model = self.models["contact"]
        self.service = PcscService(directory, *self.models.values())
        self.service.start()

    def _emit(self, event: Event) -> None:
        self.disturbed |= event.kind == "gone"
        self.target(event)

    def revive(self) -> None:
        for model in self.models.values():
            model.replug()
        self.service.restart()

    def driver(
        self, events: Events, *, deadline_s: float = CALL_DEADLINE_S, which: str | ReaderChoice = READER_NAME,
        revives: bool = True, admit: Admit | None = None,
    ) -> PcscReader:  # fmt: skip
        return PcscReader(
            which, events, socket=str(self.service.socket), call_deadline_s=deadline_s,
            revive=self.revive if revives else None, admit=admit,
        )  # fmt: skip

    def ready(self) -> None:
        """Whatever the test before did: a live daemon, readers in their plugs that do nothing wrong, no card.

        pcscd notices a lost reader up to two seconds later: a plug that was pulled for a moment wants a fresh one.
        It also looks at the slot in a thread of its own: a card that it has not yet seen leave would be taken for the
        next one.
        """
        for model in self.models.values():
            model.casing.faults = ReaderFaults()
            model.casing.keys.forget()
            model.remove()
        if self.disturbed or not self.service.alive() or not all(model.plugged for model in self.models.values()):
            self.revive()
        self.disturbed = False
        self._until_empty()

    def _until_empty(self) -> None:
        """A pcscd that goes on saying PRESENT (`rigs/readers/watch.py`) is of no use to the next test."""
        if not self._empty():
            self.revive()
            assert self._empty()

    def _empty(self) -> bool:
        library = Pyscard(str(self.service.socket))
        _, context = library.establish()
        _, names = library.readers(context)
        assert len(names) == len(self.models)
        code, states = OK, dict.fromkeys(names, 0)
        while code == OK and not all(state & EMPTY for state in states.values()):
            known = [(name, state & ~NOT_WATCHED) for name, state in states.items()]
            code, new = library.changes(context, WAIT_MS, known)
            states = dict(zip(names, new, strict=True))
        library.release(context)
        return code == OK

    def close(self) -> None:
        self.service.stop()
        for model in self.models.values():
            model.close()


def supervised(driver: Any) -> None:
    """Wait until the supervisor has its connection, and with that its descriptor."""
    deadline = time.monotonic() + DEADLINE_S
    while driver._service._supervisor._context is None:
        assert time.monotonic() < deadline
        driver.card_present()
