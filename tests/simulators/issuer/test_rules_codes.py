"""Every code of a market's rules is answered where it belongs: each is set to a mark, and one request must get it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from protocols.market import (
    CancelRule,
    CompletionRule,
    IncrementRule,
    MarketPart,
    MatchingRule,
    PreauthRule,
    RefundRule,
    ReversalRule,
    VoidRule,
)
from protocols.transactions import Transaction
from simulators.issuer.decisions import Decided
from tests.simulators.issuer.bank import HOLD, OPENING, Bank
from tests.simulators.kit import cn_market

T = Transaction
MARK = "Q7"


class Case(NamedTuple):
    """Steps of which the last gets the code, and what the market must be for it."""

    steps: tuple[Callable[[Bank], Any], ...]
    part: dict[str, Any] = {}


def later(days: int) -> Callable[[Bank], Any]:
    return lambda bank: bank.days_go_by(days)


def with_debit(bank: Bank) -> None:
    bank.ledger.open_account("debit", OPENING, "debit")


CASES: dict[str, Case] = {
    "preauth.wrong_amount_code": Case((lambda b: b.preauth(0),)),
    "preauth.over_most_code": Case((lambda b: b.preauth(50_01),), {"most": 50_00}),
    "preauth.not_permitted_code": Case((with_debit, lambda b: b.preauth(card="debit")), {"debit_allowed": False}),
    "completion.over_limit_code": Case((Bank.preauth, lambda b: b.complete(115_01))),
    "completion.too_old_code": Case((Bank.preauth, later(31), Bank.complete)),
    "completion.second_code": Case((Bank.preauth, Bank.complete, lambda b: b.complete(trace=3))),
    "completion.zero_code": Case((Bank.preauth, lambda b: b.complete(0))),
    "increment.not_allowed_code": Case((Bank.preauth, Bank.increment), {"allowed": False}),
    "cancel.amount_differs_code": Case((Bank.preauth, lambda b: b.cancel(HOLD - 1))),
    "cancel.not_open_code": Case((Bank.preauth, Bank.cancel, lambda b: b.cancel(trace=4))),
    "cancel.completed_code": Case((Bank.preauth, Bank.complete, Bank.cancel)),
    "cancel.later_day_code": Case((Bank.preauth, later(1), Bank.cancel), {"later_day": False}),
    "completion_void.not_normal_code": Case((Bank.preauth, Bank.complete, later(1), Bank.void)),
    "completion_void.voided_code": Case((Bank.preauth, Bank.complete, Bank.void, lambda b: b.void(trace=5))),
    "completion_void.amount_differs_code": Case((Bank.preauth, Bank.complete, lambda b: b.void(HOLD - 1))),
    "sale_void.not_normal_code": Case((Bank.sell, later(1), Bank.void_sale)),
    "sale_void.voided_code": Case((Bank.sell, Bank.void_sale, lambda b: b.void_sale(trace=8))),
    "sale_void.amount_differs_code": Case((Bank.sell, lambda b: b.void_sale(HOLD - 1))),
    "refund.too_old_code": Case((Bank.sell, later(31), Bank.refund)),
    "refund.over_amount_code": Case((Bank.sell, lambda b: b.refund(HOLD + 1))),
    "refund.no_original_code": Case((Bank.refund,)),
    "matching.no_original_code": Case((Bank.cancel,)),
    "matching.other_card_code": Case((with_debit, Bank.sell, lambda b: b.void_sale(card="debit"))),
    "matching.duplicate_code": Case((Bank.preauth, Bank.preauth)),
    "reversal.unknown_code": Case((lambda b: b.reverse(T.PREAUTH, 1),)),
    "reversal.repeated_code": Case((Bank.sell, *(lambda b: b.reverse(T.SALE, 6),) * 2)),
    "reversal.not_normal_code": Case((Bank.preauth, Bank.complete, lambda b: b.reverse(T.PREAUTH, 1))),
    "reversal.other_day_code": Case((Bank.preauth, later(1), lambda b: b.reverse(T.PREAUTH, 1))),
    "reversal.declined_code": Case((lambda b: b.preauth(OPENING + 1), lambda b: b.reverse(T.PREAUTH, 1))),
    "reversal.amount_differs_code": Case((Bank.preauth, lambda b: b.reverse(T.PREAUTH, 1, HOLD + 1))),
}
PARTS: dict[str, type[MarketPart]] = {
    "preauth": PreauthRule, "completion": CompletionRule, "increment": IncrementRule, "cancel": CancelRule,
    "completion_void": VoidRule, "sale_void": VoidRule, "refund": RefundRule, "matching": MatchingRule,
    "reversal": ReversalRule,
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_market_s_code_is_answered_where_it_belongs(books: Path | str, name: str) -> None:
    part, code = name.split(".")
    bank = Bank(books, cn_market(**{part: {**CASES[name].part, code: MARK}}))
    *before, last = CASES[name].steps
    for step in before:
        decided = step(bank)
        assert not isinstance(decided, Decided) or decided.code != MARK
    stood = bank.account()
    decided = last(bank)
    assert (decided.code, decided.postings) == (MARK, ())
    assert decided.reason
    assert bank.account() == stood
    bank.ledger.audit()
    bank.close()


def test_every_code_of_every_rule_has_its_case() -> None:
    codes = {f"{name}.{code}" for name, part in PARTS.items() for code in part.model_fields if code.endswith("_code")}
    assert codes == CASES.keys()
