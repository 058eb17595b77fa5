"""The pytest wiring of a run: options, collection, plan, and exit status. What a case does is in `holdfast/cases.py`.

`pytest features --rig rigs/virtual-bench.yaml [-n 2]` and `holdfast certify` both come through here.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from holdfast.applicable import features_of, ruled_out
from holdfast.cases import worker_of
from holdfast.children import die_with
from holdfast.features import (
    FeatureFile,
    case_of,
    description_of,
    expression_problems,
    feature_files,
    is_case,
    tags_of,
)
from holdfast.preflight import problems
from holdfast.run import (
    DEFAULT_OUT,
    DEFAULT_RIG,
    ROOT,
    SETTINGS,
    End,
    RunSettings,
    end_run,
    start_run,
    write_plan,
    write_report,
)
from holdfast.status import Exit, exit_status
from protocols.faults import ConfigurationError, HoldfastBug
from rigs.allowlist import stopped
from rigs.marketfile import load_market
from rigs.model import load_rig

ENDED_BY = pytest.StashKey[str]()
VERDICTS = pytest.StashKey[dict[str, Any]]()
BUG = pytest.StashKey[str]()
FILES = pytest.StashKey[list[Path]]()
DESELECTED = pytest.StashKey[list[Any]]()
RULED_OUT = pytest.StashKey[dict[pytest.Item, str]]()
TIMER = pytest.StashKey[threading.Timer]()
DEADLINE = "the run's deadline has passed"


# ── options and set-up ────────────────────────────────────────────────────────────────────────────────────────────


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("holdfast")
    group.addoption("--rig", default=str(DEFAULT_RIG), help="rig file (default: the all-virtual bench)")
    group.addoption("--market", default="", help="market by name or path (default: the rig's)")
    group.addoption("--defect", action="append", default=[], help="inject a seeded defect")
    group.addoption("--out", default=str(DEFAULT_OUT), help="folder that run folders are made in")
    group.addoption("--shuffle", type=int, default=0, metavar="SEED", help="run the cases in a random order")
    group.addoption("--title", default="", help="title of the report (default: by what is under test)")
    group.addoption("--until", default="", metavar="CRITERION", help="start no further case once it has failed")
    group.addoption("--verdicts-only", action="store_true", help="write verdicts.json and no other document")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[ENDED_BY] = ""
    config.stash[DESELECTED] = []
    config.stash[RULED_OUT] = {}
    if hasattr(config, "workerinput"):
        die_with(os.getppid())
        if "holdfast" in config.workerinput:
            config.stash[SETTINGS] = RunSettings(**config.workerinput["holdfast"])
            config.stash[FILES] = [Path(p) for p in config.workerinput["holdfast_files"]]
            config.option.allure_report_dir = config.workerinput["holdfast_allure"]  # xdist hands on no option of ours
            _register_tags(config)
        return
    files = feature_files(config.args, config.rootpath)
    config.stash[FILES] = files
    _register_tags(config)
    if files and not config.option.collectonly:
        _start(config, files)


def _start(config: pytest.Config, files: list[Path]) -> None:
    """In the process that the user started: check everything, then make the run folder."""
    tags = {tag for path in files for tag in tags_of(path)}
    found = [*problems(files), *expression_problems(config.option.markexpr, tags)]
    if found:
        raise pytest.UsageError("preflight:\n  " + "\n  ".join(found))
    option = config.option
    try:
        rig = load_rig(Path(option.rig))
        if rig.shared and getattr(option, "numprocesses", None):
            raise ConfigurationError(
                f"{', '.join(rig.shared)} cannot be shared by workers", advice="run with one worker, without -n"
            )
        settings = start_run(
            rig=Path(option.rig), market=option.market, out=Path(option.out), defects=option.defect,
            seed=option.shuffle, features=files, title=option.title, until=option.until,
        )  # fmt: skip
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[SETTINGS] = settings
    if not option.verdicts_only and not getattr(option, "allure_report_dir", None):
        option.allure_report_dir = str(Path(settings.folder) / "allure-results")
    signal.signal(signal.SIGTERM, lambda number, frame: _stop(config))
    _run_deadline(config, rig.run_deadline_s)


def _stop(config: pytest.Config) -> None:
    """End the run now, as Ctrl-C does; what was recorded is judged and reported.

    No mere Exception: a driver or a clean-up that survives any fault must not survive this.
    """
    config.stash[ENDED_BY] = config.stash[ENDED_BY] or "SIGTERM"
    raise KeyboardInterrupt


def _run_deadline(config: pytest.Config, seconds: float) -> None:
    def passed() -> None:
        config.stash[ENDED_BY] = DEADLINE
        os.kill(os.getpid(), signal.SIGTERM)

    timer = threading.Timer(seconds, passed)
    timer.daemon = True
    timer.start()
    config.stash[TIMER] = timer


def _register_tags(config: pytest.Config) -> None:
    """Gherkin tags are marks; each is made known so that a mistyped one in `-m` is an error."""
    tags = {tag for path in config.stash[FILES] for tag in tags_of(path)}
    for tag in sorted(tags):
        config.addinivalue_line("markers", f"{tag}: Gherkin tag")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: the run's settings travel to a worker."""
    settings = node.config.stash.get(SETTINGS, None)
    if settings is not None:
        node.workerinput["holdfast"] = asdict(settings)
        node.workerinput["holdfast_allure"] = node.config.option.allure_report_dir
        node.workerinput["holdfast_files"] = [str(path) for path in node.config.stash[FILES]]


# ── collection ────────────────────────────────────────────────────────────────────────────────────────────────────


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> FeatureFile | None:
    if file_path.suffix == ".feature":
        found: FeatureFile = FeatureFile.from_parent(parent, path=file_path)
        return found
    return None


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        if is_case(item):
            item.config.stash[DESELECTED].append(item)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _rule_out(config, items)
    if config.option.shuffle:
        random.Random(config.option.shuffle).shuffle(items)  # noqa: S311


def _rule_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Cases that market or rig rule out do not run: deselected for pytest, NOT_APPLICABLE in the report."""
    settings = config.stash.get(SETTINGS, None)
    if settings is None:
        return
    market, rig = load_market(settings.market), load_rig(Path(settings.rig))
    rules = {item: ruled_out(description_of(item)["tags"], market, rig) for item in items if is_case(item)}
    ruled = {item: rule for item, rule in rules.items() if rule}
    config.stash[RULED_OUT] = ruled
    items[:] = [item for item in items if item not in ruled]
    if ruled:
        config.hook.pytest_deselected(items=list(ruled))


def pytest_collection_finish(session: pytest.Session) -> None:
    settings = session.config.stash.get(SETTINGS, None)
    if settings is None or worker_of(session.config) not in ("", "gw0"):
        return
    if not hasattr(session.config, "workerinput") and getattr(session.config.option, "numprocesses", None):
        return  # the controller collects nothing itself
    cases = [_planned(item) for item in session.items if is_case(item)]
    ruled = session.config.stash[RULED_OUT]
    skipped = [_planned(item) for item in session.config.stash[DESELECTED] if item not in ruled]
    skipped += [{**_planned(item), "verdict": "NOT_APPLICABLE", "reason": rule} for item, rule in ruled.items()]
    selected = session.config.stash[FILES]
    planned = [str(path) for path in features_of(load_rig(Path(settings.rig)))]
    whole = {path.resolve() for path in feature_files(planned, ROOT)}
    write_plan(Path(settings.folder), cases, skipped, subset=bool(whole.difference(selected)))


def _planned(item: Any) -> dict[str, Any]:
    case = case_of(item)
    return {"id": case.id, "folder": case.folder, **description_of(item)}


# ── outcome ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    settings = config.stash.get(SETTINGS, None)
    if settings is None or hasattr(config, "workerinput"):
        return
    config.stash[TIMER].cancel()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the report is being written: that is what SIGTERM asks for
    ended_by = stopped(Path(settings.folder)) or config.stash[ENDED_BY]
    status, cancelled = _end(exitstatus, ended_by, over=bool(stopped(Path(settings.folder))))
    verdicts = end_run(settings, status=status, ended_by=ended_by)
    config.stash[VERDICTS] = verdicts
    session.exitstatus = int(exit_status(verdicts, cancelled=cancelled))
    try:
        write_report(settings, verdicts_only=config.option.verdicts_only)
    except HoldfastBug as bug:
        config.stash[BUG] = str(bug)
        session.exitstatus = int(session.exitstatus or Exit.HOLDFAST_FAULT)


def _end(exitstatus: int, ended_by: str, *, over: bool) -> tuple[End, bool]:
    """How the run ended, and whether somebody wanted it to. `over`: it was marked as stopped."""
    if over or ended_by == DEADLINE:
        return End.STOPPED, False
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        return End.CANCELLED, True
    normal = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
    return End.COMPLETE if exitstatus in normal else End.STOPPED, False


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    verdicts = config.stash.get(VERDICTS, None)
    if verdicts is not None:
        terminalreporter.write_line(verdicts["statement_text"])
        terminalreporter.write_line(f"run folder: {config.stash[SETTINGS].folder}")
    if config.stash.get(BUG, ""):
        terminalreporter.write_line(config.stash[BUG], red=True)
