"""Sale and its relatives, which touch no hold: balance, sale, void, refund, offline sale, adjustment, tip.

facts/unionpay-pos 2.5, 3, 5.8 (a sale void as a completion void), 5.15, 5.18.
"""

from __future__ import annotations

from datetime import date

from protocols.transactions import Transaction
from simulators.issuer.decisions.asked import Asked, Decided
from simulators.issuer.decisions.books import SALES, Books
from simulators.issuer.decisions.originals import by_reference, by_trace, voidable
from simulators.issuer.ledger import Entry

SALE = SALES[0]


def balance(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """What is available: holds are taken off already. cases.md 251."""
    books.enter(asked, today, reference, "", amount=0)
    return Decided("00", "balance told", balance=books.available(asked.card))


def sale(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """Booked at once; a part when there is not enough and the terminal can take one. facts/unionpay-pos 5.15."""
    if asked.amount <= 0:
        return Decided(books.market.preauth.wrong_amount_code, "the amount is zero")
    amount = books.granted(asked, partial=True)
    if isinstance(amount, Decided):
        return amount
    approval, part = books.next_approval(), amount < asked.amount
    entry = books.enter(asked, today, reference, approval, amount=amount, code="10" if part else "00")
    books.ledger.post(asked.card, "sale", amount, journal=entry.id)
    if part:
        return Decided("10", f"{amount} of {asked.amount} booked", approval, amount=amount)
    return Decided("00", "booked", approval)


def offline_sale(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """Sold while off line: it brings its own authorisation code, if any."""
    if asked.amount <= 0:
        return Decided(books.market.preauth.wrong_amount_code, "the amount is zero")
    short = books.short(asked.card, asked.amount)
    if short:
        return short
    entry = books.enter(asked, today, reference, asked.approval.strip())
    books.ledger.post(asked.card, "sale", asked.amount, journal=entry.id)
    return Decided("00", "booked", entry.approval)


def void(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """The sale is undone: found by batch and trace, of the same day, card and amount."""
    original = voidable(books, asked, (SALE, SALE), books.market.sale_void, today)
    if isinstance(original, Decided):
        return original
    entry = books.enter(asked, today, reference, original.approval, original=original.id)
    books.journal.set_state(original, "voided")
    books.ledger.post(asked.card, "sale void", original.amount, journal=entry.id)
    return Decided("00", "sale undone", original.approval)


def refund(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """Out of what a sale or a completion booked, found by RRN and day; several, never more than it."""
    rule = books.market.refund
    if asked.amount <= 0:
        return Decided(books.market.preauth.wrong_amount_code, "the amount is zero")
    original = by_reference(books, asked, today)
    if isinstance(original, Decided):
        return original
    refusal = _not_refundable(books, original, asked)
    if refusal:
        return refusal
    days = (today - date.fromisoformat(original.day)).days
    if days > rule.allowed_days:
        return Decided(rule.too_old_code, f"day {days} of {rule.allowed_days}")
    if original.refunded + asked.amount > original.amount:
        reason = f"{original.refunded} of {original.amount} refunded before, {asked.amount} asked"
        return Decided(rule.over_amount_code, reason)
    entry = books.enter(asked, today, reference, original.approval, original=original.id)
    books.journal.refund(original, asked.amount)
    books.ledger.post(asked.card, "refund", asked.amount, journal=entry.id)
    return Decided("00", "given back", original.approval)


def _not_refundable(books: Books, original: Entry, asked: Asked) -> Decided | None:
    if original.card != asked.card:
        return Decided(books.market.matching.other_card_code, f"the {original.kind} was made with another card")
    rule = books.market.sale_void if original.kind in SALES else books.market.completion_void
    codes = {"voided": rule.voided_code, "reversed": rule.not_normal_code}
    if original.state in codes:
        return Decided(codes[original.state], f"the {original.kind} is {original.state}")
    return None


def adjust(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """What a sale of this batch booked becomes this amount. F61 names it by batch and trace."""
    original = _adjustable(books, asked)
    if isinstance(original, Decided):
        return original
    more = asked.amount - original.amount
    short = books.short(asked.card, max(0, more))
    if short:
        return short
    entry = books.enter(asked, today, reference, original.approval, original=original.id)
    books.journal.set_amount(original, asked.amount)
    books.ledger.post(asked.card, "adjustment", max(0, more), journal=entry.id)
    books.ledger.post(asked.card, "adjustment below", max(0, -more), journal=entry.id)
    return Decided("00", f"{asked.amount} instead of {original.amount} booked", original.approval)


def tip(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """As an adjustment, and never below what was booked: F4 is the sale with its tip."""
    original = _adjustable(books, asked)
    if not isinstance(original, Decided) and asked.amount < original.amount:
        reason = f"{asked.amount} is less than the {original.kind} of {original.amount}"
        return Decided(books.market.preauth.wrong_amount_code, reason)
    return adjust(books, asked, today, reference)


def _adjustable(books: Books, asked: Asked) -> Entry | Decided:
    if asked.amount <= 0:
        return Decided(books.market.preauth.wrong_amount_code, "the amount is zero")
    original = by_trace(books, asked, (SALES[0], SALES[1]))
    if isinstance(original, Decided):
        return original
    rule = books.market.sale_void
    if original.state == "voided":
        return Decided(rule.voided_code, f"the {original.kind} was voided before")
    if original.state != "normal":
        return Decided(rule.not_normal_code, f"the {original.kind} is {original.state}")
    if original.card != asked.card:
        return Decided(books.market.matching.other_card_code, f"the {original.kind} was made with another card")
    if books.ledger.batches.closed(original.merchant, original.terminal, original.batch):
        return Decided(rule.not_normal_code, f"the {original.kind} is of batch {original.batch}, which is settled")
    return original


DECIDERS = {
    Transaction.BALANCE: balance,
    Transaction.SALE: sale,
    Transaction.SALE_VOID: void,
    Transaction.REFUND: refund,
    Transaction.OFFLINE_SALE: offline_sale,
    Transaction.ADJUSTMENT: adjust,
    Transaction.TIP: tip,
}
