"""The measurements run to their end, in small, and keep figures that the page can be made of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.table import page, read

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("generator")


def _figures(script: str, tmp_path: Path, *options: str) -> dict[str, Any]:
    kept = tmp_path / f"{script}.json"
    command = [sys.executable, str(ROOT / "benchmarks" / f"bench_{script}.py"), "--json", str(kept), *options]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(kept.read_text())
    assert f"## {'Cost at size' if script == 'history' else 'Injected delay'}" in page(read([kept]))
    return found


def test_history_compares_two_sound_ledgers(tmp_path: Path) -> None:
    found = _figures(
        "history", tmp_path, "--holds", "100", "3000", "--rounds", "1", "--seconds", "0.2", "--tries", "1",
        "--cards", "50",
    )  # fmt: skip
    assert found["audits"] == {"100": "sound", "3000": "sound"}
    assert found["summary"]["time_ratio"]["median"] > 0


def test_delay_measures_what_came_beyond_what_was_asked_for(tmp_path: Path) -> None:
    found = _figures(
        "delay", tmp_path, "--delay", "0.02", "--seconds", "0.2", "--idle-seconds", "0.3", "--half-seconds", "0.3",
        "--cards", "50",
    )  # fmt: skip
    idle, half = found["rows"]
    assert idle["others"] is None
    assert half["others"]["count"] > half["delayed"] > 0
    assert min(idle["error_ms"]["min"], half["error_ms"]["min"]) >= 0
