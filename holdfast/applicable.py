"""Which scenarios a market has no use for: a tag says what a scenario needs, and the market file whether it is there.

A case that its market rules out is NOT_APPLICABLE, with the rule that decided it: nothing is tested, nobody is blamed,
and the run is whole without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from protocols.market import Market


@dataclass(frozen=True, slots=True)
class Need:
    """What a tag asks of a market. `rule` names the key of the market file that decides."""

    there: Callable[[Market], bool]
    rule: str


NEEDS: Mapping[str, Need] = {
    "needs_increments": Need(lambda market: market.increment.allowed, "increment.allowed"),
    "needs_advices": Need(lambda market: market.advice.allowed, "advice.allowed"),
}


def ruled_out(tags: Iterable[str], market: Market) -> str:
    """Why the market has no use for a scenario with these tags; empty when it has."""
    missing = [NEEDS[tag].rule for tag in sorted(tags) if tag in NEEDS and not NEEDS[tag].there(market)]
    return f"market {market.name}: {', '.join(missing)} is false" if missing else ""
