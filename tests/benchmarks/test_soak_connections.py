"""The soak of the host's port, in small: nobody is harmed, nothing is left behind, and a line stays cheap."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_BYTES = {"plain": 8_000, "TLS": 60_000}
"""Of the host's memory for an idle line; measured: 1,900 and 18,000."""


def test_the_quick_soak_harms_nobody_and_counts_what_it_did(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "soak_connections.py", "--quick", "--seed", "7", "--json", figures],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert "nobody was harmed, and memory came back" in done.stdout
    found = json.loads(figures.read_text("utf-8"))
    told = {(row["line"], row["phase"]): row["told"] for row in found["rows"]}
    assert told["plain", "slow"]["too slow"] == 20
    assert told["plain", "hoard"]["does not read"] == 2
    assert told["plain", "garbage"]["undecodable"]
    assert told["TLS", "failed handshakes"]["tls refused"] == 20
    assert all(row["answers"] for row in found["rows"])
    for line, most in MOST_BYTES.items():
        assert found["bytes_a_line"][line] < most
