"""Sums of holds and bookings, and the ledger's auditors of increments, expiry and several terminals."""

from __future__ import annotations

import pytest

from tests.reports.judge.builder import OTHER_TERMINAL, TERMINAL, TRACE, Tale, market_but
from tests.reports.judge.findings import failed, passed, undecided

OTHER = "000078"
INCREMENT = "incremental pre-authorisation"


def raised(total: int = 150000) -> Tale:
    """A hold that was raised, as the ledger tells it."""
    tale = Tale().account().approved().order(INCREMENT, 50000).request(trace=OTHER)
    tale.posting("hold", total - 100000, pots=(1000000 - total, total, 0)).held("open", total, trace=TRACE)
    return tale.account(1000000 - total, total).reply()


def test_a_hold_and_its_increments() -> None:
    passed(raised().criterion("hold.total", amount=150000))
    failed(raised().criterion("hold.total", amount=100000))
    passed(raised().criterion("hold.final-total", amount=150000))
    undecided(Tale().criterion("hold.total", amount=1))
    tale = raised().expect("hold.total", amount=150000)
    tale.held("open", 100000, trace=TRACE)
    passed(tale.criterion("hold.total", position=tale["expect hold.total"], amount=150000))
    failed(tale.criterion("hold.final-total", position=tale["expect hold.total"], amount=150000))


def test_a_hold_expires() -> None:
    name = "hold.expired"
    passed(Tale().account().held("open").held("expired").account().criterion(name))
    assert "the hold is open" in failed(Tale().account().held("open").account(900000, 100000).criterion(name))
    failed(Tale().account().held("open").held("expired").account(900000, 100000).criterion(name))
    two = Tale().account().held("open", hold="1").held("open", hold="2").held("expired", hold="2")
    passed(two.account(900000, 100000).criterion(name))
    failed(two.account(800000, 200000).criterion(name))
    undecided(Tale().criterion(name))


def test_the_states_of_all_holds() -> None:
    tale = Tale().account().held("open", hold="1").held("open", hold="2").held("cancelled", hold="1")
    passed(tale.criterion("holds.states", states=["cancelled", "open"]))
    failed(tale.criterion("holds.states", states=["open", "cancelled"]))
    failed(tale.criterion("holds.states", states=["cancelled"]))
    passed(tale.criterion("holds.final-states", states=["cancelled", "open"]))
    passed(Tale().account().criterion("holds.states", states=[]))
    assert "no hold" in failed(Tale().account().criterion("holds.states", states=["open"]))
    undecided(Tale().criterion("holds.states", states=["open"]))


def test_no_hold_is_touched() -> None:
    passed(Tale().approved().order("sale").request(trace=OTHER).criterion("holds.untouched"))
    failed(Tale().approved().order("sale").held("completed").criterion("holds.untouched"))
    undecided(Tale().held("open").criterion("holds.untouched"))


def test_never_more_is_held_than_allowed() -> None:
    tale = Tale().account().account(900000, 100000).account()
    passed(tale.criterion("held.at-most", amount=100000))
    failed(tale.criterion("held.at-most", amount=99999))
    failed(Tale().account().posting("hold", 5, pots=(0, 200000, 0)).criterion("held.at-most", amount=100000))
    undecided(Tale().criterion("held.at-most", amount=1))


def test_a_refund_is_given_back() -> None:
    def refund(amount: int = 100000) -> Tale:
        return Tale().order("refund").request("refund").posting("refund", amount)

    passed(refund().criterion("ledger.refunded", amount=100000))
    failed(refund(50000).criterion("ledger.refunded", amount=100000))
    failed(refund().posting("refund", 100000).criterion("ledger.refunded", amount=100000))
    failed(refund().held("open").criterion("ledger.refunded", amount=100000))
    failed(refund().order("sale").criterion("ledger.refunded", amount=100000))
    undecided(Tale().criterion("ledger.refunded", amount=1))


@pytest.mark.parametrize(("name", "amount"), [("ledger.booked", 60000), ("account.available", 940000)])
def test_one_pot_of_the_account(name: str, amount: int) -> None:
    tale = Tale().account(940000, 0, 60000)
    passed(tale.criterion(name, amount=amount))
    failed(tale.criterion(name, amount=amount + 1))
    undecided(Tale().criterion(name, amount=1))


def test_of_two_cards_the_one_with_the_newest_hold_is_meant() -> None:
    tale = Tale().account().held("open").account(900000, 100000)
    tale.tell("ledger", "account", card="debit-0022", available=500, held=0, booked=0)
    passed(tale.criterion("hold.amount", amount=100000))
    passed(tale.criterion("account.stands", held=100000, booked=0))
    failed(tale.criterion("hold.none"))


# ── auditors ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def booked(tale: Tale, amount: int, trace: str = "000079") -> Tale:
    return tale.order("completion", amount).request(trace=trace).posting("book", amount)


def test_the_limit_of_a_hold_counts_its_increments() -> None:
    passed(booked(raised(), 172500).audit("ledger.limit"))
    failed(booked(raised(), 172501).audit("ledger.limit"))
    failed(booked(Tale().account().approved(), 115001).audit("ledger.limit"))


def test_an_increment_after_the_completion_does_not_make_it_right() -> None:
    tale = booked(Tale().account().approved(), 172500)
    assert "is the limit" in failed(tale.held("completed", 150000).audit("ledger.limit"))


def test_several_completions_count_together() -> None:
    twice = booked(booked(Tale().account().approved(), 60000), 55000, "000080")
    passed(twice.audit("ledger.limit"))
    failed(booked(booked(Tale().account().approved(), 60000), 55001, "000080").audit("ledger.limit"))


@pytest.mark.parametrize("kind", ["hold", "sale", "refund"])
def test_one_request_is_posted_once(kind: str) -> None:
    tale = Tale().order("sale").request().posting(kind, 100000)
    passed(tale.audit("ledger.no-double"))
    failed(tale.posting(kind, 100000).audit("ledger.no-double"))


def test_two_terminals_may_use_the_same_trace() -> None:
    tale = Tale(terminal=TERMINAL).order().request().posting("hold", 1).request(change={41: OTHER_TERMINAL})
    passed(tale.posting("hold", 1).audit("ledger.no-double"))
    next_batch = Tale().order().request().posting("hold", 1).request(change={60: "1000000200050"}).posting("hold", 1)
    passed(next_batch.audit("ledger.no-double"))


def test_a_hold_of_another_terminal_is_no_orphan_of_this_one() -> None:
    tale = Tale(terminal=TERMINAL).unanswered().reversed()
    tale.request(change={41: OTHER_TERMINAL}).decision("00").held("open", hold="9")
    passed(tale.audit("ledger.no-orphan"))
    own = Tale(terminal=TERMINAL).unanswered().held("open")
    failed(own.audit("ledger.no-orphan"))


def test_a_hold_was_opened_by_the_request_before_it_whatever_came_later() -> None:
    tale = Tale().approved().order("completion").request(trace=OTHER).reply("51").outcome("declined", code="51")
    passed(tale.audit("ledger.no-orphan"))
    again = Tale().approved().order("cancel").request().reply("51").outcome("declined", code="51")
    passed(again.audit("ledger.no-orphan"))


def test_what_is_held_is_what_the_holds_say() -> None:
    passed(raised().audit("ledger.held"))
    failed(Tale().account().held("open", 100000).audit("ledger.held"))
    failed(raised().account(900000, 100000).held("open", 150000).audit("ledger.held"))
    closed = Tale().account(900000, 100000).held("open").account().held("cancelled")
    passed(closed.audit("ledger.held"))
    partly = Tale().account(900000, 40000, 60000).held("partly completed")
    assert partly.audit("ledger.held") is None
    assert Tale().held("open").audit("ledger.held") is None


def test_a_hold_expires_when_its_days_are_over() -> None:
    def expired(day: str) -> Tale:
        tale = Tale().tell("ledger", "date", date=day)
        return tale.held("expired", opened="2026-11-25")

    passed(expired("2026-12-26").audit("ledger.expiry"))
    assert "after 30 days" in failed(expired("2026-12-25").audit("ledger.expiry"))
    assert expired("").audit("ledger.expiry") is None
    assert Tale().held("expired").audit("ledger.expiry") is None
    week = Tale(rules=market_but(completion={"validity_days": 7})).tell("ledger", "date", date="2026-12-03")
    passed(week.held("expired", opened="2026-11-25").audit("ledger.expiry"))
