"""The holds: one row for each pre-authorisation, with what is held and booked under it. facts/unionpay-pos 5.20."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from protocols.faults import HoldfastBug
from simulators.issuer.database import Database

NEAR_MISSES = 64
"""So many of the newest holds are looked at for a near miss."""


class Hold(NamedTuple):
    """A hold now; amounts in minor units, `id` is that of its pre-authorisation in the journal.

    `amount` is its present total: what was approved, with increments and the issuer's own changes. `granted` is the
    total that the merchant knows of. `held` and `booked` are what lies under it in the pots.
    """

    id: int
    card: str
    merchant: str
    approval: str
    trace: str
    day: str  # opened, YYYY-MM-DD
    amount: int
    granted: int
    held: int
    booked: int
    state: str  # open | partly completed | completed | cancelled | reversed | expired
    last_day: str  # on which it may be completed, YYYY-MM-DD
    closed_by: int | None = None  # the cancel in the journal that took it away

    @property
    def usable(self) -> bool:
        """Whether something may be held under it."""
        return self.state in ("open", "partly completed")

    def breach(self) -> str:
        """What is wrong with held and booked in this state; empty when they are right."""
        right = {
            "open": self.booked == 0 and self.held == self.amount,
            "partly completed": self.booked > 0 and self.held == self.amount - self.booked > 0,
            "completed": self.held == 0 and self.booked > 0,
            "cancelled": self.held == 0 and self.booked == 0,
            "reversed": self.held == 0 and self.booked == 0,
            "expired": self.held == 0 and self.booked >= 0,
        }
        if right.get(self.state, False):
            return ""
        return f"hold {self.id} of {self.amount} is {self.state} with {self.held} held and {self.booked} booked"


_COLUMNS = "id, card, merchant, approval, trace, day, amount, granted, held, booked, state, last_day, closed_by"
_SELECT = f"SELECT {_COLUMNS} FROM hold "  # noqa: S608
_OPEN = f"INSERT INTO hold ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, NULL)"  # noqa: S608
_BY_ID = _SELECT + "WHERE id = ?"
_BY_CODE = _SELECT + "WHERE card = ? AND approval = ? AND merchant = ? AND day = ? ORDER BY id DESC LIMIT 1"
_NEWEST = _SELECT + "WHERE card = ? AND approval = ? ORDER BY id DESC LIMIT 1"
_OF_CARD = _SELECT + "WHERE card = ? ORDER BY id DESC LIMIT ?"
_WITH_CODE = _SELECT + "WHERE approval = ? AND day = ? ORDER BY id DESC LIMIT 1"
_OVERDUE = (
    "SELECT hold.id FROM hold JOIN account USING (card) WHERE hold.state IN ('open', 'partly completed')"
    " AND hold.last_day < ? AND account.retired = 0"
)
_SET = "amount = ?, granted = ?, state = ?, last_day = ?, closed_by = ?"
_PUT = f"UPDATE hold SET {_SET} WHERE id = ? RETURNING {_COLUMNS}"  # noqa: S608
_MOVE = f"UPDATE hold SET held = held + ?, booked = booked + ? WHERE id = ? RETURNING {_COLUMNS}"  # noqa: S608
_HELD = "SELECT COALESCE(SUM(held), 0) FROM hold WHERE card = ? AND held > 0"


class HoldBook:
    """The holds of one ledger. Changes belong into a `Ledger.decision`; pots are moved by `Ledger.post` alone.

    What the database showed of a hold after its last change is kept until the decision ends, and not asked for again.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._shown: dict[int, Hold] = {}
        self._before: dict[int, int] = {}

    def forget(self) -> None:
        """A decision begins or has ended."""
        self._shown.clear()
        self._before.clear()

    def touched(self) -> Iterable[tuple[Hold, int]]:
        """The holds that this decision changed, as they are now, and how much more each holds than before."""
        return [(hold, hold.held - self._before.get(hold_id, hold.held)) for hold_id, hold in self._shown.items()]

    def open(self, hold: Hold) -> None:
        """A new hold with all that is held under it; nothing is booked."""
        values = (
            hold.id, hold.card, hold.merchant, hold.approval, hold.trace, hold.day, hold.amount, hold.granted,
            hold.held, hold.state, hold.last_day,
        )  # fmt: skip
        self._db.run(_OPEN, values)
        self._before[hold.id] = 0
        self._shown[hold.id] = hold

    def put(self, hold: Hold) -> None:
        """Its amount, granted, state, last day and what closed it are so from now on."""
        values = (hold.amount, hold.granted, hold.state, hold.last_day, hold.closed_by, hold.id)
        row = self._db.row(_PUT, values)
        if row is None:
            raise KeyError(hold.id)
        self._shown[hold.id] = Hold._make(row)

    def move(self, hold_id: int, held: int, booked: int) -> None:
        """Add to what lies under it. Raises HoldfastBug when that would fall below zero."""
        row = self._db.row(_MOVE, (held, booked, hold_id))
        if row is None:
            raise HoldfastBug(f"a posting for hold {hold_id}, which is not there")
        hold = Hold._make(row)
        if hold.held < 0 or hold.booked < 0:
            raise HoldfastBug(f"hold {hold_id} would be left at {hold.held} held, {hold.booked} booked")
        self._before.setdefault(hold_id, hold.held - held)
        self._shown[hold_id] = hold

    def get(self, hold_id: int) -> Hold:
        """Raises KeyError for an id that is no hold's."""
        shown = self._shown.get(hold_id)
        if shown is not None:
            return shown
        row = self._db.row(_BY_ID, (hold_id,))
        if row is None:
            raise KeyError(hold_id)
        return Hold._make(row)

    def find(self, card: str, approval: str, merchant: str, day: str) -> Hold | None:
        """By card, authorisation code, merchant and the day it was opened. facts/unionpay-pos 5.5."""
        return self._one(_BY_CODE, card, approval, merchant, day)

    def newest(self, card: str, approval: str) -> Hold | None:
        """The newest of a card with an authorisation code."""
        return self._one(_NEWEST, card, approval)

    def of_card(self, card: str) -> list[Hold]:
        """Newest first: for near misses."""
        return [Hold._make(row) for row in self._db.rows(_OF_CARD, (card, NEAR_MISSES))]

    def with_code(self, approval: str, day: str) -> Hold | None:
        """Of any card: for near misses."""
        return self._one(_WITH_CODE, approval, day)

    def overdue(self, day: str) -> list[int]:
        """Ids of the holds of accounts in use that may be completed no more on this day, oldest first."""
        return sorted(int(row[0]) for row in self._db.rows(_OVERDUE, (day,)))

    def held(self, card: str) -> int:
        """Sum over the card's holds."""
        row = self._db.row(_HELD, (card,))
        return int(row[0]) if row else 0

    def _one(self, statement: str, *values: object) -> Hold | None:
        row = self._db.row(statement, values)
        return Hold._make(row) if row else None
