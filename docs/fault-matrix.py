"""Runs the fault matrix and writes what came of it: `python docs/fault-matrix.py`, two minutes.

`features/chip/fault_matrix.feature` says what the books want of a terminal for each fault of a card; the page sets
beside it what the reference terminal did. With the path of a `verdicts.json` it is made of that run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from pytest_bdd.parser import FeatureParser

FEATURE = HERE.parent / "features" / "chip" / "fault_matrix.feature"
PAGE = HERE / "fault-matrix.md"
SHOWN = ("card", "fault", "the chip is told of", "outcome", "the host is sent", "clause", "the terminal", "as wanted")
AS_WANTED, NOT_RUN = "yes", "was not asked"
EXPLANATIONS: Mapping[tuple[str, str], str] = {}
"""Of a row, by card and fault, in which the reference terminal does otherwise: why. Every other row passes."""
UNEXPLAINED = "Not explained."
HEAD = """# The fault matrix of cards

What can be wrong with a card, what the books want of a terminal then, and what the reference terminal did. Each row
is a scenario of `features/chip/fault_matrix.feature` and a fault of `rigs/cards/faults.yaml`, or one at a command;
this page is written by `python docs/fault-matrix.py` from the verdicts of a run. Cards and terminal are simulated.

*The chip is told of* the terminal verification results (tag 95; EMV Book 3, Annex C5) with which its first cryptogram
is asked for: these bits, and no others; behind a semicolon those of the second. *Nothing at all*: it is asked for
none. The floor limit is above the amount. Behind the clause stands what the terminal did: tag 95 as the chip got it,
outcome, messages at the host. Auditors judge each row as any other case: cryptograms, data, reversals, counters,
slips.
"""


@dataclass(frozen=True)
class Row:
    """One row of the feature: its part, and what it says by the names of its columns."""

    part: str
    said: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str]:
        """Which card, and what is wrong with it: no two rows are alike in that."""
        return self.said["card"], self.said["fault"]

    @property
    def wanted(self) -> tuple[str, ...]:
        """Its cells up to the clause, as the page shows them."""
        told = self.said["told"] + (f"; {last}" if (last := self.said.get("told at last")) else "")
        return (*self.key, told, self.said["outcome"], self.said["sent"], self.said["clause"])


def rows() -> Iterator[Row]:
    """In the order of the feature."""
    feature = FeatureParser(str(FEATURE.parent), FEATURE.name, "utf-8").parse()
    for outline in feature.scenarios.values():
        part = outline.name.partition(",")[0]
        for examples in outline.examples:
            for said in examples.as_contexts():
                yield Row(part, {name: str(value) for name, value in said.items()})


def found(verdicts: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The cases of a run by their key."""
    cases = (case for case in verdicts["cases"] if case["id"].startswith("features/chip/fault_matrix.feature::"))
    return {(case["parameters"]["card"], case["parameters"]["fault"]): case for case in cases}


def did(case: Mapping[str, Any] | None) -> str:
    """What the terminal did, as the criteria of its row found it: tag 95 as the chip got it, outcome, messages."""
    if case is None:
        return NOT_RUN
    found = [(c["id"], str(c["actual"])) for c in case["criteria"] if c["source"] == "scenario"]
    told = [f"95 `{actual[4:14]}`" for name, actual in found if name == "chip.tvr" and actual.startswith("TVR ")]
    outcome = [actual.removeprefix("pre-authorisation: ") for name, actual in found if name == "outcome.reported"]
    sent = [actual.removeprefix("it got: ") for name, actual in found if name == "host.messages"]
    return "; ".join([*(dict.fromkeys(told) or ["no 95"]), *outcome, *sent]).replace("|", "/")


def verdict(row: Row, case: Mapping[str, Any] | None) -> str:
    """That it is as the books want it; else what is not, and why."""
    if case is None:
        return NOT_RUN
    if case["verdict"] == "PASS":
        return AS_WANTED
    wrong = [f"{c['id']}: {c['actual']}" for c in case["criteria"] if c["verdict"] not in ("PASS", "NOT_APPLICABLE")]
    told = f"**{case['verdict']}** {'; '.join(wrong) or case['cause']}".replace("|", "/")
    return f"{told}. {EXPLANATIONS.get(row.key, UNEXPLAINED)}"


def page(verdicts: Mapping[str, Any]) -> str:
    """The page `fault-matrix.md`."""
    lines, cases, part = [HEAD], found(verdicts), ""
    every = list(rows())
    right = sum(verdict(row, cases.get(row.key)) == AS_WANTED for row in every)
    lines.append(f"{len(every)} rows; in {right} the terminal did what the books want.")
    for row in every:
        if row.part != part:
            part = row.part
            lines += ["", f"## {part}", "", _line(SHOWN), _line(["---"] * len(SHOWN))]
        case = cases.get(row.key)
        lines.append(_line([*row.wanted, did(case), verdict(row, case)]))
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def run(directory: Path) -> Mapping[str, Any]:
    """The matrix on the virtual bench, alone."""
    command = [sys.executable, "-m", "holdfast", "certify", "--features", str(FEATURE), "--workers", "1"]
    subprocess.run([*command, "--verdicts-only", "--out", str(directory)], cwd=HERE.parent, check=False)
    verdicts: Mapping[str, Any] = json.loads((directory / "latest" / "verdicts.json").read_text("utf-8"))
    return verdicts


if __name__ == "__main__":
    if sys.argv[1:]:
        PAGE.write_text(page(json.loads(Path(sys.argv[1]).read_text("utf-8"))), "utf-8")
    else:
        with tempfile.TemporaryDirectory(prefix="hf-") as scratch:
            PAGE.write_text(page(run(Path(scratch))), "utf-8")
