"""JUnit XML from the verdicts: FAIL is a failure, what could not be decided is an error, never a skip."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

FAILURES, ERRORS, SKIPS = (
    {"FAIL"},
    {"INCONCLUSIVE", "ERROR", "NOT_RUN", "NOT_REACHED"},
    {"NOT_APPLICABLE", "NOT_SELECTED"},
)


def junit(verdicts: Mapping[str, Any]) -> str:
    """One suite with a case for each planned case."""
    cases = verdicts["cases"]
    suite = ET.Element(
        "testsuite",
        name=verdicts["title"], tests=str(len(cases)), failures=_count(cases, FAILURES), errors=_count(cases, ERRORS),
        skipped=_count(cases, SKIPS), time=str(verdicts["duration_s"]), timestamp=verdicts["started"][:19],
    )  # fmt: skip
    for case in cases:
        suite.append(_case(case, verdicts))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _count(cases: Any, kinds: set[str]) -> str:
    return str(sum(case["verdict"] in kinds for case in cases))


def _case(case: Mapping[str, Any], verdicts: Mapping[str, Any]) -> ET.Element:
    path = str(case["id"]).split("::", 1)[0].replace("/", ".")
    element = ET.Element("testcase", classname=path, name=case["name"], time=str(case["duration_s"]))
    properties = ET.SubElement(element, "properties")
    told = {
        "verdict": case["verdict"], "numbers": ",".join(str(n) for n in case["numbers"]),
        "rig": verdicts["rig"]["name"], "market": verdicts["market"]["name"],
    }  # fmt: skip
    for name, value in told.items():
        ET.SubElement(properties, "property", name=name, value=value)
    verdict = case["verdict"]
    if verdict in FAILURES | ERRORS:
        kind = "failure" if verdict in FAILURES else "error"
        found = ET.SubElement(element, kind, type="verdict", message=f"{verdict} {case['cause']}".strip())
        found.text = "\n".join(
            f"{c['id']}: {c['verdict']}: expected {c['expected']}; found {c['actual']}"
            for c in case["criteria"]
            if c["verdict"] != "PASS"
        )
    elif verdict in SKIPS:
        ET.SubElement(element, "skipped", message=case["cause"])
    return element
