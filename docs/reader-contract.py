"""Runs the contract suite of the reader and writes what came of it: `python docs/reader-contract.py`.

With `HOLDFAST_READER`, a part of the name of a real reader, the last column is that reader's: you are asked on the
terminal to move a test card. Without it a twin stands in its place, in a service of its own, and the person is played.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from protocols.events import discard
from simulators.reader import PcscService, ReaderModel
from tests.rigs.readers.attended import SUITE, run_attended, suite
from tests.rigs.readers.station import profile

PAGE = HERE / "reader-contract.md"
REAL = os.environ.get("HOLDFAST_READER", "")
BACK_ENDS = {"pcsc": "twin behind pcscd", "embedded": "twin in process", "real": REAL or "named reader"}
_WORST = ("FAIL", "SKIP", "PASS")


@dataclass(frozen=True)
class Clause:
    """One rule that a reader keeps: the test that holds it, its words, and the part of the suite that it stands in."""

    test: str
    words: str
    part: str


def clauses() -> Iterator[Clause]:
    """In the order of the suite."""
    source = SUITE.read_text("utf-8")
    parts = [
        (number, line.strip("# ─")) for number, line in enumerate(source.splitlines(), 1) if line.startswith("# ──")
    ]
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            words = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
            yield Clause(node.name, words, [part for number, part in parts if number < node.lineno][-1])


def results(junit: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Test and back end to PASS, FAIL or SKIP, and why; of a test with several rows the worst."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for case in ET.parse(junit).iter("testcase"):
        test, _, given = str(case.get("name")).partition("[")
        back_end = next(word for word in given.rstrip("]").split("-") if word in BACK_ENDS)
        skipped = case.find("skipped")
        failed = case.find("failure") is not None or case.find("error") is not None
        verdict = "FAIL" if failed else "PASS" if skipped is None else "SKIP"
        reason = "" if skipped is None else str(skipped.get("message"))
        before = found.get((test, back_end))
        if before is None or _WORST.index(verdict) < _WORST.index(before[0]):
            found[test, back_end] = verdict, reason
    return found


def page(found: dict[tuple[str, str], tuple[str, str]]) -> str:
    """The page `reader-contract.md`."""
    stands = f"the reader `{REAL}`, with a person" if REAL else "a twin in a service of its own, the person played"
    lines = [
        "# The contract of a card reader", "",
        "What every reader keeps that Holdfast drives (`rigs/ports.py`), clause by clause, and what the contract suite",
        "(`tests/rigs/readers/test_contract.py`) made of it. This page is written by `python docs/reader-contract.py`.",
        "", "| back end | what it is |", "| --- | --- |",
        f"| {BACK_ENDS['pcsc']} | the reader twin behind our IFD handler and a real pcscd, driven by `PcscReader` |",
        f"| {BACK_ENDS['embedded']} | the reader twin without PC/SC, driven by `EmbeddedReader` |",
        f"| {BACK_ENDS['real']} | whatever `HOLDFAST_READER` names, driven by `PcscReader`; here: {stands} |",
        "", "To hold a reader of yours against it, with a test card at hand:",
        "`HOLDFAST_READER='part of its name' python docs/reader-contract.py`. Clauses that take a twin's",
        "faults are left out there, and say so below.",
    ]  # fmt: skip
    reasons: list[str] = []
    part = ""
    for clause in clauses():
        if clause.part != part:
            part = clause.part
            lines += ["", f"## {part[0].upper()}{part[1:]}", "", f"| clause | {' | '.join(BACK_ENDS.values())} |"]
            lines.append("| --- |" + " --- |" * len(BACK_ENDS))
        cells = [_cell(*found.get((clause.test, name), ("–", "")), reasons) for name in BACK_ENDS]
        lines.append(f"| {clause.words} | {' | '.join(cells)} |")
    lines += ["", *(f"[{number}] {reason}  " for number, reason in enumerate(reasons, 1))]
    return "\n".join(lines).rstrip() + "\n"


def _cell(verdict: str, reason: str, reasons: list[str]) -> str:
    if not reason:
        return verdict
    if reason not in reasons:
        reasons.append(reason)
    return f"{verdict} [{reasons.index(reason) + 1}]"


def run(directory: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Both runs of the suite, one after the other: a process speaks to one service."""
    twins, real = directory / "twins.xml", directory / "real.xml"
    plain = {name: value for name, value in os.environ.items() if name != "HOLDFAST_READER"}
    subprocess.run(suite(junit=twins), env=plain, cwd=HERE.parent, check=False)
    if REAL:
        subprocess.run(suite("-k", "real", junit=real), cwd=HERE.parent, check=False)
    else:
        model = ReaderModel(directory / "reader", discard, profile("contact"))
        service = PcscService(directory, model)
        try:
            service.start()
            _, shown = run_attended(model, service.socket, "Holdfast", "-k", "real", junit=real)
            print(shown)
        finally:
            service.stop()
            model.close()
    return {key: value for file in (real, twins) for key, value in results(file).items()}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="hf-") as scratch:
        PAGE.write_text(page(run(Path(scratch))), "utf-8")
