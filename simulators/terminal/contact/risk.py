"""Terminal risk management: what speaks for asking the issuer. EMV Book 3, 10.6; Book 4, 6.3.5."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from protocols.emv import Apdu, TlvError, find
from protocols.emv.verification import Aip, Tsi, Tvr
from simulators.terminal.contact.channel import Channel
from simulators.terminal.contact.configuration import ApplicationRule
from simulators.terminal.contact.state import ChipTransaction

BOTH_LIMITS = Tvr.LOWER_LIMIT_EXCEEDED | Tvr.UPPER_LIMIT_EXCEEDED
HIGHEST_DRAW = 99


def draw() -> int:
    """From 1 to 99, each as likely as the others. EMV Book 3, 10.6.2"""
    return secrets.randbelow(HIGHEST_DRAW) + 1


def manage_risk(transaction: ChipTransaction, channel: Channel, drawn: Callable[[], int] = draw) -> None:
    """Sets TVR and TSI. Raises CardRemoved, and CardUnusable for a card that says nothing at all.

    The merchant may force a transaction online whatever the card says of risk management: Book 4, 6.5.3.
    """
    if transaction.terms.forced_online:
        transaction.tvr |= Tvr.FORCED_ONLINE
    if Aip.TERMINAL_RISK not in transaction.aip:  # 10.6: then it need not be
        return
    assert transaction.rule is not None
    amount = transaction.terms.amount.minor
    if transaction.pan in transaction.configuration.exception_file:  # Book 4, 6.3.5
        transaction.tvr |= Tvr.ON_EXCEPTION_FILE
    if amount >= transaction.rule.floor_limit:  # 10.6.1; this terminal keeps no log of split sales to add
        transaction.tvr |= Tvr.FLOOR_LIMIT_EXCEEDED
    elif is_selected(amount, transaction.rule, drawn()):
        transaction.tvr |= Tvr.RANDOMLY_SELECTED
    check_velocity(transaction, channel)
    transaction.tsi |= Tsi.TERMINAL_RISK_PERFORMED


def is_selected(amount: int, rule: ApplicationRule, number: int) -> bool:
    """Random selection of an amount below the floor limit, biased above the threshold. EMV Book 3, 10.6.2.

    The biased percentage rises in a straight line from the target to the highest one; it is compared exactly.
    """
    if amount < rule.threshold:
        return number <= rule.target_percent
    span, over = rule.floor_limit - rule.threshold, amount - rule.threshold
    return number * span <= rule.target_percent * span + (rule.max_target_percent - rule.target_percent) * over


def check_velocity(transaction: ChipTransaction, channel: Channel) -> None:
    """How often the card was used without its issuer. EMV Book 3, 10.6.3; only of a card that names both limits."""
    lower, upper = transaction.card.get("9F14"), transaction.card.get("9F23")
    if lower is None or upper is None:
        return
    counter, last_online = (asked_counter(channel, tag) for tag in ("9F36", "9F13"))
    if last_online == 0:
        transaction.tvr |= Tvr.NEW_CARD
    if counter is None or last_online is None or counter <= last_online:
        transaction.tvr |= BOTH_LIMITS
        return
    if counter - last_online > int.from_bytes(lower):
        transaction.tvr |= Tvr.LOWER_LIMIT_EXCEEDED
    if counter - last_online > int.from_bytes(upper):
        transaction.tvr |= Tvr.UPPER_LIMIT_EXCEEDED


def asked_counter(channel: Channel, tag: str) -> int | None:
    """A counter of two bytes by GET DATA; None when the card does not give it. EMV Book 3, 6.5.7 and 7.3"""
    answer = channel.send(Apdu(0x80, 0xCA, int(tag[:2], 16), int(tag[2:], 16), le=256))
    try:
        value = find(answer.data, tag) if answer.ok else None
    except TlvError:
        return None
    return int.from_bytes(value) if value is not None and len(value) == 2 else None
