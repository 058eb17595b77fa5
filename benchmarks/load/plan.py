"""Who takes part: terminals and cards that every server enrols, as one file that all of them read. Test keys alone."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from protocols.pan import TEST_RANGES, derived

MERCHANT = "309310083985008"
ISSUER_KEY = "0123456789ABCDEFFEDCBA9876543210"  # facts/pcsc-emv 4.3: a public test key
OPENING = 10**12
"""Minor units on each account: no run spends it."""


@dataclass(frozen=True, slots=True)
class PlannedTerminal:
    number: str
    merchant: str
    master_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlannedCard:
    name: str
    pan: str = field(repr=False)
    psn: str
    expiry: str
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """`scheme` is that of the MAC; it is the same for all servers of a run."""

    scheme: str
    terminals: tuple[PlannedTerminal, ...]
    cards: tuple[PlannedCard, ...]
    issuer_key: str = field(default=ISSUER_KEY, repr=False)
    opening: int = OPENING

    def write(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self)))
        return path

    @classmethod
    def read(cls, path: Path) -> Plan:
        told = json.loads(path.read_text())
        terminals = tuple(PlannedTerminal(**one) for one in told.pop("terminals"))
        return cls(terminals=terminals, cards=tuple(PlannedCard(**one) for one in told.pop("cards")), **told)


def make_plan(scheme: str, terminals: int, cards: int) -> Plan:
    """So many of each, always the same ones."""
    pans = itertools.islice(derived(TEST_RANGES[0]), cards)
    return Plan(
        scheme,
        tuple(PlannedTerminal(f"{50_080_001 + n}", MERCHANT, _key(f"terminal {n}")) for n in range(terminals)),
        tuple(PlannedCard(f"card {n}", pan, "01", "3012", f"{123_456 + n:06d}"[-6:]) for n, pan in enumerate(pans)),
    )


def _key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32].upper()
