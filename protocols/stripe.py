"""The magnetic stripe: what a swipe gives, and what its service code asks for. ISO/IEC 7813, 7.1 and 7.3."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TRACK2 = re.compile(r"(\d{1,19})[D=](\d{4})(\d{3})(\d*)")
"""Number, expiry YYMM, service code, and what the issuer put behind them."""
MOST_DIGITS = 37  # ISO/IEC 7813, 7.3; facts/unionpay-pos 2: F35
WITH_CHIP = ("2", "6")
"""First digit of the service code of a card that has a chip. facts/unionpay-pos 5.13"""
PIN_REQUIRED = ("0", "3", "5")
PIN_IF_POSSIBLE = ("6", "7")
"""Third digit of the service code: ISO/IEC 7813, 7.1."""


@dataclass(frozen=True, slots=True)
class Swipe:
    """What one swipe gave. A track that could not be read is empty; both empty are a bad swipe."""

    track2: str = field(default="", repr=False)
    track1: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Stripe:
    """A second track, read."""

    pan: str = field(repr=False)
    expiry: str  # YYMM
    service_code: str
    track2: str = field(repr=False)

    @property
    def has_chip(self) -> bool:
        """Whether the card has a chip, which is to be used in place of the stripe."""
        return self.service_code[0] in WITH_CHIP

    def wants_pin(self, possible: bool = True) -> bool:
        """Whether its service code asks for a PIN; `possible` is whether the terminal can take one."""
        asked = self.service_code[2]
        return asked in PIN_REQUIRED or (possible and asked in PIN_IF_POSSIBLE)


def read_stripe(track2: str) -> Stripe | None:
    """The parts of a second track, its separator D or =; None for what is no second track."""
    found = TRACK2.fullmatch(track2)
    if found is None or len(track2) > MOST_DIGITS:
        return None
    return Stripe(found[1], found[2], found[3], track2.replace("=", "D"))
