"""What a batch comes to: the figures that terminal, host and judge hold against each other. facts/unionpay-pos 2.3."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Totals:
    """Amounts in minor units, and how many transactions."""

    debit: int = 0
    debit_count: int = 0
    credit: int = 0
    credit_count: int = 0

    def __str__(self) -> str:
        return f"debit {self.debit} in {self.debit_count}, credit {self.credit} in {self.credit_count}"

    def plus_debit(self, amount: int) -> Totals:
        """With one more debit."""
        return Totals(self.debit + amount, self.debit_count + 1, self.credit, self.credit_count)

    def plus_credit(self, amount: int) -> Totals:
        """With one more credit."""
        return Totals(self.debit, self.debit_count, self.credit + amount, self.credit_count + 1)

    def at_most(self, other: Totals) -> bool:
        """No part of it is more than the other's."""
        return (
            self.debit <= other.debit
            and self.debit_count <= other.debit_count
            and self.credit <= other.credit
            and self.credit_count <= other.credit_count
        )
