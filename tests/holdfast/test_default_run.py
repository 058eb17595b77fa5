"""What `holdfast certify` leaves: the statement, the documents, the chain, and nothing that anybody may not see."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from holdfast.features import numbers_of, tags_of
from reports.judge.run import judge_run
from reports.runfolder import RunFolder
from reports.verify import verify
from simulators.reader import unavailable
from tests.support.commands import ROOT

FILES = sorted((ROOT / "features").rglob("*.feature"))


def test_the_reference_terminal_conforms_and_the_statement_says_simulated(
    ended: dict[str, Any], verdicts: dict[str, Any]
) -> None:
    assert ended["status"] == 0, ended["stdout"] + ended["stderr"]
    assert verdicts["statement"] == "CONFORMS"
    assert verdicts["statement_text"].startswith("CONFORMS (simulated DUT): ")
    assert verdicts["statement_text"] in " ".join(ended["stdout"].split())


def test_every_number_that_a_feature_names_is_covered(verdicts: dict[str, Any]) -> None:
    tagged = {number for path in FILES for number in numbers_of(tags_of(path))}
    assert verdicts["numbers"] == sorted(tagged)


def test_every_case_has_a_criterion_of_its_own_and_every_pass_shows_its_evidence(verdicts: dict[str, Any]) -> None:
    for case in verdicts["cases"]:
        own = [c for c in case["criteria"] if c["source"] == "scenario" and c["id"] != "idle.reached"]
        assert own, case["name"]
        assert all(c["evidence"] for c in own), case["name"]


def test_each_document_is_there_and_named_on_the_screen(default_run: Path, ended: dict[str, Any]) -> None:
    folder = default_run / "latest"
    for name in ("report.html", "report.pdf", "verdicts.json", "junit.xml", "manifest.json"):
        assert (folder / name).stat().st_size > 1000, name
        assert name == "manifest.json" or name in ended["stdout"]
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")


def test_the_run_folder_verifies_and_is_unsigned(default_run: Path) -> None:
    found = verify(default_run / "latest")
    assert not found.tampered
    assert not found.incomplete
    assert any("UNSIGNED" in line for line in found.lines())


def test_judged_again_the_folder_says_the_same(default_run: Path, verdicts: dict[str, Any]) -> None:
    again = json.loads(json.dumps(judge_run(RunFolder(default_run / "latest"))))
    assert again == verdicts


def test_the_environment_holds_what_the_reader_says_of_itself(verdicts: dict[str, Any]) -> None:
    reader = verdicts["environment"]["reader"]
    assert reader["vendor"] == "Holdfast"
    if not unavailable():
        assert reader["driver"] == "PC/SC"
        assert reader["service"].startswith("pcsc-lite version")
        assert reader["serial"] == "HF-DU-0001"
    assert set(verdicts["rig"]["evidence"].values()) == {"simulated"}


def test_junit_tells_each_case_with_its_verdict(default_run: Path, verdicts: dict[str, Any]) -> None:
    root = ET.parse(default_run / "latest" / "junit.xml").getroot()
    cases = root.findall(".//testcase")
    told = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(set(told)) == len(told) == len(verdicts["cases"]), "each case has a name of its own"
    for (_, name), case in zip(told, verdicts["cases"], strict=True):
        assert str(name).startswith(case["name"])
        assert all(value in str(name) for value in case["parameters"].values())
    assert all(case.find("properties/property[@name='verdict']").get("value") == "PASS" for case in cases)  # type: ignore[union-attr]
    assert not root.findall(".//failure") + root.findall(".//error")


def test_allure_shows_scenarios_with_their_gherkin_steps_and_evidence(
    default_run: Path, verdicts: dict[str, Any]
) -> None:
    results = [
        json.loads(path.read_text("utf-8"))
        for path in (default_run / "latest" / "allure-results").glob("*-result.json")
    ]
    assert len(results) == len(verdicts["cases"])
    assert {r["name"] for r in results} == {case["name"] for case in verdicts["cases"]}
    assert {r["status"] for r in results} == {"passed"}
    result = next(r for r in results if r["name"] == "No answer to a pre-authorisation")
    assert [step["name"] for step in result["steps"]][:3] == [
        "Given a credit card in the reader",
        "Given the host does not answer the pre-authorisation",
        "When the merchant asks for a hold of the usual amount",
    ]
    assert {"host messages", "timeline"} <= {a["name"] for a in result["attachments"]}
    approved = next(r for r in results if r["name"] == "Contact chip with online PIN is approved")
    assert sum(a["type"] == "image/png" for a in approved["attachments"]) == 2
    assert not any("pytest" in p["name"] for r in results for p in r["parameters"])
