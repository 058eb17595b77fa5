"""The stripe: of a card without a chip, or of one whose chip could not be read. facts/unionpay-pos 2, 2.4, 5.13."""

from __future__ import annotations

from collections.abc import Callable

from protocols.cardlist import only_test_cards
from protocols.orders import Entry, Order, Result
from protocols.pan import has_right_check_digit
from protocols.prompts import SWIPE, SWIPE_AGAIN, SWIPE_INSTEAD
from protocols.stripe import Stripe, read_stripe
from simulators.terminal.checks import Stop
from simulators.terminal.contact import CardData
from simulators.terminal.devices import StripeReader
from simulators.terminal.journal import Journal
from simulators.terminal.line import Line
from simulators.terminal.presented import CHIP_FAILED, CHIP_FINE, NOT_USED, Presented

SWIPES = 3
"""Swipes that may be bad in one transaction."""


class SwipeDesk:
    """Reads stripes. A terminal without a slot for them has no `slot`."""

    def __init__(
        self, line: Line, journal: Journal, slot: StripeReader | None, only: Callable[[str], None] = only_test_cards
    ) -> None:
        self._line = line
        self._journal = journal
        self._slot = slot
        self._only = only

    def card(self) -> Presented | None:
        """A stripe where no chip is to be used; None of a card that has one: it must be put in. 5.13"""
        stripe = self._read(SWIPE)
        if stripe.has_chip and "chip-card-swiped" not in self._line.defects:
            return None
        return self._presented(stripe, Entry.SWIPED)

    def may_replace_chip(self, order: Order) -> bool:
        """Whether the stripe may come in the place of a chip that failed."""
        rule = self._line.market.entry
        may = rule.fallback and self._line.parameters().fallback and order.transaction.value in rule.swiped
        return may and self._slot is not None

    def instead_of_the_chip(self) -> Presented:
        """The stripe of a card whose chip could not be read; of a card without one it is a swipe like any other."""
        stripe = self._read(SWIPE_INSTEAD)
        return self._presented(stripe, Entry.FALLBACK if stripe.has_chip else Entry.SWIPED)

    def _presented(self, stripe: Stripe, entry: Entry) -> Presented:
        card = CardData(stripe.pan, stripe.expiry, track2=stripe.track2)
        return Presented(card, entry, self._condition(stripe), stripe)

    def _condition(self, stripe: Stripe) -> str:
        """F60.5: how the chip before fared, told with the stripe of a card that has a chip. facts/unionpay-pos 2.4"""
        if not stripe.has_chip or "fallback-not-marked" in self._line.defects:
            return NOT_USED
        return CHIP_FAILED if self._journal.chip_failed() else CHIP_FINE

    def _read(self, prompt: str) -> Stripe:
        """The first swipe that can be read. Raises Stop, and ForeignCard for a card that is not listed."""
        if self._slot is None:
            raise Stop(Result.REFUSED, "无磁卡读卡器")
        for asked in (prompt, *[SWIPE_AGAIN] * (SWIPES - 1)):
            self._line.show(asked, "customer")
            swipe = self._slot.swiped(self._line.parameters().card_wait_s)
            if swipe is None:
                raise Stop(Result.CANCELLED, "等待刷卡超时")
            stripe = read_stripe(swipe.track2)
            if stripe is None:
                continue
            if not has_right_check_digit(stripe.pan):  # cases.md 85
                raise Stop(Result.REFUSED, "卡号错")
            self._only(stripe.pan)
            return stripe
        raise Stop(Result.REFUSED, "刷卡失败")
