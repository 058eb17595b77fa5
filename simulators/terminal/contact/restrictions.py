"""Whether this application may be used for this, here and today. EMV Book 3, 10.4.

Nothing here ends a transaction: the TVR tells, and the action codes of issuer and acquirer say what comes of it.
"""

from __future__ import annotations

from protocols.emv.dates import full_date
from protocols.emv.verification import Tvr, UsageControl
from simulators.terminal.contact.configuration import Configuration, Service
from simulators.terminal.contact.state import ChipTransaction

U, S = UsageControl, Service
CASH, PURCHASE, CASHBACK = ("01", "17"), ("00", "03", "09"), "09"
"""Tag 9C: the first two digits of ISO 8583's processing code. 03 is a pre-authorisation: facts/unionpay-pos 2.2, 3."""
ALLOWED = {  # 10.4.2, table 36
    S.CASH: (U.DOMESTIC_CASH, U.INTERNATIONAL_CASH),
    S.GOODS: (U.DOMESTIC_GOODS, U.INTERNATIONAL_GOODS),
    S.SERVICES: (U.DOMESTIC_SERVICES, U.INTERNATIONAL_SERVICES),
    S.CASHBACK: (U.DOMESTIC_CASHBACK, U.INTERNATIONAL_CASHBACK),
}
"""What must be set for a service where the card is at home, and where it is abroad."""


def restrict(transaction: ChipTransaction, defects: frozenset[str] = frozenset()) -> None:
    """EMV Book 3, 10.4: version, usage control, dates."""
    if not _same_version(transaction):
        transaction.tvr |= Tvr.VERSIONS_DIFFER
    if not _may_be_used(transaction) and "usage-control-ignored" not in defects:
        transaction.tvr |= Tvr.SERVICE_NOT_ALLOWED
    today = f"{transaction.today:%Y%m%d}"
    effective, expiry = (transaction.card.get(tag) for tag in ("5F25", "5F24"))
    if effective is not None and today < full_date(effective.hex()):  # 10.4.3
        transaction.tvr |= Tvr.NOT_YET_EFFECTIVE
    if expiry is not None and today > full_date(expiry.hex()) and "expiry-unnoticed" not in defects:  # 10.4.3
        transaction.tvr |= Tvr.EXPIRED


def _same_version(transaction: ChipTransaction) -> bool:
    """10.4.1: a card without a version is presumed to be compatible."""
    version = transaction.card.get("9F08")
    return version is None or version == transaction.terminal.get("9F09")


def _may_be_used(transaction: ChipTransaction) -> bool:
    """10.4.2: a card without usage control may be used for anything; without its country, wherever it is."""
    raw, country = transaction.card.get("9F07"), transaction.card.get("5F28")
    if raw is None:
        return True
    control, configuration = UsageControl.parse(raw), transaction.configuration
    if (U.AT_ATM if configuration.is_atm else U.NOT_AT_ATM) not in control:
        return False
    if country is None:
        return True
    abroad = country != transaction.terminal["9F1A"]
    return all(
        any(ALLOWED[service][abroad] in control for service in one_of)
        for one_of in _wanted(transaction.terms.kind, transaction.terms.other, configuration)
    )


def _wanted(kind: str, other: int, configuration: Configuration) -> list[frozenset[Service]]:
    """The services that are asked for, all of them; of a set one is enough.

    Tag 9C does not tell goods from services. What the terminal sells does (9F40), and one that sells both takes a card
    for either: likely. A pre-authorisation is a purchase that is not made yet; an inquiry is none of table 36.
    """
    wanted = []
    if kind in CASH:
        wanted.append(frozenset({S.CASH}))
    if kind in PURCHASE and configuration.sells:
        wanted.append(configuration.sells)
    if other or kind == CASHBACK:
        wanted.append(frozenset({S.CASHBACK}))
    return wanted
