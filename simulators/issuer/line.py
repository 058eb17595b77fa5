"""The host's end of the line: connections come and go, frames are answered or explained. Runs in the host's loop.

What the requests of one turn of the loop decide is made durable by one commit, and only then told and answered: so the
disk is waited for once a turn, however many terminals ask. Those who ask meanwhile are looked at, and decided when the
books are free again.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from protocols.events import Direction
from protocols.faults import HoldfastError
from protocols.iso8583 import CodecError, unpack_frame
from simulators.issuer import explain
from simulators.issuer.actions import Action, Glued, NoAnswer, RefuseConnects, has, only, together
from simulators.issuer.answering import Exchanges
from simulators.issuer.behaviour import Behaviour, Rule, Seen
from simulators.issuer.commits import Commits
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

MOST_QUEUED = 1024
"""Requests that may wait for the books to be free; then the loop waits for the disk, too, and reads no more."""


@dataclass(slots=True)
class Waiting:
    """An exchange whose answer is made and waits for the books; without one it only ends what it began in them."""

    connection: Connection
    exchange: Exchange
    reply: Reply | None = None
    rule: Rule | None = None

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
        self._commits: Commits[Waiting] = Commits(ledger, self._kept, self._unavailable, self._take_up_queue)
        self._queue: list[tuple[Connection, Exchange]] = []
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
        await self.books()
        self._commits.close()
        for task in list(self._delivery.tasks):
            task.cancel()
        if self._delivery.tasks:
            await asyncio.wait(set(self._delivery.tasks))
        for connection in list(self.open_connections):
            connection.abort()
        await asyncio.sleep(0)  # the turn in which their sockets are closed

    async def all_sent(self) -> None:
        """Return when every delayed answer has left."""
        await self.books()
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
        """One whole frame came in. While the disk is waited for it is looked at, and decided behind those before it."""
        number = next(self._numbers)
        try:
            exchange = self._exchanges.read(number, unpack_frame(raw))
        except CodecError as error:
            self._undecodable(number, error, raw)
            return
        exchange.arrived = asyncio.get_running_loop().time()
        self._teller.request(exchange, connection.number, raw)
        if not self._commits.under_way:
            self._take_up(connection, exchange)
            return
        if self._behaviour.quiet:
            self._safely(connection, lambda: self._exchanges.prepare(exchange))
        self._queue.append((connection, exchange))
        if len(self._queue) == MOST_QUEUED:
            self._commits.finish()

    def _take_up_queue(self) -> None:
        """The books are free again."""
        queue, self._queue = self._queue, []
        for connection, exchange in queue:
            self._take_up(connection, exchange)

    def _take_up(self, connection: Connection, exchange: Exchange) -> None:
        self._safely(connection, lambda: self._answer(connection, exchange))

    def _safely(self, connection: Connection, work: Callable[[], None]) -> None:
        """A fault of ours is told, and the line cut, and nobody else is harmed."""
        try:
            work()
        except Exception as error:
            cause = str(error) if isinstance(error, HoldfastError) else type(error).__name__
            self._teller.bug(cause)
            connection.abort()

    def _turn_page(self, today: date) -> None:
        """At the first message of another day the books move on, as they do when the date is moved by hand."""
        if today == self._day:
            return
        if self._day is not None:
            self._commits.settle()
            self._new_day(today)
        self._day = today

    def _answer(self, connection: Connection, exchange: Exchange) -> None:
        waiting = Waiting(connection, exchange)
        try:
            self._turn_page(exchange.moment.date())
            self._decide(waiting)
        except LedgerUnavailable as fault:
            self._ledger.abandon()
            self._unavailable(fault, [*self._commits.taken(), waiting])
            return
        except Exception:
            if self._ledger.open_group:
                self._commits.join(waiting)  # it may have begun a transaction
            raise
        if waiting.reply is not None:
            self._commits.join(waiting)

    def _decide(self, waiting: Waiting) -> None:
        """Leaves the exchange without a reply when a rule keeps it from being decided."""
        exchange = waiting.exchange
        waiting.rule = None if self._behaviour.quiet else self._behaviour.take(self._seen(exchange))
        if waiting.rule is not None:
            self._fired(waiting.rule, exchange.number, exchange.name, exchange.trace)
        silence = only(waiting.actions, NoAnswer)
        if silence is not None and not silence.decide:
            self._silent(exchange, waiting.actions, decided=False)
        else:
            waiting.reply = self._exchanges.answer(exchange, waiting.actions)

    # ── what the books keep ───────────────────────────────────────────────────────────────────────────────────────

    async def books(self) -> None:
        """Return when nothing waits for the books: whoever comes from elsewhere may touch them then."""
        await self._commits.quiet()

    def _kept(self, waiting: list[Waiting], written: bool) -> None:
        """What was decided is durable: it is told, and answered."""
        if self._down and written:
            self._down = False
            self._teller.host("ledger back", {})
        for one in waiting:
            self._safely(one.connection, partial(self._finish, one))

    def _finish(self, one: Waiting) -> None:
        exchange, reply, actions = one.exchange, one.reply, one.actions
        if reply is None:
            return
        self._teller.decision(exchange, reply)
        self._explain(exchange, reply)
        if one.rule is None:
            self._deliver(one.connection, exchange, reply, ())
            return
        if only(actions, NoAnswer) is not None:
            self._silent(exchange, actions, decided=True)
        else:
            self._deliver(one.connection, exchange, reply, actions)
        if has(actions, RefuseConnects):
            self._refuse(one.rule)

    def _unavailable(self, fault: LedgerUnavailable, waiting: list[Waiting]) -> None:
        """None of it is in the books: each is told to try again later. Told once, until the books are back."""
        if not self._down:
            self._down = True
            self._teller.fault(fault)
        for one in waiting:
            one.reply, one.rule = self._exchanges.unavailable(one.exchange, fault.message), None
            self._safely(one.connection, partial(self._finish, one))

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
