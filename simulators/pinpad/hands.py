"""The cardholder's hands at the keys of a PIN pad."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from protocols.pinpad import PinEnd


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody did at the keys, once: digits and the green key, or how else it ended."""

    digits: str = field(default="", repr=False)
    end: PinEnd = PinEnd.ENTERED


class Hands(Protocol):
    """Whoever stands at the pad."""

    def type_pin(self) -> Typed:
        """What he does when the pad asks. One who does nothing has timed out: a twin need not wait for it."""
