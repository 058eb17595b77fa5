"""How a request finds what it speaks of. facts/unionpay-pos 2.5, 5.3, 5.5, 5.8."""

from __future__ import annotations

from datetime import date

from protocols.market import VoidRule
from simulators.issuer.decisions import near
from simulators.issuer.decisions.asked import Asked, Decided
from simulators.issuer.decisions.books import BOOKINGS, Books
from simulators.issuer.ledger import Entry, Hold

YEARS_BETWEEN_LEAP_DAYS = 8
"""At most: 2096 to 2104. Any other day is found within two years."""
APPROVAL_DIGITS = 6


def hold_named(books: Books, asked: Asked, today: date) -> Hold | Decided:
    """By card, authorisation code, day and merchant (5.5), in whatever state it is; or a refusal with the near miss."""
    approval, day = approval_code(asked.approval), day_of(asked.original_day, today)
    hold = books.holds.find(asked.card, approval, asked.merchant, day) if approval and day else None
    if hold is not None:
        return hold
    miss = near.hold(books.holds, asked, approval, day)
    wanted = f"F38 {approval or 'missing'} unknown for this card on {near.month_day(day) or 'no date'}"
    return Decided(books.market.matching.no_original_code, f"{wanted}; {miss}", near=miss)


def voidable(books: Books, asked: Asked, kinds: tuple[str, str], rule: VoidRule, today: date) -> Entry | Decided:
    """The booking that a void names by batch and trace, if it may be voided; or a refusal.

    The order of 5.8: it is there, normal, of this card, of this day, of this amount. What was settled is refunded, not
    voided (cases.md 61).
    """
    entry = by_trace(books, asked, kinds)
    if isinstance(entry, Decided):
        return entry
    if entry.state == "voided":
        return Decided(rule.voided_code, f"the {entry.kind} was voided before")
    if entry.state != "normal":
        return Decided(rule.not_normal_code, f"the {entry.kind} is {entry.state}")
    if entry.card != asked.card:
        return Decided(books.market.matching.other_card_code, f"the {entry.kind} was made with another card")
    if rule.same_day_only and entry.day != today.isoformat():
        return Decided(rule.not_normal_code, f"the {entry.kind} is of {entry.day}")
    if books.ledger.batches.closed(entry.merchant, entry.terminal, entry.batch):
        return Decided(rule.not_normal_code, f"the {entry.kind} is of batch {entry.batch}, which is settled")
    if entry.amount != asked.amount:
        return Decided(rule.amount_differs_code, f"the {entry.kind} was of {entry.amount}, not {asked.amount}")
    return entry


def by_trace(books: Books, asked: Asked, kinds: tuple[str, str]) -> Entry | Decided:
    """The booking of one of two kinds that F61 names by batch and trace, in whatever state; or a refusal."""
    rule = books.market.matching
    batch = asked.original_batch if rule.by_batch else None
    entry = books.journal.find(asked.merchant, asked.terminal, batch, asked.original_trace, kinds, refused=False)
    if entry is not None:
        return entry
    miss = near.booking(books.journal, asked, asked.original_batch, asked.original_trace, kinds)
    named = f"batch {asked.original_batch or 'missing'}, trace {asked.original_trace or 'missing'}"
    return Decided(rule.no_original_code, f"no {kinds[0]} has {named}; {miss}", near=miss)


def by_reference(books: Books, asked: Asked, today: date) -> Entry | Decided:
    """The booking that a refund names by its RRN and day, in whatever state; or a refusal."""
    day = day_of(asked.original_day, today)
    entry = books.journal.by_reference(asked.reference, asked.merchant, day, BOOKINGS) if asked.reference else None
    if entry is not None:
        return entry
    miss = near.reference(books.journal, asked, day, BOOKINGS)
    wanted = f"F37 {asked.reference or 'missing'} unknown on {near.month_day(day) or 'no date'}"
    return Decided(books.market.refund.no_original_code, f"{wanted}; {miss}", near=miss)


def approval_code(f38: str) -> str:
    """Padding does not count: spaces, or zeros on the left. facts/unionpay-pos 2, F38."""
    code = f38.strip()
    return code.zfill(APPROVAL_DIGITS) if code else ""


def day_of(mmdd: str, today: date) -> str:
    """The last day of that month and day: of this year, or before when it would be to come. facts/unionpay-pos 5.3.

    Empty when there is no such day.
    """
    if len(mmdd) != 4 or not (mmdd.isascii() and mmdd.isdigit()):
        return ""
    for year in range(today.year, today.year - YEARS_BETWEEN_LEAP_DAYS - 1, -1):
        try:
            day = date(year, int(mmdd[:2]), int(mmdd[2:]))
        except ValueError:
            continue
        if day <= today:
            return day.isoformat()
    return ""
