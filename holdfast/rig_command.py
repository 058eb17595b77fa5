"""`holdfast rig check`: a table of what stands on a bench and whether it works."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from holdfast.status import Exit
from rigs.bench import BenchPlan
from rigs.check import check_bench
from rigs.marketfile import load_market
from rigs.model import load_dut, load_rig


def check(rig_path: Path, console: Console) -> int:
    """Returns 0 when every device works, 2 when one does not. Raises ConfigurationError for a bad file."""
    rig = load_rig(rig_path)
    dut = load_dut(rig_path, rig)
    plan = BenchPlan(
        rig_path=rig_path, rig=rig, market=load_market(rig.market), folder=rig_path.parent, worker="check", position=0,
        started_ns=0, started=datetime.now(UTC),
    )  # fmt: skip
    console.print(Text.assemble((rig.title, "bold"), f"  {rig.name}, market {rig.market}"))
    under_test = ", ".join(component.value for component in rig.dut)
    console.print(f"under test: {under_test}: {dut.maker} {dut.model}, serial {dut.serial}", highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    wrong = 0
    for checked in check_bench(plan):
        wrong += bool(checked.trouble)
        state = Text("fault", "bold red") if checked.trouble else Text("ready", "green")
        first, *rest = [f"{key}: {value}" for key, value in checked.facts.items()] or [checked.trouble]
        table.add_row(Text(checked.device, "bold"), state, Text(first))
        for line in rest:
            table.add_row("", "", Text(line))
    console.print(table)
    return int(Exit.INCOMPLETE if wrong else Exit.CONFORMS)
