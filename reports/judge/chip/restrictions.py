"""Processing restrictions: versions, usage control, dates. EMV Book 3, 10.4."""

from __future__ import annotations

from collections.abc import Iterator

from protocols.emv.verification import Tvr, UsageControl
from reports.judge.chip.demands import Case, Demand, barred, demand, due

ATM_TYPES = (0x14, 0x15, 0x16)
"""Unattended terminals of a bank; they are ATMs where they give cash, which tag 9F40 says. EMV Book 4, A1"""
CASH, CASHBACK = (0x01, 0x17), 0x09
"""First two digits of the processing code, ISO 8583:1987: cash advance, and goods with cash back."""
PURCHASE = (0x00, 0x03, CASHBACK)
"""A pre-authorisation, 03, is a purchase that is not made yet: likely."""
DOMESTIC, INTERNATIONAL = 0, 1
CASH_BITS = (UsageControl.DOMESTIC_CASH, UsageControl.INTERNATIONAL_CASH)
CASHBACK_BITS = (UsageControl.DOMESTIC_CASHBACK, UsageControl.INTERNATIONAL_CASHBACK)
GOODS_BITS = (UsageControl.DOMESTIC_GOODS, UsageControl.INTERNATIONAL_GOODS)
SERVICE_BITS = (UsageControl.DOMESTIC_SERVICES, UsageControl.INTERNATIONAL_SERVICES)


def demands(case: Case) -> Iterator[Demand]:
    """Of the first round."""
    yield from _versions(case)
    yield from _usage(case)
    yield from _dates(case)


def _versions(case: Case) -> Iterator[Demand]:
    """EMV Book 3, 10.4.1: a card without a version is taken for one of the terminal's."""
    own, card = case.terminal("9F09"), case.walk.value("9F08")
    number = case.walk.number("9F08")
    if not card:
        yield barred(Tvr.VERSIONS_DIFFER, "the card names no version")
    elif own:
        told = f"the card is of version {card.hex().upper()}, the terminal of {own.hex().upper()}"
        yield Demand(Tvr.VERSIONS_DIFFER, own != card, told, (number,))


def _usage(case: Case) -> Iterator[Demand]:
    """EMV Book 3, 10.4.2. Where goods are allowed and services are not, nobody knows here which it was."""
    value, number = case.walk.value("9F07"), case.walk.number("9F07")
    if not value:
        yield barred(Tvr.SERVICE_NOT_ALLOWED, "the card controls no usage")
        return
    if len(value) != UsageControl.size():
        return
    allowed = is_allowed(case, UsageControl.parse(value))
    if allowed is not None:
        told = f"usage control {value.hex().upper()} {'allows' if allowed else 'forbids'} it here"
        yield Demand(Tvr.SERVICE_NOT_ALLOWED, not allowed, told, (number,))


def is_allowed(case: Case, control: UsageControl) -> bool | None:
    """None where the evidence does not tell."""
    kind = case.terminal("9F35")
    if not kind or kind[0] in ATM_TYPES:
        return None
    if not control & UsageControl.NOT_AT_ATM:
        return False
    issuer, country, transaction = case.walk.value("5F28"), case.terminal("9F1A"), case.terminal("9C")
    if not issuer:  # the rest is looked at only where the card names a country
        return True
    if not country or not transaction:
        return None
    where = DOMESTIC if issuer == country else INTERNATIONAL
    with_cash = transaction[0] == CASHBACK or any(case.terminal("9F03"))
    if with_cash and not control & CASHBACK_BITS[where]:
        return False
    return _for_transaction(transaction[0], control, where)


def _for_transaction(transaction: int, control: UsageControl, where: int) -> bool | None:
    """Table 36 has cash and purchases; for what is neither, like an inquiry, a terminal may look at it or not."""
    if transaction in CASH:
        return bool(control & CASH_BITS[where])
    goods, services = bool(control & GOODS_BITS[where]), bool(control & SERVICE_BITS[where])
    return goods if transaction in PURCHASE and goods == services else None


def _dates(case: Case) -> Iterator[Demand]:
    """EMV Book 3, 10.4.3, at the date that the terminal gave the card. Where it gave none, the twin cannot tell."""
    fact, today = case.first.fact, case.first.data.get("9A", b"")
    if fact is not None and fact.fields.get("date"):
        expired, early = case.first.says("expired"), case.first.says("not_yet_effective")
        yield demand(Tvr.EXPIRED, expired, "it has expired by then", "it has not expired by then", fact.number)
        yield demand(Tvr.NOT_YET_EFFECTIVE, early, "it is not yet effective then", "it is effective then", fact.number)
    elif not case.walk.value("5F25"):
        yield barred(Tvr.NOT_YET_EFFECTIVE, "the card names no day from which it is effective")
    elif len(today) == len(case.walk.value("5F25")) and _this_century(today, case.walk.value("5F25")):
        early = case.walk.value("5F25") > today
        bit, number = Tvr.NOT_YET_EFFECTIVE, case.walk.number("5F25")
        yield due(bit, "its first day comes later", number) if early else barred(bit, "its first day is past", number)


def _this_century(*days: bytes) -> bool:
    """YYMMDD with YY from 00 to 49 is of this century. EMV Book 4, 6.7.3"""
    return all(day[0] < 0x50 for day in days)
