"""The page of the cards: every card is on it, and its example is a card."""

from __future__ import annotations

import re
from pathlib import Path

from rigs.cards.loading import card_names, load_card_profile

PAGE = Path(__file__).parents[2] / "docs" / "cards.md"


def test_every_card_of_the_house_has_its_row_and_says_what_it_is() -> None:
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (.+?) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [name for name, _ in rows if name not in ("card", "---")] == card_names()
    assert all(len(words) > 10 for name, words in rows if name not in ("card", "---"))


def test_the_example_is_a_card_file(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert example is not None
    path = tmp_path / "mine.yaml"
    path.write_text(example[1], "utf-8")
    profile = load_card_profile(path)
    assert (profile.name, profile.applications[0].oda) == ("a card of mine (test)", "cda")
