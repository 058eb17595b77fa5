"""How the terminal comes by a card and a PIN: the chip, or the operator's fingers. facts/unionpay-pos 2, 5.10, 5.12."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from protocols.cardlist import only_test_cards
from protocols.events import Channel, Emit, Event
from protocols.orders import Entry, Order, Result
from protocols.pan import has_right_check_digit
from protocols.transactions import Transaction
from simulators.terminal.checks import Stop
from simulators.terminal.devices import CardReader, Keypad
from simulators.terminal.kernel import CVM_NONE, CardData, Kernel
from simulators.terminal.line import Line

T = Transaction
WITH_CHIP = frozenset({T.PREAUTH, T.SALE, T.BALANCE})
"""facts/unionpay-pos 2.2: they carry F55; the others are simple flow, for which the chip gives its number alone."""


class EntryDesk:
    """Reader and keypad in a transaction. `today` is the terminal's clock, `only` is as the kernel's."""

    def __init__(
        self, line: Line, reader: CardReader, keypad: Keypad, kernel: Kernel, emit: Emit, today: Callable[[], datetime],
        only: Callable[[str], None] = only_test_cards,
    ) -> None:  # fmt: skip
        self._line = line
        self._reader = reader
        self._keypad = keypad
        self._kernel = kernel
        self._emit = emit
        self._today = today
        self._only = only

    def card(self, order: Order) -> CardData:
        """Raises Stop, CardRemoved, CardUnusable, RigFault, and ForeignCard for a card that is not listed."""
        card = self._typed() if order.entry is Entry.KEYED else self._inserted(order)
        if card.expiry < f"{self._today():%y%m}":  # EMV Book 3, 10.4.3; cases.md 83
            raise Stop(Result.REFUSED, "该卡已过期")
        return card

    def _inserted(self, order: Order) -> CardData:
        self._line.show("请插卡", "customer")
        if not self._reader.wait_for_card(True, self._line.parameters().card_wait_s):
            raise Stop(Result.CANCELLED, "等待插卡超时")
        return self._kernel.read(order.amount)

    def _typed(self) -> CardData:
        self._line.show("请输入卡号")
        typed = self._keypad.enter_card()
        if typed is None:
            raise Stop(Result.CANCELLED, "操作员取消")
        pan, expiry = typed
        if not has_right_check_digit(pan):  # cases.md 85
            raise Stop(Result.REFUSED, "卡号错")
        self._only(pan)
        return CardData(pan, "", expiry, "", "", "", "none", CVM_NONE)

    def pin(self, order: Order, card: CardData) -> str | None:
        """What the cardholder typed, or None where no PIN is wanted. Raises Stop when he cancels."""
        if not self._wants_pin(order.transaction, card):
            return None
        self._line.show("请输入密码", "customer")
        pin = self._keypad.enter_pin(None)
        self._emit(Event(Channel.OPERATOR, "pin", {"digits": len(pin) if pin else 0, "cancelled": pin is None}))
        if pin is None:
            raise Stop(Result.CANCELLED, "持卡人取消")
        return pin

    def _wants_pin(self, transaction: Transaction, card: CardData) -> bool:
        """5.12: the card says so where its chip is used, the market elsewhere; a stored message has none (3.1)."""
        market = self._line.market
        by_market = {
            T.CANCEL: market.cancel.needs_pin,
            T.COMPLETION: market.completion.needs_pin,
            T.COMPLETION_VOID: market.completion_void.needs_pin,
            T.SALE_VOID: market.sale_void.needs_pin,
        }
        return card.cvm == "online PIN" if transaction in WITH_CHIP else by_market.get(transaction, False)
