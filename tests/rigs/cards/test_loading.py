"""Card files: what ships loads, in test ranges only."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from protocols.pan import derived, is_test_card
from rigs.cards.loading import load_card_profile
from tests.rigs.kit import RIGS

CARDS = sorted((RIGS / "cards").glob("*.yaml"))


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_every_shipped_card_is_a_test_card_that_has_not_expired(path: Path) -> None:
    profile = load_card_profile(path)
    assert is_test_card(next(derived(profile.pan_prefix)))
    assert profile.expiry > "2611"


def test_each_shipped_card_has_its_own_range() -> None:
    assert len({load_card_profile(path).pan_prefix for path in CARDS}) == len(CARDS) > 1


def test_a_card_outside_the_test_ranges_is_refused(tmp_path: Path) -> None:
    text = CARDS[0].read_text("utf-8").replace("62509470", "62171234")
    (tmp_path / "card.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="pan_prefix: "):
        load_card_profile(tmp_path / "card.yaml")


def test_a_mistyped_card_file_names_the_near_miss() -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean unionpay-credit\.yaml"):
        load_card_profile(RIGS / "cards" / "unionpay-credi.yaml")
