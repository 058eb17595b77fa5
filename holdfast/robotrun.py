"""`holdfast certify --robot`: Robot Framework suites on the same bench, with the same criteria, verdicts and report."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from holdfast.attempt import UNDECIDED, begin_step, blame, close_story, deviations, end_step, open_story
from holdfast.features import numbers_of
from holdfast.progress import COLOURS, print_summary
from holdfast.run import ROOT, End, end_run, start_run, write_plan, write_report
from holdfast.status import exit_status
from protocols.faults import ConfigurationError
from reports.judge.finding import Verdict
from rigs.allowlist import stopped
from rigs.bench import Bench
from rigs.case import CaseId
from steps.robot import Holdfast
from steps.story import Story

if TYPE_CHECKING:
    from holdfast.certify import Wanted

DEFAULT_SUITES = ROOT / "features" / "robot"
STOPPED_BY_USER = 253
DECLINED = 252


def certify_robot(wanted: Wanted, console: Console) -> int:
    """Run the suites; returns the exit status of design 4. Raises ConfigurationError before a device moves."""
    if wanted.until:
        raise ConfigurationError("Robot suites run to their end", advice="leave --until out, or run feature files")
    suites = [str(path) for path in wanted.features or (DEFAULT_SUITES,)]
    cases = planned_cases(suites)
    _dry_run(suites)
    settings = start_run(
        rig=wanted.rig, market=wanted.market, out=wanted.out, defects=wanted.defects, seed=wanted.shuffle,
        features=sorted({Path(case["source"]) for case in cases}),
        title=wanted.title, plan="Robot Framework suites",
    )  # fmt: skip
    folder = Path(settings.folder)
    write_plan(folder, [_without_source(case) for case in cases], [], subset=True)
    bench = Bench(settings.bench_plan("main", 0)).open()
    try:
        code = _run_robot(suites, listener=CaseListener(bench, console), outputdir=str(folder / "robot"))
    finally:
        bench.close()
    status = End.CANCELLED if code == STOPPED_BY_USER else End.COMPLETE if code < DECLINED else End.STOPPED
    ended_by = "interrupted" if status is End.CANCELLED else ""
    if stopped(folder):
        status, ended_by = End.STOPPED, stopped(folder)
    verdicts = end_run(settings, status=status, ended_by=ended_by)
    write_report(settings, verdicts_only=wanted.verdicts_only)
    print_summary(console, verdicts, folder)
    return int(exit_status(verdicts, cancelled=status is End.CANCELLED))


def _run_robot(suites: Sequence[str], **options: Any) -> int:
    """Robot's own console output is kept back: progress and summary are ours."""
    from robot.run import run

    quiet = io.StringIO()
    return int(
        run(
            *suites, pythonpath=[str(ROOT)], console="none", stdout=quiet, stderr=quiet, consolecolors="off",
            loglevel="INFO", **options,
        )
    )  # fmt: skip


def _dry_run(suites: Sequence[str]) -> None:
    """Robot's pre-flight: every keyword exists and its arguments fit."""
    found = _Problems()
    code = _run_robot(suites, dryrun=True, output="NONE", log="NONE", report="NONE", listener=found)
    if code:
        raise ConfigurationError("preflight:\n  " + "\n  ".join(found.lines or [f"Robot Framework says {code}"]))


class _Problems:
    """Collects what a dry run objects to."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self) -> None:
        self.lines: list[str] = []

    def end_test(self, data: Any, result: Any) -> None:
        if not result.passed:
            self.lines.append(f"{Path(data.source).name}:{data.lineno} {data.name}: {result.message}")


# ── plan ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def planned_cases(suites: Sequence[str]) -> list[dict[str, Any]]:
    """Every test case of the suites as the plan has it. Raises ConfigurationError when there is none."""
    from robot.api import TestSuite
    from robot.errors import DataError

    try:
        root = TestSuite.from_file_system(*suites)
    except DataError as error:
        raise ConfigurationError(str(error), advice="name .robot files or folders of them") from None
    cases = [{**describe(test), "source": str(test.source)} for test in root.all_tests]
    if not cases:
        raise ConfigurationError("the suites hold no test case")
    return cases


def _without_source(case: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in case.items() if key != "source"}


def identity_of(test: Any) -> CaseId:
    """A case's identity: suite path and name. As with Gherkin, never the framework's own id."""
    path = Path(test.source).resolve()
    return CaseId(path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name, test.name, {})


def describe(test: Any) -> dict[str, Any]:
    """What reports say of a case, from its suite file."""
    identity = identity_of(test)
    tags = sorted(str(tag) for tag in test.tags)
    steps = [f"  {' '.join((step.name, *map(str, step.args)))}" for step in test.body]
    heading = [f"@{' @'.join(tags)}"] if tags else []
    return {
        "id": identity.id, "folder": identity.folder, "name": test.name, "feature": test.parent.name,
        "numbers": numbers_of(tags), "tags": tags, "purpose": " ".join(test.doc.split()),
        "gherkin": "\n".join([*heading, f"Test case: {test.name}", *steps]),
    }  # fmt: skip


# ── cases ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class CaseListener:
    """Puts a story behind the keywords of each test case, and gives the case its verdict at its end."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self, bench: Bench, console: Console) -> None:
        self._bench = bench
        self._console = console
        self._story: Story | None = None
        self._libraries: list[Holdfast] = []
        self._broken = False

    def library_import(self, library: Any, importer: Any) -> None:
        if isinstance(library.instance, Holdfast):
            self._libraries.append(library.instance)

    def start_test(self, data: Any, result: Any) -> None:
        if stopped(self._bench.plan.folder):
            return  # Robot goes through the tests that it does not run any more
        described = {key: value for key, value in describe(data).items() if key not in ("id", "folder")}
        story = open_story(self._bench, identity_of(data), described)
        self._story = story
        for library in self._libraries:
            library.attach(story, self._blame)

    def _blame(self, error: BaseException) -> None:
        assert self._story is not None
        self._broken = True
        blame(self._story.case, error)

    def start_library_keyword(self, data: Any, implementation: Any, result: Any) -> None:
        if self._story is not None:
            self._broken = False
            first, _, rest = str(data.name).partition(" ")
            begin_step(self._story, first, rest)

    def end_library_keyword(self, data: Any, implementation: Any, result: Any) -> None:
        if self._story is not None and not self._broken:
            end_step(self._story)

    def end_test(self, data: Any, result: Any) -> None:
        story, self._story = self._story, None
        for library in self._libraries:
            library.detach()
        if story is None:
            return
        judged = close_story(story, interrupted=result.failed and "terminated by signal" in result.message)
        lines = deviations(judged)
        if judged.verdict is Verdict.FAIL or judged.verdict in UNDECIDED:
            result.status = "FAIL"
            result.message = "\n".join([f"{judged.verdict}: {judged.cause}", *lines])
        else:
            result.status, result.message = "PASS", str(judged.verdict)
        head = Text.assemble((str(judged.verdict), COLOURS.get(judged.verdict, "")), "  ", data.name)
        self._console.print(head, highlight=False)
        for line in lines:
            self._console.print(Text("      " + line, style="dim"), highlight=False)
