"""What every decision works with: the ledger, the market, and the day."""

from __future__ import annotations

from datetime import date, timedelta

from protocols.market import Market
from protocols.money import Money
from protocols.transactions import Transaction
from simulators.issuer.decisions.asked import Asked, Decided
from simulators.issuer.ledger import Entry, Hold, Ledger

SHORT_OF_FUNDS, NOT_VALID, NOT_SUPPORTED = "51", "12", "40"
"""facts/unionpay-pos 5.21: what does not differ by market."""
LAST_APPROVAL = 999_999

T = Transaction
SALES = (T.SALE.value, T.OFFLINE_SALE.value)
COMPLETIONS = (T.COMPLETION.value, T.ADVICE.value)
BOOKINGS = (*SALES, *COMPLETIONS)


class Books:
    """One ledger under one market's rules."""

    def __init__(self, ledger: Ledger, market: Market) -> None:
        self.ledger = ledger
        self.journal = ledger.journal
        self.holds = ledger.holds
        self.market = market
        self._approvals = ledger.journal.last_approval()

    def next_approval(self) -> str:
        """A fresh authorisation code of six digits."""
        self._approvals = self._approvals % LAST_APPROVAL + 1
        return f"{self._approvals:06d}"

    def enter(
        self, asked: Asked, today: date, reference: str, approval: str, *,
        original: int | None = None, amount: int | None = None, code: str = "00", state: str = "normal",
    ) -> Entry:  # fmt: skip
        """The request goes into the journal; `amount` is what was granted, when that is not what was asked."""
        entry = Entry(
            0, asked.terminal, asked.merchant, asked.batch, asked.trace, asked.transaction.value, asked.card,
            asked.amount if amount is None else amount, asked.amount, approval, reference, today.isoformat(), code,
            state, original,
        )  # fmt: skip
        return self.journal.enter(entry)

    # ── money ─────────────────────────────────────────────────────────────────────────────────────────────────

    def available(self, card: str) -> int:
        return self.ledger.account(card).available

    def short(self, card: str, amount: int) -> Decided | None:
        """A refusal when so much more is needed and not available; nothing more is always there."""
        available = self.available(card)
        if amount <= max(0, available):
            return None
        return Decided(SHORT_OF_FUNDS, f"{amount} asked, {available} available")

    def granted(self, asked: Asked, *, partial: bool) -> int | Decided:
        """All that was asked, or what there is when a part may be approved, or a refusal. facts/unionpay-pos 5.15."""
        available = self.available(asked.card)
        wanted = asked.amount if asked.most is None else min(asked.amount, asked.most)
        if 0 < wanted <= available:
            return wanted
        if partial and asked.partial and available > 0:
            return available
        return Decided(SHORT_OF_FUNDS, f"{wanted} asked, {available} available")

    # ── holds ─────────────────────────────────────────────────────────────────────────────────────────────────

    def within_limit(self, hold: Hold, booked: int) -> bool:
        """Exact integers: booked x 100 <= hold x limit. facts/unionpay-pos 5.1."""
        money = self.market.money
        return self.market.completion_allowed(Money(hold.amount, money), Money(booked, money))

    def limit(self, hold: Hold) -> int:
        """The most, in minor units, that may be booked under a hold."""
        return self.market.completion_limit(Money(hold.amount, self.market.money)).minor

    def last_day(self, opened: date) -> str:
        """The last day of a hold that is counted from this one. facts/unionpay-pos 5.2."""
        return (opened + timedelta(days=self.market.completion.validity_days)).isoformat()

    def standing(self, hold: Hold) -> tuple[str, int]:
        """State and held amount that follow from what is booked under a hold that was not taken away.

        Where one completion is all there is, its rest is released; where there may be several, it stays held.
        """
        if hold.state == "expired":
            return "expired", 0
        if hold.booked == 0:
            return "open", hold.amount
        if self.market.completion.multiple and hold.booked < hold.amount:
            return "partly completed", hold.amount - hold.booked
        return "completed", 0

    def settle(self, hold: Hold, journal: int | None) -> Hold:
        """Hold or release what is missing, or too much, after the amount or what is booked changed."""
        state, held = self.standing(hold)
        if held > hold.held:
            self.ledger.post(hold.card, "hold", held - hold.held, hold.id, journal)
        else:
            self.ledger.post(hold.card, "release", hold.held - held, hold.id, journal)
        now = self.holds.get(hold.id)
        wanted = (hold.amount, hold.granted, state, hold.last_day, hold.closed_by)
        if wanted != (now.amount, now.granted, now.state, now.last_day, now.closed_by):
            self.holds.put(hold._replace(state=state))
        return self.holds.get(hold.id)

    def book(self, hold: Hold, amount: int, journal: int) -> Hold:
        """Out of what is held, and what exceeds it out of what is available."""
        within = min(amount, hold.held)
        self.ledger.post(hold.card, "book", within, hold.id, journal)
        self.ledger.post(hold.card, "book above", amount - within, hold.id, journal)
        return self.settle(self.holds.get(hold.id), journal)

    def unbook(self, hold: Hold, amount: int, journal: int) -> Hold:
        """Back to the hold as far as it has room, the rest back to the account. facts/unionpay-pos 5.9."""
        _, held = self.standing(hold._replace(booked=hold.booked - amount))
        within = min(amount, max(0, held - hold.held))
        self.ledger.post(hold.card, "unbook", within, hold.id, journal)
        self.ledger.post(hold.card, "unbook above", amount - within, hold.id, journal)
        return self.settle(self.holds.get(hold.id), journal)

    def close(self, hold: Hold, state: str, journal: int | None) -> Hold:
        """Release all that is held; the hold is in this state from now on."""
        self.ledger.post(hold.card, "release", hold.held, hold.id, journal)
        self.holds.put(hold._replace(state=state, closed_by=journal))
        return self.holds.get(hold.id)

    def hold_of(self, entry: Entry) -> Hold:
        """The hold at the root of an entry."""
        while entry.original is not None:
            entry = self.journal.entry(entry.original)
        return self.holds.get(entry.id)


def changed(reason: str, hold: Hold, approval: str = "", code: str = "00", amount: int | None = None) -> Decided:
    """An approval that changed a hold."""
    return Decided(code, reason, approval, hold, hold.state, amount=amount)
