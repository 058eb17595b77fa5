"""JUnit XML: what failed is a failure, what could not be decided an error, only what was left out a skip."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from reports.junit import junit
from tests.reports.made_run import MadeRun


def case(verdict: str, **more: object) -> dict[str, object]:
    criterion = {"id": "a.b", "verdict": verdict, "expected": "x", "actual": "y", "evidence": [3, 4]}
    return {"id": "features/a/b.feature::N", "name": "N", "numbers": [1, 2], "verdict": verdict, "cause": "why",
            "duration_s": 0.5, "parameters": {}, "timeline": "", "criteria": [criterion], **more}  # fmt: skip


def suite(*cases: dict[str, object], not_selected: tuple[dict[str, object], ...] = ()) -> ET.Element:
    verdicts = {
        "title": "T", "statement_text": "S", "evidence_class": "simulated", "qualifiers": ["simulated DUT"],
        "versions": {"holdfast": "1"}, "duration_s": 1.0, "started": "2026-01-02T03:04:05.0Z", "rig": {"name": "r"},
        "market": {"name": "m"}, "plan": {"not_selected": list(not_selected)}, "cases": list(cases),
    }  # fmt: skip
    found = ET.fromstring(junit(verdicts).encode("utf-8")).find("testsuite")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("verdict", "element"),
    [
        ("PASS", None), ("PASS_WITH_OBSERVATION", None), ("FAIL", "failure"), ("INCONCLUSIVE", "error"),
        ("ERROR", "error"), ("NOT_RUN", "error"), ("NOT_APPLICABLE", "skipped"), ("NOT_SELECTED", "skipped"),
    ],
)  # fmt: skip
def test_a_verdict_is_told_by_its_element(verdict: str, element: str | None) -> None:
    found = suite(case(verdict))[1]
    told = [child.tag for child in found if child.tag != "properties"]
    assert told == ([element] if element else [])
    if element in ("failure", "error"):
        assert found.find(element).get("type") == "verdict"  # type: ignore[union-attr]


def test_counts_are_those_of_the_cases() -> None:
    found = suite(case("PASS"), case("FAIL"), case("ERROR"), not_selected=({"id": "f::Left out", "name": "Left out"},))
    assert [found.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]
    assert found[-1].get("name") == "Left out"


def test_a_failure_names_criterion_and_events() -> None:
    failure = suite(case("FAIL"))[1].find("failure")
    assert failure is not None
    assert failure.text == "a.b: FAIL: expected x; found y; events 3, 4"


def test_characters_that_xml_forbids_are_replaced() -> None:
    found = suite(case("FAIL", name="a\x00b\x08\ud800\ufffe<&>", cause='"\x1b"'))
    assert found[1].get("name") == "a\ufffdb\ufffd\ufffd\ufffd<&>"


def test_rows_of_an_outline_have_names_of_their_own() -> None:
    found = suite(case("PASS", parameters={"status": "lost"}), case("PASS", parameters={"status": "stolen"}))
    assert [c.get("name") for c in found.findall("testcase")] == ["N [status=lost]", "N [status=stolen]"]


def test_properties_say_what_the_run_was() -> None:
    found = {(p.get("name"), p.get("value")) for p in suite(case("PASS")).iter("property")}
    assert {("qualifier", "simulated DUT"), ("numbers", "1,2"), ("rig", "r"), ("version.holdfast", "1")} <= found


def test_a_made_run_is_valid(tmp_path: Path) -> None:
    import json

    path = MadeRun(tmp_path / "run").case("A hold").finish()
    ET.fromstring(junit(json.loads((path / "verdicts.json").read_text("utf-8"))).encode("utf-8"))
