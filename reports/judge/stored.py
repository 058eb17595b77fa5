"""Messages that a terminal keeps and sends until they are acknowledged: advice, refund, offline sale, adjustment, tip.

A message is one as long as it is not acknowledged, however often it comes; it is told by its trace. facts/unionpay-pos
5.16, 5.18; cases.md 49, 50, 107.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.market import Market
from protocols.transactions import TRANSACTIONS
from reports.judge.registry import View, once
from reports.judge.reply import Moment, Reply
from reports.judge.timeline import Request, moment
from reports.runfolder import Record

STORED = frozenset(transaction.value for transaction, layout in TRANSACTIONS.items() if layout.stored)
ADVICE_MTI, NOTICE_MTI = "0220", "0620"
WRITTEN, GIVEN_UP = "written", "given up"


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored message with all its tries on the wire, the first one first."""

    tries: tuple[Request, ...]
    written: Record | None = None

    @property
    def first(self) -> Request:
        return self.tries[0]

    @property
    def answer(self) -> Reply | None:
        """The first authentic answer to any try."""
        return min((a for t in self.tries for a in t.answers), key=lambda a: a.at, default=None)

    def acknowledged(self, market: Market) -> Reply | None:
        """The first answer that says that it was taken; a duplicate was taken before. facts/unionpay-pos 5.16."""
        taken = (a for t in self.tries for a in t.answers if a.code in accepted(market))
        return min(taken, key=lambda a: a.at, default=None)


def accepted(market: Market) -> tuple[str, ...]:
    """Codes that acknowledge a stored message."""
    return (*market.advice.accepted_codes, *market.success_codes)


def is_stored(request: Request) -> bool:
    """A message that is sent until it is acknowledged, and never reversed."""
    return not request.reversal and (request.transaction in STORED or request.mti == ADVICE_MTI)


@once
def kept(view: View) -> list[Kept]:
    """Every stored message that reached the host, in the order of the first tries."""
    groups: list[list[Request]] = []
    open_groups: dict[tuple[str, str], list[Request]] = {}
    for request in (r for r in view.requests if is_stored(r)):
        key = (request.transaction, request.trace)
        group = open_groups.get(key)
        if group is None or _is_another(group, request, view.market):
            group = open_groups[key] = []
            groups.append(group)
        group.append(request)
    return [Kept(tuple(group), _written(view, group[0])) for group in groups]


@once
def notices(view: View) -> list[Kept]:
    """Script notices: kept and acknowledged in the same way. facts/unionpay-pos 5.19"""
    groups: dict[str, list[Request]] = {}
    for request in (r for r in view.requests if r.mti == NOTICE_MTI):
        groups.setdefault(request.trace, []).append(request)
    return [Kept(tuple(group), _written(view, group[0])) for group in groups.values()]


def _is_another(group: list[Request], request: Request, market: Market) -> bool:
    """The trace of a message that was acknowledged, with other data: a new message under a used trace."""
    done = any(a.code in accepted(market) and a.at < request.at for t in group for a in t.answers)
    return done and any(group[0].value(n) != request.value(n) for n in (2, 4, 38, 61))


def _written(view: View, first: Request) -> Record | None:
    """The terminal's word that it keeps it."""
    return next((r for r in records_of(view, WRITTEN) if r.fields.get("trace") == first.trace), None)


def records_of(view: View, status: str) -> list[Record]:
    """The terminal's own words of its stored messages, of one status."""
    return [r for r in view.timeline.of("terminal", "stored") if r.fields.get("status") == status]


@once
def first_tries(view: View) -> dict[int, Kept]:
    """The stored message of each request, by the request's number: of every try."""
    return {request.number: message for message in kept(view) for request in message.tries}


def outcome_of_kept(view: View, message: Kept) -> Record | None:
    """What the terminal reported of a stored message: often before it left, for it may be kept."""
    told = [
        o
        for o in view.timeline.of("terminal", "outcome")
        if o.fields.get("trace") == message.first.trace
        and o.fields.get("transaction", message.first.transaction) == message.first.transaction
    ]
    return told[-1] if told else None


def since(view: View, message: Kept) -> Moment:
    """When a message was there first, by the terminal's word or on the wire."""
    told = (message.written, outcome_of_kept(view, message))
    return min([message.first.at, *(moment(r) for r in told if r is not None)])


def never_left(view: View) -> list[Record]:
    """What the terminal says it keeps, and that never reached the host."""
    sent = {(r.transaction, r.trace) for r in view.requests}
    return [
        r
        for r in records_of(view, WRITTEN)
        if (str(r.fields.get("transaction", "")), str(r.fields.get("trace", ""))) not in sent
    ]


def given_up(view: View, trace: str) -> Moment | None:
    """When the terminal says that it gave a stored message up."""
    return next((moment(r) for r in records_of(view, GIVEN_UP) if r.fields.get("trace") == trace), None)
