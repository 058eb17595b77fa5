"""What documents show of a run, once for HTML and PDF: the verdicts joined with timelines, host messages and slips.

All of it is plain data that JSON can hold, but for the slips' pictures. Nothing here is markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reports.characters import usable
from reports.judge.case import Terms
from reports.judge.finding import Verdict
from reports.judge.run import terms_of
from reports.runfolder import RunFolder
from reports.sheet import TONES, UNDECIDED, Case, sheet, skipped
from reports.slips import find_cjk_font
from reports.subject import (
    bench_rows,
    channel_rows,
    device_tables,
    dut_remarks,
    dut_rows,
    dut_tables,
    source_rows,
    version_rows,
)

GOOD = (Verdict.PASS, Verdict.PASS_WITH_OBSERVATION)

TROUBLES = (
    ("failed", "What failed", (Verdict.FAIL,)),
    ("undecided", "What could not be decided", (Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.NOT_REACHED)),
    ("observed", "What was observed beside a pass", (Verdict.PASS_WITH_OBSERVATION,)),
)
"""Lists right under the statement: key, title, verdicts of the cases in it."""


def document_of(
    folder: RunFolder, files: Sequence[Mapping[str, Any]], digests: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """The whole document. `files` is the evidence index, `digests` are of the machine-readable twins."""
    verdicts, end = usable(folder.verdicts()), usable(folder.end())
    font = find_cjk_font()
    scale = float(verdicts["rig"].get("model", {}).get("time_scale") or 1)
    terms = _terms(folder)
    cases = [sheet(folder, case, number, scale, font, terms) for number, case in enumerate(verdicts["cases"], 1)]
    left_out = [skipped(case) for case in verdicts["plan"].get("not_selected") or []]
    return {
        **{key: verdicts[key] for key in _TAKEN},
        "statement_text": str(verdicts["statement_text"]).replace("_", " "),
        "revision": 1,
        "tones": TONES,
        "issued": verdicts["finished"] or "",
        "ended_by": str(end.get("ended_by") or ""),
        "scale": f"{scale:g}",
        "scaled": scale != 1,
        "font": font is not None,
        "digests": [{"name": name, "sha256": digest} for name, digest in digests.items()],
        "subject": _subject(verdicts["dut"]),
        "cover_rows": _cover_rows(verdicts),
        "figures": _figures(cases, verdicts),
        "areas": list(_areas(cases)),
        "troubles": [
            _trouble(key, title, cases, kinds)
            for key, title, kinds in TROUBLES
            if any(case["verdict"] in kinds for case in cases)
        ],
        "not_run": [_mention(case) for case in cases if case["verdict"] == Verdict.NOT_RUN],
        "dut_rows": dut_rows(verdicts),
        "dut_tables": dut_tables(verdicts),
        "dut_remarks": dut_remarks(verdicts),
        "bench_rows": bench_rows(verdicts),
        "devices": device_tables(verdicts),
        "channels": channel_rows(verdicts),
        "version_rows": version_rows(verdicts),
        "sources": source_rows(verdicts),
        "kinds": list(_kinds(verdicts)),
        "weights": list(_weights(cases)),
        "whole_run": [_of_run(rule) for rule in verdicts.get("whole_run") or []],
        "cases": cases,
        "skipped": left_out,
        "files": [dict(row) for row in files],
    }


def _terms(folder: RunFolder) -> Terms | None:
    """Those of the judgement; None where the run's own words are not what they should be."""
    try:
        return terms_of(folder.run())
    except (KeyError, TypeError, ValueError):
        return None


_TAKEN = (
    "id", "title", "statement", "qualifiers", "evidence_class", "decision_rule", "started",
    "duration_s", "seed", "defect", "numbers", "market", "plan", "rig", "qualification",
)  # fmt: skip


def _of_run(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule over the whole run, with the timelines that it rests on."""
    places = [f"{place['timeline']}, event {place['number']}" for place in rule["evidence"]]
    return {**rule, "places": places, "tone": TONES.get(rule["verdict"], "quiet")}


def _subject(dut: Mapping[str, Any]) -> str:
    serial = f"serial {dut['serial']}" if dut.get("serial") else ""
    return ", ".join(part for part in (f"{dut.get('maker', '')} {dut.get('model', '')}".strip(), serial) if part)


def _cover_rows(verdicts: Mapping[str, Any]) -> list[list[str]]:
    finished = verdicts["finished"]
    return [
        ["Run began", _moment(verdicts["started"])],
        ["Issued", _moment(finished) if finished else "the run did not end"],
        ["Duration", f"{verdicts['duration_s']:.1f} s"],
        ["Evidence", verdicts["evidence_class"]],
        ["Signature", "none: this report is unsigned"],
    ]


def _moment(text: str) -> str:
    """`2026-11-25T08:04:13.210497Z` as people read it; anything else as it is."""
    try:
        return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return text


# ── sums ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _figures(cases: Sequence[Case], verdicts: Mapping[str, Any]) -> list[dict[str, Any]]:
    counts = Counter(case["verdict"] for case in cases)
    failed = counts[Verdict.FAIL]
    undecided = sum(counts[verdict] for verdict in UNDECIDED)
    passed = sum(counts[verdict] for verdict in GOOD)
    return [
        {"value": f"{passed} / {len(cases)}", "label": "cases passed", "tone": "good" if passed else "quiet"},
        {"value": str(failed), "label": "cases failed", "tone": "bad" if failed else "quiet"},
        {"value": str(undecided), "label": "not decided", "tone": "open" if undecided else "quiet"},
        {"value": str(len(verdicts["numbers"])), "label": "catalogue numbers covered", "tone": "quiet"},
    ]


def _areas(cases: Iterable[Case]) -> Iterator[dict[str, Any]]:
    """A requirement group is a feature: its own statement, by the rule of the whole."""
    areas: dict[str, Counter[str]] = {}
    for case in cases:
        areas.setdefault(case["feature"] or "without a feature", Counter())[case["verdict"]] += 1
    for name, counts in areas.items():
        statement = _area_statement(counts)
        yield {
            "name": name, "statement": statement, "tone": TONES[statement], "counts": dict(counts),
            "total": counts.total(), "passed": sum(counts[verdict] for verdict in GOOD),
            "failed": counts[Verdict.FAIL], "open": sum(counts[verdict] for verdict in UNDECIDED),
        }  # fmt: skip


def _area_statement(counts: Counter[str]) -> str:
    if counts[Verdict.FAIL]:
        return "does not conform"
    if any(counts[verdict] for verdict in UNDECIDED):
        return "not decided"
    return "conforms" if any(counts[verdict] for verdict in GOOD) else "not tested"


def _kinds(verdicts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for verdict in Verdict:
        row = (verdicts["counts"].get(verdict, 0), verdicts["criteria_counts"].get(verdict, 0))
        if any(row):
            yield {"verdict": verdict.value, "cases": row[0], "criteria": row[1]}


def _weights(cases: Iterable[Case]) -> Iterator[dict[str, Any]]:
    """Criteria by weight: how many were met, were not, and are open."""
    weights: dict[str, Counter[str]] = {}
    for case in cases:
        for criterion in case["criteria"]:
            weights.setdefault(criterion["weight"], Counter())[criterion["tone"]] += 1
    for weight, tones in weights.items():
        yield {
            "weight": weight, "total": tones.total(), "good": tones["good"], "bad": tones["bad"],
            "open": tones["open"] + tones["error"],
        }  # fmt: skip


def _trouble(key: str, title: str, cases: Iterable[Case], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    found = [_mention(case) for case in cases if case["verdict"] in verdicts]
    tally = Counter(criterion["id"] for case in found for criterion in case["criteria"])
    return {
        "key": key, "title": title, "cases": found, "count": _count(len(found), "case"),
        "tally": [[name, _count(number, "case")] for name, number in tally.most_common()],
    }  # fmt: skip


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _mention(case: Case) -> dict[str, Any]:
    """A case with the criteria that are not met, for the lists under the statement."""
    return {
        **{key: case[key] for key in ("anchor", "numbers", "title", "feature", "verdict", "tone", "cause")},
        "criteria": [c for c in case["criteria"] if c["tone"] in ("bad", "open", "error")],
    }
