"""Card files."""

from __future__ import annotations

from pathlib import Path

from rigs.yamlfile import load_strict
from simulators.card import CardProfile


def load_card_profile(path: Path) -> CardProfile:
    """Raises ConfigurationError that names the file and the near miss."""
    return load_strict(path, CardProfile)
