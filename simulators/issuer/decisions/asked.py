"""What goes into a decision, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from protocols.transactions import Transaction
from simulators.issuer.ledger import Hold, Posting

APPROVED = frozenset({"00", "10"})
"""Codes under which money moves: all, or a part of what was asked. facts/unionpay-pos 5.21."""


class Asked(NamedTuple):
    """A request as the rules see it. `card` is the account's name; money in minor units; days as MMDD.

    `reference` is F37. `partial` tells that the terminal can take a part (F60.6).
    A reversal may name no card: `card` is empty then. `most` is the most that is granted, whatever is available and
    whatever the terminal can do: a behaviour rule says so.
    """

    transaction: Transaction
    terminal: str
    merchant: str
    batch: str
    trace: str
    card: str
    amount: int
    approval: str = ""
    original_batch: str = ""
    original_trace: str = ""
    original_day: str = ""
    reference: str = ""
    partial: bool = False
    most: int | None = None


class Decided(NamedTuple):
    """Code and one sentence of reason; the hold concerned, as it is now; what the reply carries.

    `hold_state` is empty when the decision left the hold as it was. `amount` is what was approved when that is less
    than was asked (code 10), `balance` what is available, both in minor units. `near` tells the nearest miss when an
    original was not found.
    """

    code: str
    reason: str
    approval: str = ""
    hold: Hold | None = None
    hold_state: str = ""
    postings: tuple[Posting, ...] = ()
    amount: int | None = None
    balance: int | None = None
    near: str = ""

    def with_postings(self, postings: Sequence[Posting]) -> Decided:
        """The same, with what it moved."""
        return self._replace(postings=tuple(postings))

    @property
    def approved(self) -> bool:
        return self.code in APPROVED
