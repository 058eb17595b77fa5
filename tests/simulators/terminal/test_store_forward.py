"""Advices and refunds: kept, sent, repeated, given up. facts/unionpay-pos 5.16, 5.18; cases.md 49, 50, 107."""

from __future__ import annotations

import pytest

from protocols.orders import Entry, Order, Outcome, Result
from protocols.transactions import Transaction
from simulators.issuer import Answer, DropField, NoAnswer, Rule, WrongMac
from simulators.terminal.contact import CardData
from simulators.terminal.presented import Presented
from simulators.terminal.secrecy import Hidden
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
LOST = NoAnswer(decide=False)


def stored(shop: Shop) -> list[tuple[str, str]]:
    return [(str(e["status"]), str(e["trace"])) for e in shop.events.of("stored")]


def waiting(shop: Shop) -> list[str]:
    return [kept.trace for kept in shop.terminal._journal.outbox.waiting()]


def advise(shop: Shop, amount: int = 100_00) -> Outcome:
    """A completion advice of a hold of its own."""
    shop.impatient = set()
    hold = shop.preauth(amount)
    shop.parameters(response_timeout_s=0.15)
    return shop.order(T.ADVICE, amount, hold)


def patient(shop: Shop) -> None:
    shop.parameters(response_timeout_s=10.0)


# ── the usual way ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_advice_that_is_acknowledged_at_once_is_approved_and_booked_once(shop: Shop) -> None:
    outcome = shop.order(T.ADVICE, 100_00, shop.preauth())
    assert (outcome.result, outcome.code) == (Result.APPROVED, "00")
    assert stored(shop) == [(status, outcome.trace) for status in ("written", "sent", "done")]
    assert shop.held() == (0, 100_00)
    assert not shop.events.of("reversal", trace=outcome.trace)
    assert shop.printing()[-2:] == [("merchant", "done"), ("cardholder", "done")]


def test_a_refund_gives_back_what_was_sold_and_touches_no_hold(shop: Shop) -> None:
    """cases.md 250"""
    shop.preauth(50_00)
    sale = shop.order(T.SALE, 30_00)
    assert shop.held() == (50_00, 30_00)
    outcome = shop.order(T.REFUND, 30_00, sale)
    assert outcome.approved
    assert shop.held() == (50_00, 0)
    assert "RMB -30.00" in shop.printer.written[-1].text
    assert sale.reference in shop.printer.written[-1].text


def test_without_a_host_it_is_stored_printed_and_sent_later(shop: Shop) -> None:
    hold = shop.preauth()
    shop.host.stop()
    outcome = shop.order(T.ADVICE, 100_00, hold)
    assert (outcome.result, outcome.approval) == (Result.STORED, "")
    assert outcome.date
    assert stored(shop) == [("written", outcome.trace)]
    assert "授权号" not in shop.printer.written[-1].text
    assert waiting(shop) == [outcome.trace]
    record = shop.terminal._journal.batch.records()[-1]
    assert (record.state, record.amount) == ("stored", 100_00)


def test_what_was_not_answered_goes_before_the_next_request_with_the_same_data(shop: Shop) -> None:
    """5.18; case 50"""
    shop.host.add_rule(Rule(LOST, T.ADVICE))
    lost = advise(shop)
    assert lost.result is Result.STORED
    patient(shop)
    good = shop.preauth(1_00)
    assert [trace for mti, trace in shop.requests() if mti == "0220"] == [lost.trace] * 2
    assert shop.requests()[-2:] == [("0220", lost.trace), ("0100", good.trace)]
    first, second = shop.messages("0220")
    assert first == second
    assert shop.terminal._journal.batch.records()[1].state == "approved"


def test_the_order_before_a_request_is_notice_reversal_stored(shop: Shop) -> None:
    """5.19"""
    hold = shop.preauth()
    shop.host.add_rule(Rule(LOST, T.PREAUTH))
    shop.host.add_rule(Rule(LOST, reversal=True))
    shop.impatient = {"request", "reversal"}
    shop.preauth(1_00)
    journal = shop.terminal._journal
    shop.impatient = set()
    patient(shop)
    advice = shop.terminal._line.builder().request(
        Order(T.ADVICE, hold.amount, hold.as_original()), journal.next_trace(), a_card(shop), Hidden()
    )
    journal.outbox.put(T.ADVICE, advice)
    journal.outbox.put(T.SCRIPT_NOTICE, a_notice(shop))
    before = len(shop.requests())
    assert shop.preauth(2_00).approved
    assert [mti for mti, _ in shop.requests()][before:] == ["0620", "0400", "0220", "0100"]


def a_card(shop: Shop) -> Presented:
    return Presented(CardData(shop.card.pan, "3012", "01"), Entry.CHIP)


def a_notice(shop: Shop) -> dict[int, str | bytes]:
    request: dict[int, str | bytes] = {2: shop.card.pan, 4: "0" * 12, 11: "000002", 22: "051", 23: "001", 49: "156"}
    builder = shop.terminal._line.builder()
    return builder.script_notice("900000", request, {37: "0" * 12, 13: "1120"}, b"\xdf\x31\x05\x20\x00\x00\x00\x01")


# ── what acknowledges, and what does not ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ["00", "94", "11", "A2"])
def test_success_and_a_duplicate_acknowledge(shop: Shop, code: str) -> None:
    """5.16"""
    shop.host.add_rule(Rule(Answer(code), T.ADVICE))
    assert shop.order(T.ADVICE, 100_00, shop.preauth()).approved
    assert waiting(shop) == []


@pytest.mark.parametrize("code", ["25", "64", "91", "96"])
def test_any_other_code_keeps_it_and_says_which(shop: Shop, code: str) -> None:
    shop.host.add_rule(Rule(Answer(code), T.ADVICE))
    outcome = shop.order(T.ADVICE, 100_00, shop.preauth())
    assert (outcome.result, outcome.code) == (Result.STORED, code)
    assert waiting(shop) == [outcome.trace]


@pytest.mark.parametrize("action", [WrongMac(), DropField(37)], ids=["MAC", "field"])
def test_an_answer_that_is_none_acknowledges_nothing(shop: Shop, action: WrongMac | DropField) -> None:
    shop.host.add_rule(Rule(action, T.ADVICE))
    outcome = shop.order(T.ADVICE, 100_00, shop.preauth())
    assert (outcome.result, outcome.code) == (Result.STORED, "")
    shop.preauth(1_00)
    assert waiting(shop) == []
    assert shop.held()[1] == 100_00  # the host booked it once


@pytest.mark.parametrize("code", ["77", "99"])
def test_a_demand_to_sign_on_is_followed_by_the_same_message_again(shop: Shop, code: str) -> None:
    shop.host.add_rule(Rule(Answer(code), T.ADVICE))
    outcome = shop.order(T.ADVICE, 100_00, shop.preauth())
    assert outcome.approved
    assert [e["mti"] for e in shop.events.of("request")][-3:] == ["0220", "0800", "0220"]


# ── the limit ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("repeats", [0, 2])
def test_after_the_markets_tries_it_is_given_up_and_the_operator_is_told(open_shop: Open, repeats: int) -> None:
    shop = open_shop(advice={"repeats": repeats})
    shop.host.add_rule(Rule(LOST, T.ADVICE, times=None))
    lost = advise(shop)
    shop.terminal.to_idle()
    assert [s for s, _ in stored(shop)] == ["written", *["sent"] * (repeats + 1), "given up"]
    assert shop.terminal._journal.given_up() == [lost.trace]
    assert any("上送失败" in text and lost.trace in text for text in shop.displays())
    assert waiting(shop) == []
    assert shop.terminal._journal.batch.records()[-1].state == "given up"
    shop.preauth(1_00)
    assert [trace for mti, trace in shop.requests() if mti == "0220"] == [lost.trace] * (repeats + 1)


def test_one_that_fails_does_not_hold_up_the_others(shop: Shop) -> None:
    """cases.md 107"""
    shop.host.add_rule(Rule(Answer("96"), T.ADVICE))
    shop.host.add_rule(Rule(Answer("96"), T.ADVICE))
    poison, good = (shop.order(T.ADVICE, 10_00, shop.preauth(10_00)) for _ in range(2))
    assert poison.result is Result.STORED
    assert good.approved
    assert waiting(shop) == []  # the second try of the first one was taken


def test_poison_goes_on_and_the_rest_is_delivered(shop: Shop) -> None:
    shop.host.add_rule(Rule(Answer("96"), T.REFUND, times=None))
    sale = shop.order(T.SALE, 10_00)
    poison = shop.order(T.REFUND, 10_00, sale)
    assert shop.order(T.ADVICE, 20_00, shop.preauth(20_00)).approved
    assert waiting(shop) == [poison.trace]
    shop.terminal.to_idle()
    assert shop.terminal._journal.given_up() == [poison.trace]


def test_a_host_that_cannot_be_reached_uses_up_no_try(shop: Shop) -> None:
    hold = shop.preauth()
    shop.host.stop()
    shop.order(T.ADVICE, 100_00, hold)
    for _ in range(6):
        shop.terminal.to_idle()
    [kept] = shop.terminal._journal.outbox.waiting()
    assert kept.tries == 0


# ── the terminal's own rules ──────────────────────────────────────────────────────────────────────────────────────


def test_an_advice_above_the_limit_is_kept_from_the_store(shop: Shop) -> None:
    outcome = shop.order(T.ADVICE, 115_01, shop.preauth())
    assert outcome.result is Result.REFUSED
    assert not shop.events.of("stored")


def test_where_the_market_has_no_advice_the_terminal_has_none(open_shop: Open) -> None:
    shop = open_shop(advice={"allowed": False})
    assert shop.order(T.ADVICE, 100_00, shop.preauth()).message == "不支持离线完成"


def test_a_refund_needs_the_supervisor(shop: Shop) -> None:
    sale = shop.order(T.SALE, 10_00)
    shop.keys.supervisor = None
    assert shop.order(T.REFUND, 10_00, sale).result is Result.REFUSED
    assert not shop.events.of("stored")


def test_no_pin_is_asked_for_an_advice(shop: Shop) -> None:
    """3.1: F52 must not be there."""
    hold = shop.preauth()
    asked = shop.keys.asked
    shop.order(T.ADVICE, 100_00, hold)
    assert shop.keys.asked == asked
