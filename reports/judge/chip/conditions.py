"""Which rules of a card's list count in a transaction, and which methods a terminal has. EMV Book 3, Annex C3."""

from __future__ import annotations

from protocols.emv.cvm import Condition, CvmList, CvmRule, Method
from protocols.emv.verification import Capabilities
from reports.judge.chip.demands import Case
from reports.judge.chip.restrictions import CASH, CASHBACK

NEEDS = {
    Method.PLAIN_PIN: Capabilities.PLAIN_PIN,
    Method.ONLINE_PIN: Capabilities.ONLINE_PIN,
    Method.PLAIN_PIN_SIGNATURE: Capabilities.PLAIN_PIN | Capabilities.SIGNATURE,
    Method.ENCIPHERED_PIN: Capabilities.ENCIPHERED_PIN,
    Method.ENCIPHERED_PIN_SIGNATURE: Capabilities.ENCIPHERED_PIN | Capabilities.SIGNATURE,
    Method.SIGNATURE: Capabilities.SIGNATURE,
    Method.NO_CVM: Capabilities.NO_CVM,
    Method.DOCUMENT: Capabilities.DOCUMENT,
}
"""EMV Book 4, A2: what a terminal says that it can. To fail needs nothing."""
UNATTENDED = 4
"""From this second digit of the terminal type on nobody attends it. EMV Book 4, A1"""


def supports(capabilities: Capabilities, method: Method) -> bool:
    needed = NEEDS.get(method, Capabilities(0))
    return capabilities & needed == needed


def is_met(case: Case, capabilities: Capabilities, rules: CvmList, rule: CvmRule) -> bool | None:
    """Whether a rule's condition holds; None where the evidence does not tell. One that the books do not name never
    does."""
    if rule.condition == Condition.ALWAYS:
        return True
    if rule.condition == Condition.SUPPORTED:
        return rule.known is not None and supports(capabilities, rule.known)
    if rule.condition in _OF_KIND:
        return _kind(case, rule.condition)
    return _amount(case, rules, rule.condition)


_OF_KIND = (Condition.UNATTENDED_CASH, Condition.NOT_CASH, Condition.MANUAL_CASH, Condition.CASHBACK)


def _kind(case: Case, condition: int) -> bool | None:
    transaction, terminal = case.terminal("9C"), case.terminal("9F35")
    if not transaction or not terminal:
        return None
    cash, back = transaction[0] in CASH, transaction[0] == CASHBACK
    unattended = terminal[0] & 0x0F >= UNATTENDED
    return {
        Condition.UNATTENDED_CASH: cash and unattended,
        Condition.MANUAL_CASH: cash and not unattended,
        Condition.CASHBACK: back,
        Condition.NOT_CASH: not cash and not back,
    }[Condition(condition)]


def _amount(case: Case, rules: CvmList, condition: int) -> bool | None:
    """Amounts count only in the card's own currency, 9F42; one that names none has none."""
    if condition not in _LIMITS:
        return False
    limit = rules.amount_x if condition in _OF_X else rules.amount_y
    own, asked, amount = case.walk.value("9F42"), case.terminal("5F2A"), case.terminal("9F02")
    if not own:
        return False
    if not asked or not amount or not amount.hex().isdigit():
        return None
    if own != asked:
        return False
    asked_for = int(amount.hex())
    return asked_for < limit if condition in _UNDER else asked_for > limit


_OF_X, _UNDER = (Condition.UNDER_X, Condition.OVER_X), (Condition.UNDER_X, Condition.UNDER_Y)
_LIMITS = (*_OF_X, Condition.UNDER_Y, Condition.OVER_Y)
