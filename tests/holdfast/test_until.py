"""`certify --until CRITERION`: once it has failed, no further case is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.faults import FOREIGN_CARD
from rigs.allowlist import stop_run, stopped
from tests.support.commands import holdfast, verdicts_of

WRONG = ("--defect", "full-pan-on-cardholder-copy", "--features", "features/preauth", "--verdicts-only")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_case_is_started_once_it_has_failed(tmp_path: Path, workers: str) -> None:
    done = holdfast("certify", *WRONG, "--until", "privacy.exposed", "--workers", workers, "--out", tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    verdicts = verdicts_of(tmp_path)
    assert verdicts["statement"] == "DOES_NOT_CONFORM"
    assert "not finished, privacy.exposed has failed" in verdicts["statement_text"]
    failed = [case for case in verdicts["cases"] if case["verdict"] == "FAIL"]
    assert 1 <= len(failed) <= int(workers)
    assert any(case["verdict"] == "NOT_RUN" for case in verdicts["cases"])


def test_a_failure_of_another_criterion_ends_nothing(tmp_path: Path) -> None:
    done = holdfast("certify", *WRONG, "--until", "hold.none", "--workers", "1", "--out", tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    verdicts = verdicts_of(tmp_path)
    assert "not finished" not in verdicts["statement_text"]
    assert not any(case["verdict"] == "NOT_RUN" for case in verdicts["cases"])


def test_a_criterion_that_nobody_knows_is_an_error_with_the_near_miss(tmp_path: Path) -> None:
    done = holdfast("certify", "--until", "receipt.pan-maskd", "--out", tmp_path)
    assert done.returncode == 4
    assert "did you mean receipt.pan-masked?" in " ".join(done.stderr.split())
    assert not list(tmp_path.iterdir())


def test_robot_suites_run_to_their_end(tmp_path: Path) -> None:
    done = holdfast("certify", "--robot", "--until", "receipt.pan-masked", "--out", tmp_path)
    assert done.returncode == 4
    assert "leave --until out" in " ".join(done.stderr.split())


def test_a_foreign_card_outdoes_any_other_reason(tmp_path: Path) -> None:
    stop_run(tmp_path, "receipt.pan-masked has failed")
    stop_run(tmp_path)
    assert stopped(tmp_path) == FOREIGN_CARD
    stop_run(tmp_path, "receipt.pan-masked has failed")
    assert stopped(tmp_path) == FOREIGN_CARD
