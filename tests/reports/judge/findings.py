"""What tests of the judge ask of a finding."""

from __future__ import annotations

from reports.judge.finding import Finding, Verdict


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
