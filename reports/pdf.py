"""The report as PDF, by Typst: data as JSON, fonts by path, the same bytes from the same data."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typst

from reports.judge.finding import Verdict
from reports.slips import find_cjk_font

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"


def pdf(
    verdicts: Mapping[str, Any], cases: Sequence[Mapping[str, Any]], files: Sequence[Mapping[str, Any]],
    digests: Mapping[str, str],
) -> bytes:  # fmt: skip
    """PDF/A-2b. Without a Chinese font the first page says so."""
    font = find_cjk_font()
    with tempfile.TemporaryDirectory(prefix="holdfast-pdf-") as scratch:
        root = Path(scratch)
        shown = [_case(case, root) for case in cases]
        counted = {*verdicts["counts"], *verdicts["criteria_counts"]}
        data = {
            "v": {**verdicts, "cases": []}, "cases": shown, "files": list(files), "digests": digests,
            "font": font is not None, "total": len(cases),
            "kinds": [verdict.value for verdict in Verdict if verdict.value in counted],
        }  # fmt: skip
        (root / "data.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        (root / "report.typ").write_text(TEMPLATE.read_text("utf-8"), "utf-8")
        compiled = typst.compile(
            str(root / "report.typ"), root=str(root), font_paths=[str(font.parent)] if font else [],
            ignore_system_fonts=True, pdf_standards=["a-2b"],
        )  # fmt: skip
    assert isinstance(compiled, bytes)
    return compiled


def _case(case: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """A case without raw bytes; its slips as files."""
    slips = []
    for slip in case["slips"]:
        name = f"{slip['name'].split('.')[0]}.png"
        (root / name).write_bytes(slip["png"])
        slips.append({"file": name, "number": slip["number"]})
    events = [{k: e[k] for k in ("number", "ms", "channel", "arrow", "kind", "summary")} for e in case["events"]]
    return {**case, "slips": slips, "events": events}
