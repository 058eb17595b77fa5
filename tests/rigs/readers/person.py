"""A person beside a real reader: asked on the terminal for each movement, and given time."""

from __future__ import annotations

import os
import select
from collections.abc import Callable

import pytest

from protocols.faults import ReaderGone
from rigs.readers.pcsc import PcscReader
from tests.rigs.readers.station import TestCard

PATIENCE_S = 60.0
TERMINAL = "/dev/tty"
INSERT, REMOVE = "put the test card in", "take the card out"
UNPLUG, REPLUG = "unplug the reader", "plug the reader in again, then press Enter"


class Person:
    """Moves the one card that is at hand."""

    def __init__(self, driver: PcscReader) -> None:
        self._driver = driver
        self._unplugged = False
        try:
            self._terminal = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
        except OSError:
            pytest.skip("nobody is at a terminal to move the card")

    def insert(self, card: TestCard) -> None:
        self._ask(INSERT, lambda: self._driver.wait_for_card(True, PATIENCE_S))

    def remove(self) -> None:
        self._ask(REMOVE, lambda: self._driver.wait_for_card(False, PATIENCE_S))

    def unplug(self) -> None:
        self._ask(UNPLUG, self._gone)
        self._unplugged = True

    def replug(self) -> None:
        self._ask(REPLUG, lambda: bool(select.select([self._terminal], [], [], PATIENCE_S)[0]))
        os.read(self._terminal, 64)
        self._unplugged = False

    def empty(self) -> None:
        """No card in, whatever the clause before left."""
        if self._driver.card_present():
            self.remove()

    def leave(self) -> None:
        """The reader in its plug."""
        if self._unplugged:
            self.replug()
        os.close(self._terminal)

    def _ask(self, wish: str, done: Callable[[], bool]) -> None:
        os.write(self._terminal, f"\n>>> Please {wish}.\n".encode())
        assert done(), f"nobody did: {wish}"

    def _gone(self) -> bool:
        """Waiting for the card to move shows that the reader is lost."""
        try:
            self._driver.wait_for_card(not self._driver.card_present(), PATIENCE_S)
        except ReaderGone:
            return True
        return False
