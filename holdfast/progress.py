"""What a person sees while a run goes on: one live line, and the summary at its end."""

from __future__ import annotations

import io
import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

COLOURS = {
    "PASS": "green", "PASS_WITH_OBSERVATION": "green", "FAIL": "bold red", "INCONCLUSIVE": "yellow",
    "ERROR": "magenta", "NOT_RUN": "yellow", "CONFORMS": "bold green", "DOES_NOT_CONFORM": "bold red",
    "INCOMPLETE": "bold yellow",
}  # fmt: skip
GOOD = ("PASS", "PASS_WITH_OBSERVATION")


class Progress:
    """A pytest plugin in place of the terminal reporter: its own words are kept, and shown when something broke.

    `expected` are the seconds that each case took when it ran last, by its id: they make the time left a good guess.
    """

    def __init__(self, console: Console, workers: int, expected: Mapping[str, float]) -> None:
        self._console = console
        self._workers = max(1, workers)
        self._expected = dict(expected)
        self._log = io.StringIO()
        self._counts: Counter[str] = Counter()
        self._total = 0
        self._running: dict[str, str] = {}
        self._spent: list[float] = []
        self._started = time.monotonic()
        self._live = Live(console=console, refresh_per_second=8, transient=True, get_renderable=self._line)

    @property
    def log(self) -> str:
        """What pytest itself would have printed."""
        return self._log.getvalue()

    # ── pytest's hooks ────────────────────────────────────────────────────────────────────────────────────────

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        standard = config.pluginmanager.getplugin("terminalreporter")
        config.pluginmanager.unregister(standard)
        config.pluginmanager.register(pytest.TerminalReporter(config, self._log), "terminalreporter")
        if self._console.is_terminal:
            self._live.start()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._total = max(self._total, len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        self._total = len(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running[nodeid] = nodeid.split("::")[-1].removeprefix("test_").replace("_", " ")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "setup" and report.failed:
            self._note("ERROR", report.nodeid, _told(report) or report.longreprtext.strip().splitlines()[-1:])
        if report.when != "call":
            return
        told = dict(report.user_properties)
        verdict = str(told.get("verdict", "ERROR"))
        self._spent.append(report.duration)
        self._expected.pop(str(told.get("case", "")), None)
        self._counts[verdict] += 1
        if verdict not in GOOD:
            lines = _told(report) or report.longreprtext.splitlines()[1:]
            self._note(verdict, str(told.get("case", report.nodeid)), lines)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._running.pop(nodeid, None)

    def pytest_unconfigure(self) -> None:
        self._live.stop()

    # ── drawing ───────────────────────────────────────────────────────────────────────────────────────────────

    def _note(self, verdict: str, case: str, lines: list[str]) -> None:
        """A case that did not pass is told at once, and stays on the screen."""
        head = Text.assemble((verdict, COLOURS.get(verdict, "")), "  ", case)
        self._console.print(head, highlight=False)
        for line in lines[:6]:
            self._console.print(Text("      " + line, style="dim"), highlight=False)

    def _line(self) -> Text:
        done = sum(self._counts.values())
        elapsed = time.monotonic() - self._started
        line = Text.assemble(("▏", "cyan"), f"{done}/{self._total or '?'}  ")
        for verdict, count in sorted(self._counts.items(), key=lambda pair: pair[0] not in GOOD):
            line.append(f"{count} {verdict}  ", COLOURS.get(verdict, ""))
        line.append(f"{_clock(elapsed)} elapsed", "dim")
        left = self._left(done)
        if left is not None:
            line.append(f", {_clock(left)} left", "dim")
        name = next(iter(self._running.values()), "writing the report" if done and done == self._total else "")
        line.append(f"  {name}")
        line.truncate(self._console.width - 1, overflow="ellipsis")
        return line

    def _left(self, done: int) -> float | None:
        """From what the cases took last time; where that is not known, from what they took so far."""
        if not done:
            return None
        if self._expected:
            return sum(self._expected.values()) / self._workers
        return (self._total - done) * sum(self._spent) / len(self._spent) / self._workers


def _told(report: pytest.TestReport) -> list[str]:
    """What an error that nobody expected says, without the way to it; empty where a verdict was told."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message).splitlines() if crash is not None else []


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def expected_durations(out: Path) -> dict[str, float]:
    """Seconds by case of the newest run in a folder, empty when there is none that can be read."""
    with suppress(OSError, ValueError, KeyError):
        verdicts = json.loads((out / "latest" / "verdicts.json").read_text("utf-8"))
        return {case["id"]: float(case["duration_s"]) for case in verdicts["cases"]}
    return {}


def print_summary(console: Console, verdicts: Mapping[str, Any], folder: Path) -> None:
    """The table by area, the statement, and where the documents are."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading, justify in (("area", "left"), ("numbers", "left"), ("cases", "right"), ("seconds", "right")):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    kinds = sorted(verdicts["counts"], key=lambda kind: kind not in GOOD)
    for kind in kinds:
        table.add_column(kind.replace("_", " "), justify="right", style=COLOURS.get(kind, ""))
    for area, cases in _by_area(verdicts).items():
        counts = Counter(case["verdict"] for case in cases)
        numbers = " ".join(str(n) for n in sorted({n for case in cases for n in case["numbers"]}))
        seconds = sum(case["duration_s"] for case in cases)
        row = [area, numbers, str(len(cases)), f"{seconds:.1f}", *(str(counts[kind] or "") for kind in kinds)]
        table.add_row(*row)
    console.print(table)
    covered = len(verdicts["numbers"])
    statement = Text(verdicts["statement_text"], COLOURS.get(verdicts["statement"], ""))
    statement.append(
        f", {covered} number{'s' if covered != 1 else ''} of the catalogue, {verdicts['duration_s']:.1f} s",
        "not bold default",
    )
    console.print()
    console.print(statement, soft_wrap=True)
    for name in ("report.html", "report.pdf", "verdicts.json", "junit.xml", "allure-results"):
        if (folder / name).exists():
            console.print(Text(f"  {_shown(folder / name)}", style="default"), soft_wrap=True)


def _by_area(verdicts: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    areas: dict[str, list[Mapping[str, Any]]] = {}
    for case in verdicts["cases"]:
        areas.setdefault(case["feature"] or case["id"].split("::")[0], []).append(case)
    return areas


def _shown(path: Path) -> str:
    """Relative to where the user stands, when that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
