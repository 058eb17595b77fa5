"""One attempt at a case, whoever tells it: opened, blamed when it breaks, closed, judged.

Gherkin (`holdfast/cases.py`) and Robot Framework (`holdfast/robotrun.py`) come through here, so that both leave the
same timeline and get the same verdict.
"""

from __future__ import annotations

import signal
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from protocols.events import Channel
from protocols.faults import DutFault, ForeignCard, HoldfastError, RigFault
from reports.judge.case import CaseVerdict, Terms, judge_case
from reports.judge.finding import Judged, Verdict
from rigs.allowlist import forget
from rigs.bench import Bench
from rigs.case import Case, CaseId
from steps.story import Story

UNDECIDED = (Verdict.INCONCLUSIVE, Verdict.ERROR)
MOST_ATTEMPTS = 2
"""An INCONCLUSIVE attempt says nothing of the device: the case is told once more, and every attempt is kept."""


def open_story(bench: Bench, identity: CaseId, description: Mapping[str, Any]) -> Story:
    """A new attempt: its timeline is open, and its deadline runs."""
    case = open_case(bench, identity, description)
    seconds = bench.response_timeout_s / bench.rig.time_scale
    under_test = frozenset(component.value for component in bench.rig.dut)
    terms = Terms(bench.market, under_test, int(seconds * 1e9), bench.rig.reader.limits)
    return Story(bench, case, terms)


def open_case(bench: Bench, identity: CaseId, description: Mapping[str, Any]) -> Case:
    """A timeline of its own, and a fresh deadline. It tells which terminal is under test: another may speak, too."""
    start_deadline(bench.rig.case_deadline_s)
    described = {"terminal": bench.rig.terminal.terminal_id, "worker": bench.plan.worker, **description}
    return Case(bench.recorder, bench.plan.folder, identity, described)


def start_deadline(seconds: float) -> None:
    """From now on, and again each time that it has passed: what comes after may hang too. 0 ends it.

    In the main thread, where a blocked wait can be interrupted.
    """
    signal.signal(signal.SIGALRM, _deadline)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)


def _deadline(number: int, frame: FrameType | None) -> None:
    raise RigFault("the case's deadline has passed", advice="what does the timeline show last?", component="harness")


def begin_step(story: Story, keyword: str, text: str) -> None:
    """A step starts."""
    story.case.emit(Channel.STEP, "begin", keyword=keyword, text=text)


def end_step(story: Story) -> None:
    """A step is through."""
    story.case.emit(Channel.STEP, "end", status="done")


def blame(case: Case, error: BaseException) -> None:
    """Record who broke the step: the bench, the device, or Holdfast itself."""
    case.emit(Channel.STEP, "end", status="broken", message=_safe(error))
    if isinstance(error, ForeignCard):
        forget(error)  # the guard has told of it
        return
    if isinstance(error, DutFault):
        return
    if isinstance(error, RigFault):
        case.fault(error.message, error.component, error.advice, type(error).__name__)
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        case.bug(_safe(error), f"{Path(place.filename).name}:{place.lineno}")


def _safe(error: BaseException) -> str:
    """The text of an error of ours is safe to log; of any other its class alone is."""
    return str(error) if isinstance(error, HoldfastError) else type(error).__name__


def close_story(story: Story, *, interrupted: bool = False) -> CaseVerdict:
    """Drain, idle, close the timeline, judge. Raises nothing."""
    case = story.case
    start_deadline(story.bench.rig.case_deadline_s)  # anew, for the close
    if interrupted:
        case.fault("cancelled", "harness", "run it again")
    try:
        for trouble in story.bench.close_case():
            case.fault(f"the case could not be closed: {trouble}", "harness", "see the worker's timeline")
        story.expect("idle.reached")
    except Exception as error:
        blame(case, error)
    start_deadline(0)
    case.close()
    judged = judge_case(story.records(), story.terms, story.before)
    story.before.append(judged)
    return judged


def deviations(judged: CaseVerdict) -> list[str]:
    """One line for each criterion that did not pass, those that failed first."""
    told = [criterion for criterion in judged.criteria if criterion.verdict is not Verdict.PASS]
    return [_line(criterion) for criterion in sorted(told, key=lambda c: c.verdict is not Verdict.FAIL)]


def _line(criterion: Judged) -> str:
    return f"{criterion.id}: {criterion.verdict}: expected {criterion.expected}; found {criterion.actual}"
