"""A defect counts as caught only when its own criterion fails, with evidence."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from holdfast.cli import QUALIFIED_RIGS
from holdfast.defects import all_defects, defects_named
from holdfast.qualify import qualify, weigh
from protocols.defects import Defect
from protocols.faults import ConfigurationError
from rigs.model import load_rig
from simulators.terminal.defects import DEFECTS
from tests.support.commands import ROOT

RIG = ROOT / "rigs" / "virtual-bench.yaml"
DEFECT = Defect("bad", "does something bad", "rule.one", (33,))


def verdicts(*criteria: tuple[str, str, list[int]], statement: str = "DOES_NOT_CONFORM", defect: str = "bad") -> Any:
    rows = [{"id": i, "verdict": v, "evidence": e, "actual": f"{i} {v}"} for i, v, e in criteria]
    return {"statement": statement, "defect": defect, "cases": [{"criteria": rows}]}


BASELINE = verdicts(("rule.one", "PASS", [1]), statement="CONFORMS", defect="")


def test_its_own_criterion_failing_with_evidence_is_a_catch() -> None:
    assert weigh(DEFECT, verdicts(("rule.one", "FAIL", [3])), BASELINE).caught


@pytest.mark.parametrize(
    "found",
    [
        None,
        verdicts(("rule.one", "PASS", [3])),
        verdicts(("rule.one", "FAIL", [])),
        verdicts(("rule.one", "ERROR", [3])),
        verdicts(("rule.one", "INCONCLUSIVE", [3])),
        verdicts(("rule.two", "FAIL", [3])),
        verdicts(("rule.one", "FAIL", [3]), statement="INCOMPLETE"),
        verdicts(("rule.one", "FAIL", [3]), defect=""),
        verdicts(),
    ],
    ids=["crash", "pass", "no evidence", "error", "inconclusive", "another criterion", "no statement", "not injected",
         "nothing"],
)  # fmt: skip
def test_anything_else_is_no_catch(found: Any) -> None:
    assert not weigh(DEFECT, found, BASELINE).caught


def test_a_criterion_that_never_passes_proves_nothing() -> None:
    baseline = verdicts(("rule.one", "FAIL", [1]), defect="")
    assert not weigh(DEFECT, verdicts(("rule.one", "FAIL", [3])), baseline).caught


def test_a_defect_that_does_nothing_is_reported_not_caught_and_a_real_one_is(tmp_path: Path) -> None:
    """The whole way: real runs, with a terminal whose switch is connected to nothing."""
    nothing = Defect("does-nothing", "nothing at all", "reversal-duty.reversed", (96,))
    command = (sys.executable, str(ROOT / "tests" / "support" / "with_a_defect_that_does_nothing.py"))
    out = io.StringIO()
    status = qualify(
        [RIG], tmp_path, Console(file=out, width=200), defects=(DEFECTS["no-reversal-on-timeout"], nothing),
        command=command,
    )  # fmt: skip
    assert status == 1
    rows = out.getvalue().splitlines()
    assert any(row.startswith("caught") and "no-reversal-on-timeout" in row for row in rows)
    assert any(row.startswith("NOT caught") and "does-nothing" in row for row in rows)
    assert "1 of 2 defects caught by their own criterion" in out.getvalue()
    assert not (tmp_path / "qualification.json").exists()  # a part says nothing of all
    baseline = json.loads((tmp_path / "qualification/baseline-virtual-bench/latest/verdicts.json").read_text("utf-8"))
    told = [case for case in baseline["cases"] if case["verdict"] != "NOT_SELECTED"]
    assert told
    assert all(96 in case["numbers"] for case in told)


def test_chosen_defects_come_in_the_order_of_the_list_and_a_near_miss_is_told() -> None:
    first, second = list(all_defects())[:2]
    assert [defect.name for defect in defects_named([second, first])] == [first, second]
    with pytest.raises(ConfigurationError, match="did you mean"):
        defects_named([first + "x"])


def test_each_seeded_defect_is_one_of_a_device_that_a_qualified_rig_has_under_test() -> None:
    under_test = {component.value for rig in QUALIFIED_RIGS for component in load_rig(rig).dut}
    assert {defect.component for defect in all_defects().values()} == under_test == {"terminal", "reader"}
    assert len(all_defects()) >= 64


def test_a_defect_of_a_device_that_is_not_under_test_is_not_run(tmp_path: Path) -> None:
    """It would be no FAIL there: design 1."""
    reader = [defect for defect in all_defects().values() if defect.component == "reader"]
    with pytest.raises(ConfigurationError, match="no seeded defect is one of a device under test"):
        qualify([RIG], tmp_path, Console(file=io.StringIO()), defects=reader)


def test_every_seeded_defect_is_caught_by_its_own_criterion(tmp_path: Path) -> None:
    out = io.StringIO()
    status = qualify(QUALIFIED_RIGS, tmp_path, Console(file=out, width=200))
    assert status == 0, out.getvalue()
    total = len(all_defects())
    assert f"{total} of {total} defects caught by their own criterion" in out.getvalue()
    score = json.loads((tmp_path / "qualification.json").read_text("utf-8"))
    assert (score["caught"], score["total"]) == (total, total)
    assert {defect["component"] for defect in score["defects"]} == {"terminal", "reader"}
