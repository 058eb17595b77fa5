"""Reversals: what each undoes, and when it cannot. facts/unionpay-pos 5.19, 5.20.

A request and its reversal may come in either order: one that was reversed before it came is refused should it come.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from protocols.transactions import Transaction
from simulators.issuer.decisions import near
from simulators.issuer.decisions.asked import Asked, Decided
from simulators.issuer.decisions.books import Books, changed
from simulators.issuer.ledger import Entry, Hold

NO_ISSUER = "98"
"""A request refused with this was never decided: its reversal is granted. facts/unionpay-pos 5.19 (BP)."""


def reverse(books: Books, asked: Asked, today: date) -> Decided:
    """Undo the request with the same trace. Done before: told so, and nothing moves, however often it comes."""
    rule, kind = books.market.reversal, asked.transaction.value
    batch = asked.batch if books.market.matching.by_batch else None
    key = (asked.merchant, asked.terminal, batch, asked.trace, (kind, kind))
    entry = books.journal.find(*key, refused=False)
    if entry is None:
        books.journal.block(asked.merchant, asked.terminal, asked.batch, asked.trace, kind)
        refused = books.journal.find(*key, refused=True)
        return _refused(books, refused) if refused else _unknown(books, asked)
    if entry.state == "reversed":
        return Decided(rule.repeated_code, "it was reversed before", hold=_hold(books, entry))
    if asked.card and asked.card != entry.card:  # facts/unionpay-pos 5.20: PAN differs
        return Decided(books.market.matching.other_card_code, "it was made with another card")
    if entry.day != today.isoformat():
        return Decided(rule.other_day_code, f"it is of {entry.day}")
    if asked.amount not in (entry.asked, entry.amount):
        return Decided(rule.amount_differs_code, f"its amount was {entry.asked}, not {asked.amount}")
    decided = _UNDO[asked.transaction](books, entry)
    if decided.approved:
        books.journal.set_state(entry, "reversed")
    return decided


def _refused(books: Books, entry: Entry) -> Decided:
    if entry.code == NO_ISSUER:
        return Decided("00", "it was answered 98: nothing to undo")
    return Decided(books.market.reversal.declined_code, f"it was refused with {entry.code}: nothing to undo")


def _unknown(books: Books, asked: Asked) -> Decided:
    miss = near.booking(books.journal, asked, asked.batch, asked.trace, (asked.transaction.value,))
    reason = f"no such request: nothing to undo, and it is refused should it come; {miss}"
    return Decided(books.market.reversal.unknown_code, reason, near=miss)


def _hold(books: Books, entry: Entry) -> Hold | None:
    kinds = (Transaction.BALANCE, Transaction.SALE, Transaction.SALE_VOID)
    return None if entry.kind in kinds else books.hold_of(entry)


def _not_normal(books: Books, reason: str, hold: Hold | None = None) -> Decided:
    return Decided(books.market.reversal.not_normal_code, reason, hold=hold)


def _preauth(books: Books, entry: Entry) -> Decided:
    """With all its increments."""
    hold = books.holds.get(entry.id)
    if hold.state != "open":
        return _not_normal(books, f"the hold is {hold.state}", hold)
    return changed("hold released", books.close(hold, "reversed", entry.id))


def _increment(books: Books, entry: Entry) -> Decided:
    """The increment only. cases.md 77."""
    hold = books.hold_of(entry)
    if hold.state != "open":
        return _not_normal(books, f"the hold is {hold.state}", hold)
    if hold.amount <= entry.amount:
        return _not_normal(books, f"the issuer lowered the hold to {hold.amount} since", hold)
    lower = hold._replace(amount=hold.amount - entry.amount, granted=hold.granted - entry.amount)
    return changed(f"{lower.amount} stays held", books.settle(lower, entry.id))


def _cancel(books: Books, entry: Entry) -> Decided:
    """What it released is held again. cases.md 64."""
    hold = books.hold_of(entry)
    if hold.state in ("expired", "reversed") or (hold.state == "cancelled" and hold.closed_by != entry.id):
        return _not_normal(books, f"the hold is {hold.state} since", hold)
    if hold.state == "cancelled":
        back = hold._replace(state="open", closed_by=None)
    else:
        back = hold._replace(amount=hold.amount + entry.amount, granted=hold.granted + entry.amount)
    return changed("the hold is back", books.settle(back, entry.id))


def _completion(books: Books, entry: Entry) -> Decided:
    hold = books.hold_of(entry)
    if entry.state != "normal":
        return _not_normal(books, f"the completion is {entry.state}", hold)
    hold = books.unbook(hold, entry.amount, entry.id)
    return changed(f"booking undone, the hold is {hold.state} again", hold)


def _completion_void(books: Books, entry: Entry) -> Decided:
    """The completion stands again, and so its hold is completed again: not left open as one host does (5.20).

    A hold that was used otherwise since the void stays so: booking it again would exceed it.
    """
    completion = books.journal.entry(entry.original or 0)
    hold = books.hold_of(completion)
    if not hold.usable or not books.within_limit(hold, hold.booked + completion.amount):
        return _not_normal(books, f"the hold of {hold.amount} is {hold.state} since, {hold.booked} booked", hold)
    books.journal.set_state(completion, "normal")
    return changed("the completion stands again", books.book(hold, completion.amount, entry.id))


def _sale(books: Books, entry: Entry) -> Decided:
    if entry.state != "normal":
        return _not_normal(books, f"the sale is {entry.state}")
    books.ledger.post(entry.card, "sale void", entry.amount, journal=entry.id)
    return Decided("00", "sale undone")


def _sale_void(books: Books, entry: Entry) -> Decided:
    sale = books.journal.entry(entry.original or 0)
    books.journal.set_state(sale, "normal")
    books.ledger.post(entry.card, "sale", sale.amount, journal=entry.id)
    return Decided("00", "the sale stands again")


_UNDO: dict[Transaction, Callable[[Books, Entry], Decided]] = {
    Transaction.PREAUTH: _preauth,
    Transaction.INCREMENT: _increment,
    Transaction.CANCEL: _cancel,
    Transaction.COMPLETION: _completion,
    Transaction.COMPLETION_VOID: _completion_void,
    Transaction.SALE: _sale,
    Transaction.SALE_VOID: _sale_void,
}
