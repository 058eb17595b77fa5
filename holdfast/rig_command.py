"""`holdfast rig check`: a table of what stands on a bench, whether it works, and what to do where it does not."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from holdfast.status import Exit
from reports.fingerprint import AROUND, NOT_OFFERED, groups_of
from rigs.bench import BenchPlan
from rigs.check import Ask, Checked, CheckedReader, Result, check_bench, nobody
from rigs.marketfile import load_market
from rigs.model import DutRecord, RigModel, load_dut, load_rig

STYLES = {Result.PASS: "green", Result.FAIL: "bold red", Result.SKIP: "yellow"}
WAIT_S = 30.0
"""For a person to put a card into a reader, where one sits at a terminal."""
SCHEMA_VERSION = 1


def check(rig_path: Path, console: Console, *, as_json: bool = False, wait_s: float | None = None) -> int:
    """Returns 0 when all is PASS, 2 when something is not, 3 for a fault of Holdfast.

    Raises ConfigurationError for a bad file.
    """
    rig = load_rig(rig_path)
    dut = load_dut(rig_path, rig)
    plan = BenchPlan(
        rig_path=rig_path, rig=rig, market=load_market(rig.market), folder=rig_path.parent, worker="check", position=0,
        started_ns=0, started=datetime.now(UTC),
    )  # fmt: skip
    people = Console(stderr=True)
    with people.status("Checking") as status:
        rows = []
        for row in check_bench(plan, ask=_ask(people, _wait_s(wait_s), status.stop, status.start)):
            rows.append(row)
            status.update(f"Checked the {row.device}")
    ended = exit_status(rows)
    if as_json:
        console.out(json.dumps(record(rig, dut, rows, ended), indent=1, ensure_ascii=False), highlight=False)
    else:
        console.print(page(rig, dut, rows))
    return int(ended)


def exit_status(rows: Sequence[Checked]) -> Exit:
    """First that holds. SKIP is not known to work: no bench is well with one."""
    if any(row.bug for row in rows):
        return Exit.HOLDFAST_FAULT
    return Exit.CONFORMS if all(row.result is Result.PASS for row in rows) else Exit.INCOMPLETE


def _wait_s(wanted: float | None) -> float:
    if wanted is not None:
        return wanted
    return WAIT_S if sys.stdin.isatty() else 0.0


def _ask(people: Console, wait_s: float, before: Any, after: Any) -> Ask:
    """Asks whoever sits at the terminal, if one does; a card that lies in the reader already is taken."""

    def ask(reader: CheckedReader) -> bool:
        if nobody(reader) or not wait_s:
            return nobody(reader)
        before()
        people.print(Text.assemble(("Put a test card into the reader", "bold"), f"; {wait_s:g} s are left for it."))
        try:
            return reader.wait_for_card(True, wait_s)
        finally:
            after()

    return ask


def record(rig: RigModel, dut: DutRecord, rows: Sequence[Checked], ended: Exit) -> dict[str, Any]:
    """What was found, for programs."""
    return {
        "schema_version": SCHEMA_VERSION,
        "rig": rig.name,
        "market": rig.market,
        "dut": {"components": [part.value for part in rig.dut], "maker": dut.maker, "model": dut.model,
                "serial": dut.serial},
        "devices": [
            {"device": row.device, "result": row.result.value, "evidence": row.stands, "facts": row.facts,
             "trouble": row.trouble, "next": row.advice}
            for row in rows
        ],
        "exit_status": int(ended),
    }  # fmt: skip


# ── the page ──────────────────────────────────────────────────────────────────────────────────────────────────────


def page(rig: RigModel, dut: DutRecord, rows: Sequence[Checked]) -> Group:
    """The rig, its devices, what to do next, and how many are well."""
    under_test = ", ".join(component.value for component in rig.dut)
    return Group(
        Text.assemble((rig.title, "bold"), (f"  {rig.name}, market {rig.market}", "dim")),
        Text.assemble(("under test: ", "dim"), f"{under_test}: {dut.maker} {dut.model}, serial {dut.serial}"),
        "",
        _table(rows),
        *_next(rows),
        "",
        _count(rows),
    )


def _table(rows: Sequence[Checked]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        facts = _facts(row) if row.result is Result.PASS else Text(row.trouble)
        table.add_row(Text(row.device, "bold"), Text(row.result, STYLES[row.result]), Text(row.stands, "dim"), facts)
    return table


def _facts(row: Checked) -> Table:
    """As the report shows them, but for what stands around a device: that is one line. What it has not is another."""
    facts = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    facts.add_column(no_wrap=True, style="dim")
    facts.add_column(overflow="fold")
    silent: list[str] = []
    for group in groups_of(row.device, row.facts):
        told = [(label, value) for label, value in group["rows"] if value != NOT_OFFERED]
        silent += [label for label, value in group["rows"] if value == NOT_OFFERED]
        if group["title"] in AROUND:
            told = [(group["title"], ", ".join(_around(label, value) for label, value in told if label != "Process"))]
        for label, value in told:
            facts.add_row(label, Text(value))
    if silent:
        facts.add_row("Not offered", Text(", ".join(silent), "dim"))
    return facts


def _around(label: str, value: str) -> str:
    return f"kernel {value}" if label == "Kernel" else value


def _next(rows: Sequence[Checked]) -> list[Any]:
    wrong = [row for row in rows if row.result is not Result.PASS]
    if not wrong:
        return []
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in wrong:
        table.add_row(Text(row.device, STYLES[row.result]), Text(row.advice))
    return ["", Text("What to do next", "bold"), Padding(table, (0, 0, 0, 2))]


def _count(rows: Sequence[Checked]) -> Text:
    counts = {result: sum(row.result is result for row in rows) for result in Result}
    told = [(f"{count} {result}", STYLES[result]) for result, count in counts.items() if count]
    return Text(", ").join(Text(words, style) for words, style in told)
