"""What tests of the judge ask of a finding."""

from __future__ import annotations

from typing import Any

from reports.judge.finding import Finding, Verdict
from tests.reports.judge.builder import Tale


def failed(finding: Finding | None, *numbers: int) -> str:
    """It is a FAIL with evidence, these events among it; returns what was found."""
    assert finding is not None
    assert finding.verdict is Verdict.FAIL, finding
    assert finding.evidence, finding
    assert set(numbers) <= set(finding.evidence), (numbers, finding)
    return finding.actual


def passed(finding: Finding | None) -> None:
    assert finding is not None
    assert finding.verdict is Verdict.PASS, finding
    assert finding.expected
    assert finding.actual


def undecided(finding: Finding | None) -> str:
    assert finding is not None
    assert finding.verdict is Verdict.INCONCLUSIVE, finding
    return finding.actual


def met(tale: Tale, criterion: str, holds: bool, **args: Any) -> str:
    """A criterion that is demanded now is met, or is not; returns what was found."""
    finding = tale.criterion(criterion, **args)
    assert finding.verdict is (Verdict.PASS if holds else Verdict.FAIL), finding
    if not holds:
        failed(finding)
    return finding.actual
