"""Settlement: totals of a batch, reconciliation, upload of its details, and its end. facts/unionpay-pos 2.3, 3.3.

What is debit and what is credit is the market's. A booking and its void are a debit and a credit; what was reversed
counts nothing; pre-authorisations, increments and cancels never count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from protocols.market import Market
from protocols.totals import Totals
from simulators.issuer.batches import Booking
from simulators.issuer.decisions.asked import Decided
from simulators.issuer.decisions.near import nearest_number
from simulators.issuer.ledger import Ledger

BALANCED, UNBALANCED, ERROR = "1", "2", "3"
"""Flags of F48. facts/unionpay-pos 2.3."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How what a terminal claims compares with the issuer's own. `flag` is that of F48."""

    flag: str
    own: Totals
    reason: str


class Detail(NamedTuple):
    """One record of a batch upload. `card` is the account's name, empty when the PAN is nobody's."""

    trace: str
    amount: int
    card: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of one record; `reason` names the nearest miss when it matches nothing."""

    trace: str
    amount: int
    card: str
    matched: bool
    reason: str


class Settlement:
    """The settlement of one ledger under one market. Not thread-safe: the host calls it from its one thread."""

    def __init__(self, ledger: Ledger, market: Market) -> None:
        self._ledger = ledger
        self._rule = market.settlement

    def totals(self, merchant: str, terminal: str, batch: str) -> Totals:
        """The issuer's own, open or closed."""
        sums = self._ledger.batches.sums(merchant, terminal, batch)
        return Totals(*_total(sums, self._rule.debit), *_total(sums, self._rule.credit))

    def reconcile(self, merchant: str, terminal: str, batch: str, claimed: Totals) -> Reconciled:
        """Balanced (1), unbalanced (2), or of a batch that was closed before (3). Asked again, it answers the same."""
        own = self.totals(merchant, terminal, batch)
        if self._ledger.batches.closed(merchant, terminal, batch):
            return Reconciled(ERROR, own, f"batch {batch} was closed before")
        if claimed == own:
            return Reconciled(BALANCED, own, "balanced")
        return Reconciled(UNBALANCED, own, f"claimed {claimed}; here {own}")

    def upload(self, merchant: str, terminal: str, batch: str, records: Sequence[Detail]) -> list[Uploaded]:
        """Each record against the bookings of its batch, durably; one that came before matches again, counted once."""
        if self._ledger.batches.closed(merchant, terminal, batch):
            return [_unmatched(record, f"batch {batch} was closed before") for record in records]
        counted = {*self._rule.debit, *self._rule.credit}
        with self._ledger.decision():
            bookings = [b for b in self._ledger.batches.bookings(merchant, terminal, batch) if b.kind in counted]
            return [self._matched(record, bookings) for record in records]

    def end(self, merchant: str, terminal: str, batch: str, count: int, balanced: bool) -> Decided:
        """Close the batch, durably. `count` is what the terminal says it uploaded, `balanced` which end it sent.

        The end of a closed batch is its repetition: approved, and nothing changes.
        """
        with self._ledger.decision():
            if self._ledger.batches.closed(merchant, terminal, batch):
                return Decided("00", f"batch {batch} was closed before")
            self._ledger.batches.close(merchant, terminal, batch)
        if balanced:
            return Decided("00", f"batch {batch} closed, balanced")
        matched = self._ledger.batches.uploaded(merchant, terminal, batch)
        return Decided("00", f"batch {batch} closed, unbalanced: {count} records uploaded, {matched} matched")

    def _matched(self, record: Detail, bookings: list[Booking]) -> Uploaded:
        trace, amount, card = record
        same = [booking for booking in bookings if booking.trace == trace]
        if not same:
            return _unmatched(record, f"trace {trace} unknown in this batch; {_nearest(trace, bookings)}")
        booking = same[-1]
        if booking.amount != amount:
            return _unmatched(record, f"trace {trace} is of {booking.amount}, not {amount}")
        if booking.card != card:
            return _unmatched(record, f"trace {trace} is of another card")
        self._ledger.batches.mark_uploaded(booking)
        return Uploaded(*record, True, f"{booking.kind} of {booking.amount}")


def _total(sums: dict[str, tuple[int, int]], kinds: Iterable[str]) -> tuple[int, int]:
    counted = [sums[kind] for kind in kinds if kind in sums]
    return sum(amount for amount, _ in counted), sum(count for _, count in counted)


def _unmatched(record: Detail, reason: str) -> Uploaded:
    return Uploaded(*record, False, reason)


def _nearest(trace: str, bookings: list[Booking]) -> str:
    near = nearest_number(trace, [booking.trace for booking in reversed(bookings)])
    return f"nearest {near}" if near else "nothing was booked in it"
