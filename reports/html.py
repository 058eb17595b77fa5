"""The report as one HTML file that needs nothing else: it opens from `file://` and reads without scripts.

What many cases share stands once: pieces of slips, and the words of the rules that watch each case. Of a case that
passed, raw bytes stay in its timeline's file.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.slips import Drawing, Piece

TEMPLATES = Path(__file__).parent / "templates" / "html"

HEADINGS = (
    (0, "cover", "Cover"),
    (1, "statement", "Statement of conformity"),
    (4, "device", "Device under test"),
    (5, "environment", "Test environment"),
    (6, "qualification", "Tool qualification"),
    (9, "summary", "Summary"),
    (10, "matrix", "Result matrix"),
    (12, "sheets", "Case sheets"),
    ("A", "evidence", "Evidence index"),
    ("B", "verification", "How to verify this report"),
)
"""Numbers are those of the report's structure; each section is a template of its name."""
GOOD, AUDITOR = "good", "auditor"


def html(document: Mapping[str, Any]) -> str:
    """The whole document of `reports.view.document_of`."""
    shared = _Shared()
    cases = [_case(case, shared) for case in document["cases"]]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            d={**document, "cases": cases, "ink": shared.ink.stamps, "rules": shared.rules, "tables": shared.tables},
            headings=HEADINGS,
            sections=[key for _, key, _ in HEADINGS],
        )
    )


def _case(case: Mapping[str, Any], shared: _Shared) -> dict[str, Any]:
    """Auditors that passed apart from all else, slips as pieces, and events as they are shown here."""
    quiet = [c for c in case["criteria"] if c["source"] == AUDITOR and c["tone"] == GOOD]
    return {
        **case,
        "criteria": [c for c in case["criteria"] if c not in quiet],
        "quiet": [shared.short(criterion) for criterion in quiet],
        "slips": [shared.ink.slip(slip) for slip in case["slips"]],
        "events": [shared.event(row) if case["tone"] == GOOD else _event(row) for row in case["events"]],
    }


def _event(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is in its line already is not said again below it."""
    said = {key: value for key, value in row["parameters"].items() if value not in row["text"]}
    return {**row, "parameters": said, "table": None}


@dataclass
class _Ink:
    """Pieces of all slips, each once: a number, a size and a picture."""

    stamps: list[dict[str, Any]] = field(default_factory=list)
    _numbers: dict[bytes, int] = field(default_factory=dict)

    def slip(self, slip: Mapping[str, Any]) -> dict[str, Any]:
        drawing: Drawing | None = slip["drawing"]
        if drawing is None:
            return {**slip, "uses": [], "width": 0, "height": 0, "said": ""}
        uses = [(self._number(piece), piece.x, piece.y) for piece in drawing.pieces]
        said = "\n".join(" ".join(line.split()) for line in slip["text"].split("\n") if any(map(str.isalnum, line)))
        return {**slip, "uses": uses, "width": drawing.width, "height": drawing.height, "said": said}

    def _number(self, piece: Piece) -> int:
        if piece.png not in self._numbers:
            self._numbers[piece.png] = len(self.stamps)
            picture = base64.b64encode(piece.png).decode("ascii")
            stamp = {"width": piece.width, "height": piece.height, "uri": f"data:image/png;base64,{picture}"}
            self.stamps.append(stamp)
        return self._numbers[piece.png]


@dataclass
class _Shared:
    """What cases have in common: pieces of slips, data objects of cards, and the words of rules that passed."""

    ink: _Ink = field(default_factory=_Ink)
    rules: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    tables: list[Sequence[Mapping[str, Any]]] = field(default_factory=list)
    _numbers: dict[tuple[tuple[Any, ...], ...], int] = field(default_factory=dict)

    def short(self, criterion: Mapping[str, Any]) -> dict[str, Any]:
        """What a rule found, and what it expected where that is not what stands among the rules."""
        rule = self.rules.setdefault(criterion["id"], criterion)
        expected = "" if criterion["expected"] == rule["expected"] else criterion["expected"]
        numbers = " ".join(str(event["number"]) for event in criterion["evidence"])
        return {"id": criterion["id"], "actual": criterion["actual"], "expected": expected, "numbers": numbers}

    def event(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of a case that passed: its data objects stand elsewhere, its bytes in the timeline's file."""
        table = self._table(row["tlv"]) if row["tlv"] else None
        return {**row, "raw": "", "parameters": {}, "tlv": [], "table": table}

    def _table(self, tlv: Sequence[Mapping[str, Any]]) -> int:
        known = tuple((tag["depth"], tag["tag"], tag["value"]) for tag in tlv)
        if known not in self._numbers:
            self._numbers[known] = len(self.tables)
            self.tables.append(tlv)
        return self._numbers[known]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
