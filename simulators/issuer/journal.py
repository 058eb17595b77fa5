"""The journal: every request that the rules decided, and how it is found again. facts/unionpay-pos 2.5, 5.5, 5.8, 5.20.

Refused requests are kept, too, with their code: a reversal must be told that its request was refused. They are in the
state "refused" and are never found as the original of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from simulators.issuer.database import Database

NEAR_MISSES = 64
"""So many of the newest entries are looked at for a near miss."""


class Entry(NamedTuple):
    """A row of the journal. States are those of facts/unionpay-pos 5.20 and "refused".

    `amount` is what was granted and may be adjusted later, `asked` what F4 said; both in minor units. The state of a
    pre-authorisation's hold is the hold's own: here it is "normal" until it is reversed.
    """

    id: int
    terminal: str
    merchant: str
    batch: str
    trace: str
    kind: str
    card: str
    amount: int
    asked: int
    approval: str
    reference: str
    day: str  # business date YYYY-MM-DD
    code: str
    state: str  # normal | voided | reversed | refunded | refused
    original: int | None
    refunded: int = 0


_COLUMNS = (
    "terminal, merchant, batch, trace, kind, card, amount, asked, approval, reference, day, code, state, original"
)
_SELECT = f"SELECT id, {_COLUMNS}, refunded FROM journal "  # noqa: S608
_ENTER = f"INSERT INTO journal ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"  # noqa: S608
_BY_ID = _SELECT + "WHERE id = ?"
_BY_KEY = _SELECT + "WHERE merchant = ? AND terminal = ? AND trace = ? AND batch = ? AND state <> 'refused'"
_IN_BATCH = (
    _SELECT + "WHERE merchant = ? AND terminal = ? AND trace = ? AND batch = ? AND kind IN (?, ?)"
    " AND (state = 'refused') = ? ORDER BY id DESC LIMIT 1"
)
_ANY_BATCH = (
    _SELECT + "WHERE merchant = ? AND terminal = ? AND trace = ? AND kind IN (?, ?)"
    " AND (state = 'refused') = ? ORDER BY id DESC LIMIT 1"
)
_BY_REFERENCE = (
    _SELECT + "WHERE reference = ? AND merchant = ? AND day = ? AND kind IN (?, ?, ?, ?) AND state <> 'refused'"
    " AND kind <> 'pre-authorisation' ORDER BY id DESC LIMIT 1"  # so that its index finds it
)
_OF_TERMINAL = _SELECT + "WHERE merchant = ? AND terminal = ? AND state <> 'refused' ORDER BY id DESC LIMIT ?"
_OF_MERCHANT = _SELECT + "WHERE merchant = ? AND state <> 'refused' ORDER BY id DESC LIMIT ?"
_WITH_TRACE = _SELECT + "WHERE merchant = ? AND trace = ? AND state <> 'refused' ORDER BY id DESC LIMIT ?"
_LAST_APPROVAL = (
    "SELECT approval FROM journal WHERE kind IN ('pre-authorisation', 'sale') AND approval <> ''"
    " ORDER BY id DESC LIMIT 1"
)
_LAST_REFERENCE = "SELECT reference FROM journal ORDER BY id DESC LIMIT 1"
_SET_STATE = "UPDATE journal SET state = ? WHERE id = ?"
_SET_AMOUNT = "UPDATE journal SET amount = ? WHERE id = ?"
_REFUND = "UPDATE journal SET refunded = refunded + ?, state = 'refunded' WHERE id = ?"
_BLOCK = "INSERT INTO blocked VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_KNOWN = (
    "SELECT 1, kind FROM blocked WHERE merchant = ? AND terminal = ? AND batch = ? AND trace = ? AND kind = ?"
    " UNION ALL SELECT 0, kind FROM journal"
    " WHERE merchant = ? AND terminal = ? AND batch = ? AND trace = ? AND state <> 'refused'"
)


class Journal:
    """The requests of one ledger. Changes belong into a `Ledger.decision`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def enter(self, entry: Entry) -> Entry:
        """A new row; the id given is the next one, whatever `entry.id` says."""
        values = entry[1:15]  # all but its id and what was refunded
        row = self._db.row(_ENTER, values)
        assert row is not None
        return Entry._make((row[0], *values, 0))

    def entry(self, entry_id: int) -> Entry:
        """Raises KeyError for an id that is not there."""
        row = self._db.row(_BY_ID, (entry_id,))
        if row is None:
            raise KeyError(entry_id)
        return Entry._make(row)

    def used(self, merchant: str, terminal: str, batch: str, trace: str) -> Entry | None:
        """The approved request under this key: a second one is a duplicate. facts/unionpay-pos 5.16."""
        return self._one(_BY_KEY, merchant, terminal, trace, batch)

    def known(self, merchant: str, terminal: str, batch: str, trace: str, kind: str) -> tuple[bool, str]:
        """Whether this request was reversed before it came, and what kind of approved request has its key already."""
        key = (merchant, terminal, batch, trace)
        rows = self._db.rows(_KNOWN, (*key, kind, *key))
        return any(row[0] for row in rows), next((str(row[1]) for row in rows if not row[0]), "")

    def find(
        self, merchant: str, terminal: str, batch: str | None, trace: str, kinds: tuple[str, str], *, refused: bool
    ) -> Entry | None:
        """The newest request of this terminal and trace, of one of two kinds; `batch` None: of any batch."""
        if batch is None:
            return self._one(_ANY_BATCH, merchant, terminal, trace, *kinds, refused)
        return self._one(_IN_BATCH, merchant, terminal, trace, batch, *kinds, refused)

    def by_reference(self, reference: str, merchant: str, day: str, kinds: tuple[str, str, str, str]) -> Entry | None:
        """The booking with this RRN and day."""
        return self._one(_BY_REFERENCE, reference, merchant, day, *kinds)

    def of_terminal(self, merchant: str, terminal: str, kinds: Sequence[str]) -> list[Entry]:
        """Its approved requests of these kinds, newest first: for near misses."""
        return self._near(_OF_TERMINAL, kinds, merchant, terminal)

    def of_merchant(self, merchant: str, kinds: Sequence[str]) -> list[Entry]:
        """Its approved requests of these kinds, newest first: for near misses."""
        return self._near(_OF_MERCHANT, kinds, merchant)

    def with_trace(self, merchant: str, trace: str) -> list[Entry]:
        """Approved requests of any terminal and batch of the merchant under a trace, newest first: for near misses."""
        return self._near(_WITH_TRACE, (), merchant, trace)

    def last_approval(self) -> int:
        """The authorisation code given last; 0 before the first."""
        row = self._db.row(_LAST_APPROVAL)
        return int(row[0]) if row else 0

    def last_reference(self) -> int:
        """The number in the RRN given last, which is MMDD and eight digits; 0 before the first."""
        row = self._db.row(_LAST_REFERENCE)
        return int(row[0][4:] or 0) if row else 0

    def set_state(self, entry: Entry, state: str) -> None:
        self._db.run(_SET_STATE, (state, entry.id))

    def set_amount(self, entry: Entry, amount: int) -> None:
        """What is booked by it was adjusted."""
        self._db.run(_SET_AMOUNT, (amount, entry.id))

    def refund(self, entry: Entry, amount: int) -> None:
        """So much of it was given back, on top of earlier refunds."""
        self._db.run(_REFUND, (amount, entry.id))

    def block(self, merchant: str, terminal: str, batch: str, trace: str, kind: str) -> None:
        """Refuse a request that was reversed before it came."""
        self._db.run(_BLOCK, (merchant, terminal, batch, trace, kind))

    def _one(self, statement: str, *values: object) -> Entry | None:
        row = self._db.row(statement, values)
        return Entry._make(row) if row else None

    def _near(self, statement: str, kinds: Sequence[str], *values: object) -> list[Entry]:
        found = [Entry._make(row) for row in self._db.rows(statement, (*values, NEAR_MISSES))]
        return [entry for entry in found if not kinds or entry.kind in kinds]
