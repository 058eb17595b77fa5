"""What a merchant asks of a terminal, and what the terminal says came of it.

These hold for a terminal in our process, in a process of its own, and for a black box behind an ECR link.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from protocols.money import Money
from protocols.transactions import Transaction


class Result(StrEnum):
    """How a transaction ended, as the terminal tells its operator."""

    APPROVED = "approved"
    DECLINED = "declined"  # by the host; `code` says why
    REFUSED = "refused"  # by the terminal itself, nothing was sent
    NO_REPLY = "no reply"  # time-out, or a reply that was no authentic answer
    CARD_REMOVED = "card removed"
    CARD_DECLINED = "card declined"  # the chip refused
    CANCELLED = "cancelled"  # by cardholder or operator
    STORED = "stored"  # kept by the terminal, to be sent when it can be


class Entry(StrEnum):
    """How the terminal comes by the card number. facts/unionpay-pos 2, F22."""

    CHIP = "chip"
    KEYED = "keyed"  # the operator types it; the card is not there
    SWIPED = "swiped"  # the stripe, of a card that has no chip
    FALLBACK = "fallback"  # the stripe, after the chip could not be used: facts/unionpay-pos 5.13


@dataclass(frozen=True, slots=True)
class Original:
    """What is known of an earlier transaction, from its slip: the operator types it in.

    `date` is MMDD; `trace` and `batch` are 6 digits; `reference` is the RRN.
    """

    approval: str
    date: str
    amount: Money
    trace: str
    batch: str
    reference: str


@dataclass(frozen=True, slots=True)
class Order:
    """One transaction asked of the terminal.

    `original` is needed by whatever speaks of an earlier one: increment, cancel, completion, its advice, voids, refund.
    `amount` is zero for what has none: balance, settlement, downloads, sign-off.
    """

    transaction: Transaction
    amount: Money
    original: Original | None = None
    entry: Entry = Entry.CHIP


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the terminal reported. Empty strings are values that it did not learn.

    `amount` is what was approved: less than was asked for after a partial approval. `balance` is that of a balance
    enquiry alone. `entry` is how the card came in, whatever was ordered.
    """

    transaction: Transaction
    result: Result
    amount: Money
    code: str = ""  # F39
    message: str = ""  # as shown to the operator
    approval: str = ""  # F38
    reference: str = ""  # F37
    trace: str = ""  # F11
    batch: str = ""
    date: str = ""  # F13, MMDD
    time: str = ""  # F12, hhmmss
    masked_pan: str = ""
    balance: Money | None = None
    entry: Entry = Entry.CHIP

    @property
    def approved(self) -> bool:
        return self.result is Result.APPROVED

    def as_original(self) -> Original:
        """The reference by which a later transaction names this one."""
        return Original(self.approval, self.date, self.amount, self.trace, self.batch, self.reference)
