"""Markets by name or by path."""

from __future__ import annotations

import hashlib
from pathlib import Path

from protocols.market import Market
from rigs.yamlfile import load_strict

MARKETS = Path(__file__).parent / "markets"


def market_path(name_or_path: str) -> Path:
    """A market of this house by its name, any other by its path."""
    return Path(name_or_path) if name_or_path.endswith((".yaml", ".yml")) else MARKETS / f"{name_or_path}.yaml"


def load_market(name_or_path: str) -> Market:
    """Raises ConfigurationError that names the file and the near miss."""
    return load_strict(market_path(name_or_path), Market)


def market_digest(name_or_path: str) -> str:
    """SHA-256 of the market file as it lies there."""
    return hashlib.sha256(market_path(name_or_path).read_bytes()).hexdigest()
