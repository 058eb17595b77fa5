"""When a rule of the card's CVM list counts. EMV Book 3, 10.5 and Annex C3, table 44."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocols.emv.cvm import Condition, CvmList
from simulators.terminal.contact.state import ChipTransaction

CASH, CASHBACK = ("01", "17"), "09"
"""Tag 9C: the first two digits of ISO 8583's processing code. EMV Book 3, Annex A1"""
UNATTENDED = (4, 5, 6)
"""Last digit of the terminal type. EMV Book 4, Annex A1"""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a transaction is, as far as conditions ask for it."""

    cash: bool
    cashback: bool
    attended: bool

    @classmethod
    def of(cls, transaction: ChipTransaction) -> Kind:
        """An amount on top of the purchase (9F03) is cashback as well."""
        terms = transaction.terms
        return cls(
            cash=terms.kind in CASH,
            cashback=terms.kind == CASHBACK or bool(terms.other),
            attended=transaction.configuration.terminal_type % 16 not in UNATTENDED,
        )


KINDS: dict[int, Callable[[Kind], bool]] = {
    Condition.ALWAYS: lambda kind: True,
    Condition.UNATTENDED_CASH: lambda kind: kind.cash and not kind.attended,
    Condition.MANUAL_CASH: lambda kind: kind.cash and kind.attended,
    Condition.NOT_CASH: lambda kind: not kind.cash and not kind.cashback,
    Condition.CASHBACK: lambda kind: kind.cashback,
}
"""Conditions on what the transaction is."""
AMOUNTS: dict[int, Callable[[int, CvmList], bool]] = {
    Condition.UNDER_X: lambda amount, rules: amount < rules.amount_x,
    Condition.OVER_X: lambda amount, rules: amount > rules.amount_x,
    Condition.UNDER_Y: lambda amount, rules: amount < rules.amount_y,
    Condition.OVER_Y: lambda amount, rules: amount > rules.amount_y,
}
"""Conditions on its amount. An amount that equals X is neither under nor over it."""


def is_met(condition: int, rules: CvmList, transaction: ChipTransaction, *, supported: bool) -> bool:
    """A code that the terminal does not understand, or whose data are missing, is not met. EMV Book 3, 10.5"""
    if condition == Condition.SUPPORTED:
        return supported
    if condition in KINDS:
        return KINDS[condition](Kind.of(transaction))
    if condition in AMOUNTS:
        # a card that names no currency of its own, or another one, has no amount to compare with (9F42)
        own = transaction.card.get("9F42") == transaction.terminal["5F2A"]
        return own and AMOUNTS[condition](transaction.terms.amount.minor, rules)
    return False
