"""When the terminal reverses, when it must not, with what and how often. facts/unionpay-pos 5.19."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu, parse
from protocols.faults import PrinterGone
from protocols.orders import Result
from protocols.prompts import PIN_ONCE_MORE
from protocols.transactions import Transaction
from rigs.cards.faulty import card_fault
from simulators.card import ChipCard
from simulators.issuer import Answer, LateAnswer, NoAnswer, Rule, WrongMac
from tests.simulators.kit import credit_profile
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction


def generate_second(shop: Shop, act: object) -> None:
    """Do something as the second GENERATE AC of a transaction reaches the card."""
    asked: list[Apdu] = []

    def watch(command: Apdu) -> None:
        if command.ins == 0xA8:
            asked.clear()
        asked.extend([command] * (command.ins == 0xAE))
        if command.ins == 0xAE and len(asked) == 2:
            act()  # type: ignore[operator]

    shop.card.on_command = watch


def faulty(shop: Shop, name: str) -> None:
    """Another card is in, of the same account, with a fault of the catalogue."""
    shop.card = ChipCard(credit_profile(), shop.card.pan, name="credit", emit=shop._emit, fault=card_fault(name))
    shop.slot.insert(shop.card)


# ── no reply ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("decide", [True, False])
def test_a_time_out_is_reversed_at_once_with_the_same_trace_and_reason_98(shop: Shop, decide: bool) -> None:
    shop.host.add_rule(Rule(NoAnswer(decide=decide), T.PREAUTH))
    shop.impatient = {"request"}
    outcome = shop.preauth()
    assert (outcome.result, outcome.message) == (Result.NO_REPLY, "交易超时")
    [reversal] = shop.reversals()
    assert (reversal[11], reversal[39]) == (outcome.trace, "98")
    assert 38 not in reversal
    assert shop.held() == (0, 0)
    assert shop.terminal._journal.armed() is None
    assert not shop.printer.written


@pytest.mark.parametrize("transaction", [T.COMPLETION, T.CANCEL])
def test_a_follow_up_that_timed_out_is_reversed_and_the_hold_is_open_again(shop: Shop, transaction: T) -> None:
    hold = shop.preauth()
    shop.host.add_rule(Rule(NoAnswer(), transaction))
    shop.impatient = {"request"}
    outcome = shop.follow_up(transaction, hold)
    assert outcome.result is Result.NO_REPLY
    [reversal] = shop.reversals()
    assert reversal[61] == f"000001{outcome.trace}0000"
    assert shop.held() == (100_00, 0)


def test_a_void_that_timed_out_is_reversed_and_the_completion_stands_again(shop: Shop) -> None:
    completion = shop.complete(shop.preauth())
    shop.host.add_rule(Rule(NoAnswer(), T.COMPLETION_VOID))
    shop.impatient = {"request"}
    assert shop.follow_up(T.COMPLETION_VOID, completion).result is Result.NO_REPLY
    assert shop.held() == (0, 100_00)


def test_a_late_approval_is_shown_as_stray_and_not_applied(shop: Shop) -> None:
    shop.host.add_rule(Rule(LateAnswer(), T.PREAUTH))
    shop.impatient = {"request"}
    outcome = shop.preauth()
    assert outcome.result is Result.NO_REPLY
    assert shop.events.of("stray reply")[0]["trace"] == outcome.trace
    assert not shop.printer.written
    assert shop.held() == (0, 0)


# ── repeats ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("repeats", [0, 2])
def test_a_reversal_is_repeated_up_to_the_markets_limit_then_given_up_and_shown(open_shop: Open, repeats: int) -> None:
    shop = open_shop(reversal={"repeats": repeats})
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.host.add_rule(Rule(NoAnswer(decide=False), reversal=True, times=None))
    shop.impatient = {"request", "reversal"}
    outcome = shop.preauth()
    shop.terminal.to_idle()
    assert shop.requests(reversal=True) == [("0400", outcome.trace)] * (1 + repeats)
    assert shop.terminal._journal.given_up() == [outcome.trace]
    assert "冲正失败 请联系银行" in shop.displays()
    assert shop.terminal._journal.armed() is None


def test_every_repeat_is_the_same_message(open_shop: Open) -> None:
    shop = open_shop(reversal={"repeats": 1})
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.host.add_rule(Rule(NoAnswer(), reversal=True))
    shop.impatient = {"request", "reversal"}
    shop.preauth()
    shop.impatient = set()
    shop.terminal.to_idle()
    first, second = shop.reversals()
    assert first == second
    assert shop.terminal._journal.given_up() == []


@pytest.mark.parametrize(("code", "over"), [("25", True), ("12", True), ("96", False), ("98", False)])
def test_the_codes_00_25_and_12_end_a_reversal_and_no_other_does(shop: Shop, code: str, over: bool) -> None:
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.host.add_rule(Rule(Answer(code), reversal=True))
    shop.impatient = {"request"}
    shop.preauth()
    assert (shop.terminal._journal.armed() is None) is over


def test_what_is_armed_goes_before_the_next_request(shop: Shop) -> None:
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.host.add_rule(Rule(NoAnswer(decide=False), reversal=True))
    shop.impatient = {"request", "reversal"}
    lost = shop.preauth()
    shop.impatient = set()
    good = shop.preauth()
    assert good.approved
    assert shop.requests() == [
        ("0100", lost.trace), ("0400", lost.trace), ("0400", lost.trace), ("0100", good.trace),
    ]  # fmt: skip


def test_before_next_means_not_at_once(open_shop: Open) -> None:
    shop = open_shop(reversal={"first_try": "before next"})
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.impatient = {"request"}
    lost = shop.preauth()
    assert not shop.reversals()
    shop.impatient = set()
    good = shop.preauth()
    assert shop.requests() == [("0100", lost.trace), ("0400", lost.trace), ("0100", good.trace)]


def test_a_wrong_mac_on_the_reply_to_a_reversal_never_lets_the_next_request_go_first(shop: Shop) -> None:
    """A new sign-on, then the reversal again, then what is next."""
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.host.add_rule(Rule(WrongMac(), reversal=True, times=2))
    shop.impatient = {"request"}
    lost = shop.preauth()
    shop.impatient = set()
    good = shop.preauth()
    assert good.approved
    assert shop.requests() == [("0100", lost.trace), *[("0400", lost.trace)] * 3, ("0100", good.trace)]


# ── a host that cannot be reached ─────────────────────────────────────────────────────────────────────────────────


def test_a_request_that_could_not_be_sent_needs_no_reversal(shop: Shop) -> None:
    shop.terminal.sign_on()
    shop.host.stop()
    outcome = shop.preauth()
    assert (outcome.result, outcome.message) == (Result.NO_REPLY, "通讯失败 未发送")
    assert shop.terminal._journal.armed() is None


def test_a_host_that_cannot_be_reached_uses_up_no_try_and_nothing_is_given_up(shop: Shop) -> None:
    """5.19: a dial failure stops instead."""
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.host.add_rule(Rule(NoAnswer(decide=False), reversal=True, times=None))
    shop.impatient = {"request", "reversal"}
    lost = shop.preauth()
    shop.host.stop()
    for _ in range(6):
        shop.terminal.to_idle()
        assert shop.preauth().message == "通讯失败 未发送"
    armed = shop.terminal._journal.armed()
    assert armed is not None
    assert (armed.trace, armed.tries) == (lost.trace, 1)
    assert shop.terminal._journal.given_up() == []


def test_sign_on_refused_keeps_the_reversal_and_holds_back_the_next_request(shop: Shop) -> None:
    shop.terminal.sign_on()
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.host.add_rule(Rule(WrongMac(), reversal=True))
    shop.host.add_rule(Rule(Answer("96"), T.SIGN_ON, times=None))
    shop.impatient = {"request"}
    lost = shop.preauth()
    assert shop.preauth().result is Result.NO_REPLY
    assert shop.requests() == [("0100", lost.trace), ("0400", lost.trace)]
    shop.host.clear_rules()
    shop.impatient = set()
    assert shop.preauth().approved
    assert shop.terminal._journal.given_up() == []


def test_a_sign_on_refused_while_reversals_are_drained_holds_back_the_next_request(shop: Shop) -> None:
    """Even where the sign-on after that would be accepted: the reversal has not gone."""
    shop.terminal.sign_on()
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.host.add_rule(Rule(NoAnswer(decide=False), reversal=True))
    shop.host.add_rule(Rule(WrongMac(), reversal=True))
    shop.host.add_rule(Rule(Answer("96"), T.SIGN_ON))
    shop.impatient = {"request", "reversal"}
    lost = shop.preauth()
    shop.impatient = set()
    shop.parameters(response_timeout_s=10.0)
    assert shop.preauth().result is Result.NO_REPLY
    assert shop.requests() == [("0100", lost.trace), *[("0400", lost.trace)] * 3]
    assert shop.preauth().approved


def test_a_line_that_the_host_has_hung_up_meanwhile_costs_no_reversal(shop: Shop) -> None:
    assert shop.preauth().approved
    shop.hang_up()
    shop.events.wait("disconnected")
    assert shop.preauth().approved
    assert not shop.reversals()


# ── answers that are none ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_mac_on_an_approval_is_reversed_with_a0_after_a_new_sign_on(shop: Shop) -> None:
    shop.host.add_rule(Rule(WrongMac(), T.PREAUTH))
    outcome = shop.preauth()
    assert (outcome.result, outcome.message) == (Result.NO_REPLY, "报文校验错")
    [reversal] = shop.reversals()
    assert (reversal[11], reversal[39]) == (outcome.trace, "A0")
    kinds = [e["mti"] for e in shop.events.of("request")]
    assert kinds == ["0800", "0100", "0800", "0400"]
    assert shop.held() == (0, 0)


@pytest.mark.parametrize("code", ["51", "68", "91", "96", "98", "05"])
def test_an_authentic_decline_is_never_reversed(shop: Shop, code: str) -> None:
    shop.host.add_rule(Rule(Answer(code), T.PREAUTH))
    outcome = shop.preauth()
    assert (outcome.result, outcome.code) == (Result.DECLINED, code)
    shop.terminal.to_idle()
    assert not shop.reversals()


@pytest.mark.parametrize("code", ["77", "99"])
def test_after_a_demand_to_sign_on_the_transaction_is_sent_once_more_under_a_new_trace(shop: Shop, code: str) -> None:
    """5.21"""
    shop.host.add_rule(Rule(Answer(code), T.PREAUTH))
    outcome = shop.preauth()
    assert outcome.approved
    assert [e["mti"] for e in shop.events.of("request")] == ["0800", "0100", "0800", "0100"]
    first, second = (trace for _, trace in shop.requests())
    assert first != second == outcome.trace
    assert shop.keys.asked == 2  # a block under the old key is worth nothing
    assert shop.displays("customer").count(PIN_ONCE_MORE) == 1
    assert not shop.reversals()


def test_a_demand_that_comes_again_is_a_decline(shop: Shop) -> None:
    shop.host.add_rule(Rule(Answer("77"), T.PREAUTH, times=2))
    outcome = shop.preauth()
    assert (outcome.result, outcome.code) == (Result.DECLINED, "77")
    assert len(shop.requests()) == 2


def test_a_mac_that_the_host_found_wrong_is_followed_by_a_sign_on_alone(shop: Shop) -> None:
    shop.host.add_rule(Rule(Answer("A0"), T.PREAUTH))
    assert shop.preauth().code == "A0"
    assert [e["mti"] for e in shop.events.of("request")] == ["0800", "0100", "0800"]
    assert shop.preauth().approved


def test_a_host_that_forgot_the_terminals_keys_is_understood_without_a_mac(shop: Shop) -> None:
    shop.terminal.sign_on()
    shop.host._call(lambda: shop.host._terminals.find("50080001", "309310083985008").sign_off())
    assert shop.preauth().approved
    assert [mti for mti, _ in shop.requests()] == ["0100", "0100"]
    assert not shop.reversals()


# ── approvals that could not be finished ──────────────────────────────────────────────────────────────────────────


def test_a_chip_that_declines_an_approval_is_reversed_with_06_and_the_approval(shop: Shop) -> None:
    faulty(shop, "declines at last")
    outcome = shop.preauth()
    assert (outcome.result, outcome.message) == (Result.CARD_DECLINED, "卡片拒绝")
    [reversal] = shop.reversals()
    assert (reversal[39], str(reversal[38]).strip()) == ("06", "000001")
    assert shop.held() == (0, 0)
    assert not shop.printer.written


def test_a_card_pulled_after_the_approval_is_reversed_with_06(shop: Shop) -> None:
    generate_second(shop, shop.slot.remove)
    assert shop.preauth().result is Result.CARD_REMOVED
    assert [r[39] for r in shop.reversals()] == ["06"]
    assert shop.held() == (0, 0)


def test_a_card_that_breaks_off_after_the_approval_is_reversed_with_06(shop: Shop) -> None:
    faulty(shop, "refuses its last word")
    assert shop.preauth().result is Result.CARD_DECLINED
    assert [r[39] for r in shop.reversals()] == ["06"]


def test_a_card_that_falls_silent_after_the_approval_has_declined_it_and_is_reversed_with_06(shop: Shop) -> None:
    generate_second(shop, lambda: shop.card.faults.mute.add(0xAE))
    assert shop.preauth().result is Result.CARD_DECLINED
    assert [r[39] for r in shop.reversals()] == ["06"]
    shop.card.faults.mute.clear()
    shop.card.on_command = None
    assert shop.preauth().approved
    assert len(shop.reversals()) == 1


def test_the_reversal_of_a_chip_carries_its_data_as_they_stand_in_the_end(shop: Shop) -> None:
    """2.2: 95 9F1E 9F10 9F36."""
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.impatient = {"request"}
    shop.preauth()
    [reversal], [request] = shop.reversals(), shop.messages("0100")
    sent, told = (parse(bytes(message[55])) for message in (request, reversal))  # type: ignore[arg-type]
    assert [node.tag for node in told] == ["95", "9F1E", "9F10", "9F36"]
    before, after = ({node.tag: node.value for node in nodes} for nodes in (sent, told))
    assert after["9F36"] == before["9F36"]
    assert after["9F10"] != before["9F10"]  # the card has heard meanwhile that nobody answered


def test_a_printer_lost_under_an_approval_is_a_fault_and_reversed_with_96_and_the_approval(shop: Shop) -> None:
    shop.printer.pulled = True
    with pytest.raises(PrinterGone):
        shop.preauth()
    shop.terminal.to_idle()
    [reversal] = shop.reversals()
    assert (reversal[39], str(reversal[38]).strip()) == ("96", "000001")
    assert shop.held() == (0, 0)


def test_a_completed_approval_is_never_reversed(shop: Shop) -> None:
    shop.complete(shop.preauth())
    shop.terminal.to_idle()
    assert not shop.reversals()
