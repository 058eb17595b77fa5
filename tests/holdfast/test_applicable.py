"""A case that its market rules out is not tested, blames nobody, and is told with the rule."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from holdfast.applicable import NEEDS, ruled_out
from holdfast.features import tags_of
from holdfast.run import ROOT
from rigs.marketfile import load_market
from tests.support.commands import holdfast, verdicts_of

FEATURES = sorted((ROOT / "features").rglob("*.feature"))
RULE = "market unionpay-cn-strict: increment.allowed is false"


def test_a_need_that_the_market_serves_rules_nothing_out() -> None:
    assert ruled_out(["C069", *NEEDS], load_market("unionpay-cn")) == ""


def test_a_need_that_it_does_not_is_told_by_the_key_that_decides() -> None:
    strict = load_market("unionpay-cn-strict")
    assert ruled_out(["needs_increments", "C069"], strict) == RULE
    assert ruled_out(["C069", "needs_advices"], strict) == ""


@pytest.mark.parametrize("tag", sorted(NEEDS))
def test_each_need_is_some_scenarios(tag: str) -> None:
    assert any(tag in tags_of(path) for path in FEATURES)


def test_a_tag_that_looks_like_a_need_is_one() -> None:
    """A mistyped one would rule nothing out, in silence."""
    asked = {tag for path in FEATURES for tag in tags_of(path) if tag.startswith("needs")}
    assert asked <= set(NEEDS)


def test_a_run_tells_what_its_market_ruled_out_and_conforms_without_it(tmp_path: Path) -> None:
    done = holdfast(
        "certify",
        "--market",
        "unionpay-cn-strict",
        "--features",
        "features/increment",
        "--workers",
        "2",
        "--out",
        tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = verdicts_of(tmp_path)
    ruled = verdicts["plan"]["not_selected"]
    assert {(case["verdict"], case["reason"]) for case in ruled} == {("NOT_APPLICABLE", RULE)}
    assert f"{len(ruled)} not applicable in this market" in verdicts["statement_text"]
    assert not {case["id"] for case in ruled} & {case["id"] for case in verdicts["cases"]}
    assert not {69, 70, 71} & set(verdicts["numbers"])
    assert RULE in (tmp_path / "latest" / "report.html").read_text("utf-8")
    told = ET.parse(tmp_path / "latest" / "junit.xml").iter("skipped")
    assert [element.get("message") for element in told] == [RULE] * len(ruled)
