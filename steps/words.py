"""What some words of a sentence mean, for Gherkin and Robot alike."""

from __future__ import annotations

APART = ", "
"""Between labels, and between the words of the terminal verification results: they hold no comma."""
POSITIONS = {"first": "1", "second": "2", "third": "3"}
"""Of an application on the customer's display."""
HOLD, UNDONE, NOTICE = "pre-authorisation", "pre-authorisation reversal", "script notice"
MESSAGES = {
    "nothing": [],
    "the pre-authorisation": [HOLD],
    "the pre-authorisation, then its reversal": [HOLD, UNDONE],
    "the pre-authorisation, then a script notice": [HOLD, NOTICE],
}
"""What a hold has the terminal send."""


def words_of(text: str) -> list[str]:
    """What the terminal notes of a card; `no fault` is nothing."""
    return [] if text == "no fault" else text.split(APART)
