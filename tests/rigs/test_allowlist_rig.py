"""The list of cards in a rig file: what it may say, what is told of it, and the cards of the rig that must be on it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from protocols.faults import ConfigurationError
from protocols.pan import derived
from rigs.cards.loading import load_cards
from rigs.model import ListedCards, load_rig
from tests.rigs.kit import PAN, ROOT, rig_file
from tests.support.commands import holdfast

OTHER = "6224242900000113"


def test_a_rig_that_says_nothing_lists_the_test_ranges_of_the_house(tmp_path: Path) -> None:
    listed = load_rig(rig_file(tmp_path)).test_cards
    assert listed.ranges == ("62509470xxxxxxxx", "62242429xxxxxxxx")
    assert listed.card_list.entry_of(PAN) == "62509470xxxxxxxx"


@pytest.mark.parametrize(
    ("said", "problem"),
    [({"ranges": ["62509470"]}, "test_cards.ranges.0: Value error, '62509470' is no range"),
     ({"ranges": ["62509470XXXXXXXX"]}, "did you mean 62509470xxxxxxxx?"),
     ({"ranges": [62509470]}, "test_cards.ranges.0: Value error, write it in quotes"),
     ({"numbers": [int(PAN)]}, "test_cards.numbers.0: Value error, write it in quotes"),
     ({"numbers": ["6250947000000015"]}, "625094******0015 has a wrong check digit: 4 would be right"),
     ({"ranges": [PAN]}, "625094******0014 is one number: write it under `numbers`"),
     ({"ranges": []}, "test_cards: Value error, an empty list lets no card in"),
     ({"range": []}, "test_cards.range: unknown key (did you mean ranges"),
     ({"ranges": "62509470xxxxxxxx"}, "test_cards.ranges: Input should be a valid tuple")],
    ids=str,
)  # fmt: skip
def test_a_list_that_cannot_be_meant_is_refused_with_its_place(
    tmp_path: Path, said: dict[str, Any], problem: str
) -> None:
    path = rig_file(tmp_path)
    path.write_text(path.read_text("utf-8") + f"test_cards: {said}\n", "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_rig(path)
    assert problem in str(caught.value)
    assert PAN not in str(caught.value)


def test_the_list_of_the_manual_can_be_meant() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "test-cards.md").read_text("utf-8"), re.DOTALL)
    listed = ListedCards.model_validate(yaml.safe_load(block)["test_cards"])
    assert listed.ranges == ListedCards().ranges
    assert listed.numbers == (PAN,)


def with_list(tmp_path: Path, **said: Any) -> Path:
    path = rig_file(tmp_path)
    path.write_text(path.read_text("utf-8") + f"test_cards: {said}\n", "utf-8")
    return path


def test_what_is_written_of_a_list_shows_no_number(tmp_path: Path) -> None:
    rig = load_rig(with_list(tmp_path, numbers=[PAN]))
    assert rig.test_cards.numbers == (PAN,)
    assert '"numbers":["625094******0014"]' in rig.model_dump_json()
    assert PAN not in rig.model_dump_json() + repr(rig)


def test_ranges_and_numbers_are_let_in_beside_each_other(tmp_path: Path) -> None:
    listed = load_rig(with_list(tmp_path, ranges=["62509470xxxxxxxx"], numbers=[OTHER])).test_cards.card_list
    assert listed.entry_of(PAN)
    assert listed.entry_of(OTHER) == "622424******0113"
    assert listed.entry_of(next(derived("62242429", 12))) is None


def test_every_card_of_a_rig_is_on_its_list_or_the_file_is_refused(tmp_path: Path) -> None:
    path = with_list(tmp_path, ranges=["62509470xxxxxxxx"])
    with pytest.raises(ConfigurationError) as caught:
        load_cards(path, load_rig(path))
    assert "cards.debit: its numbers of 16 digits begin with 62242429: test_cards has no such range" in str(
        caught.value
    )
    assert "it has 62509470xxxxxxxx" in str(caught.value)


def test_the_range_that_was_meant_is_named(tmp_path: Path) -> None:
    path = with_list(tmp_path, ranges=["62509470xxxxxxxx", "62242428xxxxxxxx"])
    with pytest.raises(ConfigurationError, match=r"did you mean 62242428xxxxxxxx\?"):
        load_cards(path, load_rig(path))


def test_single_numbers_do_not_let_a_profile_in(tmp_path: Path) -> None:
    """Each case has a card of its own: a profile needs its whole range."""
    path = with_list(tmp_path, ranges=["62509470xxxxxxxx"], numbers=[OTHER])
    with pytest.raises(ConfigurationError, match=r"cards\.debit"):
        load_cards(path, load_rig(path))


def test_such_a_rig_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    done = holdfast("certify", "--rig", with_list(tmp_path, ranges=["62509470xxxxxxxx"]), "--out", tmp_path / "runs")
    assert done.returncode == 4, done.stderr
    assert "test_cards has no such range" in done.stderr
    assert not (tmp_path / "runs").exists()
