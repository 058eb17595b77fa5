"""What a rule does to the response code of any message."""

from __future__ import annotations

from protocols.market import Market
from simulators.issuer.actions import Action, Answer, together
from simulators.issuer.decisions import Decided

APPROVED = "00"


def coded_answer(actions: tuple[Action, ...], market: Market) -> Decided | None:
    """The code that a rule answers with in place of deciding; a code of success stands in place of 00 alone."""
    for action in actions:
        if isinstance(action, Answer) and action.code not in market.success_codes:
            return Decided(action.code, f"a behaviour rule says so: {together(actions)}")
    return None


def as_success(decided: Decided, actions: tuple[Action, ...], market: Market) -> Decided:
    """An approval under the code of success that a rule asks for."""
    for action in actions:
        if isinstance(action, Answer) and action.code in market.success_codes and decided.code == APPROVED:
            return decided._replace(code=action.code)
    return decided
