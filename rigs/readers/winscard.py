"""What the drivers need of a PC/SC library: its calls as a port, so that all but `pcsc.py` can be tried without one.

A result is the 32 bits of its code (`protocols/pcsc/codes.py` says what they mean), never an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

Context: TypeAlias = Any
Handle: TypeAlias = Any

OK = 0x00000000
CANCELLED = 0x80100002
UNKNOWN_READER = 0x80100009
TIMEOUT = 0x8010000A
PROTOCOL_MISMATCH = 0x8010000F

PNP = "\\\\?PnP?\\Notification"
"""The reader that is none: its state changes when a reader comes or goes. winscard of pcsc-lite."""

CHANGED, UNKNOWN, UNAVAILABLE, EMPTY, PRESENT = 0x0002, 0x0004, 0x0008, 0x0010, 0x0020
EXCLUSIVE, IN_USE, MUTE = 0x0080, 0x0100, 0x0200
LOST = UNKNOWN | UNAVAILABLE
NOT_WATCHED = CHANGED | EXCLUSIVE | IN_USE
"""Bits of an event state that say nothing of card and reader: a program that connects is no movement."""


def counter(state: int) -> int:
    """The upper 16 bits of an event state count card movements, and begin again after 0xFFFF. facts/pcsc-emv 1.6."""
    return state >> 16 & 0xFFFF


class Winscard(Protocol):
    """The calls of winscard.h. Each of them may hang; one context serves one call at a time."""

    def establish(self) -> tuple[int, Context]:
        """A connection to the service."""

    def release(self, context: Context) -> int:
        """Let it go."""

    def cancel(self, context: Context) -> int:
        """End a `changes` that waits in another thread."""

    def readers(self, context: Context) -> tuple[int, list[str]]:
        """The names that the service lists."""

    def changes(self, context: Context, wait_ms: int, known: Sequence[tuple[str, int]]) -> tuple[int, list[int]]:
        """Event states once one differs from what is known of it (0: nothing is), or at the end of the time."""

    def connect(self, context: Context, reader: str) -> tuple[int, Handle, int]:
        """To the card, exclusively: a handle and the protocol, 0 or 1."""

    def connect_reader(self, context: Context, reader: str) -> tuple[int, Handle]:
        """To the reader itself, card or not."""

    def reset(self, handle: Handle) -> tuple[int, int]:
        """Warm reset: the protocol, 0 or 1."""

    def atr(self, handle: Handle) -> tuple[int, bytes]:
        """The card's answer to its last reset."""

    def disconnect(self, handle: Handle, *, unpower: bool) -> int:
        """Let the card go, without power or as it is."""

    def transmit(self, handle: Handle, protocol: int, data: bytes) -> tuple[int, bytes]:
        """One TPDU or APDU to the card."""

    def control(self, handle: Handle, code: int, data: bytes) -> tuple[int, bytes]:
        """To the reader."""

    def attribute(self, handle: Handle, tag: int) -> tuple[int, bytes]:
        """What the reader says of itself."""
