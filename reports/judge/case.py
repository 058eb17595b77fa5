"""The verdict of one case attempt: criteria of its scenario, auditors, and who is to blame for what is missing.

Design 4: a criterion decided wholly on events before the first rig fault or bug keeps its verdict; a later one is
INCONCLUSIVE (rig, with its cause) or ERROR (Holdfast). A failing criterion on a component that is not under test is
ERROR (our own part) or INCONCLUSIVE (the rig), never FAIL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from protocols.market import Market
from reports.judge import criteria as _registered
from reports.judge.auditors import auditors
from reports.judge.finding import Finding, Judged, Scope, Verdict, Weight
from reports.judge.registry import CRITERIA, View
from reports.judge.timeline import Timeline
from reports.runfolder import Record

assert _registered  # importing it fills the registry

OWN_PARTS = frozenset({"host", "harness", "card"})
"""Components that are always Holdfast's own: when one of them fails, that is an ERROR."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a judgement rests on beside the timeline: the market, what is under test, and the terminal's timer."""

    market: Market
    dut: frozenset[str]
    response_timeout_ns: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """The first thing that broke on the bench or in Holdfast, if any."""

    number: int
    verdict: Verdict
    cause: str


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """A judged attempt."""

    verdict: Verdict
    cause: str
    criteria: tuple[Judged, ...]


def judge_case(records: Sequence[Record], terms: Terms) -> CaseVerdict:
    """Verdict of one attempt from its timeline alone."""
    timeline = Timeline(records)
    trouble = _trouble(timeline)
    complete = timeline.first("case", "close") is not None
    judged = [*_scenario(timeline, terms, trouble, complete), *_audits(timeline, terms, trouble, complete)]
    return _case(judged, trouble, complete)


def judge_criterion(records: Sequence[Record], terms: Terms) -> Judged:
    """The criterion that the last `expect` event recorded, judged on what happened so far."""
    timeline = Timeline(records)
    expects = list(timeline.of("criterion", "expect"))
    return _one(timeline, expects[-1], terms, _trouble(timeline), complete=True)


def _trouble(timeline: Timeline) -> Trouble | None:
    for record in timeline.of("rig", "fault", "bug"):
        verdict = Verdict.INCONCLUSIVE if record.kind == "fault" else Verdict.ERROR
        return Trouble(record.number, verdict, str(record.fields.get("cause", record.kind)))
    return None


def _scenario(timeline: Timeline, terms: Terms, trouble: Trouble | None, complete: bool) -> Iterable[Judged]:
    for record in timeline.of("criterion", "expect"):
        yield _one(timeline, record, terms, trouble, complete)


def _one(timeline: Timeline, record: Record, terms: Terms, trouble: Trouble | None, complete: bool) -> Judged:
    criterion = CRITERIA[str(record.fields["id"])]
    args: Mapping[str, object] = dict(record.fields.get("args", {}))
    view = View(timeline, terms.market, terms.response_timeout_ns, record.number)
    finding = criterion.evaluate(view, args)
    decided = record.number if criterion.scope is Scope.SO_FAR else _decided(finding, timeline, complete)
    verdict, reason = _weigh(finding, criterion.component, decided, terms, trouble)
    weight = Weight(record.fields.get("weight", criterion.weight))
    return Judged(
        criterion.id, criterion.title, weight, criterion.component, verdict, finding.expected, finding.actual,
        criterion.rule, "scenario", (record.number, *finding.evidence), reason,
    )  # fmt: skip


def _audits(timeline: Timeline, terms: Terms, trouble: Trouble | None, complete: bool) -> Iterable[Judged]:
    view = View(timeline, terms.market, terms.response_timeout_ns, timeline.end)
    for audit in auditors():
        finding = audit.evaluate(view)
        if finding is None:
            continue
        verdict, reason = _weigh(finding, audit.component, _decided(finding, timeline, complete), terms, trouble)
        yield Judged(
            audit.id, audit.title, Weight.MANDATORY, audit.component, verdict, finding.expected, finding.actual,
            audit.rule, "auditor", finding.evidence, reason,
        )  # fmt: skip


def _decided(finding: Finding, timeline: Timeline, complete: bool) -> int:
    """The event on which a finding over the whole case was decided.

    A deviation that was seen stands from the moment it was seen; that none was seen is known only at the end. That
    something is missing is known only at the end too, so a deviation resting on a single event waits for it.
    """
    if finding.verdict is Verdict.FAIL and len(finding.evidence) > 1:
        return max(finding.evidence)
    return timeline.end if complete else timeline.end + 1


def _weigh(
    finding: Finding, component: str, decided: int, terms: Terms, trouble: Trouble | None
) -> tuple[Verdict, str]:
    """The final verdict of a finding, and why it is not the finding's own."""
    if trouble is not None and decided > trouble.number and finding.verdict is not Verdict.NOT_APPLICABLE:
        return trouble.verdict, trouble.cause
    if finding.verdict is Verdict.FAIL and component not in terms.dut:
        if component in OWN_PARTS:
            return Verdict.ERROR, f"the {component} is Holdfast's own part, not under test"
        return Verdict.INCONCLUSIVE, f"the {component} is not under test on this rig"
    return finding.verdict, ""


def _case(judged: Sequence[Judged], trouble: Trouble | None, complete: bool) -> CaseVerdict:
    mandatory = [j.verdict for j in judged if j.weight is not Weight.SUGGESTED]
    cause = trouble.cause if trouble else ""
    if Verdict.FAIL in mandatory:
        return CaseVerdict(Verdict.FAIL, cause, tuple(judged))
    if Verdict.ERROR in mandatory or (trouble and trouble.verdict is Verdict.ERROR):
        return CaseVerdict(Verdict.ERROR, cause or _first_reason(judged, Verdict.ERROR), tuple(judged))
    if trouble or Verdict.INCONCLUSIVE in mandatory:
        return CaseVerdict(Verdict.INCONCLUSIVE, cause or _first_reason(judged, Verdict.INCONCLUSIVE), tuple(judged))
    if not complete:
        return CaseVerdict(Verdict.INCONCLUSIVE, "the case was not finished", tuple(judged))
    if not any(j.source == "scenario" for j in judged):
        return CaseVerdict(Verdict.ERROR, "the scenario has no criterion", tuple(judged))
    observed = any(j.weight is Weight.SUGGESTED and j.verdict is Verdict.FAIL for j in judged)
    return CaseVerdict(Verdict.PASS_WITH_OBSERVATION if observed else Verdict.PASS, "", tuple(judged))


def _first_reason(judged: Sequence[Judged], verdict: Verdict) -> str:
    first = next(j for j in judged if j.verdict is verdict)
    return first.reason or f"{first.id}: {first.actual}"
