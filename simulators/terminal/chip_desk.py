"""The contact kernel in a transaction: its first word, its last, and what the journal keeps of both. EMV Book 3, 10."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from protocols.emv import build
from protocols.emv.cvm import CvmResults, Method, Outcome
from protocols.emv.tag_lists import REQUEST
from protocols.faults import CardRemoved
from protocols.iso8583 import Message
from protocols.orders import Order, Result
from protocols.transactions import TRANSACTIONS, Transaction
from simulators.terminal.asking import Asking
from simulators.terminal.checks import Stop
from simulators.terminal.contact import (
    CardUnusable,
    FirstWord,
    HostAnswer,
    Kernel,
    PinCancelled,
    PinTimedOut,
    Terms,
)
from simulators.terminal.journal import Journal
from simulators.terminal.line import Line
from simulators.terminal.online import OnlineDesk

TC, AAC = "TC", "AAC"
BY_PIN = (
    Method.PLAIN_PIN, Method.ONLINE_PIN, Method.PLAIN_PIN_SIGNATURE, Method.ENCIPHERED_PIN,
    Method.ENCIPHERED_PIN_SIGNATURE,
)  # fmt: skip
MAY_BE_OFFLINE = frozenset({Transaction.SALE})
"""A pre-authorisation is the issuer's to grant, and so is a balance. cases.md 152"""


class ChipDesk:
    """See the module. `today` is the terminal's clock."""

    def __init__(
        self, line: Line, desk: OnlineDesk, journal: Journal, kernel: Kernel, today: Callable[[], datetime]
    ) -> None:
        self._line = line
        self._desk = desk
        self._journal = journal
        self._kernel = kernel
        self._today = today

    def terms(self, order: Order) -> Terms:
        """What the merchant brings. facts/unionpay-pos 2.2: 9C is the first two digits of F3, a guess there."""
        kind = TRANSACTIONS[order.transaction].f3[:2]
        return Terms(kind, order.amount, self._journal.next_sequence(), self._today())

    def first(self, order: Order) -> FirstWord:
        """From data authentication to the first GENERATE AC. Raises Stop where that ends the transaction."""
        try:
            word = self._kernel.decide(online_only=order.transaction not in MAY_BE_OFFLINE)
        except PinCancelled:  # cases.md 17
            raise Stop(Result.CANCELLED, "持卡人取消") from None
        except PinTimedOut:  # cases.md 20
            raise Stop(Result.CANCELLED, "输入密码超时") from None
        if word.kind == AAC:
            raise Stop(Result.CARD_DECLINED, "卡片拒绝")
        return word

    def verified(self) -> tuple[bool, bool]:
        """Whether the cardholder was verified by a PIN, and whether he is to sign: by the method really used (9F34).

        EMV Book 4, 6.3.4.4; Annex A4
        """
        results = CvmResults.parse(bytes.fromhex(self._kernel.value("9F34")))
        well = results.outcome != Outcome.FAILED
        return well and results.method in BY_PIN, not (well and results.method == Method.NO_CVM)

    def reversal_data(self) -> bytes | None:
        """F55 of the reversal of what was just asked for. facts/unionpay-pos 2.2"""
        return self._kernel.reversal_data()

    def data(self) -> bytes:
        """F55 of a message that tells of what the chip has decided by now. facts/unionpay-pos 2.2"""
        values = ((tag, bytes.fromhex(self._kernel.value(tag))) for tag in (*REQUEST.mandatory, *REQUEST.optional))
        return build([(tag, value) for tag, value in values if value])

    # ── the chip's last word ──────────────────────────────────────────────────────────────────────────────────

    def accepts(self, asking: Asking, code: str, reply: Message) -> bool:
        """Whether the chip takes the host's approval. cases.md 145, 155: a refusal or a removal is reversed."""
        given = AAC
        try:
            given = self._concluded(asking, HostAnswer.of(True, code, _chip_of(reply)), reply)
        finally:
            if given != TC:
                self._desk.cannot_finish(asking.trace)
        return given == TC

    def is_refused(self, asking: Asking, code: str, reply: Message) -> None:
        """The chip hears that the host has declined."""
        try:
            self._concluded(asking, HostAnswer.of(False, code, _chip_of(reply)), reply)
        except (CardRemoved, CardUnusable):
            return  # it was refused before; the card's word changes nothing

    def approves_alone(self, asking: Asking) -> bool:
        """There was no answer: whether the chip approves by itself. EMV Book 3, 10.7 and 10.11"""
        try:
            return self._concluded(asking, None, {}) == TC
        except (CardRemoved, CardUnusable):
            return False

    def _concluded(self, asking: Asking, answer: HostAnswer | None, reply: Message) -> str:
        try:
            return self._kernel.conclude(answer)
        finally:
            self._keep(asking, reply)

    def _keep(self, asking: Asking, reply: Message) -> None:
        """What the card's last word has left for messages to come, in whichever way it ended."""
        chip, results = self._kernel.reversal_data(), self._kernel.script_results()
        if chip is not None:
            self._journal.tell_chip(asking.trace, chip)
        if results is not None and asking.request is not None:
            self._keep_notice(asking.request, reply, results)

    def _keep_notice(self, request: Message, reply: Message, results: bytes) -> None:
        """2.2: how the issuer's scripts fared, told before the next request."""
        if Transaction.SCRIPT_NOTICE in self._line.parameters().switched_off:
            return
        notice = self._line.builder().script_notice(self._journal.next_trace(), request, reply, results)
        self._journal.outbox.put(Transaction.SCRIPT_NOTICE, notice)
        self._desk.stored.written(Transaction.SCRIPT_NOTICE, notice)


def _chip_of(reply: Message) -> bytes | None:
    chip = reply.get(55)
    return chip if isinstance(chip, bytes) else None
