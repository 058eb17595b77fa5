"""The host's end of the line: connections come and go, frames are answered or explained. Runs in the host's loop.

What the requests of one turn of the loop decide is made durable by one commit, and only then told and answered: so the
disk is waited for once a turn, however many terminals ask.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from protocols.events import Direction
from protocols.faults import HoldfastError
from protocols.iso8583 import CodecError, unpack_frame
from simulators.issuer import explain
from simulators.issuer.actions import Action, Glued, NoAnswer, RefuseConnects, has, only, together
from simulators.issuer.answering import Exchanges
from simulators.issuer.behaviour import Behaviour, Rule, Seen
from simulators.issuer.connection import Connection
from simulators.issuer.database import LedgerUnavailable
from simulators.issuer.delivery import Delivery, Leaving
from simulators.issuer.exchange import Exchange, Reply
from simulators.issuer.financial import Financial
from simulators.issuer.ledger import Ledger
from simulators.issuer.limits import Limits
from simulators.issuer.listening import Port
from simulators.issuer.spoil import pack_answer
from simulators.issuer.telling import Teller
from simulators.issuer.tls import ServerTls


@dataclass(slots=True)
class Waiting:
    """An exchange whose answer is made and waits for the books."""

    connection: Connection
    exchange: Exchange
    reply: Reply
    rule: Rule | None

    @property
    def actions(self) -> tuple[Action, ...]:
        return self.rule.actions if self.rule else ()


class Line:
    """Takes what comes in, asks the rules, has it answered and delivered. There is never a false answer: a fault of
    ours is told, and the line is cut."""

    def __init__(
        self, exchanges: Exchanges, behaviour: Behaviour, financial: Financial, ledger: Ledger, teller: Teller,
        delivery: Delivery, new_day: Callable[[date], None], tls: ServerTls | None = None, limits: Limits = Limits(),
    ) -> None:  # fmt: skip
        self._exchanges = exchanges
        self._tls = tls.context() if tls else None
        self._limits = limits
        self._ledger = ledger
        self._waiting: list[Waiting] = []
        self._down = False
        self._behaviour = behaviour
        self._financial = financial
        self._teller = teller
        self.tell = teller.host
        self._delivery = delivery
        self._numbers = itertools.count(1)
        self._connections = itertools.count(1)
        self._port: Port
        self._new_day = new_day
        self._day: date | None = None
        self._reopening: asyncio.TimerHandle | None = None
        self.open_connections: set[Connection] = set()

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def open(self, address: str, port: int) -> tuple[str, int]:
        """Listen. Raises OSError."""
        self._port = Port(
            address, port, lambda edge: Connection(self, next(self._connections), edge), self._tls, self._limits,
            self.bad_line,
        )  # fmt: skip
        return self._port.open()

    async def close(self) -> None:
        """Take nobody any more, drop what is delayed, hang up on everyone."""
        self._cancel_reopening()
        self._port.close()
        await self._port.settle()
        self.settle()
        for task in list(self._delivery.tasks):
            task.cancel()
        if self._delivery.tasks:
            await asyncio.wait(set(self._delivery.tasks))
        for connection in list(self.open_connections):
            connection.abort()
        await asyncio.sleep(0)  # the turn in which their sockets are closed

    async def all_sent(self) -> None:
        """Return when every delayed answer has left."""
        while self._delivery.tasks:
            await asyncio.wait(set(self._delivery.tasks))

    def refuse(self, rule: Rule) -> None:
        """Hang up on everyone, and refuse connects until the rule is over."""
        self._fired(rule, 0, "", "")
        self._refuse(rule)

    def behave(self) -> None:
        """Drop what is kept back, and take connects again."""
        self._delivery.drop_held()
        self._cancel_reopening()
        self._port.open()

    def _refuse(self, rule: Rule) -> None:
        self._port.close()
        for connection in list(self.open_connections):
            connection.hang_up()
        self._cancel_reopening()
        if rule.seconds is not None:
            seconds = rule.seconds / self._behaviour.scale
            self._reopening = asyncio.get_running_loop().call_later(seconds, self._reopen)

    def _reopen(self) -> None:
        self._reopening = None
        self._port.open()

    def _cancel_reopening(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None

    # ── what comes in ─────────────────────────────────────────────────────────────────────────────────────────────

    def unreadable(self, connection: Connection, error: CodecError, pending: bytes) -> None:
        """What came in can be cut into no frames: the connection ends."""
        self._undecodable(next(self._numbers), error, pending)

    def unfinished(self, connection: Connection, pending: bytes) -> None:
        """The connection ended within a frame."""
        number = next(self._numbers)
        told = {"exchange": number, "reason": f"the connection ended within a frame of which {len(pending)} bytes came"}
        self._teller.host("undecodable", told, Direction.OUT, pending)
        self._teller.explanation(number, explain.unfinished(pending))

    def _undecodable(self, number: int, error: CodecError, raw: bytes) -> None:
        self._teller.host("undecodable", {"exchange": number, "reason": str(error)}, Direction.OUT, raw)
        self._teller.explanation(number, explain.unreadable(error, raw))

    def bad_line(self, kind: str, told: dict[str, Any], text: str) -> None:
        """A connect was not taken, or a limit cut a line."""
        number = next(self._numbers)
        self._teller.host(kind, {"exchange": number, **told})
        self._teller.explanation(number, text)

    def received(self, connection: Connection, raw: bytes) -> None:
        """One whole frame came in."""
        number = next(self._numbers)
        try:
            exchange = self._exchanges.read(number, unpack_frame(raw))
        except CodecError as error:
            self._undecodable(number, error, raw)
            return
        exchange.arrived = asyncio.get_running_loop().time()
        try:
            self._turn_page(exchange.moment.date())
            self._answer(connection, exchange, raw)
        except LedgerUnavailable as fault:
            self._ledger.abandon()
            refused = self._exchanges.unavailable(exchange, fault.message)
            self._unavailable(fault, [*self._taken(), Waiting(connection, exchange, refused, None)])
        except Exception as error:
            self._broken(connection, error)
            if not self._waiting:  # it may have begun a transaction
                self.settle()

    def _broken(self, connection: Connection, error: Exception) -> None:
        cause = str(error) if isinstance(error, HoldfastError) else type(error).__name__
        self._teller.bug(cause)
        connection.abort()

    def _turn_page(self, today: date) -> None:
        """At the first message of another day the books move on, as they do when the date is moved by hand."""
        if today == self._day:
            return
        if self._day is not None:
            self.settle()
            self._new_day(today)
        self._day = today

    def _answer(self, connection: Connection, exchange: Exchange, raw: bytes) -> None:
        self._teller.host("request", {**exchange.common(), "connection": connection.number}, Direction.OUT, raw)
        rule = None if self._behaviour.quiet else self._behaviour.take(self._seen(exchange))
        actions = rule.actions if rule else ()
        if rule is not None:
            self._fired(rule, exchange.number, exchange.name, exchange.trace)
        silence = only(actions, NoAnswer)
        if silence is not None and not silence.decide:
            self._silent(exchange, actions, decided=False)
            return
        self._waiting.append(Waiting(connection, exchange, self._exchanges.answer(exchange, actions), rule))
        if len(self._waiting) == 1:
            if self._ledger.open_group:
                asyncio.get_running_loop().call_soon(self.settle)
            else:  # nothing was decided that must be kept
                self.settle()

    # ── what the books keep ───────────────────────────────────────────────────────────────────────────────────────

    def settle(self) -> None:
        """Make durable what was decided, then tell and answer it. Where it cannot be kept, each of it is refused."""
        waiting = self._taken()
        try:
            self._ledger.commit()
        except LedgerUnavailable as fault:
            self._unavailable(fault, waiting)
            return
        if self._down and waiting:
            self._down = False
            self._teller.host("ledger back", {})
        for one in waiting:
            self._finish(one)

    def _taken(self) -> list[Waiting]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def _finish(self, one: Waiting) -> None:
        try:
            exchange, reply, actions = one.exchange, one.reply, one.actions
            self._teller.decision(exchange, reply)
            self._explain(exchange, reply)
            if only(actions, NoAnswer) is not None:
                self._silent(exchange, actions, decided=True)
            else:
                self._deliver(one.connection, exchange, reply, actions)
            if one.rule is not None and has(actions, RefuseConnects):
                self._refuse(one.rule)
        except Exception as error:
            self._broken(one.connection, error)

    def _unavailable(self, fault: LedgerUnavailable, waiting: list[Waiting]) -> None:
        """None of it is in the books: each is told to try again later. Told once, until the books are back."""
        if not self._down:
            self._down = True
            self._teller.fault(fault)
        for one in waiting:
            one.reply, one.rule = self._exchanges.unavailable(one.exchange, fault.message), None
            self._finish(one)

    def _deliver(self, connection: Connection, exchange: Exchange, reply: Reply, actions: tuple[Action, ...]) -> None:
        raw = pack_answer(exchange.frame, reply.body, actions)
        beside = pack_answer(exchange.frame, self._exchanges.unrelated(exchange, reply)) if has(actions, Glued) else b""
        self._delivery.send(Leaving(connection, exchange, raw, actions, beside, reply.unmatched))

    def _silent(self, exchange: Exchange, actions: tuple[Action, ...], *, decided: bool) -> None:
        rule = together(actions)
        self._teller.host("suppressed", {**exchange.common(), "rule": rule, "decided": decided})
        lost = "the answer is lost" if decided else "the request is lost"
        self._teller.explanation(exchange.number, f"not answered: a behaviour rule says {rule!r}, {lost}")

    # ── what is told ──────────────────────────────────────────────────────────────────────────────────────────────

    def _fired(self, rule: Rule, exchange: int, transaction: str, trace: str) -> None:
        fields: dict[str, Any] = {
            "exchange": exchange, "rule": rule.title, "action": together(rule.actions), "transaction": transaction,
            "trace": trace,
        }  # fmt: skip
        self._teller.host("rule", fields)

    def _explain(self, exchange: Exchange, reply: Reply) -> None:
        decided = reply.decided
        if reply.explained:
            self._teller.explanation(exchange.number, reply.explained)
        elif decided.near or not (decided.approved or self._exchanges.succeeded(decided.code)):
            near = f"; {decided.near}" if decided.near not in decided.reason else ""
            self._teller.explanation(exchange.number, f"answered {decided.code}: {decided.reason}{near}")
        for breach in reply.breaches:
            self._teller.bug(f"the answer to {exchange.name} breaks its own row: {breach}")

    def _seen(self, exchange: Exchange) -> Seen:
        return Seen(
            exchange.transaction, exchange.reversal, exchange.terminal, self._exchanges.signed_on(exchange),
            exchange.value, lambda: self._financial.hold_state(exchange),
        )  # fmt: skip
