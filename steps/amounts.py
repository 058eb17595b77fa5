"""Amounts as scenarios say them: by a name of the market file, by the market's rules, or relative to what was held.

No scenario has a figure, so that the same sentence is true in every market.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocols.faults import ConfigurationError
from protocols.market import Market
from protocols.money import Money

Known = Callable[[], Money]
TOGETHER, WITHOUT = " together with ", " without "
DIGITS = 12
"""Of F4: facts/unionpay-pos 2."""


class Amounts:
    """Finds the amount that a phrase means. `hold` tells the hold that the scenario speaks of."""

    def __init__(self, market: Market, hold: Known) -> None:
        self._market = market
        self._relative: Mapping[str, Known] = {
            "nothing": lambda: self._money(0),
            "the full amount": hold,
            "the market's limit": lambda: market.completion_limit(hold()),
            "the smallest unit above the limit": lambda: market.completion_limit(hold()) + self._money(1),
            "the account's amount": self.opening,
            "the most that a message can carry": lambda: self._money(10**DIGITS - 1),
            "more than a message can carry": lambda: self._money(10**DIGITS),
        }

    def __call__(self, phrase: str) -> Money:
        """The amount of `the usual amount`, `the usual amount together with the other amount`, and the like.

        Raises ConfigurationError that names what can be said.
        """
        first, *subtracted = phrase.split(WITHOUT)
        found = self._sum(first)
        for part in subtracted:
            found -= self._sum(part)
        return found

    def opening(self) -> Money:
        """What is on a fresh account: ten times the usual amount."""
        return self._money(10 * self._market.amount("usual").minor)

    def _sum(self, phrase: str) -> Money:
        found = self._money(0)
        for part in phrase.split(TOGETHER):
            found += self._one(part)
        return found

    def _one(self, phrase: str) -> Money:
        if phrase in self._relative:
            return self._relative[phrase]()
        name = phrase.removeprefix("the ").removesuffix(" amount")
        try:
            return self._market.amount(name)
        except KeyError as error:
            known = ", ".join([*self._relative, *(f"the {name} amount" for name in self._market.amounts)])
            raise ConfigurationError(f"no amount is called {phrase!r}", advice=f"say one of: {known}") from error

    def _money(self, minor: int) -> Money:
        return Money(minor, self._market.money)
