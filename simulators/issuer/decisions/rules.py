"""The door to the decisions: duplicates, reversals out of order, what is kept of a refusal, and who decides what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from protocols.faults import HoldfastBug
from protocols.market import Market
from protocols.transactions import Transaction
from simulators.issuer.decisions import completing, holding, selling
from simulators.issuer.decisions.asked import Asked, Decided
from simulators.issuer.decisions.books import NOT_VALID, Books
from simulators.issuer.decisions.undoing import reverse
from simulators.issuer.ledger import Ledger

Decider = Callable[[Books, Asked, date, str], Decided]
_DECIDERS: dict[Transaction, Decider] = {**holding.DECIDERS, **completing.DECIDERS, **selling.DECIDERS}


class Rules:
    """The market's rules over one ledger. Not thread-safe: the host calls it from its one thread."""

    def __init__(self, ledger: Ledger, market: Market) -> None:
        self._ledger = ledger
        self._books = Books(ledger, market)

    def decide(self, asked: Asked, today: date, reference: str) -> Decided:
        """Approve or refuse a financial request, durably. Raises KeyError for what is not financial.

        An approved request uses up its trace: the same key again is a duplicate (facts/unionpay-pos 5.16), and moves
        nothing. A refused one is decided anew, for it moved nothing: were it called a duplicate, a terminal would take
        its refused advice for accepted.
        """
        decider = _DECIDERS[asked.transaction]
        with self._ledger.decision() as postings:
            decided = self._known(asked)
            if decided is None:
                decided = self._decide(decider, asked, today, reference)
                if not decided.approved:
                    self._remember(asked, today, reference, decided.code)
            if postings and not decided.approved:
                raise HoldfastBug(f"{asked.transaction} was refused with {decided.code} and moved money")
        return decided.with_postings(postings)

    def reverse(self, asked: Asked, today: date) -> Decided:
        """Undo the request with the same trace, durably; an unknown one is refused should it come."""
        with self._ledger.decision() as postings:
            decided = reverse(self._books, asked, today)
        return decided.with_postings(postings)

    def refuse(self, asked: Asked, today: date, reference: str, code: str, reason: str) -> Decided:
        """Keep a refusal that was made outside of these rules (PIN, card status, a behaviour rule).

        Its reversal is then answered as that of a refused request, not of an unknown one.
        """
        with self._ledger.decision():
            self._remember(asked, today, reference, code)
        return Decided(code, reason)

    # ── the issuer's own acts ─────────────────────────────────────────────────────────────────────────────────

    def adjust(
        self, card: str, approval: str, today: date, amount: int | None = None, days: int | None = None
    ) -> Decided:
        """Raise or lower the newest hold with this code to `amount`, or let it live `days` longer, or both.

        Refused, with the code that a request would get, when it is no longer open or the money is not there. Raises
        ConfigurationError when nothing is to be changed.
        """
        with self._ledger.decision() as postings:
            decided = holding.adjust(self._books, card, approval, today, amount, days)
        return decided.with_postings(postings)

    def expire(self, today: date) -> list[Decided]:
        """Release the holds whose last valid day is over; those of retired accounts are left alone."""
        done = []
        for hold in self._ledger.holds.overdue(today.isoformat()):
            with self._ledger.decision() as postings:
                decided = holding.expire(self._books, hold)
            done.append(decided.with_postings(postings))
        return done

    # ── shared ────────────────────────────────────────────────────────────────────────────────────────────────

    def _known(self, asked: Asked) -> Decided | None:
        """A refusal of what was reversed before it came, or was there before."""
        kind = asked.transaction.value
        blocked, first = self._ledger.journal.known(asked.merchant, asked.terminal, asked.batch, asked.trace, kind)
        if blocked:
            return Decided(NOT_VALID, "it was reversed before it came")
        if not first:
            return None
        code = self._books.market.matching.duplicate_code
        return Decided(code, f"trace {asked.trace} of batch {asked.batch} was used before, by a {first}")

    def _decide(self, decider: Decider, asked: Asked, today: date, reference: str) -> Decided:
        if not self._ledger.kind(asked.card):
            return Decided(self._books.market.matching.other_card_code, "no such card")
        return decider(self._books, asked, today, reference)

    def _remember(self, asked: Asked, today: date, reference: str, code: str) -> None:
        self._books.enter(asked, today, reference, "", code=code, state="refused")
