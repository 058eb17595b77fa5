"""The report as PDF, by Typst: data as JSON, fonts by path, the same bytes from the same data.

PDF/A-2b: it forbids text that no font can show, so each such character is replaced, and the first page says so. It asks
for no tags: those of so many small tables would make the file three times as large and take ten times as long.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typst

from reports.characters import Glyphs, breakable
from reports.events import pairs_of
from reports.slips import find_cjk_font

TEMPLATES = Path(__file__).parent / "templates" / "typst"
STANDARD: Final = "a-2b"
MANY_CASES = 80
"""With more than these, a case that passed is shown without host messages and timeline, its quiet auditors by name."""
MOST_TROUBLES = 60
LONGEST_TEXT = 700
MOST_EVENTS = 400


def pdf(document: Mapping[str, Any]) -> bytes:
    """The whole document of `reports.view.document_of`."""
    font = find_cjk_font()
    with tempfile.TemporaryDirectory(prefix="holdfast-pdf-") as scratch:
        root = Path(scratch)
        shutil.copytree(TEMPLATES, root, dirs_exist_ok=True)
        for name, content in zip(("data.json", "cases.json"), _data(document, root, font), strict=True):
            (root / name).write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        compiled = typst.compile(
            str(root / "report.typ"), root=str(root), font_paths=[str(font.parent)] if font else [],
            ignore_system_fonts=True, pdf_standards=[STANDARD], pdf_tags=False,
        )  # fmt: skip
    assert isinstance(compiled, bytes)
    return compiled


def _data(document: Mapping[str, Any], root: Path, font: Path | None) -> tuple[dict[str, Any], list[Any]]:
    """What all sections but the case sheets are made of, and the sheets."""
    glyphs, tones = Glyphs(font), document["tones"]
    shortened = len(document["cases"]) > MANY_CASES
    shown = {
        **{key: document[key] for key in _AS_IT_IS},
        "date": _date(document["issued"] or document["started"]),
        "ribbon": ", ".join(document["qualifiers"]),
        "duration": f"{document['duration_s']:.1f}",
        "covered": ", ".join(str(n) for n in document["numbers"]) or "none",
        "total": len(document["cases"]),
        "cover_rows": _cover_rows(document),
        "qualification": _qualification(document["qualification"]),
        "troubles": [_trouble(trouble) for trouble in document["troubles"]],
        "shortened": shortened,
        "matrix": [_matrix_row(case) for case in document["cases"]],
        "kinds": [{**kind, "tone": tones.get(kind["verdict"], "quiet")} for kind in document["kinds"]],
        "skipped": [{**case, "tone": tones.get(case["verdict"], "quiet")} for case in document["skipped"]],
        "tone": tones.get(document["statement"], "quiet"),
    }
    cases = [_printable(_sheet(case, root, shortened), glyphs) for case in document["cases"]]
    front: dict[str, Any] = _printable(shown, glyphs)
    return {**front, "font": font is not None, "missing": len(glyphs.missing)}, cases


_AS_IT_IS = (
    "id", "title", "revision", "statement", "statement_text", "qualifiers", "ended_by", "subject", "market",
    "plan", "figures", "areas", "decision_rule", "not_run", "dut_rows", "dut_tables", "dut_remarks", "bench_rows",
    "devices", "channels", "version_rows", "sources", "weights", "whole_run", "files", "scale", "scaled",
)  # fmt: skip


def _printable(value: Any, glyphs: Glyphs) -> Any:
    """Every text so that it can be shown, broken and read: no glyph missing, no word too wide, none without end."""
    if isinstance(value, str):
        text = value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}… ({len(value)} characters)"
        return glyphs.shown(text) if len(text) < 65 else breakable(glyphs.shown(text))
    if isinstance(value, Mapping):
        return {key: _printable(item, glyphs) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item, glyphs) for item in value]
    return value


def _date(moment: str) -> dict[str, int]:
    """Of issue, else of the beginning: never the clock of who makes the document, so that it can be made again."""
    try:
        at = datetime.fromisoformat(moment).astimezone(UTC)
    except ValueError:
        at = datetime.fromtimestamp(0, UTC)
    return {key: getattr(at, key) for key in ("year", "month", "day", "hour", "minute", "second")}


def _cover_rows(document: Mapping[str, Any]) -> list[list[str]]:
    return [*document["cover_rows"], *([twin["name"], f"SHA-256 {twin['sha256']}"] for twin in document["digests"])]


def _qualification(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not found:
        return None
    told = found.get("defects", ())
    defects = [{key: defect.get(key, usual) for key, usual in _OF_DEFECT.items()} for defect in told]
    return {"caught": found.get("caught", 0), "total": found.get("total", 0), "date": found.get("date", ""),
            "defects": defects}  # fmt: skip


_OF_DEFECT = {"name": "", "component": "terminal", "description": "", "caught_by": "", "caught": False}


def _trouble(trouble: Mapping[str, Any]) -> dict[str, Any]:
    cases = trouble["cases"]
    return {**trouble, "cases": cases[:MOST_TROUBLES], "more": max(len(cases) - MOST_TROUBLES, 0)}


def _matrix_row(case: Mapping[str, Any]) -> dict[str, Any]:
    """A line of section 10."""
    duration = f"{case['duration_s']:.2f}"
    return {**{key: case[key] for key in _OF_MATRIX}, "tries": len(case["attempts"]), "duration": duration}


_OF_MATRIX = ("anchor", "numbers", "title", "feature", "verdict", "tone", "cause")


# ── one case ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _sheet(case: Mapping[str, Any], root: Path, shortened: bool) -> dict[str, Any]:
    brief = shortened and case["tone"] == "good"
    quiet = [c for c in case["criteria"] if brief and c["source"] == "auditor" and c["tone"] == "good"]
    return {
        **{key: case[key] for key in _OF_CASE},
        "about": " · ".join(part for part in (case["feature"], case["id"], case["timeline"]) if part),
        "remarks": [text for text in (case["cause"], case["remark"], _attempts(case)) if text],
        "criteria": [_criterion(criterion) for criterion in case["criteria"] if criterion not in quiet],
        "quiet": [criterion["id"] for criterion in quiet],
        "long": bool(case["criteria"] or case["events"]) and not brief,
        "chips": [] if brief else [_chip(block) for block in case["chips"]],
        "slips": [_slip(slip, root) for slip in case["slips"]],
        "exchanges": [] if brief else [_exchange(exchange) for exchange in case["exchanges"]],
        "rows": [] if brief else _rows(case["events"]),
    }


_OF_CASE = ("anchor", "numbers", "title", "feature", "verdict", "tone", "cause", "purpose", "gherkin")


def _attempts(case: Mapping[str, Any]) -> str:
    told = "; ".join(f"{a['n']}: {a['verdict']} ({a['timeline']})" for a in case["attempts"])
    return f"{len(case['attempts'])} attempts, the last is shown: {told}" if len(case["attempts"]) > 1 else ""


def _criterion(criterion: Mapping[str, Any]) -> dict[str, Any]:
    numbers = [str(e["number"]) for e in criterion["evidence"]]
    about = " · ".join(criterion[key] for key in ("id", "weight", "component", "source", "rule") if criterion[key])
    events = ", ".join(numbers[:8]) + (f" and {len(numbers) - 8} more" if len(numbers) > 8 else "")
    return {**{key: criterion[key] for key in _OF_CRITERION}, "about": about, "events": events}


_OF_CRITERION = ("verdict", "tone", "title", "expected", "actual", "reason")


def _chip(block: Mapping[str, Any]) -> dict[str, Any]:
    """The card of an order: rows of text, and its tables."""
    rows = [[row["label"], " · ".join([row["text"], *row["words"]])] for row in block["rows"]]
    return {
        **{key: block[key] for key in ("title", "number", "application", "aid", "screens")},
        "rows": rows,
        "rounds": [[round_[key] for key in _OF_ROUND] for round_ in block["rounds"]],
        "scripts": [
            [s["template"], s["identifier"], ", ".join(s["commands"]), s["result"]] for s in block["scripts"]
        ],
    }  # fmt: skip


_OF_ROUND = ("name", "asked", "given", "cryptogram", "counter", "unpredictable")


def _slip(slip: Mapping[str, Any], root: Path) -> dict[str, Any]:
    name = f"slip-{slip['name'].partition('.')[0][:16]}.png" if slip["png"] else ""
    if name:
        (root / name).write_bytes(slip["png"])
    return {"file": name, "number": slip["number"], "text": slip["text"]}


def _exchange(exchange: Mapping[str, Any]) -> dict[str, Any]:
    timing = [f"sent at {exchange['sent']['ms']} ms", *(_answer(reply) for reply in exchange["replies"])]
    told = [f"Host's checks: {exchange['checks']}." if exchange["checks"] else "", exchange["decision"]]
    told += [f"Not decoded: {text}" for text in exchange["undecoded"]]
    return {
        "title": exchange["title"],
        "timing": ", ".join([*timing, *([exchange["silence"]] if exchange["silence"] else [])]),
        "told": " ".join(text for text in told if text),
        "heads": [f"{column['kind']} {column['number']}" for column in exchange["columns"]],
        "rows": [
            [field["id"], field["name"], *(_narrow(value) for value in field["values"])] for field in exchange["fields"]
        ],
    }


def _narrow(value: str) -> str:
    """A value in a column of sixteen digits."""
    return value if len(value) <= WIDEST_VALUE else breakable(value, every=WIDEST_VALUE, longest=WIDEST_VALUE)


WIDEST_VALUE = 16


def _answer(reply: Mapping[str, Any]) -> str:
    marks = [word for word, holds in (("late", reply["late"]), ("not sent", not reply["sent"])) if holds]
    rule = [f"rule: {reply['rule']}"] if reply["rule"] else []
    return ", ".join([f"answer {reply['code']} after {reply['ms']} ms", *marks, *rule])


def _rows(events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The timeline, a line for each event; of very many the first and the last."""
    paired = pairs_of(events)
    if len(paired) > MOST_EVENTS:
        left_out = len(paired) - MOST_EVENTS
        gap = {"number": 0, "last": 0, "ms": "", "channel": "", "step": True, "kind": "", "exposed": [], "arrow": "",
               "text": f"{left_out} events left out here; the HTML report has them"}  # fmt: skip
        paired = [*paired[: MOST_EVENTS // 2], gap, *paired[-MOST_EVENTS // 2 :]]
    return [_event(row) for row in paired]


def _event(row: Mapping[str, Any]) -> dict[str, Any]:
    number = str(row["number"] or "") if row["number"] == row["last"] else f"{row['number']}\u2011{row['last']}"
    kind = "" if row["step"] or row["kind"] in _CLEAR else f"{row['kind']}: "
    text = " ".join(part for part in (row["arrow"], f"{kind}{row['text']}", *row["exposed"]) if part)
    place = f"{number:>7} {row['ms']:>8} {row['channel']:<10}".replace(" ", "\u00a0")
    return {"place": place, "step": row["step"], "text": text, "exposed": bool(row["exposed"])}


_CLEAR = ("exchange", "request", "response", "display", "outcome", "account", "hold", "posting", "order")
"""Kinds whose line says what it is without the kind's name."""
