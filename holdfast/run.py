"""A run: its folder, what is written when it starts and ends, and its judgement."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from holdfast import __version__
from reports.judge.run import judge_run
from reports.runfolder import RunFolder
from rigs.bench import BenchPlan
from rigs.build import evidence_of
from rigs.marketfile import load_market, market_digest
from rigs.model import load_dut, load_rig
from simulators.terminal.defects import check_names

ROOT = Path(__file__).parents[1]
DEFAULT_RIG = ROOT / "rigs" / "virtual-bench.yaml"
NAMED_VERSIONS = ("pytest", "pytest-bdd", "pyscard", "pyserial", "cryptography", "robotframework", "typst")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run is started with. It travels to workers as plain data."""

    folder: str
    rig: str
    market: str
    defects: tuple[str, ...]
    started_ns: int
    started: str
    seed: int
    title: str

    def bench_plan(self, worker: str, position: int) -> BenchPlan:
        """The bench of one worker."""
        rig = load_rig(Path(self.rig))
        return BenchPlan(
            rig_path=Path(self.rig), rig=rig, market=load_market(self.market), folder=Path(self.folder), worker=worker,
            position=position, started_ns=self.started_ns, started=datetime.fromisoformat(self.started),
            defects=check_names(self.defects),
        )  # fmt: skip


def start_run(
    *, rig: Path, market: str, out: Path, defects: Sequence[str], seed: int, features: Iterable[Path], title: str
) -> RunSettings:
    """Make the run folder and write `run.json`. Raises ConfigurationError before anything is made."""
    model = load_rig(rig)
    dut = load_dut(rig, model)
    market = market or model.market
    market_model = load_market(market)
    names = check_names(defects)
    started = datetime.now(UTC)
    folder = _new_folder(out, started)
    settings = RunSettings(
        str(folder), str(rig), market, tuple(sorted(names)), time.monotonic_ns(), started.isoformat(), seed, title
    )
    _write(
        folder / "run.json",
        {
            "schema_version": 1,
            "id": folder.name,
            "title": title,
            "started": started.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "plan": {"name": "default", "features": [_feature(path) for path in features]},
            "rig": {
                "name": model.name,
                "title": model.title,
                "model": json.loads(model.model_dump_json(exclude={"terminal": {"test_master_key"}})),
                "dut": [component.value for component in model.dut],
                "evidence": {channel.value: evidence for channel, evidence in evidence_of(model).items()},
            },
            "market": {
                "name": market_model.name,
                "title": market_model.title,
                "sha256": market_digest(market),
                "data": market_model.model_dump(mode="json"),
            },
            "dut": dut.model_dump(mode="json"),
            "versions": _versions(),
            "seed": seed,
            "defect": ", ".join(sorted(names)),
            "time_scale": model.time_scale,
        },
    )
    return settings


def _new_folder(out: Path, started: datetime) -> Path:
    """A folder that did not exist: `<time>-<n>`."""
    stamp = started.strftime("%Y%m%dT%H%M%SZ")
    out.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        folder = out / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(out)


def write_plan(folder: Path, cases: list[dict[str, Any]], not_selected: list[dict[str, Any]], *, subset: bool) -> None:
    """Which cases were selected. The first worker that has collected writes it; all collect the same."""
    _write(folder / "plan.json", {"cases": cases, "not_selected": not_selected, "subset": subset or bool(not_selected)})


def end_run(settings: RunSettings, *, cancelled: bool, finished: bool) -> dict[str, Any]:
    """Write `end.json`, judge the folder and write `verdicts.json`."""
    folder = Path(settings.folder)
    status = "cancelled" if cancelled else "complete" if finished else "stopped"
    now = datetime.now(UTC)
    run_folder = RunFolder(folder)
    _write(
        folder / "end.json",
        {
            "finished": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "duration_s": round((time.monotonic_ns() - settings.started_ns) / 1e9, 3),
            "status": status,
            "environment": _environment(run_folder),
        },
    )
    verdicts = judge_run(run_folder)
    _write(folder / "verdicts.json", verdicts)
    _point_latest(folder)
    return verdicts


def _environment(folder: RunFolder) -> dict[str, Any]:
    """What the self-test of the first bench read of its devices."""
    environment: dict[str, Any] = {"host": {"system": platform.platform(), "cpus": os.cpu_count()}}
    for timeline in folder.worker_timelines():
        for record in folder.records(timeline):
            if (record.channel, record.kind) == ("rig", "identity"):
                return {**environment, **dict(record.fields)}
    return environment


def _point_latest(folder: Path) -> None:
    """`latest` names the newest run beside it, changed in one step."""
    link, part = folder.parent / "latest", folder.parent / f".latest.{os.getpid()}"
    with suppress(OSError):
        part.unlink(missing_ok=True)
        part.symlink_to(folder.name)
        part.replace(link)


def _feature(path: Path) -> dict[str, str]:
    shown = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    return {"path": shown, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _versions() -> dict[str, str]:
    versions = {"holdfast": __version__, "commit": _commit(), "python": sys.version.split()[0], "locks": _locks()}
    for name in NAMED_VERSIONS:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _commit() -> str:
    """The commit of the checkout, with a mark when files differ from it."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return commit + (" with changes" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, timeout=5, check=True)  # noqa: S603, S607
    return done.stdout.strip()


def _locks() -> str:
    """One digest over the requirement files."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _write(path: Path, content: Mapping[str, Any]) -> None:
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    part.replace(path)
