"""Reader profiles: what a reader twin says of itself and offers. Files lie beside this one, or anywhere by path."""

from __future__ import annotations

import difflib
from pathlib import Path

from protocols.faults import ConfigurationError
from rigs.yamlfile import load_strict
from simulators.reader import ReaderProfile

PROFILES = Path(__file__).parent


def reader_profile_names() -> list[str]:
    """Those of this house."""
    return sorted(path.stem for path in PROFILES.glob("*.yaml"))


def load_reader_profile(name_or_path: str) -> ReaderProfile:
    """A profile of this house by its name, any other by the path of its file.

    Raises ConfigurationError that names the near miss, the file, and the place in it.
    """
    if name_or_path.endswith((".yaml", ".yml")):
        return load_strict(Path(name_or_path), ReaderProfile)
    names = reader_profile_names()
    if name_or_path not in names:
        near = difflib.get_close_matches(name_or_path, names, n=1)
        raise ConfigurationError(
            f"there is no reader profile {name_or_path!r}",
            advice=f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}",
        )
    return load_strict(PROFILES / f"{name_or_path}.yaml", ReaderProfile)
