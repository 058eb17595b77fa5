"""A second terminal of the merchant, scripted: it reads the stripe of the bench's cards and sends what it is told to.

Names of damages are those of `simulators/terminal/damage.py`: "length too big", "ASCII length", "half frame" and so on.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping

from protocols.events import Emit
from protocols.faults import ConfigurationError
from protocols.iso8583 import UnpackError
from protocols.iso8583.subfields import F54
from protocols.market import Action, Market
from protocols.money import Money
from protocols.orders import Entry, Order, Original, Outcome, Result
from protocols.pan import mask_pan
from protocols.transactions import Transaction
from simulators.terminal.scripted import Answer, ScriptedTerminal
from simulators.terminal.usual import CardOfBench, Stripe, stripe_of

GRANTED = (Action.ACCEPT, Action.ACCEPT_PARTIAL)


class ScriptedTerminalDriver:
    """An `OtherTerminal` port. `card_of` finds a card of the bench by its name.

    It is not told to the recorder unless an `emit` is given: what it sends and gets, the host tells.
    """

    def __init__(
        self, *, address: tuple[str, int], terminal_id: str, merchant_id: str, master_key: bytes, market: Market,
        card_of: Callable[[str], CardOfBench], emit: Emit | None = None, response_timeout_s: float = 10.0,
    ) -> None:  # fmt: skip
        self._market = market
        self._card_of = card_of
        self._twin = ScriptedTerminal(
            address=address, terminal_id=terminal_id, merchant_id=merchant_id, master_key=master_key, market=market,
            emit=emit, response_timeout_s=response_timeout_s,
        )  # fmt: skip

    def perform(self, order: Order, card: str) -> Outcome:
        stripe = stripe_of(self._card_of(card), typed=order.entry is Entry.KEYED)
        answer = self._twin.send(order.transaction, stripe=stripe, amount=order.amount, original=order.original)
        return self._outcome(order.transaction, order.amount, answer, stripe)

    def send(
        self, transaction: str, *, card: str = "", fields: Mapping[int, str | None] | None = None,
        reversal: bool = False, seal: str = "right", trace: str = "", amount: Money | None = None,
        original: Original | None = None, damage: str = "",
    ) -> Outcome:  # fmt: skip
        what = _transaction(transaction)
        stripe = stripe_of(self._card_of(card)) if card else Stripe()
        answer = self._twin.send(
            what, stripe=stripe, amount=amount, original=original, fields=fields, reversal=reversal, seal=seal,
            trace=trace, damage=damage,
        )  # fmt: skip
        return self._outcome(what, amount or Money(0, self._market.money), answer, stripe)

    def _outcome(self, transaction: Transaction, amount: Money, answer: Answer, stripe: Stripe) -> Outcome:
        if answer.message is None:
            return Outcome(transaction, Result.NO_REPLY, amount, message=answer.trouble, trace=answer.trace)
        reply, action = answer.message, self._market.action(answer.code)
        part = str(reply.get(4, ""))
        if action is Action.ACCEPT_PARTIAL and part.isdigit():
            amount = Money(int(part), amount.currency)
        return Outcome(
            transaction, Result.APPROVED if action in GRANTED else Result.DECLINED, amount, answer.code,
            self._market.codes.get(answer.code, ""), str(reply.get(38, "")).strip(), str(reply.get(37, "")),
            answer.trace, self._twin.batch, str(reply.get(13, "")), str(reply.get(12, "")), mask_pan(stripe.pan),
            self._balance(str(reply.get(54, ""))),
        )  # fmt: skip

    def _balance(self, text: str) -> Money | None:
        try:
            balances = F54.parse(text).balances
        except UnpackError:
            return None
        return next((Money(b.amount, self._market.money) for b in balances), None)


def _transaction(name: str) -> Transaction:
    try:
        return Transaction(name)
    except ValueError:
        near = difflib.get_close_matches(name, [transaction.value for transaction in Transaction], n=1)
        raise ConfigurationError(
            f"no transaction is called {name!r}", advice=f"did you mean {near[0]!r}?" if near else ""
        ) from None
