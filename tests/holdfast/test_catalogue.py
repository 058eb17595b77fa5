"""The catalogue of cases: each number of the sections that the suite has taken on has a scenario, or a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from holdfast.features import numbers_of, parse_problems, tags_of
from tests.support.commands import ROOT

FEATURES = ROOT / "features"
FILES = sorted(FEATURES.rglob("*.feature"))
TAKEN_ON = {*range(1, 135), *range(143, 149), *range(151, 179), *range(195, 205), 215, 216, 218, 250, 251, 265}
"""Entry modes to message integrity (1-134), the reader (143-148), the chip and its slip (151-178), settlement
(195-204), only test cards (215), PINs on the line (216), the encrypted line (218, 265), and a sale and a balance beside
a hold."""
CARDS = {*range(1, 21), *range(144, 147), *range(151, 174), 216}
"""What the chip, the stripe and typed numbers are about."""
CLAUSE = re.compile(r"(EMV Book|facts/)[^|\n]*")
"""Where a rule stands, which has figures of its own."""
REASONS: dict[int, str] = yaml.safe_load((FEATURES / "not-covered.yaml").read_text("utf-8"))


def tagged() -> set[int]:
    return {number for path in FILES for number in numbers_of(tags_of(path))}


def test_every_number_has_a_scenario_or_a_reason() -> None:
    assert sorted(TAKEN_ON - tagged() - REASONS.keys()) == []


def test_no_number_has_both() -> None:
    assert sorted(tagged() & REASONS.keys()) == []


def test_reasons_are_for_numbers_of_these_sections() -> None:
    assert set(REASONS) <= TAKEN_ON


@pytest.mark.parametrize("number", REASONS)
def test_a_reason_is_one_sentence(number: int) -> None:
    reason = REASONS[number]
    assert re.fullmatch(r"[A-Z][^\n]*[^.\n]\.", reason), reason
    assert len(reason.split()) >= 5, reason


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_feature_file_can_be_read_whole(path: Path) -> None:
    assert list(parse_problems(path)) == []


def scenarios(*numbers: int) -> int:
    """Plain scenarios, and the rows of outlines; of these numbers, or all."""
    from pytest_bdd.parser import FeatureParser

    count = 0
    for path in FILES:
        for template in FeatureParser(str(path.parent), path.name, "utf-8").parse().scenarios.values():
            if not numbers or {*numbers} & {*numbers_of(template.tags)}:
                count += sum(len(list(examples.as_contexts())) for examples in template.examples) or 1
    return count


def test_there_are_enough_scenarios_to_speak_of_a_suite() -> None:
    assert scenarios() >= 500
    assert scenarios(*CARDS) >= 200


def test_no_scenario_has_a_figure_of_money_or_of_the_market() -> None:
    """Amounts and limits are said by the market's words."""
    for path in FILES:
        text = CLAUSE.sub("", path.read_text("utf-8"))
        assert not re.findall(r"\d+\.\d\d|\d+ ?%|\b115\b", text), path.name
