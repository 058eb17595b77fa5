"""The reference terminal: a POS application that takes a merchant's order to its end. Design 8.

It runs in the caller's thread. Whatever happens on the way, the journal is right: a request that left is reversed
unless it was answered and finished.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from protocols.emv import TlvError, find
from protocols.events import Channel, Emit, Event
from protocols.faults import CardRemoved, RigFault
from protocols.iso8583 import Message, encrypt_pin
from protocols.market import Market
from protocols.money import Money
from protocols.orders import Order, Outcome, Result
from protocols.pan import mask_pan
from protocols.transactions import Transaction
from simulators.terminal.devices import CardReader, Keypad, SlipPrinter
from simulators.terminal.journal import Journal
from simulators.terminal.kernel import CardData, CardUnusable, Kernel, Terms
from simulators.terminal.online import Online, OnlineDesk, Trouble
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.receipts import CARDHOLDER, COPIES, Printed, compose
from simulators.terminal.slips import Copy, SlipDesk

WRONG_PIN = "55"
NEUTRAL = "交易未成功 请与发卡银行联系"
"""All that a customer is told of a decline: never why. cases.md 82."""
NOT_UNDERSTOOD = "交易失败"  # facts/unionpay-pos 5.21: unknown code


class Stop(Exception):
    """The transaction ends here, before or without a host's approval."""

    def __init__(self, result: Result, message: str, code: str = "") -> None:
        super().__init__(message)
        self.result, self.message, self.code = result, message, code


class ReferenceTerminal:
    """See the module. `today` is the terminal's clock."""

    def __init__(
        self, *, reader: CardReader, printer: SlipPrinter, keypad: Keypad, host: tuple[str, int], market: Market,
        parameters: TerminalParameters, emit: Emit, directory: Path, defects: frozenset[str] = frozenset(),
        today: Callable[[], datetime] = datetime.now,
    ) -> None:  # fmt: skip
        self.parameters = parameters
        self._reader, self._keypad = reader, keypad
        self._market, self._emit, self._defects, self._today = market, emit, defects, today
        self._journal = Journal(directory / "journal.sqlite")
        self._desk = OnlineDesk(
            host=host,
            market=market,
            journal=self._journal,
            emit=emit,
            defects=defects,
            parameters=lambda: self.parameters,
        )
        self._kernel = Kernel(reader)
        self._slips = SlipDesk(printer, self._tell_printing, lambda text: self._show(text, "operator"))
        self._last_printed: Money | None = None

    def close(self) -> None:
        self._desk.close()
        self._journal.close()

    def load_parameters(self, parameters: TerminalParameters) -> None:
        """Take other parameters, as after a download."""
        self.parameters = parameters

    # ── what the merchant can ask ─────────────────────────────────────────────────────────────────────────────

    def sign_on(self) -> Outcome:
        """Fetch working keys."""
        online = self._desk.sign_on()
        result = Result.APPROVED if online.code == "00" else Result.DECLINED if online.reply else Result.NO_REPLY
        outcome = Outcome(Transaction.SIGN_ON, result, Money(0, self._market.money), online.code)
        return self._report(outcome)

    def perform(self, order: Order) -> Outcome:
        """One transaction to its end. Raises RigFault when the bench breaks under it, the journal being right."""
        self._tell(
            "order",
            transaction=order.transaction.value,
            amount=order.amount.minor,
            currency=order.amount.currency.alpha,
        )
        self._state(order.transaction.value)
        outcome = Outcome(order.transaction, Result.REFUSED, order.amount)
        try:
            outcome = self._carry_out(order)
        except Stop as stop:
            outcome = replace(outcome, result=stop.result, code=stop.code, message=stop.message)
        except CardRemoved:
            outcome = replace(outcome, result=Result.CARD_REMOVED, message="卡片已拔出")
        except CardUnusable as error:
            outcome = replace(outcome, result=Result.CARD_DECLINED, message=f"读卡失败 {error.message}")
        finally:
            self._reader.power_off()
        self._report(outcome)
        self._desk.reverse_at_once()
        if "completed-approval-reversed" in self._defects and outcome.approved:
            self._desk.drain()
        return self._with_late_answer(outcome)

    def paper_loaded(self) -> None:
        """The operator has loaded paper and pressed the key: what was not printed is printed now, whole."""
        self._slips.paper_loaded()

    def to_idle(self) -> None:
        """Drain what is armed, let the card go, show the idle screen."""
        try:
            self._desk.drain()
        finally:
            self._slips.forget()
            self._reader.power_off()
            self._show("欢迎使用", "customer")
            self._state("idle")

    # ── a transaction ─────────────────────────────────────────────────────────────────────────────────────────

    def _carry_out(self, order: Order) -> Outcome:
        self._check(order)
        for attempt in range(1, self.parameters.pin_entries + 1):
            card = self._read_card(order)
            outcome, online = self._once(order, card)
            if online.code != WRONG_PIN or attempt == self.parameters.pin_entries:
                return outcome
            self._show("密码错 请重新输入", "customer")
        raise AssertionError("a transaction has at least one attempt")

    def _check(self, order: Order) -> None:
        """What the terminal refuses by itself, before any card is read."""
        if order.amount.minor <= 0:
            raise Stop(Result.REFUSED, "无效金额")
        rule = self._market
        supervised = {
            Transaction.CANCEL: rule.cancel.supervisor,
            Transaction.COMPLETION_VOID: rule.completion_void.supervisor,
        }
        if supervised.get(order.transaction) and "cancel-without-supervisor" not in self._defects:
            self._ask_supervisor()
        if order.transaction is Transaction.COMPLETION and self.parameters.local_limit:
            assert order.original is not None
            allowed = rule.completion_allowed(order.original.amount, order.amount)
            if not allowed and "completion-over-limit-sent" not in self._defects:
                raise Stop(Result.REFUSED, f"完成金额超限 最高 {rule.completion_limit(order.original.amount)}")

    def _ask_supervisor(self) -> None:
        """facts/unionpay-pos 5.11."""
        self._show("请输入主管密码", "operator")
        accepted = self._keypad.enter_supervisor_password() == self.parameters.supervisor_password
        self._emit(Event(Channel.OPERATOR, "supervisor", {"asked": True, "accepted": accepted}))
        if not accepted:
            raise Stop(Result.REFUSED, "主管密码错")

    def _read_card(self, order: Order) -> CardData:
        self._show("请插卡", "customer")
        if not self._reader.wait_for_card(True, self.parameters.card_wait_s):
            raise Stop(Result.CANCELLED, "等待插卡超时")
        card = self._kernel.read(order.amount)
        if card.expiry < f"{self._today():%y%m}":  # EMV Book 3, 10.4.3; cases.md 83
            raise Stop(Result.REFUSED, "该卡已过期")
        return card

    def _once(self, order: Order, card: CardData) -> tuple[Outcome, Online]:
        """One request: verification, cryptogram, host, cryptogram, slips."""
        pin = self._enter_pin(order, card)
        chip_used = order.transaction is Transaction.PREAUTH  # facts/unionpay-pos 2.2: the others are simple flow
        terms = Terms(
            order.amount, "000000", self._market.currency.numeric, self.parameters.serial,
            self.parameters.merchant_name, self._today(),
        )  # fmt: skip
        chip = self._kernel.first_cryptogram(terms, pin_entered=pin is not None) if chip_used else None
        if chip_used and chip is None:
            raise Stop(Result.CARD_DECLINED, "卡片拒绝")
        if not self._desk.ready():
            raise Stop(Result.NO_REPLY, "通讯失败 未发送")
        keys = self._desk.keys
        assert keys is not None
        trace = self._journal.next_trace()
        block = encrypt_pin(keys.pin, pin, card.pan) if pin is not None else None
        message = self._desk.builder().request(order, trace, card, block, chip)
        online = self._desk.request(order.transaction, message)
        outcome = self._conclude(order, card, trace, online, chip_used=chip_used)
        if "reversal-after-next-request" in self._defects and outcome.result is not Result.NO_REPLY:
            self._desk.drain()
        return outcome, online

    def _enter_pin(self, order: Order, card: CardData) -> str | None:
        wanted = {
            Transaction.PREAUTH: card.cvm == "online PIN",
            Transaction.CANCEL: self._market.cancel.needs_pin,
            Transaction.COMPLETION: self._market.completion.needs_pin,
            Transaction.COMPLETION_VOID: self._market.completion_void.needs_pin,
        }[order.transaction]
        if not wanted:
            return None
        self._show("请输入密码", "customer")
        pin = self._keypad.enter_pin(None)
        self._emit(Event(Channel.OPERATOR, "pin", {"digits": len(pin) if pin else 0, "cancelled": pin is None}))
        if pin is None:
            raise Stop(Result.CANCELLED, "持卡人取消")
        return pin

    def _conclude(self, order: Order, card: CardData, trace: str, online: Online, *, chip_used: bool) -> Outcome:
        outcome = Outcome(
            order.transaction, Result.NO_REPLY, order.amount, trace=trace, batch=self.parameters.batch,
            masked_pan=mask_pan(card.pan),
        )  # fmt: skip
        if online.reply is None:
            if chip_used:
                self._finish_chip("AAC", "Z3", None)  # EMV Book 4, A6: unable to go online
            assert online.trouble is not None
            return replace(outcome, message=_TROUBLE[online.trouble])
        outcome = self._from_reply(outcome, online.reply)
        if online.code not in self._market.success_codes:
            if chip_used:
                self._finish_chip("AAC", online.code, _authentication(online.reply))
            return replace(outcome, result=Result.DECLINED)
        if chip_used and not self._accepted_by_chip(online, trace):
            return replace(outcome, result=Result.CARD_DECLINED, message="卡片拒绝")
        outcome = replace(outcome, result=Result.APPROVED)
        self._issue_slips(order, card, outcome)
        self._desk.finished(trace)
        return outcome

    def _from_reply(self, outcome: Outcome, reply: Message) -> Outcome:
        code = str(reply[39])
        return replace(
            outcome, code=code, message=self._market.codes.get(code, NOT_UNDERSTOOD),
            approval=str(reply.get(38, "")).strip(),
            reference=str(reply.get(37, "")), date=str(reply.get(13, "")), time=str(reply.get(12, "")),
        )  # fmt: skip

    def _accepted_by_chip(self, online: Online, trace: str) -> bool:
        """The card's last word on an approval. cases.md 145, 155: a refusal or a removal is reversed."""
        assert online.reply is not None
        try:
            given = self._finish_chip("TC", online.code, _authentication(online.reply))
        except (CardRemoved, CardUnusable, RigFault):
            self._desk.cannot_finish(trace)
            raise
        if given != "TC":
            self._desk.cannot_finish(trace)
        return given == "TC"

    def _finish_chip(self, asked: str, code: str, authentication: bytes | None) -> str:
        try:
            return self._kernel.second_cryptogram(asked, code, authentication)
        except (CardRemoved, CardUnusable):
            if asked == "TC":
                raise
            return "AAC"

    # ── slips ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _issue_slips(self, order: Order, card: CardData, outcome: Outcome) -> None:
        amount = order.amount
        if "slip-amount-of-previous" in self._defects and self._last_printed is not None:
            amount = self._last_printed
        self._last_printed = order.amount
        original, preauth = order.original, order.transaction is Transaction.PREAUTH
        printed = Printed(
            order.transaction, amount, card, outcome.trace, outcome.batch, outcome.approval, outcome.reference,
            outcome.date, outcome.time, self._today().year,
            original_approval=original.approval if original else "", original_trace=original.trace if original else "",
            cryptogram=self._kernel.value("9F26") if preauth else "", tvr=self._kernel.value("95") if preauth else "",
            atc=self._kernel.value("9F36") if preauth else "",
        )  # fmt: skip
        copies = []
        for copy in COPIES:
            full = copy == CARDHOLDER and "full-pan-on-cardholder-copy" in self._defects
            data = compose(printed, copy, self.parameters, self._market, full_pan=full)
            copies.append(Copy(copy, data, outcome.trace))
        self._slips.issue(copies)

    # ── telling ───────────────────────────────────────────────────────────────────────────────────────────────

    def _report(self, outcome: Outcome) -> Outcome:
        self._show("交易成功" if outcome.approved else NEUTRAL, "customer")
        self._show(f"{outcome.code} {outcome.message}".strip(), "operator")
        self._tell(
            "outcome", transaction=outcome.transaction.value, result=outcome.result.value, code=outcome.code,
            amount=outcome.amount.minor, currency=outcome.amount.currency.alpha, approval=outcome.approval,
            reference=outcome.reference, trace=outcome.trace, batch=outcome.batch, date=outcome.date,
            time=outcome.time, masked_pan=outcome.masked_pan, message=outcome.message,
        )  # fmt: skip
        return outcome

    def _with_late_answer(self, outcome: Outcome) -> Outcome:
        """A seeded defect: an answer that came after the time-out is taken as if it had been in time."""
        late = self._desk.late.pop(outcome.trace, None) if outcome.result is Result.NO_REPLY else None
        if late is None or str(late.get(39)) not in self._market.success_codes:
            return outcome
        return self._report(replace(self._from_reply(outcome, late), result=Result.APPROVED))

    def _show(self, text: str, audience: str) -> None:
        if text:
            self._tell("display", text=text, audience=audience)

    def _tell_printing(self, copy: Copy, status: str) -> None:
        self._tell("printing", copy=copy.name, trace=copy.trace, status=status)

    def _state(self, state: str) -> None:
        self._tell("state", state=state)

    def _tell(self, kind: str, **fields: Any) -> None:
        self._emit(Event(Channel.TERMINAL, kind, fields))


_TROUBLE = {
    Trouble.NOT_SENT: "通讯失败 未发送",
    Trouble.NO_REPLY: "交易超时",
    Trouble.WRONG_MAC: "报文校验错",
}


def _authentication(reply: Message) -> bytes | None:
    """Tag 91 of the reply's F55."""
    chip = reply.get(55)
    try:
        return find(chip, "91") if isinstance(chip, bytes) else None
    except TlvError:
        return None
