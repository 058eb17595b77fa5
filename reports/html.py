"""The report as one HTML file that needs nothing else: it opens from `file://` and reads without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.judge.finding import Verdict
from reports.slips import find_cjk_font

TEMPLATES = Path(__file__).parent / "templates"
GOOD = (Verdict.PASS, Verdict.PASS_WITH_OBSERVATION)


def html(
    verdicts: Mapping[str, Any], cases: Sequence[Mapping[str, Any]], files: Sequence[Mapping[str, Any]],
    digests: Mapping[str, str],
) -> str:  # fmt: skip
    """The whole document. `digests` are of the machine-readable twins, for the cover."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    counted = {*verdicts["counts"], *verdicts["criteria_counts"]}
    return environment.get_template("report.html.j2").render(
        v=verdicts,
        cases=cases,
        files=files,
        digests=digests,
        font=find_cjk_font(),
        passed=sum(case["verdict"] in GOOD for case in cases),
        kinds=[verdict.value for verdict in Verdict if verdict.value in counted],
    )
