"""What scenarios demand of reversals."""

from __future__ import annotations

import pytest

from tests.reports.judge.builder import HOLD, TIMEOUT_MS, TRACE, Tale
from tests.reports.judge.findings import failed, passed, undecided

OTHER = "000078"

# ── reversal.sent ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_unanswered_request_that_is_reversed_passes() -> None:
    passed(Tale().unanswered().reversed().criterion("reversal.sent", transaction=HOLD))


def test_an_unanswered_request_that_is_not_reversed_fails() -> None:
    tale = Tale().unanswered()
    failed(tale.criterion("reversal.sent", transaction=HOLD), tale["host request"])


@pytest.mark.parametrize("reason", ["06", ""])
def test_another_reason_or_none_fails(reason: str) -> None:
    tale = Tale().unanswered().reversed(change={39: reason})
    assert (reason or "none") in failed(tale.criterion("reversal.sent", transaction=HOLD), tale["host request"])


def test_the_reason_may_change_with_the_second_try() -> None:
    tale = Tale().unanswered().reversal().reversal(change={39: "06"})
    passed(tale.criterion("reversal.sent", transaction=HOLD))


def test_a_request_that_was_answered_after_all_blames_nobody() -> None:
    undecided(Tale().approved().criterion("reversal.sent", transaction=HOLD))
    undecided(Tale().order().request().reply(after=TIMEOUT_MS - 1).criterion("reversal.sent", transaction=HOLD))
    undecided(Tale().unanswered().criterion("reversal.sent", transaction="cancel"))


def test_the_request_spoken_of_is_the_last_before_the_step() -> None:
    tale = Tale().unanswered().tell("step", "end").reversed().unanswered(trace=OTHER)
    passed(tale.criterion("reversal.sent", position=tale["step end"], transaction=HOLD))


# ── reversal.repeated ─────────────────────────────────────────────────────────────────────────────────────────────


def repeated(times: int, **last: object) -> Tale:
    tale = Tale().unanswered()
    for _ in range(times - 1):
        tale.reversal()
    return tale.reversal(**last) if times else tale


@pytest.mark.parametrize("times", [2, 4])
def test_an_unanswered_reversal_that_is_repeated_passes(times: int) -> None:
    passed(repeated(times).criterion("reversal.repeated", transaction=HOLD, least=2))


@pytest.mark.parametrize("times", [0, 1, 5])
def test_too_few_and_too_many_tries_fail(times: int) -> None:
    finding = repeated(times).criterion("reversal.repeated", transaction=HOLD, least=2)
    assert f"sent {times} times" in failed(finding)


@pytest.mark.parametrize(
    ("number", "value"), [(3, "000000"), (4, "000000000001"), (22, "052"), (23, "002"), (60, "1000000200050")]
)
def test_a_repeat_with_other_data_fails(number: int, value: str) -> None:
    tale = repeated(2, change={number: value})
    assert f"F{number} of a repeat differs" in failed(tale.criterion("reversal.repeated", transaction=HOLD, least=2))


def test_a_repeat_that_lost_a_field_fails() -> None:
    failed(repeated(2, without=(49,)).criterion("reversal.repeated", transaction=HOLD, least=2))


def test_a_repeat_may_have_another_reason_time_and_mac() -> None:
    tale = repeated(2, change={39: "06", 12: "101010", 38: "123456", 64: "00000000"})
    passed(tale.criterion("reversal.repeated", transaction=HOLD, least=2))
    undecided(Tale().criterion("reversal.repeated", transaction=HOLD, least=2))


# ── reversal.before-next ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_reversal_before_the_next_request_passes() -> None:
    passed(Tale().unanswered().reversed().approved(trace=OTHER).criterion("reversal.before-next"))


def test_the_next_request_before_the_reversal_fails() -> None:
    tale = Tale().unanswered()
    first = tale["host request"]
    tale.order().request(trace=OTHER, name="next").reply().reversal(trace=TRACE)
    failed(tale.criterion("reversal.before-next"), first, tale["next"])


def test_without_an_unanswered_or_without_a_next_request_nothing_is_decided() -> None:
    undecided(Tale().approved().criterion("reversal.before-next"))
    undecided(Tale().unanswered().criterion("reversal.before-next"))


# ── reversal.none ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_reversal_passes() -> None:
    passed(Tale().approved().criterion("reversal.none"))


def test_a_reversal_of_an_approved_transaction_or_of_nothing_fails() -> None:
    tale = Tale().approved().reversal()
    assert TRACE in failed(tale.criterion("reversal.none"), tale["host request"])
    failed(Tale().approved().reversal(trace="000099").criterion("reversal.none"))


def test_a_reversal_that_was_owed_blames_nobody() -> None:
    late = Tale().order().request().reply(after=2 * TIMEOUT_MS).outcome("no reply").reversed()
    assert "in order" in undecided(late.criterion("reversal.none"))
