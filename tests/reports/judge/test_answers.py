"""Criteria of answers that are not what they should be: what a good terminal makes of them, and what a bad one does."""

from __future__ import annotations

from typing import Any

import pytest

from reports.judge.finding import Weight
from reports.judge.registry import CRITERIA
from tests.reports.judge.builder import HOLD, TIMEOUT_MS, Tale
from tests.reports.judge.findings import failed, passed, undecided

OTHER = "000078"
ODD: dict[str, dict[str, Any]] = {  # criterion: an answer that it judges
    "answer.not-its-own": {"spoiled": ("F11",), "change": {11: OTHER}},
    "answer.unsealed-refused": {"spoiled": ("MAC",), "without": (64,)},
    "answer.amount-checked": {"spoiled": ("F4",), "change": {4: "000000100001"}},
}
FOREIGN: list[dict[str, Any]] = [
    {"change": {11: OTHER}}, {"change": {41: "50080002"}}, {"change": {42: "309310083985009"}},
    {"change": {3: "200000"}}, {"mti": "0210"},
]  # fmt: skip
UNREADABLE: list[dict[str, Any]] = [
    {"spoiled": ("length",), "unread": True}, {"spoiled": ("F4",), "unread": True},
    {"spoiled": ("F39",), "without": (39,)}, {"spoiled": ("F11",), "without": (11,)},
]  # fmt: skip
LENIENT: list[dict[str, Any]] = [{"spoiled": ("F44",), "unread": True}, {"spoiled": ("F38",), "without": (38,)}]


def answered(**reply: Any) -> Tale:
    return Tale().order().request().checks().decision("00").reply(**reply)


def refused(**reply: Any) -> Tale:
    """As a good terminal does: no approval, and the reversal."""
    return answered(**reply).outcome("no reply", after=TIMEOUT_MS).reversed()


def next_one(tale: Tale) -> Tale:
    return tale.approved(trace=OTHER)


# ── not taken ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ODD)
def test_a_terminal_that_does_not_take_it_and_reverses_passes(name: str) -> None:
    passed(refused(**ODD[name]).criterion(name))


@pytest.mark.parametrize("name", ODD)
def test_a_terminal_that_reports_an_approval_fails(name: str) -> None:
    tale = answered(**ODD[name]).outcome("approved").reversed()
    assert "reported an approval" in failed(tale.criterion(name), tale["terminal outcome"], tale["host response"] - 4)


@pytest.mark.parametrize("name", ODD)
def test_a_terminal_that_prints_an_approval_fails(name: str) -> None:
    tale = answered(**ODD[name]).slips().outcome("no reply", after=TIMEOUT_MS).reversed()
    assert "approved slip" in failed(tale.criterion(name), tale["printer slip"])


@pytest.mark.parametrize("name", ODD)
def test_a_terminal_that_does_not_reverse_fails(name: str) -> None:
    tale = answered(**ODD[name]).outcome("no reply", after=TIMEOUT_MS)
    assert "was not reversed" in failed(tale.criterion(name), tale["host request"])


@pytest.mark.parametrize("name", [*ODD, "answer.currency-checked", "answer.unreadable-survived"])
def test_without_such_an_answer_nothing_can_be_said(name: str) -> None:
    assert "the host sent no" in undecided(Tale().approved().criterion(name))
    assert "the host sent no" in undecided(Tale().unanswered().reversed().criterion(name))
    odd = ODD.get(name, {"spoiled": ("length",), "unread": True})
    right_too = answered(**odd).reply(after=1).outcome("approved")
    undecided(right_too.criterion(name))
    undecided(answered(sent=False, **odd).criterion(name))


@pytest.mark.parametrize("reply", FOREIGN)
def test_every_way_of_being_anothers_answer_counts(reply: dict[str, Any]) -> None:
    passed(refused(**reply).criterion("answer.not-its-own"))
    failed(answered(**reply).outcome("approved").criterion("answer.not-its-own"))


def test_an_answer_that_only_has_another_amount_is_not_anothers() -> None:
    undecided(refused(change={4: "000000100001"}).criterion("answer.not-its-own"))
    undecided(refused(change={11: OTHER}).criterion("answer.amount-checked"))
    undecided(refused(change={11: OTHER}).criterion("answer.unsealed-refused"))


def test_a_balance_is_not_reversed_when_its_answer_is_anothers() -> None:
    tale = Tale().order("balance").request().reply(change={11: OTHER}).outcome("no reply", after=TIMEOUT_MS)
    passed(tale.criterion("answer.not-its-own"))


def test_another_currency_is_an_observation() -> None:
    odd: dict[str, Any] = {"spoiled": ("F49",), "change": {49: "840"}}
    assert CRITERIA["answer.currency-checked"].weight is Weight.SUGGESTED
    passed(refused(**odd).criterion("answer.currency-checked"))
    failed(answered(**odd).slips().outcome("approved").criterion("answer.currency-checked"))
    assert "was not reversed" in failed(answered(**odd).outcome("no reply").criterion("answer.currency-checked"))


# ── survived ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reply", [*UNREADABLE, *LENIENT])
def test_what_cannot_be_read_is_reversed_and_the_next_one_is_answered(reply: dict[str, Any]) -> None:
    passed(next_one(refused(**reply)).criterion("answer.unreadable-survived"))


@pytest.mark.parametrize("reply", UNREADABLE)
def test_what_cannot_be_read_is_never_taken(reply: dict[str, Any]) -> None:
    taken = next_one(answered(**reply).slips().outcome("approved"))
    assert "reported an approval" in failed(taken.criterion("answer.unreadable-survived"))


@pytest.mark.parametrize("reply", LENIENT)
def test_a_lenient_terminal_takes_it_whole_or_reverses_it(reply: dict[str, Any]) -> None:
    passed(next_one(answered(**reply).slips().outcome("approved")).criterion("answer.unreadable-survived"))
    both = next_one(answered(**reply).slips().outcome("approved").reversed())
    assert "reversed all the same" in failed(both.criterion("answer.unreadable-survived"))
    neither = next_one(answered(**reply).outcome("no reply"))
    assert "was not reversed" in failed(neither.criterion("answer.unreadable-survived"))


def test_a_terminal_that_does_nothing_more_after_an_unreadable_answer_fails() -> None:
    tale = refused(**UNREADABLE[0])
    assert "no further" in undecided(tale.criterion("answer.unreadable-survived"))
    tale.order()
    assert "did not reach" in failed(tale.criterion("answer.unreadable-survived"), tale["terminal order"])
    tale.request(trace=OTHER)
    assert "did not answer" in undecided(tale.criterion("answer.unreadable-survived"))
    tale.reply().outcome("no reply")
    assert "not taken" in failed(tale.criterion("answer.unreadable-survived"), tale["host request"])
    unreversed = answered(**UNREADABLE[0]).outcome("no reply")
    assert "was not reversed" in failed(unreversed.criterion("answer.unreadable-survived"))


def test_odd_chip_data_are_survived_either_way() -> None:
    odd: dict[str, Any] = {"spoiled": ("F55",), "rule": "malformed chip data"}
    name = "answer.chip-data-survived"
    passed(next_one(answered(**odd).slips().outcome("approved")).criterion(name))
    passed(next_one(refused(**odd)).criterion(name))
    failed(next_one(answered(**odd).outcome("card declined")).criterion(name))
    failed(next_one(answered(**odd).slips().outcome("approved").reversed()).criterion(name))
    undecided(next_one(refused(**UNREADABLE[0])).criterion(name))
    undecided(next_one(refused(**odd)).criterion("answer.unreadable-survived"))


def test_chip_data_that_the_recorder_could_not_read_either_are_odd_whatever_the_rule_is_called() -> None:
    tale = answered(spoiled=("F55",), rule="script 71")
    tale.records[-1].fields["message"]["F55 error"] = "a length of 32, less follows"
    passed(next_one(tale.outcome("no reply").reversed()).criterion("answer.chip-data-survived"))


def test_an_odd_answer_to_what_the_matrix_has_not_is_judged_by_what_it_carries() -> None:
    tale = Tale().order().request("unknown", mti="0200").reply(spoiled=("F59",))
    assert tale.view().requests[0].answers


# ── taken ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def doubled(*, reported: int = 1, copies: int = 1) -> Tale:
    tale = answered(name="first").reply(after=0)
    for _ in range(copies):
        tale.slips()
    for _ in range(reported):
        tale.outcome("approved")
    return tale


def test_an_answer_that_comes_twice_counts_once() -> None:
    name = "answer.duplicate-ignored"
    passed(doubled().criterion(name))
    assert "2 outcomes" in failed(doubled(reported=2).criterion(name))
    assert "printed 2 times" in failed(doubled(copies=2).criterion(name))
    assert "reversed all the same" in failed(doubled().reversed().criterion(name))
    undecided(Tale().approved().criterion(name))
    undecided(answered().reply(after=0, change={37: "112500000099"}).outcome("approved").criterion(name))


def test_a_reprint_is_no_second_copy() -> None:
    tale = doubled()
    tale.slip("merchant", lines=["重打印", *tale.lines("merchant")])
    passed(tale.criterion("answer.duplicate-ignored"))


@pytest.mark.parametrize("what", ["F59", "F37", "split", "drip", "glued", "header"])
def test_an_odd_answer_that_is_authentic_is_taken(what: str) -> None:
    passed(answered(spoiled=(what,)).slips().outcome("approved").criterion("answer.taken"))
    passed(answered(spoiled=(what,), code="51").outcome("declined", code="51").criterion("answer.taken"))
    failed(answered(spoiled=(what,)).outcome("no reply").reversed().criterion("answer.taken"))
    failed(answered(spoiled=(what,), code="51").outcome("approved").criterion("answer.taken"))
    failed(answered(spoiled=(what,), code="51").outcome("declined", code="05").criterion("answer.taken"))


def test_the_chip_may_have_the_last_word_on_a_wrong_arpc() -> None:
    odd: dict[str, Any] = {"spoiled": ("F55",), "rule": "wrong ARPC"}
    passed(answered(**odd).outcome("card declined").reversed().criterion("answer.taken"))
    assert "was not reversed" in failed(answered(**odd).outcome("card declined").criterion("answer.taken"))


def test_an_odd_answer_that_may_have_come_too_late_says_nothing() -> None:
    tale = answered(spoiled=("drip",), after=TIMEOUT_MS - 5).outcome("no reply").reversed()
    assert "too near" in undecided(tale.criterion("answer.taken"))
    undecided(answered(spoiled=("F59",)).criterion("answer.taken"))
    undecided(Tale().approved().criterion("answer.taken"))
    undecided(answered(spoiled=("F59",)).slips().outcome("approved").criterion("answer.taken", transaction="sale"))
    passed(answered(spoiled=("F59",)).slips().outcome("approved").criterion("answer.taken", transaction=HOLD))
