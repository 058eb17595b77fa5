"""Store and forward: what must reach the host some time is kept, and sent until it is acknowledged.

facts/unionpay-pos 5.16, 5.18: never reversed; up to the market's tries; then it goes to the exception list, and the
operator is told. One that fails never holds up the others (cases.md 107).
"""

from __future__ import annotations

from protocols.iso8583 import Message
from protocols.transactions import Transaction
from simulators.terminal.gateways import NotConnected
from simulators.terminal.journal import Journal
from simulators.terminal.line import Line
from simulators.terminal.outbox import Kept
from simulators.terminal.responses import flaw_of

NOTICES = (Transaction.SCRIPT_NOTICE,)
FORGOTTEN_BY, TWICE_BY = "advice-forgotten", "advice-sent-twice"


class StoreAndForward:
    """The outbox on its way to the host."""

    def __init__(self, line: Line, journal: Journal) -> None:
        self._line = line
        self._journal = journal

    def written(self, transaction: Transaction, message: Message) -> None:
        """Say that a message is kept; who keeps it has written it to the journal."""
        self._tell("written", Kept(str(message[11]), transaction, message, 0))

    def try_notices(self) -> None:
        """Script notices, each once. 5.19: they go before all else."""
        self._round([kept for kept in self._journal.outbox.waiting() if kept.transaction in NOTICES], {})

    def try_all(self) -> dict[str, Message]:
        """Everything else that waits, each once and in order. Returns the replies by trace, of any code."""
        replies: dict[str, Message] = {}
        self._round([kept for kept in self._journal.outbox.waiting() if kept.transaction not in NOTICES], replies)
        return replies

    def drain(self) -> None:
        """Everything, each until it is acknowledged or given up. A host that cannot be reached stops this."""
        for _ in range(self._line.market.advice.repeats + 1):
            waiting = self._journal.outbox.waiting()
            if not waiting or not self._round(waiting, {}):
                return

    def _round(self, waiting: list[Kept], replies: dict[str, Message]) -> bool:
        """One try for each. False when the host cannot be reached: what was not sent was not tried."""
        for kept in waiting:
            if not self._line.signed_on() or not self._line.connected():
                return False
            try:
                reply = self._send(kept)
            except NotConnected:
                return False
            if reply is not None:
                replies[kept.trace] = reply
            if reply is not None and self.is_taken(reply):
                if TWICE_BY in self._line.defects and self._line.signed_on():
                    self._send(kept)
                self._done(kept, reply)
            elif not self._failed(kept, reply):
                return True
        return True

    def _send(self, kept: Kept) -> Message | None:
        """One try: the same message, sealed anew. None without an answer. Raises NotConnected.

        A host that asks for a sign-on may not know our keys, and cannot seal.
        """
        self._journal.outbox.tried(kept.trace)
        self._tell("sent", kept)
        received = self._line.send_sealed(kept.message)
        if received is None:
            return None
        reply, line = received.message, self._line
        authentic, asked = line.seal_of(received) == "valid", reply[39] in line.market.sign_on_codes
        if not authentic or asked:
            line.forget_keys()
        if not authentic or asked:
            return reply if asked else None
        flaw = flaw_of(kept.transaction, kept.message, reply, line.market)
        if flaw is not None:
            line.tell("refused reply", trace=kept.trace, reason=flaw.text)
            return None
        return reply

    def is_taken(self, reply: Message) -> bool:
        """Whether a reply acknowledges a stored message; one that was taken before is a duplicate. 5.16"""
        market = self._line.market
        return reply[39] in (*market.advice.accepted_codes, *market.success_codes)

    def _done(self, kept: Kept, reply: Message) -> None:
        approval, reference, date = (str(reply.get(n, "")).strip() for n in (38, 37, 13))
        with self._journal.together():
            self._journal.outbox.remove(kept.trace)
            self._journal.batch.acknowledged(kept.trace, approval, reference, date)
        self._tell("done", kept)

    def _failed(self, kept: Kept, reply: Message | None) -> bool:
        """What a try that came to nothing leads to. False when the rest has to wait: a seeded defect."""
        line = self._line
        if "poison-blocks-queue" in line.defects:
            return False
        if reply is None and FORGOTTEN_BY in line.defects:
            self._journal.outbox.remove(kept.trace)
            return True
        if reply is None and "advice-reversed" in line.defects and not kept.tries:
            fields = line.builder().kept(kept.transaction, kept.message)
            self._journal.arm(kept.trace, kept.transaction.value, fields, line.market.reversal.reason_no_reply)
        if kept.tries >= line.market.advice.repeats:  # this was one try more
            self._journal.give_up_stored(kept.trace)
            self._tell("given up", kept)
            name = line.market.receipt.type_names.get(kept.transaction.value, kept.transaction.value)
            code = f" {reply[39]!s}" if reply is not None else ""
            line.show(f"{name} {kept.trace} 上送失败{code} 请联系银行")
        return True

    def _tell(self, status: str, kept: Kept) -> None:
        self._line.tell(
            "stored", status=status, transaction=kept.transaction.value, trace=kept.trace, amount=kept.amount
        )
