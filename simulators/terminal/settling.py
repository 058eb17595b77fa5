"""The end of a batch: totals, detail where they differ, a slip, and a new batch number. facts/unionpay-pos 3.3.

A settlement that is not answered leaves the batch open, and the next one says the same again. This terminal completes
nothing offline by chip alone, so there are no transaction certificates to upload.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from protocols.iso8583 import Message, UnpackError
from protocols.iso8583.subfields import Settlement
from protocols.iso8583.subfields.f48 import MOST_RECORDS
from protocols.market import Action
from protocols.money import Money
from protocols.orders import Outcome, Result
from protocols.totals import Totals
from protocols.transactions import Transaction
from simulators.terminal.batchbook import Booked
from simulators.terminal.journal import Journal
from simulators.terminal.online import OnlineDesk
from simulators.terminal.outcomes import NOT_SENT, NOT_UNDERSTOOD, TROUBLE
from simulators.terminal.responses import Online

BALANCED, UNBALANCED = "1", "2"
APPROVED = "00"
FOUND = {BALANCED: "对账平", UNBALANCED: "对账不平", "3": "对账错"}
"""2.3: what the host's flag means."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the settlement slip shows."""

    batch: str
    sums: Totals
    flag: str
    trace: str
    date: str  # MMDD
    time: str  # hhmmss


class Settling:
    """Settles the open batch. `slip` prints the report, `sign_off` ends the day with the host."""

    def __init__(
        self, desk: OnlineDesk, journal: Journal, slip: Callable[[Settled], None], sign_off: Callable[[], Any]
    ) -> None:
        self._desk = desk
        self._line = desk.line
        self._journal = journal
        self._slip = slip
        self._sign_off = sign_off

    def is_due(self) -> bool:
        """Whether the batch is full. cases.md 200"""
        limit = self._line.parameters().batch_limit or self._line.market.settlement.batch_limit
        return self._journal.batch.size() >= limit

    def settle(self) -> Outcome:
        """The whole of it. APPROVED when the batch is closed; else it stays open, and nothing is lost."""
        outcome = Outcome(
            Transaction.SETTLEMENT, Result.NO_REPLY, Money(0, self._line.market.money), message=NOT_SENT,
            batch=self._journal.batch.number,
        )  # fmt: skip
        if not self._nothing_pends():
            return outcome
        records, sums = self._counted(), self._sums()
        trace = self._journal.next_trace()
        online = self._line.ask(self._line.builder().settlement(trace, sums))
        if online.reply is None or online.trouble is not None:
            return _answered(outcome, trace, Result.NO_REPLY, TROUBLE.get(online.trouble, "") if online.trouble else "")
        reply, code = online.reply, online.code
        outcome = _answered(outcome, trace, Result.DECLINED, self._line.market.codes.get(code, NOT_UNDERSTOOD), reply)
        if online.action is not Action.ACCEPT:
            self._heed(online)
            return outcome
        flag = _flag(reply)
        if flag not in FOUND:
            return _answered(outcome, trace, Result.NO_REPLY, "应答报文错", reply)
        uploaded = self._end(records, flag)
        self._tell(outcome.batch, sums, flag, uploaded or 0)
        if uploaded is None:
            return _answered(outcome, trace, Result.NO_REPLY, "批上送未完成", reply)
        self._slip(Settled(outcome.batch, sums, flag, trace, outcome.date, outcome.time))
        self._close(outcome.batch)
        closed = Result.APPROVED if flag in (BALANCED, UNBALANCED) else Result.DECLINED
        return _answered(outcome, trace, closed, FOUND[flag], reply)

    def _nothing_pends(self) -> bool:
        """3.3: script notices, reversals and stored messages go first."""
        if not self._line.signed_on():
            return False
        if "settlement-before-reversal" in self._line.defects:
            return True
        self._desk.drain()
        return self._journal.armed() is None and self._line.signed_on()

    # ── what counts ───────────────────────────────────────────────────────────────────────────────────────────

    def _names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        rule = self._line.market.settlement
        seeded = (Transaction.PREAUTH.value,) if "preauth-in-totals" in self._line.defects else ()
        return (*rule.debit, *seeded), rule.credit

    def _sums(self) -> Totals:
        return self._journal.batch.sums(*self._names())

    def _counted(self) -> list[Booked]:
        debit, credit = self._names()
        return [record for record in self._journal.batch.records() if record.transaction in (*debit, *credit)]

    # ── the detail and the end ────────────────────────────────────────────────────────────────────────────────

    def _end(self, records: list[Booked], flag: str) -> int | None:
        """How many records went up; None when something was not answered, and the batch stays open."""
        blocks = [records[at : at + MOST_RECORDS] for at in range(0, len(records), MOST_RECORDS)]
        if flag == BALANCED or "mismatch-not-uploaded" in self._line.defects:
            blocks = []
        uploaded = 0
        for block in blocks:
            upload = self._line.builder().batch_upload(self._journal.next_trace(), block)
            if not self._told(upload):
                return None
            uploaded += len(block)
        end = self._line.builder().batch_end(self._journal.next_trace(), len(records), balanced=flag == BALANCED)
        return uploaded if self._told(end) else None

    def _told(self, message: Message) -> bool:
        """Whether a message of the upload was answered. What the host thinks of it is shown, and changes nothing."""
        online = self._line.ask(message)
        if online.reply is not None and online.code != APPROVED:
            self._line.show(f"批上送 {online.code} {self._line.market.codes.get(online.code, NOT_UNDERSTOOD)}")
        return online.reply is not None

    def _close(self, batch: str) -> None:
        with self._journal.together():
            opened = self._journal.batch.close()
        self._line.tell("batch", closed=batch, opened=opened)
        parameters, rule = self._line.parameters(), self._line.market.settlement
        if rule.sign_off_after if parameters.signs_off is None else parameters.signs_off:
            self._sign_off()
            self._line.sign_on()

    def _heed(self, online: Online) -> None:
        if online.action is Action.SIGN_ON:
            self._line.forget_keys()

    def _tell(self, batch: str, sums: Totals, flag: str, uploaded: int) -> None:
        self._line.tell(
            "settlement", batch=batch, debit_total=sums.debit, debit_count=sums.debit_count, credit_total=sums.credit,
            credit_count=sums.credit_count, flag=flag, uploaded=uploaded, currency=self._line.market.currency.alpha,
        )  # fmt: skip


def _flag(reply: Message) -> str:
    try:
        return Settlement.parse(str(reply.get(48, ""))).domestic.flag
    except UnpackError:
        return ""


def _answered(outcome: Outcome, trace: str, result: Result, message: str, reply: Message | None = None) -> Outcome:
    """The outcome with what is known now."""
    said = reply or {}
    return Outcome(
        outcome.transaction, result, outcome.amount, str(said.get(39, "")), message,
        reference=str(said.get(37, "")), trace=trace, batch=outcome.batch, date=str(said.get(13, "")),
        time=str(said.get(12, "")),
    )  # fmt: skip
