"""Criteria on what went between terminal and host."""

from __future__ import annotations

import pytest

from tests.reports.judge.builder import GUARD_MS, TIMEOUT_MS, TRACE, Tale
from tests.reports.judge.findings import failed, passed, undecided

OTHER = "000078"

# ── host.not-asked ────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_that_sends_nothing_passes() -> None:
    passed(Tale().approved().order().outcome("refused").criterion("host.not-asked"))


def test_a_request_of_the_order_fails() -> None:
    tale = Tale().order().request()
    failed(tale.criterion("host.not-asked"), tale["host request"])


def test_an_echo_and_an_earlier_reversal_are_no_request_of_the_order() -> None:
    passed(Tale().unanswered().order().management().reversal().criterion("host.not-asked"))


def test_a_reversal_of_nothing_is_sent_for_nothing() -> None:
    tale = Tale().approved().order().reversal(trace="000099")
    failed(tale.criterion("host.not-asked"), tale["host request"])


@pytest.mark.parametrize("criterion", ["host.not-asked", "host.refused", "completion.over-limit-kept"])
def test_without_an_order_nothing_is_known(criterion: str) -> None:
    undecided(Tale().criterion(criterion, code="51", hold=100000, amount=115001))


# ── host.refused ──────────────────────────────────────────────────────────────────────────────────────────────────


def refused(code: str = "51", reported: str = "51") -> Tale:
    return Tale().order().request().decision(code).reply(code).outcome("declined", code=reported)


def test_a_refusal_that_is_reported_passes() -> None:
    passed(refused().criterion("host.refused", code="51"))


def test_another_code_of_the_host_fails() -> None:
    tale = refused("00", "00")
    failed(tale.criterion("host.refused", code="51"), tale["host request"], tale["host decision"])


def test_another_code_in_the_report_fails() -> None:
    tale = refused(reported="05")
    assert "reported code 05" in failed(tale.criterion("host.refused", code="51"), tale["terminal outcome"])


def test_an_approval_reported_under_the_right_code_fails() -> None:
    tale = Tale().order().request().decision("51").reply("51").outcome("approved", code="51")
    assert "approval" in failed(tale.criterion("host.refused", code="51"), tale["terminal outcome"])


def test_no_request_and_two_requests_fail() -> None:
    tale = Tale().order().outcome("declined", code="51")
    assert "0 requests" in failed(tale.criterion("host.refused", code="51"), tale["terminal order"])
    tale = Tale().order().request().decision("51").request(trace=OTHER).decision("51").outcome("declined", code="51")
    assert "2 requests" in failed(tale.criterion("host.refused", code="51"))


def test_the_report_of_an_earlier_order_says_nothing_of_this_one() -> None:
    undecided(refused().order().request(trace=OTHER).decision("51").reply("51").criterion("host.refused", code="51"))


# ── completion.over-limit-kept ────────────────────────────────────────────────────────────────────────────────────

KEPT = {"hold": 100000, "amount": 115001}


def test_a_completion_above_the_limit_that_is_kept_passes() -> None:
    passed(Tale().order("completion", 115001).outcome("refused").criterion("completion.over-limit-kept", **KEPT))


@pytest.mark.parametrize(("transaction", "mti"), [("completion", "0200"), ("unknown", "0220")])
def test_a_completion_above_the_limit_that_is_sent_fails_by_request_or_advice(transaction: str, mti: str) -> None:
    tale = Tale().order("completion", 115001).request(transaction, mti=mti)
    assert "1150.01" in failed(tale.criterion("completion.over-limit-kept", **KEPT), tale["host request"])


def test_a_completion_at_the_limit_may_leave() -> None:
    passed(Tale().order("completion", 115000).request().criterion("completion.over-limit-kept", **KEPT))


# ── late-answer.not-applied ───────────────────────────────────────────────────────────────────────────────────────


def late(after: float = TIMEOUT_MS + GUARD_MS + 1) -> Tale:
    return Tale().order().request().reply(after=after)


def test_a_late_answer_that_is_dropped_passes() -> None:
    passed(late().outcome("no reply").reversed().criterion("late-answer.not-applied"))


def test_a_late_answer_that_is_reported_fails() -> None:
    tale = late().outcome("no reply").outcome("approved")
    failed(tale.criterion("late-answer.not-applied"), tale["terminal outcome"], tale["host response"])


def test_a_late_answer_that_is_printed_fails() -> None:
    tale = late().outcome("no reply").slip()
    failed(tale.criterion("late-answer.not-applied"), tale["printer slip"])


def test_a_late_answer_printed_without_its_voucher_number_is_known_by_its_reference() -> None:
    tale = late().outcome("no reply").slip(but={"凭证号": None})
    failed(tale.criterion("late-answer.not-applied"), tale["printer slip"])


def test_an_answer_held_back_until_the_reversal_is_late() -> None:
    tale = Tale().order().request()
    before = tale.exchange
    tale.outcome("no reply").reversal().reply(late=True, to=before).outcome("approved", trace=TRACE)
    failed(tale.criterion("late-answer.not-applied"))


def test_trace_digits_inside_other_numbers_are_no_slip_of_the_late_request() -> None:
    tale = late().outcome("no reply").reversed()
    tale.order().request(trace=OTHER).reply(change={37: "112500000077"}).outcome("approved")
    tale.slips(but={"参考号": "参考号 112500000077", "商户编号": "商户编号 309000077985008"})
    passed(tale.criterion("late-answer.not-applied"))


def test_a_slip_that_tells_of_the_failure_is_no_approved_slip() -> None:
    lines = ["冲正失败 请联系银行", f"凭证号: {TRACE}", "金额 RMB 1000.00", "授权号:", "AID A000000333010102"]
    passed(late().outcome("no reply").slip(lines=lines).criterion("late-answer.not-applied"))


@pytest.mark.parametrize("after", [2, TIMEOUT_MS - 1, TIMEOUT_MS + GUARD_MS])
def test_an_answer_that_is_not_surely_late_decides_nothing(after: float) -> None:
    undecided(late(after).outcome("approved").criterion("late-answer.not-applied"))


# ── in-time.accepted ──────────────────────────────────────────────────────────────────────────────────────────────

IN_TIME = TIMEOUT_MS - GUARD_MS


def test_an_answer_just_in_time_that_is_taken_passes() -> None:
    passed(late(IN_TIME).outcome("approved").criterion("in-time.accepted"))


def test_an_answer_just_in_time_that_is_not_taken_fails() -> None:
    tale = late(IN_TIME).outcome("no reply")
    failed(tale.criterion("in-time.accepted"), tale["host request"], tale["host response"], tale["terminal outcome"])


def test_a_decline_in_time_is_taken_when_its_code_is_reported() -> None:
    passed(refused().criterion("in-time.accepted"))
    failed(refused(reported="").criterion("in-time.accepted"))


def test_an_approval_that_the_chip_declined_was_taken() -> None:
    passed(late(IN_TIME).outcome("card declined").criterion("in-time.accepted"))


@pytest.mark.parametrize("after", [IN_TIME + 1, TIMEOUT_MS, TIMEOUT_MS + 100])
def test_an_answer_in_the_guard_band_or_later_decides_nothing(after: float) -> None:
    undecided(late(after).outcome("no reply").criterion("in-time.accepted"))


def test_no_answer_or_no_report_decides_nothing() -> None:
    undecided(Tale().criterion("in-time.accepted"))
    undecided(Tale().order().request().criterion("in-time.accepted"))
    undecided(late(2).criterion("in-time.accepted"))


# ── wrong-mac.refused ─────────────────────────────────────────────────────────────────────────────────────────────

A0 = {39: "A0"}


def spoiled() -> Tale:
    return Tale().order().request().decision().reply(rule="wrong MAC")


def test_a_spoiled_answer_that_is_refused_and_reversed_passes() -> None:
    passed(spoiled().outcome("no reply").reversed(change=A0).criterion("wrong-mac.refused"))


def test_a_spoiled_answer_that_is_reported_fails() -> None:
    tale = spoiled().outcome("approved").reversed(change=A0)
    failed(tale.criterion("wrong-mac.refused"), tale["terminal outcome"])


def test_a_spoiled_answer_that_is_printed_fails() -> None:
    tale = spoiled().outcome("no reply").slip().reversed(change=A0)
    failed(tale.criterion("wrong-mac.refused"), tale["printer slip"])


def test_a_spoiled_answer_that_is_not_reversed_fails() -> None:
    tale = spoiled().outcome("no reply")
    failed(tale.criterion("wrong-mac.refused"), tale["host request"])


def test_a_reversal_with_another_reason_fails() -> None:
    tale = spoiled().outcome("no reply").reversed()
    assert "98" in failed(tale.criterion("wrong-mac.refused"), tale["host request"])


def test_without_a_spoiled_answer_or_with_a_right_one_too_nothing_is_decided() -> None:
    undecided(Tale().approved().criterion("wrong-mac.refused"))
    undecided(spoiled().reply().outcome("approved").criterion("wrong-mac.refused"))


# ── chip.declined-offline ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_cryptogram_asked_as_aac_passes() -> None:
    passed(Tale().order().generate_ac("ARQC").generate_ac("AAC").criterion("chip.declined-offline"))


@pytest.mark.parametrize("asked", ["TC", "ARQC"])
def test_a_second_cryptogram_asked_otherwise_fails(asked: str) -> None:
    tale = Tale().order().generate_ac("ARQC").generate_ac(asked)
    assert asked in failed(tale.criterion("chip.declined-offline"), tale["card command"])


def test_no_second_cryptogram_fails() -> None:
    tale = Tale().order().generate_ac("ARQC")
    failed(tale.criterion("chip.declined-offline"), tale["card command"])


def test_cryptograms_of_an_earlier_order_do_not_count() -> None:
    tale = Tale().order().generate_ac("ARQC").generate_ac("AAC").order().generate_ac("ARQC")
    failed(tale.criterion("chip.declined-offline"))


def test_no_chip_a_pulled_card_or_unrecorded_bytes_decide_nothing() -> None:
    undecided(Tale().order().criterion("chip.declined-offline"))
    undecided(Tale().order().generate_ac("ARQC").tell("reader", "removed").criterion("chip.declined-offline"))
    blind = Tale().order().generate_ac("ARQC").tell("card", "command", name="GENERATE AC")
    undecided(blind.criterion("chip.declined-offline"))
