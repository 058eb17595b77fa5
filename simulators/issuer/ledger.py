"""The issuer's money as double entry: every posting moves an amount between two pots of one account.

Pots are `available`, `held` and `booked`; their sum is the opening balance, and that is checked after each posting.
The changes of one decision are kept together or not at all, and durably; a ledger that was cut short is opened again
where it stood. What was asked is in `journal`, what is held for whom in `holds`,
what was settled in `batches`.
"""

from __future__ import annotations

from typing import NamedTuple

from protocols.faults import ConfigurationError, HoldfastBug, HoldfastError
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


class AccountView(NamedTuple):
    """An account now, in minor units."""

    available: int
    held: int
    booked: int


class Posting(NamedTuple):
    """One move of money, as events show it."""

    card: str
    hold: int | None
    kind: str
    amount: int
    account: AccountView


_POTS = ("available", "held", "booked")
_SIGNS = {kind: tuple((pot == to) - (pot == of) for pot in _POTS) for kind, (of, to) in MOVES.items()}
"""What a posting does to each pot."""
_OPEN = (
    "INSERT INTO account (card, kind, opening, available) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING opening"
)
_ACCOUNT = "SELECT kind, available, held, booked FROM account WHERE card = ?"
_RETIRE = "UPDATE account SET retired = 1"
_POST = "INSERT INTO posting (card, hold, kind, debit, credit, amount, journal) VALUES (?, ?, ?, ?, ?, ?, ?)"
_MOVE = (
    "UPDATE account SET available = available + ?, held = held + ?, booked = booked + ? WHERE card = ?"
    " RETURNING kind, available, held, booked, opening"
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


class _Decision:
    """The `with` around a decision of one ledger; one after the other, never one within another."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __enter__(self) -> list[Posting]:
        return self._ledger._begin()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        ledger = self._ledger
        try:
            if error is None:
                ledger._keep()
            else:
                ledger._undo(error)
        except BaseException as late:
            if error is None:
                ledger._undo(late)
            raise
        finally:
            ledger._end()


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
        self._deciding = False
        self._shown: dict[str, tuple[str, AccountView]] = {}  # what the database showed in this decision
        self._held: dict[str, int] = {}  # by how much more each account holds
        self._decision = _Decision(self)

    def close(self) -> None:
        self.database.close()

    def decision(self) -> _Decision:
        """All or nothing, in a `with`; the postings made are in the list that it gives.

        Raises HoldfastBug when an invariant does not hold at its end; nothing of it is kept then.
        """
        return self._decision

    def _begin(self) -> list[Posting]:
        self._pending = []
        database = self.database
        if not self.open_group:
            database.begin()
        if self.grouped:
            self.open_group = True
            database.mark()
        self._deciding = True
        return self._pending

    def _keep(self) -> None:
        self.check()
        if self.grouped:
            self.database.keep()
        else:
            self.database.commit()

    def _undo(self, error: BaseException) -> None:
        if isinstance(error, LedgerUnavailable):
            self.abandon()
        elif self.grouped:
            self.database.back()
        else:
            self.database.rollback()

    def _end(self) -> None:
        self._deciding = False
        self._shown.clear()
        self._held.clear()
        self.holds.forget()

    def commit(self) -> bool:
        """Make durable what was decided since the last time; returns whether there was anything.

        When it raises, nothing of that is kept. It raises LedgerUnavailable alone: whoever waits must be answered,
        whatever went wrong.
        """
        if not self.open_group:
            return False
        try:
            self.database.commit()
        except LedgerUnavailable:
            self.abandon()
            raise
        except Exception as error:
            self.abandon()
            cause = str(error) if isinstance(error, HoldfastError) else type(error).__name__
            raise LedgerUnavailable(
                f"the books could not be kept: {cause}", advice="please report it with the run folder", component="host"
            ) from error
        self.open_group = False
        return True

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
        return self._account(card)[1]

    def kind(self, card: str) -> str:
        """ "credit" or "debit"; empty for a card without an account."""
        try:
            return self._account(card)[0]
        except KeyError:
            return ""

    def _account(self, card: str) -> tuple[str, AccountView]:
        shown = self._shown.get(card)
        if shown is not None:
            return shown
        row = self.database.row(_ACCOUNT, (card,))
        if row is None:
            raise KeyError(card)
        found = row[0], AccountView(*row[1:])
        if self._deciding:
            self._shown[card] = found
        return found

    def retire_accounts(self) -> None:
        """All present accounts belong to cases that have ended: their holds expire no more."""
        self.database.run(_RETIRE)

    def open_hold(self, hold: Hold, journal: int) -> None:
        """A new hold, and the posting that fills it. Raises HoldfastBug for one that holds nothing."""
        if hold.held <= 0:
            raise HoldfastBug(f"hold {hold.id} would be opened with {hold.held}")
        self.holds.open(hold)
        self._move(hold.card, "hold", hold.held, hold.id, journal)

    def post(self, card: str, kind: str, amount: int, hold: int | None = None, journal: int | None = None) -> None:
        """Move an amount; nothing moves nothing. Raises HoldfastBug when `held` or `booked` would fall below zero.

        `available` may: what is put back by a reversal or a void is put back even if its money has been spent since.
        """
        if amount == 0:
            return
        if amount < 0:
            raise HoldfastBug(f"{kind} of {amount} for {card}")
        held, booked = self._move(card, kind, amount, hold, journal)
        if hold is not None:
            self.holds.move(hold, held, booked)

    def _move(self, card: str, kind: str, amount: int, hold: int | None, journal: int | None) -> tuple[int, int]:
        """Between the pots of the account; returns by how much more it holds and has booked."""
        debit, credit = MOVES[kind]
        self.database.run(_POST, (card, hold, kind, debit, credit, amount, journal))
        from_available, to_held, to_booked = _SIGNS[kind]
        held, booked = amount * to_held, amount * to_booked
        row = self.database.row(_MOVE, (amount * from_available, held, booked, card))
        if row is None:
            raise HoldfastBug(f"a posting for {card}, which has no account")
        kind_of_account, *pots, opening = row
        view = AccountView(*pots)
        if view.held < 0 or view.booked < 0 or sum(pots) != opening:
            raise HoldfastBug(f"{kind} of {amount} would leave {card}, opened with {opening}, at {view}")
        self._shown[card] = kind_of_account, view
        self._held[card] = self._held.get(card, 0) + held
        self._pending.append(Posting(card, hold, TOLD_AS.get(kind, kind), amount, view))
        return held, booked

    # ── invariants ────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """What this decision touched: each hold holds what its state says, and what an account holds more or less than
        before, its holds do together.

        Its cost does not grow with what went before. Raises HoldfastBug.
        """
        under: dict[str, int] = {}
        for hold, more in self.holds.touched():
            breach = hold.breach()
            if breach:
                raise HoldfastBug(breach)
            under[hold.card] = under.get(hold.card, 0) + more
        for card in under.keys() | self._held.keys():
            held, holds = self._held.get(card, 0), under.get(card, 0)
            if held != holds:
                raise HoldfastBug(f"{card} holds {held} more, its holds {holds}")

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
