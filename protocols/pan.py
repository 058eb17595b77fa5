"""Card numbers: the check digit, test ranges, and the one way in which a PAN may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

SHORTEST_PAN, LONGEST_PAN = 13, 19
"""Digits of a payment card's number. ISO/IEC 7812-1 has none that are longer."""
_ISSUED = re.compile(r"[13-9]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720")  # no scheme issues other leading digits
TEST_RANGES = ("62509470", "62242429")
"""Leading digits of the listed test cards 6250947000000014 and 6224242900000113; derived cards stay in them."""


def check_digit(digits: str) -> str:
    """The Luhn digit that completes `digits`."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def has_right_check_digit(pan: str) -> bool:
    """True when `pan` is all digits and its last one is the Luhn digit of the others."""
    return pan.isascii() and pan.isdigit() and len(pan) > 1 and check_digit(pan[:-1]) == pan[-1]


def is_test_card(pan: str) -> bool:
    """True when the PAN lies in a test range with a right check digit: no other card is ever read on."""
    return pan.startswith(TEST_RANGES) and has_right_check_digit(pan)


def looks_like_a_pan(digits: str) -> bool:
    """True when a scheme could have issued it: its length, its leading digits, and a right check digit."""
    fits = SHORTEST_PAN <= len(digits) <= LONGEST_PAN and _ISSUED.match(digits)
    return bool(fits) and has_right_check_digit(digits)


def mask_pan(pan: str) -> str:
    """First 6 and last 4 digits; a number too short to hide anything is hidden whole."""
    if len(pan) < SHORTEST_PAN:
        return "*" * len(pan)
    return pan[:6] + "*" * (len(pan) - 10) + pan[-4:]


def derived(prefix: str, start: int = 1, length: int = 16) -> Iterator[str]:
    """Test PANs of one range, counting up from `start` to the range's end, each with its right check digit."""
    width = length - len(prefix) - 1
    for number in range(start, 10**width):
        body = prefix + str(number).rjust(width, "0")
        yield body + check_digit(body)
