"""The verdict of one case attempt: criteria of its scenario, auditors, and who is to blame for what is missing.

Design 4: a criterion decided wholly on events before the first rig fault or bug keeps its verdict; a later one is
INCONCLUSIVE (rig, with its cause) or ERROR (Holdfast). A failing criterion on a component that is not under test is
ERROR (our own part) or INCONCLUSIVE (the rig), never FAIL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from protocols.faults import HoldfastError
from protocols.limits import USUAL_READER, ReaderLimits
from protocols.market import Market
from reports.judge import criteria as _registered
from reports.judge.auditors import Audit, auditors
from reports.judge.finding import Finding, Judged, Scope, Verdict, Weight, failed
from reports.judge.pace import slow_answers
from reports.judge.registry import CRITERIA, GUARD_NS, View
from reports.judge.timeline import Timeline
from reports.runfolder import Record

assert _registered  # importing it fills the registry

OWN_PARTS = frozenset({"host", "harness", "card"})
"""Components that are always Holdfast's own: when one of them fails, that is an ERROR."""
OF_THE_RIG = frozenset({"reader"})
"""Components that stand on the rig, under test or not: where one that is not fails, nothing later says anything."""
OF_EVERY_CASE = "idle.reached"
"""The close of each case demands it: a scenario that demands nothing else tests nothing."""
UNFINISHED = "the case was not finished"
SEEN_ONCE = "seen once: it counts when the case, run again, shows it again"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a judgement rests on beside the timeline: the market, what is under test, and the terminal's timer."""

    market: Market
    dut: frozenset[str]
    response_timeout_ns: int
    reader: ReaderLimits = USUAL_READER

    def view(self, timeline: Timeline, position: int) -> View:
        """A timeline under these terms."""
        return View(timeline, self.market, self.response_timeout_ns, position, reader=self.reader)


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

    @property
    def seen_once(self) -> frozenset[str]:
        """Rules that failed, and would count if the case, run again, showed it again."""
        return frozenset(judged.id for judged in self.criteria if judged.reason == SEEN_ONCE)


def judge_case(records: Sequence[Record], terms: Terms, before: Sequence[CaseVerdict] = ()) -> CaseVerdict:
    """Verdict of one attempt from its timeline, and from the verdicts of the attempts before it."""
    timeline = Timeline(records)
    complete = timeline.first("case", "close") is not None
    audits = list(_audits(timeline, terms))
    trouble = _trouble(timeline, terms, audits)
    bench = _Bench(timeline, terms, trouble, complete, frozenset(id_ for judged in before for id_ in judged.seen_once))
    judged = [_one(bench, record) for record in timeline.of("criterion", "expect")]
    judged += [_audited(bench, audit, finding) for audit, finding in audits]
    return _case(judged, trouble, complete)


def judge_criterion(records: Sequence[Record], terms: Terms) -> Judged:
    """The criterion that the last `expect` event recorded, judged on what happened so far."""
    timeline = Timeline(records)
    expects = list(timeline.of("criterion", "expect"))
    return _one(_Bench(timeline, terms, _trouble(timeline, terms, ()), True, frozenset()), expects[-1])


@dataclass(frozen=True, slots=True)
class _Bench:
    """What every finding of a case is weighed against."""

    timeline: Timeline
    terms: Terms
    trouble: Trouble | None
    complete: bool
    seen_before: frozenset[str]


_BLAMED = dict.fromkeys(OWN_PARTS, Verdict.ERROR) | dict.fromkeys(OF_THE_RIG, Verdict.INCONCLUSIVE)
"""What an auditor's failure makes of the rest of a case, by the component that is not under test."""


def _trouble(timeline: Timeline, terms: Terms, audits: Iterable[tuple[Audit, Finding]]) -> Trouble | None:
    """The first rig fault or bug. An own part that an auditor found wrong is a bug from that event on; a part of the
    rig that is not under test is a fault of it."""
    slow = slow_answers(timeline, terms.response_timeout_ns, GUARD_NS) if "host" not in terms.dut else ()
    found = [Trouble(s.number, Verdict.INCONCLUSIVE, s.cause) for s in slow]
    for record in timeline.of("rig", "fault", "bug"):
        verdict = Verdict.INCONCLUSIVE if record.kind == "fault" else Verdict.ERROR
        found.append(Trouble(record.number, verdict, str(record.fields.get("cause", record.kind))))
    for audit, finding in audits:
        blamed = _BLAMED.get(audit.component) if audit.component not in terms.dut else None
        if finding.verdict is Verdict.FAIL and blamed is not None:
            number = min(max(d.numbers) for d in finding.deviations)
            whose = "" if audit.component in OF_THE_RIG else f"the {audit.component} is at fault: "
            found.append(Trouble(number, blamed, whose + finding.actual))
    return min(found, key=lambda t: timeline.moments[t.number], default=None)


def _one(bench: _Bench, record: Record) -> Judged:
    """A criterion of the scenario."""
    named = str(record.fields.get("id", ""))
    args: Mapping[str, object] = dict(record.fields.get("args", {}))
    view = bench.terms.view(bench.timeline, record.number)
    try:
        criterion = CRITERIA[named]
        finding = criterion.evaluate(view, args)
    except Exception as error:  # design 4: a bug of the judge is an ERROR of this criterion, and says which
        text = error.message if isinstance(error, HoldfastError) else type(error).__name__
        return Judged(
            named, named, Weight.MANDATORY, "harness", Verdict.ERROR, "a criterion that can be judged", text, "",
            "scenario", (record.number,), f"the judge could not evaluate it: {text}",
        )  # fmt: skip
    decided = record.number if criterion.scope is Scope.SO_FAR else None
    finding, reason = _weigh(bench, finding, criterion.component, decided)
    weight = Weight(record.fields.get("weight", criterion.weight))
    evidence = (record.number, *(n for n in finding.evidence if n != record.number))
    return Judged(
        criterion.id, criterion.title, weight, criterion.component, finding.verdict, finding.expected, finding.actual,
        criterion.rule, "scenario", evidence, reason,
    )  # fmt: skip


def _audits(timeline: Timeline, terms: Terms) -> Iterable[tuple[Audit, Finding]]:
    """What every auditor found that had something to look at."""
    view = terms.view(timeline, timeline.end)
    for audit in auditors():
        try:
            finding = audit.evaluate(view)
        except Exception as error:
            text = f"the judge could not evaluate it: {type(error).__name__}"
            finding = Finding(Verdict.ERROR, "a rule that can be judged", text)
        if finding is not None:
            yield audit, finding


def _audited(bench: _Bench, audit: Audit, finding: Finding) -> Judged:
    again = audit.needs_again and audit.component in bench.terms.dut and finding.verdict is Verdict.FAIL
    weighed, reason = _once_or_again(bench, audit, finding) if again else _weigh(bench, finding, audit.component, None)
    return Judged(
        audit.id, audit.title, Weight.MANDATORY, audit.component, weighed.verdict, weighed.expected, weighed.actual,
        audit.rule, "auditor", weighed.evidence, reason,
    )  # fmt: skip


def _once_or_again(bench: _Bench, audit: Audit, finding: Finding) -> tuple[Finding, str]:
    """What is under test dropped out: that is the trouble itself, and no trouble before it explains it. Design 1."""
    moments, trouble = bench.timeline.moments, bench.trouble
    first = min(moments[max(d.numbers)] for d in finding.deviations)
    if trouble is not None and moments[trouble.number] < first:
        return replace(finding, verdict=trouble.verdict), trouble.cause
    if audit.id in bench.seen_before:
        return finding, ""
    return replace(finding, verdict=Verdict.INCONCLUSIVE), SEEN_ONCE


def _weigh(bench: _Bench, finding: Finding, component: str, decided: int | None) -> tuple[Finding, str]:
    """A finding with its final verdict, and why it is not the finding's own.

    `decided` is the event on which it was decided; None is the end of the case. Of a FAIL at the end, what was seen
    before any trouble stands; what was missing could still have come, and is known at the end of a whole case only.
    """
    trouble = bench.trouble
    if finding.verdict in (Verdict.NOT_APPLICABLE, Verdict.ERROR):
        return finding, ""
    if finding.verdict is Verdict.FAIL and decided is None and (trouble or not bench.complete):
        standing = [d for d in finding.deviations if not d.missing and _is_before(bench, d.numbers, trouble)]
        if standing:
            return _blamed(bench, failed(finding.expected, standing), component)
    if trouble and (decided is None or not _is_before(bench, (decided,), trouble)):
        return replace(finding, verdict=trouble.verdict), trouble.cause
    if decided is None and not bench.complete:
        return replace(finding, verdict=Verdict.INCONCLUSIVE), UNFINISHED
    return _blamed(bench, finding, component)


def _is_before(bench: _Bench, numbers: Iterable[int], trouble: Trouble | None) -> bool:
    moments = bench.timeline.moments
    return trouble is None or all(moments[n] < moments[trouble.number] for n in numbers)


def _blamed(bench: _Bench, finding: Finding, component: str) -> tuple[Finding, str]:
    """A FAIL is the device's only if the component that it judges is under test."""
    if finding.verdict is not Verdict.FAIL or component in bench.terms.dut:
        return finding, ""
    if component in OWN_PARTS:
        return replace(finding, verdict=Verdict.ERROR), f"the {component} is Holdfast's own part, not under test"
    return replace(finding, verdict=Verdict.INCONCLUSIVE), f"the {component} is not under test on this rig"


def _case(judged: Sequence[Judged], trouble: Trouble | None, complete: bool) -> CaseVerdict:
    mandatory = [j.verdict for j in judged if j.weight is not Weight.SUGGESTED]
    cause = trouble.cause if trouble else ""
    if Verdict.FAIL in mandatory:
        return CaseVerdict(Verdict.FAIL, cause, tuple(judged))
    if Verdict.ERROR in mandatory or (trouble and trouble.verdict is Verdict.ERROR):
        return CaseVerdict(Verdict.ERROR, cause or _first_reason(judged, Verdict.ERROR), tuple(judged))
    if not complete and not trouble:
        return CaseVerdict(Verdict.INCONCLUSIVE, UNFINISHED, tuple(judged))
    if trouble or Verdict.INCONCLUSIVE in mandatory:
        return CaseVerdict(Verdict.INCONCLUSIVE, cause or _first_reason(judged, Verdict.INCONCLUSIVE), tuple(judged))
    if not any(j.source == "scenario" and j.id != OF_EVERY_CASE for j in judged):
        return CaseVerdict(Verdict.ERROR, "the scenario has no criterion", tuple(judged))
    observed = any(j.weight is Weight.SUGGESTED and j.verdict is Verdict.FAIL for j in judged)
    return CaseVerdict(Verdict.PASS_WITH_OBSERVATION if observed else Verdict.PASS, "", tuple(judged))


def _first_reason(judged: Sequence[Judged], verdict: Verdict) -> str:
    first = next(j for j in judged if j.verdict is verdict and j.weight is not Weight.SUGGESTED)
    return first.reason or f"{first.id}: {first.actual}"
