"""The reference terminal: a POS application that takes a merchant's order to its end. Design 8.

It runs in the caller's thread. Whatever happens on the way, the journal is right: a request that left is reversed
unless it was answered and finished.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from protocols.cardlist import only_test_cards
from protocols.events import Emit
from protocols.faults import CardRemoved, ReaderGone
from protocols.market import Market
from protocols.money import Money
from protocols.orders import Order, Outcome, Result
from protocols.transactions import FINANCIAL, Transaction
from simulators.terminal.checks import Checks, Stop
from simulators.terminal.chip_desk import ChipDesk
from simulators.terminal.contact import CardUnusable, ChoiceCancelled, Kernel
from simulators.terminal.customer import CustomerDesk
from simulators.terminal.devices import Cardholder, CardReader, KeyedPinPad, Keypad, SlipPrinter, StripeReader
from simulators.terminal.entry import EntryDesk
from simulators.terminal.journal import FIRST_TRACE, Journal
from simulators.terminal.line import Line
from simulators.terminal.management import Management
from simulators.terminal.online import OnlineDesk
from simulators.terminal.outcomes import NOT_SENT, from_reply
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.pin_desk import NotSignedOn, PinDesk
from simulators.terminal.presented import Presented
from simulators.terminal.receipts import CARDHOLDER, CHIP_TAGS, COPIES, Printed, compose
from simulators.terminal.settlement_slip import NAME as SETTLEMENT_COPY
from simulators.terminal.settlement_slip import compose_settlement
from simulators.terminal.settling import Settled, Settling
from simulators.terminal.setup import CA_KEY, IC_PARAMETERS, configuration_of
from simulators.terminal.slips import Copy, SlipDesk
from simulators.terminal.storing import StoringDesk
from simulators.terminal.swipes import SwipeDesk
from simulators.terminal.transaction import TransactionDesk

NEUTRAL = "交易未成功 请与发卡银行联系"
"""All that a customer is told of a decline: never why. cases.md 82."""
UNSUPPORTED = "不支持的交易"
READER_LOST = "读卡器故障"
TAKEN = FINANCIAL - {Transaction.OFFLINE_SALE, Transaction.ADJUSTMENT, Transaction.TIP}
"""Financial orders that this terminal takes."""
SAID_TO_CUSTOMER = {
    Result.APPROVED: "交易成功",
    Result.STORED: "交易已受理",
}


class ReferenceTerminal:
    """See the module. `today` is the terminal's clock; `only` raises ForeignCard for a card that may not be used."""

    def __init__(
        self, *, reader: CardReader, printer: SlipPrinter, keypad: Keypad, pinpad: KeyedPinPad, cardholder: Cardholder,
        host: tuple[str, int], market: Market, parameters: TerminalParameters, emit: Emit, directory: Path,
        stripe: StripeReader | None = None, defects: frozenset[str] = frozenset(),
        today: Callable[[], datetime] = datetime.now, only: Callable[[str], None] = only_test_cards,
    ) -> None:  # fmt: skip
        self.parameters = parameters
        self._reader, self._market, self._defects, self._today = reader, market, defects, today
        self._journal = Journal(
            directory / "journal.sqlite", first_trace=0 if "trace-wrap-zero" in defects else FIRST_TRACE
        )
        self._line = Line(
            host=host, market=market, journal=self._journal, emit=emit, defects=defects,
            parameters=lambda: self.parameters, pinpad=pinpad,
        )  # fmt: skip
        self._desk = OnlineDesk(self._line, self._journal)
        pins = PinDesk(self._line, pinpad)
        self._kernel = Kernel(
            reader, pins, CustomerDesk(self._line, cardholder, emit),
            lambda: configuration_of(self.parameters, self._journal), emit, only, defects,
        )  # fmt: skip
        self._checks = Checks(self._line, keypad, emit)
        swipes = SwipeDesk(self._line, self._journal, stripe, only)
        entry = EntryDesk(self._line, self._journal, reader, keypad, self._kernel, swipes, emit, today, only)
        chip = ChipDesk(self._line, self._desk, self._journal, self._kernel, today)
        storing = StoringDesk(self._desk, self._journal, chip, self._issue_slips, today)
        self._transactions = TransactionDesk(
            self._desk, self._journal, chip, entry, pins, storing, self._issue_slips
        )  # fmt: skip
        self._management = Management(self._line, self._journal, self.load_parameters)
        self._settling = Settling(
            self._desk, self._journal, self._issue_settlement,
            lambda: self._management.carry_out(Transaction.SIGN_OFF),
        )  # fmt: skip
        self._slips = SlipDesk(printer, self._tell_printing, self._line.show)
        self._last_printed: Money | None = None

    def close(self) -> None:
        self._line.close()
        self._journal.close()

    def load_parameters(self, parameters: TerminalParameters) -> None:
        """Take other parameters, as after a download."""
        self.parameters = parameters

    def forget_downloads(self) -> None:
        """No CA key and no parameter of an application but those that the acquirer put in."""
        self._journal.forget_downloads(CA_KEY)
        self._journal.forget_downloads(IC_PARAMETERS)

    @property
    def last_trace(self) -> int:
        """The trace number used last."""
        return self._journal.last_trace()

    def count_on_from(self, trace: int) -> None:
        """Let the trace number used last be this one."""
        self._journal.count_on_from(trace)

    # ── what the merchant can ask ─────────────────────────────────────────────────────────────────────────────

    def sign_on(self) -> Outcome:
        """Fetch working keys."""
        return self._report(self._management.carry_out(Transaction.SIGN_ON))

    def perform(self, order: Order) -> Outcome:
        """One order to its end. Raises RigFault when the bench breaks under it, the journal being right; a reader that
        was lost is told to the merchant first. cases.md 143"""
        self._line.tell(
            "order",
            transaction=order.transaction.value,
            amount=order.amount.minor,
            currency=order.amount.currency.alpha,
        )
        self._state(order.transaction.value)
        outcome = Outcome(order.transaction, Result.REFUSED, order.amount, entry=order.entry)
        lost: ReaderGone | None = None
        try:
            outcome = self._carry_out(order)
        except Stop as stop:
            outcome = replace(outcome, result=stop.result, code=stop.code, message=stop.message)
        except CardRemoved:
            outcome = replace(outcome, result=Result.CARD_REMOVED, message="卡片已拔出")
        except NotSignedOn:
            outcome = replace(outcome, result=Result.NO_REPLY, message=NOT_SENT)
        except ChoiceCancelled:
            outcome = replace(outcome, result=Result.CANCELLED, message="持卡人取消")
        except CardUnusable as error:
            outcome = replace(outcome, result=Result.CARD_DECLINED, message=f"读卡失败 {error.message}")
        except ReaderGone as gone:
            lost, outcome = gone, replace(outcome, result=Result.CARD_DECLINED, message=READER_LOST)
        finally:
            self._reader.power_off()
        self._report(outcome)
        self._desk.reverse_at_once()
        if "completed-approval-reversed" in self._defects and outcome.approved:
            self._desk.drain()
        self._management.serve_demands()
        if lost is not None:
            raise lost
        return self._with_late_answer(outcome)

    def _carry_out(self, order: Order) -> Outcome:
        if order.transaction is Transaction.SETTLEMENT:
            return self._settling.settle()
        if self._management.can(order.transaction):
            return self._management.carry_out(order.transaction)
        if order.transaction not in TAKEN:
            raise Stop(Result.REFUSED, UNSUPPORTED)
        self._checks.check(order)
        if self._settling.is_due():
            self._settle_first()
        return self._transactions.carry_out(order)

    def _settle_first(self) -> None:
        """A full batch takes nothing more. cases.md 200"""
        self._line.show("批次已满 自动结算")
        settled = self._settling.settle()
        if self._settling.is_due():
            raise Stop(Result.REFUSED, f"请先结算 {settled.message}")

    def paper_loaded(self) -> None:
        """The operator has loaded paper and pressed the key: what was not printed is printed now, whole."""
        self._slips.paper_loaded()

    def to_idle(self) -> None:
        """Drain what is armed and what is stored, let the card go, show the idle screen."""
        try:
            self._desk.drain()
        finally:
            self._line.rest()
            self._slips.forget()
            self._reader.power_off()
            self._line.show("欢迎使用", "customer")
            self._state("idle")

    # ── slips ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _issue_slips(self, order: Order, presented: Presented, outcome: Outcome) -> None:
        amount = outcome.amount
        if "slip-amount-of-previous" in self._defects and self._last_printed is not None:
            amount = self._last_printed
        self._last_printed = outcome.amount
        printed = self._printed(order, presented, replace(outcome, amount=amount))
        copies = []
        for copy in COPIES:
            full = copy == CARDHOLDER and "full-pan-on-cardholder-copy" in self._defects
            data = compose(printed, copy, self.parameters, self._market, full_pan=full)
            copies.append(Copy(copy, data, outcome.trace))
        self._slips.issue(copies)

    def _printed(self, order: Order, presented: Presented, outcome: Outcome) -> Printed:
        printed = Printed(
            order.transaction, outcome.amount, presented, outcome.trace, outcome.batch, outcome.approval,
            outcome.reference, outcome.date, outcome.time, self._today().year,
        )  # fmt: skip
        original = order.original
        if original is not None:
            printed = replace(
                printed, original_approval=original.approval, original_trace=original.trace,
                original_reference=original.reference, total=original.amount + outcome.amount,
            )  # fmt: skip
        if not printed.chip_shown:
            return printed
        return replace(printed, chip={tag: self._kernel.value(tag) for tag in CHIP_TAGS})

    def _issue_settlement(self, settled: Settled) -> None:
        data = compose_settlement(settled, self._today().year, self.parameters, self._market)
        self._slips.issue([Copy(SETTLEMENT_COPY, data, settled.trace)])

    # ── telling ───────────────────────────────────────────────────────────────────────────────────────────────

    def _report(self, outcome: Outcome) -> Outcome:
        self._line.show(SAID_TO_CUSTOMER.get(outcome.result, NEUTRAL), "customer")
        self._line.show(f"{outcome.code} {outcome.message}".strip())
        if outcome.balance is not None:
            self._line.show(f"可用余额 {outcome.balance}", "customer")
        self._line.tell(
            "outcome", transaction=outcome.transaction.value, result=outcome.result.value, code=outcome.code,
            amount=outcome.amount.minor, currency=outcome.amount.currency.alpha, approval=outcome.approval,
            reference=outcome.reference, trace=outcome.trace, batch=outcome.batch, date=outcome.date,
            time=outcome.time, masked_pan=outcome.masked_pan, message=outcome.message,
            balance=outcome.balance.minor if outcome.balance is not None else None, entry=outcome.entry.value,
        )  # fmt: skip
        return outcome

    def _with_late_answer(self, outcome: Outcome) -> Outcome:
        """A seeded defect: an answer that came after the time-out is taken as if it had been in time."""
        late = self._line.late.pop(outcome.trace, None) if outcome.result is Result.NO_REPLY else None
        if late is None or str(late.get(39)) not in self._market.success_codes:
            return outcome
        return self._report(replace(from_reply(outcome, late, self._market), result=Result.APPROVED))

    def _tell_printing(self, copy: Copy, status: str) -> None:
        self._line.tell("printing", copy=copy.name, trace=copy.trace, status=status)

    def _state(self, state: str) -> None:
        self._line.tell("state", state=state)
