"""A request under way, from its card to its answer."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.iso8583 import Message
from protocols.orders import Order
from protocols.pinpad import PinEnd, PinEntry
from simulators.terminal.contact import FirstWord
from simulators.terminal.presented import Presented


@dataclass(slots=True)
class Asking:
    """`first` is the chip's word where the chip is used, `pin` what the pad gave where a PIN goes to the issuer.

    A block is worth nothing under later keys than those that it was made under.
    """

    order: Order
    presented: Presented
    pin: PinEntry | None = None
    first: FirstWord | None = None
    trace: str = ""
    request: Message | None = None

    @property
    def chip_used(self) -> bool:
        return self.first is not None

    @property
    def chip(self) -> bytes | None:
        """F55 of the request."""
        return self.first.chip if self.first is not None else None

    @property
    def pin_block(self) -> bytes | None:
        """F52; None where no PIN was typed."""
        return self.pin.block if self.pin is not None and self.pin.end is PinEnd.ENTERED and self.pin.block else None
