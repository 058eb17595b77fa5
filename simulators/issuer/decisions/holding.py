"""Holding: pre-authorisation, increment, cancel, and the issuer's own changes. facts/unionpay-pos 3, 5.2, 5.4-5.6."""

from __future__ import annotations

from datetime import date, timedelta

from protocols.faults import ConfigurationError
from protocols.transactions import Transaction
from simulators.issuer.decisions.asked import Asked, Decided
from simulators.issuer.decisions.books import Books, changed
from simulators.issuer.decisions.originals import approval_code, hold_named
from simulators.issuer.ledger import Hold


def preauth(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """A new hold, of all that was asked or of a part where market and terminal can do with one."""
    rule = books.market.preauth
    if asked.amount < rule.least:
        return Decided(rule.wrong_amount_code, f"{asked.amount} asked, {rule.least} is the least")
    if rule.most and asked.amount > rule.most:
        return Decided(rule.over_most_code, f"{asked.amount} asked, {rule.most} is the most")
    if not rule.debit_allowed and books.ledger.kind(asked.card) == "debit":
        return Decided(rule.not_permitted_code, "a debit account holds nothing")  # facts/unionpay-pos 5.14
    amount = books.granted(asked, partial=rule.partial)
    if isinstance(amount, Decided):
        return amount
    approval = books.next_approval()
    entry = books.enter(asked, today, reference, approval, amount=amount, code=_code(asked, amount))
    hold = Hold(
        entry.id, asked.card, asked.merchant, approval, asked.trace, entry.day, amount, amount, amount, 0, "open",
        books.last_day(today),
    )  # fmt: skip
    books.ledger.open_hold(hold, entry.id)
    if amount < asked.amount:
        return changed(f"{amount} of {asked.amount} held", hold, approval, entry.code, amount)
    return changed("held", hold, approval)


def increment(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """The same hold grows. facts/unionpay-pos 3: only some terminals know the message."""
    rule, least = books.market.increment, books.market.preauth
    if not rule.allowed:
        return Decided(rule.not_allowed_code, "this market knows no increments")
    if asked.amount < least.least:
        return Decided(least.wrong_amount_code, f"{asked.amount} asked, {least.least} is the least")
    hold = hold_named(books, asked, today)
    if isinstance(hold, Decided):
        return hold
    refusal = unusable(books, hold, books.market.cancel.completed_code) or too_old(books, hold, today)
    if refusal:
        return refusal
    total = hold.amount + asked.amount
    if least.most and total > least.most:
        return Decided(least.over_most_code, f"{total} in all, {least.most} is the most", hold=hold)
    short = books.short(asked.card, asked.amount)
    if short:
        return short._replace(hold=hold)
    entry = books.enter(asked, today, reference, hold.approval, original=hold.id)
    last_day = books.last_day(today) if rule.extends_validity else hold.last_day
    grown = hold._replace(amount=total, granted=hold.granted + asked.amount, last_day=max(last_day, hold.last_day))
    return changed(f"{grown.amount} held in all", books.settle(grown, entry.id), hold.approval)


def cancel(books: Books, asked: Asked, today: date, reference: str) -> Decided:
    """Of the whole hold; of the rest where a part was completed. facts/unionpay-pos 5.6."""
    rule = books.market.cancel
    hold = hold_named(books, asked, today)
    if isinstance(hold, Decided):
        return hold
    refusal = unusable(books, hold, rule.completed_code, expired_code=rule.not_open_code)
    if refusal:
        return refusal
    if not rule.later_day and hold.day != today.isoformat():
        return Decided(rule.later_day_code, f"the hold is of {hold.day}", hold=hold)
    if asked.amount not in _cancelled_by(hold):
        there = " or ".join(str(amount) for amount in sorted(_cancelled_by(hold)))
        return Decided(rule.amount_differs_code, f"{there} can be cancelled, not {asked.amount}", hold=hold)
    entry = books.enter(asked, today, reference, hold.approval, original=hold.id, amount=hold.held)
    if hold.booked == 0:
        return changed("hold released", books.close(hold, "cancelled", entry.id), hold.approval)
    left = hold._replace(amount=hold.booked, granted=hold.granted - hold.held)
    return changed("the rest of the hold released", books.settle(left, entry.id), hold.approval)


def adjust(books: Books, card: str, approval: str, today: date, amount: int | None, days: int | None) -> Decided:
    """The issuer's own change: to another total, or so many days longer. No request, so it leaves no journal entry."""
    if amount is None and days is None:
        raise ConfigurationError("an adjustment changes the amount, the days or both", advice="name one of them")
    hold = books.holds.newest(card, approval_code(approval))
    if hold is None:
        return Decided(books.market.matching.no_original_code, f"{card} has no hold {approval}")
    refusal = unusable(books, hold, books.market.cancel.completed_code)
    if refusal:
        return refusal
    total = hold.amount if amount is None else amount
    adjusted = hold._replace(amount=total, last_day=_later(hold.last_day, days or 0))
    if total < 1 or total <= hold.booked or (hold.booked and not books.within_limit(adjusted, hold.booked)):
        return Decided(
            books.market.preauth.wrong_amount_code, f"a hold with {hold.booked} booked is not of {total}", hold=hold
        )
    short = books.short(card, max(0, total - hold.amount))
    if short:
        return short._replace(hold=hold)
    return changed(f"now of {total}, until {adjusted.last_day}", books.settle(adjusted, None), hold.approval)


def expire(books: Books, hold_id: int) -> Decided:
    """Beyond its last valid day what is held is released. facts/unionpay-pos 5.2, 5.4."""
    hold = books.holds.get(hold_id)
    return changed(f"its last day was {hold.last_day}", books.close(hold, "expired", None), hold.approval)


def unusable(books: Books, hold: Hold, completed_code: str, *, expired_code: str = "") -> Decided | None:
    """A refusal when nothing can be held under it any more."""
    rule = books.market.cancel
    codes = {
        "completed": completed_code,
        "cancelled": rule.not_open_code,
        "reversed": rule.not_open_code,
        "expired": expired_code or books.market.completion.too_old_code,
    }
    if hold.state not in codes:
        return None
    miss = f"hold {hold.approval} of {hold.day[5:]} is {hold.state}"
    return Decided(codes[hold.state], miss, hold=hold, near=miss)


def too_old(books: Books, hold: Hold, today: date) -> Decided | None:
    """A refusal beyond the last valid day. facts/unionpay-pos 5.2."""
    if today.isoformat() <= hold.last_day:
        return None
    opened = date.fromisoformat(hold.day)
    allowed = (date.fromisoformat(hold.last_day) - opened).days
    reason = f"day {(today - opened).days} of {allowed}"
    return Decided(books.market.completion.too_old_code, reason, hold=hold)


def _code(asked: Asked, amount: int) -> str:
    return "00" if amount == asked.amount else "10"


def _cancelled_by(hold: Hold) -> set[int]:
    """Amounts that cancel it: what it is, or was when the merchant last heard of it; the rest after a completion."""
    return {hold.held} if hold.booked else {hold.amount, hold.granted}


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


DECIDERS = {
    Transaction.PREAUTH: preauth,
    Transaction.INCREMENT: increment,
    Transaction.CANCEL: cancel,
}
