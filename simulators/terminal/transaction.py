"""One financial transaction from its card to its slips. facts/unionpay-pos 5; EMV Book 3.

Whatever happens on the way, the journal is right: a request that left is reversed unless it was answered and finished.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from protocols.emv import TlvError, find
from protocols.faults import CardRemoved, ForeignCard, RigFault
from protocols.iso8583 import Message, UnpackError
from protocols.iso8583.subfields import F54
from protocols.market import Action
from protocols.money import Money
from protocols.orders import Entry, Order, Outcome, Result
from protocols.pan import mask_pan
from protocols.transactions import TRANSACTIONS, Transaction
from simulators.terminal.batchbook import STORED, Booked
from simulators.terminal.checks import Stop
from simulators.terminal.entry import WITH_CHIP, EntryDesk
from simulators.terminal.journal import Journal
from simulators.terminal.kernel import CardData, CardUnusable, Kernel, Terms
from simulators.terminal.messages import PARTIAL_POSSIBLE
from simulators.terminal.online import OnlineDesk
from simulators.terminal.responses import REPEATED_AFTER_SIGN_ON, Online, Trouble
from simulators.terminal.scripts import scripts_of
from simulators.terminal.secrecy import Hidden, hide

NOT_UNDERSTOOD = "交易失败"  # facts/unionpay-pos 5.21: unknown code
UNABLE_TO_GO_ONLINE = "Z3"  # EMV Book 4, A6
NOT_SENT = "通讯失败 未发送"
TROUBLE = {
    Trouble.NOT_SENT: NOT_SENT,
    Trouble.NO_REPLY: "交易超时",
    Trouble.WRONG_MAC: "报文校验错",
    Trouble.BAD_REPLY: "应答报文错",
}

Slips = Callable[[Order, CardData, Outcome], None]
"""Prints both copies of an approval."""


@dataclass(slots=True)
class Asking:
    """A request under way. `pin` is kept no longer than this: the same again may be needed under new keys."""

    order: Order
    card: CardData
    pin: str | None
    chip: bytes | None
    trace: str = ""
    request: Message | None = None

    @property
    def chip_used(self) -> bool:
        return self.chip is not None


class TransactionDesk:
    """Carries out financial orders; `slips` prints them."""

    def __init__(
        self, desk: OnlineDesk, journal: Journal, kernel: Kernel, entry: EntryDesk, slips: Slips,
        today: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._desk = desk
        self._line = desk.line
        self._journal = journal
        self._kernel = kernel
        self._entry = entry
        self._slips = slips
        self._today = today

    def carry_out(self, order: Order) -> Outcome:
        """To its end. Raises Stop, CardRemoved, CardUnusable and RigFault."""
        if TRANSACTIONS[order.transaction].stored:
            return self._store(order, self._entry.card(order))
        entries = self._line.parameters().pin_entries
        for attempt in range(1, entries + 1):
            card = self._entry.card(order)
            pin = self._entry.pin(order, card)
            outcome, online = self._once(order, card, pin)
            if online.action is not Action.ENTER_PIN_AGAIN or pin is None or attempt == entries:
                return outcome
            self._line.show("密码错 请重新输入", "customer")
        raise AssertionError("a transaction has at least one attempt")

    # ── online ────────────────────────────────────────────────────────────────────────────────────────────────

    def _once(self, order: Order, card: CardData, pin: str | None) -> tuple[Outcome, Online]:
        """Cryptogram, host, cryptogram, slips."""
        asking = Asking(order, card, pin, self._first_cryptogram(order, pin))
        online = self._ask(asking)
        if online.action is Action.SIGN_ON and self._signs_on_again() and online.code in REPEATED_AFTER_SIGN_ON:
            online = self._ask(asking)
        outcome = self._conclude(asking, online)
        if "reversal-after-next-request" in self._line.defects and outcome.result is not Result.NO_REPLY:
            self._desk.drain()
        return outcome, online

    def _first_cryptogram(self, order: Order, pin: str | None) -> bytes | None:
        if order.transaction not in WITH_CHIP or order.entry is not Entry.CHIP:
            return None
        parameters, market = self._line.parameters(), self._line.market
        terms = Terms(
            TRANSACTIONS[order.transaction].f3[:2], order.amount, "000000", market.currency.numeric, parameters.serial,
            parameters.merchant_name, self._today(),
        )  # fmt: skip
        chip = self._kernel.first_cryptogram(terms, pin_entered=pin is not None)
        if chip is None:
            raise Stop(Result.CARD_DECLINED, "卡片拒绝")
        return chip

    def _ask(self, asking: Asking) -> Online:
        """One request under a trace of its own."""
        ready, keys = self._desk.ready(), self._line.keys
        if not ready or keys is None:
            return Online(None, Trouble.NOT_SENT)
        asking.trace = self._journal.next_trace()
        track = asking.card.track2 if asking.chip_used else ""
        hidden = hide(keys, self._line.market.security, asking.card.pan, asking.pin, track)
        asking.request = self._line.builder().request(asking.order, asking.trace, asking.card, hidden, asking.chip)
        return self._desk.request(asking.order.transaction, asking.request)

    def _signs_on_again(self) -> bool:
        """5.21: 77, 99 and A0 ask for it."""
        if "sign-on-demand-ignored" in self._line.defects:
            return False
        self._line.show("自动签到")
        return self._line.signed_on()

    # ── the answer ────────────────────────────────────────────────────────────────────────────────────────────

    def _conclude(self, asking: Asking, online: Online) -> Outcome:
        outcome = self._begun(asking.order, asking.card, asking.trace)
        if online.reply is None:
            self._refuse_chip(asking, UNABLE_TO_GO_ONLINE)
            assert online.trouble is not None
            return replace(outcome, message=TROUBLE[online.trouble])
        outcome = self.from_reply(outcome, online.reply)
        if not self._is_granted(asking, online):
            self._refuse_chip(asking, online.code, online.reply)
            self._heed(online)
            return replace(outcome, result=Result.DECLINED)
        if asking.chip_used and not self._accepted_by_chip(asking, online):
            return replace(outcome, result=Result.CARD_DECLINED, message="卡片拒绝")
        outcome = replace(outcome, result=Result.APPROVED, amount=self._granted_amount(asking.order, online))
        if asking.order.transaction is Transaction.BALANCE:
            return replace(outcome, balance=self._balance(online.reply))
        self._slips(asking.order, asking.card, outcome)
        self._finished(outcome, asking.card)
        return outcome

    def _is_granted(self, asking: Asking, online: Online) -> bool:
        """5.15: a part is taken where it was asked for; else the host holds what nobody wants, and it is reversed."""
        if online.action is not Action.ACCEPT_PARTIAL:
            return online.action is Action.ACCEPT
        wanted = self._line.parameters().partial_approvals and asking.order.transaction in PARTIAL_POSSIBLE
        if wanted or "partial-taken-as-whole" in self._line.defects:
            return True
        self._desk.cannot_finish(asking.trace)
        return False

    def _granted_amount(self, order: Order, online: Online) -> Money:
        whole = online.action is Action.ACCEPT or "partial-taken-as-whole" in self._line.defects
        if whole or online.reply is None:
            return order.amount
        return Money(int(str(online.reply[4])), order.amount.currency)

    def _heed(self, online: Online) -> None:
        """5.21: what an operator does on a code. The customer is told none of it (cases.md 82)."""
        if online.action is Action.NEXT_TRACE:
            self._journal.next_trace()
        if online.action in _ADVICE:
            self._line.show(_ADVICE[online.action])

    def _begun(self, order: Order, card: CardData, trace: str) -> Outcome:
        return Outcome(
            order.transaction, Result.NO_REPLY, order.amount, trace=trace, batch=self._journal.batch.number,
            masked_pan=mask_pan(card.pan),
        )  # fmt: skip

    def from_reply(self, outcome: Outcome, reply: Message) -> Outcome:
        """What a reply says, added to an outcome."""
        code = str(reply[39])
        return replace(
            outcome, code=code, message=self._line.market.codes.get(code, NOT_UNDERSTOOD),
            approval=str(reply.get(38, "")).strip(),
            reference=str(reply.get(37, "")), date=str(reply.get(13, "")), time=str(reply.get(12, "")),
        )  # fmt: skip

    def _balance(self, reply: Message) -> Money | None:
        """F54. cases.md 251"""
        try:
            balances = F54.parse(str(reply[54])).balances
        except UnpackError:
            return None
        money = self._line.market.money
        return next((Money(b.amount, money) for b in balances if b.currency == money.numeric), None)

    def _finished(self, outcome: Outcome, card: CardData) -> None:
        """The approval was completed: it must never be reversed now."""
        booked = Booked(
            outcome.trace, outcome.transaction.value, card.pan, outcome.masked_pan, outcome.amount.minor,
            outcome.approval, outcome.reference, outcome.date,
        )  # fmt: skip
        if "completed-approval-reversed" in self._line.defects:
            self._journal.batch.book(booked)
        else:
            self._journal.complete(booked)

    # ── the chip's last word ──────────────────────────────────────────────────────────────────────────────────

    def _accepted_by_chip(self, asking: Asking, online: Online) -> bool:
        """cases.md 145, 155: a refusal or a removal is reversed."""
        assert online.reply is not None
        try:
            given = self._finish_chip(asking, "TC", online.code, online.reply)
        except (CardRemoved, CardUnusable, ForeignCard, RigFault):
            self._desk.cannot_finish(asking.trace)
            raise
        if given != "TC":
            self._desk.cannot_finish(asking.trace)
        return given == "TC"

    def _refuse_chip(self, asking: Asking, code: str, reply: Message | None = None) -> None:
        if asking.chip_used:
            try:
                self._finish_chip(asking, "AAC", code, reply or {})
            except (CardRemoved, CardUnusable):
                return  # it was refused before; the card's word changes nothing

    def _finish_chip(self, asking: Asking, asked: str, code: str, reply: Message) -> str:
        chip = reply.get(55)
        chip = chip if isinstance(chip, bytes) else None
        given = self._kernel.second_cryptogram(asked, code, _authentication(chip), scripts_of(chip))
        results = self._kernel.script_results()
        if results is not None and asking.request is not None:
            self._keep_notice(asking.request, reply, results)
        return given

    def _keep_notice(self, request: Message, reply: Message, results: bytes) -> None:
        """2.2: how the issuer's scripts fared, told before the next request."""
        if Transaction.SCRIPT_NOTICE in self._line.parameters().switched_off:
            return
        notice = self._line.builder().script_notice(self._journal.next_trace(), request, reply, results)
        self._journal.outbox.put(Transaction.SCRIPT_NOTICE, notice)
        self._desk.stored.written(Transaction.SCRIPT_NOTICE, notice)

    # ── store and forward ─────────────────────────────────────────────────────────────────────────────────────

    def _store(self, order: Order, card: CardData) -> Outcome:
        """Written, then sent at once where that can be; else it stays stored. 5.18"""
        outcome = self._begun(order, card, self._journal.next_trace())
        now = self._today()
        outcome = replace(outcome, result=Result.STORED, date=f"{now:%m%d}", time=f"{now:%H%M%S}", message="已存储")
        message = self._line.builder().request(order, outcome.trace, card, Hidden())
        if "refund-without-reference" in self._line.defects:
            message.pop(37, None)
        booked = Booked(
            outcome.trace, order.transaction.value, card.pan, outcome.masked_pan, order.amount.minor, state=STORED
        )
        with self._journal.together():
            self._journal.outbox.put(order.transaction, message)
            self._journal.batch.book(booked)
        self._desk.stored.written(order.transaction, message)
        reply = self._delivered(outcome.trace)
        if reply is not None:
            taken = self._desk.stored.is_taken(reply)
            answered = self.from_reply(outcome, reply)
            outcome = (
                replace(answered, result=Result.APPROVED)
                if taken
                else replace(outcome, code=answered.code, message=f"{answered.message} 已存储")
            )
        self._slips(order, card, outcome)
        return outcome

    def _delivered(self, trace: str) -> Message | None:
        """The answer to a stored message, once more after a new sign-on where the host asked for one. 5.21"""
        self._desk.ready()
        reply = self._desk.replies.get(trace)
        if reply is not None and reply[39] in REPEATED_AFTER_SIGN_ON:
            self._desk.ready()
            reply = self._desk.replies.get(trace, reply)
        return reply


_ADVICE = {
    Action.KEEP_CARD: "请没收卡片",
    Action.RETRY_LATER: "请稍后重试",
}


def _authentication(chip: bytes | None) -> bytes | None:
    """Tag 91 of the reply's F55; none when it is no TLV."""
    try:
        return find(chip, "91") if chip else None
    except TlvError:
        return None
