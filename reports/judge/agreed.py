"""What the terminal completed: each transaction with its order, message, answer, report and slips side by side."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.market import Market
from protocols.money import Money
from protocols.transactions import Transaction
from reports.judge.duty import originals, outcome_of
from reports.judge.paper import Paper, copies_on, papers
from reports.judge.registry import View, once
from reports.judge.reply import Reply
from reports.judge.stored import accepted, first_tries, is_stored
from reports.judge.timeline import Request, moment
from reports.runfolder import Record

APPROVED, STORED_RESULT = "approved", "stored"
"""Results by which a terminal says that it has completed a transaction, and that it keeps one to be sent."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """A transaction that the terminal completed and the host granted, with all its traces on the bench."""

    order: Record | None
    outcome: Record
    request: Request
    reply: Reply
    slips: tuple[Paper, ...]

    @property
    def stored(self) -> bool:
        """It was printed before the host had a say: slips carry nothing of its answer."""
        return is_stored(self.request)

    def amount(self, view: View) -> Money:
        """What was granted: F4 of the answer where a part was, or else of the request. facts/unionpay-pos 5.21."""
        part = self.reply.code not in (*view.market.success_codes, *accepted(view.market))
        granted = self.reply.value(4) if part else ""
        return Money(int(granted or self.request.value(4) or 0), view.market.money)


@once
def approved(view: View) -> list[Agreed]:
    """Every transaction that the terminal reported as approved and the host answered, and every stored one that was
    acknowledged."""
    slips = slips_by_request(view)
    found = []
    for request in originals(view):
        outcome, reply = outcome_of(view, request), _answer(view, request)
        if outcome is None or reply is None or outcome.fields.get("result") not in (APPROVED, _also(request)):
            continue
        order = _order_of(view, request, outcome)
        found.append(Agreed(order, outcome, request, reply, tuple(slips.get(request.number, ()))))
    return found


def _answer(view: View, request: Request) -> Reply | None:
    """What the host said; of a stored message, only that it was taken."""
    stored = first_tries(view).get(request.number)
    if stored is not None:
        return stored.acknowledged(view.market)
    return next(iter(request.answers or request.doubtful or request.replies), None)


def _also(request: Request) -> str:
    """How else the terminal reports what it has completed."""
    return STORED_RESULT if is_stored(request) else APPROVED


def _order_of(view: View, request: Request, outcome: Record) -> Record | None:
    """The last order for it before the request left, or, where it was stored, before its outcome was told."""
    end = min(request.at, moment(outcome))
    orders = [o for o in view.timeline.of("terminal", "order") if moment(o) < end]
    same = [o for o in orders if o.fields.get("transaction") == request.transaction]
    chosen = (same if is_stored(request) and same else orders)[-1:]
    return chosen[0] if chosen else None


@once
def slips_by_request(view: View) -> dict[int, list[Paper]]:
    """Which slip belongs to which request, by the request's number.

    A slip is of the last request before it, unless it carries the voucher number of an earlier one and is a reprint or
    a copy which that one still lacks: paper had run out. A slip that repeats an earlier one stays with the last. Of a
    stored message it may be printed before that is sent.
    """
    given: dict[int, list[Paper]] = {}
    asked, orders = originals(view), list(view.timeline.of("terminal", "order"))
    for paper in (p for p in papers(view.timeline, view.market) if _is_of_a_transaction(p, view.market)):
        at = moment(paper.record)
        start = max((moment(o) for o in orders if moment(o) < at), default=(0, 0))
        own = [r for r in asked if start < r.at < at]
        named = [r for r in asked if r.at < at and r.trace == paper.voucher]
        if named and (named[-1] in own or paper.reprint or _lacks(given.get(named[-1].number, []), paper, view.market)):
            given.setdefault(named[-1].number, []).append(paper)
        elif later := [r for r in asked if r.at > at and r.trace == paper.voucher and is_stored(r)]:
            given.setdefault(later[0].number, []).append(paper)
        elif own:
            given.setdefault(own[-1].number, []).append(paper)
    return given


def _lacks(given: list[Paper], paper: Paper, market: Market) -> bool:
    """Whether the copy is none that was printed already."""
    there = {mark for slip in given for mark in copies_on(slip, market)}
    return not there.issuperset(copies_on(paper, market)) or not copies_on(paper, market)


def _is_of_a_transaction(paper: Paper, market: Market) -> bool:
    """Any receipt; the slip of a settlement is none."""
    of_a_batch = market.receipt.type_names.get(Transaction.SETTLEMENT.value, "")
    if of_a_batch and paper.says(of_a_batch):
        return False
    return paper.is_receipt or bool(copies_on(paper, market))
