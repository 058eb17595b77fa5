"""A case: what it is called, where it lies, and that every attempt at it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigs.case import Case, CaseId, slug
from tests.rigs.kit import chain_is_whole, lines_of, recorder_in

PLAIN = CaseId("features/completion/within_the_limit.feature", "The full amount", {})
LOOK_ALIKE = [
    CaseId("features/a.feature", "A hold", {}),
    CaseId("features/a.feature", "a hold", {}),
    CaseId("features/a.feature", "A hold!", {}),
    CaseId("features/a.feature", "A-hold", {}),
    CaseId("features/a.feature", "A/hold", {}),
    CaseId("features/a.feature", "预授权", {}),
    CaseId("features/a.feature", "预授权。", {}),
    CaseId("features/a.feature", "Café", {}),
    CaseId("features/a.feature", "Cafe\u0301", {}),
    CaseId("features/a/b.feature", "A hold", {}),
    CaseId("features/a-b.feature", "A hold", {}),
    CaseId("features/a.feature", "A hold", {"amount": "1", "code": "2,x=3"}),
    CaseId("features/a.feature", "A hold", {"amount": "1,code=2", "code": "x=3"}),
    CaseId("features/a.feature", "A hold", {"amount": "1.00"}),
    CaseId("features/a.feature", "A hold", {"amount": "1,00"}),
    CaseId("features/a.feature", "预授权" * 60 + "甲", {}),
    CaseId("features/a.feature", "预授权" * 60 + "乙", {}),
]


def test_an_id_is_feature_scenario_and_row() -> None:
    assert PLAIN.id == "features/completion/within_the_limit.feature::The full amount"
    row = CaseId("features/a.feature", "s", {"amount": "1.00", "code": "64"})
    assert row.id == "features/a.feature::s[amount=1.00,code=64]"


def test_a_folder_is_readable_and_stable() -> None:
    """Kept run folders are found again: this name does not change from one version to the next."""
    assert PLAIN.folder == "completion-within_the_limit.feature-the-full-amount-7661d8dc"


def test_two_cases_never_share_a_folder() -> None:
    folders = [case.folder.casefold() for case in LOOK_ALIKE]
    assert len(set(folders)) == len(LOOK_ALIKE), sorted(folders)


@pytest.mark.parametrize("case", [*LOOK_ALIKE, CaseId("..", "..", {}), CaseId("/", "\0\n", {}), CaseId("", "", {})])
def test_a_folder_is_one_that_any_file_system_takes(case: CaseId, tmp_path: Path) -> None:
    assert len(case.folder.encode()) <= 200
    (tmp_path / case.folder / "x").mkdir(parents=True)
    assert [path.name for path in tmp_path.iterdir()] == [case.folder]


def test_chinese_stays_readable_in_a_folder() -> None:
    assert slug("features/a.feature::预授权 完成") == "a.feature-预授权-完成"
    assert slug("！？") == "case"


def test_a_case_opens_with_what_it_is_and_closes_its_timeline(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path)
    case = Case(
        recorder, tmp_path, CaseId("features/a.feature", "s", {"amount": "1.00"}), {"name": "S", "numbers": [3]}
    )
    case.expect("hold.amount", {"amount": 100}, "mandatory", "host", "case")
    case.fault("the reader is gone", "reader", "plug it in")
    case.bug("KeyError", "x.py:1")
    case.close()
    recorder.close()
    opened, expected, fault, bug, closed = lines_of(case.path)
    assert (opened["ch"], opened["kind"]) == ("case", "open")
    assert opened["f"] == {
        "id": "features/a.feature::s[amount=1.00]", "attempt": 1, "parameters": {"amount": "1.00"}, "name": "S",
        "numbers": [3],
    }  # fmt: skip
    assert (expected["ch"], expected["kind"]) == ("criterion", "expect")
    assert expected["f"] == {
        "id": "hold.amount", "args": {"amount": 100}, "weight": "mandatory", "component": "host", "scope": "case",
    }  # fmt: skip
    assert (fault["ch"], fault["kind"]) == ("rig", "fault")
    assert fault["f"] == {"cause": "the reader is gone", "component": "reader", "advice": "plug it in"}
    assert (bug["kind"], bug["f"]) == ("bug", {"cause": "KeyError", "where": "x.py:1"})
    assert (closed["ch"], closed["kind"]) == ("case", "close")
    assert case.records == [{k: v for k, v in line.items() if k != "hash"} for line in lines_of(case.path)]


def test_every_attempt_at_a_case_is_kept(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path)
    paths = []
    for _ in range(2):
        case = Case(recorder, tmp_path, PLAIN, {})
        case.close()
        paths.append(case.path)
    recorder.close()
    assert paths == [tmp_path / "cases" / PLAIN.folder / f"attempt-{n}.jsonl" for n in (1, 2)]
    assert [lines_of(path)[0]["f"]["attempt"] for path in paths] == [1, 2]
    assert all(chain_is_whole(path) for path in paths)


def test_an_attempt_of_another_worker_is_never_written_over(tmp_path: Path) -> None:
    here, there = recorder_in(tmp_path), recorder_in(tmp_path, worker="gw1")
    first, second = Case(here, tmp_path, PLAIN, {}), Case(there, tmp_path, PLAIN, {})
    assert [first.path.name, second.path.name] == ["attempt-1.jsonl", "attempt-2.jsonl"]
    first.close()
    first.path.unlink()
    third = Case(here, tmp_path, PLAIN, {})  # a number that is free, not the count of what is there
    assert third.path.name == "attempt-1.jsonl"
    for recorder in (here, there):
        recorder.close()
