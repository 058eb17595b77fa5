"""The issuer's money as double entry: every posting moves an amount between two pots of one account.

Pots are `available`, `held` and `booked`; their sum is the opening balance, and that is checked after each posting.
Every change of one decision is one durable transaction (SQLite, WAL, synchronous=FULL); a ledger that was cut short is
opened again where it stood. What was asked is in `journal`, what is held for whom in `holds`,
what was settled in `batches`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from protocols.faults import HoldfastBug
from simulators.issuer.batches import Batches
from simulators.issuer.holdbook import Hold, HoldBook
from simulators.issuer.journal import Entry, Journal
from simulators.issuer.schema import SCHEMA

__all__ = ["MOVES", "AccountView", "Entry", "Hold", "Ledger", "Posting"]

MOVES = {  # kind of posting: from pot, to pot
    "hold": ("available", "held"),
    "release": ("held", "available"),
    "book": ("held", "booked"),
    "book above": ("available", "booked"),
    "unbook": ("booked", "held"),
    "unbook above": ("booked", "available"),
    "sale": ("available", "booked"),
    "sale void": ("booked", "available"),
    "adjustment": ("available", "booked"),
    "adjustment below": ("booked", "available"),
    "refund": ("booked", "available"),
}
TOLD_AS = {"book above": "book", "unbook above": "unbook"}
"""How events name a posting: what a completion books above its hold is a booking like the rest."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account now, in minor units."""

    available: int
    held: int
    booked: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One move of money, as events show it."""

    card: str
    hold: int | None
    kind: str
    amount: int
    account: AccountView


_POTS = ("available", "held", "booked")
_OPEN = "INSERT INTO account (card, kind, opening, available) VALUES (?, ?, ?, ?)"
_ACCOUNT = "SELECT available, held, booked FROM account WHERE card = ?"
_KIND = "SELECT kind FROM account WHERE card = ?"
_RETIRE = "UPDATE account SET retired = 1"
_POST = "INSERT INTO posting (card, hold, kind, debit, credit, amount, journal) VALUES (?, ?, ?, ?, ?, ?, ?)"
_MOVE = (
    "UPDATE account SET available = available + ?, held = held + ?, booked = booked + ? WHERE card = ?"
    " RETURNING available, held, booked, opening"
)
_POTS_BY_HISTORY = """
SELECT a.card, a.available, a.held, a.booked,
    a.opening + COALESCE(SUM((p.credit = 'available') * p.amount - (p.debit = 'available') * p.amount), 0),
    COALESCE(SUM((p.credit = 'held') * p.amount - (p.debit = 'held') * p.amount), 0),
    COALESCE(SUM((p.credit = 'booked') * p.amount - (p.debit = 'booked') * p.amount), 0)
FROM account a LEFT JOIN posting p USING (card) GROUP BY a.card"""
_HOLDS_BY_HISTORY = """
SELECT h.id, h.held, h.booked,
    COALESCE(SUM((p.credit = 'held') * p.amount - (p.debit = 'held') * p.amount), 0),
    COALESCE(SUM((p.credit = 'booked') * p.amount - (p.debit = 'booked') * p.amount), 0)
FROM hold h LEFT JOIN posting p ON p.hold = h.id GROUP BY h.id"""


class Ledger:
    """One file, one writer thread. Use `with ledger.decision():` around all that belongs together.

    `factory` makes the connection; tests cut it short.
    """

    def __init__(self, path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection) -> None:
        self._db = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=128, factory=factory
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        self.journal = Journal(self._db)
        self.holds = HoldBook(self._db)
        self.batches = Batches(self._db)
        self._pending: list[Posting] = []
        self._touched: set[str] = set()

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def decision(self) -> Iterator[list[Posting]]:
        """All or nothing; the postings made are in the yielded list when it is durable.

        Raises HoldfastBug when an invariant does not hold at its end; nothing of it is kept then.
        """
        self._pending = []
        self._touched.clear()
        self.holds.touched.clear()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._pending
            self.check()
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a line that is cut has rolled back by itself
                self._db.execute("ROLLBACK")
            raise

    # ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────

    def open_account(self, card: str, opening: int, kind: str = "credit") -> AccountView:
        """A new account with so much available; `kind` is "credit" or "debit"."""
        self._db.execute(_OPEN, (card, kind, opening, opening))
        return AccountView(opening, 0, 0)

    def account(self, card: str) -> AccountView:
        """The pots of an account. Raises KeyError for an unknown card."""
        row = self._db.execute(_ACCOUNT, (card,)).fetchone()
        if row is None:
            raise KeyError(card)
        return AccountView(*row)

    def kind(self, card: str) -> str:
        """ "credit" or "debit"; empty for a card without an account."""
        row = self._db.execute(_KIND, (card,)).fetchone()
        return str(row[0]) if row else ""

    def retire_accounts(self) -> None:
        """All present accounts belong to cases that have ended: their holds expire no more."""
        self._db.execute(_RETIRE)

    def post(self, card: str, kind: str, amount: int, hold: int | None = None, journal: int | None = None) -> None:
        """Move an amount; nothing moves nothing. Raises HoldfastBug when `held` or `booked` would fall below zero.

        `available` may: what is put back by a reversal or a void is put back even if its money has been spent since.
        """
        if amount == 0:
            return
        debit, credit = MOVES[kind]
        self._db.execute(_POST, (card, hold, kind, debit, credit, amount, journal))
        moves = [amount * ((pot == credit) - (pot == debit)) for pot in _POTS]
        rows = self._db.execute(_MOVE, (*moves, card)).fetchall()
        if not rows:
            raise HoldfastBug(f"a posting for {card}, which has no account")
        *pots, opening = rows[0]
        view = AccountView(*pots)
        if min(view.held, view.booked) < 0 or sum(pots) != opening or amount < 0:
            raise HoldfastBug(f"{kind} of {amount} would leave {card}, opened with {opening}, at {view}")
        if hold is not None:
            self.holds.move(hold, moves[1], moves[2])
        self._touched.add(card)
        self._pending.append(Posting(card, hold, TOLD_AS.get(kind, kind), amount, view))

    # ── invariants ────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """What this decision touched: each hold holds what its state says, and all holds together what is held.

        Its cost does not grow with what went before. Raises HoldfastBug.
        """
        for hold_id in self.holds.touched:
            breach = self.holds.get(hold_id).breach()
            if breach:
                raise HoldfastBug(breach)
        for card in self._touched:
            held, view = self.holds.held(card), self.account(card)
            if held != view.held:
                raise HoldfastBug(f"the holds of {card} hold {held}, its account {view.held}")

    def audit(self) -> None:
        """Every account and every hold against the whole history of postings. Raises HoldfastBug."""
        for card, *pots in self._db.execute(_POTS_BY_HISTORY):
            if pots[:3] != pots[3:]:
                raise HoldfastBug(f"{card} stands at {pots[:3]}, its postings say {pots[3:]}")
            if self.holds.held(card) != pots[1]:
                raise HoldfastBug(f"the holds of {card} hold {self.holds.held(card)}, its account {pots[1]}")
        for hold_id, *pots in self._db.execute(_HOLDS_BY_HISTORY):
            breach = self.holds.get(hold_id).breach()
            if breach or pots[:2] != pots[2:]:
                raise HoldfastBug(breach or f"hold {hold_id} has {pots[:2]}, its postings say {pots[2:]}")
