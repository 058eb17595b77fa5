"""A run: its folder, what is written when it starts and ends, and its judgement."""

from __future__ import annotations

import difflib
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from holdfast import __version__
from holdfast.defects import check_names
from protocols.faults import ConfigurationError, HoldfastBug
from reports.judge.auditors import auditors
from reports.judge.registry import CRITERIA
from reports.judge.run import judge_run
from reports.manifest import write_manifest
from reports.runfolder import RunFolder
from reports.write import write_documents
from rigs.bench import BenchPlan
from rigs.build import evidence_of, reader_twin
from rigs.cards.loading import load_cards
from rigs.marketfile import load_market, market_digest
from rigs.model import Component, RigModel, load_dut, load_rig

ROOT = Path(__file__).parents[1]
DEFAULT_RIG = ROOT / "rigs" / "virtual-bench.yaml"
DEFAULT_OUT = ROOT / "runs"
QUALIFICATION = "qualification.json"
"""Beside the run folders: what `holdfast qualify` found last."""
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
    until: str = ""

    def bench_plan(self, worker: str, position: int) -> BenchPlan:
        """The bench of one worker."""
        rig = load_rig(Path(self.rig))
        return BenchPlan(
            rig_path=Path(self.rig), rig=rig, market=load_market(self.market), folder=Path(self.folder), worker=worker,
            position=position, started_ns=self.started_ns, started=datetime.fromisoformat(self.started),
            defects=check_names(self.defects),
        )  # fmt: skip


SETTINGS = pytest.StashKey[RunSettings]()
"""Where pytest keeps the settings of its run."""


class End(StrEnum):
    """How a run ended."""

    COMPLETE = "complete"  # every case had its turn
    CANCELLED = "cancelled"  # a person or the system asked for the end
    STOPPED = "stopped"  # a deadline or a fault ended it


def start_run(
    *, rig: Path, market: str, out: Path, defects: Sequence[str], seed: int, features: Iterable[Path], title: str,
    plan: str = "default", until: str = "",
) -> RunSettings:  # fmt: skip
    """Make the run folder and write `run.json`. Raises ConfigurationError before anything is made.

    `until` is the criterion after whose first failure no further case is started.
    """
    model = load_rig(rig)
    dut = load_dut(rig, model)
    load_cards(rig, model)
    reader_twin(model)
    market = market or model.market
    market_model = load_market(market)
    names = check_names(defects)
    _check_criterion(until)
    title = title or _title(model)
    versions = versions_of_this_code()
    started = datetime.now(UTC)
    folder = _new_folder(out, started)
    settings = RunSettings(
        str(folder), str(rig), market, tuple(sorted(names)), time.monotonic_ns(), started.isoformat(), seed, title,
        until,
    )  # fmt: skip
    _write(
        folder / "run.json",
        {
            "schema_version": 1,
            "id": folder.name,
            "title": title,
            "started": started.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "plan": {"name": plan, "features": [_feature(path) for path in features]},
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
            "versions": versions,
            "qualification": _qualification(out, versions),
            "seed": seed,
            "defect": ", ".join(sorted(names)),
            "time_scale": model.time_scale,
        },
    )
    return settings


def _check_criterion(name: str) -> None:
    """Raises ConfigurationError that names the near miss for one that is no criterion's and no auditor's."""
    known = [rule.id for rule in (*CRITERIA, *auditors())]
    if name and name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise ConfigurationError(
            f"no criterion is called {name!r}", advice=f"did you mean {near[0]}?" if near else "see a report's criteria"
        )


def _title(rig: RigModel) -> str:
    """What a report is about, where nobody said: a terminal's whole business, or a part alone."""
    titles = {Component.READER: "Card reader test report", Component.PRINTER: "Receipt printer test report"}
    return titles[rig.dut[0]] if len(rig.dut) == 1 and rig.dut[0] in titles else "Pre-authorisation test report"


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
    """Which cases were selected, and which were not. The first worker that has collected writes it.

    What the market rules out makes no subset: the plan is whole without it.
    """
    left_out = any(case.get("verdict") != "NOT_APPLICABLE" for case in not_selected)
    _write(folder / "plan.json", {"cases": cases, "not_selected": not_selected, "subset": subset or left_out})


def end_run(settings: RunSettings, *, status: End, ended_by: str = "") -> dict[str, Any]:
    """Write `end.json`, judge the folder and write `verdicts.json`. `ended_by`: what cut the run short."""
    folder = Path(settings.folder)
    now = datetime.now(UTC)
    run_folder = RunFolder(folder)
    _write(
        folder / "end.json",
        {
            "finished": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "duration_s": round((time.monotonic_ns() - settings.started_ns) / 1e9, 3),
            "status": status.value,
            "ended_by": ended_by,
            "environment": _environment(run_folder),
        },
    )
    verdicts = judge_run(run_folder)
    _write(folder / "verdicts.json", verdicts)
    _point_latest(folder)
    return verdicts


def write_report(settings: RunSettings, *, verdicts_only: bool = False) -> None:
    """The documents and the index of all files. Raises HoldfastBug when one cannot be written; the verdicts stand."""
    folder = Path(settings.folder)
    try:
        if verdicts_only:
            write_manifest(folder)
        else:
            write_documents(folder)
    except Exception as error:
        raise HoldfastBug(
            f"the report could not be written: {type(error).__name__}: {error}",
            advice=f"the verdicts are in {folder / 'verdicts.json'}; please report this with the run folder",
        ) from error


def _qualification(out: Path, versions: Mapping[str, str]) -> dict[str, Any] | None:
    """The last qualification, if it was made by this very code with these very libraries."""
    path = out / QUALIFICATION
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found if all(found.get(key) == versions[key] for key in ("code", "locks")) else None


def _environment(folder: RunFolder) -> dict[str, Any]:
    """What the self-test of the first bench read of its devices, and the machine that they stand at."""
    environment: dict[str, Any] = {"machine": {"system": platform.platform(), "processors": os.cpu_count()}}
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


def versions_of_this_code() -> dict[str, str]:
    versions = {
        "holdfast": __version__, "commit": _commit(), "code": _digest(_code()), "locks": _digest(_locks()),
        "python": sys.version.split()[0],
    }  # fmt: skip
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


def _code() -> Iterator[Path]:
    """Every file that has a say in a verdict."""
    for package in ("protocols", "simulators", "rigs", "steps", "features", "reports", "holdfast"):
        for path in (ROOT / package).rglob("*"):
            if path.suffix in (".py", ".c", ".feature", ".robot", ".yaml", ".j2", ".typ", ".css", ".js"):
                yield path


def _locks() -> Iterator[Path]:
    """The requirement files: names, versions and hashes of every library."""
    yield from (ROOT / "requirements").glob("*.txt")


def _digest(paths: Iterator[Path]) -> str:
    """One digest over files and their places, cut to what people can compare."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _write(path: Path, content: Mapping[str, Any]) -> None:
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    part.replace(path)
