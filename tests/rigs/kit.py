"""What the tests of rigs share: rig files of their own, benches of them, other processes, and what a process holds."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from protocols.chain import FIRST_HASH, line_hash, open_line
from protocols.events import Channel
from protocols.market import Market
from protocols.money import Money
from rigs import bench, check, private
from rigs.bench import Bench, BenchPlan
from rigs.case import Case, CaseId
from rigs.marketfile import load_market
from rigs.model import load_rig
from rigs.private import private_root
from rigs.timeline import Recorder

ROOT = Path(__file__).parents[2]
RIGS = ROOT / "rigs"
VIRTUAL_BENCH = RIGS / "virtual-bench.yaml"
PAN, OTHER_PAN = "6250947000000014", "6224242900000113"
MASKED, OTHER_MASKED = "625094••••••0014", "622424••••••0113"
DEADLINE_S = 10.0
STARTED = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)


def rig_file(folder: Path, **changes: Any) -> Path:
    """The virtual bench with a plain reader in this process, two kinds of card and no list of its own, and with
    changes; a mapping is merged, None removes."""
    rig = yaml.safe_load(VIRTUAL_BENCH.read_text("utf-8"))
    del rig["test_cards"]
    rig["reader"] |= {"service": "in-process", "profile": "plain"}
    rig["dut_file"] = str(RIGS / rig["dut_file"])
    rig["cards"] = {name: str(RIGS / rig["cards"][name]) for name in ("credit", "debit")}
    for key, value in changes.items():
        if value is None:
            del rig[key]
        else:
            rig[key] = {**rig.get(key, {}), **value} if isinstance(value, dict) and "kind" not in value else value
    path = folder / "rig.yaml"
    path.write_text(yaml.safe_dump(rig, allow_unicode=True), "utf-8")
    return path


def plan_of(folder: Path, *, worker: str = "main", position: int = 0, **changes: Any) -> BenchPlan:
    """A bench of a rig file of its own."""
    path = rig_file(folder, **changes)
    return BenchPlan(
        rig_path=path, rig=load_rig(path), market=china(), folder=folder / "run", worker=worker,
        position=position, started_ns=time.monotonic_ns(), started=STARTED,
    )  # fmt: skip


@functools.cache
def china() -> Market:
    """Read once: it never changes."""
    return load_market("unionpay-cn")


def temporary(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The folder for temporary files, however long its path: no socket is opened below it here."""
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(private, "LONGEST_TEMPORARY", 4096)


def to_itself(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Private directories and leases of this test alone."""
    temporary(monkeypatch, folder)
    for module in (bench, check):
        monkeypatch.setattr(module, "LEASES", folder / "leases")


def case_on(opened: Bench, name: str = "a case") -> Case:
    return Case(opened.recorder, opened.plan.folder, CaseId("features/a.feature", name, {}), {})


def card_in(opened: Bench, case: Case, kind: str = "credit") -> str:
    """A fresh card with its account, in the reader."""
    card = opened.issue_card(kind, case)
    opened.host.open_account(card, Money(10_000_00))
    opened.presenter.offer(card)
    return card


# ── timelines ─────────────────────────────────────────────────────────────────────────────────────────────────────


def recorder_in(folder: Path, **changes: Any) -> Recorder:
    settings: dict[str, Any] = {
        "folder": folder, "worker": "main", "started_ns": time.monotonic_ns(), "started": STARTED,
        "evidence": dict.fromkeys(Channel, "simulated"), **changes,
    }  # fmt: skip
    return Recorder(**settings)


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Every line that ends, as JSON."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def chain_is_whole(path: Path) -> bool:
    """Numbers without a gap, and every line that ends is sealed onto the one before."""
    previous = FIRST_HASH
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        opened = open_line(line)
        if opened is None or opened[1] != line_hash(previous, opened[0]) or json.loads(line)["n"] != number:
            return False
        previous = opened[1]
    return previous != FIRST_HASH


# ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def other_process(script: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Python beside the test, with this checkout on its path; killed at the end. `said` reads its lines."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    """The next line of it; an empty one when it has ended."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def held() -> dict[str, set[str]]:
    """Threads, descriptors, children and private directories of this process."""
    descriptors = set()
    for path in Path("/proc/self/fd").iterdir():
        try:
            descriptors.add(f"{path.name} {os.readlink(path)}")
        except FileNotFoundError:  # that of the listing itself
            continue
    tasks = Path("/proc/self/task")
    children = {child for task in tasks.iterdir() for child in (task / "children").read_text().split()}
    return {
        "threads": {f"{thread.name} {thread.ident}" for thread in threading.enumerate()},
        "descriptors": descriptors,
        "children": children,
        "private": {path.name for path in private_root().glob("bench-*")},
    }


def raising(error: BaseException) -> Callable[..., Any]:
    """A function of any arguments that raises."""

    def act(*arguments: Any, **named: Any) -> Any:
        raise error

    return act
