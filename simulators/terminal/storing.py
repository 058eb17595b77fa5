"""What is settled without asking first: stored messages, and what the chip approved alone. facts/unionpay-pos 5.18."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from protocols.iso8583 import Message
from protocols.orders import Order, Outcome, Result
from protocols.transactions import Transaction
from simulators.terminal.asking import Asking
from simulators.terminal.batchbook import STORED, Booked
from simulators.terminal.chip_desk import ChipDesk
from simulators.terminal.journal import Journal
from simulators.terminal.online import OnlineDesk
from simulators.terminal.outcomes import begun, from_reply
from simulators.terminal.presented import Presented
from simulators.terminal.responses import REPEATED_AFTER_SIGN_ON
from simulators.terminal.secrecy import Hidden

Slips = Callable[[Order, Presented, Outcome], None]
"""Prints both copies of an approval."""
APPROVED_OFFLINE = "脱机批准"
KEPT = "已存储"


class StoringDesk:
    """See the module. `slips` prints, `today` is the terminal's clock."""

    def __init__(
        self, desk: OnlineDesk, journal: Journal, chip: ChipDesk, slips: Slips, today: Callable[[], datetime]
    ) -> None:
        self._desk = desk
        self._line = desk.line
        self._journal = journal
        self._chip = chip
        self._slips = slips
        self._today = today

    def store(self, order: Order, presented: Presented) -> Outcome:
        """Written, then sent at once where that can be; else it stays stored. 5.18"""
        outcome = replace(self._now(order, presented), result=Result.STORED, message=KEPT)
        message = self._line.builder().request(order, outcome.trace, presented, Hidden())
        if "refund-without-reference" in self._line.defects:
            message.pop(37, None)
        self._keep(order.transaction, message, presented, outcome)
        reply = self._delivered(outcome.trace)
        if reply is not None:
            taken = self._desk.stored.is_taken(reply)
            answered = from_reply(outcome, reply, self._line.market)
            outcome = (
                replace(answered, result=Result.APPROVED)
                if taken
                else replace(outcome, code=answered.code, message=f"{answered.message} {KEPT}")
            )
        self._slips(order, presented, outcome)
        return outcome

    def approved_offline(self, asking: Asking, code: str) -> Outcome:
        """The chip has given its TC without the issuer, who hears of a sale by a stored message: EMV Book 4, 12.2.1.

        `code` is the terminal's own. EMV Book 4, A6
        """
        order, presented = asking.order, asking.presented
        outcome = replace(
            self._now(order, presented), result=Result.APPROVED, code=code, message=APPROVED_OFFLINE
        )  # fmt: skip
        if order.transaction is Transaction.SALE:
            advice = replace(order, transaction=Transaction.OFFLINE_SALE)
            message = self._line.builder().request(advice, outcome.trace, presented, Hidden(), self._chip.data())
            self._keep(Transaction.OFFLINE_SALE, message, presented, outcome)
        else:
            self._journal.batch.book(_booked(order.transaction, presented, outcome))
        self._slips(order, presented, outcome)
        return outcome

    def _now(self, order: Order, presented: Presented) -> Outcome:
        now = self._today()
        outcome = begun(order, presented, self._journal.next_trace(), self._journal.batch.number)
        return replace(outcome, date=f"{now:%m%d}", time=f"{now:%H%M%S}")

    def _keep(self, transaction: Transaction, message: Message, presented: Presented, outcome: Outcome) -> None:
        with self._journal.together():
            self._journal.outbox.put(transaction, message)
            self._journal.batch.book(replace(_booked(transaction, presented, outcome), state=STORED))
        self._desk.stored.written(transaction, message)

    def _delivered(self, trace: str) -> Message | None:
        """The answer to a stored message, once more after a new sign-on where the host asked for one. 5.21"""
        self._desk.ready()
        reply = self._desk.replies.get(trace)
        if reply is not None and reply[39] in REPEATED_AFTER_SIGN_ON:
            self._desk.ready()
            reply = self._desk.replies.get(trace, reply)
        return reply


def _booked(transaction: Transaction, presented: Presented, outcome: Outcome) -> Booked:
    return Booked(
        outcome.trace, transaction.value, presented.card.pan, outcome.masked_pan, outcome.amount.minor
    )  # fmt: skip
