"""The issuer host: one class with its own thread and loop, on a loopback port. Design 6.

It answers what the matrix names (facts/unionpay-pos 3), checks MAC, PIN and cryptogram, keeps the ledger, and tells
every exchange as events that share one `exchange` number.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from protocols.events import Channel, Direction, Emit, Event
from protocols.faults import RigFault
from protocols.iso8583 import CodecError, FrameReader, pack_frame, unpack_frame
from protocols.market import Market
from protocols.money import Money
from simulators.issuer.behaviour import Behaviour, Delay, LateAnswer, NoAnswer, Rule
from simulators.issuer.exchange import Exchange, Exchanges, Reply
from simulators.issuer.ledger import AccountView, Ledger
from simulators.issuer.security import CardOnFile, Terminals

START_DEADLINE_S = 5.0
DELAY_DEADLINE_S = 120.0


class Clock(Protocol):
    """Business time."""

    def __call__(self) -> datetime:
        """Now, as the host's books see it."""


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """A fresh account. `card` is its name on the bench; the PAN is known to the host alone."""

    card: str
    pan: str
    psn: str
    expiry: str
    pin: str
    master_key: bytes = field(repr=False)
    available: Money
    status: str = "open"


@dataclass
class _Held:
    """An answer kept back until its request is reversed."""

    connection: _Connection
    exchange: Exchange
    reply: Reply


class IssuerHost:
    """Start, enrol terminals, open accounts, add rules; all calls are safe from any thread.

    `time_scale` divides the market seconds of delays. `directory` is private: the ledger in it holds card data.
    """

    def __init__(
        self, *, market: Market, emit: Emit, directory: Path, time_scale: float = 1.0, clock: Clock = datetime.now,
        address: str = "127.0.0.1", port: int = 0,
    ) -> None:  # fmt: skip
        self.market = market
        self._emit = emit
        self._scale = time_scale
        self._clock = clock
        self._days = 0
        self._address, self._port = address, port
        self._ledger = Ledger(directory / "ledger.sqlite")
        self._terminals = Terminals()
        self.behaviour = Behaviour()
        self._exchanges = Exchanges(market, self._ledger, self._terminals, self.now)
        self._numbers = itertools.count(1)
        self._connections = itertools.count(1)
        self._held: list[_Held] = []
        self.open_connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="issuer-host", daemon=True)
        self._started = threading.Event()
        self._server: asyncio.Server | None = None

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> tuple[str, int]:
        """Listen; returns address and port. Raises RigFault when it cannot."""
        self._thread.start()
        if not self._started.wait(START_DEADLINE_S) or self._server is None:
            raise RigFault(f"the host cannot listen on {self._address}:{self._port}", advice="is the port taken?")
        address, port = self._server.sockets[0].getsockname()[:2]
        return str(address), int(port)

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(START_DEADLINE_S)
        self._ledger.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._server = self._loop.run_until_complete(
                self._loop.create_server(lambda: _Connection(self, next(self._connections)), self._address, self._port)
            )
        except OSError:
            self._started.set()
            return
        self._started.set()
        self._loop.run_forever()
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        for connection in list(self.open_connections):
            connection.abort()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _call(self, work: Callable[[], Any]) -> Any:
        """Do something in the host's own thread and wait for it."""

        async def in_loop() -> Any:
            return work()

        coroutine: Coroutine[Any, Any, Any] = in_loop()
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(START_DEADLINE_S)

    # ── administration ────────────────────────────────────────────────────────────────────────────────────────

    def enrol_terminal(self, terminal: str, merchant: str, master_key: bytes) -> None:
        """A terminal may sign on from now on."""
        self._call(lambda: self._terminals.enrol(terminal, merchant, master_key))

    def open_account(self, spec: AccountSpec) -> None:
        """A new card and its account."""

        def work() -> None:
            card = CardOnFile(spec.card, spec.pan, spec.psn, spec.expiry, spec.pin, spec.master_key, spec.status)
            self._exchanges.cards[spec.pan] = card
            self._tell_account(spec.card, self._ledger.open_account(spec.card, spec.available.minor))

        self._call(work)

    def set_status(self, card: str, status: str) -> None:
        """`open`, `lost`, `stolen`, `expired` or `restricted`."""

        def work() -> None:
            next(c for c in self._exchanges.cards.values() if c.name == card).status = status

        self._call(work)

    def account(self, card: str) -> AccountView:
        """The account now."""
        view = self._call(lambda: self._ledger.account(card))
        assert isinstance(view, AccountView)
        return view

    def add_rule(self, rule: Rule) -> None:
        """Misbehave from now on."""
        self.behaviour.add(rule)

    def clear_rules(self) -> None:
        """Behave from now on; answers kept back are dropped."""
        self.behaviour.clear()
        self._call(self._held.clear)

    def wait_for_delayed(self) -> None:
        """Return when every answer that a rule delays has left. Raises RigFault when one hangs."""

        async def settle() -> None:
            await asyncio.gather(*self._tasks)

        asyncio.run_coroutine_threadsafe(settle(), self._loop).result(DELAY_DEADLINE_S)

    def move_date(self, days: int) -> None:
        """Let business days go by; negative ones take them back."""
        self._days += days
        self._emit(Event(Channel.LEDGER, "date", {"date": self.now().date().isoformat()}))

    def now(self) -> datetime:
        """Business date and time."""
        return self._clock() + timedelta(days=self._days)

    # ── traffic; everything below runs in the host's thread ───────────────────────────────────────────────────

    def tell(
        self, kind: str, fields: dict[str, Any], direction: Direction = Direction.NONE, raw: bytes | None = None
    ) -> None:
        """Record an event of the host."""
        self._emit(Event(Channel.HOST, kind, fields, direction, raw))

    def received(self, connection: _Connection, raw: bytes) -> None:
        """One whole frame came in."""
        number = next(self._numbers)
        try:
            frame = unpack_frame(raw)
            exchange = self._exchanges.read(number, frame)
        except CodecError as error:
            self.tell("undecodable", {"exchange": number, "reason": str(error)}, Direction.OUT, raw)
            return
        common = exchange.common()
        self.tell("request", {**common, "connection": connection.number}, Direction.OUT, raw)
        action = self.behaviour.take(exchange.transaction, exchange.reversal)
        if isinstance(action, NoAnswer) and not action.decide:
            self.tell("suppressed", {**common, "rule": action.name, "decided": False})
            return
        reply = self._exchanges.answer(exchange, action)
        self._tell_decision(exchange, reply)
        if isinstance(action, NoAnswer):
            self.tell("suppressed", {**common, "rule": action.name, "decided": True})
        elif isinstance(action, LateAnswer):
            self._held.append(_Held(connection, exchange, reply))
            self.tell("held back", {**common, "rule": action.name})
        elif isinstance(action, Delay):
            self._later(connection, exchange, reply, action)
        else:
            self._release_held(connection, exchange)
            self._send(connection, exchange, reply, action.name if action else "")

    def _release_held(self, connection: _Connection, exchange: Exchange) -> None:
        """The late answer to what is being reversed goes out just before the reversal's own."""
        if exchange.reversal:
            for held in [h for h in self._held if h.exchange.trace == exchange.trace and h.connection is connection]:
                self._held.remove(held)
                self._send(connection, held.exchange, held.reply, LateAnswer.name, late=True)

    def _later(self, connection: _Connection, exchange: Exchange, reply: Reply, action: Delay) -> None:
        async def wait() -> None:
            await asyncio.sleep(action.seconds / self._scale)
            self._send(connection, exchange, reply, action.name)

        task = self._loop.create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _send(
        self, connection: _Connection, exchange: Exchange, reply: Reply, rule: str, *, late: bool = False
    ) -> None:
        raw = pack_frame(exchange.frame.reply(reply.body))
        sent = connection.write(raw)
        fields = {**exchange.common(), "connection": connection.number, "rule": rule, "late": late, "sent": sent}
        self.tell("response", fields, Direction.IN, raw)

    def _tell_decision(self, exchange: Exchange, reply: Reply) -> None:
        common = exchange.common()
        if reply.checks:
            self.tell("checks", {**common, **reply.checks})
        decided = reply.decided
        hold = decided.hold
        fields = {
            **common, "code": decided.code, "reason": decided.reason, "approval": decided.approval,
            "hold": str(hold.id) if hold else "", "card": reply.card, "amount": exchange.amount, "currency": "CNY",
        }  # fmt: skip
        self.tell("decision", fields)
        for posting in decided.postings:
            view = posting.account
            self._tell(
                "posting", card=posting.card, hold=str(posting.hold), kind=posting.kind, amount=posting.amount,
                trace=exchange.trace, transaction=exchange.name, available=view.available, held=view.held,
                booked=view.booked,
            )  # fmt: skip
        if decided.postings:
            self._tell_account(decided.postings[-1].card, decided.postings[-1].account)
        if hold is not None and decided.hold_state:
            self._tell(
                "hold", card=hold.card, hold=str(hold.id), state=decided.hold_state, amount=hold.amount,
                approval=hold.approval, trace=hold.trace, opened=hold.day,
            )  # fmt: skip

    def _tell_account(self, card: str, view: AccountView) -> None:
        self._tell("account", card=card, available=view.available, held=view.held, booked=view.booked)

    def _tell(self, kind_of_event: str, /, **fields: Any) -> None:
        self._emit(Event(Channel.LEDGER, kind_of_event, {**fields, "currency": self.market.currency.alpha}))


class _Connection(asyncio.Protocol):
    """One terminal's connection: bytes in, frames out to the host."""

    def __init__(self, host: IssuerHost, number: int) -> None:
        self._host = host
        self.number = number
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._host.open_connections.add(self)
        self._host.tell("connected", {"connection": self.number})

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._reader.feed(data):
                self._host.received(self, frame)
        except CodecError as error:
            self._host.tell("undecodable", {"reason": str(error)}, Direction.OUT, self._reader.pending)
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.open_connections.discard(self)
        self._transport = None
        self._host.tell("disconnected", {"connection": self.number})

    def write(self, data: bytes) -> bool:
        """False when the terminal has gone."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        return True

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
