"""One financial transaction from its card to its slips. facts/unionpay-pos 5; EMV Book 3.

Whatever happens on the way, the journal is right: a request that left is reversed unless it was answered and finished.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from protocols.market import Action
from protocols.money import Money
from protocols.orders import Entry, Order, Outcome, Result
from protocols.pinpad import PinEnd
from protocols.transactions import TRANSACTIONS, Transaction
from simulators.terminal.asking import Asking
from simulators.terminal.batchbook import Booked
from simulators.terminal.checks import Stop
from simulators.terminal.chip_desk import ChipDesk
from simulators.terminal.entry import WITH_CHIP, EntryDesk
from simulators.terminal.journal import Journal
from simulators.terminal.messages import PARTIAL_POSSIBLE
from simulators.terminal.online import OnlineDesk
from simulators.terminal.outcomes import TROUBLE, balance_of, begun, from_reply
from simulators.terminal.pin_desk import PinDesk, entered
from simulators.terminal.presented import Presented
from simulators.terminal.responses import REPEATED_AFTER_SIGN_ON, Online, Trouble
from simulators.terminal.secrecy import hide
from simulators.terminal.storing import Slips, StoringDesk

APPROVED_UNABLE, DECLINED_UNABLE = "Y3", "Z3"  # EMV Book 4, A6


class TransactionDesk:
    """Carries out financial orders; `slips` prints them."""

    def __init__(
        self, desk: OnlineDesk, journal: Journal, chip: ChipDesk, entry: EntryDesk, pins: PinDesk,
        storing: StoringDesk, slips: Slips,
    ) -> None:  # fmt: skip
        self._desk = desk
        self._line = desk.line
        self._journal = journal
        self._chip = chip
        self._entry = entry
        self._pins = pins
        self._storing = storing
        self._slips = slips

    def carry_out(self, order: Order) -> Outcome:
        """To its end. Raises Stop, NotSignedOn, CardRemoved, CardUnusable and RigFault."""
        presented = self._entry.card(order, self._chip.terms(order))
        if TRANSACTIONS[order.transaction].stored:
            return self._storing.store(order, presented)
        entries = self._line.parameters().pin_entries
        for attempt in range(1, entries + 1):
            if attempt > 1:
                presented = self._entry.again(presented, self._chip.terms(order))
            self._pins.begin(again=attempt > 1)
            asking = self._begun_with(order, presented)
            if asking.first is not None and asking.first.kind == "TC":
                return self._storing.approved_offline(asking, asking.first.code)
            outcome, online = self._once(asking)
            if online.action is not Action.ENTER_PIN_AGAIN or asking.pin_block is None or attempt == entries:
                return outcome
        raise AssertionError("a transaction has at least one attempt")

    def _begun_with(self, order: Order, presented: Presented) -> Asking:
        """The chip's first word where it decides, else the PIN that market or service code want."""
        if presented.entry is Entry.CHIP and order.transaction in WITH_CHIP:
            first = self._chip.first(order)
            by_pin, signs = self._chip.verified()
            return Asking(order, replace(presented, pin_verified=by_pin, signs=signs), first.pin, first)
        if not self._pins.wanted(order.transaction, presented):
            return Asking(order, presented)
        pin = entered(self._pins.online_pin(presented.card.pan))
        return Asking(order, replace(presented, pin_verified=pin.end is PinEnd.ENTERED), pin)

    # ── online ────────────────────────────────────────────────────────────────────────────────────────────────

    def _once(self, asking: Asking) -> tuple[Outcome, Online]:
        """Host, the chip's last word, slips."""
        online = self._ask(asking)
        if online.action is Action.SIGN_ON and self._signs_on_again() and online.code in REPEATED_AFTER_SIGN_ON:
            online = self._ask(asking)
        outcome = self._conclude(asking, online)
        if "reversal-after-next-request" in self._line.defects and outcome.result is not Result.NO_REPLY:
            self._desk.drain()
        return outcome, online

    def _ask(self, asking: Asking) -> Online:
        """One request under a trace of its own."""
        ready, keys = self._desk.ready(), self._line.keys
        if not ready or keys is None:
            return Online(None, Trouble.NOT_SENT)
        if asking.pin_block is not None and self._pins.under != self._line.generation:
            asking.pin = self._pins.online_pin_once_more(asking.presented.card.pan)
            if asking.pin.end is not PinEnd.ENTERED:
                return Online(None, Trouble.NO_PIN)
        asking.trace = self._journal.next_trace()
        presented = asking.presented
        track = presented.card.track2 if asking.chip_used or presented.by_stripe else ""
        hidden = hide(keys, self._line.market.security, asking.pin_block, track)
        asking.request = self._line.builder().request(asking.order, asking.trace, presented, hidden, asking.chip)
        chip = self._chip.reversal_data() if asking.chip_used else None
        return self._desk.request(asking.order.transaction, asking.request, presented.card.pan, chip)

    def _signs_on_again(self) -> bool:
        """5.21: 77, 99 and A0 ask for it."""
        if "sign-on-demand-ignored" in self._line.defects:
            return False
        self._line.show("自动签到")
        return self._line.signed_on()

    # ── the answer ────────────────────────────────────────────────────────────────────────────────────────────

    def _conclude(self, asking: Asking, online: Online) -> Outcome:
        outcome = begun(asking.order, asking.presented, asking.trace, self._journal.batch.number)
        if online.reply is None:
            return self._unanswered(asking, outcome, online)
        outcome = from_reply(outcome, online.reply, self._line.market)
        if not self._is_granted(asking, online):
            if asking.chip_used:
                self._chip.is_refused(asking, online.code, online.reply)
            self._heed(online)
            return replace(outcome, result=Result.DECLINED)
        if asking.chip_used and not self._chip.accepts(asking, online.code, online.reply):
            return replace(outcome, result=Result.CARD_DECLINED, message="卡片拒绝")
        outcome = replace(outcome, result=Result.APPROVED, amount=self._granted_amount(asking.order, online))
        if asking.order.transaction is Transaction.BALANCE:
            return replace(outcome, balance=balance_of(online.reply, self._line.market))
        self._slips(asking.order, asking.presented, outcome)
        self._finished(outcome, asking.presented)
        return outcome

    def _unanswered(self, asking: Asking, outcome: Outcome, online: Online) -> Outcome:
        """The chip hears that nobody could be asked; it may approve by itself where that is allowed."""
        assert online.trouble is not None
        if online.trouble is Trouble.NO_PIN:
            self._without_pin(asking)
        if asking.chip_used and self._chip.approves_alone(asking):
            return self._storing.approved_offline(asking, APPROVED_UNABLE)
        return replace(outcome, message=TROUBLE[online.trouble])

    def _without_pin(self, asking: Asking) -> NoReturn:
        """Who does not type his PIN once more has ended it, and his chip approves nothing."""
        if asking.chip_used:
            self._chip.is_refused(asking, DECLINED_UNABLE, {})
        assert asking.pin is not None
        entered(asking.pin)
        raise Stop(Result.CANCELLED, "持卡人取消")

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

    def _finished(self, outcome: Outcome, presented: Presented) -> None:
        """The approval was completed: it must never be reversed now."""
        booked = Booked(
            outcome.trace, outcome.transaction.value, presented.card.pan, outcome.masked_pan, outcome.amount.minor,
            outcome.approval, outcome.reference, outcome.date,
        )  # fmt: skip
        if "completed-approval-reversed" in self._line.defects:
            self._journal.batch.book(booked)
        else:
            self._journal.complete(booked)


_ADVICE = {
    Action.KEEP_CARD: "请没收卡片",
    Action.RETRY_LATER: "请稍后重试",
}
