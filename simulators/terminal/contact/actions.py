"""Terminal action analysis: which cryptogram the terminal asks for. EMV Book 3, 10.7; Book 4, 6.3.6."""

from __future__ import annotations

from protocols.emv.verification import Tvr
from simulators.terminal.contact.state import ChipTransaction

AAC, TC, ARQC = "AAC", "TC", "ARQC"
"""Declined offline, approved offline, online. EMV Book 3, 6.5.5"""
NOTHING, EVERYTHING = Tvr(0), Tvr(0xFF_FF_FF_FF_FF)
DENIAL, ONLINE, DEFAULT = "9F0E", "9F0F", "9F0D"
ABSENT = {DENIAL: NOTHING, ONLINE: EVERYTHING, DEFAULT: EVERYTHING}
"""What stands for an issuer action code that the card has not. EMV Book 3, 10.7"""
APPROVED_OFFLINE, DECLINED_OFFLINE = "Y1", "Z1"
APPROVED_UNABLE, DECLINED_UNABLE = "Y3", "Z3"
"""Authorisation response codes that the terminal makes itself. EMV Book 4, A6"""


def to_ask(transaction: ChipTransaction, *, online_only: bool, defects: frozenset[str] = frozenset()) -> str:
    """The first cryptogram. `online_only` never asks for an approval of the card's own: cases.md 152."""
    if hits(transaction, DENIAL) and "denial-ignored" not in defects:
        return AAC
    if "approved-offline" in defects:
        return TC
    if online_only or not transaction.configuration.offline_approval or hits(transaction, ONLINE):
        return ARQC
    return TC


def when_unable(transaction: ChipTransaction, *, online_only: bool, defects: frozenset[str] = frozenset()) -> str:
    """The second cryptogram where the issuer could not be asked. EMV Book 3, 10.7; cases.md 153"""
    if "unable-online-approved" in defects:
        return TC
    if online_only or not transaction.configuration.offline_approval or hits(transaction, DEFAULT):
        return AAC
    return TC


def hits(transaction: ChipTransaction, code: str) -> bool:
    """Whether a bit that is set in the TVR is set in the issuer's or the acquirer's action code, too."""
    assert transaction.rule is not None
    rule = transaction.rule
    acquirer = {DENIAL: rule.tac_denial, ONLINE: rule.tac_online, DEFAULT: rule.tac_default}[code]
    return bool(transaction.tvr & (acquirer | issuer_code(transaction, code)))


def issuer_code(transaction: ChipTransaction, code: str) -> Tvr:
    """The card's action code; one that is no 5 bytes is as absent."""
    value = transaction.card.get(code, b"")
    return Tvr.parse(value) if len(value) == Tvr.size() else ABSENT[code]
