"""The journal: traces, and the reversal that is armed before a request leaves."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.totals import Totals
from protocols.transactions import Transaction
from simulators.terminal.batchbook import Booked
from simulators.terminal.journal import Journal
from tests.simulators.kit import PAN, ROOT


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
    journal.count_on_from(999_998)
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


def booked(trace: str, transaction: str = "sale", amount: int = 10_00, **more: str) -> Booked:
    return Booked(trace, transaction, PAN, "625094******0014", amount, **more)


def test_a_finished_approval_is_disarmed_and_booked_in_one_step(journal: Journal) -> None:
    arm(journal, "000001")
    journal.complete(booked("000001"))
    assert journal.armed() is None
    assert [record.trace for record in journal.batch.records()] == ["000001"]


def test_what_fails_on_the_way_leaves_all_as_it_was(journal: Journal) -> None:
    arm(journal, "000001")

    def half() -> None:
        with journal.together():
            journal.disarm("000001")
            raise KeyError("the rest fails")

    with pytest.raises(KeyError):
        half()
    assert journal.armed() is not None


def test_sums_are_of_the_named_transactions_alone(journal: Journal) -> None:
    """3.3"""
    for trace, name, amount in (("1", "sale", 3_00), ("2", "sale", 4_00), ("3", "sale void", 3_00), ("4", "cancel", 9)):
        journal.batch.book(booked(trace.zfill(6), name, amount))
    assert journal.batch.sums(("sale", "completion"), ("sale void",)) == Totals(7_00, 2, 3_00, 1)
    assert journal.batch.size() == 4


def test_a_closed_batch_is_out_of_the_way_and_numbers_count_up(journal: Journal) -> None:
    journal.batch.book(booked("000001"))
    assert (journal.batch.number, journal.batch.close()) == ("000001", "000002")
    assert journal.batch.records() == []
    journal._db.execute("UPDATE batch_number SET value = 999999")
    assert journal.batch.close() == "000001"
    assert journal.batch.records() == []  # a number that comes again starts empty


def test_a_stored_transaction_is_approved_when_it_is_acknowledged(journal: Journal) -> None:
    journal.batch.book(booked("000001", "refund", state="stored"))
    journal.batch.acknowledged("000001", "A00001", "112000000001", "1120")
    [record] = journal.batch.records()
    assert (record.state, record.approval, record.reference, record.date) == (
        "approved", "A00001", "112000000001", "1120",
    )  # fmt: skip


def test_a_trace_that_comes_again_is_another_transaction(journal: Journal) -> None:
    """After a wrap: the older one is left alone."""
    journal.batch.book(booked("000001", amount=1))
    journal.batch.book(booked("000001", amount=2))
    journal.batch.mark("000001", "given up")
    assert [(r.amount, r.state) for r in journal.batch.records()] == [(1, "approved"), (2, "given up")]


def test_stored_messages_come_back_as_they_were_and_in_order(journal: Journal) -> None:
    for trace in ("000009", "000003"):
        journal.outbox.put(Transaction.ADVICE, {0: "0220", 11: trace, 4: "000000001000", 55: b"\x9f"})
    first, second = journal.outbox.waiting()
    assert (first.trace, second.trace, first.amount, first.tries) == ("000009", "000003", 10_00, 0)
    assert first.message == {0: "0220", 11: "000009", 4: "000000001000", 55: b"\x9f"}


def test_a_stored_message_that_is_given_up_stays_in_the_batch(journal: Journal) -> None:
    """3.3: it is among the records of an unbalanced batch."""
    journal.outbox.put(Transaction.ADVICE, {0: "0220", 11: "000001"})
    journal.batch.book(booked("000001", "completion advice", state="stored"))
    journal.give_up_stored("000001")
    assert journal.given_up() == ["000001"]
    assert journal.outbox.waiting() == []
    assert [record.state for record in journal.batch.records()] == ["given up"]


def test_downloads_are_kept_by_name_and_a_newer_one_replaces(journal: Journal) -> None:
    journal.keep_download("CA key", "A000000333 80", b"old")
    journal.keep_download("CA key", "A000000333 80", b"new")
    assert journal.downloads("CA key") == {"A000000333 80": b"new"}
    assert journal.downloads("IC parameters") == {}


def test_a_record_does_not_show_its_card() -> None:
    assert PAN not in repr(booked("000001"))


CRASH = """
import sys
from pathlib import Path
from protocols.transactions import Transaction
from simulators.terminal.batchbook import Booked
from simulators.terminal.journal import Journal
journal = Journal(Path(sys.argv[1]))
trace = journal.next_trace()
journal.arm(trace, "completion", {4: "000000010000"}, "98")
journal.explain(trace, "96", "A00001")
journal.tried(trace)
journal.outbox.put(Transaction.REFUND, {0: "0220", 11: "000009"})
journal.outbox.tried("000009")
journal.batch.book(Booked("000009", "refund", "0000000000000000", "000000******0000", 100, state="stored"))
journal.batch.close()
journal.batch.book(Booked("000010", "sale", "0000000000000000", "000000******0000", 200))
print("armed", flush=True)
sys.stdin.read()
"""


def test_sigkill_finds_reversal_stored_message_batch_and_counters_again(tmp_path: Path) -> None:
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
    [kept] = journal.outbox.waiting()
    assert (kept.trace, kept.transaction, kept.tries) == ("000009", Transaction.REFUND, 1)
    assert journal.batch.number == "000002"
    assert [record.trace for record in journal.batch.records()] == ["000010"]
    journal.close()
