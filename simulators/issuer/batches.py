"""The batches of the terminals: what counts in each, what was uploaded of it, and which are closed.

A pre-authorisation never counts (facts/unionpay-pos 2.3), so no index of batches holds any.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulators.issuer.database import Database

_CLOSE = "INSERT INTO closed_batch VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_CLOSED = "SELECT 1 FROM closed_batch WHERE merchant = ? AND terminal = ? AND batch = ?"
_IN_FORCE = (
    "FROM journal WHERE merchant = ? AND terminal = ? AND batch = ? AND kind <> 'pre-authorisation'"
    " AND state NOT IN ('reversed', 'refused')"
)
_SUMS = f"SELECT kind, SUM(amount), COUNT(*) {_IN_FORCE} GROUP BY kind"
_BOOKINGS = f"SELECT id, trace, kind, card, amount {_IN_FORCE} ORDER BY id"
_UPLOADED = "UPDATE journal SET uploaded = 1 WHERE id = ?"
_HOW_MANY = f"SELECT COUNT(*) {_IN_FORCE} AND uploaded = 1"


@dataclass(frozen=True, slots=True)
class Booking:
    """What a batch holds: one approved request that was not reversed. `amount` in minor units."""

    id: int
    trace: str
    kind: str
    card: str
    amount: int


class Batches:
    """The batches of one ledger, each known by merchant, terminal and number."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def close(self, merchant: str, terminal: str, batch: str) -> None:
        """It is settled; done again, nothing changes."""
        self._db.run(_CLOSE, (merchant, terminal, batch))

    def closed(self, merchant: str, terminal: str, batch: str) -> bool:
        return self._db.row(_CLOSED, (merchant, terminal, batch)) is not None

    def sums(self, merchant: str, terminal: str, batch: str) -> dict[str, tuple[int, int]]:
        """By transaction name: amount and count. What was reversed or refused does not count, what was voided does."""
        rows = self._db.rows(_SUMS, (merchant, terminal, batch))
        return {str(kind): (int(amount), int(count)) for kind, amount, count in rows}

    def bookings(self, merchant: str, terminal: str, batch: str) -> list[Booking]:
        """All that is in it, oldest first."""
        rows = self._db.rows(_BOOKINGS, (merchant, terminal, batch))
        return [Booking(*row) for row in rows]

    def mark_uploaded(self, booking: Booking) -> None:
        self._db.run(_UPLOADED, (booking.id,))

    def uploaded(self, merchant: str, terminal: str, batch: str) -> int:
        """How many records of it were uploaded and matched."""
        row = self._db.row(_HOW_MANY, (merchant, terminal, batch))
        return int(row[0]) if row else 0
