"""The cards of this house and of rigs."""

from __future__ import annotations

import difflib
from pathlib import Path

from protocols.faults import ConfigurationError
from rigs.cards.cardfile import CardFiles
from rigs.model import RigModel
from simulators.card import CardProfile

CARDS = Path(__file__).parent
FAULTS = "faults"
"""The one file beside the cards that is none."""


def card_names() -> list[str]:
    """Of the cards of this house."""
    return sorted(path.stem for path in CARDS.glob("*.yaml") if path.stem != FAULTS)


def card_path(name_or_path: str) -> Path:
    """A card of this house by its name, or by the beginning of it where no other begins so; any other by its path.

    Raises ConfigurationError that names the near miss for a name that none has.
    """
    if name_or_path.endswith((".yaml", ".yml")):
        return Path(name_or_path)
    names = card_names()
    found = [name for name in names if name == name_or_path]
    found = found or [name for name in names if name.startswith(f"{name_or_path}-")]
    if len(found) == 1:
        return CARDS / f"{found[0]}.yaml"
    near = found or difflib.get_close_matches(name_or_path, [*names, *_beginnings(names)], n=1)
    raise ConfigurationError(
        f"there is no card {name_or_path!r}",
        advice=f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}",
    )


def _beginnings(names: list[str]) -> list[str]:
    """First words by which one card alone is known."""
    words = [name.partition("-")[0] for name in names]
    return [word for word in words if words.count(word) == 1]


def load_cards(rig_path: Path, rig: RigModel) -> dict[str, CardProfile]:
    """The cards of a rig by their names. Raises ConfigurationError, also for one that the rig's own list refuses."""
    listed = rig.test_cards.card_list
    files = CardFiles(CARDS)
    profiles = {name: files.profile(rig_path.parent / path) for name, path in rig.cards.items()}
    for name, profile in profiles.items():
        if not listed.holds_range(profile.pan_prefix, profile.pan_digits):
            near = listed.nearest(profile.pan_prefix)
            raise ConfigurationError(
                f"{rig_path}: cards.{name}: its numbers of {profile.pan_digits} digits begin with "
                f"{profile.pan_prefix}: test_cards has no such range",
                advice=f"did you mean {near}?" if near else f"it has {', '.join(listed.ranges) or 'none'}",
            )
    return profiles


def load_card_profile(path: Path) -> CardProfile:
    """Raises ConfigurationError that names the file and the near miss."""
    return CardFiles(CARDS).profile(path)
