"""How the terminal comes by a card: chip, stripe, or the operator's fingers. facts/unionpay-pos 2, 5.10, 5.13."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from protocols.cardlist import only_test_cards
from protocols.events import Channel, Emit, Event
from protocols.orders import Entry, Order, Result
from protocols.pan import has_right_check_digit
from protocols.prompts import INSERT, INSERT_AGAIN, INSERT_THE_CHIP, REMOVE, TYPE_NUMBER
from protocols.transactions import Transaction
from simulators.terminal.checks import Stop
from simulators.terminal.contact import CardData, CardUnusable, Kernel, Terms
from simulators.terminal.devices import CardReader, Keypad
from simulators.terminal.journal import Journal
from simulators.terminal.line import Line
from simulators.terminal.presented import Presented
from simulators.terminal.swipes import SwipeDesk

T = Transaction
WITH_CHIP = frozenset({T.PREAUTH, T.SALE, T.BALANCE})
"""facts/unionpay-pos 2.2: they carry F55; the others are simple flow, for which the chip gives its number alone."""
LOOKS_A_WAIT = 4
"""How often the keys are looked at while the terminal waits for a card."""


class EntryDesk:
    """Reader, stripe and keypad in a transaction. `today` is the terminal's clock, `only` is as the kernel's."""

    def __init__(
        self, line: Line, journal: Journal, reader: CardReader, keypad: Keypad, kernel: Kernel, swipes: SwipeDesk,
        emit: Emit, today: Callable[[], datetime], only: Callable[[str], None] = only_test_cards,
    ) -> None:  # fmt: skip
        self._line = line
        self._journal = journal
        self._reader = reader
        self._keypad = keypad
        self._kernel = kernel
        self._swipes = swipes
        self._emit = emit
        self._today = today
        self._only = only

    def card(self, order: Order, terms: Terms) -> Presented:
        """Raises Stop, CardRemoved, CardUnusable, RigFault, and ForeignCard for a card that is not listed."""
        presented = self._presented(order, terms)
        decided_by_chip = presented.entry is Entry.CHIP and order.transaction in WITH_CHIP
        # EMV Book 3, 10.4.3: of a chip that decides, its date is a matter of TVR and action codes. cases.md 83
        if not decided_by_chip and presented.card.expiry < f"{self._today():%y%m}":
            raise Stop(Result.REFUSED, "该卡已过期")
        return presented

    def again(self, presented: Presented, terms: Terms) -> Presented:
        """The same card once more: a chip begins a new transaction."""
        if presented.entry is not Entry.CHIP:
            return presented
        return Presented(self._kernel.open(terms), Entry.CHIP)

    def _presented(self, order: Order, terms: Terms) -> Presented:
        if order.entry is Entry.KEYED:
            return Presented(self._typed(), Entry.KEYED)
        if order.entry is not Entry.CHIP:
            swiped = self._swipes.card()
            if swiped is not None:
                return swiped
            return self._inserted(order, terms, INSERT_THE_CHIP)
        return self._inserted(order, terms, INSERT)

    # ── the chip ──────────────────────────────────────────────────────────────────────────────────────────────

    def _inserted(self, order: Order, terms: Terms, prompt: str) -> Presented:
        """The chip; after so many technical failures the stripe. facts/unionpay-pos 5.13"""
        self._wait_for_card(prompt)
        for left in reversed(range(self._line.parameters().chip_attempts)):
            try:
                card = self._kernel.open(terms)
            except CardUnusable as error:
                self._failed(error, order, last=not left)
            else:
                self._journal.chip_fared(well=True)
                return Presented(card, Entry.CHIP)
            if left:
                self._have_it_put_in_again()
        return self._swipes.instead_of_the_chip()

    def _failed(self, error: CardUnusable, order: Order, *, last: bool) -> None:
        """Raises what the chip failed by, where no stripe may come in its place."""
        self._reader.power_off()
        technical = error.fallback or "fallback-for-blocked-card" in self._line.defects
        self._journal.chip_fared(well=not technical)
        if not technical or (last and not self._swipes.may_replace_chip(order)):
            raise error

    def _wait_for_card(self, prompt: str) -> None:
        self._line.show(prompt, "customer")
        if not self._waited(True):
            raise Stop(Result.CANCELLED, "等待插卡超时")

    def _waited(self, present: bool) -> bool:
        """Until a card is in or out. Raises Stop for the cancel key."""
        wait_s = self._line.parameters().card_wait_s
        deadline = time.monotonic() + wait_s
        while True:
            if self._keypad.cancel_pressed():  # cases.md 18
                raise Stop(Result.CANCELLED, "操作员取消")
            left = deadline - time.monotonic()
            if self._reader.wait_for_card(present, max(0.0, min(left, wait_s / LOOKS_A_WAIT))):
                return True
            if left <= 0:
                return False

    def _have_it_put_in_again(self) -> None:
        """Out and in: a chip whose contacts are dirty may be read the second time."""
        self._line.show(REMOVE, "customer")
        if not self._waited(False):
            raise Stop(Result.CANCELLED, "等待取卡超时")
        self._wait_for_card(INSERT_AGAIN)

    # ── the keys ──────────────────────────────────────────────────────────────────────────────────────────────

    def _typed(self) -> CardData:
        self._line.show(TYPE_NUMBER)
        typed = self._keypad.enter_card()
        self._emit(Event(Channel.OPERATOR, "key entry", {"digits": len(typed[0]) if typed else 0}))
        if typed is None:
            raise Stop(Result.CANCELLED, "操作员取消")
        pan, expiry = typed
        if not has_right_check_digit(pan):  # cases.md 85
            raise Stop(Result.REFUSED, "卡号错")
        self._only(pan)
        return CardData(pan, expiry)
