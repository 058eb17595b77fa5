"""A PIN in a transaction: what is shown beside the pad, what a bypass does, what a sign-on in between does."""

from __future__ import annotations

import pytest

from protocols.emv import find
from protocols.emv.verification import Tvr
from protocols.orders import Result
from protocols.pinpad import PinEnd
from protocols.prompts import LAST_TRY, PIN, PIN_AGAIN, PIN_ONCE_MORE
from protocols.transactions import Transaction
from rigs.cards.faulty import card_fault
from simulators.issuer import Answer, Rule
from simulators.pinpad import Typed
from tests.simulators.kit import OTHER_PAN
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
WRONG = "0000"


def asked(shop: Shop) -> list[str]:
    return [text for text in shop.displays("customer") if text in (PIN, PIN_AGAIN, LAST_TRY, PIN_ONCE_MORE)]


def at_the_pad(shop: Shop, *ends: PinEnd | str) -> None:
    """What is done there, one after the other; the last one stays."""
    left = list(ends)

    def type_pin() -> Typed:
        shop.keys.asked += 1
        entry = left.pop(0) if len(left) > 1 else left[0]
        return Typed(end=entry) if isinstance(entry, PinEnd) else Typed(entry)

    shop.keys.type_pin = type_pin  # type: ignore[method-assign]


def tvr(shop: Shop) -> Tvr:
    told = find(bytes(shop.messages("0100")[-1][55]), "95")  # type: ignore[arg-type]
    assert told is not None
    return Tvr.parse(told)


@pytest.fixture
def offline(shop: Shop) -> Shop:
    """A card that looks at its PIN itself."""
    shop.holds("offline-pin", OTHER_PAN)
    shop.presenter.offer("offline-pin")
    return shop


# ── displays ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pin_that_the_issuer_refused_is_asked_for_as_such(shop: Shop) -> None:
    shop.keys.pins = [WRONG, shop.card.profile.pin]
    assert shop.preauth().approved
    assert asked(shop) == [PIN, PIN_AGAIN]
    assert shop.preauth().approved
    assert asked(shop)[2:] == [PIN]


def test_a_pin_that_the_card_refused_is_asked_for_until_its_last_try(offline: Shop) -> None:
    """EMV Book 4, 6.3.4.1"""
    offline.keys.pins = [WRONG, WRONG, offline.card.profile.pin]
    assert offline.preauth().approved
    assert asked(offline) == [PIN, PIN_AGAIN, LAST_TRY]
    assert 52 not in offline.messages("0100")[0]
    assert offline.messages("0100")[0][22] == "052"
    assert "已验证密码" in offline.printer.written[0].text


SAYS_PIN, SIGNS, NEITHER = "已验证密码", "持卡人签名", "免密免签"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("credit-chip", {SAYS_PIN, SIGNS}),
        ("offline-pin", {SAYS_PIN, SIGNS}),
        ("offline-pin-enciphered", {SAYS_PIN, SIGNS}),
        ("offline-pin-signature", {SAYS_PIN, SIGNS}),
        ("signature-only", {SIGNS}),
        ("no-cvm", {NEITHER}),
    ],
)
def test_the_merchants_copy_tells_of_the_method_that_was_really_used(shop: Shop, kind: str, words: set[str]) -> None:
    """EMV Book 4, 6.3.4.4; cases.md 178"""
    shop.keys.pins = [shop.holds(kind, OTHER_PAN).profile.pin]
    shop.presenter.offer(kind)
    assert shop.preauth(10_00).approved
    assert {word for word in (SAYS_PIN, SIGNS, NEITHER) if word in shop.printer.written[0].text} == words


def test_a_pin_that_the_card_found_wrong_to_the_end_leaves_it_to_the_next_method(offline: Shop) -> None:
    """EMV Book 3, 10.5; cases.md 81: the issuer looks at it then."""
    at_the_pad(offline, WRONG, WRONG, WRONG, offline.card.profile.pin)
    assert offline.preauth().approved
    assert {Tvr.PIN_TRIES_EXCEEDED, Tvr.ONLINE_PIN_ENTERED} <= set(tvr(offline))
    assert offline.messages("0100")[-1][22] == "051"
    assert [e["form"] for e in offline.events.of("pin") if "end" in e] == ["plain", "plain", "plain", "online"]


# ── how it ends ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("end", "message"), [(PinEnd.CANCELLED, "持卡人取消"), (PinEnd.TIMED_OUT, "输入密码超时")])
@pytest.mark.parametrize("kind", ["credit-chip", "offline-pin"])
def test_without_a_pin_nothing_is_sent(shop: Shop, end: PinEnd, message: str, kind: str) -> None:
    """cases.md 17, 20"""
    shop.holds(kind, OTHER_PAN)
    shop.presenter.offer(kind)
    at_the_pad(shop, end)
    outcome = shop.preauth()
    assert (outcome.result, outcome.message) == (Result.CANCELLED, message)
    assert not shop.requests()
    assert not shop.events.of("cryptogram")
    assert shop.held() == (0, 0)


def test_a_bypass_is_told_to_the_issuer_and_goes_without_a_block(shop: Shop) -> None:
    """EMV Book 4, 6.3.4.3"""
    at_the_pad(shop, PinEnd.BYPASSED)
    shop.preauth()
    assert Tvr.PIN_NOT_ENTERED in tvr(shop)
    assert Tvr.ONLINE_PIN_ENTERED not in tvr(shop)
    assert 52 not in shop.messages("0100")[0]
    assert shop.keys.asked == 1


def test_where_it_is_not_allowed_the_key_does_nothing(shop: Shop) -> None:
    shop.parameters(pin_bypass=False)
    at_the_pad(shop, PinEnd.BYPASSED, shop.card.profile.pin)
    assert shop.preauth().approved
    at_the_pad(shop, PinEnd.BYPASSED)
    outcome = shop.preauth()
    assert (outcome.result, outcome.message) == (Result.CANCELLED, "输入密码超时")


@pytest.mark.parametrize("how", ["broken", "parameter"])
def test_a_pad_that_does_not_work_is_told_to_the_issuer(shop: Shop, how: str) -> None:
    """EMV Book 3, 10.5.2"""
    if how == "broken":
        shop.pad.broken = True
    else:
        shop.parameters(pinpad=False)
    shop.preauth()
    assert Tvr.PINPAD_NOT_WORKING in tvr(shop)
    assert shop.keys.asked == 0
    assert asked(shop) == []


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("end", "message"), [(PinEnd.CANCELLED, "持卡人取消"), (PinEnd.TIMED_OUT, "输入密码超时")])
def test_who_does_not_type_it_once_more_has_ended_it(shop: Shop, end: PinEnd, message: str) -> None:
    """5.21: after 77 there are new keys; the chip hears that nobody was asked."""
    shop.host.add_rule(Rule(Answer("77"), T.PREAUTH))
    at_the_pad(shop, shop.card.profile.pin, end)
    outcome = shop.preauth()
    assert (outcome.result, outcome.message) == (Result.CANCELLED, message)
    assert len(shop.requests()) == 1
    assert [(e["round"], e["type"]) for e in shop.events.of("cryptogram")] == [("first", "ARQC"), ("second", "AAC")]
    assert not shop.reversals()


def test_he_cannot_pass_by_a_pin_that_the_chip_was_told_of(shop: Shop) -> None:
    shop.host.add_rule(Rule(Answer("77"), T.PREAUTH))
    at_the_pad(shop, shop.card.profile.pin, PinEnd.BYPASSED)
    assert shop.preauth().result is Result.CANCELLED
    assert len(shop.requests()) == 1


def test_nothing_is_approved_offline_for_one_who_has_cancelled(shop: Shop) -> None:
    shop.parameters(offline_approval=True, tac_default="0000000000")
    shop.holds("credit-chip", OTHER_PAN, fault=card_fault("may decide by itself"))
    shop.presenter.offer("credit-chip")
    shop.host.add_rule(Rule(Answer("77"), T.SALE))
    at_the_pad(shop, shop.card.profile.pin, PinEnd.CANCELLED)
    assert shop.order(T.SALE, 10_00).result is Result.CANCELLED
    assert [(e["round"], e["asked"]) for e in shop.events.of("cryptogram")][-1] == ("second", "AAC")


def test_a_card_without_a_pin_is_sent_again_as_it_was(shop: Shop) -> None:
    shop.holds("signature-only", OTHER_PAN)
    shop.presenter.offer("signature-only")
    shop.host.add_rule(Rule(Answer("77"), T.PREAUTH))
    assert shop.preauth().approved
    assert asked(shop) == []


def test_a_terminal_that_cannot_sign_on_asks_for_no_pin(shop: Shop) -> None:
    shop.pad.inject(bytes(16))
    outcome = shop.preauth()
    assert (outcome.result, outcome.message) == (Result.NO_REPLY, "通讯失败 未发送")
    assert shop.keys.asked == 0


@pytest.mark.parametrize("needs", [True, False])
def test_a_follow_up_has_a_pin_where_the_market_wants_one(open_shop: Open, needs: bool) -> None:
    """5.12"""
    shop = open_shop(completion={"needs_pin": needs})
    hold = shop.preauth()
    assert shop.complete(hold).approved
    assert (52 in shop.messages("0200")[0]) == needs
