"""Runs that went wrong still get a report that says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from reports.write import write_documents
from tests.reports.conftest import documents_of
from tests.reports.made_run import MadeRun


def timeline(run: MadeRun) -> Path:
    return next((run.path / "cases").rglob("attempt-1.jsonl"))


def torn(run: MadeRun) -> None:
    path = timeline(run)
    path.write_bytes(path.read_bytes()[:-400])


def empty(run: MadeRun) -> None:
    timeline(run).write_bytes(b"")


def no_attachments(run: MadeRun) -> None:
    for path in (run.path / "attachments").iterdir():
        path.unlink()


def noise_for_a_slip(run: MadeRun) -> None:
    for path in (run.path / "attachments").iterdir():
        path.write_bytes(bytes(range(256)) * 4)


def nothing(run: MadeRun) -> None:
    pass


@pytest.mark.parametrize("harm", [torn, empty, no_attachments, noise_for_a_slip, nothing])
def test_a_harmed_run_has_all_documents(tmp_path: Path, harm: Callable[[MadeRun], None]) -> None:
    run = MadeRun(tmp_path / "run").case("A hold")
    run.finish(ended=False)
    harm(run)
    run.judge()
    found = documents_of(run.path)
    assert "not finished" in found.pages[0]
    assert "INCOMPLETE" in found.pages[0]
    assert "the run did not end" in found.html


def test_a_case_that_was_not_closed_says_so(tmp_path: Path) -> None:
    found = documents_of(MadeRun(tmp_path / "run").case("A hold", closed=False).finish())
    assert "The timeline ends before the case was closed." in found.html
    assert "What could not be decided" in found.pages[1]


def test_without_a_plan_what_left_a_timeline_is_reported(tmp_path: Path) -> None:
    found = documents_of(MadeRun(tmp_path / "run").case("A hold").finish(plan=False, ended=False))
    assert "A hold" in found.text


def test_a_bench_that_never_came_up(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "run")
    run.planned("Never run")
    found = documents_of(run.finish(end={"environment": {}, "status": "stopped", "ended_by": "no reader"}))
    assert "it never came up" in found.html
    assert "What did not run" in found.html
    assert "no reader" in found.pages[0]


def test_a_run_without_any_case(tmp_path: Path) -> None:
    found = documents_of(MadeRun(tmp_path / "run").finish(ended=False))
    assert "0 / 0" in found.pages[0]


def test_a_cancelled_run_says_so_everywhere(tmp_path: Path) -> None:
    found = documents_of(MadeRun(tmp_path / "run").case("A hold").finish(end={"status": "cancelled"}))
    assert all("cancelled" in page for page in found.pages)


def test_the_defect_score_is_shown(tmp_path: Path) -> None:
    defect = {"name": "full-pan", "description": "prints it", "caught_by": "privacy.exposed", "caught": False,
              "verdict": "CONFORMS"}  # fmt: skip
    score = {"date": "2026-01-01", "total": 12, "caught": 11, "defects": [defect]}
    found = documents_of(MadeRun(tmp_path / "run", qualification=score).case("A hold").finish())
    assert "11 of 12" in found.text
    assert "not caught" in found.html
    assert "privacy.exposed" in found.html


def test_a_folder_that_was_not_judged_is_refused(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "run").case("A hold")
    run.finish()
    (run.path / "verdicts.json").write_text(json.dumps({}))
    with pytest.raises(ConfigurationError, match="was not judged"):
        write_documents(run.path)
