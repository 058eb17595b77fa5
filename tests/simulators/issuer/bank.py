"""Rules over a real ledger, asked without a wire: the shortest way to a decision."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from protocols.market import Market
from protocols.transactions import Transaction
from simulators.issuer.database import SqliteDatabase
from simulators.issuer.decisions import Asked, Decided, Rules
from simulators.issuer.ledger import AccountView, Ledger
from simulators.issuer.opening import open_database
from tests.simulators.kit import MERCHANT, TERMINAL

CARD, BATCH = "credit", "000001"
OPENING, HOLD = 1_000_00, 100_00
TODAY = date(2026, 6, 15)


class Bank:
    """One card, one terminal. Days can go by; each request gets the trace that it is given.

    `where` is a file, or the URL of a server; `opening` None finds the card there.
    """

    def __init__(self, where: Path | str, market: Market, opening: int | None = OPENING) -> None:
        database = open_database(where)
        if isinstance(database, SqliteDatabase):
            database.run("PRAGMA synchronous=OFF")  # no test of these cuts the power
        self.ledger = Ledger(database)
        self.rules = Rules(self.ledger, market)
        self.today = TODAY
        self.approval = ""
        self.opened = TODAY
        if opening is not None:
            self.ledger.open_account(CARD, opening)

    def close(self) -> None:
        self.ledger.close()

    def days_go_by(self, days: int) -> None:
        self.today += timedelta(days=days)

    def account(self, card: str = CARD) -> AccountView:
        return self.ledger.account(card)

    def state(self) -> str:
        """State of the newest hold."""
        hold = self.ledger.holds.newest(CARD, self.approval)
        return hold.state if hold else "none"

    def preauth(self, amount: int = HOLD, trace: int = 1, card: str = CARD) -> Decided:
        decided = self.ask(Transaction.PREAUTH, amount, trace, card=card)
        if decided.code == "00":
            self.approval, self.opened = decided.approval, self.today
        return decided

    def complete(self, amount: int = HOLD, trace: int = 2, **changes: str) -> Decided:
        return self._matched(Transaction.COMPLETION, amount, trace, changes)

    def cancel(self, amount: int = HOLD, trace: int = 3, **changes: str) -> Decided:
        return self._matched(Transaction.CANCEL, amount, trace, changes)

    def void(self, amount: int = HOLD, trace: int = 4, completion: int = 2, **changes: str) -> Decided:
        values = {"original_batch": BATCH, "original_trace": f"{completion:06d}", **changes}
        return self.ask(Transaction.COMPLETION_VOID, amount, trace, **values)

    def advise(self, amount: int = HOLD, trace: int = 2, **changes: str) -> Decided:
        return self._matched(Transaction.ADVICE, amount, trace, changes)

    def increment(self, amount: int = HOLD, trace: int = 5, **changes: str) -> Decided:
        return self._matched(Transaction.INCREMENT, amount, trace, changes)

    def sell(self, amount: int = HOLD, trace: int = 6, **changes: Any) -> Decided:
        return self.ask(Transaction.SALE, amount, trace, **changes)

    def void_sale(self, amount: int = HOLD, trace: int = 7, sale: int = 6, **changes: str) -> Decided:
        values = {"original_batch": BATCH, "original_trace": f"{sale:06d}", **changes}
        return self.ask(Transaction.SALE_VOID, amount, trace, **values)

    def change_sale(
        self, transaction: Transaction, amount: int, trace: int = 8, sale: int = 6, **changes: str
    ) -> Decided:
        """An adjustment or a tip: `amount` is the new total."""
        values = {"original_batch": BATCH, "original_trace": f"{sale:06d}", **changes}
        return self.ask(transaction, amount, trace, **values)

    def refund(self, amount: int = HOLD, trace: int = 9, of: int = 6, **changes: str) -> Decided:
        """Of what was booked today, or since the bank opened, under this trace."""
        values = {"reference": f"{of:012d}", "original_day": f"{TODAY:%m%d}", **changes}
        return self.ask(Transaction.REFUND, amount, trace, **values)

    def ask(self, transaction: Transaction, amount: int, trace: int, **changes: Any) -> Decided:
        return self.rules.decide(self._asked(transaction, amount, trace, changes), self.today, f"{trace:012d}")

    def reverse(self, transaction: Transaction, trace: int, amount: int = HOLD, **changes: str) -> Decided:
        return self.rules.reverse(self._asked(transaction, amount, trace, changes), self.today)

    def _matched(self, transaction: Transaction, amount: int, trace: int, changes: dict[str, str]) -> Decided:
        values: dict[str, Any] = {"approval": self.approval, "original_day": f"{self.opened:%m%d}", **changes}
        return self.ask(transaction, amount, trace, **values)

    def _asked(self, transaction: Transaction, amount: int, trace: int, changes: dict[str, Any]) -> Asked:
        values: dict[str, Any] = {"terminal": TERMINAL, "merchant": MERCHANT, "batch": BATCH, "card": CARD, **changes}
        return Asked(transaction, trace=f"{trace:06d}", amount=amount, **values)
