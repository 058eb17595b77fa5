"""Card files."""

from __future__ import annotations

import difflib
from pathlib import Path

from protocols.faults import ConfigurationError
from rigs.model import RigModel
from rigs.yamlfile import load_strict
from simulators.card import CardProfile

CARDS = Path(__file__).parent


def card_path(name_or_path: str) -> Path:
    """A card of this house by its name, or by the end of it where no other has the same; any other by its path.

    Raises ConfigurationError that names the near miss for a name that none has.
    """
    if name_or_path.endswith((".yaml", ".yml")):
        return Path(name_or_path)
    names = sorted(path.stem for path in CARDS.glob("*.yaml"))
    found = [name for name in names if name == name_or_path or name.endswith(f"-{name_or_path}")]
    if len(found) == 1:
        return CARDS / f"{found[0]}.yaml"
    ends = [name.rpartition("-")[2] for name in names]
    near = difflib.get_close_matches(name_or_path, names + ends, n=1)
    raise ConfigurationError(
        f"there is no card {name_or_path!r}",
        advice=f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}",
    )


def load_cards(rig_path: Path, rig: RigModel) -> dict[str, CardProfile]:
    """The cards of a rig by their names. Raises ConfigurationError, also for one that the rig's own list refuses."""
    listed = rig.test_cards.card_list
    profiles = {name: load_card_profile(rig_path.parent / path) for name, path in rig.cards.items()}
    for name, profile in profiles.items():
        if not listed.holds_range(profile.pan_prefix):
            near = listed.nearest(profile.pan_prefix)
            raise ConfigurationError(
                f"{rig_path}: cards.{name}: its numbers begin with {profile.pan_prefix}: test_cards has no such range",
                advice=f"did you mean {near}?" if near else f"it has {', '.join(listed.ranges) or 'none'}",
            )
    return profiles


def load_card_profile(path: Path) -> CardProfile:
    """Raises ConfigurationError that names the file and the near miss."""
    return load_strict(path, CardProfile)
