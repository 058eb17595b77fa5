"""One case as documents show it: its scenario in lines, its criteria with their evidence, messages, slips, timeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from protocols.faults import HoldfastError
from reports.characters import usable
from reports.chipsheet import chip_of
from reports.events import rows_of
from reports.exchanges import exchanges_of
from reports.judge.case import Terms
from reports.judge.finding import Verdict
from reports.runfolder import Record, RunFolder
from reports.slips import Drawing, draw_slip, pieces_of

Case = Mapping[str, Any]

UNDECIDED = (Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.NOT_RUN, Verdict.NOT_REACHED)
SERIOUS = {verdict: place for place, verdict in enumerate((Verdict.FAIL, *UNDECIDED))}

TONES = {
    "PASS": "good", "PASS_WITH_OBSERVATION": "good", "CONFORMS": "good", "conforms": "good",
    "FAIL": "bad", "DOES_NOT_CONFORM": "bad", "does not conform": "bad",
    "INCONCLUSIVE": "open", "NOT_RUN": "open", "NOT_REACHED": "open", "INCOMPLETE": "open", "not decided": "open",
    "ERROR": "error",
    "NOT_APPLICABLE": "quiet", "NOT_SELECTED": "quiet", "not tested": "quiet",
}  # fmt: skip
"""The colour that a verdict, a statement or an area's statement is shown in."""


def sheet(
    folder: RunFolder, case: Case, number: int, scale: float, font: Path | None, terms: Terms | None = None
) -> dict[str, Any]:  # fmt: skip
    """`terms` are those of the judgement: without them nothing is told of a chip."""
    records, remark = _records(folder, str(case["timeline"]))
    anchor, mark = f"case-{number}", f"c{number}"
    rows = usable(rows_of(records, (n for criterion in case["criteria"] for n in criterion["evidence"])))
    shown = {row["number"] for row in rows}
    criteria = [_criterion(criterion, mark, shown) for criterion in case["criteria"]]
    return {
        **{
            key: case[key] for key in ("id", "name", "feature", "purpose", "verdict", "cause", "duration_s", "timeline")
        },
        "anchor": anchor,
        "mark": mark,
        "title": _title(case),
        "numbers": ", ".join(str(n) for n in case["numbers"]),
        "tone": TONES.get(case["verdict"], "quiet"),
        "parameters": [[name, str(value)] for name, value in (case["parameters"] or {}).items()],
        "gherkin": list(_gherkin(case["gherkin"])),
        "attempts": case["attempts"],
        "criteria": sorted(criteria, key=lambda c: SERIOUS.get(c["verdict"], len(SERIOUS))),
        "remark": remark,
        "exchanges": [{**x, "anchor": f"{anchor}-x{x['name']}"} for x in usable(exchanges_of(records, scale))],
        "events": rows,
        "slips": list(_slips(folder, records, font)),
        "chips": [_chip(block, mark, shown) for block in usable(_chips(records, terms))],
    }


def _chips(records: list[Record], terms: Terms | None) -> list[dict[str, Any]]:
    """A timeline that is not what it should be has no blocks; its events tell what there is."""
    try:
        return chip_of(records, terms) if terms else []
    except (KeyError, TypeError, ValueError, AttributeError, HoldfastError):
        return []


def _chip(block: Mapping[str, Any], mark: str, shown: set[int]) -> dict[str, Any]:
    """With links to those of its events that the timeline shows."""
    linked = {key: [_linked(part, mark, shown) for part in block[key]] for key in _WITH_EVENTS}
    return {**_linked({**block, "numbers": [block["number"]]}, mark, shown), **linked}


def _linked(part: Mapping[str, Any], mark: str, shown: set[int]) -> dict[str, Any]:
    return {**part, "events": _events(part["numbers"], mark, shown)}


_WITH_EVENTS = ("rows", "screens", "rounds", "scripts")


def _events(numbers: Iterable[int], mark: str, shown: set[int]) -> list[dict[str, Any]]:
    """Each with where it stands in the timeline that is shown: marks are short, for there are many."""
    return [{"number": n, "anchor": f"{mark}-{n}" if n in shown else ""} for n in numbers]


def _title(case: Case) -> str:
    """The scenario's name, with what sets one row of its examples apart."""
    values = [str(value) for value in (case["parameters"] or {}).values()]
    return f"{case['name']} ({', '.join(values)})" if values else str(case["name"])


def _criterion(criterion: Mapping[str, Any], mark: str, shown: set[int]) -> dict[str, Any]:
    evidence = _events(criterion["evidence"], mark, shown)
    return {**criterion, "evidence": evidence, "tone": TONES.get(criterion["verdict"], "quiet")}


def skipped(case: Case) -> dict[str, Any]:
    return {
        "name": str(case.get("name") or case.get("id", "")),
        "feature": str(case.get("feature", "")),
        "numbers": ", ".join(str(n) for n in case.get("numbers", ())),
        "verdict": str(case.get("verdict") or Verdict.NOT_SELECTED),
        "reason": str(case.get("reason") or case.get("cause") or ""),
    }


def _records(folder: RunFolder, timeline: str) -> tuple[list[Record], str]:
    """Records in the order of (time, number), and what is to be said of a timeline that is not there or not whole."""
    if not timeline:
        return [], "The case did not run: it left no timeline."
    try:
        records = sorted(folder.records(timeline), key=lambda r: (r.t_ns, r.number))
    except (HoldfastError, OSError, KeyError, TypeError, ValueError) as error:
        return [], f"The timeline cannot be read: {type(error).__name__}."
    if not any((r.channel, r.kind) == ("case", "close") for r in records):
        return records, "The timeline ends before the case was closed."
    return records, ""


def _gherkin(text: str) -> Iterator[dict[str, Any]]:
    """Lines with their keyword apart. Tags, tables and texts have none."""
    for line in text.splitlines():
        words = line.strip()
        keyword = next((k for k in KEYWORDS if words == k or words.startswith((f"{k} ", f"{k}:"))), "")
        kind = "tag" if words.startswith("@") else "line"
        if words.startswith(("Scenario", "Example", "Rule", "Background")):
            kind = "title"
        yield {
            "indent": (len(line) - len(line.lstrip())) // 2,
            "keyword": keyword,
            "text": words[len(keyword) :],
            "kind": kind,
        }


KEYWORDS = (
    "Given", "When", "Then", "And", "But", "*", "Scenario Outline", "Scenario Template", "Scenario", "Examples",
    "Example", "Background", "Rule", "Feature",
)  # fmt: skip


def _slips(folder: RunFolder, records: Iterable[Record], font: Path | None) -> Iterator[dict[str, Any]]:
    for record in records:
        if "slip" in record.attachments:
            lines = record.fields.get("lines")
            text = "\n".join(str(line) for line in lines) if isinstance(lines, list) else ""
            name = str(record.attachments["slip"])
            png, drawing = _picture(folder, name, font)
            yield {"number": record.number, "name": name, "text": usable(text), "png": png, "drawing": drawing}


def _picture(folder: RunFolder, name: str, font: Path | None) -> tuple[bytes, Drawing | None]:
    """None when the attachment is gone or is nothing that a printer would print: its text stands in then."""
    try:
        data = folder.attachment(name)
        return draw_slip(data, font), pieces_of(data, font)
    except (HoldfastError, OSError, ValueError, KeyError, IndexError, OverflowError, MemoryError):
        return b"", None
