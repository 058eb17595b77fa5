"""The merchant: what he asks of the terminal under test, and what he keeps in mind of it.

His memory is the slips that he has: the hold that is spoken of, the holds before it, a completion, a sale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from protocols.faults import HoldfastBug
from protocols.market import Market
from protocols.money import Money
from protocols.orders import Entry, Order, Original, Outcome, Result
from protocols.transactions import Transaction
from rigs.ports import Terminal

WRONG_APPROVAL = "ZZZZZZ"
"""An authorisation code that no host of the bench ever gives: its codes are digits."""


@dataclass
class Merchant:
    """Drives `terminal()`. `hold`, `completion` and `sale` are the outcomes that later transactions refer to."""

    terminal: Callable[[], Terminal]
    market: Market
    hold: Outcome | None = None
    holds: list[Outcome] = field(default_factory=list)
    completion: Outcome | None = None
    sale: Outcome | None = None
    last: Outcome | None = None

    # ── what is held ──────────────────────────────────────────────────────────────────────────────────────────

    def asks_for_hold(self, amount: Money, entry: Entry = Entry.CHIP) -> None:
        """A pre-authorisation, approved or not: the next sentences speak of it."""
        self.remembers(self._asks(Order(Transaction.PREAUTH, amount, entry=entry)))

    def remembers(self, hold: Outcome) -> None:
        """A hold, made here or elsewhere, that the next sentences speak of."""
        self.hold = hold
        self.holds.append(hold)

    def takes_up_the_first_hold(self) -> None:
        """The next sentences speak of the oldest hold."""
        self.hold = self.holds[0]

    def raises_it(self, by: Money) -> None:
        """An incremental pre-authorisation; approved, the hold is so much more."""
        outcome = self._asks(Order(Transaction.INCREMENT, by, self.held().as_original()))
        if outcome.approved:
            self.hold = replace(self.held(), amount=self.held().amount + outcome.amount)

    def held(self) -> Outcome:
        """The hold that is spoken of. Raises HoldfastBug when there is none."""
        if self.hold is None:
            raise HoldfastBug("the scenario speaks of a hold that it never asked for")
        return self.hold

    def held_amount(self) -> Money:
        """Its amount, increments counted."""
        return self.held().amount

    # ── completion ────────────────────────────────────────────────────────────────────────────────────────────

    def completes(self, amount: Money) -> None:
        """The card is in the reader."""
        self._complete(Order(Transaction.COMPLETION, amount, self.held().as_original()))

    def completes_without_card(self, amount: Money) -> None:
        """The card's number is typed."""
        self._complete(Order(Transaction.COMPLETION, amount, self.held().as_original(), Entry.KEYED))

    def completes_under_wrong_approval(self, amount: Money) -> None:
        """The authorisation code is mistyped."""
        self._complete(Order(Transaction.COMPLETION, amount, self._mistyped(self.held())))

    def completes_offline(self, amount: Money) -> None:
        """By a completion advice."""
        self._complete(Order(Transaction.ADVICE, amount, self.held().as_original()))

    def completes_offline_under_wrong_approval(self, amount: Money) -> None:
        """By an advice that no host can ever take."""
        self._complete(Order(Transaction.ADVICE, amount, self._mistyped(self.held())))

    def _complete(self, order: Order) -> None:
        outcome = self._asks(order)
        if outcome.result in (Result.APPROVED, Result.STORED):
            self.completion = outcome

    def voids_completion(self) -> None:
        """The last completion that was approved."""
        original = self._made(self.completion, "completion").as_original()
        self._asks(Order(Transaction.COMPLETION_VOID, original.amount, original))

    def refunds_completion(self) -> None:
        """Money back for the last completion."""
        original = self._made(self.completion, "completion").as_original()
        self._asks(Order(Transaction.REFUND, original.amount, original))

    # ── cancel ────────────────────────────────────────────────────────────────────────────────────────────────

    def cancels(self) -> None:
        """The whole hold; the card is in the reader."""
        self.cancels_part(self.held_amount())

    def cancels_part(self, amount: Money) -> None:
        """So much of the hold."""
        self._asks(Order(Transaction.CANCEL, amount, self.held().as_original()))

    def cancels_without_card(self) -> None:
        """The card's number is typed."""
        self._asks(Order(Transaction.CANCEL, self.held_amount(), self.held().as_original(), Entry.KEYED))

    def cancels_under_wrong_approval(self) -> None:
        """The authorisation code is mistyped."""
        self._asks(Order(Transaction.CANCEL, self.held_amount(), self._mistyped(self.held())))

    # ── sale ──────────────────────────────────────────────────────────────────────────────────────────────────

    def sells(self, amount: Money, entry: Entry = Entry.CHIP) -> None:
        """A sale."""
        self.sale = self._asks(Order(Transaction.SALE, amount, entry=entry))

    def voids_sale(self) -> None:
        """The last sale."""
        original = self._made(self.sale, "sale").as_original()
        self._asks(Order(Transaction.SALE_VOID, original.amount, original))

    def refunds_sale(self) -> None:
        """The last sale."""
        original = self._made(self.sale, "sale").as_original()
        self._asks(Order(Transaction.REFUND, original.amount, original))

    def completes_sale(self) -> None:
        """As if the last sale had been a hold."""
        original = self._made(self.sale, "sale").as_original()
        self._asks(Order(Transaction.COMPLETION, original.amount, original))

    # ── what moves no money ───────────────────────────────────────────────────────────────────────────────────

    def asks(self, transaction: Transaction) -> None:
        """Balance, settlement, sign-on, downloads and the like: there is no amount."""
        self._asks(Order(transaction, Money(0, self.market.money)))

    def _asks(self, order: Order) -> Outcome:
        self.last = self.terminal().perform(order)
        return self.last

    @staticmethod
    def _made(outcome: Outcome | None, what: str) -> Outcome:
        if outcome is None:
            raise HoldfastBug(f"the scenario speaks of a {what} that it never made")
        return outcome

    @staticmethod
    def _mistyped(hold: Outcome) -> Original:
        return replace(hold.as_original(), approval=WRONG_APPROVAL)
