"""What a terminal keeps and sends until it is acknowledged: the auditor, and what scenarios demand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reports.judge.builder import HOLD, TIMEOUT_MS, TRACE, Tale
from tests.reports.judge.findings import failed, passed, undecided

ADVICE, OTHER = "completion advice", "000078"
NOTICE: dict[str, Any] = {"mti": "0620", "trace": "000079"}
RULES = ["delivered", "acknowledged-once", "same-data"]


def advice(tries: int = 1, *, code: str = "00", **last: object) -> Tale:
    """An advice that is answered at its last try."""
    tale = Tale().order(ADVICE).kept("written")
    for _ in range(tries - 1):
        tale.request().outcome("stored", after=TIMEOUT_MS)
    return tale.request(**last).reply(code)  # type: ignore[arg-type]


def silent(tries: int) -> Tale:
    tale = Tale().order(ADVICE).kept("written")
    for _ in range(tries):
        tale.request().outcome("stored", after=TIMEOUT_MS)
    return tale


def told(tale: Tale) -> Tale:
    return tale.kept("given up").display("冲正失败", "operator")


@pytest.mark.parametrize("rule", [*RULES, "not-blocked"])
def test_where_nothing_is_kept_there_is_nothing_to_judge(rule: str) -> None:
    assert Tale().approved().audit(f"store-and-forward.{rule}") is None


@pytest.mark.parametrize("tries", [1, 2, 4])
@pytest.mark.parametrize("code", ["00", "94"])
def test_a_message_that_is_sent_until_it_is_taken_passes(tries: int, code: str) -> None:
    for rule in RULES[:2]:
        passed(advice(tries, code=code).audit(f"store-and-forward.{rule}"))
    if tries > 1:
        passed(advice(tries, code=code).audit("store-and-forward.same-data"))


# ── delivered ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_that_is_given_up_too_early_fails() -> None:
    assert "sent 3 times only" in failed(silent(3).audit("store-and-forward.delivered"))
    passed(silent(4).audit("store-and-forward.delivered"))


def test_a_refusal_ends_a_message() -> None:
    passed(advice(code="25").audit("store-and-forward.delivered"))


def test_an_odd_answer_may_end_it_and_an_unsealed_one_does_not() -> None:
    tale = Tale().order(ADVICE).request().reply(spoiled=("F49",), change={49: "840"})
    passed(tale.audit("store-and-forward.delivered"))
    failed(Tale().order(ADVICE).request().reply(without=(64,)).audit("store-and-forward.delivered"))


def test_a_message_that_is_kept_and_never_sent_fails_if_the_host_was_there() -> None:
    tale = Tale().order(ADVICE).kept("written").outcome("stored", trace=TRACE)
    assert "not reached" in undecided(tale.audit("store-and-forward.delivered"))
    tale.order().request(trace=OTHER)
    undecided(tale.audit("store-and-forward.delivered"))
    tale.reply()
    assert "never sent" in failed(tale.audit("store-and-forward.delivered"), tale["terminal stored"])
    late = advice(name="first").order(ADVICE).kept("written", OTHER)
    undecided(late.audit("store-and-forward.delivered"))  # nothing was answered after it was kept


# ── once ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_that_was_taken_is_not_sent_again() -> None:
    tale = advice(name="taken").request(name="again").reply("94")
    assert "sent again" in failed(tale.audit("store-and-forward.acknowledged-once"), tale["taken"], tale["again"])
    refused = advice(code="96").request().reply()
    passed(refused.audit("store-and-forward.acknowledged-once"))


def test_what_was_acknowledged_too_late_is_sent_again_with_right() -> None:
    tale = Tale().order(ADVICE).request().reply(after=TIMEOUT_MS + 40).request().reply("94")
    passed(tale.audit("store-and-forward.acknowledged-once"))


def test_nothing_is_sent_more_often_than_the_market_says() -> None:
    passed(silent(4).audit("store-and-forward.acknowledged-once"))
    assert "sent 5 times" in failed(silent(5).audit("store-and-forward.acknowledged-once"))


# ── the same data ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [4, 38, 60, 61])
def test_a_repeat_with_other_data_fails(number: int) -> None:
    tale = silent(1).request(change={number: "000000000012"})
    assert f"F{number} of a repeat" in failed(tale.audit("store-and-forward.same-data"), tale["host request"])


@pytest.mark.parametrize("number", [12, 13, 64])
def test_time_and_mac_of_a_repeat_may_differ(number: int) -> None:
    passed(silent(1).request(change={number: "081700"}).audit("store-and-forward.same-data"))


def test_one_message_alone_is_no_repeat() -> None:
    assert advice().audit("store-and-forward.same-data") is None
    two = advice().order(ADVICE).request(trace=OTHER).reply()
    assert two.audit("store-and-forward.same-data") is None


def test_another_message_under_a_used_trace_is_another_message() -> None:
    tale = advice().order(ADVICE).request(change={4: "000000000012"}).reply()
    passed(tale.audit("store-and-forward.acknowledged-once"))
    failed(tale.audit("wire.traces"))


# ── not blocked ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_that_fails_does_not_hold_up_the_others() -> None:
    name = "store-and-forward.not-blocked"
    assert advice().audit(name) is None
    tale = silent(4).kept("given up").order(ADVICE).kept("written", OTHER)
    assert "never sent" in failed(tale.audit(name), tale["terminal stored"])
    passed(tale.request(trace=OTHER).reply().audit(name))
    refused = advice(code="25").order(ADVICE).kept("written", OTHER)
    failed(refused.audit(name), refused["terminal stored"])
    waiting = silent(2).order(ADVICE).kept("written", OTHER)
    passed(waiting.audit(name))  # the first one is still being tried
    passed(silent(1).kept("given up").audit(name))
    ahead = Tale().order(ADVICE).kept("written", OTHER).order(ADVICE).kept("written")
    passed(ahead.request().reply("25").audit(name))  # what was never sent stood in front


# ── what scenarios demand ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_is_reported_as_stored_or_as_acknowledged() -> None:
    name = "stored.reported"
    passed(silent(1).criterion(name, transaction=ADVICE))
    passed(advice().outcome("approved").criterion(name, transaction=ADVICE))
    failed(Tale().order(ADVICE).kept("written").outcome("approved", trace=TRACE).criterion(name, transaction=ADVICE))
    failed(Tale().order(ADVICE).request().outcome("approved").reply().criterion(name, transaction=ADVICE))
    assert "no reply" in failed(Tale().order(ADVICE).request().outcome("no reply").criterion(name, transaction=ADVICE))
    undecided(Tale().approved().criterion(name, transaction=ADVICE))


def test_what_was_kept_is_delivered_in_the_end() -> None:
    name = "stored.delivered"
    passed(advice(3).criterion(name, transaction=ADVICE))
    assert "never acknowledged" in failed(silent(4).criterion(name, transaction=ADVICE))
    assert "it answered 25" in failed(advice(code="25").criterion(name, transaction=ADVICE))
    failed(advice().kept("written", OTHER).criterion(name, transaction=ADVICE))
    undecided(advice().criterion(name, transaction="refund"))


def test_a_message_is_repeated_with_the_same_data() -> None:
    name = "stored.repeated"
    passed(advice(3).criterion(name, transaction=ADVICE, least=2))
    failed(advice(1).criterion(name, transaction=ADVICE, least=2))
    failed(silent(5).criterion(name, transaction=ADVICE, least=2))
    assert "F4" in failed(silent(1).request(change={4: "1"}).criterion(name, transaction=ADVICE, least=2))
    undecided(Tale().criterion(name, transaction=ADVICE, least=2))


def test_what_nobody_takes_is_given_up_and_people_are_told() -> None:
    name = "stored.given-up"
    passed(told(silent(4)).criterion(name, transaction=ADVICE))
    passed(told(advice(code="25")).criterion(name, transaction=ADVICE))
    assert "nothing was shown" in failed(silent(4).kept("given up").criterion(name, transaction=ADVICE))
    assert "did not say" in failed(silent(4).display("失败", "operator").criterion(name, transaction=ADVICE))
    assert "nothing was shown" in failed(silent(4).kept("given up").display("失败").criterion(name, transaction=ADVICE))
    assert "sent 3 times" in failed(told(silent(3)).criterion(name, transaction=ADVICE))
    assert "sent 5 times" in failed(told(silent(5)).criterion(name, transaction=ADVICE))
    undecided(advice().criterion(name, transaction=ADVICE))


def test_a_terminal_that_tells_nothing_of_what_it_keeps_is_judged_by_its_display() -> None:
    tale = Tale().order(ADVICE)
    for _ in range(4):
        tale.request(after=TIMEOUT_MS)
    passed(tale.display("上送失败", "operator").criterion("stored.given-up", transaction=ADVICE))


def test_a_stored_message_is_never_reversed() -> None:
    passed(advice().criterion("stored.not-reversed"))
    failed(advice().reversal(mti="0400").criterion("stored.not-reversed"))
    undecided(Tale().approved().criterion("stored.not-reversed"))


def test_what_is_kept_goes_before_the_next_online_request() -> None:
    name = "stored.before-next"

    def kept_then(*first: str) -> Tale:
        tale = Tale().order(ADVICE).kept("written").outcome("stored", trace=TRACE)
        for what in first:
            tale.order(HOLD).request(what, trace=OTHER if what == HOLD else TRACE)
        return tale

    passed(kept_then(ADVICE, HOLD).criterion(name, transaction=ADVICE))
    tale = kept_then(HOLD, ADVICE)
    assert "left first" in failed(tale.criterion(name, transaction=ADVICE))
    failed(kept_then(HOLD).criterion(name, transaction=ADVICE))
    undecided(kept_then(ADVICE).criterion(name, transaction=ADVICE))
    passed(silent(1).order(HOLD).request(HOLD, trace=OTHER).criterion(name, transaction=ADVICE))


def test_however_often_it_comes_it_is_booked_once() -> None:
    name = "advice.counted-once"

    def booked(first: bool, second: bool) -> Tale:
        tale = Tale().order(ADVICE).request()
        if first:
            tale.posting("book", 100000).posting("book", 15000)  # within the hold, and above it
        tale.request()
        if second:
            tale.posting("book", 100000)
        return tale.reply("94")

    passed(booked(True, False).criterion(name))
    passed(booked(False, True).criterion(name))
    assert "booked 2 times" in failed(booked(True, True).criterion(name))
    assert "booked 0 times" in failed(booked(False, False).criterion(name))
    undecided(silent(1).criterion(name))


def test_a_notice_that_was_acknowledged_is_not_sent_again() -> None:
    """facts/unionpay-pos 5.19: it is kept as a stored message is."""
    tale = Tale().request("script notice", **NOTICE, name="taken").reply()
    passed(tale.audit("store-and-forward.acknowledged-once"))
    tale.request("script notice", **NOTICE, name="again").reply()
    said = failed(tale.audit("store-and-forward.acknowledged-once"), tale["taken"], tale["again"])
    assert "script notice" in said


def test_a_notice_that_was_sent_is_not_waiting() -> None:
    tale = Tale().kept("written", "000079", "script notice").request("script notice", **NOTICE).reply()
    assert tale.audit("store-and-forward.delivered") is None
    unsent = Tale().kept("written", "000079", "script notice").request().reply()
    failed(unsent.audit("store-and-forward.delivered"))
