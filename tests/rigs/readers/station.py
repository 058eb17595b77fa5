"""A bench of one reader, in both kinds, and a card that does what a test tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from protocols.events import Event, discard
from rigs.readers.embedded import EmbeddedReader
from rigs.readers.pcsc import PcscReader
from simulators.reader import PcscService, ReaderModel, Slot
from simulators.reader.service import READER_NAME
from tests.simulators.kit import Events

ATR = bytes.fromhex("3B6800000073C84013009000")
OTHER_ATR = bytes.fromhex("3B6800000073C84013009001")
ECHO = bytes.fromhex("00B2010C00")
CALL_DEADLINE_S = 10.0


@dataclass
class TestCard:
    """Answers each command with itself and 9000. `during` runs while the card works, `mute` keeps it silent."""

    __test__ = False
    name: str = "card"
    atr: bytes = ATR
    mute: bool = False
    during: Callable[[], None] | None = None
    powered: int = 0
    seen: list[bytes] = field(default_factory=list)

    def power_on(self) -> bytes:
        self.powered += 1
        return self.atr

    def transmit(self, raw: bytes) -> bytes | None:
        self.seen.append(raw)
        if self.during is not None:
            during, self.during = self.during, None
            during()
        return None if self.mute else raw + b"\x90\x00"


@dataclass
class ReaderBench:
    """A driver, the slot behind it, and what both told."""

    driver: PcscReader | EmbeddedReader
    slot: Slot
    events: Events

    def insert(self, card: TestCard) -> TestCard:
        """Put it in and wait until the driver sees it."""
        self.slot.insert(card)
        assert self.driver.wait_for_card(True, 5)
        return card

    def powered(self, card: TestCard | None = None) -> TestCard:
        """A card that is in and powered."""
        card = self.insert(card or TestCard())
        self.driver.power_on()
        return card


class Station:
    """One pcscd and one reader model for the whole process: libpcsclite reads its socket's path once."""

    def __init__(self, directory: Path) -> None:
        self.target: Callable[[Event], object] = discard
        self.disturbed = False
        self.model = ReaderModel(directory / "reader.sock", self._emit)
        self.service = PcscService(directory, self.model.path)
        self.service.start()

    def _emit(self, event: Event) -> None:
        self.disturbed |= event.kind == "gone"
        self.target(event)

    def revive(self) -> None:
        self.model.replug()
        self.service.restart()

    def driver(self, events: Events, *, deadline_s: float = CALL_DEADLINE_S, name: str = READER_NAME) -> PcscReader:
        return PcscReader(name, events, socket=str(self.service.socket), call_deadline_s=deadline_s, revive=self.revive)

    def ready(self) -> None:
        """Whatever the test before did: a live daemon, a reader in its plug, no card.

        pcscd notices a lost reader up to two seconds later: a plug that was pulled for a moment wants a fresh one.
        """
        self.model.remove()
        if self.disturbed or not self.model.plugged or not self.service.alive():
            self.revive()
        self.disturbed = False

    def close(self) -> None:
        self.service.stop()
        self.model.close()
