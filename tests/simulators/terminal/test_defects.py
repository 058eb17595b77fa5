"""The defects of the line, and their names."""

from __future__ import annotations

import pytest

from protocols.faults import ConfigurationError
from protocols.orders import Result
from protocols.transactions import Transaction
from simulators.issuer import LateAnswer, NoAnswer, Rule, WrongMac
from simulators.terminal.defects import DEFECTS, check_names
from tests.simulators.terminal.conftest import Open

T = Transaction


def test_no_reversal_on_timeout(open_shop: Open) -> None:
    shop = open_shop("no-reversal-on-timeout")
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.impatient = {"request"}
    shop.preauth()
    shop.terminal.to_idle()
    assert not shop.reversals()
    assert shop.held() == (100_00, 0)


def test_reversal_new_trace(open_shop: Open) -> None:
    shop = open_shop("reversal-new-trace")
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.impatient = {"request"}
    outcome = shop.preauth()
    assert [r[11] != outcome.trace for r in shop.reversals()] == [True]


def test_reversal_after_next_request(open_shop: Open) -> None:
    shop = open_shop("reversal-after-next-request")
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.impatient = {"request"}
    shop.preauth()
    shop.impatient = set()
    shop.preauth()
    assert [mti for mti, _ in shop.requests()] == ["0100", "0100", "0400"]


def test_late_answer_taken(open_shop: Open) -> None:
    shop = open_shop("late-answer-taken")
    shop.host.add_rule(Rule(LateAnswer(), T.PREAUTH))
    shop.impatient = {"request"}
    assert shop.preauth().result is Result.APPROVED


def test_wrong_mac_accepted(open_shop: Open) -> None:
    shop = open_shop("wrong-mac-accepted")
    shop.host.add_rule(Rule(WrongMac(), T.PREAUTH))
    assert shop.preauth().approved
    assert not shop.reversals()


def test_a_misspelt_defect_is_named_with_its_near_miss() -> None:
    with pytest.raises(ConfigurationError, match="wrong-mac-accepted"):
        check_names(["wrong-mac-acepted"])
    assert check_names(DEFECTS) == frozenset(DEFECTS)
