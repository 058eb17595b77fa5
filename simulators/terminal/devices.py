"""What the reference terminal needs of the devices around it. Drivers in `rigs/` provide them."""

from __future__ import annotations

from typing import Protocol

from protocols.printing import Paper


class CardReader(Protocol):
    """A card reader as a kernel sees it, exclusively held between `power_on` and `power_off`.

    Every call may raise `ReaderGone` (reader or its service lost) or `DeviceSilent` (no answer by its deadline).
    """

    def card_present(self) -> bool:
        """Whether a card is in the reader now."""

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        """Wait until a card is in (`present`) or out; False when the time ran out."""

    def power_on(self) -> bytes:
        """Connect to the card and return its ATR. Raises CardRemoved when there is none."""

    def transmit(self, command: bytes) -> bytes:
        """One command APDU to its response APDU, status words included. Raises CardRemoved."""

    def power_off(self) -> None:
        """Let the card go. Never raises for a card that has left already."""


class SlipPrinter(Protocol):
    """A receipt printer as a terminal application sees it. Calls may raise `PrinterGone`."""

    def write(self, data: bytes) -> None:
        """Send ESC/POS bytes."""

    def paper(self) -> Paper:
        """Asked of the device now; of a silent device it is unknown."""


class Keypad(Protocol):
    """The keys of the terminal: the cardholder's PIN, card numbers, and the operator's answers."""

    def enter_pin(self, tries_left: int | None) -> str | None:
        """The digits that the cardholder typed, or None when he pressed cancel."""

    def enter_card(self) -> tuple[str, str] | None:
        """Number and expiry (YYMM) of a card as the operator typed them, or None when he pressed cancel."""

    def enter_supervisor_password(self) -> str | None:
        """What the supervisor typed, or None when nobody could."""
