"""Orders, outcomes, events and faults: small values with a few rules of their own."""

from __future__ import annotations

import time

import pytest

from protocols.events import Channel, Direction, Event, discard
from protocols.faults import CardRemoved, DeviceSilent, HoldfastError, PrinterGone, ReaderGone, RigFault
from protocols.money import Money
from protocols.orders import Order, Original, Outcome, Result
from protocols.printing import Paper, PrinterStatus
from protocols.transactions import Transaction

OUTCOME = Outcome(
    Transaction.PREAUTH, Result.APPROVED, Money(10000), "00", approval="123456", reference="051000000203",
    trace="000042", batch="000001", date="0510",
)  # fmt: skip


def test_an_outcome_names_itself_for_a_later_transaction() -> None:
    assert OUTCOME.as_original() == Original("123456", "0510", Money(10000), "000042", "000001", "051000000203")
    assert Order(Transaction.CANCEL, Money(10000), OUTCOME.as_original()).original is not None


@pytest.mark.parametrize("result", Result)
def test_only_an_approved_outcome_is_approved(result: Result) -> None:
    assert Outcome(Transaction.PREAUTH, result, Money(1)).approved == (result is Result.APPROVED)


def test_what_a_printer_did_not_say_is_unknown() -> None:
    assert PrinterStatus(Paper.UNKNOWN, None).paper.value == "unknown"


def test_an_event_is_stamped_by_the_monotonic_clock_when_it_is_made() -> None:
    before = time.monotonic_ns()
    event = Event(Channel.HOST, "request")
    assert before <= event.at_ns <= time.monotonic_ns()
    assert (event.direction, event.raw, dict(event.fields)) == (Direction.NONE, None, {})


def test_events_do_not_share_their_fields() -> None:
    assert Event(Channel.HOST, "request").fields is not Event(Channel.HOST, "request").fields


def test_discarding_an_event_does_nothing() -> None:
    discard(Event(Channel.RIG, "open"))


def test_an_error_says_what_to_do_next() -> None:
    error = HoldfastError("no paper", advice="load a roll", component="printer")
    assert (str(error), error.message, error.component) == ("no paper (load a roll)", "no paper", "printer")
    assert str(HoldfastError("no paper")) == "no paper"


@pytest.mark.parametrize(
    ("fault", "component"),
    [
        (ReaderGone, "reader"),
        (PrinterGone, "printer"),
        (CardRemoved, "card"),
        (DeviceSilent, "harness"),
        (RigFault, "harness"),
    ],
)
def test_the_class_of_an_error_says_whose_it_is(fault: type[HoldfastError], component: str) -> None:
    assert fault("it happened").component == component
    assert HoldfastError("it happened").component == "harness"


def test_a_card_removed_is_no_fault_of_the_rig() -> None:
    assert not issubclass(CardRemoved, RigFault)
    assert issubclass(ReaderGone, RigFault)
