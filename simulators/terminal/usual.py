"""The usual message of any transaction, by stripe or typed, for a terminal that has no kernel. facts/unionpay-pos 2, 3.

What it holds is enough for its row of `protocols.presence`; whoever sends it may put other fields in place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from protocols.iso8583 import Message, WorkingKeys, encrypt_pin
from protocols.iso8583.pin import PinFormat
from protocols.iso8583.subfields import CaKey
from protocols.iso8583.subfields.f62_download import pack_entry
from protocols.iso8583.subfields.f63 import operator
from protocols.market import SecurityRule
from protocols.orders import Entry, Order
from protocols.pinpad import TerminalKeys
from protocols.totals import Totals
from protocols.transactions import FINANCIAL, TRANSACTIONS, Transaction
from simulators.terminal.contact import CardData
from simulators.terminal.journal import Armed
from simulators.terminal.messages import Builder
from simulators.terminal.presented import Presented
from simulators.terminal.secrecy import Hidden, hide

T = Transaction
WITH_PIN = frozenset({T.PREAUTH, T.SALE, T.BALANCE, T.CANCEL, T.COMPLETION, T.COMPLETION_VOID, T.SALE_VOID})
REASON = "98"
A_CA_KEY = CaKey(bytes.fromhex("A000000333"), 0xF0, "20301231", b"\x80")
AN_APPLICATION = (("9F06", bytes.fromhex("A000000333010102")),)
SCRIPT_RESULT = bytes.fromhex("9F2608000000000000000095058000040000DF31052000000001")
A_CARD = ("6250947000000014", "3012")
"""Of a message that somebody sends without saying for which card."""


class CardOfBench(Protocol):
    """A card as its stripe and its holder know it."""

    pan: str
    expiry: str
    psn: str
    track2: str
    pin: str


@dataclass(frozen=True, slots=True)
class Stripe:
    """What a swipe or a keypad gives. No track is a number that was typed; no PIN is a signature."""

    pan: str = field(default=A_CARD[0], repr=False)
    expiry: str = A_CARD[1]
    track2: str = field(default="", repr=False)
    pin: str | None = field(default=None, repr=False)
    psn: str = "01"


def stripe_of(card: CardOfBench, *, typed: bool = False) -> Stripe:
    """The stripe of a card with its right PIN, or its number alone."""
    if typed:
        return Stripe(card.pan, card.expiry, psn=card.psn)
    return Stripe(card.pan, card.expiry, card.track2, card.pin, card.psn)


@dataclass(frozen=True, slots=True)
class Usual:
    """Builds them. `keys` are those of the sign-on before; a message without secrets needs none."""

    builder: Builder
    security: SecurityRule
    keys: WorkingKeys | None

    def message(self, order: Order, trace: str, stripe: Stripe) -> Message:
        """The usual message of the order's transaction."""
        if order.transaction in FINANCIAL:
            return self._financial(order, trace, stripe)
        if order.transaction is T.SIGN_ON:
            return self.builder.sign_on(trace, "004" if self.security.track_encryption else self.security.sign_on)
        if order.transaction is T.SCRIPT_NOTICE:
            return self._script_notice(order, trace, stripe)
        return self.builder.management(order.transaction, trace) | self._also(order.transaction, trace)

    def reversal(self, order: Order, trace: str, stripe: Stripe) -> Message:
        """Of what `message` builds. 5.19"""
        request = self.message(order, trace, stripe) | {2: stripe.pan}
        kept = self.builder.kept(order.transaction, request)
        return self.builder.reversal(Armed(trace, order.transaction.value, kept, REASON, "", 0), trace)

    def _financial(self, order: Order, trace: str, stripe: Stripe) -> Message:
        hidden = Hidden(track2=stripe.track2)
        if self.keys is not None:
            keys = TerminalKeys(self.keys.mac, self.keys.track, len(self.keys.pin))
            hidden = hide(keys, self.security, self._pin_block(order.transaction, stripe), stripe.track2)
        entry = Entry.SWIPED if stripe.track2 else Entry.KEYED
        return self.builder.request(order, trace, Presented(CardData(stripe.pan, stripe.expiry), entry), hidden)

    def _pin_block(self, transaction: Transaction, stripe: Stripe) -> bytes | None:
        """It has no pad: the PIN of a bench's card is no secret of anybody."""
        if self.keys is None or stripe.pin is None or transaction not in WITH_PIN:
            return None
        return encrypt_pin(self.keys.pin, stripe.pin, stripe.pan, PinFormat(self.security.pin_format))

    def _also(self, transaction: Transaction, trace: str) -> Message:
        """What is needed beside the usual four fields."""
        number = operator(self.builder.parameters.operator)
        if transaction is T.SETTLEMENT:
            return self.builder.settlement(trace, Totals())
        if transaction is T.BATCH_UPLOAD:
            return self.builder.batch_upload(trace, [])
        if transaction is T.BATCH_END:
            return self.builder.batch_end(trace, 0, balanced=True)
        also: dict[Transaction, Message] = {
            T.CASHIER_SIGN_ON: {63: number},
            T.CA_KEY_DOWNLOAD: {62: pack_entry(A_CA_KEY.asked())},
            T.IC_PARAMETER_DOWNLOAD: {62: pack_entry(AN_APPLICATION)},
        }
        return also.get(transaction, {})

    def _script_notice(self, order: Order, trace: str, stripe: Stripe) -> Message:
        original = order.original
        request: Message = {
            2: stripe.pan, 4: f"{order.amount.minor:012d}", 11: original.trace if original else trace,
            22: "052", 23: stripe.psn.rjust(3, "0"), 49: self.builder.currency,
        }  # fmt: skip
        reply: Message = {37: original.reference if original else "0" * 12, 13: original.date if original else "0000"}
        return self.builder.script_notice(trace, request, reply, SCRIPT_RESULT)


def needs_seal(transaction: Transaction) -> bool:
    """Whether the matrix has a MAC for it. 1.16"""
    return TRANSACTIONS[transaction].mac
