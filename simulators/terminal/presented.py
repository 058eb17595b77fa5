"""A card as it came to the terminal: what was read of it, and how. facts/unionpay-pos 2, 2.4."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.orders import Entry
from protocols.stripe import Stripe
from simulators.terminal.contact import CardData

NOT_USED, CHIP_FINE, CHIP_FAILED = "0", "1", "2"
"""F60.5: of a stripe whose card has a chip it tells how the last chip fared here. facts/unionpay-pos 2.4

0 also of every chip that is read, and of a stripe whose card has none.
"""
STRIPES = (Entry.SWIPED, Entry.FALLBACK)


@dataclass(frozen=True, slots=True)
class Presented:
    """`condition` is F60.5. `stripe` is there when the stripe was read.

    `pin_verified` and `signs` are what the slip says of the cardholder: that he typed a PIN, and that he is to sign.
    """

    card: CardData
    entry: Entry
    condition: str = NOT_USED
    stripe: Stripe | None = field(default=None, repr=False)
    pin_verified: bool = False
    signs: bool = True

    @property
    def by_stripe(self) -> bool:
        return self.entry in STRIPES
