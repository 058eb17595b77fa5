"""Defects of messages, reversals, store and forward, settlement and codes: each does its one wrong thing."""

from __future__ import annotations

from protocols.orders import Result
from protocols.transactions import Transaction
from simulators.issuer import Answer, Differ, NoAnswer, NoMac, Partial, Rule, SetField
from simulators.terminal.defects import DEFECTS
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop
from tests.simulators.terminal.test_settling import UNBALANCED, said

T = Transaction
LOST = NoAnswer(decide=False)


def stored(shop: Shop) -> list[str]:
    return [str(e["status"]) for e in shop.events.of("stored")]


def lost_advice(shop: Shop) -> None:
    """An advice that reached nobody."""
    hold = shop.preauth()
    shop.host.add_rule(Rule(LOST, T.ADVICE))
    shop.parameters(response_timeout_s=0.15)
    shop.order(T.ADVICE, 100_00, hold)
    shop.parameters(response_timeout_s=10.0)


def lost_hold(shop: Shop, impatient: frozenset[str] | set[str] = frozenset({"request"})) -> None:
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.impatient = set(impatient)
    shop.preauth()


def test_every_defect_has_a_case_and_a_criterion() -> None:
    assert all(defect.cases and "." in defect.caught_by and defect.description for defect in DEFECTS.values())


def test_advice_sent_twice(open_shop: Open) -> None:
    shop = open_shop("advice-sent-twice")
    outcome = shop.order(T.ADVICE, 100_00, shop.preauth())
    assert outcome.approved
    assert [trace for mti, trace in shop.requests() if mti == "0220"] == [outcome.trace] * 2
    shop.terminal.to_idle()
    assert len(shop.messages("0220")) == 2


def test_advice_forgotten(open_shop: Open) -> None:
    shop = open_shop("advice-forgotten")
    lost_advice(shop)
    shop.terminal.to_idle()
    assert stored(shop) == ["written", "sent"]


def test_poison_blocks_queue(open_shop: Open) -> None:
    shop = open_shop("poison-blocks-queue")
    shop.host.add_rule(Rule(Answer("96"), T.ADVICE, times=None))
    shop.order(T.ADVICE, 10_00, shop.preauth(10_00))
    sale = shop.order(T.SALE, 20_00)
    refund = shop.order(T.REFUND, 20_00, sale)
    assert refund.result is Result.STORED
    shop.terminal.to_idle()
    assert all(trace != refund.trace for _, trace in shop.requests())


def test_advice_reversed(open_shop: Open) -> None:
    shop = open_shop("advice-reversed")
    lost_advice(shop)
    shop.terminal.to_idle()
    advice = shop.events.of("stored", status="written")[0]["trace"]
    assert [r[11] for r in shop.reversals()][:1] == [advice]
    assert shop.terminal._journal.armed() is None


def test_reversal_wrong_amount(open_shop: Open) -> None:
    shop = open_shop("reversal-wrong-amount")
    lost_hold(shop)
    assert [r[4] for r in shop.reversals()] == ["000000010001"]


def test_reversal_endless(open_shop: Open) -> None:
    shop = open_shop("reversal-endless", reversal={"repeats": 1})
    shop.host.add_rule(Rule(LOST, reversal=True, times=None))
    lost_hold(shop, {"request", "reversal"})
    shop.terminal.to_idle()
    assert len(shop.reversals()) > 2
    assert shop.terminal._journal.armed() is None


def test_reversal_carries_track(open_shop: Open) -> None:
    shop = open_shop("reversal-carries-track")
    lost_hold(shop)
    assert [35 in r for r in shop.reversals()] == [True]


def test_stray_answer_taken(open_shop: Open) -> None:
    shop = open_shop("stray-answer-taken")
    shop.host.add_rule(Rule(Differ(11, "wrong trace"), T.PREAUTH))
    assert shop.preauth().approved
    assert not shop.reversals()


def test_missing_mac_accepted(open_shop: Open) -> None:
    shop = open_shop("missing-mac-accepted")
    shop.host.add_rule(Rule(NoMac(), T.PREAUTH))
    assert shop.preauth().approved
    assert not shop.reversals()


def test_wrong_amount_accepted(open_shop: Open) -> None:
    shop = open_shop("wrong-amount-accepted")
    shop.host.add_rule(Rule(Differ(4, "wrong amount"), T.PREAUTH))
    outcome = shop.preauth()
    assert (outcome.approved, outcome.amount.minor) == (True, 100_00)
    assert not shop.reversals()


def test_partial_taken_as_whole(open_shop: Open) -> None:
    shop = open_shop("partial-taken-as-whole")
    shop.host.add_rule(Rule(Partial(40), T.PREAUTH))
    outcome = shop.preauth()
    assert (outcome.approved, outcome.amount.minor) == (True, 100_00)
    assert shop.held() == (40_00, 0)
    assert "RMB 100.00" in shop.printer.written[0].text


def test_unknown_code_approved(open_shop: Open) -> None:
    shop = open_shop("unknown-code-approved")
    shop.host.add_rule(Rule(Answer("ZZ"), T.PREAUTH))
    outcome = shop.preauth()
    assert (outcome.approved, outcome.code) == (True, "ZZ")
    shop.host.add_rule(Rule(Answer("51"), T.PREAUTH))
    assert shop.preauth().result is Result.DECLINED


def test_sign_on_demand_ignored(open_shop: Open) -> None:
    shop = open_shop("sign-on-demand-ignored")
    shop.host.add_rule(Rule(Answer("77"), T.PREAUTH))
    assert shop.preauth().code == "77"
    assert [e["mti"] for e in shop.events.of("request")] == ["0800", "0100"]


def test_preauth_in_totals(open_shop: Open) -> None:
    shop = open_shop("preauth-in-totals")
    shop.preauth(10_00)
    shop.order(T.SETTLEMENT)
    assert (said(shop)["debit_total"], said(shop)["debit_count"]) == (10_00, 1)


def test_mismatch_not_uploaded(open_shop: Open) -> None:
    shop = open_shop("mismatch-not-uploaded")
    shop.order(T.SALE, 10_00)
    shop.host.add_rule(Rule(UNBALANCED, T.SETTLEMENT))
    assert shop.order(T.SETTLEMENT).approved
    assert (said(shop)["flag"], said(shop)["uploaded"]) == ("2", 0)
    assert not shop.events.of("upload")


def test_settlement_before_reversal(open_shop: Open) -> None:
    shop = open_shop("settlement-before-reversal", reversal={"first_try": "before next"})
    lost_hold(shop)
    shop.impatient = set()
    shop.parameters(response_timeout_s=10.0)
    shop.order(T.SETTLEMENT)
    assert "0400" not in [e["mti"] for e in shop.events.of("request")]
    shop.terminal.to_idle()
    assert len(shop.reversals()) == 1


def test_trace_wrap_zero(open_shop: Open) -> None:
    shop = open_shop("trace-wrap-zero")
    shop.terminal.sign_on()
    shop.terminal.count_on_from(999_998)
    assert [shop.preauth(1).trace for _ in range(2)] == ["999999", "000000"]


def test_refund_without_reference(open_shop: Open) -> None:
    shop = open_shop("refund-without-reference")
    shop.order(T.REFUND, 10_00, shop.order(T.SALE, 10_00))
    assert 37 not in shop.messages("0220")[0]


def test_without_any_of_them_nothing_of_this_happens(open_shop: Open) -> None:
    shop = open_shop()
    shop.terminal.sign_on()
    shop.terminal.count_on_from(999_998)
    assert [shop.preauth(1).trace for _ in range(2)] == ["999999", "000001"]
    shop.host.add_rule(Rule(SetField(4, "000000000001"), T.PREAUTH))
    assert shop.preauth().result is Result.NO_REPLY
