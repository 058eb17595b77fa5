"""Requests, from the rows of the matrix. facts/unionpay-pos 2.3-2.7, 3, 3.1, 5.19."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocols.iso8583 import F60, F61, Message
from protocols.iso8583.subfields import BatchEnd, BatchRecord, BatchRecords, Settlement, TotalsRow
from protocols.iso8583.subfields.f63 import operator
from protocols.orders import Entry, Order
from protocols.totals import Totals
from protocols.transactions import REVERSAL_MTI, TRANSACTIONS, Transaction
from simulators.terminal.batchbook import Booked
from simulators.terminal.journal import Armed
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.presented import Presented
from simulators.terminal.secrecy import Hidden

CHIP_READER = "5"  # facts/unionpay-pos 2.4: 60.4
PARTIAL_TAKEN = "1"  # 60.6
LONGEST_PIN = "12"
CHIP = 55
KEPT_FOR_REVERSAL = (2, 3, 4, 11, 14, 22, 23, 25, 41, 42, 49, 60)
NOWHERE = "000000"
"""2.5: a batch or a trace that is not named."""
NO_DATE = "0000"
ENTRY_MODES = {Entry.CHIP: "05", Entry.KEYED: "01", Entry.SWIPED: "02", Entry.FALLBACK: "02"}  # 2: F22
STRIPE_CLASS = "60"
"""1.5: the application class of a header, of what a stripe has brought."""
PARTIAL_POSSIBLE = (Transaction.SALE, Transaction.PREAUTH)  # 5.15
REFUND_OPERATOR = "000"  # 2.7
BY_TRACE = (Transaction.COMPLETION_VOID, Transaction.SALE_VOID)
"""2.5: they name batch and trace of what they undo; the others its date alone."""
WITHOUT_AMOUNT = (Transaction.BALANCE,)
UNBALANCED_END = "202"  # 3: F60.3 of the end of a batch


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds the messages of one terminal in one batch. `currency` is F49."""

    parameters: TerminalParameters
    currency: str
    batch: str

    # ── management ────────────────────────────────────────────────────────────────────────────────────────────

    def management(self, transaction: Transaction, trace: str, code: str = "") -> Message:
        """A message that moves no money. `code` is F60.3 where it is not the usual one."""
        layout = TRANSACTIONS[transaction]
        f60 = F60(layout.f60_1, self.batch, code or layout.f60_3).pack()
        return {0: layout.mti, 11: trace, 60: f60, **self._identity()}

    def sign_on(self, trace: str, form: str) -> Message:
        """`form` is how many keys are asked for. 2.6, 2.7"""
        return {**self.management(Transaction.SIGN_ON, trace, form), 63: operator(self.parameters.operator)}

    # ── financial ─────────────────────────────────────────────────────────────────────────────────────────────

    def request(
        self, order: Order, trace: str, presented: Presented, hidden: Hidden, chip: bytes | None = None
    ) -> Message:
        """A financial request. `chip` is F55, which follow-ups do not carry (2.2: simple flow)."""
        layout, card = TRANSACTIONS[order.transaction], presented.card
        message: Message = {
            0: layout.mti, 2: card.pan, 3: layout.f3, 4: f"{order.amount.minor:012d}", 11: trace, 14: card.expiry,
            22: ENTRY_MODES[presented.entry] + ("1" if hidden.pin_block else "2"), 25: layout.f25, 49: self.currency,
            60: self._f60(order.transaction, presented.condition), **self._identity(),
        }  # fmt: skip
        if presented.by_stripe:
            del message[2]  # 2: a swipe has its number in the track
        if presented.entry is Entry.CHIP and card.psn:
            message[23] = card.psn.rjust(3, "0")  # 2: of a chip alone, and of one that has it
        if hidden.pin_block:
            message |= {26: LONGEST_PIN, 52: hidden.pin_block}
        if hidden.control:
            message[53] = hidden.control
        if hidden.track2:
            message[35] = hidden.track2
        if chip:
            message[55] = chip
        if order.transaction in WITHOUT_AMOUNT:
            del message[4]
        if order.transaction is Transaction.REFUND:
            message[63] = REFUND_OPERATOR
        return message | self._original(order)

    def _f60(self, transaction: Transaction, condition: str) -> str:
        partial = PARTIAL_TAKEN if self.parameters.partial_approvals and transaction in PARTIAL_POSSIBLE else ""
        layout = TRANSACTIONS[transaction]
        return F60(layout.f60_1, self.batch, layout.f60_3, CHIP_READER, condition, partial).pack()

    def _original(self, order: Order) -> Message:
        """2.5: voids name batch and trace, the others a date; 3.1: F37 or F38."""
        original = order.original
        if original is None:
            return {}
        if order.transaction in BY_TRACE:
            date = original.date if order.transaction is Transaction.COMPLETION_VOID else ""
            named: Message = {37: original.reference, 61: F61(original.batch, original.trace, date).pack()}
            return named | ({38: original.approval} if original.approval else {})
        f61 = F61(NOWHERE, NOWHERE, original.date).pack()
        if order.transaction is Transaction.REFUND:
            return {37: original.reference, 61: f61}
        return {38: original.approval, 61: f61}

    # ── reversal ──────────────────────────────────────────────────────────────────────────────────────────────

    def reversal(self, armed: Armed, trace: str) -> Message:
        """5.19: the original's data, the reason, and F61 as 2.5 has it for what is reversed."""
        message: Message = {0: REVERSAL_MTI, **armed.fields, 11: trace, 39: armed.reason}
        if armed.approval:
            message[38] = armed.approval
        if CHIP in armed.fields:
            message[CHIP] = bytes.fromhex(armed.fields[CHIP])
        return message

    def kept(self, transaction: Transaction, request: Message) -> dict[int, str]:
        """What the journal keeps of a request for its reversal: no PIN and no track; F55 comes beside."""
        kept = {n: str(request[n]) for n in KEPT_FOR_REVERSAL if n in request}
        if transaction is Transaction.COMPLETION:
            kept.pop(23, None)  # 3.1: a completion's reversal drops it
        named = self._reversed_original(transaction, request)
        return kept | ({61: named.pack()} if named else {})

    def _reversed_original(self, transaction: Transaction, request: Message) -> F61 | None:
        """2.5: a hold, an increment and a sale have none; a void keeps the batch of what it undoes."""
        trace = str(request[11])
        if transaction in (Transaction.CANCEL, Transaction.COMPLETION):
            return F61(self.batch, trace, NO_DATE)
        if transaction in BY_TRACE:
            date = NO_DATE if transaction is Transaction.COMPLETION_VOID else ""
            return F61(F61.parse(str(request[61])).batch, trace, date)
        return None

    def header(self, message: Message) -> str:
        """1.4, 1.5: its first two digits tell whether a stripe was used, of a reversal as of its request."""
        stripe = str(message.get(22, "")).startswith(ENTRY_MODES[Entry.SWIPED])
        return STRIPE_CLASS + self.parameters.header[2:] if stripe else self.parameters.header

    # ── notices and settlement ────────────────────────────────────────────────────────────────────────────────

    def script_notice(self, trace: str, request: Message, reply: Message, chip: bytes) -> Message:
        """How the scripts in the reply to `request` fared. 2.2, 2.5, 3.1"""
        message: Message = {n: request[n] for n in (2, 3, 4, 22, 23, 49) if n in request}
        named = F61(self.batch, str(request[11]), str(reply.get(13, NO_DATE))).pack()
        usual = self.management(Transaction.SCRIPT_NOTICE, trace)
        return {**message, **usual, 4: str(request.get(4, "0" * 12)), 37: reply[37], 55: chip, 61: named}

    def settlement(self, trace: str, sums: Totals) -> Message:
        """2.3: the totals of domestic cards; this terminal takes no others."""
        totals = TotalsRow.of(sums)
        return {
            **self.management(Transaction.SETTLEMENT, trace), 48: Settlement(totals).pack(), 49: self.currency,
            63: operator(self.parameters.operator),
        }  # fmt: skip

    def batch_upload(self, trace: str, records: Sequence[Booked]) -> Message:
        """One block of detail."""
        packed = BatchRecords(tuple(BatchRecord(r.trace, r.pan, r.amount) for r in records)).pack()
        return {**self.management(Transaction.BATCH_UPLOAD, trace), 48: packed}

    def batch_end(self, trace: str, count: int, *, balanced: bool) -> Message:
        """The end, with the number of records in all."""
        code = "" if balanced else UNBALANCED_END
        return {**self.management(Transaction.BATCH_END, trace, code), 48: BatchEnd(count).pack()}

    def _identity(self) -> Message:
        return {41: self.parameters.terminal_id, 42: self.parameters.merchant_id}
