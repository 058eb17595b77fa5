"""Gherkin steps, slips and timelines in Allure's results, with allure-pytest alone. facts/ecosystem 2.

allure-pytest knows tests and fixtures; it is told here of scenarios, and kept from showing pytest-bdd's inner works.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import uuid
from collections.abc import Iterable
from typing import Any

import allure
import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger

from holdfast.features import example_of, numbers_of
from reports.runfolder import record_from
from reports.slips import draw_slip, find_cjk_font
from steps.story import Story

HOOK: Any = allure_commons.plugin_manager.hook
TELL: Any = allure.dynamic
LOGGER: Any = AllureFileLogger
STATE = pytest.StashKey[dict[str, Any]]()
INNER = ("pytestbdd_step", "_pytest_bdd_example")
WITHOUT_FILE = ("befores", "afters")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("allure_report_dir", None):
        quiet = _Quiet()
        allure_commons.plugin_manager.register(quiet)
        config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(quiet))


class _Quiet:
    """Runs before the file logger: drops pytest-bdd's own fixtures, parameters and the containers left empty by it."""

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: Any) -> None:
        result.parameters = [p for p in result.parameters if p.name not in INNER]

    @allure_commons.hookimpl(tryfirst=True)
    def report_container(self, container: Any) -> None:
        container.befores = [b for b in container.befores if not b.name.startswith(INNER)]
        container.afters = [a for a in container.afters if not a.name.startswith(INNER)]


_write_container = LOGGER.report_container


@allure_commons.hookimpl
def _report_container(self: Any, container: Any) -> None:
    """An empty container would be a file for every step definition of every test."""
    if any(getattr(container, part) for part in WITHOUT_FILE):
        _write_container(self, container)


LOGGER.report_container = _report_container  # before allure-pytest registers it; unregistering it breaks


# ── scenarios ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Any, scenario: Any) -> None:
    if not request.config.getoption("allure_report_dir", None):
        return
    request.node.stash[STATE] = {"open": None, "done": 0}
    story: Story = request.getfixturevalue("story")
    TELL.title(scenario.name)
    TELL.feature(feature.name)
    if scenario.rule is not None:
        TELL.story(scenario.rule.name)
    TELL.description(scenario.description or feature.description or story.case.id.id)
    tags = sorted({*scenario.tags, *feature.tags})
    for number in numbers_of(tags):
        TELL.label("case", str(number))
    for name, value in {**example_of(request.node), "rig": story.bench.rig.name}.items():
        TELL.parameter(name, value)  # the rig too: else Allure merges one test on two rigs, design 10


def pytest_bdd_before_step(
    request: pytest.FixtureRequest, feature: Any, scenario: Any, step: Any, step_func: Any
) -> None:
    state = request.node.stash.get(STATE, None)
    if state is not None:
        state["open"] = _start(f"{step.keyword} {step.name}")
        state["done"] += 1
        _attach_arguments(step)


def pytest_bdd_after_step(
    request: pytest.FixtureRequest, feature: Any, scenario: Any, step: Any, step_func: Any, step_func_args: Any
) -> None:
    _close(request)


def pytest_bdd_step_error(
    request: pytest.FixtureRequest, feature: Any, scenario: Any, step: Any, step_func: Any, step_func_args: Any,
    exception: Exception,
) -> None:  # fmt: skip
    _close(request, exception)


@pytest.hookimpl(wrapper=True)
def pytest_bdd_after_scenario(request: pytest.FixtureRequest, feature: Any, scenario: Any) -> Any:
    """Always called. Skips and interrupts bypass the step's own hooks, so what is open is closed here."""
    state = request.node.stash.get(STATE, None)
    if state is not None:
        _close(request, sys.exc_info()[1])
        for step in scenario.steps[state["done"] :]:
            _stop(_start(f"{step.keyword} {step.name}"), pytest.skip.Exception("not reached"))
    try:
        return (yield)
    finally:
        if state is not None:
            _attach_evidence(request.getfixturevalue("story"))


def _close(request: pytest.FixtureRequest, error: BaseException | None = None) -> None:
    state = request.node.stash.get(STATE, None)
    if state is not None and state["open"]:
        _stop(state["open"], error)
        state["open"] = None


def _start(title: str) -> str:
    step = str(uuid.uuid4())
    HOOK.start_step(uuid=step, title=title, params={})
    return step


def _stop(step: str, error: BaseException | None = None) -> None:
    HOOK.stop_step(
        uuid=step, exc_type=type(error) if error else None, exc_val=error, exc_tb=error.__traceback__ if error else None
    )


# ── attachments ───────────────────────────────────────────────────────────────────────────────────────────────────


def _attach_arguments(step: Any) -> None:
    if step.docstring is not None:
        allure.attach(step.docstring, "text", allure.attachment_type.TEXT)
    if step.datatable is not None:
        out = io.StringIO()
        csv.writer(out).writerows(step.datatable.raw())
        allure.attach(out.getvalue(), "table", allure.attachment_type.CSV)


def _attach_evidence(story: Story) -> None:
    """What the case left: slips, host messages, the timeline. All of it went through the recorder's mask."""
    records = story.case.records
    allure.attach("\n".join(_host_lines(records)), "host messages", allure.attachment_type.TEXT)
    for record in records:
        name = record.get("att", {}).get("slip")
        if name:
            data = (story.bench.plan.folder / "attachments" / name).read_bytes()
            allure.attach(draw_slip(data, find_cjk_font()), f"slip, event {record['n']}", allure.attachment_type.PNG)
    text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    allure.attach(text, "timeline", "application/x-ndjson", "jsonl")


def _host_lines(records: Iterable[dict[str, Any]]) -> Iterable[str]:
    for record in map(record_from, records):
        if record.channel == "host" and "message" in record.fields:
            arrow = {"out": "terminal to host", "in": "host to terminal"}.get(record.direction, "")
            yield f"event {record.number}, {arrow}"
            yield from (f"  {key}: {value}" for key, value in record.fields["message"].items())
