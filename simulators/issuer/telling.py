"""What the host tells of itself: its checks and decisions, its postings and holds, and why, as events."""

from __future__ import annotations

from typing import Any

from protocols.events import Channel, Direction, Emit, Event, discard
from protocols.faults import RigFault
from simulators.issuer.chipfacts import facts
from simulators.issuer.decisions import Decided
from simulators.issuer.exchange import Exchange, Reply
from simulators.issuer.ledger import AccountView, Posting


class Teller:
    """Emits the events of one host. `currency` is that of all its accounts. `heard` is false where nobody takes them:
    then none is made.
    """

    def __init__(self, emit: Emit, currency: str) -> None:
        self._emit = emit
        self._currency = currency
        self.heard = emit is not discard

    def host(
        self, kind: str, fields: dict[str, Any], direction: Direction = Direction.NONE, raw: bytes | None = None
    ) -> None:
        """An event of the host's line."""
        if not self.heard:
            return
        self._emit(Event(Channel.HOST, kind, fields, direction, raw))

    def request(self, exchange: Exchange, connection: int, raw: bytes) -> None:
        """It came in."""
        if self.heard:
            self.host("request", {**exchange.common(), "connection": connection}, Direction.OUT, raw)

    def bug(self, cause: str) -> None:
        """Holdfast itself is wrong here: nothing of this run can be blamed on a device."""
        self._emit(Event(Channel.RIG, "bug", {"cause": cause, "where": "issuer host"}))

    def fault(self, fault: RigFault) -> None:
        """A part of the bench broke, and no device is to blame for what follows."""
        self._emit(
            Event(Channel.RIG, "fault", {"cause": fault.message, "component": fault.component, "advice": fault.advice})
        )

    def explanation(self, exchange: int, text: str) -> None:
        """Why a message was not answered, was refused or finds no request, in one sentence."""
        self.host("explanation", {"exchange": exchange, "text": text})

    def date(self, day: str) -> None:
        """The business date was moved."""
        self._emit(Event(Channel.LEDGER, "date", {"date": day}))

    def account(self, card: str, view: AccountView) -> None:
        """How an account stands."""
        self._ledger("account", card=card, available=view.available, held=view.held, booked=view.booked)

    def decision(self, exchange: Exchange, reply: Reply) -> None:
        """What was checked and decided, what money moved by it, and why it was refused."""
        if not self.heard:
            return
        common = exchange.common()
        for number, reason in reply.formats:
            self.host("format", {"exchange": exchange.number, "field": number, "reason": reason})
        if reply.checks:
            self.host("checks", {**common, **reply.checks, **facts(exchange)})
        decided = reply.decided
        hold = decided.hold
        fields = {
            **common, "code": decided.code, "reason": decided.reason, "approval": decided.approval,
            "hold": str(hold.id) if hold else "", "card": reply.card, "amount": exchange.amount,
            "currency": self._currency,
        }  # fmt: skip
        if decided.amount is not None:
            fields["approved"] = decided.amount
        self.host("decision", fields)
        for kind, told in reply.host_notes:
            self.host(kind, {"exchange": exchange.number, **told})
        for kind, told in reply.ledger_notes:
            self._ledger(kind, **told)
        self.moved(decided, exchange.trace, exchange.name)

    def moved(self, decided: Decided, trace: str = "", transaction: str = "") -> None:
        """The postings of a decision, the account after them, and the hold concerned."""
        for posting in decided.postings:
            self._posting(posting, trace, transaction)
        if decided.postings:
            self.account(decided.postings[-1].card, decided.postings[-1].account)
        hold = decided.hold
        if hold is not None and decided.hold_state:
            self._ledger(
                "hold", card=hold.card, hold=str(hold.id), state=decided.hold_state, amount=hold.amount,
                approval=hold.approval, trace=hold.trace, opened=hold.day,
            )  # fmt: skip

    def _posting(self, posting: Posting, trace: str, transaction: str) -> None:
        view = posting.account
        self._ledger(
            "posting", card=posting.card, hold=str(posting.hold), kind=posting.kind, amount=posting.amount,
            trace=trace, transaction=transaction, available=view.available, held=view.held, booked=view.booked,
        )  # fmt: skip

    def _ledger(self, kind_of_event: str, /, **fields: Any) -> None:
        self._emit(Event(Channel.LEDGER, kind_of_event, {**fields, "currency": self._currency}))
