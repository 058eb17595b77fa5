"""Requests that are armed before they leave, and all that goes before the next of them.

facts/unionpay-pos 5.19: the reversal is durable before its request leaves; an authentic answer of any code but an
approval disarms it; an approval disarms it when the terminal has finished. Before the next online request go script
notices, then what is left armed, then what is stored.
"""

from __future__ import annotations

from protocols.iso8583 import Message
from protocols.market import Action
from protocols.transactions import TRANSACTIONS, Transaction
from simulators.terminal.gateways import NotConnected
from simulators.terminal.journal import Journal
from simulators.terminal.line import Line
from simulators.terminal.link import Received
from simulators.terminal.responses import SEAL, Flaw, Online, Trouble, flaw_of
from simulators.terminal.reversing import Reversals
from simulators.terminal.store_forward import StoreAndForward

GRANTING = (Action.ACCEPT, Action.ACCEPT_PARTIAL)
LATE_BY = "reversal-after-next-request"
RESENT_BY = "request-sent-again"


class OnlineDesk:
    """The terminal's financial traffic with its host."""

    def __init__(self, line: Line, journal: Journal) -> None:
        self.line = line
        self.stored = StoreAndForward(line, journal)
        self.reversals = Reversals(line, journal)
        self.replies: dict[str, Message] = {}
        self._journal = journal

    def ready(self) -> bool:
        """Signed on, and nothing armed or stored that was not tried before. False when the host cannot be reached.

        `replies` then has what was answered to stored messages.
        """
        self.replies = {}
        if not self.line.signed_on():
            return False
        self.stored.try_notices()
        if LATE_BY not in self.line.defects:
            self.reversals.drain()
            if self._journal.armed() is not None:
                return False
        self.replies = self.stored.try_all()
        return self.line.signed_on()

    def request(self, transaction: Transaction, message: Message, pan: str, chip: bytes | None = None) -> Online:
        """Arm the reversal where there is one, send, and take the authentic reply. Needs working keys.

        `pan` names the card in a reversal, whose track it must not carry; `chip` is its F55. 5.19
        """
        trace = str(message[11])
        if TRANSACTIONS[transaction].reversible:
            self._arm(transaction, message, trace, {2: pan, **({55: chip.hex().upper()} if chip else {})})
        try:
            received = self.line.send_sealed(message)
            if received is None and self.line.broke and RESENT_BY in self.line.defects:
                received = self.line.send_sealed(message)
        except NotConnected:
            self._journal.disarm(trace)
            return Online(None, Trouble.NOT_SENT)
        if received is None:
            if "no-reversal-on-timeout" in self.line.defects:
                self._journal.disarm(trace)
            return Online(None, Trouble.NO_REPLY)
        return self._taken(transaction, message, received)

    def _arm(self, transaction: Transaction, message: Message, trace: str, beside: dict[int, str]) -> None:
        kept = {**self.line.builder().kept(transaction, message), **beside}
        if "reversal-wrong-amount" in self.line.defects:
            kept[4] = f"{int(kept[4]) + 1:012d}"
        if "reversal-carries-track" in self.line.defects and 35 in message:
            kept[35] = str(message[35])
        self._journal.arm(trace, transaction.value, kept, self.line.market.reversal.reason_no_reply)
        self.line.tell("reversal", status="written", trace=trace)

    def _taken(self, transaction: Transaction, request: Message, received: Received) -> Online:
        reply, market, trace = received.message, self.line.market, str(request[11])
        action = self.line.action_on(str(reply[39]))
        if self.line.seal_of(received) != "valid":
            if action is Action.SIGN_ON:  # a host that does not know our keys cannot seal
                self._journal.disarm(trace)
                self._forget_keys()
                return Online(reply, action=action)
            self._journal.explain(trace, market.reversal.reason_mac)
            self.line.forget_keys()
            return Online(None, Trouble.WRONG_MAC)
        flaw = flaw_of(transaction, request, reply, market, trusted=self._trusted())
        if flaw is not None:
            return self._refused(trace, flaw)
        if action in GRANTING:
            self._journal.explain(trace, market.reversal.reason_cannot_finish, str(reply.get(38, "")))
        else:
            self._journal.disarm(trace)
        if action is Action.SIGN_ON:
            self._forget_keys()
        return Online(reply, action=action)

    def _trusted(self) -> tuple[int, ...]:
        """Fields of a reply that a seeded defect does not look at."""
        defects = self.line.defects
        amount = (4,) if "wrong-amount-accepted" in defects else ()
        trace = (11,) if "stray-answer-taken" in defects else ()
        return (*amount, *trace, *((SEAL,) if {"missing-mac-accepted", "wrong-mac-accepted"} & defects else ()))

    def _refused(self, trace: str, flaw: Flaw) -> Online:
        """An authentic reply that is no answer. 5.19: 06 where it speaks of another amount."""
        reasons = self.line.market.reversal
        self._journal.explain(trace, reasons.reason_other if flaw.differs else reasons.reason_no_reply)
        self.line.tell("refused reply", trace=trace, reason=flaw.text)
        return Online(None, Trouble.BAD_REPLY)

    def _forget_keys(self) -> None:
        if "sign-on-demand-ignored" not in self.line.defects:
            self.line.forget_keys()

    def cannot_finish(self, trace: str) -> None:
        """The chip refused an approval, or left: reason 06."""
        self._journal.explain(trace, self.line.market.reversal.reason_other)

    def reverse_at_once(self) -> None:
        """The first try of what is armed, where the market wants it straight after the failure."""
        if self.line.market.reversal.first_try == "at once" and LATE_BY not in self.line.defects:
            armed = self._journal.armed()
            if armed is not None:
                self.reversals.try_once(armed)

    def drain(self) -> None:
        """Everything that is armed or stored, each to its end or its limit."""
        self.stored.try_notices()
        self.reversals.drain()
        self.stored.drain()
        self.reversals.drain()  # a seeded defect reverses what is stored
