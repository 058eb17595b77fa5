"""Which scenarios a market has no use for, and which a rig cannot play.

A tag says what a scenario needs, and the market file or the rig file whether it is there.

A case that is ruled out is NOT_APPLICABLE, with the rule that decided it: nothing is tested, nobody is blamed, and the
run is whole without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from protocols.faults import ConfigurationError
from protocols.market import Market
from rigs.build import has_field
from rigs.model import RigModel

FEATURES = Path(__file__).parents[1] / "features"


@dataclass(frozen=True, slots=True)
class Need:
    """What a tag asks of a market. `rule` names the key of the market file that decides."""

    there: Callable[[Market], bool]
    rule: str


NEEDS: Mapping[str, Need] = {
    "needs_increments": Need(lambda market: market.increment.allowed, "increment.allowed"),
    "needs_advices": Need(lambda market: market.advice.allowed, "advice.allowed"),
}


@dataclass(frozen=True, slots=True)
class Ability:
    """What a tag asks of a rig. `lacking` says what the rig is that has it not."""

    there: Callable[[RigModel], bool]
    lacking: str


ABILITIES: Mapping[str, Ability] = {
    "needs_contactless": Ability(has_field, "reader.profile has no contactless slot beside the terminal's"),
}


def ruled_out(tags: Iterable[str], market: Market, rig: RigModel) -> str:
    """Why a scenario with these tags is not run: the market has no use for it, or the rig cannot play it. Empty when
    nothing keeps it."""
    asked = sorted(tags)
    missing = [NEEDS[tag].rule for tag in asked if tag in NEEDS and not NEEDS[tag].there(market)]
    if missing:
        return f"market {market.name}: {', '.join(missing)} is false"
    lacking = [ABILITIES[tag].lacking for tag in asked if tag in ABILITIES and not ABILITIES[tag].there(rig)]
    return f"rig {rig.name}: {', '.join(lacking)}" if lacking else ""


def features_of(rig: RigModel) -> list[Path]:
    """What a whole run of the rig is made of. Raises ConfigurationError for a name that is not below `features/`."""
    found = [FEATURES / name for name in rig.features] or [FEATURES]
    missing = [path.relative_to(FEATURES).as_posix() for path in found if not path.exists()]
    if missing:
        raise ConfigurationError(
            f"rig {rig.name}: there is no {', '.join(missing)} below features/", advice="see `features` of the rig file"
        )
    return found
