"""Cards of the house and of rigs: found by name, by path, and held to the rig's list."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from rigs.cards.loading import CARDS, card_names, card_path, load_card_profile, load_cards
from rigs.model import load_rig
from tests.rigs.kit import RIGS, rig_file

CREDIT = CARDS / "credit-chip.yaml"


def test_the_catalogue_of_faults_beside_the_cards_is_no_card() -> None:
    assert (CARDS / "faults.yaml").exists()
    assert "faults" not in card_names()
    assert {"credit-chip", "debit-chip", "multi-app"} <= set(card_names())


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("credit-chip", "credit-chip"),
        ("credit", "credit-chip"),
        ("debit", "debit-chip"),
        ("offline-pin", "offline-pin"),  # whole, though others begin so
        ("multi", "multi-app"),
    ],
)
def test_a_card_is_found_by_its_name_or_by_the_beginning_of_it(wanted: str, found: str) -> None:
    assert card_path(wanted).stem == found


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    assert card_path(str(tmp_path / "mine.yaml")) == tmp_path / "mine.yaml"


@pytest.mark.parametrize(
    ("wanted", "advice"),
    [
        ("credit-chp", r"did you mean credit-chip\?"),
        ("credti", r"did you mean credit\?"),
        ("stripe", r"did you mean stripe-debit or stripe-only\?"),
        ("no", r"did you mean no-cvm or no-oda or no-pse or no-psn\?"),
        ("xyzzy", "there are asks-first, at-home-only, cda, credit-chip"),
    ],
)
def test_a_name_that_none_has_or_several_begin_with_names_the_near_ones(wanted: str, advice: str) -> None:
    with pytest.raises(ConfigurationError, match=f"there is no card '{wanted}' \\({advice}"):
        card_path(wanted)


def test_a_mistyped_card_file_names_the_near_miss() -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean credit-chip\.yaml"):
        load_card_profile(CARDS / "credit-chi.yaml")


def test_a_card_outside_the_test_ranges_is_refused(tmp_path: Path) -> None:
    text = CREDIT.read_text("utf-8").replace("62509470", "62171234")
    (tmp_path / "card.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="pan_prefix: "):
        load_card_profile(tmp_path / "card.yaml")


@pytest.mark.parametrize("rig", ["virtual-bench.yaml", "reader-bench.yaml"])
def test_a_bench_of_the_house_has_every_card_of_the_house_by_its_name(rig: str) -> None:
    """`credit` and `debit` are the names that scenarios know those two by."""
    path = RIGS / rig
    cards = load_cards(path, load_rig(path))
    names = {"credit": "credit-chip", "debit": "debit-chip"}
    assert sorted(names.get(name, name) for name in cards) == card_names()
    assert cards["cda"] == load_card_profile(card_path("cda"))


def test_a_rig_lists_the_length_of_its_numbers_too(tmp_path: Path) -> None:
    path = rig_file(tmp_path, cards={"short": str(CARDS / "pan-13.yaml")})
    with pytest.raises(
        ConfigurationError, match=r"cards\.short: its numbers of 13 digits begin with 62509470: test_cards has no such"
    ):
        load_cards(path, load_rig(path))
    path = rig_file(
        tmp_path, cards={"short": str(CARDS / "pan-13.yaml")},
        test_cards={"ranges": ["62509470xxxxxxxx", "62242429xxxxxxxx", "62509470xxxxx"]},
    )  # fmt: skip
    assert load_cards(path, load_rig(path))["short"].pan_digits == 13
