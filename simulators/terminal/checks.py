"""What the terminal refuses by itself, before any card is read. facts/unionpay-pos 5.1, 5.10, 5.11, 2.6.3."""

from __future__ import annotations

from protocols.events import Channel, Emit, Event
from protocols.market import Market
from protocols.orders import Entry, Order, Result
from protocols.transactions import Transaction
from simulators.terminal.devices import Keypad
from simulators.terminal.line import Line

T = Transaction
WITHOUT_AMOUNT = frozenset({T.BALANCE})
WITHOUT_ORIGINAL = frozenset({T.BALANCE, T.SALE, T.PREAUTH})
BY_APPROVAL = frozenset({T.INCREMENT, T.CANCEL, T.COMPLETION, T.ADVICE})
"""5.5: what has no authorisation code was never approved. cases.md 48"""
MOST = 10**12 - 1
"""facts/unionpay-pos 2: F4 has twelve digits."""
COMPLETING = frozenset({T.COMPLETION, T.ADVICE})


class Stop(Exception):
    """The transaction ends here, before or without a host's approval."""

    def __init__(self, result: Result, message: str, code: str = "") -> None:
        super().__init__(message)
        self.result, self.message, self.code = result, message, code


class Checks:
    """The terminal's own rules."""

    def __init__(self, line: Line, keypad: Keypad, emit: Emit) -> None:
        self._line = line
        self._keypad = keypad
        self._emit = emit

    def check(self, order: Order) -> None:
        """Raises Stop with what the operator is shown."""
        market, transaction = self._line.market, order.transaction
        if transaction in self._line.parameters().switched_off:
            raise Stop(Result.REFUSED, "交易未开通")
        if transaction is T.ADVICE and not market.advice.allowed:
            raise Stop(Result.REFUSED, "不支持离线完成")
        if order.amount.minor <= 0 and transaction not in WITHOUT_AMOUNT:
            raise Stop(Result.REFUSED, "无效金额")
        if order.amount.minor > MOST:
            raise Stop(Result.REFUSED, "金额超限")
        if order.original is None and transaction not in WITHOUT_ORIGINAL:
            raise Stop(Result.REFUSED, "请输入原交易信息")
        if transaction in BY_APPROVAL and order.original is not None and not order.original.approval:
            raise Stop(Result.REFUSED, "请输入原授权码")
        self._check_entry(order)
        if _supervised(market).get(transaction):
            self._ask_supervisor(transaction)
        if transaction in COMPLETING:
            self._check_limit(order)

    def _check_entry(self, order: Order) -> None:
        """5.10: by the market, and by the terminal's parameter."""
        rule, name, parameters = self._line.market.entry, order.transaction.value, self._line.parameters()
        typed = parameters.manual_entry and (name in rule.keyed or parameters.typed_for_all)
        if order.entry is Entry.KEYED and not typed and "key-entry-always" not in self._line.defects:
            raise Stop(Result.REFUSED, "不支持手输卡号")
        if order.entry in (Entry.SWIPED, Entry.FALLBACK) and name not in rule.swiped:
            raise Stop(Result.REFUSED, "不支持刷卡")

    def _check_limit(self, order: Order) -> None:
        market = self._line.market
        if order.original is None or not self._line.parameters().local_limit:
            return
        allowed = market.completion_allowed(order.original.amount, order.amount)
        if not allowed and "completion-over-limit-sent" not in self._line.defects:
            raise Stop(Result.REFUSED, f"完成金额超限 最高 {market.completion_limit(order.original.amount)}")

    def _ask_supervisor(self, transaction: Transaction) -> None:
        """5.11"""
        if transaction is T.CANCEL and "cancel-without-supervisor" in self._line.defects:
            return
        self._line.show("请输入主管密码")
        accepted = self._keypad.enter_supervisor_password() == self._line.parameters().supervisor_password
        self._emit(Event(Channel.OPERATOR, "supervisor", {"asked": True, "accepted": accepted}))
        if not accepted:
            raise Stop(Result.REFUSED, "主管密码错")


def _supervised(market: Market) -> dict[Transaction, bool]:
    return {
        T.CANCEL: market.cancel.supervisor,
        T.COMPLETION_VOID: market.completion_void.supervisor,
        T.SALE_VOID: market.sale_void.supervisor,
        T.REFUND: market.refund.supervisor,
    }
