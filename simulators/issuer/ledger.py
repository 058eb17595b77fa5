"""The issuer's money as double entry: every posting moves an amount between two pots of one account.

Pots are `available`, `held` and `booked`; their sum is the opening balance, and that is checked after each posting.
The changes of one decision are kept together or not at all, and durably; a ledger that was cut short is opened again
where it stood. What was asked is in `journal`, what is held for whom in `holds`,
what was settled in `batches`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from protocols.faults import ConfigurationError, HoldfastBug
from simulators.issuer.batches import Batches
from simulators.issuer.database import Database, LedgerUnavailable
from simulators.issuer.holdbook import Hold, HoldBook
from simulators.issuer.journal import Entry, Journal

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
_OPEN = (
    "INSERT INTO account (card, kind, opening, available) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING opening"
)
_ACCOUNT = "SELECT available, held, booked FROM account WHERE card = ?"
_KIND = "SELECT kind FROM account WHERE card = ?"
_RETIRE = "UPDATE account SET retired = 1"
_POST = "INSERT INTO posting (card, hold, kind, debit, credit, amount, journal) VALUES (?, ?, ?, ?, ?, ?, ?)"
_MOVE = (
    "UPDATE account SET available = available + ?, held = held + ?, booked = booked + ? WHERE card = ?"
    " RETURNING available, held, booked, opening"
)
_SUM = "COALESCE(SUM(CASE '{0}' WHEN p.credit THEN p.amount WHEN p.debit THEN -p.amount ELSE 0 END), 0)"
_POTS_BY_HISTORY = (
    f"SELECT a.card, a.available, a.held, a.booked, a.opening + {_SUM.format('available')}, {_SUM.format('held')},"  # noqa: S608
    f" {_SUM.format('booked')} FROM account a LEFT JOIN posting p ON p.card = a.card"
    " GROUP BY a.card, a.available, a.held, a.booked, a.opening"
)
_HOLDS_BY_HISTORY = (
    f"SELECT h.id, h.held, h.booked, {_SUM.format('held')}, {_SUM.format('booked')}"  # noqa: S608
    " FROM hold h LEFT JOIN posting p ON p.hold = h.id GROUP BY h.id, h.held, h.booked"
)


class Ledger:
    """One database, one writer thread. Use `with ledger.decision():` around all that belongs together.

    A decision is durable when its block has ended. Where `grouped` is set, it is when `commit` has returned: all that
    was decided since the last one is kept by it, or nothing is. All raise LedgerUnavailable when the database fails.
    """

    def __init__(self, database: Database, *, grouped: bool = False) -> None:
        self.database = database
        self.journal = Journal(database)
        self.holds = HoldBook(database)
        self.batches = Batches(database)
        self.grouped = grouped
        self.open_group = False
        """Whether something waits for `commit`."""
        self._pending: list[Posting] = []
        self._touched: set[str] = set()

    def close(self) -> None:
        self.database.close()

    @contextmanager
    def decision(self) -> Iterator[list[Posting]]:
        """All or nothing; the postings made are in the yielded list.

        Raises HoldfastBug when an invariant does not hold at its end; nothing of it is kept then.
        """
        self._pending = []
        self._touched.clear()
        self.holds.touched.clear()
        database = self.database
        if not self.open_group:
            database.begin()
        if self.grouped:
            self.open_group = True
            database.mark()
        try:
            yield self._pending
            self.check()
            if self.grouped:
                database.keep()
            else:
                database.commit()
        except LedgerUnavailable:
            self.abandon()
            raise
        except BaseException:
            if self.grouped:
                database.back()
            else:
                database.rollback()
            raise

    def commit(self) -> None:
        """Make durable what was decided since the last time. When it raises, nothing of that is kept."""
        if not self.open_group:
            return
        try:
            self.database.commit()
        except LedgerUnavailable:
            self.abandon()
            raise
        self.open_group = False

    def abandon(self) -> None:
        """Forget what was decided since the last commit."""
        self.open_group = False
        self.database.rollback()

    # ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────

    def open_account(self, card: str, opening: int, kind: str = "credit") -> AccountView:
        """A new account with so much available; `kind` is "credit" or "debit".

        Raises ConfigurationError for a card that has one.
        """
        if self.database.row(_OPEN, (card, kind, opening, opening)) is None:
            raise ConfigurationError(f"card {card!r} has an account already", advice="give the new card another name")
        return AccountView(opening, 0, 0)

    def account(self, card: str) -> AccountView:
        """The pots of an account. Raises KeyError for an unknown card."""
        row = self.database.row(_ACCOUNT, (card,))
        if row is None:
            raise KeyError(card)
        return AccountView(*row)

    def kind(self, card: str) -> str:
        """ "credit" or "debit"; empty for a card without an account."""
        row = self.database.row(_KIND, (card,))
        return str(row[0]) if row else ""

    def retire_accounts(self) -> None:
        """All present accounts belong to cases that have ended: their holds expire no more."""
        self.database.run(_RETIRE)

    def post(self, card: str, kind: str, amount: int, hold: int | None = None, journal: int | None = None) -> None:
        """Move an amount; nothing moves nothing. Raises HoldfastBug when `held` or `booked` would fall below zero.

        `available` may: what is put back by a reversal or a void is put back even if its money has been spent since.
        """
        if amount == 0:
            return
        if amount < 0:
            raise HoldfastBug(f"{kind} of {amount} for {card}")
        debit, credit = MOVES[kind]
        self.database.run(_POST, (card, hold, kind, debit, credit, amount, journal))
        moves = [amount * ((pot == credit) - (pot == debit)) for pot in _POTS]
        rows = self.database.rows(_MOVE, (*moves, card))
        if not rows:
            raise HoldfastBug(f"a posting for {card}, which has no account")
        *pots, opening = rows[0]
        view = AccountView(*pots)
        if min(view.held, view.booked) < 0 or sum(pots) != opening:
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
        for card, *pots in self.database.rows(_POTS_BY_HISTORY):
            if pots[:3] != pots[3:]:
                raise HoldfastBug(f"{card} stands at {pots[:3]}, its postings say {pots[3:]}")
            if self.holds.held(card) != pots[1]:
                raise HoldfastBug(f"the holds of {card} hold {self.holds.held(card)}, its account {pots[1]}")
        for hold_id, *pots in self.database.rows(_HOLDS_BY_HISTORY):
            breach = self.holds.get(hold_id).breach()
            if breach or pots[:2] != pots[2:]:
                raise HoldfastBug(breach or f"hold {hold_id} has {pots[:2]}, its postings say {pots[2:]}")
