"""Settlements of a timeline: what was claimed, what the host found, and what the transactions of the batch come to.

facts/unionpay-pos 2.3, 3.3. Which transactions count, and on which side, the market says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protocols.totals import Totals
from protocols.transactions import Transaction
from reports.judge.duty import Duty, duty, granting, originals, outcome_of, reversals
from reports.judge.registry import View, once
from reports.judge.reply import Reply
from reports.judge.stored import Kept, first_tries
from reports.judge.timeline import Request, moment
from reports.runfolder import Record

BALANCED, UNBALANCED = "1", "2"
END_BALANCED, END_UNBALANCED = "207", "202"
DETAIL_MTI = "0320"
_KEYS = ("debit_total", "debit_count", "credit_total", "credit_count")


@dataclass(frozen=True, slots=True)
class Settled:
    """One 0500 with what host and terminal told of it. `answer` is the authentic one, if any."""

    request: Request
    answer: Reply | None
    ledger: Record | None
    report: Record | None
    uploads: tuple[Request, ...]

    @property
    def batch(self) -> str:
        """F60.2."""
        return self.request.value(60)[2:8]

    @property
    def flag(self) -> str:
        """What the host found of domestic and foreign cards: 1 balanced, 2 unbalanced, 3 error; empty: not told."""
        if self.answer is None:
            return ""
        told = [self.answer.value(part)[:1] for part in ("48.5", "48.10")]
        flags = [flag for flag in told if flag and flag != "0"] or [
            str(self.ledger.fields["flag"]) if self.ledger else ""
        ]
        return max(flags)

    @property
    def claimed(self) -> Totals | None:
        """F48 of the request; None when nobody recorded it."""
        parts = [self.request.value(f"48.{place}") for place in (1, 2, 3, 4)]
        if all(part.isdigit() for part in parts):
            return Totals(*(int(part) for part in parts))
        return totals_in(self.ledger, "claimed_") if self.ledger else None

    @property
    def own(self) -> Totals | None:
        """The host's own."""
        return totals_in(self.ledger) if self.ledger else None

    @property
    def reported(self) -> Totals | None:
        """The terminal's word to its operator."""
        return totals_in(self.report) if self.report else None

    @property
    def ends(self) -> tuple[Request, ...]:
        """0320 with 202 or 207."""
        return tuple(r for r in self.uploads if network(r) in (END_BALANCED, END_UNBALANCED))


def network(request: Request) -> str:
    """F60.3."""
    return request.value(60)[8:11]


def totals_in(record: Record, prefix: str = "") -> Totals | None:
    """The totals of an event; None when it does not carry them."""
    fields: Mapping[str, Any] = record.fields
    if any(f"{prefix}{key}" not in fields for key in _KEYS):
        return None
    return Totals(*(int(str(fields[f"{prefix}{key}"])) for key in _KEYS))


@once
def settlements(view: View) -> list[Settled]:
    """Every 0500 of the terminal under test, in order."""
    asked = [r for r in view.requests if r.transaction == Transaction.SETTLEMENT.value]
    ends = [*(r.at for r in asked[1:]), (view.timeline.records[-1].t_ns + 1, 0)] if asked else []
    return [_settled(view, request, end) for request, end in zip(asked, ends, strict=True)]


def _settled(view: View, request: Request, end: tuple[int, int]) -> Settled:
    def within(channel: str) -> list[Record]:
        told = (r for r in view.timeline.of(channel, "settlement") if request.at < moment(r) < end)
        return [r for r in told if r.fields.get("terminal", request.terminal) == request.terminal]

    uploads = tuple(r for r in view.requests if r.mti == DETAIL_MTI and request.at < r.at < end)
    answer = next(iter(request.answers), None)
    ledger, reports = within("ledger"), within("terminal")
    return Settled(request, answer, ledger[0] if ledger else None, reports[0] if reports else None, uploads)


@dataclass(frozen=True, slots=True)
class Sums:
    """What the transactions of a batch come to: surely, and at most. `counted` are those that are surely in."""

    least: Totals
    most: Totals
    counted: tuple[Request, ...]


def sums_of(view: View, settled: Settled) -> Sums:
    """The transactions of this timeline that the batch of a settlement has, before that settlement."""
    rule = view.market.settlement
    least = most = Totals()
    counted: list[Request] = []
    for request in originals(view):
        if request.value(60)[2:8] != settled.batch or request.at > settled.request.at:
            continue
        if request.transaction not in (*rule.debit, *rule.credit):
            continue
        amount = _completed(view, request, settled.request)
        debit = request.transaction in rule.debit
        if amount:
            least, counted = _plus(least, debit, amount), [*counted, request]
        most = most if amount == 0 else _plus(most, debit, amount or int(request.value(4) or 0))
    return Sums(least, most, tuple(counted))


def _completed(view: View, request: Request, before: Request) -> int | None:
    """For how much a transaction was completed: 0 when it was not, None when it cannot be told."""
    stored = first_tries(view).get(request.number)
    if stored is not None:
        return _of_stored(view, stored, before)
    answer = next(iter((*request.answers, *request.doubtful)), None)
    if answer is None or answer.code not in granting(view, request):
        return 0 if duty(view, request) is not Duty.EITHER else None
    if any(t.at < before.at for t in reversals(view).meant_for(request)):
        return 0
    outcome = outcome_of(view, request)
    if outcome is None:
        return None
    return int(answer.value(4) or request.value(4) or 0) if outcome.fields.get("result") == "approved" else 0


def _of_stored(view: View, stored: Kept, before: Request) -> int | None:
    """Acknowledged: it counts; refused or never answered: terminals differ. facts/unionpay-pos 3.3."""
    taken = stored.acknowledged(view.market)
    return int(stored.first.value(4) or 0) if taken is not None and taken.at < before.at else None


def began_here(view: View, settled: Settled) -> bool:
    """Whether all of the batch is in this timeline: it was opened, or another one was settled, before."""
    opened = [
        r
        for r in view.timeline.of("terminal", "batch")
        if r.fields.get("opened") == settled.batch and moment(r) < settled.request.at
    ]
    earlier = [s for s in settlements(view) if s.request.at < settled.request.at and s.answer is not None]
    return bool(opened) or any(s.batch != settled.batch for s in earlier)


def _plus(totals: Totals, debit: bool, amount: int) -> Totals:
    return totals.plus_debit(amount) if debit else totals.plus_credit(amount)
