"""Requests, from the rows of the matrix. facts/unionpay-pos 2.4, 2.5, 3, 3.1, 5.19."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.iso8583 import F60, F61, Message
from protocols.orders import Order
from protocols.transactions import REVERSAL_MTI, TRANSACTIONS, Transaction
from simulators.terminal.journal import Armed
from simulators.terminal.kernel import CardData
from simulators.terminal.parameters import TerminalParameters

CHIP_READER, CHIP_FINE = "5", "0"  # facts/unionpay-pos 2.4: 60.4 and 60.5
DOUBLE_KEY_PIN = "2600000000000000"  # 2.1: format 2 with PAN, double-length 3DES
LONGEST_PIN = "12"
KEPT_FOR_REVERSAL = (2, 3, 4, 11, 14, 22, 23, 25, 41, 42, 49)
NO_ORIGINAL = "000000"


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds the messages of one terminal."""

    parameters: TerminalParameters
    currency: str

    def sign_on(self, trace: str, form: str) -> Message:
        f60 = F60("00", self.parameters.batch, form).pack()
        return {0: "0800", 11: trace, 60: f60, 63: f"{self.parameters.operator} ", **self._identity()}

    def request(self, order: Order, trace: str, card: CardData, pin_block: bytes | None, chip: bytes | None) -> Message:
        """A financial request. `chip` is F55, carried by pre-authorisations alone (2.2: simple flow)."""
        layout = TRANSACTIONS[order.transaction]
        message: Message = {
            0: layout.mti, 2: card.pan, 3: layout.f3, 4: f"{order.amount.minor:012d}", 11: trace, 14: card.expiry,
            22: "051" if pin_block else "052", 23: card.psn.rjust(3, "0"), 25: layout.f25, 49: self.currency,
            60: F60(layout.f60_1, self.parameters.batch, "000", CHIP_READER, CHIP_FINE).pack(), **self._identity(),
        }  # fmt: skip
        if pin_block:
            message |= {26: LONGEST_PIN, 52: pin_block, 53: DOUBLE_KEY_PIN}
        if chip:
            message |= {35: card.track2, 55: chip}
        if order.original is not None:
            message |= self._original(order)
        return message

    def _original(self, order: Order) -> Message:
        """2.5: a completion void names batch and trace, the others a date alone; 3.1: F37 or F38."""
        original = order.original
        assert original is not None
        if order.transaction is Transaction.COMPLETION_VOID:
            named = F61(original.batch, original.trace, original.date)
            return {37: original.reference, 38: original.approval, 61: named.pack()}
        return {38: original.approval, 61: F61(NO_ORIGINAL, NO_ORIGINAL, original.date).pack()}

    def reversal(self, armed: Armed, trace: str) -> Message:
        """5.19: the original's data, the reason, and F61 as 2.5 has it for what is reversed."""
        message: Message = {0: REVERSAL_MTI, **armed.fields, 11: trace, 39: armed.reason}
        if armed.approval:
            message[38] = armed.approval
        return message

    def kept(self, request: Message) -> dict[int, str]:
        """What the journal keeps of a request for its reversal: no PIN, no track, no chip data."""
        kept = {n: str(request[n]) for n in (*KEPT_FOR_REVERSAL, 60) if n in request}
        if _is(Transaction.COMPLETION, request):
            kept.pop(23, None)  # 3.1: a completion's reversal drops it
        if 61 in request:
            batch = self.parameters.batch
            if _is(Transaction.COMPLETION_VOID, request):
                batch = F61.parse(str(request[61])).batch
            kept[61] = F61(batch, str(request[11]), "0000").pack()
        return kept

    def _identity(self) -> Message:
        return {41: self.parameters.terminal_id, 42: self.parameters.merchant_id}


def _is(transaction: Transaction, request: Message) -> bool:
    layout = TRANSACTIONS[transaction]
    return (request[0], request[3]) == (layout.mti, layout.f3)
