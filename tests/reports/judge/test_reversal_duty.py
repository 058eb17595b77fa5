"""Reversal duty: who must, must not and may reverse what, and what the auditor makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from reports.judge.duty import Duty, duty, originals
from tests.reports.judge.builder import GUARD_MS, HOLD, TIMEOUT_MS, TRACE, Tale, market_but
from tests.reports.judge.findings import failed, passed, undecided

OTHER = "000078"


def owed(tale: Tale, place: int = 0) -> Duty:
    view = tale.view()
    return duty(view, originals(view)[place])


def asked(**more: Any) -> Tale:
    return Tale().order().request(**more)


# ── the truth table ───────────────────────────────────────────────────────────────────────────────────────────────

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
    "an advice": (asked(transaction="unknown", mti="0220"), Duty.MUST_NOT),
    "a transaction that the matrix has not": (asked(transaction="unknown"), Duty.EITHER),
}  # fmt: skip


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


# ── what must be reversed is reversed ─────────────────────────────────────────────────────────────────────────────


def test_a_due_request_that_is_reversed_passes() -> None:
    passed(Tale().unanswered().reversed().audit("reversal-duty.reversed"))


def test_a_due_request_that_is_never_reversed_fails() -> None:
    tale = Tale().unanswered()
    assert "never reversed" in failed(tale.audit("reversal-duty.reversed"), tale["host request"])


def test_a_reversal_with_a_wrong_trace_counts_for_the_one_request_that_is_due() -> None:
    tale = Tale().unanswered().reversal(trace=OTHER)
    passed(tale.audit("reversal-duty.reversed"))


def test_a_reversal_of_another_transaction_does_not_count() -> None:
    tale = Tale().unanswered().reversal("completion", trace=OTHER)
    failed(tale.audit("reversal-duty.reversed"))


def test_one_reversal_does_not_count_for_two_due_requests() -> None:
    tale = Tale().unanswered().unanswered(trace=OTHER).reversal(trace="000099")
    assert failed(tale.audit("reversal-duty.reversed")).count("never reversed") == 1


def test_a_misnamed_reversal_is_meant_for_the_due_request_with_its_data() -> None:
    tale = Tale().unanswered(amount=20000).unanswered(amount=30000, trace=OTHER).reversal(trace="000099", amount=20000)
    assert OTHER in failed(tale.audit("reversal-duty.reversed"))


def test_as_many_misnamed_reversals_as_due_requests_are_one_for_each() -> None:
    tale = Tale().unanswered().unanswered(trace=OTHER).reversal(trace="000098").reversal(trace="000099")
    passed(tale.audit("reversal-duty.reversed"))
    failed(tale.audit("reversal-duty.original-data"))


def test_where_the_market_waits_for_the_next_request_nothing_is_owed_before_it() -> None:
    later = market_but(reversal={"first_try": "before next"})
    tale = Tale(rules=later).unanswered().held("open")
    undecided(tale.audit("reversal-duty.reversed"))
    passed(tale.audit("ledger.no-orphan"))
    tale.approved(trace=OTHER)
    failed(tale.audit("reversal-duty.reversed"))


# ── with the original's data ──────────────────────────────────────────────────────────────────────────────────────


def test_a_reversal_with_its_originals_data_passes() -> None:
    passed(Tale().unanswered().reversed().audit("reversal-duty.original-data"))


WRONG = {
    3: "000000", 4: "000000000001", 22: "052", 25: "00", 41: "50080002", 42: "309310083985009", 49: "840",
    60: "1000000200050",
}  # fmt: skip


@pytest.mark.parametrize("number", [*WRONG, 11])
def test_each_field_that_differs_from_the_original_fails(number: int) -> None:
    tale = Tale().unanswered()
    request = tale["host request"]
    wrong = {11: OTHER} if number == 11 else {number: WRONG[number]}
    tale.reversal(trace=OTHER if number == 11 else TRACE, change=wrong)
    said = failed(tale.audit("reversal-duty.original-data"), request, tale["host request"])
    assert f"F{number}" in said
    assert said.count(";") == 0


@pytest.mark.parametrize("number", [3, 4, 22, 25, 41, 42, 49, 60])
def test_each_field_that_is_missing_fails(number: int) -> None:
    tale = Tale().unanswered().reversal(without=(number,))
    assert "missing" in failed(tale.audit("reversal-duty.original-data"))


def test_a_reversal_of_nothing_fails() -> None:
    tale = Tale().approved().reversal(trace="000099")
    assert "undoes no request" in failed(tale.audit("reversal-duty.original-data"), tale["host request"])


def test_a_reversal_of_a_request_that_was_lost_on_its_way_is_not_blamed() -> None:
    assert Tale().order().outcome("no reply", trace=TRACE).reversal().audit("reversal-duty.original-data") is None
    assert Tale().order().reversal().audit("reversal-duty.original-data") is None
    broken = Tale().order().request(trace="000076").tell("host", "undecodable", reason="length").reversal(trace=TRACE)
    assert "undoes no request" not in str(broken.audit("reversal-duty.original-data"))


def test_of_two_requests_with_one_trace_a_reversal_names_the_last_before_it() -> None:
    tale = Tale().approved(amount=20000).unanswered(amount=30000).reversed()
    passed(tale.audit("reversal-duty.original-data"))
    passed(tale.audit("reversal-duty.never-false"))
    passed(tale.audit("reversal-duty.reversed"))


def test_interleaved_requests_are_each_reversed_by_their_own_trace() -> None:
    tale = Tale().order().request(trace="000001").request(trace="000002").request(trace="000003")
    tale.reversal(trace="000002").reversal(trace="000001").reversal(trace="000003")
    passed(tale.audit("reversal-duty.reversed"))
    passed(tale.audit("reversal-duty.original-data"))


# ── before the next request ───────────────────────────────────────────────────────────────────────────────────────


def test_a_reversal_before_the_next_request_passes() -> None:
    passed(Tale().unanswered().reversed().approved(trace=OTHER).audit("reversal-duty.before-next"))


def test_a_sign_on_or_an_echo_may_go_before_the_reversal() -> None:
    passed(Tale().unanswered().management().reversed().approved(trace=OTHER).audit("reversal-duty.before-next"))


@pytest.mark.parametrize("following", [HOLD, "completion", "unknown"])
def test_a_request_that_leaves_before_the_reversal_fails(following: str) -> None:
    tale = Tale().unanswered()
    first = tale["host request"]
    tale.order(following).request(trace=OTHER, name="next").reversal(HOLD)
    failed(tale.audit("reversal-duty.before-next"), first, tale["next"])


def test_without_a_next_request_there_is_nothing_to_judge() -> None:
    assert Tale().unanswered().audit("reversal-duty.before-next") is None


# ── nothing else ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_answered_and_left_alone_passes() -> None:
    passed(Tale().approved().audit("reversal-duty.never-false"))


def test_a_completed_approval_that_is_reversed_fails() -> None:
    tale = Tale().approved()
    first = tale["host request"]
    tale.reversal()
    said = failed(tale.audit("reversal-duty.never-false"), first, tale["host request"])
    assert "answered with 00" in said


def test_a_decline_that_is_reversed_fails() -> None:
    tale = asked().reply("51").outcome("declined", code="51").reversal()
    assert "answered with 51" in failed(tale.audit("reversal-duty.never-false"))


def test_an_advice_that_is_reversed_fails() -> None:
    tale = Tale().order("completion").request("unknown", mti="0220").reversal("unknown")
    assert "never to be reversed" in failed(tale.audit("reversal-duty.never-false"))


def test_a_request_that_the_line_doubled_is_one_request() -> None:
    tale = Tale().order().request()
    tale.tell("host", "request", **{**tale.exchange, "exchange": 99})  # byte for byte the same
    tale.tell("host", "response", exchange=99, message={"F39": "94"}, rule="", late=False)
    tale.outcome("no reply", after=TIMEOUT_MS).reversed()
    assert tale.audit("reversal-duty.never-false") is None
    passed(tale.audit("reversal-duty.reversed"))
    passed(tale.audit("wire.traces"))


# ── within the limit ──────────────────────────────────────────────────────────────────────────────────────────────


def tried(times: int) -> Tale:
    tale = Tale().unanswered()
    for _ in range(times):
        tale.reversal(after=TIMEOUT_MS)
    return tale


def test_as_many_tries_as_the_market_allows_pass() -> None:
    passed(tried(4).audit("reversal-duty.bounded"))


def test_one_try_more_fails_with_all_of_them() -> None:
    tale = tried(5)
    finding = tale.audit("reversal-duty.bounded")
    assert "5 times" in failed(finding)
    assert finding is not None
    assert len(finding.evidence) == 5


def test_no_reversal_has_no_limit() -> None:
    assert Tale().approved().audit("reversal-duty.bounded") is None
    assert Tale().approved().audit("reversal-duty.original-data") is None
    assert Tale().approved().audit("reversal-duty.reversed") is None
    assert Tale().unanswered().audit("reversal-duty.never-false") is None
