"""The statement of a run, from its folder alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from protocols.limits import USUAL_READER
from reports.judge.run import judge_run, terms_of
from reports.runfolder import RunFolder
from tests.reports.folders import RUN, Folder
from tests.reports.judge.builder import HOLD, Tale, market
from tests.reports.judge.reader_tale import ReaderTale

REPORTED: dict[str, Any] = {"transaction": HOLD, "result": "approved"}


def good() -> Tale:
    return Tale().account().approved().expect("outcome.reported", **REPORTED).close()


def bad() -> Tale:
    return Tale().approved().expect("hold.state", state="completed").close()


def undecided() -> Tale:
    return Tale().approved().expect("wrong-mac.refused").close()


def broken() -> Tale:
    return Tale().approved().bug().expect("hold.none").close()


def judged(folder: Folder) -> dict[str, Any]:
    return judge_run(RunFolder(folder.path))


@pytest.mark.parametrize(
    ("cases", "statement"),
    [
        ([good], "CONFORMS"),
        ([good, bad], "DOES_NOT_CONFORM"),
        ([good, undecided], "INCOMPLETE"),
        ([good, broken], "INCOMPLETE"),
        ([good, None], "INCOMPLETE"),
        ([undecided, bad, None], "DOES_NOT_CONFORM"),
        ([], "INCOMPLETE"),
    ],
)
def test_the_statement_follows_from_the_cases(tmp_path: Path, cases: list[Any], statement: str) -> None:
    folder = Folder(tmp_path)
    for number, tale in enumerate(cases):
        folder.case(f"case-{number}", *([tale()] if tale else []))
    found = judged(folder.end())
    assert found["statement"] == statement
    assert found["statement_text"].startswith(statement)
    assert sum(found["counts"].values()) == len(cases)


def test_a_case_that_did_not_run_says_so(tmp_path: Path) -> None:
    case = judged(Folder(tmp_path).case("never").end())["cases"][0]
    assert (case["verdict"], case["cause"], case["timeline"]) == ("NOT_RUN", "the run ended before it", "")


@pytest.mark.parametrize(
    ("status", "statement", "qualifiers"),
    [
        ("complete", "CONFORMS", []),
        ("cancelled", "INCOMPLETE", ["cancelled"]),
        ("stopped", "INCOMPLETE", ["not finished"]),
    ],
)
def test_a_run_that_did_not_end_is_incomplete(
    tmp_path: Path, status: str, statement: str, qualifiers: list[str]
) -> None:
    found = judged(Folder(tmp_path).case("a", good()).end(status))
    assert (found["statement"], found["qualifiers"]) == (statement, qualifiers)


def test_what_stopped_a_run_stands_in_its_statement(tmp_path: Path) -> None:
    folder = Folder(tmp_path).case("a", good()).end("stopped")
    end = json.loads((folder.path / "end.json").read_text("utf-8"))
    (folder.path / "end.json").write_text(json.dumps(end | {"ended_by": "the run's deadline has passed"}), "utf-8")
    found = judged(folder)
    assert found["qualifiers"] == ["not finished", "the run's deadline has passed"]
    assert found["statement_text"].startswith("INCOMPLETE (not finished, the run's deadline has passed): ")


def test_a_run_that_was_killed_is_judged_by_what_it_left(tmp_path: Path) -> None:
    found = judged(Folder(tmp_path).case("a", good()).case("b", bad()))  # neither plan nor end
    assert found["statement"] == "DOES_NOT_CONFORM"
    assert [case["id"] for case in found["cases"]] == ["features/x.feature::A case"] * 2
    assert found["finished"] == ""


def test_subset_simulation_and_defect_stand_in_the_statement(tmp_path: Path) -> None:
    folder = Folder(tmp_path, dut={"simulated": True}, defect="no-reversal-on-timeout").case("a", good())
    found = judged(folder.end(subset=True))
    assert found["qualifiers"] == ["simulated DUT", "subset", "injected defect: no-reversal-on-timeout"]
    assert found["statement_text"] == (
        "CONFORMS (simulated DUT, subset, injected defect: no-reversal-on-timeout): 1 of 1 cases passed"
    )


def test_a_case_that_the_plan_does_not_name_is_judged_all_the_same(tmp_path: Path) -> None:
    found = judged(Folder(tmp_path).case("a", good()).case("hidden", bad(), planned=False).end())
    assert found["statement"] == "DOES_NOT_CONFORM"
    assert len(found["cases"]) == 2


def test_every_attempt_is_kept_and_a_pass_after_a_failure_is_no_plain_pass(tmp_path: Path) -> None:
    found = judged(Folder(tmp_path).case("a", bad(), good()).end())
    case = found["cases"][0]
    assert [attempt["verdict"] for attempt in case["attempts"]] == ["FAIL", "PASS_WITH_OBSERVATION"]
    assert (case["verdict"], case["cause"]) == ("PASS_WITH_OBSERVATION", "attempt 1 failed")
    assert case["timeline"] == "cases/a/attempt-2.jsonl"


def test_a_pass_after_an_undecided_attempt_is_a_pass(tmp_path: Path) -> None:
    assert judged(Folder(tmp_path).case("a", undecided(), good()).end())["cases"][0]["verdict"] == "PASS"


def of_readers(tmp_path: Path) -> Folder:
    """A run with a reader under test."""
    return Folder(tmp_path, rig={**RUN["rig"], "dut": ["reader"]})


def stayed() -> ReaderTale:
    return ReaderTale().inserted().powered().passed().removed().asked_who().expect("reader.same-after-plug").close()  # type: ignore[return-value]


def dropped_out() -> ReaderTale:
    return ReaderTale().inserted().powered().passed().gone().lost().close()  # type: ignore[return-value]


def test_what_drops_out_once_stays_in_sight_and_twice_it_fails(tmp_path: Path) -> None:
    """Design 1."""
    folder = of_readers(tmp_path).case("a", dropped_out(), stayed()).case("b", dropped_out(), dropped_out()).end()
    once, twice = judged(folder)["cases"]
    assert [attempt["verdict"] for attempt in once["attempts"]] == ["INCONCLUSIVE", "PASS_WITH_OBSERVATION"]
    assert once["cause"] == "reader.stays failed in attempt 1"
    assert [attempt["verdict"] for attempt in twice["attempts"]] == ["INCONCLUSIVE", "FAIL"]


def test_the_limits_of_the_reader_are_the_rigs_or_the_usual_ones() -> None:
    run = {**RUN, "market": {"data": market().model_dump(mode="json")}}
    assert terms_of(run).reader == USUAL_READER
    limits = {"added_ms": 5.0, "per_byte_ms": 0.0, "seen_ms": 9.0}
    run["rig"] = {**RUN["rig"], "model": {"reader": {"limits": limits}}}
    assert terms_of(run).reader.model_dump() == limits


@pytest.mark.parametrize(
    ("reasons", "words"),
    [(["market m: a.b is false"] * 2, ", 2 not applicable in this market"),
     (["rig r: none"], ", 1 not applicable on this rig"),
     (["market m: x", "rig r: y"], ", 1 not applicable in this market, 1 not applicable on this rig"), ([], " passed")],
    ids=["market", "rig", "both", "neither"],
)  # fmt: skip
def test_what_was_ruled_out_is_counted_by_who_did_it(tmp_path: Path, reasons: list[str], words: str) -> None:
    folder = Folder(tmp_path).case("a", good()).end()
    plan = json.loads((folder.path / "plan.json").read_text("utf-8"))
    plan["not_selected"] = [{"verdict": "NOT_APPLICABLE", "reason": reason} for reason in reasons]
    (folder.path / "plan.json").write_text(json.dumps(plan), "utf-8")
    assert judged(folder)["statement_text"].endswith(words)


def test_the_last_attempt_decides(tmp_path: Path) -> None:
    assert judged(Folder(tmp_path).case("a", good(), bad()).end())["statement"] == "DOES_NOT_CONFORM"


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [({"host": "simulated", "card": "simulated"}, "simulated"), ({"host": "simulated", "card": "hardware"}, "mixed")],
)
def test_the_class_of_evidence(tmp_path: Path, evidence: dict[str, str], expected: str) -> None:
    folder = Folder(tmp_path, rig={**RUN["rig"], "evidence": evidence}).case("a", good()).end()
    assert judged(folder)["evidence_class"] == expected


def test_judging_again_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = Folder(tmp_path).case("a", good()).case("b", bad()).case("c", broken()).case("d").end()
    first, second = (json.dumps(judged(folder), ensure_ascii=False) for _ in range(2))
    assert first == second


def test_judging_writes_nothing_and_asks_no_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path).case("a", good()).end()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    def forbidden(*args: object) -> None:
        raise AssertionError("the judge asked for the time")

    for clock in ("time", "time_ns", "monotonic", "monotonic_ns"):
        monkeypatch.setattr(f"time.{clock}", forbidden)
    judged(folder)
    monkeypatch.undo()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_verdicts_json_holds_what_design_9_asks_for(tmp_path: Path) -> None:
    found = judged(Folder(tmp_path).case("a", good()).end())
    for key in ("schema_version", "statement", "evidence_class", "dut", "rig", "market", "versions", "seed", "counts"):
        assert key in found
    case = found["cases"][0]
    for key in ("id", "name", "feature", "numbers", "verdict", "duration_s", "attempts", "criteria"):
        assert key in case
    for key in ("id", "weight", "component", "verdict", "expected", "actual", "rule", "evidence", "source"):
        assert key in case["criteria"][0]
    assert found["criteria_counts"] == {"PASS": len(case["criteria"])}
    json.dumps(found)


def test_the_terminals_timer_is_the_rigs_or_else_the_markets_in_real_time() -> None:
    run = {**RUN, "market": {"data": market().model_dump(mode="json")}}
    assert terms_of(run).response_timeout_ns == 500_000_000
    run["rig"] = {**RUN["rig"], "model": {}}
    assert terms_of(run).response_timeout_ns == 3_000_000_000
    assert terms_of(run).dut == {"terminal"}
