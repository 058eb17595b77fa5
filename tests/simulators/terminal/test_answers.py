"""What the terminal takes for an answer, and what it does on each code. facts/unionpay-pos 1, 1.8, 5.15-5.21."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.market import Action
from protocols.orders import Result
from protocols.transactions import Transaction
from simulators.issuer import (
    Answer,
    Delay,
    Differ,
    Drip,
    DropField,
    Duplicate,
    Glued,
    HalfOpen,
    LengthPrefix,
    NoMac,
    NonNumeric,
    Overflow,
    Partial,
    ProcessingRequest,
    Reset,
    Rule,
    SetField,
    Split,
    SpoilChip,
    WrongMac,
)
from simulators.terminal.terminal import NEUTRAL
from tests.simulators.kit import cn_market
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
MARKET = cn_market()


def spoiled(shop: Shop, action: Any, transaction: Transaction = T.PREAUTH) -> None:
    shop.host.add_rule(Rule(action, transaction))
    shop.impatient = {"request"}


# ── answers that are none ─────────────────────────────────────────────────────────────────────────────────────────

NO_ANSWERS = [
    (Differ(11, "wrong trace"), "98"),
    (Differ(41, "wrong terminal"), "98"),
    (Differ(42, "wrong merchant"), "98"),
    (Differ(0, "wrong type"), "98"),
    (DropField(39), "98"),
    (DropField(38), "98"),
    (DropField(37), "98"),
    (NonNumeric(4), "98"),
    (Overflow(44), "98"),
    (LengthPrefix("wrong length prefix"), "98"),
    (LengthPrefix("short length prefix"), "98"),
    (LengthPrefix("zero length prefix"), "98"),
    (Reset(), "98"),
    (NoMac(), "A0"),
    (WrongMac(), "A0"),
    (Differ(4, "wrong amount"), "06"),
    (Differ(49, "wrong currency"), "06"),
]


@pytest.mark.parametrize(("action", "reason"), NO_ANSWERS, ids=[action.name for action, _ in NO_ANSWERS])
def test_what_is_no_answer_is_reversed_and_the_terminal_goes_on(shop: Shop, action: Any, reason: str) -> None:
    """cases.md 120-129; 5.19: A0 is for the MAC alone, 06 for another amount."""
    spoiled(shop, action)
    outcome = shop.preauth()
    assert (outcome.result, outcome.code, outcome.approval) == (Result.NO_REPLY, "", "")
    [reversal] = shop.reversals()
    assert (reversal[11], reversal[39]) == (outcome.trace, reason)
    assert not shop.printer.written
    shop.impatient = set()
    assert shop.preauth().approved
    assert shop.held() == (100_00, 0)


# ── answers that are odd, and all the same answers ────────────────────────────────────────────────────────────────

ANSWERS = [
    SetField(59, "0001"), Differ(37, "wrong reference"), Split(), Duplicate(), Glued(),
    SpoilChip("duplicate chip tag"), ProcessingRequest(9), Delay(1),
]  # fmt: skip


@pytest.mark.parametrize("action", ANSWERS, ids=[action.name for action in ANSWERS])
def test_what_is_odd_but_authentic_is_taken(shop: Shop, action: Any) -> None:
    """cases.md 109, 115, 116, 130"""
    shop.host.add_rule(Rule(action, T.PREAUTH))
    assert shop.preauth().approved
    assert shop.preauth().approved
    assert not shop.reversals()
    assert shop.held() == (200_00, 0)
    assert len(shop.printer.written) == 4


def test_a_dripping_answer_within_the_time_is_taken(shop: Shop) -> None:
    shop.host.add_rule(Rule(Drip(1), T.PREAUTH))
    assert shop.preauth().approved


def test_a_duplicate_is_told_as_stray(shop: Shop) -> None:
    """cases.md 109"""
    shop.host.add_rule(Rule(Duplicate(), T.PREAUTH))
    outcome = shop.preauth()
    shop.preauth()
    assert [e["trace"] for e in shop.events.of("stray reply")] == [outcome.trace]


@pytest.mark.parametrize("trick", ["malformed chip data", "no ARPC"])
def test_without_issuer_data_that_can_be_read_the_card_decides(shop: Shop, trick: Any) -> None:
    """cases.md 131, 156: no crash; a card that wants an ARPC refuses, and the approval is reversed."""
    shop.host.add_rule(Rule(SpoilChip(trick), T.PREAUTH))
    outcome = shop.preauth()
    reversed_ = len(shop.reversals())
    assert (outcome.approved, reversed_) in ((True, 0), (False, 1))
    assert shop.preauth().approved


def test_a_half_open_line_is_given_up_and_a_new_one_works(shop: Shop) -> None:
    """cases.md 114"""
    shop.host.add_rule(Rule(HalfOpen(), T.PREAUTH))
    shop.impatient = {"request", "reversal"}
    shop.preauth()
    shop.impatient = set()
    shop.parameters(response_timeout_s=10.0)
    assert shop.preauth().approved
    assert shop.held() == (100_00, 0)
    assert len(shop.events.of("connected")) == 2


def test_what_cannot_be_read_is_told(shop: Shop) -> None:
    spoiled(shop, NonNumeric(4))
    shop.preauth()
    assert "F4 amount" in str(shop.events.of("unreadable reply")[0]["reason"])


def test_what_is_refused_is_told_with_its_reason(shop: Shop) -> None:
    spoiled(shop, DropField(38))
    shop.preauth()
    assert "F38" in str(shop.events.of("refused reply")[0]["reason"])


# ── partial approvals ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_part_is_taken_where_the_terminal_takes_parts(shop: Shop) -> None:
    """cases.md 28"""
    shop.parameters(partial_approvals=True)
    shop.host.add_rule(Rule(Partial(40), T.PREAUTH))
    outcome = shop.preauth()
    assert (outcome.result, outcome.code, outcome.amount.minor) == (Result.APPROVED, "10", 40_00)
    assert all("RMB 40.00" in slip.text and "100.00" not in slip.text for slip in shop.printer.written)
    assert shop.held() == (40_00, 0)
    assert shop.terminal._journal.batch.records()[0].amount == 40_00
    assert not shop.reversals()


def test_a_part_that_nobody_asked_for_is_declined_and_reversed_for_the_whole(shop: Shop) -> None:
    """cases.md 29"""
    shop.host.add_rule(Rule(Partial(40), T.PREAUTH))
    outcome = shop.preauth()
    assert (outcome.result, outcome.code) == (Result.DECLINED, "10")
    assert shop.displays("customer")[-1] == NEUTRAL
    [reversal] = shop.reversals()
    assert (reversal[39], reversal[4]) == ("06", "000000010000")
    assert shop.held() == (0, 0)
    assert not shop.printer.written


def test_a_part_that_is_more_than_the_whole_is_no_answer(shop: Shop) -> None:
    shop.parameters(partial_approvals=True)
    shop.host.add_rule(Rule((Answer("10"), SetField(4, "000000020000")), T.PREAUTH))
    assert shop.preauth().result is Result.NO_REPLY
    assert [r[39] for r in shop.reversals()] == ["06"]


# ── codes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

DECLINING = sorted(
    code for code in MARKET.codes
    if MARKET.action(code) in (Action.DECLINE, Action.KEEP_CARD, Action.RETRY_LATER, Action.NEXT_TRACE)
)  # fmt: skip


@pytest.mark.parametrize("code", [*DECLINING, "ZZ"])
def test_a_declining_code_is_shown_to_the_operator_alone_and_nothing_is_reversed(shop: Shop, code: str) -> None:
    """cases.md 79-94"""
    shop.host.add_rule(Rule(Answer(code), T.PREAUTH))
    outcome = shop.preauth()
    assert (outcome.result, outcome.code) == (Result.DECLINED, code)
    assert shop.displays()[-1] == f"{code} {MARKET.codes.get(code, '交易失败')}"
    assert shop.displays("customer")[-1] == NEUTRAL
    assert not any(MARKET.codes.get(code, "交易失败") in text for text in shop.displays("customer"))
    assert not shop.printer.written
    assert not shop.reversals()


@pytest.mark.parametrize("code", [code for code in MARKET.success_codes if code != "00"])
def test_every_success_code_is_an_approval(shop: Shop, code: str) -> None:
    """cases.md 93"""
    shop.host.add_rule(Rule(Answer(code), T.PREAUTH))
    outcome = shop.preauth()
    assert (outcome.result, outcome.code) == (Result.APPROVED, code)
    assert len(shop.printer.written) == 2
    assert not shop.reversals()


@pytest.mark.parametrize("code", sorted(c for c, a in MARKET.actions.items() if a is Action.KEEP_CARD))
def test_a_card_to_be_kept_is_told_to_the_operator(shop: Shop, code: str) -> None:
    """cases.md 82"""
    shop.host.add_rule(Rule(Answer(code), T.PREAUTH))
    shop.preauth()
    assert "请没收卡片" in shop.displays()
    assert "请没收卡片" not in shop.displays("customer")


def test_a_code_to_try_later_says_so(shop: Shop) -> None:
    shop.host.add_rule(Rule(Answer("90"), T.PREAUTH))
    shop.preauth()
    assert "请稍后重试" in shop.displays()


def test_a_duplicate_raises_the_trace_and_is_not_sent_again(shop: Shop) -> None:
    """5.16"""
    shop.host.add_rule(Rule(Answer("94"), T.PREAUTH))
    first = shop.preauth()
    assert len(shop.requests()) == 1
    assert int(shop.preauth().trace) == int(first.trace) + 2


def test_a_wrong_pin_where_none_was_typed_is_a_decline(open_shop: Open) -> None:
    shop = open_shop()
    hold = shop.preauth()
    shop.host.add_rule(Rule(Answer("55"), T.COMPLETION))
    assert shop.complete(hold).code == "55"
    assert len(shop.requests()) == 2


# ── what a header asks for ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("digit", "first"),
    [(1, ("0800", "parameter download")), (3, ("0800", "sign-on")), (4, ("0820", "CA key query")),
     (5, ("0820", "IC parameter query"))],
)  # fmt: skip
def test_a_processing_request_is_served_when_the_transaction_is_over(
    shop: Shop, digit: int, first: tuple[str, str]
) -> None:
    """1.8"""
    shop.host.add_rule(Rule(ProcessingRequest(digit), T.PREAUTH))
    assert shop.preauth().approved
    after = [(e["mti"], e["transaction"]) for e in shop.events.of("request")][2:]
    assert after[0] == first
    before = len(shop.events.of("request"))
    assert shop.preauth().approved
    assert len(shop.events.of("request")) == before + 1
