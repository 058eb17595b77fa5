"""Whole runs with a reader under test: what nobody pulled counts when it is seen again; elsewhere it blames nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import ROOT, holdfast, verdicts_of

RIG = ROOT / "rigs" / "reader-bench.yaml"
FEATURE = """Feature: A fault

  Scenario: With a fault
    Given a credit card in the reader
    And {fault}
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
"""
SILENTLY = "the reader is unplugged at READ RECORD"
ONCE = "the reader is unplugged at READ RECORD in the first attempt"
"""Steps of `tests.support.fault_steps`: behind the bench's back."""


def case(tmp_path: Path, fault: str, *options: str | Path) -> tuple[int, dict[str, Any]]:
    """Exit status and the one case of a run with a fault."""
    path = tmp_path / "fault.feature"
    path.write_text(FEATURE.format(fault=fault), "utf-8")
    done = holdfast(
        "certify", "--features", path, "--steps", "tests.support.fault_steps", "--workers", "1", "--verdicts-only",
        "--out", tmp_path / "runs", *options,
    )  # fmt: skip
    verdicts = verdicts_of(tmp_path / "runs")
    return done.returncode, verdicts["cases"][0]


def criterion(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(c for c in found["criteria"] if c["id"] == name)


def test_a_reader_that_goes_by_itself_is_no_failure_of_the_terminal_however_often(tmp_path: Path) -> None:
    status, found = case(tmp_path, SILENTLY)
    assert status == 2
    assert [attempt["verdict"] for attempt in found["attempts"]] == ["INCONCLUSIVE", "INCONCLUSIVE"]
    assert found["cause"].startswith("reader gone")
    assert not [c["id"] for c in found["criteria"] if c["verdict"] == "FAIL"]


def test_a_reader_under_test_that_goes_by_itself_twice_fails(tmp_path: Path) -> None:
    status, found = case(tmp_path, SILENTLY, "--rig", RIG)
    assert status == 1
    assert [attempt["verdict"] for attempt in found["attempts"]] == ["INCONCLUSIVE", "FAIL"]
    failed = [c["id"] for c in found["criteria"] if c["verdict"] == "FAIL"]
    assert failed == ["reader.stays"]
    assert criterion(found, "reader.stays")["evidence"]


def test_a_reader_under_test_that_goes_once_and_stays_the_second_time_has_passed_with_an_observation(
    tmp_path: Path,
) -> None:
    status, found = case(tmp_path, ONCE, "--rig", RIG)
    assert status == 0
    assert [attempt["verdict"] for attempt in found["attempts"]] == ["INCONCLUSIVE", "PASS_WITH_OBSERVATION"]
    assert found["cause"] == "reader.stays failed in attempt 1"


@pytest.mark.parametrize("profile", ["plain", "dual"])
def test_cases_that_the_rigs_reader_cannot_play_are_not_applicable_and_told_with_the_rule(
    tmp_path: Path, profile: str
) -> None:
    text = RIG.read_text("utf-8").replace("profile: dual", f"profile: {profile}").replace("auto", "in-process")
    text = text.replace("cards/", f"{RIG.parent}/cards/").replace("dut-reader", f"{RIG.parent}/dut-reader")
    rig = tmp_path / "rig.yaml"
    rig.write_text(text, "utf-8")
    done = holdfast("certify", "--rig", rig, "--verdicts-only", "--workers", "1", "--out", tmp_path / "runs")
    verdicts = verdicts_of(tmp_path / "runs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts["plan"]["subset"] is False, "what the rig file says is the whole plan"
    ruled = verdicts["plan"]["not_selected"]
    if profile == "dual":
        assert ruled == []
        assert {143, 144, 145, 146, 147, 148} <= set(verdicts["numbers"])
        return
    rule = "rig reader-bench: reader.profile has no contactless slot beside the terminal's"
    assert {(one["verdict"], one["reason"]) for one in ruled} == {("NOT_APPLICABLE", rule)}
    assert f"{len(ruled)} not applicable on this rig" in verdicts["statement_text"]
    assert not {147, 148} & set(verdicts["numbers"])
