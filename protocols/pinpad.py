"""What a PIN pad says of a PIN that it asked for: how it ended, and what may leave it. Never the digits."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class PinEnd(StrEnum):
    """How the cardholder, or the pad itself, ended a PIN entry."""

    ENTERED = "entered"
    BYPASSED = "bypassed"  # the key that enters no PIN: EMV Book 4, 6.3.4.3
    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"
    BROKEN = "broken"  # the pad does not work


@dataclass(frozen=True, slots=True)
class PinEntry:
    """One PIN entry. `block` is F52, enciphered; `status` are the status words of an offline VERIFY."""

    end: PinEnd
    block: bytes = field(default=b"", repr=False)
    status: str = ""
    digits: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class TerminalKeys:
    """The working keys that a pad hands on: the terminal seals and hides tracks itself. Never shown.

    `pin_key_bytes` is how long the PIN key is, which stays in the pad: F53 tells it (facts/unionpay-pos 2.1).
    """

    mac: bytes
    track: bytes
    pin_key_bytes: int
