"""`holdfast qualify`: the suite against terminals that are bad on purpose. Is each caught, and by the right criterion?

A defect is caught when the criterion that it names FAILs, with evidence, in a run that does not conform; and that
criterion must have passed in the baseline. A crash, an ERROR, an INCONCLUSIVE or another criterion alone is no catch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from holdfast.children import DIE_WITH
from holdfast.run import QUALIFICATION, versions_of_this_code
from holdfast.status import Exit
from protocols.faults import HoldfastBug
from simulators.terminal.defects import DEFECTS, Defect

COMMAND = (sys.executable, "-m", "holdfast")
RUN_DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class Catch:
    """What became of one defect. `reason` says why it counts as caught or not."""

    defect: Defect
    caught: bool
    reason: str
    verdict: str = ""  # the run's statement

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.defect.name, "description": self.defect.description, "caught_by": self.defect.caught_by,
            "caught": self.caught, "reason": self.reason, "verdict": self.verdict,
        }  # fmt: skip


def weigh(defect: Defect, verdicts: Mapping[str, Any] | None, baseline: Mapping[str, Any]) -> Catch:
    """Was it caught? `verdicts` is None when the run left none."""
    if verdicts is None:
        return Catch(defect, False, "the run left no verdicts")
    statement = str(verdicts["statement"])
    if defect.name not in str(verdicts["defect"]).split(", "):
        return Catch(defect, False, "the run does not say that it had the defect", statement)
    if "PASS" not in {c["verdict"] for c in _criteria(baseline, defect.caught_by)}:
        return Catch(defect, False, f"{defect.caught_by} never passes in the baseline", statement)
    found = list(_criteria(verdicts, defect.caught_by))
    failed = [c for c in found if c["verdict"] == "FAIL" and c["evidence"]]
    if not failed:
        told = ", ".join(sorted({c["verdict"] for c in found})) or "nothing"
        return Catch(defect, False, f"{defect.caught_by} says {told}", statement)
    if statement != "DOES_NOT_CONFORM":
        return Catch(defect, False, f"the statement is {statement}", statement)
    return Catch(defect, True, failed[0]["actual"], statement)


def _criteria(verdicts: Mapping[str, Any], criterion: str) -> Iterable[Mapping[str, Any]]:
    return (c for case in verdicts["cases"] for c in case["criteria"] if c["id"] == criterion)


def qualify(
    rig: Path, out: Path, console: Console, *, whole: bool = False, jobs: int = 0,
    defects: Sequence[Defect] = tuple(DEFECTS.values()), command: Sequence[str] = COMMAND,
) -> int:  # fmt: skip
    """Run them all, print the table, write the score; returns 0 when the baseline passes and every defect is caught."""
    jobs = jobs or len(os.sched_getaffinity(0))
    root = out / "qualification"

    def run(defect: Defect | None) -> dict[str, Any] | None:
        return _run(command, rig, root, defect, whole=whole)

    with ThreadPoolExecutor(jobs) as pool, console.status("baseline and defects"):
        runs = list(pool.map(run, [None, *defects]))
    baseline = runs[0]
    if baseline is None:
        raise HoldfastBug("the baseline left no verdicts", advice="run `holdfast certify` and see what it says")
    catches = [weigh(defect, verdicts, baseline) for defect, verdicts in zip(defects, runs[1:], strict=True)]
    _print(console, catches, baseline)
    good = baseline["statement"] == "CONFORMS"
    if good:
        _write(out, catches, len(baseline["cases"]))
    return int(Exit.CONFORMS if good and all(c.caught for c in catches) else Exit.DOES_NOT_CONFORM)


def _run(command: Sequence[str], rig: Path, root: Path, defect: Defect | None, *, whole: bool) -> dict[str, Any] | None:
    """One `certify` in a process of its own, since a process can speak to one PC/SC service only."""
    folder = root / (defect.name if defect else "baseline")
    (folder / "latest").unlink(missing_ok=True)
    options = ["--rig", str(rig), "--out", str(folder), "--verdicts-only", "--workers", "1"]
    if defect is not None:
        options += ["--defect", defect.name]
        options += [] if whole else ["--tags", " or ".join(f"C{number:03d}" for number in defect.cases)]
    try:
        subprocess.run(  # noqa: S603
            [*command, "certify", *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=RUN_DEADLINE_S, check=False,
            env={**os.environ, DIE_WITH: str(os.getpid())},
        )  # fmt: skip
        loaded: dict[str, Any] = json.loads((folder / "latest" / "verdicts.json").read_text("utf-8"))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return loaded


def _print(console: Console, catches: Sequence[Catch], baseline: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for catch in catches:
        mark = Text("caught", "green") if catch.caught else Text("NOT caught", "bold red")
        names = Text.assemble(catch.defect.name, "\n", (f"by {catch.defect.caught_by}", "dim"))
        table.add_row(mark, names, Text(catch.reason))
    console.print(table)
    caught = sum(catch.caught for catch in catches)
    style = "green" if baseline["statement"] == "CONFORMS" else "bold red"
    console.print(Text.assemble("baseline: ", (str(baseline["statement_text"]), style)))
    console.print(f"{caught} of {len(catches)} defects caught by their own criterion", highlight=False)


def _write(out: Path, catches: Sequence[Catch], cases: int) -> None:
    """The score, for the reports of runs with the same code and libraries."""
    versions = versions_of_this_code()
    content = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"), "code": versions["code"], "locks": versions["locks"],
        "total": len(catches), "caught": sum(c.caught for c in catches), "baseline_cases": cases,
        "defects": [catch.as_json() for catch in catches],
    }  # fmt: skip
    path = out / QUALIFICATION
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    part.replace(path)
