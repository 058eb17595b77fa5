"""`holdfast qualify`: the suite against devices that are bad on purpose. Is each caught, and by the right criterion?

A defect is caught when the criterion that it names FAILs, with evidence, in a run that does not conform; and that
criterion must have passed in the baseline of its rig: one where the bad device is under test. A crash, an ERROR, an
INCONCLUSIVE or another criterion alone is no catch.
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
from holdfast.defects import all_defects
from holdfast.run import QUALIFICATION, versions_of_this_code
from holdfast.status import Exit
from protocols.defects import Defect
from protocols.faults import ConfigurationError, HoldfastBug
from rigs.model import load_rig

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
            "name": self.defect.name, "description": self.defect.description, "component": self.defect.component,
            "caught_by": self.defect.caught_by, "caught": self.caught, "reason": self.reason, "verdict": self.verdict,
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
    rigs: Sequence[Path], out: Path, console: Console, *, whole: bool = False, jobs: int = 0,
    defects: Sequence[Defect] | None = None, command: Sequence[str] = COMMAND,
) -> int:  # fmt: skip
    """Run them all, print the table, write the score; returns 0 when the baselines pass and every defect is caught.

    Each defect runs on the first rig whose device under test it is: of the defects of a device that none of them has
    under test nothing is said. Chosen ones have a baseline of their own cases alone, and leave no score.
    """
    wanted = tuple(all_defects().values()) if defects is None else tuple(defects)
    plan = _plan(rigs, wanted)
    jobs = jobs or len(os.sched_getaffinity(0))
    root = out / "qualification"

    def run(pair: tuple[Path, Defect | None]) -> dict[str, Any] | None:
        rig, defect = pair
        all_cases = whole or (defects is None and defect is None)
        numbers = {number for one in ([defect] if defect else plan[rig]) for number in one.cases}
        return _run(command, rig, root, defect, () if all_cases else sorted(numbers))

    baselines: list[tuple[Path, Defect | None]] = [(rig, None) for rig in plan]
    seeded = [(rig, defect) for rig, its in plan.items() for defect in its]
    with ThreadPoolExecutor(jobs) as pool, console.status("baselines and defects"):
        runs = list(pool.map(run, [*baselines, *seeded]))
    found = dict(zip(plan, runs, strict=False))
    if missing := [rig.name for rig, verdicts in found.items() if verdicts is None]:
        raise HoldfastBug(
            f"the baseline of {', '.join(missing)} left no verdicts",
            advice="run `holdfast certify` on that rig and see what it says",
        )
    told = {rig: verdicts for rig, verdicts in found.items() if verdicts is not None}
    catches = [
        weigh(defect, verdicts, told[rig]) for (rig, defect), verdicts in zip(seeded, runs[len(plan) :], strict=True)
    ]
    _print(console, catches, told)
    good = all(verdicts["statement"] == "CONFORMS" for verdicts in told.values())
    if good and defects is None:
        _write(out, catches, sum(len(verdicts["cases"]) for verdicts in told.values()))
    return int(Exit.CONFORMS if good and all(c.caught for c in catches) else Exit.DOES_NOT_CONFORM)


def _plan(rigs: Sequence[Path], defects: Sequence[Defect]) -> dict[Path, list[Defect]]:
    """Which defects run on which rig. Raises ConfigurationError when none of them can."""
    under_test = {rig: {component.value for component in load_rig(rig).dut} for rig in rigs}
    plan: dict[Path, list[Defect]] = {rig: [] for rig in rigs}
    for defect in defects:
        rig = next((rig for rig in rigs if defect.component in under_test[rig]), None)
        if rig is not None:
            plan[rig].append(defect)
    used = {rig: its for rig, its in plan.items() if its}
    if not used:
        raise ConfigurationError(
            "no seeded defect is one of a device under test on this rig", advice="there are some of terminal and reader"
        )
    return used


def _run(
    command: Sequence[str], rig: Path, root: Path, defect: Defect | None, numbers: Sequence[int]
) -> dict[str, Any] | None:
    """One `certify` in a process of its own, since a process can speak to one PC/SC service only.

    Cases with one of the numbers alone; all cases without any.
    """
    folder = root / (defect.name if defect else f"baseline-{rig.stem}")
    (folder / "latest").unlink(missing_ok=True)
    options = ["--rig", str(rig), "--out", str(folder), "--verdicts-only", "--workers", "1"]
    if defect is not None:
        options += ["--defect", defect.name, "--until", defect.caught_by]
    if numbers:
        options += ["--tags", " or ".join(f"C{number:03d}" for number in numbers)]
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


def _print(console: Console, catches: Sequence[Catch], baselines: Mapping[Path, Mapping[str, Any]]) -> None:
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
    for rig, baseline in baselines.items():
        style = "green" if baseline["statement"] == "CONFORMS" else "bold red"
        console.print(Text.assemble(f"baseline of {rig.stem}: ", (str(baseline["statement_text"]), style)))
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
