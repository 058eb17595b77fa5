"""JUnit XML from the verdicts: FAIL is a failure, what could not be decided is an error, never a skip."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from typing import Any

from reports.characters import usable

OUTCOMES = {
    "FAIL": "failure",
    "INCONCLUSIVE": "error", "ERROR": "error", "NOT_RUN": "error", "NOT_REACHED": "error", "BLOCKED": "error",
    "ABORTED": "error",
    "NOT_APPLICABLE": "skipped", "NOT_SELECTED": "skipped",
}  # fmt: skip
"""A verdict to the element that tells it; a pass has none."""
COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit(verdicts: Mapping[str, Any]) -> str:
    """One suite with a case for each planned case, and for each that was not selected."""
    verdicts = usable(verdicts)
    cases = [*verdicts["cases"], *(_not_selected(case) for case in verdicts["plan"].get("not_selected") or [])]
    counts = {name: str(sum(_outcome(case) == kind for case in cases)) for name, kind in COUNTED.items()}
    told = {"tests": str(len(cases)), **counts, "time": f"{float(verdicts['duration_s']):.3f}"}
    suite = ET.Element("testsuite", {"name": verdicts["title"], **told, "timestamp": str(verdicts["started"])[:19]})
    _properties(suite, _of_run(verdicts))
    suite.extend(_case(case, verdicts) for case in cases)
    root = ET.Element("testsuites", {"name": verdicts["title"], **told})
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _not_selected(case: Mapping[str, Any]) -> dict[str, Any]:
    cause = str(case.get("reason") or case.get("cause") or "not selected")
    return {"verdict": "NOT_SELECTED", "cause": cause, "criteria": [], "duration_s": 0, "numbers": [], **case}


def _outcome(case: Mapping[str, Any]) -> str:
    return OUTCOMES.get(str(case["verdict"]), "")


def _of_run(verdicts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "statement", verdicts["statement_text"]
    yield "evidence", verdicts["evidence_class"]
    for qualifier in verdicts["qualifiers"]:
        yield "qualifier", qualifier
    for name, version in verdicts["versions"].items():
        yield f"version.{name}", str(version)


def _case(case: Mapping[str, Any], verdicts: Mapping[str, Any]) -> ET.Element:
    path = str(case["id"]).split("::", 1)[0].replace("/", ".")
    parameters = case.get("parameters") or {}
    name = str(case.get("name") or case["id"]) + "".join(f" [{key}={value}]" for key, value in parameters.items())
    element = ET.Element("testcase", classname=path, name=name, time=f"{float(case['duration_s']):.3f}")
    _properties(element, _of_case(case, verdicts))
    outcome = _outcome(case)
    if outcome == "skipped":
        ET.SubElement(element, "skipped", message=case["cause"])
    elif outcome:
        found = ET.SubElement(element, outcome, type="verdict", message=f"{case['verdict']} {case['cause']}".strip())
        found.text = "\n".join(_deviation(c) for c in case["criteria"] if not str(c["verdict"]).startswith("PASS"))
    return element


def _of_case(case: Mapping[str, Any], verdicts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "verdict", case["verdict"]
    yield "numbers", ",".join(str(n) for n in case["numbers"])
    yield "rig", verdicts["rig"]["name"]
    yield "market", verdicts["market"]["name"]
    if case.get("timeline"):
        yield "timeline", case["timeline"]


def _deviation(criterion: Mapping[str, Any]) -> str:
    told = f"{criterion['id']}: {criterion['verdict']}: expected {criterion['expected']}; found {criterion['actual']}"
    numbers = ", ".join(str(n) for n in criterion["evidence"])
    return told + (f"; events {numbers}" if numbers else "")


def _properties(element: ET.Element, told: Iterator[tuple[str, str]]) -> None:
    properties = ET.SubElement(element, "properties")
    for name, value in told:
        ET.SubElement(properties, "property", name=name, value=str(value))
