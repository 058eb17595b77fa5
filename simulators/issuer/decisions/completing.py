"""Completing: request, advice, and the void of either. facts/unionpay-pos 5.1, 5.2, 5.5, 5.7-5.9."""

from __future__ import annotations

from datetime import date

from protocols.transactions import Transaction
from simulators.issuer.decisions.asked import Asked, Decided
from simulators.issuer.decisions.books import COMPLETIONS, NOT_SUPPORTED, Books, changed
from simulators.issuer.decisions.holding import too_old, unusable
from simulators.issuer.decisions.originals import hold_named, voidable
from simulators.issuer.ledger import Hold


def complete(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """Checks in the order of 5.5-5.7: amount, original, its state, its days, its limit, and funds for what is above it.

    Once, or several times until nothing stays held: as the market says.
    """
    rule = books.market.completion
    if asked.amount <= 0:
        return Decided(rule.zero_code, "the amount is zero")
    hold = hold_named(books, asked, today)
    if isinstance(hold, Decided):
        return hold
    refusal = unusable(books, hold, rule.second_code) or too_old(books, hold, today) or _over(books, hold, asked.amount)
    if refusal:
        return refusal
    entry = books.enter(asked, today, reference, hold.approval, original=hold.id)
    hold = books.book(hold, asked.amount, entry.id)
    reason = "booked, the rest stays held" if hold.usable else "booked, the rest released"
    return changed(reason, hold, hold.approval)


def advise(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """The same by advice. facts/unionpay-pos 3, 5.18; the same one again is a duplicate and counts once (5.16)."""
    if not books.market.advice.allowed:
        return Decided(NOT_SUPPORTED, "this market knows no completion by advice")
    return complete(books, asked, today, reference)


def void(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """The completion is undone and the hold stands as before it. facts/unionpay-pos 5.8, 5.9."""
    completion = voidable(books, asked, (COMPLETIONS[0], COMPLETIONS[1]), books.market.completion_void, today)
    if isinstance(completion, Decided):
        return completion
    entry = books.enter(asked, today, reference, completion.approval, original=completion.id)
    books.journal.set_state(completion, "voided")
    hold = books.unbook(books.hold_of(completion), completion.amount, entry.id)
    return changed(f"booking undone, the hold is {hold.state} again", hold, completion.approval)


def _over(books: Books, hold: Hold, amount: int) -> Decided | None:
    """Beyond the limit, or beyond what the account has above the hold."""
    if not books.within_limit(hold, hold.booked + amount):
        booked = f", {hold.booked} booked before" if hold.booked else ""
        reason = f"{amount} asked{booked}, {books.limit(hold)} is the limit"
        return Decided(books.market.completion.over_limit_code, reason, hold=hold)
    short = books.short(hold.card, max(0, amount - hold.held))
    return Decided(short.code, f"above the hold: {short.reason}", hold=hold) if short else None


DECIDERS = {
    Transaction.COMPLETION: complete,
    Transaction.ADVICE: advise,
    Transaction.COMPLETION_VOID: void,
}
