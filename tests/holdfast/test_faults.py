"""The bench breaks, or the run is ended: never a word against the device, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.verify import verify
from simulators.reader import unavailable
from tests.support.commands import alive, below, holdfast, listeners, named, start_holdfast, verdicts_of, wait_until

needs_pcscd = pytest.mark.skipif(bool(unavailable()), reason=f"no real pcscd here: {unavailable()}")
GONE_S = 2.0
STORY = """    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
"""
NEXT = f"""
  Scenario: The next case
    Given a credit card in the reader
{STORY}"""


def feature(tmp_path: Path, fault: str) -> Path:
    """A scenario with a fault, and one after it."""
    path = tmp_path / "fault.feature"
    text = f"Feature: Faults\n\n  Scenario: With a fault\n    Given a credit card in the reader\n    And {fault}\n"
    path.write_text(text + STORY + NEXT, "utf-8")
    return path


def run(tmp_path: Path, fault: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and cases of a run with a fault in its first case."""
    done = holdfast(
        "certify", "--features", feature(tmp_path, fault), "--steps", "tests.support.fault_steps", "--workers", "1",
        "--out", tmp_path / "runs",
    )  # fmt: skip
    return done.returncode, verdicts_of(tmp_path / "runs")["cases"]


def test_a_reader_lost_in_mid_case_is_inconclusive_and_the_next_case_runs(tmp_path: Path) -> None:
    status, (broken, following) = run(tmp_path, "the reader is unplugged at READ RECORD")
    assert status == 2
    assert broken["verdict"] == "INCONCLUSIVE"
    assert broken["cause"].startswith("reader gone")
    assert not any(c["verdict"] == "FAIL" for c in broken["criteria"])
    assert following["verdict"] == "PASS"


@needs_pcscd
def test_a_hung_service_is_inconclusive_within_its_deadline_and_the_next_case_runs(tmp_path: Path) -> None:
    status, (broken, following) = run(tmp_path, "the PC/SC service hangs at READ RECORD")
    assert status == 2
    assert broken["verdict"] == "INCONCLUSIVE"
    assert "did not answer" in broken["cause"]
    assert broken["duration_s"] < 30
    assert following["verdict"] == "PASS"


def test_a_fault_of_holdfast_is_an_error_and_the_next_case_runs(tmp_path: Path) -> None:
    status, (broken, following) = run(tmp_path, "the harness has a fault")
    assert status == 3
    assert (broken["verdict"], broken["cause"]) == ("ERROR", "ZeroDivisionError")
    assert following["verdict"] == "PASS"


def started(out: Path, cases: int) -> bool:
    return len(list(out.glob("*/cases/*/attempt-1.jsonl"))) >= cases


def test_killed_in_mid_run_everything_it_started_is_gone_and_the_record_can_be_read(tmp_path: Path) -> None:
    process = start_holdfast("certify", "--workers", "2", "--out", tmp_path)
    wait_until(lambda: started(tmp_path, 6), 60, "six cases")
    family = below(process.pid)
    assert len(family) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not any(alive(pid) for pid in family), GONE_S, "all children gone")
    folder = next(tmp_path.glob("2*"))
    found = verify(folder)
    assert found.incomplete
    assert not found.tampered, found.lines()
    assert found.events > 100


@needs_pcscd
def test_killed_in_a_blocked_transmit_everything_it_started_is_gone(tmp_path: Path) -> None:
    process = start_holdfast(
        "certify", "--features", feature(tmp_path, "the PC/SC service hangs at READ RECORD"), "--steps",
        "tests.support.fault_steps", "--workers", "2", "--out", tmp_path,
    )  # fmt: skip
    stopped = wait_until(
        lambda: [pid for pid in named(below(process.pid), "pcscd") if _state(pid) == "T"], 60, "a hung service"
    )
    family = below(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not any(alive(pid) for pid in [*family, *stopped]), GONE_S, "all children gone")


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_terminated_the_run_leaves_a_report_that_says_incomplete(tmp_path: Path, workers: str) -> None:
    process = start_holdfast("certify", "--workers", workers, "--out", tmp_path)
    wait_until(lambda: started(tmp_path, 3), 60, "three cases")
    family = below(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130
    wait_until(lambda: not any(alive(pid) for pid in family), GONE_S, "all children gone")
    verdicts = verdicts_of(tmp_path)
    assert verdicts["statement"] == "INCOMPLETE"
    assert "cancelled" in verdicts["qualifiers"]
    assert verdicts["counts"]["NOT_RUN"] > 10
    assert not verdicts["counts"].get("FAIL")
    assert len(verdicts["cases"]) == sum(verdicts["counts"].values()) > 100
    for name in ("report.html", "report.pdf", "junit.xml"):
        assert (tmp_path / "latest" / name).exists(), name
    assert not verify(tmp_path / "latest").tampered


def test_a_run_that_outlives_its_deadline_is_ended_and_incomplete(tmp_path: Path) -> None:
    source = Path("rigs").resolve()
    text = (source / "virtual-bench.yaml").read_text("utf-8").replace("cards/", f"{source}/cards/")
    rig = tmp_path / "short.yaml"
    rig.write_text(text.replace("dut-reference", f"{source}/dut-reference") + "run_deadline_s: 4\n", "utf-8")
    done = holdfast("certify", "--rig", rig, "--out", tmp_path / "runs", "--workers", "1")
    verdicts = verdicts_of(tmp_path / "runs")
    assert done.returncode == 2, done.stdout + done.stderr
    assert verdicts["statement"] == "INCOMPLETE"
    end = json.loads((tmp_path / "runs" / "latest" / "end.json").read_text("utf-8"))
    assert end["ended_by"] == "the run's deadline has passed"


def test_while_a_run_goes_on_nothing_listens_off_loopback(tmp_path: Path) -> None:
    features = [word for name in ("line", "reader", "entry") for word in ("--features", f"features/{name}")]
    process = start_holdfast("certify", *features, "--workers", "2", "--out", tmp_path, "--verdicts-only")
    seen: set[str] = set()
    while process.poll() is None:
        seen |= listeners([process.pid, *below(process.pid)])
        time.sleep(0.02)  # the pause between two looks
    assert process.returncode == 0
    assert seen == {"0100007F"}


@pytest.fixture
def short_tmp() -> Iterator[Path]:
    """A TMPDIR of one's own, short enough for sockets below it."""
    with tempfile.TemporaryDirectory(prefix="hf-", dir="/tmp") as name:
        yield Path(name)


def test_private_directories_of_a_killed_run_are_swept_at_the_next_start(
    tmp_path: Path, short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(short_tmp))
    private = short_tmp / f"holdfast-{os.getuid()}"
    process = start_holdfast("certify", "--workers", "1", "--out", tmp_path / "runs", "-k", "reversal")
    wait_until(lambda: list(private.glob("bench-*/ledger.sqlite")), 60, "a private directory")
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = set(private.glob("bench-*"))
    assert left
    assert holdfast("rig", "check").returncode == 0
    assert not left & set(private.glob("bench-*"))
