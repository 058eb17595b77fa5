"""Cards with several faults of the catalogue at once: a name is those of the faults, with a plus between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from protocols.faults import ConfigurationError
from rigs.bench import Bench
from rigs.cards.faulty import card_fault
from rigs.cards.loading import load_cards
from rigs.cards.making import CardMaker, Wanted
from simulators.card import CardFault, CardProfile

PLUS = " + "


class SeveralFaults(CardMaker):
    """A maker whose cards may have more than one."""

    def _profile(self, wanted: Wanted) -> tuple[CardProfile, CardFault | None]:
        names = wanted.fault.split(PLUS)
        if len(names) < 2:
            return super()._profile(wanted)
        profile, _ = super()._profile(wanted._replace(fault=names[0]))
        return profile, merged([card_fault(name) for name in names])


def fit(bench: Bench) -> None:
    """From now on the bench makes such cards."""
    profiles = load_cards(bench.plan.rig_path, bench.rig)
    bench._maker = SeveralFaults(profiles, bench.plan.position, bench._emit, bench.guard, bench.recorder.protect)


def merged(faults: Sequence[CardFault]) -> CardFault:
    """All of them in one. Where two say something else of the same thing, the later one counts.

    Raises ConfigurationError for two that no card can have together.
    """
    whole: dict[str, Any] = {}
    for fault in faults:
        whole = _laid(whole, fault.model_dump(exclude_defaults=True))
    whole["says"] = "; ".join(fault.says for fault in faults)
    whole["clause"] = "; ".join(fault.clause for fault in faults)
    try:
        return CardFault.model_validate(whole, strict=False)
    except ValidationError:
        raise ConfigurationError("no card has these faults together", advice=whole["says"]) from None


def _laid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are laid over each other, lists are put together, of anything else the upper one stays."""
    found = dict(below)
    for name, value in above.items():
        before = found.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            found[name] = _laid(before, value)
        elif isinstance(before, list | tuple) and isinstance(value, list | tuple):
            found[name] = [*before, *value]
        else:
            found[name] = value
    return found
