"""What the reference terminal needs of the devices around it. Drivers in `rigs/` provide them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from protocols.pinpad import PinEnd, PinEntry, TerminalKeys
from protocols.printing import Paper
from protocols.stripe import Swipe

if TYPE_CHECKING:
    from protocols.emv.rsa import RsaPublic

__all__ = [
    "CardReader", "Cardholder", "KeyedPinPad", "Keypad", "PinEnd", "PinEntry", "PinPad", "SlipPrinter", "StripeReader",
    "Swipe",
]  # fmt: skip


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
    """The operator's keys: card numbers, answers, cancel. A PIN is typed at the PIN pad alone."""

    def cancel_pressed(self) -> bool:
        """Whether cancel was pressed while the terminal waits for a card."""

    def enter_card(self) -> tuple[str, str] | None:
        """Number and expiry (YYMM) of a card as the operator typed them, or None when he pressed cancel."""

    def enter_supervisor_password(self) -> str | None:
        """What the supervisor typed, or None when nobody could."""


class PinPad(Protocol):
    """The PIN pad: a device of its own with its own keys. No digit of a PIN leaves it but inside a block or a VERIFY.

    Every call returns when the entry has ended, in whichever way.
    """

    def works(self) -> bool:
        """Whether it can take a PIN now. EMV Book 3, 10.5.1: the TVR says so when it cannot."""

    def online_pin(self, pan: str) -> PinEntry:
        """A PIN for the issuer: its block is a fresh one at every entry."""

    def offline_pin(self, send: Callable[[bytes], bytes], key: RsaPublic | None, tries_left: int | None) -> PinEntry:
        """A PIN for the card, which the pad itself sends it, enciphered where there is a key. EMV Book 2, 7.

        `send` takes a raw command to the card and gives the raw response; whatever it raises passes through.
        `tries_left` of None is not known.
        """


class KeyedPinPad(PinPad, Protocol):
    """A PIN pad that takes the keys of a sign-on: it has the master key, the terminal has not."""

    def load_keys(self, wrapped: bytes) -> TerminalKeys:
        """F62 of a sign-on: the PIN key stays in the pad. Raises KeyCheckError for a key whose check value is wrong."""

    def forget_keys(self) -> None:
        """Without a PIN key there is no online PIN."""


class Cardholder(Protocol):
    """Who answers what the customer display asks. EMV Book 1, 12.4."""

    def choose(self, labels: Sequence[str]) -> int | None:
        """Which of the applications, counted from 0; None when he presses cancel."""

    def confirm(self, label: str) -> bool:
        """Whether this one application may be used."""

    def document_matches(self, kind: str, number: str) -> bool:
        """Whether the holder's document of that kind bears the number that the card gave. PBOC's CVM 20: likely.

        The number is shown to the operator alone, and told to nobody.
        """


class StripeReader(Protocol):
    """The slot for the magnetic stripe."""

    def swiped(self, timeout_s: float) -> Swipe | None:
        """Wait for a card that is drawn through; None when the time ran out."""
