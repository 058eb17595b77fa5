"""A card outside the allow-list stops the whole run, is kept nowhere, and the report says no more of it. Case 215."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from protocols.faults import FOREIGN_CARD
from reports.runfolder import Record, RunFolder
from rigs.allowlist import CORE_FILTER, STOPPED
from simulators.reader import unavailable
from tests.rigs.kit import rig_file
from tests.support.commands import DEADLINE_S, ROOT
from tests.support.foreign import FOREIGN, forms_in
from tests.support.foreign_steps import CRASH, KEEP, LIMITS
from tests.support.secret_search import layers

STEPS = "tests.support.foreign_steps"
FOREIGN_SCENARIO = """
  Scenario: A card of nobody's list
    Given {given}
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
"""
BEFORE = """
  Scenario: Before it
    Given a credit card in the reader
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
"""
AFTER = """
  Scenario: After it, {number}
    Given a debit card in the reader
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
"""
AFTERWARDS = 12


@dataclass(frozen=True)
class Ended:
    """A run that is over: what it printed, its folder, and all places that it may have left something in."""

    status: int
    printed: str
    root: Path

    @property
    def folder(self) -> Path:
        return (self.root / "runs" / "latest").resolve()

    @property
    def verdicts(self) -> dict[str, Any]:
        return RunFolder(self.folder).verdicts()

    def cases(self, verdict: str) -> list[dict[str, Any]]:
        return [case for case in self.verdicts["cases"] if case["verdict"] == verdict]

    def records(self, case: dict[str, Any]) -> list[Record]:
        return RunFolder(self.folder).records(case["timeline"])

    def leaks(self) -> dict[str, set[str]]:
        """Files, and what was printed, in which the number stands in whatever form."""
        found = {"printed": forms_in(self.printed.encode())}
        for path in self.root.rglob("*"):
            if path.is_file():
                found[str(path.relative_to(self.root))] = {form for layer in layers(path) for form in forms_in(layer)}
        return {name: forms for name, forms in found.items() if forms}


GIVEN = "a card of nobody's list in the reader"
ROBOT = """
*** Settings ***
Library             tests.support.foreign_robot.Foreign


*** Test Cases ***
A card of nobody's list
    Given a card of nobody's list in the reader
    When the merchant asks for a hold of the usual amount

After it
    Given a credit card in the reader
    When the merchant asks for a hold of the usual amount

After that
    Given a debit card in the reader
    When the merchant asks for a hold of the usual amount
"""


def feature(folder: Path, given: str) -> Path:
    path = folder / "foreign.feature"
    scenarios = [BEFORE, FOREIGN_SCENARIO.format(given=given)]
    scenarios += [AFTER.format(number=number) for number in range(AFTERWARDS)]
    path.write_text("Feature: Only test cards\n" + "".join(scenarios), "utf-8")
    return path


@contextmanager
def folder() -> Iterator[Path]:
    """A folder short enough for sockets below it: all that a run may write lies in it."""
    with tempfile.TemporaryDirectory(prefix="hf-", dir="/tmp") as name:
        for part in ("tmp", "cwd", "private"):
            (Path(name) / part).mkdir()
        yield Path(name)


@pytest.fixture
def root() -> Iterator[Path]:
    with folder() as made:
        yield made


@pytest.fixture(scope="module")
def ended() -> Iterator[Ended]:
    """A run with all its documents, as `holdfast certify` makes it where nothing else is said."""
    with folder() as made:
        yield run(made, GIVEN, documents=True)


def run(
    root: Path, given: str, *, workers: int = 1, service: str = "auto", documents: bool = False,
    extra: Mapping[str, str] | None = None,
) -> Ended:  # fmt: skip
    """`holdfast certify` with a foreign card in its second case."""
    options = ["--features", feature(root, given), "--steps", STEPS, "--workers", workers]
    options += [] if documents else ["--verdicts-only"]
    return started(root, ["holdfast", "certify", *options], service, extra or {})


def started(root: Path, command: Sequence[object], service: str = "auto", extra: Mapping[str, str] = {}) -> Ended:
    """A module of Python run in a process of its own, which would write core files, were it let."""
    words = [*command, "--rig", rig_file(root, reader={"service": service}), "--out", root / "runs"]
    here = {"PYTHONPATH": str(ROOT), "TMPDIR": str(root / "tmp"), KEEP: str(root / "private")}
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)], cwd=root / "cwd", env={**os.environ, **here, **extra},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=DEADLINE_S, check=False,
        preexec_fn=cores_wanted,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout + done.stderr, root)


USUAL_CORE = "0x33"
"""What of a process's memory is in its core file where nobody chose. core(5)"""


def cores_wanted() -> None:
    """Whatever a guard that an earlier test had in this process left of core files."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    CORE_FILTER.write_text(USUAL_CORE, "ascii")


def assert_stopped(ended: Ended) -> dict[str, Any]:
    """The one case that saw the card; checked: how the run ended, and what is said of it where."""
    assert ended.status == 2, ended.printed
    assert ended.verdicts["statement"] == "INCOMPLETE"
    assert FOREIGN_CARD in ended.verdicts["qualifiers"]
    assert FOREIGN_CARD in ended.printed
    assert not {"FAIL", "ERROR"} & set(ended.verdicts["counts"])
    (seen,) = ended.cases("INCONCLUSIVE")
    assert seen["cause"] == FOREIGN_CARD
    assert len(seen["attempts"]) == 1, "it was told again"
    return seen


def record_of(records: Sequence[Record], channel: str, kind: str, **fields: Any) -> list[Record]:
    return [r for r in records if (r.channel, r.kind) == (channel, kind) and fields.items() <= dict(r.fields).items()]


def assert_nothing_was_read_on(records: Sequence[Record]) -> None:
    """The record that shows the number was asked for; its answer was not told, and nothing was asked after it."""
    (fault,) = record_of(records, "rig", "fault")
    commands = record_of(records, "card", "command", name="READ RECORD")
    answers = record_of(records, "card", "response", name="READ RECORD")
    assert commands[-1].number == fault.number - 1, "something came between the command and the end"
    assert len(answers) == len(commands) - 1, "the answer that shows the number is told"
    assert [r for r in records if r.channel == "card" and r.number > fault.number] == [], "the card was read on"


def test_the_run_stops_at_the_first_record_and_no_further_case_is_started(ended: Ended) -> None:
    seen = assert_stopped(ended)
    assert [case["name"] for case in ended.cases("PASS")] == ["Before it"]
    assert len(ended.cases("NOT_RUN")) == AFTERWARDS
    assert_nothing_was_read_on(ended.records(seen))


def test_the_number_stands_nowhere(ended: Ended) -> None:
    assert ended.leaks() == {}


def test_what_was_searched_is_what_there_is_to_search(ended: Ended) -> None:
    """The twins' databases, the daemon's log and every document."""
    names = {path.name for path in ended.root.rglob("*") if path.is_file()}
    assert {"ledger.sqlite", "ledger.sqlite-wal", "journal.sqlite", "report.pdf", "report.html", "junit.xml"} <= names
    assert unavailable() or "pcscd.log" in names
    assert not list(ended.root.glob("tmp/holdfast-*/bench-*")), "the private directory is left"


def test_the_timeline_says_no_more_of_it_than_that(ended: Ended) -> None:
    (fault,) = record_of(ended.records(ended.cases("INCONCLUSIVE")[0]), "rig", "fault")
    advice = "take it out, and start the run anew with test cards"
    assert dict(fault.fields) == {"cause": FOREIGN_CARD, "component": "card", "advice": advice}


def test_every_document_says_so(ended: Ended) -> None:
    pdf = "".join("".join(page.extract_text() for page in PdfReader(ended.folder / "report.pdf").pages).split())
    assert "".join(f"The run was cut short: {FOREIGN_CARD}".split()) in pdf
    assert f"The run was cut short: {FOREIGN_CARD}" in (ended.folder / "report.html").read_text("utf-8")
    end = json.loads((ended.folder / "end.json").read_text("utf-8"))
    assert (end["status"], end["ended_by"]) == ("stopped", FOREIGN_CARD)
    assert (ended.folder / STOPPED).read_text("utf-8") == f"{FOREIGN_CARD}\n"
    results = [json.loads(p.read_text("utf-8")) for p in (ended.folder / "allure-results").glob("*-result.json")]
    assert any(FOREIGN_CARD in json.dumps(result) for result in results)


def test_junit_says_so(ended: Ended) -> None:
    suite = ET.parse(ended.folder / "junit.xml").getroot()
    (error,) = [e for e in suite.iter("error") if str(e.get("message")).startswith("INCONCLUSIVE")]
    assert error.get("message") == f"INCONCLUSIVE {FOREIGN_CARD}"
    assert FOREIGN_CARD in [p.get("value") for p in suite.iter("property") if p.get("name") == "qualifier"]


def test_it_is_so_with_the_reader_in_process(root: Path) -> None:
    ended = run(root, GIVEN, service="in-process")
    assert_nothing_was_read_on(ended.records(assert_stopped(ended)))
    assert len(ended.cases("NOT_RUN")) == AFTERWARDS
    assert ended.leaks() == {}


def test_all_workers_stop(root: Path) -> None:
    ended = run(root, GIVEN, workers=2)
    (fault,) = record_of(ended.records(assert_stopped(ended)), "rig", "fault")
    opened = [ended.records(case)[0] for case in ended.cases("PASS")]
    assert sum(r.t_ns > fault.t_ns for r in opened) <= 1  # one may just have been beginning
    assert len(ended.cases("NOT_RUN")) >= AFTERWARDS // 2
    assert ended.leaks() == {}


def test_a_record_that_is_cut_within_its_number_stops_the_run_too(root: Path) -> None:
    """Track 2 begins at the fifth byte: ten digits of it are there."""
    ended = run(root, "a card of nobody's list whose record is cut to 9 bytes", service="in-process")
    assert_nothing_was_read_on(ended.records(assert_stopped(ended)))
    assert ended.leaks() == {}


def test_a_number_that_is_typed_stops_the_run_too(root: Path) -> None:
    given = "a credit card in the reader\n    And a hold of the usual amount\n"
    given += (
        "    And an operator who types a number of nobody's list\n    When the merchant cancels it without the card"
    )
    ended = run(root, given, service="in-process")
    assert_stopped(ended)
    assert len(ended.cases("NOT_RUN")) == AFTERWARDS
    assert ended.leaks() == {}


def test_plain_pytest_that_shows_all_it_can_shows_nothing_of_it(root: Path) -> None:
    command = ["pytest", feature(root, GIVEN), "--rootdir", ROOT, "-c", ROOT / "pyproject.toml"]
    command += ["-p", "no:cacheprovider", "-p", "conftest", "-p", STEPS]
    ended = started(root, [*command, "--showlocals", "--tb=long", "-vv", "--verdicts-only"])
    assert_stopped(ended)
    assert ended.leaks() == {}


def test_robot_framework_stops_too(root: Path) -> None:
    suite = root / "foreign.robot"
    suite.write_text(ROBOT, "utf-8")
    ended = started(root, ["holdfast", "certify", "--robot", "--features", suite], "in-process")
    assert_stopped(ended)
    assert [case["name"] for case in ended.cases("NOT_RUN")] == ["After it", "After that"]
    told = (ended.folder / "robot" / "output.xml").read_text("utf-8")
    assert told.count("Test execution stopped due to a fatal error.") >= 2
    assert ended.leaks() == {}


# ── core files ────────────────────────────────────────────────────────────────────────────────────────────────────


def cores(root: Path) -> list[Path]:
    """Core files that a process left where it stood."""
    return [path for path in (root / "cwd").iterdir() if path.name.startswith("core")]


HOLDS_IT = """
import os, sys
number = "".join(reversed(sys.argv[1]))
{guard}
os.abort()
"""


def crashed(root: Path, guard: str) -> set[str]:
    """What the core file of a process that holds the number shows of it; skips where no core is written."""
    code = HOLDS_IT.format(guard=guard)
    subprocess.run(
        [sys.executable, "-c", code, FOREIGN[::-1]], cwd=root / "cwd", env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=cores_wanted, check=False, timeout=DEADLINE_S,
    )  # fmt: skip
    return {form for core in cores(root) for form in forms_in(core.read_bytes())}


WRITTEN = Path("/proc/sys/kernel/core_pattern").read_text().strip() == "core"
needs_cores = pytest.mark.skipif(not WRITTEN, reason="cores do not go to the folder of who crashes here")


@needs_cores
def test_without_a_guard_a_core_file_does_hold_the_number(root: Path) -> None:
    """So the search of the next ones can find it."""
    assert "ascii" in crashed(root, "")


@needs_cores
def test_a_process_that_watches_a_reader_writes_no_core_file(root: Path) -> None:
    assert crashed(root, "from rigs.allowlist import no_core_files; no_core_files()") == set()
    assert cores(root) == []


@needs_cores
def test_where_a_core_is_written_all_the_same_no_memory_is_in_it(root: Path) -> None:
    """As where cores go to a program, which no limit keeps from it."""
    guard = "import resource; resource.setrlimit = print; from rigs.allowlist import no_core_files; no_core_files()"
    assert crashed(root, guard) == set()
    assert len(cores(root)) == 1


@needs_cores
def test_a_worker_that_crashes_after_it_leaves_no_core_file(root: Path) -> None:
    ended = run(root, GIVEN, extra={CRASH: "yes"})
    assert ended.status == -signal.SIGABRT
    assert cores(root) == []
    assert ended.leaks() == {}


@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
def test_the_daemon_of_the_bench_may_write_no_core_file_either(root: Path) -> None:
    run(root, GIVEN, extra={LIMITS: str(root / "limits")})
    limits = (root / "limits").read_text("utf-8")
    assert re.search(r"Max core file size +[01] +[01] ", limits), limits
    assert limits.endswith("coredump_filter 00000000\n")
