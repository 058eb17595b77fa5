"""Who must, must not and may reverse what: the truth table of the duty, and what belongs to which request."""

from __future__ import annotations

from typing import Any

import pytest

from reports.judge.duty import Duty, duty, may_still_come, originals, outcome_of, reversals
from tests.reports.judge.builder import (
    GUARD_MS,
    HOLD,
    OTHER_TERMINAL,
    TERMINAL,
    TIMEOUT_MS,
    TRACE,
    Tale,
    market_but,
)
from tests.reports.judge.findings import failed, passed

OTHER = "000078"


def owed(tale: Tale, place: int = 0) -> Duty:
    view = tale.view()
    return duty(view, originals(view)[place])


def asked(**more: Any) -> Tale:
    return Tale().order().request(**more)


# ── the truth table ───────────────────────────────────────────────────────────────────────────────────────────────


def part(**more: Any) -> Tale:
    """Half of what was asked for is approved, to a terminal that says that it can take a part."""
    tale = asked(change={60: "10000001000501"})
    return tale.reply("10", change={4: "000000050000"}, **more)


def spoilt(*what: str, code: str = "00", rule: str = "", **more: Any) -> Tale:
    """An answer that a rule has changed."""
    return asked().decision(code).reply(code, spoiled=what, rule=rule or "spoilt", **more)


LATE, EARLY = TIMEOUT_MS + GUARD_MS + 1, TIMEOUT_MS - GUARD_MS
"""The first moment that is surely too late, and the last that is surely in time."""
TABLE = {
    "no reply": (asked(), Duty.MUST),
    "no reply, reported so": (asked().outcome("no reply", after=TIMEOUT_MS), Duty.MUST),
    "late by more than the guard band": (asked().reply(after=LATE), Duty.MUST),
    "late, and taken all the same": (asked().reply(after=LATE).outcome("approved"), Duty.MUST),
    "held back until it is reversed": (asked().reply(late=True), Duty.MUST),
    "only an answer with a wrong MAC": (asked().reply(rule="wrong MAC"), Duty.MUST),
    "a wrong MAC, then a right one": (asked().reply(rule="wrong MAC").reply().outcome("approved"), Duty.MUST_NOT),
    "an answer without its MAC": (asked().reply(without=(64,)), Duty.MUST),
    "an answer with another trace": (asked().reply(change={11: OTHER}), Duty.MUST),
    "an answer of another kind": (asked().reply(mti="0210"), Duty.MUST),
    "an answer with another amount": (asked().reply(change={4: "000000000001"}), Duty.MUST),
    "an answer for another terminal": (asked().reply(change={41: "50080002"}), Duty.MUST),
    "an answer that never left the host": (asked().reply(sent=False), Duty.MUST),
    "declined": (asked().reply("51").outcome("declined", code="51"), Duty.MUST_NOT),
    "declined, nothing reported": (asked().reply("51"), Duty.MUST_NOT),
    "declined late": (asked().reply("51", after=LATE), Duty.MUST),
    "refused without a MAC by a host that knows no keys": (asked().reply("77", without=(64,)), Duty.EITHER),
    "approved and completed": (asked().reply().outcome("approved"), Duty.MUST_NOT),
    "approved at the last sure moment": (asked().reply(after=EARLY).outcome("approved"), Duty.MUST_NOT),
    "approved, the chip declines": (asked().reply().outcome("card declined"), Duty.MUST),
    "approved, the card is pulled": (asked().reply().outcome("card removed", trace=""), Duty.MUST),
    "approved, nothing reported": (asked().reply(), Duty.EITHER),
    "approved, nothing reported, slip printed": (asked().reply().slips(), Duty.MUST_NOT),
    "approved in part": (asked().reply("10").outcome("approved"), Duty.EITHER),
    "declined in time, not taken": (asked().reply("51", after=EARLY).outcome("no reply"), Duty.MUST_NOT),
    "within the guard band, nothing reported": (asked().reply("51", after=EARLY + 1), Duty.EITHER),
    "within the guard band after the time-out": (asked().reply("51", after=LATE - 1), Duty.EITHER),
    "within the guard band, taken": (asked().reply(after=TIMEOUT_MS - 2).outcome("approved"), Duty.MUST_NOT),
    "within the guard band, not taken": (asked().reply(after=TIMEOUT_MS - 2).outcome("no reply"), Duty.MUST),
    "within the guard band, decline not taken": (asked().reply("51", after=TIMEOUT_MS).outcome("no reply"), Duty.MUST),
    "within the guard band, decline taken": (
        asked().reply("51", after=TIMEOUT_MS).outcome("declined", code="51"), Duty.MUST_NOT,
    ),
    "approved in part, not asked for, not taken": (asked().reply("10").outcome("declined", code="10"), Duty.MUST),
    "approved in part, not asked for, nothing reported": (asked().reply("10"), Duty.EITHER),
    "approved in part, asked for and taken": (part().outcome("approved"), Duty.MUST_NOT),
    "approved in part, asked for, refused by the customer": (part().outcome("cancelled"), Duty.MUST),
    "a part of more than was asked": (asked().reply("10", change={4: "000000100001"}), Duty.MUST),
    "approved by another code of success": (asked().reply("11").outcome("approved", code="11"), Duty.MUST_NOT),
    "a duplicate": (asked().reply("94").outcome("declined", code="94"), Duty.MUST_NOT),
    "sign on again": (asked().reply("77"), Duty.MUST_NOT),
    "an unknown terminal, without a MAC": (asked().reply("97", without=(64,)), Duty.EITHER),
    "a decline whose MAC a rule took away": (spoilt("MAC", code="51", without=(64,)), Duty.MUST),
    "an advice": (asked(transaction="unknown", mti="0220"), Duty.MUST_NOT),
    "a transaction that the matrix has not": (asked(transaction="unknown"), Duty.EITHER),
}  # fmt: skip


SPOILT = {  # manner of the host: what leaves, and what is owed when it is taken, left, and when nothing is reported
    "wrong trace": (spoilt("F11", change={11: OTHER}), Duty.MUST, Duty.MUST, Duty.MUST),
    "wrong terminal": (spoilt("F41", change={41: "50080002"}), Duty.MUST, Duty.MUST, Duty.MUST),
    "wrong merchant": (spoilt("F42", change={42: "309310083985009"}), Duty.MUST, Duty.MUST, Duty.MUST),
    "wrong amount": (spoilt("F4", change={4: "000000100001"}), Duty.MUST, Duty.MUST, Duty.MUST),
    "wrong type": (spoilt("MTI", mti="0210"), Duty.MUST, Duty.MUST, Duty.MUST),
    "wrong MAC": (spoilt("MAC"), Duty.MUST, Duty.MUST, Duty.MUST),
    "no MAC": (spoilt("MAC", without=(64,)), Duty.MUST, Duty.MUST, Duty.MUST),
    "wrong currency": (spoilt("F49", change={49: "840"}), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "wrong reference": (spoilt("F37", change={37: "112500000069"}), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "drop F11": (spoilt("F11", without=(11,)), Duty.MUST, Duty.MUST, Duty.MUST),
    "drop F39": (spoilt("F39", without=(39,)), Duty.MUST, Duty.MUST, Duty.MUST),
    "drop F38": (spoilt("F38", without=(38,)), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "drop F37": (spoilt("F37", without=(37,)), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "add F59": (spoilt("F59", change={59: "X"}), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "overflow F44": (spoilt("F44", unread=True), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "overflow F39": (spoilt("F39", unread=True), Duty.MUST, Duty.MUST, Duty.MUST),
    "non-numeric F4": (spoilt("F4", unread=True), Duty.MUST, Duty.MUST, Duty.MUST),
    "wrong length prefix": (spoilt("length", unread=True), Duty.MUST, Duty.MUST, Duty.MUST),
    "bytes that nobody spoilt and nobody can read": (asked().reply(unread=True), Duty.MUST, Duty.MUST, Duty.MUST),
    "malformed chip data": (spoilt("F55", rule="malformed chip data"), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "wrong ARPC": (spoilt("F55", rule="wrong ARPC"), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "duplicate": (spoilt("twice").reply(after=0), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "split": (spoilt("split"), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "two in one segment": (spoilt("glued"), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "processing request": (spoilt("header"), Duty.MUST_NOT, Duty.MUST, Duty.EITHER),
    "reset, half-open": (asked(), Duty.MUST, Duty.MUST, Duty.MUST),
    "a decline in another currency": (
        spoilt("F49", code="51", change={49: "840"}), Duty.EITHER, Duty.EITHER, Duty.EITHER,
    ),
}  # fmt: skip


@pytest.mark.parametrize("manner", SPOILT)
def test_what_is_owed_for_an_answer_that_a_rule_has_changed(manner: str) -> None:
    tale, taken, left, untold = SPOILT[manner]
    assert owed(tale) is untold
    records = list(tale.records)
    assert owed(tale.outcome("approved")) is taken
    tale.records = records
    assert owed(tale.outcome("card declined")) is left


@pytest.mark.parametrize(
    ("rule", "taken_for_certain"),
    [("wrong ARPC", True), ("script 71", True), ("no ARPC", True), ("malformed chip data", False), ("set F55", False)],
)
def test_what_the_chip_will_say_leaves_an_answer_an_answer(rule: str, taken_for_certain: bool) -> None:
    request = originals(spoilt("F55", rule=rule).view())[0]
    assert bool(request.answers) is taken_for_certain
    assert bool(request.doubtful) is not taken_for_certain
    two = originals(spoilt("F55", "F55", rule="wrong ARPC + malformed chip data").view())[0]
    assert two.doubtful
    assert originals(spoilt("F55", "F49", rule="wrong ARPC + wrong currency").view())[0].doubtful


def test_an_answer_that_drips_is_there_when_its_last_byte_is() -> None:
    tale = asked().reply(spoiled=("drip",), after=10)
    exchange = tale.exchange["exchange"]
    assert owed(tale) is Duty.EITHER
    tale.tell("host", "delivered", exchange=exchange, after=LATE)
    assert owed(tale) is Duty.MUST


@pytest.mark.parametrize("transaction", ["completion advice", "refund", "offline sale", "balance"])
def test_what_is_stored_and_what_moves_nothing_is_never_reversed(transaction: str) -> None:
    assert owed(Tale().unanswered(transaction)) is Duty.MUST_NOT
    tale = Tale().unanswered(transaction).reversal(mti="0400")
    assert "is never to be reversed" in failed(tale.audit("reversal-duty.never-false"), tale["host request"])
    assert Tale().unanswered(transaction).audit("reversal-duty.reversed") is None


@pytest.mark.parametrize("transaction", ["sale", "sale void", "incremental pre-authorisation"])
def test_what_moves_money_is_reversed(transaction: str) -> None:
    assert owed(Tale().unanswered(transaction)) is Duty.MUST
    failed(Tale().unanswered(transaction).audit("reversal-duty.reversed"))
    passed(Tale().unanswered(transaction).reversed().audit("reversal-duty.reversed"))


def test_a_second_terminal_owes_nothing_here() -> None:
    tale = Tale(terminal=TERMINAL).approved().request("completion", trace=OTHER, change={41: OTHER_TERMINAL})
    assert tale.audit("reversal-duty.reversed") is None
    tale.reversal("completion", trace="000099", change={41: OTHER_TERMINAL})
    assert tale.audit("reversal-duty.original-data") is None


@pytest.mark.parametrize("story", TABLE)
def test_the_duty_to_reverse(story: str) -> None:
    tale, expected = TABLE[story]
    assert owed(tale) is expected


def test_a_connect_that_was_refused_owes_nothing() -> None:
    tale = Tale().order().outcome("no reply", trace="")
    assert tale.audit("reversal-duty.reversed") is None
    assert tale.audit("ledger.no-orphan") is None


def test_an_answer_that_left_after_the_reversal_came_too_late_for_it() -> None:
    tale = asked()
    before = tale.exchange
    tale.outcome("no reply", after=100).reversal().reply("51", after=5, to=before)
    assert owed(tale) is Duty.MUST
    assert tale.audit("reversal-duty.never-false") is None


def test_a_decline_on_a_line_that_was_cut_may_not_have_been_read() -> None:
    tale = asked().reply("51").tell("host", "disconnected", connection=1).reversal()
    assert owed(tale) is Duty.EITHER
    tale = asked().reply("51").outcome("declined", code="51").tell("host", "disconnected", connection=1).reversal()
    assert owed(tale) is Duty.MUST_NOT
    tale = asked().reply("51").tell("host", "disconnected", connection=2).reversal()
    assert owed(tale) is Duty.MUST_NOT


def test_an_outcome_belongs_to_the_request_with_its_trace_before_the_next_with_the_same() -> None:
    tale = Tale().unanswered().reversed().approved()  # the same trace twice
    assert owed(tale, 0) is Duty.MUST
    assert owed(tale, 1) is Duty.MUST_NOT


def test_an_outcome_without_a_trace_belongs_to_the_last_request_of_its_order() -> None:
    tale = Tale().order().request(trace=OTHER).reply("55").request().reply().outcome("approved", without=("trace",))
    assert owed(tale, 1) is Duty.MUST_NOT
    tale.order().outcome("refused", trace="")
    assert owed(tale, 1) is Duty.MUST_NOT


# ── what belongs to which request ─────────────────────────────────────────────────────────────────────────────────────


def reported(tale: Tale, place: int = 0) -> object:
    view = tale.view()
    outcome = outcome_of(view, originals(view)[place])
    return outcome.fields["result"] if outcome else None


def test_an_outcome_that_is_told_after_the_next_request_is_still_its_own() -> None:
    tale = Tale().order().request().reply().request("completion", trace=OTHER).outcome("card declined", trace=TRACE)
    assert reported(tale, 0) == "card declined"
    assert reported(tale, 1) is None


def test_of_two_requests_with_one_trace_each_has_the_outcome_before_the_next() -> None:
    tale = Tale().order().request().reply().outcome("card declined").reversed().approved()
    assert reported(tale, 0) == "card declined"
    assert reported(tale, 1) == "approved"


def test_a_reversal_undoes_the_request_of_its_own_kind_among_those_with_its_trace() -> None:
    tale = Tale().order("cancel").request(name="cancel").request("completion", name="completion").reversal("cancel")
    found = reversals(tale.view())
    assert [number for number, tries in found.named.items() if tries] == [tale["cancel"]]
    tale = Tale().order("completion").request(name="completion").request("cancel", name="cancel").reversal("completion")
    assert list(reversals(tale.view()).named) == [tale["completion"]]


def test_an_increment_and_a_hold_with_one_trace_are_told_apart_by_kind_alone() -> None:
    increment = "incremental pre-authorisation"
    tale = Tale().order(increment).request(name="increment").request(HOLD).reversal(increment)
    assert list(reversals(tale.view()).named) == [tale["increment"]]


def test_only_a_later_request_ends_the_waiting_for_a_reversal() -> None:
    later = market_but(reversal={"first_try": "before next"})
    view = Tale(rules=later).approved("sale", trace=OTHER).unanswered().view()
    assert may_still_come(view, originals(view)[1])
    assert not may_still_come(view, originals(view)[0])
    at_once = Tale().unanswered().view()
    assert not may_still_come(at_once, originals(at_once)[0])
