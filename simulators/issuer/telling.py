"""What the host tells of itself: its decisions, its postings and its holds, as events."""

from __future__ import annotations

from typing import Any

from protocols.events import Channel, Direction, Emit, Event
from simulators.issuer.exchange import Exchange, Reply
from simulators.issuer.ledger import AccountView


class Teller:
    """Emits the events of one host. `currency` is that of all its accounts."""

    def __init__(self, emit: Emit, currency: str) -> None:
        self._emit = emit
        self._currency = currency

    def host(
        self, kind: str, fields: dict[str, Any], direction: Direction = Direction.NONE, raw: bytes | None = None
    ) -> None:
        """An event of the host's line."""
        self._emit(Event(Channel.HOST, kind, fields, direction, raw))

    def bug(self, cause: str) -> None:
        """Holdfast itself is wrong here: nothing of this run can be blamed on a device."""
        self._emit(Event(Channel.RIG, "bug", {"cause": cause, "where": "issuer host"}))

    def date(self, day: str) -> None:
        """The business date was moved."""
        self._emit(Event(Channel.LEDGER, "date", {"date": day}))

    def account(self, card: str, view: AccountView) -> None:
        """How an account stands."""
        self._ledger("account", card=card, available=view.available, held=view.held, booked=view.booked)

    def decision(self, exchange: Exchange, reply: Reply) -> None:
        """What was checked and decided, and what money moved by it."""
        common = exchange.common()
        if reply.checks:
            self.host("checks", {**common, **reply.checks})
        decided = reply.decided
        hold = decided.hold
        fields = {
            **common, "code": decided.code, "reason": decided.reason, "approval": decided.approval,
            "hold": str(hold.id) if hold else "", "card": reply.card, "amount": exchange.amount,
            "currency": self._currency,
        }  # fmt: skip
        self.host("decision", fields)
        for posting in decided.postings:
            view = posting.account
            self._ledger(
                "posting", card=posting.card, hold=str(posting.hold), kind=posting.kind, amount=posting.amount,
                trace=exchange.trace, transaction=exchange.name, available=view.available, held=view.held,
                booked=view.booked,
            )  # fmt: skip
        if decided.postings:
            self.account(decided.postings[-1].card, decided.postings[-1].account)
        if hold is not None and decided.hold_state:
            self._ledger(
                "hold", card=hold.card, hold=str(hold.id), state=decided.hold_state, amount=hold.amount,
                approval=hold.approval, trace=hold.trace, opened=hold.day,
            )  # fmt: skip

    def _ledger(self, kind_of_event: str, /, **fields: Any) -> None:
        self._emit(Event(Channel.LEDGER, kind_of_event, {**fields, "currency": self._currency}))
