"""The same scenarios by another door: plain pytest, several workers, shuffled, Robot Framework, a dropped-in file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.commands import ROOT, holdfast, verdicts_of

DROPPED = """Feature: Dropped in
  @C033
  Scenario: A completion of a shop of one's own
    Given a debit card in the reader
    And a hold of the other amount
    When the merchant completes it for the full amount
    Then the terminal reports the completion approved
"""


def run_pytest(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600, check=False,
    )  # fmt: skip


def outcomes(verdicts: dict[str, Any]) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """For each case its verdict and those of its criteria."""
    return {
        case["id"]: (case["verdict"], [(c["id"], c["verdict"]) for c in case["criteria"]]) for case in verdicts["cases"]
    }


def test_plain_pytest_shuffled_on_two_workers_gives_the_same_verdicts_and_status(
    tmp_path: Path, verdicts: dict[str, Any]
) -> None:
    done = run_pytest("features", "--rig", "rigs/virtual-bench.yaml", "--out", tmp_path, "-n", "2", "--shuffle", "7")
    assert done.returncode == 0, done.stdout
    assert outcomes(verdicts_of(tmp_path)) == outcomes(verdicts)


def test_plain_pytest_in_one_process_gives_the_same_verdicts_and_status(
    tmp_path: Path, verdicts: dict[str, Any]
) -> None:
    done = run_pytest("features/timeouts", "features/completion", "--out", tmp_path)
    assert done.returncode == 0, done.stdout
    told, whole = outcomes(verdicts_of(tmp_path)), outcomes(verdicts)
    assert len(told) > 20
    assert told == {case: whole[case] for case in told}


def test_a_bad_terminal_gives_pytest_a_failure_and_the_same_status(tmp_path: Path) -> None:
    done = run_pytest(
        "features", "--out", tmp_path, "-k", "the_card_number_is_masked", "--defect", "full-pan-on-cardholder-copy"
    )
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "receipt.pan-masked: FAIL" in done.stdout
    verdicts = verdicts_of(tmp_path)
    assert verdicts["statement_text"].startswith(
        "DOES_NOT_CONFORM (simulated DUT, subset, injected defect: full-pan-on-cardholder-copy)"
    )


def test_a_dropped_in_feature_is_collected_with_no_python_beside_it(tmp_path: Path) -> None:
    feature = tmp_path / "elsewhere" / "own.feature"
    feature.parent.mkdir()
    feature.write_text(DROPPED, "utf-8")
    done = holdfast("certify", "--features", feature.parent, "--out", tmp_path / "runs", "--verdicts-only")
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = verdicts_of(tmp_path / "runs")
    assert [case["id"] for case in verdicts["cases"]] == ["own.feature::A completion of a shop of one's own"]
    assert verdicts["statement_text"] == "CONFORMS (simulated DUT, subset): 1 of 1 cases passed"


def test_steps_of_ones_own_come_by_module(tmp_path: Path) -> None:
    feature = tmp_path / "own.feature"
    feature.write_text(DROPPED.replace("Given a debit card in the reader", "Given a card for a fault"), "utf-8")
    plain = holdfast("certify", "--features", feature, "--out", tmp_path / "runs", "--verdicts-only")
    assert plain.returncode == 4
    assert "no step is defined for it" in plain.stderr
    done = holdfast(
        "certify", "--features", feature, "--steps", "tests.support.fault_steps", "--out", tmp_path / "runs",
        "--verdicts-only",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_robot_suites_leave_the_same_kind_of_run_folder_and_report(tmp_path: Path) -> None:
    done = holdfast("certify", "--robot", "--out", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = verdicts_of(tmp_path)
    assert verdicts["numbers"] == [13, 33, 54, 96, 159]
    assert verdicts["statement_text"] == "CONFORMS (simulated DUT, subset): 5 of 5 cases passed"
    for name in ("report.html", "report.pdf", "junit.xml", "robot/output.xml", "robot/log.html"):
        assert (tmp_path / "latest" / name).stat().st_size > 1000, name


def test_a_robot_case_has_the_criteria_of_its_gherkin_twin(tmp_path: Path, verdicts: dict[str, Any]) -> None:
    holdfast("certify", "--robot", "--out", tmp_path, "--verdicts-only")
    told = {case["name"]: case for case in verdicts_of(tmp_path)["cases"]}
    twin = next(case for case in verdicts["cases"] if case["name"] == "No answer to a pre-authorisation")
    assert [(c["id"], c["verdict"]) for c in told["No answer to a pre-authorisation"]["criteria"]] == [
        (c["id"], c["verdict"]) for c in twin["criteria"]
    ]


def test_robot_catches_a_bad_terminal_and_says_so_in_its_own_output(tmp_path: Path) -> None:
    done = holdfast("certify", "--robot", "--out", tmp_path, "--defect", "no-reversal-on-timeout", "--verdicts-only")
    assert done.returncode == 1
    assert "reversal-duty.reversed: FAIL" in done.stdout
    output = (tmp_path / "latest" / "robot" / "output.xml").read_text("utf-8")
    assert len(re.findall(r'<status status="FAIL"[^>]*>FAIL: ', output)) == 1


def test_a_robot_suite_with_an_unknown_keyword_is_refused_before_a_device_moves(tmp_path: Path) -> None:
    suite = tmp_path / "wrong.robot"
    suite.write_text(
        "*** Settings ***\nLibrary    steps.robot.Holdfast\n\n*** Test Cases ***\nWrong\n"
        "    Given a credit card in the reader\n    When the merchant dances\n",
        "utf-8",
    )
    done = holdfast("certify", "--robot", "--features", suite, "--out", tmp_path / "runs")
    assert done.returncode == 4
    assert "wrong.robot:5 Wrong: No keyword with name 'When the merchant dances' found" in " ".join(done.stderr.split())
    assert not (tmp_path / "runs").exists()
