"""Scenarios as pytest runs them: the worker's bench, the story of each case, and what its verdict means to pytest."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.attempt import (
    MOST_ATTEMPTS,
    UNDECIDED,
    begin_step,
    blame,
    close_story,
    deviations,
    end_step,
    open_case,
    open_story,
)
from holdfast.features import case_of, description_of, is_case
from holdfast.run import SETTINGS
from protocols.faults import FOREIGN_CARD, ForeignCard
from reports.judge.case import CaseVerdict
from reports.judge.finding import Verdict
from rigs.allowlist import stop_run, stopped
from rigs.bench import Bench
from steps.story import Story


class NotConforming(AssertionError):
    """The verdict is FAIL."""


class Undecided(Exception):
    """The verdict is INCONCLUSIVE or ERROR: nothing is said of the device."""


class Inconclusive(Undecided):
    """The bench could not tell; another attempt may. Not after a foreign card: there is none then."""


def worker_of(config: pytest.Config) -> str:
    """The name of this xdist worker; empty in the process that the user started."""
    workerinput: dict[str, Any] = getattr(config, "workerinput", {})
    return str(workerinput.get("workerid", ""))


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The worker's bench, brought up for its first case and taken down after its last."""
    settings = request.config.stash[SETTINGS]
    worker = worker_of(request.config)
    position = int(worker.removeprefix("gw")) + 1 if worker else 0
    opened = Bench(settings.bench_plan(worker or "main", position)).open()
    yield opened
    opened.close()


@pytest.fixture
def story(request: pytest.FixtureRequest, bench: Bench) -> Story:
    """The case of this test. It is opened here and closed in `pytest_bdd_after_scenario`."""
    why = _why_over(request)  # while this worker's bench came up
    if why == FOREIGN_CARD:
        raise ForeignCard
    if why:
        raise Undecided(why)
    return open_story(bench, case_of(request.node), description_of(request.node))


def _why_over(item: pytest.Item | pytest.FixtureRequest) -> str:
    """Why the run is stopped, by whichever worker: a foreign card, or the criterion that it went on until."""
    settings = item.config.stash.get(SETTINGS, None)
    return stopped(Path(settings.folder)) if settings is not None else ""


def _end_when_reached(item: pytest.FixtureRequest, judged: CaseVerdict) -> None:
    """The criterion that the run goes on until has failed, with evidence: no further case is started."""
    settings = item.config.stash[SETTINGS]
    failed = (one for one in judged.criteria if one.verdict is Verdict.FAIL and one.evidence)
    if settings.until and any(one.id == settings.until for one in failed):
        stop_run(Path(settings.folder), f"{settings.until} has failed")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """A run that was stopped starts no further case, in no worker; those are NOT_RUN. Design 7."""
    return True if is_case(item) and _why_over(item) else None


def _story(request: pytest.FixtureRequest) -> Story:
    story: Story = request.getfixturevalue("story")
    return story


def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Any, scenario: Any) -> None:
    _story(request)


def pytest_bdd_before_step(
    request: pytest.FixtureRequest, feature: Any, scenario: Any, step: Any, step_func: Any
) -> None:
    begin_step(_story(request), step.keyword, step.name)


def pytest_bdd_after_step(
    request: pytest.FixtureRequest, feature: Any, scenario: Any, step: Any, step_func: Any, step_func_args: Any
) -> None:
    end_step(_story(request))


def pytest_bdd_step_error(
    request: pytest.FixtureRequest, feature: Any, scenario: Any, step: Any, step_func: Any, step_func_args: Any,
    exception: Exception,
) -> None:  # fmt: skip
    blame(_story(request).case, exception)


@pytest.hookimpl(trylast=True)
def pytest_bdd_after_scenario(request: pytest.FixtureRequest, feature: Any, scenario: Any) -> None:
    """Here and not in a fixture's teardown, where pytest and Allure would show a failure as passed. Design 4."""
    story = _story(request)
    interrupted = isinstance(sys.exc_info()[1], KeyboardInterrupt)
    judged = close_story(story, interrupted=interrupted)
    numbers = ",".join(str(n) for n in description_of(request.node)["numbers"])
    told = {"verdict": judged.verdict.value, "case": story.case.id.id, "cause": judged.cause, "numbers": numbers}
    others = [(name, value) for name, value in request.node.user_properties if name not in told]
    request.node.user_properties[:] = [*others, *told.items()]
    if interrupted:
        return
    _end_when_reached(request, judged)
    if judged.verdict is Verdict.FAIL:
        raise NotConforming("\n".join(["FAIL", *deviations(judged)]))
    if judged.verdict in UNDECIDED:
        again = judged.verdict is Verdict.INCONCLUSIVE and not _why_over(request)
        kind = Inconclusive if again else Undecided
        raise kind("\n".join([f"{judged.verdict}: {judged.cause}", *deviations(judged)]))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """An inconclusive case is told again, from its first step, on a timeline of its own."""
    try:
        return (yield)
    except Inconclusive:
        if not is_case(pyfuncitem):
            raise
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in ("request", "_pytest_bdd_example")}
    for attempt in range(2, MOST_ATTEMPTS + 1):
        story: Story = arguments["request"].getfixturevalue("story")
        story.begin_again(open_case(story.bench, case_of(pyfuncitem), description_of(pyfuncitem)))
        try:
            pyfuncitem.obj(**arguments)
            return True
        except Inconclusive:
            if attempt == MOST_ATTEMPTS:
                raise
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, (NotConforming, Undecided, ForeignCard)):
        report.longrepr = str(call.excinfo.value)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """INCONCLUSIVE and ERROR are errors, never failures of the device."""
    verdict = dict(getattr(report, "user_properties", ())).get("verdict")
    if report.when == "call" and verdict in UNDECIDED:
        return "error", "E", str(verdict)
    return None


__all__ = ["bench", "story"]
