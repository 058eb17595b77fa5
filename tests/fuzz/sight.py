"""Secrets that can still be seen: what the fuzz targets look for in what is shown and kept."""

from __future__ import annotations

import re
from collections.abc import Iterable

from protocols.pan import TEST_RANGES, has_right_check_digit

_CARD = re.compile(rb"(?<![0-9\xb0-\xb9])(?:" + "|".join(TEST_RANGES).encode() + rb")[0-9]{8}(?![0-9]|\xa3[\xb0-\xb9])")
"""A card of the test ranges that stands alone: no digit, and no tail of a wide one, beside it."""


def no_card_in_text(shown: bytes, spans: Iterable[tuple[int, int]]) -> None:
    """No whole card number of the test ranges stands in these parts of text. Raises AssertionError."""
    for start, end in spans:
        for match in _CARD.finditer(shown[start:end]):
            assert not has_right_check_digit(match[0].decode()), "a text shows a card number"
