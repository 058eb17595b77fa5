"""A case that its market rules out is not tested, blames nobody, and is told with the rule."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from holdfast.applicable import ABILITIES, NEEDS, features_of, ruled_out
from holdfast.features import tags_of
from holdfast.run import ROOT
from protocols.faults import ConfigurationError
from rigs.marketfile import load_market
from rigs.model import load_rig
from tests.support.commands import holdfast, verdicts_of

FEATURES = sorted((ROOT / "features").rglob("*.feature"))
RULE = "market unionpay-cn-strict: increment.allowed is false"
PLAIN_RULE = "rig virtual-bench: reader.profile has no contactless slot beside the terminal's"
RIG = load_rig(ROOT / "rigs" / "virtual-bench.yaml")
PLAIN = RIG.model_copy(update={"reader": RIG.reader.model_copy(update={"profile": "plain"})})
"""With a reader that has no field."""


def test_a_need_that_the_market_serves_rules_nothing_out() -> None:
    assert ruled_out(["C069", *NEEDS], load_market("unionpay-cn"), RIG) == ""


def test_a_need_that_it_does_not_is_told_by_the_key_that_decides() -> None:
    strict = load_market("unionpay-cn-strict")
    assert ruled_out(["needs_increments", "C069"], strict, RIG) == RULE
    assert ruled_out(["C069", "needs_advices"], strict, RIG) == ""


def test_what_a_rig_cannot_play_is_told_by_the_key_of_its_file() -> None:
    market = load_market("unionpay-cn")
    assert ruled_out([*ABILITIES], market, RIG) == ""
    assert ruled_out(["needs_contactless", "C147"], market, PLAIN) == PLAIN_RULE
    assert ruled_out(["C147"], market, PLAIN) == ""


def test_a_whole_run_of_a_rig_is_what_its_file_says_or_every_feature() -> None:
    assert features_of(RIG) == [ROOT / "features"]
    some = RIG.model_copy(update={"features": ("reader", "preauth/chip_online_pin.feature")})
    assert features_of(some) == [ROOT / "features/reader", ROOT / "features/preauth/chip_online_pin.feature"]
    with pytest.raises(ConfigurationError, match=r"there is no readers below features/"):
        features_of(RIG.model_copy(update={"features": ("readers",)}))


@pytest.mark.parametrize("tag", sorted({*NEEDS, *ABILITIES}))
def test_each_need_is_some_scenarios(tag: str) -> None:
    assert any(tag in tags_of(path) for path in FEATURES)


def test_a_tag_that_looks_like_a_need_is_one() -> None:
    """A mistyped one would rule nothing out, in silence."""
    asked = {tag for path in FEATURES for tag in tags_of(path) if tag.startswith("needs")}
    assert asked <= {*NEEDS, *ABILITIES}


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
