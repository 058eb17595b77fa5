"""Feature files as pytest sees them: what they hold, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.features import expression_problems, feature_files, numbers_of, parse_problems, tags_of
from tests.support.commands import ROOT


def test_case_numbers_are_those_tags_that_look_like_them() -> None:
    assert numbers_of(["C033", "C101", "slow", "CASE1", "C7x"]) == [33, 101]


def test_features_below_the_house_and_elsewhere_are_found_but_not_the_tests(tmp_path: Path) -> None:
    own = tmp_path / "own.feature"
    own.write_text("Feature: x\n")
    assert feature_files([str(own)], ROOT) == [own]
    assert feature_files([str(tmp_path)], ROOT) == [own]
    assert feature_files(["features/completion"], ROOT) == sorted((ROOT / "features" / "completion").glob("*.feature"))
    assert feature_files(["features/timeouts/no_answer.feature::test_x"], ROOT) == [
        ROOT / "features" / "timeouts" / "no_answer.feature"
    ]
    assert feature_files(["tests"], ROOT) == []


def test_tags_are_read_without_comments(tmp_path: Path) -> None:
    path = tmp_path / "x.feature"
    path.write_text("@area\nFeature: x\n\n  @C001 @快 # @not\n  Scenario: y\n    Given z @mail\n", "utf-8")
    assert tags_of(path) == {"area", "C001", "快"}


@pytest.mark.parametrize("expression", ["", "C033", "C033 or not (C096 and slow)", "快"])
def test_an_expression_of_known_tags_is_fine(expression: str) -> None:
    assert not list(expression_problems(expression, {"C033", "C096", "slow", "快"}))


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("C034", "no scenario has the tag 'C034' (did you mean C033?)"),
        ("C033 and", "the tags 'C033 and' are no expression"),
        ("(C033", "the tags '(C033' are no expression"),
    ],
)
def test_an_unknown_tag_or_a_broken_expression_is_told(expression: str, told: str) -> None:
    assert any(told in line for line in expression_problems(expression, {"C033"}))


def test_a_duplicate_name_in_a_rule_is_found_too(tmp_path: Path) -> None:
    path = tmp_path / "x.feature"
    path.write_text("Feature: x\n  Scenario: a\n    Given y\n  Rule: r\n    Scenario: a\n      Given y\n", "utf-8")
    assert list(parse_problems(path)) == [
        "x.feature: the scenario name 'a' stands at lines 2, 5; only the last would run"
    ]


@pytest.mark.parametrize("text", ["", "Feature: x\n", "Feature: x\n  Background:\n    Given y\n", "nonsense\n"])
def test_a_file_without_a_scenario_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.feature"
    path.write_text(text, "utf-8")
    assert list(parse_problems(path))
