"""What a criterion finds: a verdict, what was expected, what was there, and the events that show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """Verdicts of criteria and cases (report.md)."""

    PASS = "PASS"
    PASS_WITH_OBSERVATION = "PASS_WITH_OBSERVATION"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"
    NOT_REACHED = "NOT_REACHED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    NOT_SELECTED = "NOT_SELECTED"
    NOT_RUN = "NOT_RUN"


class Weight(StrEnum):
    """What a criterion counts for."""

    MANDATORY = "mandatory"
    CONDITIONAL = "conditional"
    SUGGESTED = "suggested"


class Scope(StrEnum):
    """Which part of the timeline a criterion speaks of."""

    SO_FAR = "so far"  # what happened up to the step that recorded it
    WHOLE_CASE = "whole case"  # the case with its close, reversals drained


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that is not as expected, with the events that show it.

    `missing` says that something did not happen: that is known only when the case is over. What did happen stands from
    the last of its events on.
    """

    text: str
    numbers: tuple[int, ...]
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion's result before rig faults are weighed. `evidence` are event numbers of the timeline."""

    verdict: Verdict
    expected: str
    actual: str
    evidence: tuple[int, ...] = ()
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A criterion with its final verdict, as it stands in verdicts.json."""

    id: str
    title: str
    weight: Weight
    component: str
    verdict: Verdict
    expected: str
    actual: str
    rule: str
    source: str  # scenario | auditor
    evidence: tuple[int, ...] = ()
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "title": self.title,
            "weight": self.weight.value,
            "component": self.component,
            "verdict": self.verdict.value,
            "expected": self.expected,
            "actual": self.actual,
            "rule": self.rule,
            "evidence": list(self.evidence),
            "source": self.source,
            "reason": self.reason,
        }


@dataclass(slots=True)
class Check:
    """Collects deviations with their evidence and turns them into one finding."""

    expected: str
    deviations: list[Deviation] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)

    def see(self, *numbers: int) -> None:
        """These events were looked at and were right."""
        self.seen.extend(numbers)

    def deviate(self, what: str, *numbers: int) -> None:
        """Something happened that is not as expected, as these events show."""
        self.deviations.append(Deviation(what, numbers))

    def miss(self, what: str, *numbers: int) -> None:
        """Something did not happen that should have; these events show that it was due."""
        self.deviations.append(Deviation(what, numbers, missing=True))

    def finding(self, when_right: str) -> Finding:
        if self.deviations:
            return failed(self.expected, self.deviations)
        return Finding(Verdict.PASS, self.expected, when_right, _once(self.seen))


def failed(expected: str, deviations: Iterable[Deviation]) -> Finding:
    """A FAIL with each deviation in words, and the events of all of them as evidence."""
    found = tuple(deviations)
    texts = "; ".join(dict.fromkeys(d.text for d in found))
    return Finding(Verdict.FAIL, expected, texts, _once(n for d in found for n in d.numbers), found)


def inconclusive(expected: str, why: str, *evidence: int) -> Finding:
    """The timeline does not allow a verdict on the device."""
    return Finding(Verdict.INCONCLUSIVE, expected, why, _once(evidence))


def _once(numbers: Iterable[int]) -> tuple[int, ...]:
    """Each event number once, in the order of naming; 0 is no event."""
    return tuple(dict.fromkeys(number for number in numbers if number))
