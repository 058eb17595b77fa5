"""Cards that are swiped. facts/unionpay-pos 1.5, 2, 2.4, 5.13; ISO/IEC 7813; cases.md 9, 10."""

from __future__ import annotations

import pytest

from protocols.faults import ForeignCard
from protocols.orders import Entry, Outcome, Result
from protocols.pan import check_digit
from protocols.presence import ruled_out
from protocols.prompts import INSERT_THE_CHIP, SWIPE, SWIPE_AGAIN
from protocols.stripe import Swipe
from protocols.transactions import Transaction
from simulators.issuer import NoAnswer, Rule
from tests.simulators.kit import OTHER_PAN
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
STRANGER = "622200000000000" + check_digit("622200000000000")


def swiped(
    shop: Shop, transaction: Transaction = T.PREAUTH, amount: int = 100_00, of: Outcome | None = None
) -> Outcome:
    return shop.order(transaction, amount, of, entry=Entry.SWIPED)


def last(shop: Shop) -> dict[int, str | bytes]:
    return shop.messages("0100")[-1]


@pytest.fixture
def striped(shop: Shop) -> Shop:
    """The cardholder has a card without a chip."""
    shop.holds("stripe-only", OTHER_PAN)
    return shop


# ── a card without a chip ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_swipe_is_sent_by_its_track_alone(striped: Shop) -> None:
    """2: F2 is absent, F23 and F55 are a chip's; F14 is known; F60.4 is what the terminal can read."""
    outcome = swiped(striped)
    assert (outcome.result, outcome.entry) == (Result.APPROVED, Entry.SWIPED)
    message = last(striped)
    assert (message[22], message[35], message[14]) == ("022", striped.card.track2, "3012")
    assert not {2, 23, 26, 36, 52, 53, 55} & set(message)
    assert ruled_out(message) == []
    assert str(message[60])[11:13] == "50"
    assert striped.displays("customer")[0] == SWIPE


def test_its_header_says_that_a_stripe_was_used_and_the_others_that_a_chip_was(striped: Shop) -> None:
    """1.5"""
    swiped(striped)
    striped.holds("credit-chip")
    striped.presenter.offer("credit-chip")
    headers = [e.raw[7:13].hex()[:2] for e in striped.events.all() if e.kind == "request" and e.raw]
    assert headers[:2] == ["61", "60"]  # sign-on, pre-authorisation
    striped.preauth()
    headers = [e.raw[7:13].hex()[:2] for e in striped.events.all() if e.kind == "request" and e.raw]
    assert headers[-1] == "61"


def test_the_slip_and_the_event_say_so_and_show_nothing_of_a_chip(striped: Shop) -> None:
    swiped(striped)
    text = striped.printer.written[-1].text
    assert "622424******0113 /S" in text
    assert not any(label in text for label in ("AID", "TC", "TVR"))
    assert striped.events.of("outcome", transaction="pre-authorisation")[-1]["entry"] == "swiped"
    assert striped.events.of("swiped") == [{"card": "stripe-only", "read": "good", "service_code": "101"}]
    assert not any(striped.card.track2 in str(event.fields) for event in striped.events.all())


def test_a_stripe_that_was_not_answered_is_reversed_by_its_number_and_without_its_track(striped: Shop) -> None:
    """5.19: F35 is not in it; its header is of a stripe like its request's."""
    striped.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    striped.impatient = {"request"}
    swiped(striped)
    [reversal] = striped.reversals()
    assert (reversal[2], reversal[22]) == (OTHER_PAN, "022")
    assert not {23, 35, 36, 55} & set(reversal)
    raw = [e.raw for e in striped.events.all() if e.kind == "request" and e.fields["reversal"]][-1]
    assert raw is not None
    assert raw[7:8].hex() == "60"


@pytest.mark.parametrize("transaction", [T.CANCEL, T.COMPLETION])
def test_what_follows_may_be_swiped_too(striped: Shop, transaction: Transaction) -> None:
    outcome = swiped(striped, transaction, of=swiped(striped))
    assert (outcome.result, outcome.entry) == (Result.APPROVED, Entry.SWIPED)


@pytest.mark.parametrize("transaction", [T.ADVICE, T.REFUND])
def test_what_is_stored_is_not_for_it_would_keep_a_track(striped: Shop, transaction: Transaction) -> None:
    first = swiped(striped)
    outcome = swiped(striped, transaction, of=first)
    assert (outcome.result, outcome.message) == (Result.REFUSED, "不支持刷卡")


# ── PIN ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "code", "mode"),
    [
        ("service code", "101", "022"),
        ("service code", "120", "021"),
        ("service code", "126", "021"),
        ("always", "101", "021"),
        ("never", "120", "022"),
    ],
)
def test_the_market_and_the_service_code_say_whether_a_pin_is_wanted(
    open_shop: Open, rule: str, code: str, mode: str
) -> None:
    """5.12; ISO/IEC 7813: third digit 0, 3, 5 wants one, 6 and 7 where there are keys."""
    shop = open_shop(entry={"stripe_pin": rule})
    card = shop.holds("stripe-only", OTHER_PAN)
    shop.presenter.stand_still()
    shop.stripe.draw(Swipe(card.track2.replace("D3012101", f"D3012{code}")))
    assert swiped(shop).approved
    assert last(shop)[22] == mode
    assert {26, 52, 53} <= set(last(shop)) if mode == "021" else not {26, 52, 53} & set(last(shop))
    assert ("已验证密码" in shop.printer.written[0].text) == (mode == "021")


def test_where_there_is_no_pad_a_pin_is_wanted_of_those_alone_who_must(open_shop: Open) -> None:
    shop = open_shop()
    card = shop.holds("stripe-only", OTHER_PAN)
    shop.parameters(pinpad=False)
    shop.presenter.stand_still()
    shop.stripe.draw(Swipe(card.track2.replace("D3012101", "D3012106")))
    assert swiped(shop).approved
    shop.stripe.draw(Swipe(card.track2.replace("D3012101", "D3012100")))
    outcome = swiped(shop)
    assert (outcome.result, outcome.message) == (Result.REFUSED, "密码键盘故障")


def test_after_a_wrong_pin_the_same_stripe_is_sent_with_a_fresh_block(shop: Shop) -> None:
    """5.17"""
    shop.holds("stripe-debit", OTHER_PAN)
    shop.keys.pins = ["0000", shop.card.profile.pin]
    assert swiped(shop).approved
    first, second = shop.messages("0100")
    assert first[35] == second[35]
    assert first[52] != second[52]
    assert first[11] != second[11]
    assert len(shop.events.of("swiped")) == 1


# ── a card with a chip ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("first", ["2", "6"])
def test_a_card_whose_stripe_says_that_it_has_a_chip_must_be_put_in(shop: Shop, first: str) -> None:
    """5.13; cases.md 10"""
    shop.presenter.stand_still()
    shop.stripe.draw(Swipe(shop.card.track2.replace("D3012201", f"D3012{first}01")))
    outcome = swiped(shop)
    assert (outcome.result, outcome.entry) == (Result.APPROVED, Entry.CHIP)
    assert INSERT_THE_CHIP in shop.displays("customer")
    assert 55 in last(shop)


def test_a_card_that_is_not_put_in_then_is_not_used(shop: Shop) -> None:
    shop.slot.remove()
    shop.presenter.stand_still()
    shop.stripe.draw(Swipe(shop.card.track2))
    outcome = swiped(shop)
    assert (outcome.result, outcome.message) == (Result.CANCELLED, "等待插卡超时")
    assert not shop.requests()


def test_an_obliging_cardholder_puts_it_in(shop: Shop) -> None:
    assert swiped(shop).entry is Entry.CHIP
    assert [e["read"] for e in shop.events.of("swiped")] == ["good"]


def test_a_seeded_defect_takes_its_stripe(open_shop: Open) -> None:
    shop = open_shop("chip-card-swiped")
    assert swiped(shop).entry is Entry.SWIPED
    assert last(shop)[22] == "022"
    assert str(last(shop)[60])[12] == "1"  # 2.4: the chip before was fine


# ── swipes that are none ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_bad_swipe_is_asked_for_again(striped: Shop) -> None:
    striped.presenter.swipe_badly("stripe-only")
    assert swiped(striped).approved
    assert [text for text in striped.displays("customer") if "刷卡" in text] == [SWIPE, SWIPE_AGAIN]


def test_a_stripe_that_is_worn_out_is_given_up(striped: Shop) -> None:
    striped.presenter.wear_out("stripe-only")
    outcome = swiped(striped)
    assert (outcome.result, outcome.message) == (Result.REFUSED, "刷卡失败")
    assert len(striped.events.of("swiped", read="bad")) == 3
    assert not striped.requests()


def test_nobody_swipes(striped: Shop) -> None:
    """cases.md 19"""
    striped.presenter.stand_still()
    outcome = swiped(striped)
    assert (outcome.result, outcome.message) == (Result.CANCELLED, "等待刷卡超时")


@pytest.mark.parametrize(
    ("track", "message"),
    [(f"{OTHER_PAN[:-1]}4D301210100000", "卡号错"), (f"{OTHER_PAN}D200110100000", "该卡已过期")],
)
def test_a_stripe_that_is_no_good_is_refused_before_anything_is_sent(striped: Shop, track: str, message: str) -> None:
    """cases.md 83, 85"""
    striped.presenter.stand_still()
    striped.stripe.draw(Swipe(track))
    outcome = swiped(striped)
    assert (outcome.result, outcome.message) == (Result.REFUSED, message)
    assert not striped.requests()


def test_a_stripe_outside_the_test_ranges_stops_the_run_and_is_in_no_error(striped: Shop) -> None:
    """Design 7."""
    striped.presenter.stand_still()
    striped.stripe.draw(Swipe(f"{STRANGER}D301210100000"))
    with pytest.raises(ForeignCard) as caught:
        swiped(striped)
    assert STRANGER not in str(caught.value)
    assert not striped.requests()
    assert not any(STRANGER in str(event.fields) for event in striped.events.all())


def test_a_terminal_without_a_slot_for_it_says_so(shop: Shop) -> None:
    shop.terminal._transactions._entry._swipes._slot = None
    outcome = swiped(shop)
    assert (outcome.result, outcome.message) == (Result.REFUSED, "无磁卡读卡器")
