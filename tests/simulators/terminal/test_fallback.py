"""From the chip to the stripe, and where there is no such way. facts/unionpay-pos 2, 2.4, 5.13; cases.md 11."""

from __future__ import annotations

import pytest

from protocols.orders import Entry, Result
from protocols.prompts import INSERT_AGAIN, REMOVE, SWIPE_INSTEAD
from protocols.transactions import Transaction
from rigs.cards.faulty import card_fault
from simulators.issuer import Answer, Rule
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
OTHER = "6250947000000022"
TECHNICAL = "answers 6F00 to every GET PROCESSING OPTIONS"


def with_fault(shop: Shop, fault: str, attempts: int = 3) -> Shop:
    """The cardholder has a card with this fault in the slot, and the terminal falls back after so many attempts."""
    shop.parameters(chip_attempts=attempts, fallback=True)
    shop.holds("credit-chip", OTHER, fault=card_fault(fault))
    shop.presenter.offer("credit-chip")
    return shop


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_a_chip_that_fails_so_often_is_swiped_and_the_host_is_told(shop: Shop, attempts: int) -> None:
    """F22 02x, F60.5 = 2; nothing of the chip is sent."""
    outcome = with_fault(shop, TECHNICAL, attempts).preauth()
    assert (outcome.result, outcome.entry) == (Result.APPROVED, Entry.FALLBACK)
    [message] = shop.messages("0100")
    assert (message[22], str(message[60])[11:13]) == ("022", "52")
    assert message[35] == shop.card.track2
    assert not {2, 23, 55} & set(message)
    shown = [text for text in shop.displays("customer") if text in (REMOVE, INSERT_AGAIN, SWIPE_INSTEAD)]
    assert shown == [REMOVE, INSERT_AGAIN] * (attempts - 1) + [SWIPE_INSTEAD]
    assert "/F" in shop.printer.written[-1].text
    assert shop.events.of("outcome", transaction="pre-authorisation")[-1]["entry"] == "fallback"


def test_a_chip_that_comes_to_itself_is_used(shop: Shop) -> None:
    outcome = with_fault(shop, "answers 6F00 to its first GET PROCESSING OPTIONS").preauth()
    assert (outcome.result, outcome.entry) == (Result.APPROVED, Entry.CHIP)
    assert str(shop.messages("0100")[0][60])[12] == "0"
    assert not shop.events.of("swiped")


def test_what_the_next_stripe_tells_is_how_the_last_chip_fared(shop: Shop) -> None:
    """2.4: 60.5 is of the transaction before; a chip that was read since makes it 1."""
    with_fault(shop, TECHNICAL, 1).preauth()
    assert shop.terminal._journal.chip_failed()
    shop.card = shop.holds("debit-chip", "6224242900000113")
    shop.presenter.offer("debit-chip")
    shop.keys.pins = [shop.card.profile.pin]
    assert shop.preauth().approved
    assert not shop.terminal._journal.chip_failed()


@pytest.mark.parametrize(
    "fault",
    ["is blocked", "has its application blocked", "refuses its processing options", "declines at once",
     "is mute at its first GENERATE AC"],
)  # fmt: skip
def test_a_chip_that_says_no_is_not_gone_round(shop: Shop, fault: str) -> None:
    """5.13: a failure of the chip, not its decision; from the first GENERATE AC on it has begun to decide."""
    outcome = with_fault(shop, fault).preauth()
    assert outcome.result is Result.CARD_DECLINED
    assert not shop.events.of("swiped")
    assert not shop.requests()


def test_a_card_that_is_pulled_is_no_chip_that_failed(shop: Shop) -> None:
    with_fault(shop, "leaves before it answers its first READ RECORD")
    assert shop.preauth().result is Result.CARD_REMOVED
    assert not shop.events.of("swiped")


@pytest.mark.parametrize(
    ("parameters", "market"), [({"fallback": False}, {}), ({}, {"fallback": False}), ({}, {"swiped": ()})]
)
def test_where_terminal_or_market_have_no_fallback_the_chip_is_the_end(
    open_shop: Open, parameters: dict[str, bool], market: dict[str, object]
) -> None:
    shop = with_fault(open_shop(entry=market), TECHNICAL)
    shop.parameters(**parameters)
    outcome = shop.preauth()
    assert (outcome.result, outcome.message[:4]) == (Result.CARD_DECLINED, "读卡失败")
    assert shop.displays("customer").count(INSERT_AGAIN) == 2
    assert not shop.events.of("swiped")


def test_a_card_without_a_chip_that_is_swiped_in_the_end_is_no_fallback(shop: Shop) -> None:
    """2.4: 60.5 speaks of cards that have one."""
    with_fault(shop, TECHNICAL, 1)
    shop.presenter.hold("stripe-only", shop.holds("stripe-only", "6224242900000113"))
    shop.presenter.offer("credit-chip")
    shop.presenter._hand = "stripe-only"
    outcome = shop.preauth()
    assert (outcome.result, outcome.entry) == (Result.APPROVED, Entry.SWIPED)
    assert str(shop.messages("0100")[0][60])[12] == "0"


def test_a_card_that_nobody_takes_out_ends_it(shop: Shop) -> None:
    with_fault(shop, TECHNICAL).presenter.stand_still()
    outcome = shop.preauth()
    assert (outcome.result, outcome.message) == (Result.CANCELLED, "等待取卡超时")


def test_a_host_that_wants_the_chip_is_a_decline_like_any_other(shop: Shop) -> None:
    """5.21: 45"""
    shop.host.add_rule(Rule(Answer("45"), T.PREAUTH))
    outcome = with_fault(shop, TECHNICAL, 1).preauth()
    assert (outcome.result, outcome.code, outcome.message) == (Result.DECLINED, "45", "不允许降级交易，请使用芯片")


# ── seeded defects ────────────────────────────────────────────────────────────────────────────────────────────────


def test_fallback_not_marked(open_shop: Open) -> None:
    shop = with_fault(open_shop("fallback-not-marked"), TECHNICAL, 1)
    assert shop.preauth().entry is Entry.FALLBACK
    assert str(shop.messages("0100")[0][60])[12] == "0"


def test_fallback_for_blocked_card(open_shop: Open) -> None:
    shop = with_fault(open_shop("fallback-for-blocked-card"), "is blocked", 1)
    assert shop.preauth().entry is Entry.FALLBACK


# ── waiting for a card ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_operator_may_cancel_while_it_waits(shop: Shop) -> None:
    """cases.md 18"""
    shop.slot.remove()
    shop.keys.cancels = True
    outcome = shop.preauth()
    assert (outcome.result, outcome.message) == (Result.CANCELLED, "操作员取消")
    assert not shop.requests()
