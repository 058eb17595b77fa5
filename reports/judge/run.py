"""The judgement of a whole run: a pure function of its run folder, which holds the plan and the market too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from protocols.limits import ReaderLimits
from protocols.market import Market
from reports.judge.case import CaseVerdict, Terms, judge_case
from reports.judge.finding import Verdict
from reports.judge.over_run import OverRun
from reports.runfolder import RunFolder

SCHEMA_VERSION = 1
DECISION_RULE = (
    "Any mandatory criterion that fails makes the statement DOES_NOT_CONFORM. Otherwise, anything selected that could "
    "not be decided makes it INCOMPLETE. Otherwise it is CONFORMS. A time is judged only outside the measured "
    "uncertainty of its moment."
)
UNDECIDED = {Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.NOT_RUN, Verdict.NOT_REACHED}


def terms_of(run: Mapping[str, Any]) -> Terms:
    """The terms of judgement, from `run.json`."""
    market = Market.model_validate(run["market"]["data"])
    rig = run["rig"]["model"]
    seconds = float(rig.get("response_timeout_s") or market.timing.response_timeout_s) / float(run["time_scale"])
    limits = ReaderLimits.model_validate(rig.get("reader", {}).get("limits") or {})
    return Terms(market, frozenset(run["rig"]["dut"]), int(seconds * 1e9), limits)


def judge_run(folder: RunFolder) -> dict[str, Any]:
    """verdicts.json of a run, without the documents' own digests. Reads nothing but the folder."""
    run, plan, end = folder.run(), folder.plan(), folder.end()
    terms, over = terms_of(run), OverRun()
    cases = [_case(folder, planned, terms, over) for planned in _planned(folder, plan)]
    counts = Counter(case["verdict"] for case in cases)
    whole = over.judged(terms)
    statement = _statement(counts + Counter(rule["verdict"] for rule in whole), end)
    qualifiers = _qualifiers(run, plan, end)
    return {
        "schema_version": SCHEMA_VERSION,
        "id": run["id"],
        "title": run["title"],
        "statement": statement,
        "statement_text": _text(statement, qualifiers, cases, plan, whole),
        "qualifiers": qualifiers,
        "evidence_class": _evidence(run),
        "decision_rule": DECISION_RULE,
        "started": run["started"],
        "finished": end.get("finished", ""),
        "duration_s": end.get("duration_s", 0.0),
        "dut": run["dut"],
        "rig": run["rig"],
        "market": run["market"],
        "plan": {**run["plan"], "subset": plan.get("subset", False), "not_selected": plan.get("not_selected", [])},
        "versions": run["versions"],
        "environment": end.get("environment", {}),
        "seed": run["seed"],
        "defect": run["defect"],
        "counts": dict(sorted(counts.items())),
        "criteria_counts": dict(sorted(Counter(c["verdict"] for case in cases for c in case["criteria"]).items())),
        "numbers": sorted({n for case in cases for n in case["numbers"]}),
        "whole_run": whole,
        "cases": cases,
        "qualification": run.get("qualification"),
    }


def _planned(folder: RunFolder, plan: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Every case that was selected, whether or not it ran, and every other that left a timeline."""
    planned = list(plan.get("cases", ()))
    known = {str(case["folder"]) for case in planned}
    return [*planned, *({"id": name, "folder": name} for name in folder.case_folders() if name not in known)]


def _case(folder: RunFolder, planned: Mapping[str, Any], terms: Terms, over: OverRun) -> dict[str, Any]:
    attempts: list[dict[str, Any]] = []
    before: list[CaseVerdict] = []
    judged = CaseVerdict(Verdict.NOT_RUN, "the run ended before it", ())
    opening: dict[str, Any] = dict(planned)
    duration = 0.0
    for number, path in folder.attempts(str(planned["folder"])):
        records = folder.records(path)
        over.look(records, terms, path)
        judged = _after_a_failure(judge_case(records, terms, before), attempts, before)
        before.append(judged)
        attempts.append({"n": number, "verdict": judged.verdict.value, "timeline": path})
        opening = {**opening, **next((dict(r.fields) for r in records if (r.channel, r.kind) == ("case", "open")), {})}
        duration = (max(r.t_ns for r in records) - min(r.t_ns for r in records)) / 1e9 if records else 0.0
    return {
        "id": opening["id"],
        "name": opening.get("name", opening["id"]),
        "feature": opening.get("feature", ""),
        "numbers": opening.get("numbers", []),
        "tags": opening.get("tags", []),
        "purpose": opening.get("purpose", ""),
        "gherkin": opening.get("gherkin", ""),
        "parameters": opening.get("parameters", {}),
        "verdict": judged.verdict.value,
        "cause": judged.cause,
        "duration_s": round(duration, 4),
        "attempts": attempts,
        "timeline": attempts[-1]["timeline"] if attempts else "",
        "criteria": [criterion.as_json() for criterion in judged.criteria],
    }


def _after_a_failure(
    judged: CaseVerdict, attempts: Sequence[Mapping[str, Any]], before: Sequence[CaseVerdict]
) -> CaseVerdict:
    """A case that passes after it failed, or after what is under test dropped out once, is no plain pass: that stays in
    sight. report.md, Verdicts."""
    failed = [str(attempt["n"]) for attempt in attempts if attempt["verdict"] == Verdict.FAIL]
    once = [f"{rule} failed in attempt {n}" for n, told in enumerate(before, 1) for rule in sorted(told.seen_once)]
    if judged.verdict is not Verdict.PASS or not (failed or once):
        return judged
    causes = [*([f"attempt {', '.join(failed)} failed"] if failed else []), *once]
    return replace(judged, verdict=Verdict.PASS_WITH_OBSERVATION, cause="; ".join(causes))


def _statement(counts: Mapping[str, int], end: Mapping[str, Any]) -> str:
    if counts.get(Verdict.FAIL):
        return "DOES_NOT_CONFORM"
    if end.get("status") != "complete" or not counts or any(counts.get(verdict) for verdict in UNDECIDED):
        return "INCOMPLETE"
    return "CONFORMS"


def _qualifiers(run: Mapping[str, Any], plan: Mapping[str, Any], end: Mapping[str, Any]) -> list[str]:
    qualifiers = []
    if run["dut"].get("simulated"):
        qualifiers.append("simulated DUT")
    if plan.get("subset"):
        qualifiers.append("subset")
    if run["defect"]:
        qualifiers.append(f"injected defect: {run['defect']}")
    if end.get("status") != "complete":
        qualifiers.append("cancelled" if end.get("status") == "cancelled" else "not finished")
    if end.get("status") == "stopped" and end.get("ended_by"):
        qualifiers.append(str(end["ended_by"]))
    return qualifiers


def _text(
    statement: str, qualifiers: Sequence[str], cases: Sequence[Mapping[str, Any]], plan: Mapping[str, Any],
    whole: Sequence[Mapping[str, Any]],
) -> str:  # fmt: skip
    passed = sum(case["verdict"] in (Verdict.PASS, Verdict.PASS_WITH_OBSERVATION) for case in cases)
    suffix = f" ({', '.join(qualifiers)})" if qualifiers else ""
    rules = [
        str(case.get("reason", "")).partition(" ")[0]
        for case in plan.get("not_selected") or ()
        if case.get("verdict") == Verdict.NOT_APPLICABLE
    ]
    counts = [(sum(rule != "rig" for rule in rules), "in this market"), (rules.count("rig"), "on this rig")]
    also = "".join(f", {count} not applicable {where}" for count, where in counts if count)
    also += "".join(f"; over the run: {rule['actual']}" for rule in whole if rule["verdict"] != Verdict.PASS)
    return f"{statement}{suffix}: {passed} of {len(cases)} cases passed{also}"


def _evidence(run: Mapping[str, Any]) -> str:
    classes = set(run["rig"]["evidence"].values())
    return classes.pop() if len(classes) == 1 else "mixed"
