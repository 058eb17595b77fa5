"""The page of faulty cards says every word that may be written, and its example is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rigs.cards.faulty import SENTENCES, card_fault, load_faults
from simulators.card.faults import ACTS, ANY, MEASURED, NARROWER

PAGE = (Path(__file__).parents[2] / "docs" / "card-faults.md").read_text("utf-8")
WORDS = set(re.findall(r"`([^`\n]+)`", PAGE))


@pytest.mark.parametrize("words", [*ACTS, *(measured.example for measured in MEASURED), *NARROWER, ANY])
def test_all_that_may_be_written_is_on_the_page(words: str) -> None:
    assert words in WORDS


def test_every_sentence_is_on_the_page_and_understood() -> None:
    for beginning in SENTENCES:
        assert f"{beginning} its first VERIFY" in WORDS
        assert card_fault(f"{beginning} its first VERIFY")
    assert card_fault("answers 6985 to its first VERIFY")


def test_the_cards_of_the_introduction_are_there() -> None:
    named = re.findall(r"card in the reader that (.+)", PAGE)
    assert len(named) == 3
    for name in named:
        assert card_fault(name).says


def test_the_example_is_a_fault(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    path = tmp_path / "faults.yaml"
    path.write_text(example)
    [fault] = load_faults(path).values()
    assert [row.words for row in fault.commands] == [("wrong cryptogram",), ("slow 250", "status 6A88")]
    assert fault.data.words() == ("drop 5F34", "flip 9F46")
