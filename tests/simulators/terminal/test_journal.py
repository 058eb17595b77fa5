"""The journal: traces, and the reversal that is armed before a request leaves."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.terminal.journal import Journal
from tests.simulators.kit import ROOT


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


def arm(journal: Journal, trace: str) -> None:
    journal.arm(trace, "pre-authorisation", {3: "030000", 11: trace}, "98")


def test_traces_count_up_from_one(journal: Journal) -> None:
    assert [journal.next_trace() for _ in range(3)] == ["000001", "000002", "000003"]


def test_after_999999_comes_000001(journal: Journal) -> None:
    """facts 2: there is no trace 000000."""
    journal.next_trace()
    journal._db.execute("UPDATE counter SET value = 999998")
    assert [journal.next_trace() for _ in range(3)] == ["999999", "000001", "000002"]


def test_an_armed_reversal_has_all_that_was_written(journal: Journal) -> None:
    arm(journal, "000007")
    armed = journal.armed()
    assert armed is not None
    assert (armed.trace, armed.transaction, armed.fields) == (
        "000007",
        "pre-authorisation",
        {3: "030000", 11: "000007"},
    )
    assert (armed.reason, armed.approval, armed.tries) == ("98", "", 0)


def test_the_oldest_is_due_first(journal: Journal) -> None:
    for trace in ("000009", "000003", "000005"):
        arm(journal, trace)
    due = []
    while (armed := journal.armed()) is not None:
        due.append(armed.trace)
        journal.disarm(armed.trace)
    assert due == ["000009", "000003", "000005"]


def test_explaining_one_leaves_the_others_alone(journal: Journal) -> None:
    arm(journal, "000001")
    arm(journal, "000002")
    journal.explain("000002", "96", "A00002")
    assert journal.armed() is not None
    assert journal.armed().reason == "98"  # type: ignore[union-attr]
    journal.disarm("000001")
    armed = journal.armed()
    assert armed is not None
    assert (armed.reason, armed.approval) == ("96", "A00002")


def test_a_later_reason_keeps_the_approval_of_its_own_trace(journal: Journal) -> None:
    """Not that of the oldest one armed."""
    arm(journal, "000001")
    journal.explain("000001", "96", "A00001")
    arm(journal, "000002")
    journal.explain("000002", "96", "A00002")
    journal.explain("000002", "06")
    journal.disarm("000001")
    armed = journal.armed()
    assert armed is not None
    assert (armed.reason, armed.approval) == ("06", "A00002")


def test_what_is_given_up_goes_to_the_exception_list(journal: Journal) -> None:
    arm(journal, "000001")
    journal.tried("000001")
    journal.tried("000001")
    assert journal.armed().tries == 2  # type: ignore[union-attr]
    journal.give_up("000001")
    assert journal.armed() is None
    assert journal.given_up() == ["000001"]


def test_the_journal_is_written_through_to_disk(journal: Journal) -> None:
    """`synchronous` 2 is FULL."""
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)


CRASH = """
import sys
from pathlib import Path
from simulators.terminal.journal import Journal
journal = Journal(Path(sys.argv[1]))
trace = journal.next_trace()
journal.arm(trace, "completion", {4: "000000010000"}, "98")
journal.explain(trace, "96", "A00001")
journal.tried(trace)
print("armed", flush=True)
sys.stdin.read()
"""


def test_sigkill_finds_the_armed_reversal_and_the_trace_counter_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    command = [sys.executable, "-c", CRASH, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as terminal:
        assert terminal.stdout is not None
        assert terminal.stdout.readline() == b"armed\n"
        terminal.send_signal(signal.SIGKILL)
    journal = Journal(path)
    armed = journal.armed()
    assert armed is not None
    assert (armed.trace, armed.reason, armed.approval, armed.tries) == ("000001", "96", "A00001", 1)
    assert armed.fields == {4: "000000010000"}
    assert journal.next_trace() == "000002"
    journal.close()
