"""The kernel's measurement, in small: its parts are the whole, and the page is made of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench_kernel import BEHIND_PCSCD, CARDS_MEASURED, IN_PROCESS, PARTS, goals, summary
from benchmarks.load.quiet import Quiet
from benchmarks.table import page, read
from simulators.reader import unavailable

ROOT = Path(__file__).parents[2]


def test_a_transaction_is_kernel_card_and_reader(tmp_path: Path) -> None:
    """Each transaction ends with a TC, and with the authentication that its card is for: the measurement looks."""
    kept = tmp_path / "kernel.json"
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "bench_kernel.py"), "--rounds", "1", "--block", "1", "--tries", "1",
         "--json", str(kept)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(kept.read_text())
    wheres = {IN_PROCESS} | (set() if unavailable() else {BEHIND_PCSCD})
    assert {(one["reader"], one["card"]) for one in told["samples"]} == {(w, c) for w in wheres for c in CARDS_MEASURED}
    for one in told["samples"]:
        total, *parts = (one["ms"][part] for part in PARTS)
        assert min(parts) > 0
        assert sum(parts) == pytest.approx(total)
    assert "## The contact kernel" in page(read([kept]))
    assert len(told["goals"]) == 2 * len(wheres)


def test_the_goals_are_about_the_median_of_the_rounds() -> None:
    samples = [
        {"reader": IN_PROCESS, "card": card, "round": number, "ms": dict.fromkeys(PARTS, float(ms))}
        for card, times in (("DDA", (9, 14, 99)), ("CDA", (14, 16, 17)), ("SDA", (99, 99, 99)))
        for number, ms in enumerate(times)
    ]
    assert [(goal.got, goal.met) for goal in goals(summary(samples))] == [(14.0, True), (16.0, False)]


def test_without_a_daemon_the_others_are_counted_all_the_same() -> None:
    quiet = Quiet(None, 1)
    assert quiet.measure(lambda: "done") == "done"
    assert len(quiet.foreign) == 1
