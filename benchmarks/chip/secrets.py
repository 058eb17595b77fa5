"""What no record may hold: a card's number, its track, its PIN, in whichever form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from simulators.card import ChipCard
from tests.support.secret_search import find_pans

SHORTEST_TAIL = 8
"""Digits of a track behind the number that are no accident."""


def told_secrets(text: str, card: ChipCard) -> Iterator[str]:
    """What of this card stands in the text of a timeline: quick, for each story."""
    if card.pan in text:
        yield "its number"
    tail = re.split(r"[=D]", card.track2, maxsplit=1)[-1].rstrip("F")
    if len(tail) >= SHORTEST_TAIL and tail in text:
        yield "its track behind the number"
    if _pin(card.profile.pin).search(text):
        yield "its PIN"


def _pin(pin: str) -> re.Pattern[str]:
    """As a value by itself, or as the PIN block of VERIFY: EMV Book 3, 6.5.12, table 24."""
    block = f"2{len(pin):X}{pin}".ljust(16, "F")
    return re.compile(rf'"{pin}"|(?<![0-9A-F]){block}|{block}(?![0-9A-F])')


def in_any_form(path: Path) -> set[str]:
    """The forms in which any card number of a test range stands in a file: thorough, and slow."""
    return find_pans(path.read_bytes())
