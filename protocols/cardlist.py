"""Which cards may be used: ranges and single numbers. A card that is on no list is never read on. Design 7.

A range is written as its numbers look, a digit or an x for each place, so that its length is plain:
`62509470xxxxxxxx` is all PANs of 16 digits that begin with 62509470 and have a right check digit.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from protocols.faults import ConfigurationError, ForeignCard
from protocols.pan import LONGEST_PAN, SHORTEST_PAN, TEST_RANGES, check_digit, has_right_check_digit, mask_pan

FREE = "x"
SHORTEST_PREFIX, LONGEST_PREFIX = 6, 10
"""Leading digits of a range: fewer are no issuer's and would let a whole scheme's cards in; more would be shown of a
number, since a report shows ranges as they stand, than a mask shows."""
HOUSE_RANGES = tuple(prefix.ljust(16, FREE) for prefix in TEST_RANGES)
_RANGE = re.compile(rf"[0-9]+{FREE}+")
_PLACES = range(SHORTEST_PAN, LONGEST_PAN + 1)


@dataclass(frozen=True, slots=True)
class CardList:
    """Raises ConfigurationError for a range or a number that is none; its text shows no more of a number than a mask.

    Numbers are those of test cards, and kept out of every text all the same.
    """

    ranges: tuple[str, ...] = HOUSE_RANGES
    numbers: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        problems = [problem for text in self.ranges if (problem := range_problem(text))]
        problems += [problem for text in self.numbers if (problem := number_problem(text))]
        if not problems and not (self.ranges or self.numbers):
            problems = ["an empty list lets no card in"]
        if problems:
            raise ConfigurationError("; ".join(problems), advice=f"a range looks like {HOUSE_RANGES[0]}")

    def entry_of(self, pan: str) -> str | None:
        """The entry that this PAN is let in by, as it may be shown; None when it is on the list by none."""
        if not has_right_check_digit(pan):
            return None
        if pan in self.numbers:
            return mask_pan(pan)
        return next((text for text in self.ranges if len(text) == len(pan) and agree(text, pan)), None)

    def may_begin_with(self, digits: str) -> bool:
        """Whether a number of the list could begin with these: what is known of a PAN that was cut off."""
        return any(len(digits) <= len(text) and agree(text, digits) for text in (*self.ranges, *self.numbers))

    def holds_range(self, prefix: str, length: int = 16) -> bool:
        """Whether every PAN of this length that begins so, and has a right check digit, is on the list."""
        whole = prefix.ljust(length, "?")
        return any(len(text) == length and agree(text, whole) for text in self.ranges)

    def nearest(self, prefix: str) -> str:
        """The range that this prefix may have been meant for; empty when none is like it."""
        near = difflib.get_close_matches(prefix, [text.rstrip(FREE) for text in self.ranges], n=1)
        return next((text for text in self.ranges if near and text.startswith(near[0])), "")


def agree(text: str, digits: str) -> bool:
    """Whether the digits are those of a range or a number, as far as both go: x is any digit, and any sign."""
    return all(place in (FREE, digit) for place, digit in zip(text, digits, strict=False))


def only_test_cards(pan: str) -> None:
    """The rule of who has no rig with a list of its own. Raises ForeignCard."""
    if CardList().entry_of(pan) is None:
        raise ForeignCard


def range_problem(text: str) -> str:
    """What is wrong with a range; empty when nothing is. A range holds no card's number: it may be shown."""
    if has_right_check_digit(text) and len(text) in _PLACES:
        return f"{mask_pan(text)} is one number: write it under `numbers`"
    meant = re.sub(r"[ -]", "", text).lower().replace("*", FREE).replace("#", FREE)
    if not _RANGE.fullmatch(text):
        if _RANGE.fullmatch(meant) and not range_problem(meant):
            return f"{text!r} is written otherwise: did you mean {meant}?"
        return f"{_shown(text)} is no range: write its leading digits, then an x for each place that is free"
    if len(text) not in _PLACES:
        return f"{text} has {len(text)} places: a card number has {SHORTEST_PAN} to {LONGEST_PAN}"
    if len(text.rstrip(FREE)) < SHORTEST_PREFIX:
        return f"{text} is too wide: name at least {SHORTEST_PREFIX} leading digits"
    if len(text.rstrip(FREE)) > LONGEST_PREFIX:
        return f"{text[:LONGEST_PREFIX]}... is too narrow: leave more places free, or write numbers one by one"
    return ""


def number_problem(text: str) -> str:
    """What is wrong with a single number; empty when nothing is. It is shown masked alone."""
    bare = re.sub(r"[ -]", "", text)
    if not (bare.isascii() and bare.isdigit()) or len(bare) not in _PLACES:
        return f"{_shown(text)} is no card number: write {SHORTEST_PAN} to {LONGEST_PAN} digits"
    if bare != text:
        return f"{mask_pan(bare)} is written in groups: write its {len(bare)} digits together"
    if not has_right_check_digit(text):
        return f"{mask_pan(text)} has a wrong check digit: {check_digit(text[:-1])} would be right"
    return ""


def _shown(text: str) -> str:
    """Something that was meant for a range or a number: never more than a mask of it."""
    digits = sum(character.isdigit() for character in text)
    return repr(text) if digits <= SHORTEST_PREFIX + 2 else "what stands there"
