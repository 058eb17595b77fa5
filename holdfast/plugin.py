"""The pytest wiring of a run: options, collection, benches of workers, cases, verdicts and exit status.

`pytest features --rig rigs/virtual-bench.yaml [-n 2]` and `holdfast certify` both come through here.
"""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from holdfast.features import FeatureFile, case_of, description_of, feature_files, is_case
from holdfast.preflight import problems
from holdfast.run import DEFAULT_RIG, ROOT, RunSettings, end_run, start_run, write_plan
from holdfast.status import exit_status
from protocols.events import Channel
from protocols.faults import ConfigurationError, DutFault, HoldfastError, RigFault
from reports.judge.case import CaseVerdict, Terms, judge_case
from reports.judge.finding import Verdict
from reports.runfolder import record_from
from rigs.bench import Bench
from rigs.case import Case
from steps.story import Story

SETTINGS = pytest.StashKey[RunSettings]()
CANCELLED = pytest.StashKey[bool]()
VERDICTS = pytest.StashKey[dict[str, Any]]()
FILES = pytest.StashKey[list[Path]]()
DESELECTED = pytest.StashKey[list[Any]]()
PR_SET_PDEATHSIG = 1
UNDECIDED = ("INCONCLUSIVE", "ERROR")


class NotConforming(AssertionError):
    """The verdict is FAIL."""


class Undecided(Exception):
    """The verdict is INCONCLUSIVE or ERROR: nothing is said of the device."""


# ── options and set-up ────────────────────────────────────────────────────────────────────────────────────────────


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("holdfast")
    group.addoption("--rig", default=str(DEFAULT_RIG), help="rig file (default: the all-virtual bench)")
    group.addoption("--market", default="", help="market by name or path (default: the rig's)")
    group.addoption("--defect", action="append", default=[], help="inject a seeded defect into the reference terminal")
    group.addoption("--out", default=str(ROOT / "runs"), help="folder that run folders are made in")
    group.addoption("--shuffle", type=int, default=0, metavar="SEED", help="run the cases in a random order")
    group.addoption("--title", default="Pre-authorisation test report", help="title of the report")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[CANCELLED] = False
    config.stash[DESELECTED] = []
    if hasattr(config, "workerinput"):
        _die_with_parent()
        if "holdfast" in config.workerinput:
            config.stash[SETTINGS] = RunSettings(**config.workerinput["holdfast"])
            config.stash[FILES] = [Path(p) for p in config.workerinput["holdfast_files"]]
            _register_tags(config)
        return
    files = feature_files(config.args, config.rootpath)
    config.stash[FILES] = files
    if not files or config.option.collectonly:
        _register_tags(config)
        return
    _register_tags(config)
    _start(config, files)


def _start(config: pytest.Config, files: list[Path]) -> None:
    """In the process that the user started: check everything, then make the run folder."""
    found = problems(files)
    if found:
        raise pytest.UsageError("preflight:\n  " + "\n  ".join(found))
    option = config.option
    try:
        config.stash[SETTINGS] = start_run(
            rig=Path(option.rig), market=option.market, out=Path(option.out), defects=option.defect,
            seed=option.shuffle, features=files, title=option.title,
        )  # fmt: skip
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from None
    signal.signal(signal.SIGTERM, lambda number, frame: _cancel(config))


def _cancel(config: pytest.Config) -> None:
    config.stash[CANCELLED] = True
    pytest.exit("stopped by SIGTERM", returncode=130)


def _die_with_parent() -> None:
    """A worker must not outlive the run: design 10."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _register_tags(config: pytest.Config) -> None:
    """Gherkin tags are marks; each is made known so that a mistyped one in `-m` is an error."""
    tags: set[str] = set()
    for path in config.stash[FILES]:
        for line in path.read_text("utf-8").splitlines():
            if line.strip().startswith("@"):
                tags.update(word.removeprefix("@") for word in line.split("#")[0].split())
    for tag in sorted(tags):
        config.addinivalue_line("markers", f"{tag}: Gherkin tag")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: the run's settings travel to a worker."""
    settings = node.config.stash.get(SETTINGS, None)
    if settings is not None:
        node.workerinput["holdfast"] = asdict(settings)
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
    if config.option.shuffle:
        random.Random(config.option.shuffle).shuffle(items)  # noqa: S311


def pytest_collection_finish(session: pytest.Session) -> None:
    settings = session.config.stash.get(SETTINGS, None)
    if settings is None or _worker(session.config) not in ("", "gw0"):
        return
    cases = [_planned(item) for item in session.items if is_case(item)]
    if not cases and hasattr(session.config.option, "numprocesses") and session.config.option.numprocesses:
        return  # the controller collects nothing itself
    skipped = [_planned(item) for item in session.config.stash[DESELECTED]]
    selected = session.config.stash[FILES]
    whole = {path.resolve() for path in (ROOT / "features").rglob("*.feature")}
    write_plan(Path(settings.folder), cases, skipped, subset=bool(whole.difference(selected)))


def _planned(item: Any) -> dict[str, Any]:
    case = case_of(item)
    return {"id": case.id, "folder": case.folder, **description_of(item)}


def _worker(config: pytest.Config) -> str:
    workerinput: dict[str, Any] = getattr(config, "workerinput", {})
    return str(workerinput.get("workerid", ""))


# ── bench and case ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The worker's bench, brought up for its first case and taken down after its last."""
    settings = request.config.stash[SETTINGS]
    worker = _worker(request.config)
    position = int(worker.removeprefix("gw")) + 1 if worker else 0
    opened = Bench(settings.bench_plan(worker or "main", position)).open()
    yield opened
    opened.close()


@pytest.fixture
def story(request: pytest.FixtureRequest, bench: Bench) -> Story:
    """The case of this test. It is opened here and closed in `pytest_bdd_after_scenario`."""
    identity = case_of(request.node)
    case = Case(bench.recorder, bench.plan.folder, identity, description_of(request.node))
    seconds = bench.response_timeout_s / bench.rig.time_scale
    terms = Terms(bench.market, frozenset(c.value for c in bench.rig.dut), int(seconds * 1e9))
    return Story(bench, case, terms)


def _deadline(number: int, frame: FrameType | None) -> None:
    raise RigFault("the case's deadline has passed", advice="what does the timeline show last?", component="harness")


def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Any, scenario: Any) -> None:
    story: Story = request.getfixturevalue("story")
    signal.signal(signal.SIGALRM, _deadline)
    signal.setitimer(signal.ITIMER_REAL, story.bench.rig.case_deadline_s)


def pytest_bdd_before_step(
    request: pytest.FixtureRequest, feature: Any, scenario: Any, step: Any, step_func: Any
) -> None:
    story: Story = request.getfixturevalue("story")
    story.case.emit(Channel.STEP, "begin", keyword=step.keyword, text=step.name)


def pytest_bdd_after_step(
    request: pytest.FixtureRequest, feature: Any, scenario: Any, step: Any, step_func: Any, step_func_args: Any
) -> None:
    story: Story = request.getfixturevalue("story")
    story.case.emit(Channel.STEP, "end", status="done")


def pytest_bdd_step_error(
    request: pytest.FixtureRequest, feature: Any, scenario: Any, step: Any, step_func: Any, step_func_args: Any,
    exception: Exception,
) -> None:  # fmt: skip
    blame(request.getfixturevalue("story").case, exception)


def blame(case: Case, error: BaseException) -> None:
    """Record who broke the step: the bench, the device, or Holdfast itself."""
    case.emit(Channel.STEP, "end", status="broken", message=_safe(error))
    if isinstance(error, DutFault):
        return
    if isinstance(error, RigFault):
        case.fault(error.message, error.component, error.advice)
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        case.bug(_safe(error), f"{Path(place.filename).name}:{place.lineno}")


def _safe(error: BaseException) -> str:
    """The text of an error of ours is safe to log; of any other its class alone is."""
    return str(error) if isinstance(error, HoldfastError) else type(error).__name__


@pytest.hookimpl(trylast=True)
def pytest_bdd_after_scenario(request: pytest.FixtureRequest, feature: Any, scenario: Any) -> None:
    story: Story = request.getfixturevalue("story")
    signal.setitimer(signal.ITIMER_REAL, story.bench.rig.case_deadline_s)  # for the close, anew
    interrupted = isinstance(sys.exc_info()[1], (KeyboardInterrupt, pytest.exit.Exception))
    judged = close_case(story, interrupted=interrupted)
    signal.setitimer(signal.ITIMER_REAL, 0)
    request.node.user_properties += [
        ("verdict", judged.verdict.value), ("case", story.case.id.id), ("cause", judged.cause),
        ("numbers", ",".join(str(n) for n in description_of(request.node)["numbers"])),
    ]  # fmt: skip
    if interrupted:
        return
    lines = [
        f"{c.id}: {c.verdict}: expected {c.expected}; found {c.actual}" for c in judged.criteria if c.verdict != "PASS"
    ]
    if judged.verdict is Verdict.FAIL:
        raise NotConforming("\n".join(["FAIL", *lines]))
    if judged.verdict.value in UNDECIDED:
        raise Undecided("\n".join([f"{judged.verdict}: {judged.cause}", *lines]))


def close_case(story: Story, *, interrupted: bool = False) -> CaseVerdict:
    """Drain, idle, close the timeline, judge. Raises nothing."""
    case = story.case
    if interrupted:
        case.fault("cancelled", "harness", "run it again")
    try:
        for trouble in story.bench.close_case():
            case.fault(f"the case could not be closed: {trouble}", "harness", "see the worker's timeline")
        story.expect("idle.reached")
    except Exception as error:
        blame(case, error)
    case.close()
    return judge_case([record_from(record) for record in case.records], story.terms)


# ── outcome ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, (NotConforming, Undecided)):
        report.longrepr = str(call.excinfo.value)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    verdict = dict(getattr(report, "user_properties", ())).get("verdict")
    if report.when == "call" and verdict in UNDECIDED:
        return "error", "E", str(verdict)
    return None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    settings = config.stash.get(SETTINGS, None)
    if settings is None or hasattr(config, "workerinput"):
        return
    cancelled = config.stash[CANCELLED] or exitstatus in (pytest.ExitCode.INTERRUPTED, 130)
    finished = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    verdicts = end_run(settings, cancelled=cancelled, finished=finished)
    config.stash[VERDICTS] = verdicts
    session.exitstatus = int(exit_status(verdicts, cancelled=cancelled))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    verdicts = config.stash.get(VERDICTS, None)
    if verdicts is not None:
        terminalreporter.write_line(verdicts["statement_text"])
        terminalreporter.write_line(f"run folder: {config.stash[SETTINGS].folder}")


__all__ = ["bench", "story"]
