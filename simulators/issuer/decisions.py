"""The decisions: who may hold, complete, cancel, void and undo what. facts/unionpay-pos 5.1-5.20.

Pure of sockets and clocks: an `Asked` and the business day go in, a `Decided` comes out, and the ledger has moved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from protocols.market import Market
from protocols.money import Money
from protocols.transactions import Transaction
from simulators.issuer.ledger import Entry, Ledger, Posting

DUPLICATE, NO_ORIGINAL, WRONG_CARD, SHORT_OF_FUNDS, NOT_VALID, WRONG_AMOUNT = "94", "25", "14", "51", "12", "13"
"""facts/unionpay-pos 5.21."""
YEARS_BETWEEN_LEAP_DAYS = 8
"""At most: 2096 to 2104. Any other day is found within two years."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the rules see it. `card` is the account's name; money in minor units; days as MMDD."""

    transaction: Transaction
    terminal: str
    merchant: str
    batch: str
    trace: str
    card: str
    amount: int
    approval: str = ""
    original_batch: str = ""
    original_trace: str = ""
    original_day: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """Code and one sentence of reason; the hold concerned; what the reply carries."""

    code: str
    reason: str
    approval: str = ""
    hold: Entry | None = None
    hold_state: str = ""
    postings: tuple[Posting, ...] = ()


class Rules:
    """The market's rules over one ledger. Not thread-safe: the host calls it from its one thread."""

    def __init__(self, ledger: Ledger, market: Market) -> None:
        self._ledger = ledger
        self._market = market
        self._approvals = ledger.last_approval()

    def decide(self, asked: Asked, today: date, reference: str) -> Decided:
        """Approve or refuse a request, durably."""
        ledger = self._ledger
        key = (asked.merchant, asked.terminal, asked.batch, asked.trace)
        if ledger.is_blocked(*key, asked.transaction.value):
            return Decided(NOT_VALID, "it was reversed before it came")
        if ledger.by_trace(*key) is not None:
            return Decided(DUPLICATE, f"trace {asked.trace} of batch {asked.batch} was used before")
        with ledger.decision() as postings:
            decided = _DECIDE[asked.transaction](self, asked, today, reference)
        return _with(decided, postings)

    def reverse(self, asked: Asked, today: date) -> Decided:
        """Undo the request with the same trace; an unknown one is refused should it come."""
        key = (asked.merchant, asked.terminal, asked.batch, asked.trace, asked.transaction.value)
        entry = self._ledger.by_trace(*key)
        if entry is None:
            with self._ledger.decision():
                self._ledger.block(*key)
            return Decided("00", "no such request: nothing to undo, and it is refused should it come")  # facts 5.19, BP
        if entry.state == "reversed":
            return Decided(NO_ORIGINAL, "it was reversed before", hold=self._hold(entry))
        if asked.card and asked.card != entry.card:  # facts 5.20: PAN differs
            return Decided(WRONG_CARD, "it was made with another card")
        if entry.amount != asked.amount:
            return Decided(
                self._market.cancel.amount_differs_code, f"its amount was {entry.amount}, not {asked.amount}"
            )
        with self._ledger.decision() as postings:
            decided = _UNDO[asked.transaction](self, entry)
            if decided.code == "00":
                self._ledger.set_state(entry, "reversed")
        return _with(decided, postings)

    # ── requests ──────────────────────────────────────────────────────────────────────────────────────────────

    def _preauth(self, asked: Asked, today: date, reference: str) -> Decided:
        available = self._ledger.account(asked.card).available
        if asked.amount <= 0:
            return Decided(WRONG_AMOUNT, "the amount is zero")
        if asked.amount > available:
            return Decided(SHORT_OF_FUNDS, f"{asked.amount} asked, {available} available")
        self._approvals += 1
        entry = self._enter(asked, today, reference, f"{self._approvals:06d}", "open")
        self._ledger.post(asked.card, "hold", asked.amount, entry.id, entry.id)
        return Decided("00", "held", entry.approval, entry, "open")

    def _cancel(self, asked: Asked, today: date, reference: str) -> Decided:
        """facts/unionpay-pos 5.6: same card, amount, and a hold that is still open; a later day is fine."""
        hold, refusal = self._matched(asked, today)
        if hold is None:
            return refusal
        if hold.state != "open":
            return Decided(self._market.cancel.not_open_code, f"the hold is {hold.state}", hold=hold)
        if hold.amount != asked.amount:
            code = self._market.cancel.amount_differs_code
            return Decided(code, f"the hold is of {hold.amount}, not {asked.amount}", hold=hold)
        entry = self._enter(asked, today, reference, hold.approval, "normal", hold)
        self._ledger.post(asked.card, "release", self._ledger.held_by(hold.id), hold.id, entry.id)
        self._ledger.set_state(hold, "cancelled")
        return Decided("00", "hold released", hold.approval, hold, "cancelled")

    def _complete(self, asked: Asked, today: date, reference: str) -> Decided:
        """facts/unionpay-pos 5.1, 5.2, 5.5, 5.7: within limit and days, once."""
        rule = self._market.completion
        if asked.amount <= 0:
            return Decided(WRONG_AMOUNT, "the amount is zero")
        hold, refusal = self._matched(asked, today)
        if hold is None:
            return refusal
        if hold.state != "open":
            return Decided(rule.second_code, f"the hold is {hold.state}", hold=hold)
        days = (today - date.fromisoformat(hold.day)).days
        if days > rule.validity_days:
            return Decided(rule.too_old_code, f"day {days} of {rule.validity_days}", hold=hold)
        money = self._market.money
        if not self._market.completion_allowed(Money(hold.amount, money), Money(asked.amount, money)):
            limit = self._market.completion_limit(Money(hold.amount, money)).minor
            return Decided(rule.over_limit_code, f"{asked.amount} asked, {limit} is the limit", hold=hold)
        above = max(0, asked.amount - self._ledger.held_by(hold.id))
        if above > self._ledger.account(asked.card).available:
            return Decided(SHORT_OF_FUNDS, f"{above} above the hold are not available", hold=hold)
        entry = self._enter(asked, today, reference, hold.approval, "normal", hold)
        self._book(asked.card, hold, entry, asked.amount, above)
        self._ledger.set_state(hold, "completed")
        return Decided("00", "booked, the rest released", hold.approval, hold, "completed")

    def _void(self, asked: Asked, today: date, reference: str) -> Decided:
        """facts/unionpay-pos 5.8: found by batch and trace; same day, amount and card; the hold is open again."""
        rule = self._market.completion_void
        completion = self._ledger.by_trace(
            asked.merchant, asked.terminal, asked.original_batch, asked.original_trace, Transaction.COMPLETION.value
        )
        if completion is None:
            return Decided(NO_ORIGINAL, f"no completion has batch {asked.original_batch}, trace {asked.original_trace}")
        if completion.card != asked.card:
            return Decided(WRONG_CARD, "the completion was made with another card")
        if completion.state != "normal":
            return Decided(rule.not_normal_code, f"the completion is {completion.state}")
        if rule.same_day_only and completion.day != today.isoformat():
            return Decided(rule.not_normal_code, f"the completion is of {completion.day}")
        if completion.amount != asked.amount:
            return Decided(
                self._market.cancel.amount_differs_code, f"it was of {completion.amount}, not {asked.amount}"
            )
        hold = self._hold(completion)
        assert hold is not None
        self._enter(asked, today, reference, completion.approval, "normal", completion)
        self._unbook(completion, hold)
        self._ledger.set_state(completion, "voided")
        self._ledger.set_state(hold, "open")
        return Decided("00", "booking undone, the hold is open again", completion.approval, hold, "open")

    # ── reversals: facts/unionpay-pos 5.20 ────────────────────────────────────────────────────────────────────

    def _undo_preauth(self, entry: Entry) -> Decided:
        if entry.state != "open":
            return Decided(NO_ORIGINAL, f"the hold is {entry.state}", hold=entry)
        self._ledger.post(entry.card, "release", self._ledger.held_by(entry.id), entry.id, entry.id)
        return Decided("00", "hold released", "", entry, "reversed")

    def _undo_cancel(self, entry: Entry) -> Decided:
        hold = self._hold(entry)
        assert hold is not None
        self._ledger.post(entry.card, "hold", hold.amount, hold.id, entry.id)
        self._ledger.set_state(hold, "open")
        return Decided("00", "the hold is back", "", hold, "open")

    def _undo_completion(self, entry: Entry) -> Decided:
        if entry.state != "normal":
            return Decided(NO_ORIGINAL, f"the completion is {entry.state}")
        hold = self._hold(entry)
        assert hold is not None
        self._unbook(entry, hold)
        self._ledger.set_state(hold, "open")
        return Decided("00", "booking undone, the hold is open again", "", hold, "open")

    def _undo_void(self, entry: Entry) -> Decided:
        """The completion stands again, and so its hold is completed again: not left open as one host does (5.20).

        A hold that was used otherwise since the void stays so: booking it twice would exceed it.
        """
        completion = self._ledger.entry(entry.original or 0)
        assert completion is not None
        hold = self._hold(completion)
        assert hold is not None
        if hold.state != "open":
            return Decided(NO_ORIGINAL, f"the hold is {hold.state} since", hold=hold)
        above = max(0, completion.amount - self._ledger.held_by(hold.id))
        self._book(entry.card, hold, completion, completion.amount, above)
        self._ledger.set_state(completion, "normal")
        self._ledger.set_state(hold, "completed")
        return Decided("00", "the completion stands again", "", hold, "completed")

    # ── shared ────────────────────────────────────────────────────────────────────────────────────────────────

    def _book(self, card: str, hold: Entry, entry: Entry, amount: int, above: int) -> None:
        held = self._ledger.held_by(hold.id)
        self._ledger.post(card, "book", amount - above, hold.id, entry.id)
        if above:
            self._ledger.post(card, "book above", above, hold.id, entry.id)
        if held > amount:
            self._ledger.post(card, "release", held - amount, hold.id, entry.id)

    def _unbook(self, completion: Entry, hold: Entry) -> None:
        """Back to a full hold: what was booked within it is held again, what was above it is available again."""
        within = min(completion.amount, hold.amount)
        self._ledger.post(hold.card, "unbook", within, hold.id, completion.id)
        if completion.amount > within:
            self._ledger.post(hold.card, "unbook above", completion.amount - within, hold.id, completion.id)
        if hold.amount > within:
            self._ledger.post(hold.card, "hold", hold.amount - within, hold.id, completion.id)

    def _matched(self, asked: Asked, today: date) -> tuple[Entry | None, Decided]:
        """facts/unionpay-pos 5.5: by card, authorisation code and date; 5.3: a date to come means last year."""
        hold = self._ledger.hold_of(asked.card, asked.approval.strip(), asked.merchant, Transaction.PREAUTH.value)
        if hold is not None and hold.day == _day(asked.original_day, today) and hold.state != "reversed":
            return hold, Decided("00", "")
        near = (
            ", ".join(f"{approval} of {day}" for approval, day in self._ledger.approvals(asked.card)) or "none at all"
        )
        wanted = f"F38 {asked.approval.strip() or 'missing'} of {asked.original_day or 'no date'}"
        return None, Decided(NO_ORIGINAL, f"no hold has {wanted}; this card has {near}")

    def _enter(
        self, asked: Asked, today: date, reference: str, approval: str, state: str, original: Entry | None = None
    ) -> Entry:
        return self._ledger.enter(
            terminal=asked.terminal, merchant=asked.merchant, batch=asked.batch, trace=asked.trace,
            kind=asked.transaction.value, card=asked.card, amount=asked.amount, approval=approval, reference=reference,
            day=today.isoformat(), code="00", state=state, original=original.id if original else None,
        )  # fmt: skip

    def _hold(self, entry: Entry) -> Entry | None:
        """The hold at the root of an entry."""
        while entry.original is not None:
            parent = self._ledger.entry(entry.original)
            assert parent is not None
            entry = parent
        return entry


def _day(mmdd: str, today: date) -> str:
    """The last day of that month and day: of this year, or before when it would be to come. facts/unionpay-pos 5.3."""
    for year in range(today.year, today.year - YEARS_BETWEEN_LEAP_DAYS - 1, -1):
        try:
            day = date(year, int(mmdd[:2] or 0), int(mmdd[2:4] or 0))
        except ValueError:
            continue
        if day <= today:
            return day.isoformat()
    return ""


def _with(decided: Decided, postings: list[Posting]) -> Decided:
    return Decided(
        decided.code, decided.reason, decided.approval, decided.hold, decided.hold_state, tuple(postings)
    )  # fmt: skip


_DECIDE: dict[Transaction, Callable[[Rules, Asked, date, str], Decided]] = {
    Transaction.PREAUTH: Rules._preauth,
    Transaction.CANCEL: Rules._cancel,
    Transaction.COMPLETION: Rules._complete,
    Transaction.COMPLETION_VOID: Rules._void,
}
_UNDO: dict[Transaction, Callable[[Rules, Entry], Decided]] = {
    Transaction.PREAUTH: Rules._undo_preauth,
    Transaction.CANCEL: Rules._undo_cancel,
    Transaction.COMPLETION: Rules._undo_completion,
    Transaction.COMPLETION_VOID: Rules._undo_void,
}
