"""The page and the picture of the measurements say what the files hold."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bench_host import goals, summary
from benchmarks.load.results import Goal, result
from benchmarks.peers.environment import missing
from benchmarks.table import page, read
from protocols.faults import ConfigurationError


def _samples(server: str, per_second: float, p99: float) -> list[dict[str, Any]]:
    latency = {"p50": p99 / 2, "p99": p99, "p999": p99, "max": p99}
    return [
        {
            "server": server, "connections": connections, "round": number, "per_second": per_second * (1 + number),
            "cpu_us": 50.0, "foreign": 0.01, "latency": latency,
        }
        for connections in (1, 16, 256) for number in range(3)
    ]  # fmt: skip


ROWS = summary([*_samples("Holdfast", 4000.0, 1000.0), *_samples("libraries", 1000.0, 2500.0)])


def test_ratios_are_those_within_a_round() -> None:
    """The rounds differ by three times, the ratio does not."""
    faster, latency = goals(ROWS)
    assert (faster.got, faster.met) == (4.0, True)
    assert (latency.got, latency.met) == (0.4, False)


def test_without_the_peer_there_is_no_goal() -> None:
    assert goals(summary(_samples("Holdfast", 4000.0, 1000.0))) == []


def test_the_page_tells_met_and_missed_goals(tmp_path: Path) -> None:
    host = result(
        "host", goals(ROWS), scheme="x9.19", rounds=3, seconds=1.0, summary=ROWS, samples=[],
        audits={"Holdfast": "sound"},
        fsyncs={"median": 900.0, "min": 800.0, "max": 1000.0},
    )  # fmt: skip
    other = result("something else", [Goal("lines at once", 1000, "at least", 1000)])
    for told in (host, other):
        (tmp_path / f"{told['benchmark']}.json").write_text(json.dumps(told))
    text = page(read(sorted(tmp_path.glob("*.json"))))
    assert "times the host built from libraries | ≥ 3.00 | 4.00 | met |" in text
    assert "times the host built from libraries | ≤ 0.33 | 0.40 | **missed** |" in text
    assert "| lines at once | ≥ 1,000.00 | 1,000.00 | met |" in text
    assert "| **Holdfast** | 8,000 [4,000..12,000] | 0.50 | 1.00 | 1.00 | 50 | 4.00 [4.00..4.00] |" in text


def test_no_file_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="make bench-report"):
        read([])
    (tmp_path / "x.json").write_text("[{}]")
    with pytest.raises(ConfigurationError, match="is no measurement"):
        read([tmp_path / "x.json"])


def test_the_picture_is_whole(tmp_path: Path) -> None:
    if missing("matplotlib"):
        pytest.skip(missing("matplotlib"))
    from benchmarks.plot import draw

    draw(ROWS[2:4], tmp_path / "plot.svg")
    root = ElementTree.fromstring((tmp_path / "plot.svg").read_text())
    assert root.tag.endswith("svg")
