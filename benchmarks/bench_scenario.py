"""Median time of a plain scenario: chip pre-authorisation and completion, on the virtual bench with its real parts.

`python benchmarks/bench_scenario.py [REPEATS]` prints a table. The scenario is measured from its first step to its
verdict: card issued, hold, completion, four slips, close of the case, judgement.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from holdfast.attempt import close_story, open_story
from holdfast.run import DEFAULT_RIG
from reports.judge.finding import Verdict
from rigs.bench import Bench, BenchPlan
from rigs.case import CaseId
from rigs.marketfile import load_market
from rigs.model import load_rig


def scenario(bench: Bench, number: int) -> float:
    """One repeat; milliseconds."""
    start = time.perf_counter()
    description = {"name": "plain", "feature": "benchmark", "numbers": [], "tags": [], "purpose": "", "gherkin": ""}
    story = open_story(bench, CaseId("benchmark", f"plain {number}", {}), description)
    story.card_in_reader("credit")
    story.have_hold("the usual amount")
    story.merchant.completes(story.amount("the full amount"))
    story.reported("completion", "approved")
    story.expect("hold.state", state="completed")
    story.account_stands("nothing", "the full amount")
    judged = close_story(story)
    assert judged.verdict is Verdict.PASS, judged
    return (time.perf_counter() - start) * 1000


def main(repeats: int) -> None:
    rig = load_rig(DEFAULT_RIG)
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        plan = BenchPlan(
            rig_path=DEFAULT_RIG, rig=rig, market=load_market(rig.market), folder=Path(folder), worker="main",
            position=0, started_ns=time.monotonic_ns(), started=datetime.now(UTC),
        )  # fmt: skip
        start = time.perf_counter()
        bench = Bench(plan).open()
        opened = (time.perf_counter() - start) * 1000
        try:
            times = sorted(scenario(bench, number) for number in range(repeats))
            reader = bench.reader.attributes()["driver"]
        finally:
            bench.close()
    table = Table("what", "ms", box=None)
    table.add_row("bench brought up, self-test", f"{opened:.1f}")
    table.add_row(f"scenario, median of {repeats}", f"{statistics.median(times):.1f}")
    table.add_row("scenario, 5th percentile", f"{times[len(times) // 20]:.1f}")
    table.add_row("scenario, 95th percentile", f"{times[-1 - len(times) // 20]:.1f}")
    console = Console()
    console.print(table)
    console.print(f"reader: {reader}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
