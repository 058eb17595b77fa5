"""Money as integer minor units with its currency; never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from protocols.faults import ConfigurationError


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 currency: alphabetic code, numeric code, and the digits behind the decimal point."""

    alpha: str
    numeric: str
    exponent: int


CNY = Currency("CNY", "156", 2)


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (fen for CNY); below zero where it is a difference.

    Amounts of two currencies are never equal, and adding or comparing them raises ConfigurationError.
    """

    minor: int
    currency: Currency = CNY

    @classmethod
    def parse(cls, text: str, currency: Currency = CNY) -> Money:
        """`"123.45"` to 12345 fen, no sign. Raises ConfigurationError when it is no exact amount of the currency."""
        match = re.fullmatch(r"([0-9]+)(?:\.([0-9]+))?", text.strip())
        decimals = (match[2] or "") if match else ""
        if match is None or len(decimals) > currency.exponent:
            raise ConfigurationError(
                f"{text!r} is no amount in {currency.alpha}",
                advice=f"write digits with at most {currency.exponent} decimals",
            )
        return cls(int(match[1] + decimals.ljust(currency.exponent, "0")), currency)

    def __str__(self) -> str:
        if not self.currency.exponent:
            return f"{self.minor}"
        sign, digits = "-" * (self.minor < 0), str(abs(self.minor)).rjust(self.currency.exponent + 1, "0")
        return f"{sign}{digits[: -self.currency.exponent]}.{digits[-self.currency.exponent :]}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ConfigurationError(f"{self.currency.alpha} and {other.currency.alpha} cannot be added or compared")
        return other.minor
