"""Criteria on holds, accounts and outcomes, and the ledger's auditor."""

from __future__ import annotations

import pytest

from tests.reports.judge.builder import TRACE, Tale
from tests.reports.judge.findings import failed, passed, undecided

OTHER = "000078"

# ── holds and accounts ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("criterion", ["hold.state", "hold.final-state"])
def test_the_state_of_the_hold(criterion: str) -> None:
    tale = Tale().account().order().request().held("open")
    passed(tale.criterion(criterion, state="open"))
    assert "hold open" in failed(tale.criterion(criterion, state="completed"), tale["ledger hold"])


@pytest.mark.parametrize("criterion", ["hold.state", "hold.final-state"])
def test_no_hold_at_all_fails_and_no_ledger_decides_nothing(criterion: str) -> None:
    tale = Tale().account()
    failed(tale.criterion(criterion, state="open"), tale["ledger account"])
    undecided(Tale().criterion(criterion, state="open"))


def test_the_hold_spoken_of_is_the_newest_even_if_an_older_one_was_touched_since() -> None:
    tale = Tale().account().held("open", hold="1", trace=TRACE).held("open", hold="2", trace=OTHER)
    tale.held("reversed", hold="1", trace=TRACE)
    passed(tale.criterion("hold.state", state="open"))


def test_a_state_reached_later_is_for_the_final_criterion_alone() -> None:
    tale = Tale().account().held("open").state("idle").held("reversed")
    at = tale["terminal state"]
    passed(tale.criterion("hold.state", position=at, state="open"))
    passed(tale.criterion("hold.final-state", position=at, state="reversed"))


def test_the_amount_held_is_what_the_account_says() -> None:
    tale = Tale().account(held=100000, available=900000).held("open")
    passed(tale.criterion("hold.amount", amount=100000))
    assert "1000.00 CNY held" in failed(tale.criterion("hold.amount", amount=60000), tale["ledger account"])
    undecided(Tale().criterion("hold.amount", amount=1))


def test_an_amount_that_was_held_and_reversed_is_not_held() -> None:
    tale = Tale().account(held=100000, available=900000).held("open").account().held("reversed")
    assert "0.00 CNY held" in failed(tale.criterion("hold.amount", amount=100000))


@pytest.mark.parametrize("criterion", ["hold.none", "hold.released"])
def test_nothing_held(criterion: str) -> None:
    passed(Tale().account().criterion(criterion))
    tale = Tale().account(900000, 100000)
    assert "1000.00 CNY" in failed(tale.criterion(criterion), tale["ledger account"])
    undecided(Tale().criterion(criterion))


def test_what_is_released_in_the_close_is_released_in_the_end_only() -> None:
    tale = Tale().account(900000, 100000).state("idle").account()
    failed(tale.criterion("hold.none", position=tale["terminal state"]))
    passed(tale.criterion("hold.released", position=tale["terminal state"]))


@pytest.mark.parametrize("criterion", ["account.stands", "account.final"])
def test_the_account_stands_as_it_should(criterion: str) -> None:
    tale = Tale().account().account(400000, 0, 600000)
    passed(tale.criterion(criterion, held=0, booked=600000))
    failed(tale.criterion(criterion, held=0, booked=100000), tale["ledger account"])
    failed(tale.criterion(criterion, held=1, booked=600000), tale["ledger account"])
    undecided(Tale().criterion(criterion, held=0, booked=0))


def test_money_that_vanished_from_the_account_fails() -> None:
    tale = Tale().account(called="opening").account(300000, 0, 600000)
    said = failed(tale.criterion("account.stands", held=0, booked=600000), tale["opening"], tale["ledger account"])
    assert "3000.00 CNY available of 10000.00 CNY" in said


def test_a_refused_transaction_that_posts_nothing_leaves_the_ledger_untouched() -> None:
    passed(Tale().approved().order("cancel").request(trace=OTHER).decision("25").criterion("ledger.untouched"))
    undecided(Tale().criterion("ledger.untouched"))


def test_a_posting_of_the_refused_transaction_or_of_its_reversal_fails() -> None:
    tale = Tale().approved().order("cancel").request(trace=OTHER).posting("release", 100000)
    assert "release of 1000.00 CNY" in failed(tale.criterion("ledger.untouched"), tale["ledger posting"])
    tale = Tale().approved().order("cancel").request(trace=OTHER).reversal(trace=OTHER).posting("hold", 100000)
    failed(tale.criterion("ledger.untouched"), tale["ledger posting"])


def test_what_the_reversal_of_an_earlier_request_moves_back_is_not_the_refused_ones() -> None:
    tale = Tale().unanswered().order("cancel").reversal("pre-authorisation").posting("release", 100000)
    passed(tale.request(trace=OTHER).decision("25").criterion("ledger.untouched"))


# ── the ledger's auditor ──────────────────────────────────────────────────────────────────────────────────────────


def test_money_is_conserved() -> None:
    passed(Tale().account().order().request().posting("hold", 1, pots=(999999, 1, 0)).audit("ledger.conserved"))
    assert Tale().audit("ledger.conserved") is None


@pytest.mark.parametrize("pots", [(1000000, 1, 0), (999998, 1, 0)])
def test_money_that_is_made_or_lost_fails(pots: tuple[int, int, int]) -> None:
    tale = Tale().account().order().request().posting("hold", 1, pots=pots)
    failed(tale.audit("ledger.conserved"), tale["ledger account"], tale["ledger posting"])


def test_a_hold_that_was_reported_is_no_orphan() -> None:
    passed(Tale().approved().audit("ledger.no-orphan"))
    assert Tale().audit("ledger.no-orphan") is None


def test_an_open_hold_that_was_not_reported_is_an_orphan() -> None:
    tale = Tale().order().request().held("open").outcome("no reply", after=500)
    said = failed(tale.audit("ledger.no-orphan"), tale["host request"], tale["ledger hold"])
    assert "no reply" in said


def test_a_hold_that_was_reversed_is_no_orphan() -> None:
    tale = Tale().order().request().held("open").outcome("no reply", after=500).reversal().held("reversed")
    passed(tale.audit("ledger.no-orphan"))


def test_a_hold_whose_reversal_was_given_up_at_the_limit_is_not_the_terminals_fault() -> None:
    tale = Tale().order().request().held("open").outcome("no reply", after=500)
    for _ in range(3):
        tale.reversal()
    failed(tale.audit("ledger.no-orphan"))
    passed(tale.reversal().audit("ledger.no-orphan"))


def test_a_terminal_that_reports_nothing_has_orphaned_only_what_it_had_to_reverse() -> None:
    passed(Tale().order().request().held("open").reply().audit("ledger.no-orphan"))
    assert "neither answered nor reversed" in failed(Tale().order().request().held("open").audit("ledger.no-orphan"))


def test_a_hold_of_an_unknown_request_is_not_judged() -> None:
    passed(Tale().account().held("open", trace="000001").audit("ledger.no-orphan"))


def test_one_request_opens_one_hold() -> None:
    passed(Tale().approved().audit("ledger.no-double"))
    tale = Tale().order().request().posting("hold", 100).posting("hold", 100, hold="2")
    assert "2 times" in failed(tale.audit("ledger.no-double"), tale["ledger posting"])
    assert Tale().audit("ledger.no-double") is None


def test_a_hold_that_comes_back_by_a_cancels_reversal_is_not_doubled() -> None:
    tale = Tale().approved().order("cancel").request(trace=OTHER).posting("release", 100000)
    passed(tale.reversal(trace=OTHER).posting("hold", 100000).audit("ledger.no-double"))


def test_bookings_up_to_the_limit_pass_and_one_unit_more_fails() -> None:
    tale = Tale().approved().order("completion", 115000).request(trace=OTHER)
    passed(tale.posting("book", 100000).posting("book", 15000).audit("ledger.limit"))
    tale.posting("book above", 1)
    assert "1150.01" in failed(tale.audit("ledger.limit"), tale["ledger posting"])


def test_what_is_unbooked_may_be_booked_again() -> None:
    tale = Tale().approved().order("completion", 115000).request(trace=OTHER)
    tale.posting("book", 100000).posting("book", 15000).posting("unbook", 100000).posting("unbook above", 15000)
    passed(tale.posting("book", 115000).audit("ledger.limit"))


def test_a_booking_on_a_hold_of_unknown_amount_is_not_judged() -> None:
    assert Tale().order("completion").request().posting("book", 1).audit("ledger.limit") is None


# ── outcomes ──────────────────────────────────────────────────────────────────────────────────────────────────────

APPROVED = {"transaction": "pre-authorisation", "result": "approved"}


def test_the_outcome_that_was_reported() -> None:
    tale = Tale().order().request().outcome("approved")
    passed(tale.criterion("outcome.reported", **APPROVED))
    passed(tale.criterion("outcome.reported", **APPROVED, code="00"))
    failed(tale.criterion("outcome.reported", **APPROVED, code="11"), tale["terminal outcome"])
    failed(tale.criterion("outcome.reported", transaction="pre-authorisation", result="declined"))
    failed(tale.criterion("outcome.reported", transaction="cancel", result="approved"))


def test_the_outcome_of_an_earlier_order_or_of_a_sign_on_is_not_this_ones() -> None:
    undecided(Tale().order().outcome("approved").order().criterion("outcome.reported", **APPROVED))
    undecided(Tale().order().outcome("approved", transaction="sign-on").criterion("outcome.reported", **APPROVED))


def test_the_last_word_counts() -> None:
    tale = Tale().order().outcome("no reply").outcome("approved")
    failed(tale.criterion("outcome.reported", transaction="pre-authorisation", result="no reply"))


def test_no_approval_is_reported() -> None:
    passed(Tale().order().outcome("declined", code="25").criterion("outcome.not-approved"))
    tale = Tale().order().outcome("approved")
    failed(tale.criterion("outcome.not-approved"), tale["terminal outcome"])
    undecided(Tale().order().criterion("outcome.not-approved"))
    undecided(Tale().criterion("outcome.not-approved"))


def test_a_supervisor_who_is_asked_first_passes() -> None:
    passed(Tale().order("cancel").supervisor().request().criterion("supervisor.asked", present=True))
    passed(Tale().order("cancel").supervisor(accepted=False).criterion("supervisor.asked", present=False))
    twice = Tale().order("cancel").supervisor(accepted=False).supervisor().request()
    passed(twice.criterion("supervisor.asked", present=True))


def test_a_supervisor_who_is_not_asked_fails() -> None:
    tale = Tale().order("cancel").request()
    failed(tale.criterion("supervisor.asked", present=True), tale["terminal order"], tale["host request"])
    failed(Tale().order("cancel").criterion("supervisor.asked", present=False))


def test_a_supervisor_who_is_asked_afterwards_fails() -> None:
    tale = Tale().order("cancel").request().supervisor()
    failed(tale.criterion("supervisor.asked", present=True), tale["host request"], tale["operator supervisor"])


@pytest.mark.parametrize("present", [True, False])
def test_a_request_without_the_password_fails(present: bool) -> None:
    tale = Tale().order("cancel").supervisor(accepted=False).request()
    failed(tale.criterion("supervisor.asked", present=present), tale["host request"])


def test_a_sign_on_needs_no_supervisor() -> None:
    passed(Tale().order("cancel").management().supervisor().request().criterion("supervisor.asked", present=True))
    undecided(Tale().criterion("supervisor.asked", present=True))


def test_the_pin_is_asked_again_for_each_request() -> None:
    tale = Tale().order().pin().request().reply("55").pin().request(trace=OTHER)
    passed(tale.criterion("pin.asked-again", requests=2))
    assert "2 requests" in failed(tale.criterion("pin.asked-again", requests=3), tale["host request"])
    undecided(Tale().criterion("pin.asked-again", requests=2))


def test_a_pin_sent_again_without_asking_fails() -> None:
    tale = Tale().order().pin().request().request(trace=OTHER)
    assert "1 times" in failed(tale.criterion("pin.asked-again", requests=2), tale["operator pin"])
    failed(Tale().order().criterion("pin.asked-again", requests=1))


def test_a_second_pin_under_the_same_trace_fails() -> None:
    tale = Tale().order().pin().request().pin().request()
    assert "twice" in failed(tale.criterion("pin.asked-again", requests=2))


@pytest.mark.parametrize(
    "text", ["此卡被没收", "挂失卡", "Lost card", "STOLEN", "Card will be captured", "Please pick up card", "卡片被盗"]
)
def test_telling_the_customer_fails(text: str) -> None:
    tale = Tale().order().display("请插卡").display(text)
    failed(tale.criterion("display.discreet"), tale["terminal display"])


@pytest.mark.parametrize(
    "text", ["交易未成功 请与发卡银行联系", "Connection lost", "Transaction closed", "Pick up your card"]
)
def test_a_text_that_does_not_tell_passes(text: str) -> None:
    passed(Tale().order().display(text).criterion("display.discreet"))


def test_the_operator_may_be_told_and_the_cardholders_copy_may_not() -> None:
    passed(Tale().order().display("交易未成功").display("挂失卡", "operator").criterion("display.discreet"))
    tale = Tale().order().display("交易未成功").slip("cardholder", but={"备注": "备注 挂失卡"})
    failed(tale.criterion("display.discreet"), tale["printer slip"])
    undecided(Tale().order().criterion("display.discreet"))


def test_the_terminal_ends_idle() -> None:
    passed(Tale().state("busy").state("idle").criterion("idle.reached"))
    tale = Tale().state("busy")
    failed(tale.criterion("idle.reached"), tale["terminal state"])
    undecided(Tale().criterion("idle.reached"))
