"""What displays ask for, by what they ask."""

from __future__ import annotations

import pytest

from protocols import prompts
from protocols.prompts import ASKED_FOR, asks_for

TEXTS = {name: text for name, text in vars(prompts).items() if name.isupper() and isinstance(text, str)}


def test_every_text_asks_for_something() -> None:
    listed = {text for texts in ASKED_FOR.values() for text in texts}
    assert set(TEXTS.values()) == listed


def test_no_text_is_the_beginning_of_another() -> None:
    """Else one who follows the display would do two things."""
    texts = sorted(TEXTS.values())
    assert not [(a, b) for a in texts for b in texts if a != b and b.startswith(a)]


@pytest.mark.parametrize("what", ASKED_FOR)
def test_a_text_that_begins_so_counts_and_any_other_does_not(what: str) -> None:
    assert all(asks_for(f"{text} 1 PBOC", what) for text in ASKED_FOR[what])
    assert not asks_for("欢迎使用", what)


def test_what_nobody_asks_for_is_an_error() -> None:
    with pytest.raises(KeyError):
        asks_for("请插卡", "dance")
