"""Reversal duty: what the auditor makes of it. The duty itself is told in `test_duty.py`."""

from __future__ import annotations

import pytest

from tests.reports.judge.builder import (
    HOLD,
    TIMEOUT_MS,
    TRACE,
    Tale,
    market_but,
)
from tests.reports.judge.findings import failed, passed, undecided

OTHER = "000078"


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
    said = failed(tale.audit("reversal-duty.original-data"))
    assert "missing, " in said
    assert not said.endswith("missing")  # what the original had is told


def test_both_values_are_told_when_they_differ() -> None:
    tale = Tale().unanswered().reversal(change={22: "021"})
    assert failed(tale.audit("reversal-duty.original-data")) == "F22 is 021, the original's is 051"


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
    tale = Tale().order().request().reply("51").outcome("declined", code="51").reversal()
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
