"""The report as one HTML file that needs nothing else: it opens from `file://` and reads without scripts."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

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


def html(document: Mapping[str, Any]) -> str:
    """The whole document of `reports.view.document_of`."""
    cases = [{**case, "slips": [_inline(slip) for slip in case["slips"]]} for case in document["cases"]]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            d={**document, "cases": cases},
            headings=HEADINGS,
            sections=[key for _, key, _ in HEADINGS],
        )
    )


def _inline(slip: Mapping[str, Any]) -> dict[str, Any]:
    picture = base64.b64encode(slip["png"]).decode("ascii")
    return {**slip, "uri": f"data:image/png;base64,{picture}" if picture else ""}


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
