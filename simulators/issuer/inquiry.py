"""What may be asked of a running host, and done to it, beside its messages.

The books are read over a connection of their own, in the thread of who asks: no question keeps a terminal waiting, and
what is told is durable. Answers come page by page: a page begins after an id and has a limit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from protocols.faults import ConfigurationError
from protocols.pan import derived, mask_pan
from simulators.issuer.database import Reader, Row
from simulators.issuer.financial import Financial
from simulators.issuer.holdbook import Hold
from simulators.issuer.journal import Entry
from simulators.issuer.ledger import Ledger
from simulators.issuer.security import Terminals

MOST = 500
"""Rows in one page."""
OPEN_STATES = ("open", "partly completed")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in the books, in minor units, and the card on file. `pan` is masked.

    A card of kept books that nobody has put on file since the host started has neither `pan` nor `status`.
    """

    card: str
    kind: str
    opening: int
    available: int
    held: int
    booked: int
    retired: bool
    pan: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """An enrolled terminal. `check_value` is that of its master key."""

    terminal: str
    merchant: str
    scheme: str
    check_value: str
    signed_on: bool


@dataclass(frozen=True, slots=True)
class JournalQuery:
    """Which requests of the journal are meant; empty is any. They are given oldest first, those after an id."""

    terminal: str = ""
    trace: str = ""
    reference: str = ""
    card: str = ""
    day: str = ""
    code: str = ""
    kind: str = ""
    after: int = 0
    limit: int = MOST


@dataclass(frozen=True, slots=True)
class HoldQuery:
    """Which holds are meant; empty is any. They are given oldest first, those after an id."""

    card: str = ""
    state: str = ""
    approval: str = ""
    after: int = 0
    limit: int = MOST


_ACCOUNTS = (
    "SELECT card, kind, opening, available, held, booked, retired FROM account WHERE card > ? ORDER BY card LIMIT ?"
)
_ACCOUNT = "SELECT card, kind, opening, available, held, booked, retired FROM account WHERE card = ?"
_HOLDS = (
    "SELECT id, card, merchant, approval, trace, day, amount, granted, held, booked, state, last_day, closed_by"
    " FROM hold WHERE {} ORDER BY id LIMIT ?"
)
_JOURNAL = (
    "SELECT id, terminal, merchant, batch, trace, kind, card, amount, asked, approval, reference, day, code, state,"
    " original, refunded FROM journal WHERE {} ORDER BY id LIMIT ?"
)
_OPEN = "state IN ('open', 'partly completed')"
_HOLDS_OPEN = f"SELECT COUNT(*) FROM hold WHERE {_OPEN}"  # noqa: S608
_HOLDS_OPEN_AT_MOST = f"SELECT COUNT(*) FROM (SELECT 1 FROM hold WHERE {_OPEN} LIMIT ?) AS counted"  # noqa: S608


class Inquiry:
    """Questions to one host. `call` does work in the host's thread; all methods are safe from any other thread.

    They raise RigFault when the host does not run or answer, and LedgerUnavailable when its database does not.
    """

    def __init__(
        self, call: Callable[[Callable[[], Any]], Any], ledger: Ledger, terminals: Terminals, financial: Financial
    ) -> None:
        self._call = call
        self._ledger = ledger
        self._terminals = terminals
        self._cards = financial.cards
        self._reading = threading.Lock()
        self._reader: Reader | None = None

    def close(self) -> None:
        """The connection ends; the next question makes another."""
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def _rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        with self._reading:
            if self._reader is None:
                self._reader = self._ledger.database.reader()
            return self._reader.rows(statement, values)

    @property
    def database(self) -> str:
        """What the books lie in, for a person."""
        return self._ledger.database.name

    # ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────────

    def accounts(self, after: str, limit: int) -> list[AccountRow]:
        """Accounts by the names of their cards, those after a name."""
        return self._with_cards(self._rows(_ACCOUNTS, (after, min(limit, MOST))))

    def account(self, card: str) -> AccountRow | None:
        """None for a card without an account."""
        found = self._with_cards(self._rows(_ACCOUNT, (card,)))
        return found[0] if found else None

    def card_names(self) -> list[str]:
        """Names of the cards on file: for near misses."""
        names: list[str] = self._call(lambda: sorted({card.name for card in self._cards.values()}))
        return names

    def has_pan(self, pan: str) -> bool:
        """Whether a card with this number is on file."""
        return bool(self._call(lambda: pan in self._cards))

    def free_pan(self, prefix: str, digits: int = 16) -> str:
        """The first number of a test range that no card on file has."""
        numbers = derived(prefix, length=digits)
        return str(self._call(lambda: next(pan for pan in numbers if pan not in self._cards)))

    def _with_cards(self, rows: Sequence[tuple[Any, ...]]) -> list[AccountRow]:
        on_file = self._call(lambda: {card.name: card for card in self._cards.values()}) if rows else {}
        found = []
        for name, kind, opening, available, held, booked, retired in rows:
            card = on_file.get(name)
            pan, status = (mask_pan(card.pan), card.status) if card else ("", "")
            found.append(AccountRow(name, kind, opening, available, held, booked, bool(retired), pan, status))
        return found

    # ── holds and journal ─────────────────────────────────────────────────────────────────────────────────────────

    def holds(self, query: HoldQuery) -> list[Hold]:
        """A page of holds."""
        asked = {"card": query.card, "state": query.state, "approval": query.approval}
        statement, values = _page(_HOLDS, asked, query.after, query.limit)
        return [Hold._make(row) for row in self._rows(statement, values)]

    def hold(self, hold_id: int) -> Hold | None:
        """None for an id that is no hold's."""
        found = self.holds(HoldQuery(after=hold_id - 1, limit=1))
        return found[0] if found and found[0].id == hold_id else None

    def newest_hold(self, card: str, approval: str) -> Hold | None:
        """The newest of a card with an authorisation code: the one that an adjustment is for."""
        found = self._call(lambda: self._ledger.holds.newest(card, approval))
        return found if isinstance(found, Hold) else None

    def open_holds(self, at_most: int = 0) -> int:
        """How many holds are open or partly completed; counted no further than `at_most` unless that is 0."""
        rows = self._rows(_HOLDS_OPEN_AT_MOST, (at_most,)) if at_most else self._rows(_HOLDS_OPEN)
        return int(rows[0][0])

    def journal(self, query: JournalQuery) -> list[Entry]:
        """A page of the journal."""
        asked = {
            "terminal": query.terminal, "trace": query.trace, "reference": query.reference, "card": query.card,
            "day": query.day, "code": query.code, "kind": query.kind,
        }  # fmt: skip
        statement, values = _page(_JOURNAL, asked, query.after, query.limit)
        return [Entry._make(row) for row in self._rows(statement, values)]

    def journal_pages(self, query: JournalQuery) -> Iterator[list[Entry]]:
        """All that the query means, a page at a time; business goes on between two pages. The limit is a page's."""
        after = query.after
        while True:
            page = self.journal(
                JournalQuery(
                    query.terminal, query.trace, query.reference, query.card, query.day, query.code, query.kind,
                    after, query.limit,
                )
            )  # fmt: skip
            if not page:
                return
            yield page
            after = page[-1].id

    # ── terminals ─────────────────────────────────────────────────────────────────────────────────────────────────

    def sessions(self) -> list[SessionRow]:
        """All enrolled terminals, in the order of their numbers."""

        def work() -> list[SessionRow]:
            store = self._terminals.store
            rows = [
                SessionRow(t.number, t.merchant, t.scheme, store.check_value(t.master_key), t.session is not None)
                for t in self._terminals
            ]
            return sorted(rows, key=lambda row: row.terminal)

        found: list[SessionRow] = self._call(work)
        return found

    def sign_off(self, terminal: str) -> None:
        """Forget the working keys of a terminal: it must sign on again. Raises ConfigurationError for none of ours."""

        def work() -> None:
            found = self._terminals.numbered(terminal)
            if found is None:
                raise ConfigurationError(f"terminal {terminal} is not enrolled", advice="enrol it first")
            found.sign_off()

        self._call(work)


def _page(statement: str, asked: dict[str, str], after: int, limit: int) -> tuple[str, tuple[object, ...]]:
    """The statement with the conditions that are asked for, and its values; the columns are ours alone."""
    given = {column: value for column, value in asked.items() if value}
    conditions = " AND ".join(["id > ?", *(f"{column} = ?" for column in given)])
    return statement.format(conditions), (after, *given.values(), max(1, min(limit, MOST)))
