"""The issuer host: one class with its own thread and loop, on a loopback port. Design 6.

It answers what the matrix names (facts/unionpay-pos 3), checks MAC, PIN and cryptogram, keeps the ledger, and tells
every exchange as events that share one `exchange` number.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from protocols.events import Direction, Emit
from protocols.faults import ConfigurationError, HoldfastError, RigFault
from protocols.iso8583 import CodecError, pack_frame, unpack_frame
from protocols.market import Market
from protocols.money import Money
from simulators.issuer.behaviour import Behaviour, Delay, LateAnswer, NoAnswer, Rule
from simulators.issuer.connection import Connection
from simulators.issuer.exchange import STATUS_CODES, Exchange, Exchanges, Reply
from simulators.issuer.ledger import AccountView, Ledger
from simulators.issuer.security import CardOnFile, Terminals
from simulators.issuer.telling import Teller

CALL_DEADLINE_S = 5.0
DELAY_DEADLINE_S = 120.0
STATUSES = ("open", *STATUS_CODES)


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

    connection: Connection
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
        self._teller = Teller(emit, market.currency.alpha)
        self.tell = self._teller.host
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
        self.open_connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event
        self._started: Future[tuple[str, int]] = Future()
        self._thread = threading.Thread(target=self._run, name="issuer-host", daemon=True)

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> tuple[str, int]:
        """Listen; returns address and port. Raises RigFault when it cannot, and is stopped then."""
        self._thread.start()
        try:
            return self._started.result(CALL_DEADLINE_S)
        except (OSError, TimeoutError):
            self.stop()
            raise RigFault(
                f"the host cannot listen on {self._address}:{self._port}", advice="is the port taken?", component="host"
            ) from None

    def stop(self) -> None:
        """Close every connection, drop what is delayed, and end the thread."""
        if self._thread.is_alive() and self._started.done():
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread.ident is not None:
            self._thread.join(CALL_DEADLINE_S)
        self._ledger.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(
            lambda: Connection(self, next(self._connections)), self._address, self._port
        )
        address, port = server.sockets[0].getsockname()[:2]
        self._started.set_result((str(address), int(port)))
        await self._stopping.wait()
        await self._settle()
        server.close()
        for connection in list(self.open_connections):
            connection.abort()
        await asyncio.sleep(0)  # the turn in which their sockets are closed

    async def _settle(self) -> None:
        """Delays are dropped, and connections that are just being accepted come up.

        A server closed over one of those leaves its socket open: the loop of this Python forgets it.
        """
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(others)

    def _call(self, work: Callable[[], Any]) -> Any:
        """Do something in the host's own thread and wait for it."""

        async def in_loop() -> Any:
            return work()

        return self._submit(in_loop(), CALL_DEADLINE_S)

    def _submit(self, coroutine: Coroutine[Any, Any, Any], deadline_s: float) -> Any:
        if not self._thread.is_alive():
            coroutine.close()
            raise RigFault("the issuer host does not run", advice="start it", component="host")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(deadline_s)
        except (TimeoutError, CancelledError):
            future.cancel()
            raise RigFault("the issuer host did not answer in time", component="host") from None

    # ── administration ────────────────────────────────────────────────────────────────────────────────────────

    def enrol_terminal(self, terminal: str, merchant: str, master_key: bytes) -> None:
        """A terminal may sign on from now on."""
        self._call(lambda: self._terminals.enrol(terminal, merchant, master_key))

    def open_account(self, spec: AccountSpec) -> None:
        """A new card and its account."""

        def work() -> None:
            card = CardOnFile(spec.card, spec.pan, spec.psn, spec.expiry, spec.pin, spec.master_key, spec.status)
            view = self._ledger.open_account(spec.card, spec.available.minor)
            self._exchanges.cards[spec.pan] = card
            self._teller.account(spec.card, view)

        self._call(work)

    def set_status(self, card: str, status: str) -> None:
        """`open`, `lost`, `stolen`, `expired` or `restricted`. Raises ConfigurationError for any other, or card."""
        if status not in STATUSES:
            raise ConfigurationError(f"a card is not {status!r}", advice=f"it is one of: {', '.join(STATUSES)}")

        def work() -> None:
            named = [c for c in self._exchanges.cards.values() if c.name == card]
            if not named:
                raise ConfigurationError(f"the issuer has no card {card!r}", advice="open its account first")
            for one in named:
                one.status = status

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
            while self._tasks:
                await asyncio.wait(set(self._tasks))

        self._submit(settle(), DELAY_DEADLINE_S)

    def move_date(self, days: int) -> None:
        """Let business days go by; negative ones take them back."""
        self._days += days
        self._teller.date(self.now().date().isoformat())

    def now(self) -> datetime:
        """Business date and time."""
        return self._clock() + timedelta(days=self._days)

    # ── traffic; everything below runs in the host's thread ───────────────────────────────────────────────────

    def received(self, connection: Connection, raw: bytes) -> None:
        """One whole frame came in. A fault of ours is told, and the line is cut: there is never a false answer."""
        number = next(self._numbers)
        try:
            exchange = self._exchanges.read(number, unpack_frame(raw))
        except CodecError as error:
            self._teller.host("undecodable", {"exchange": number, "reason": str(error)}, Direction.OUT, raw)
            return
        try:
            self._answer(connection, exchange, raw)
        except Exception as error:
            cause = str(error) if isinstance(error, HoldfastError) else type(error).__name__
            self._teller.bug(cause)
            connection.abort()

    def _answer(self, connection: Connection, exchange: Exchange, raw: bytes) -> None:
        common = exchange.common()
        self._teller.host("request", {**common, "connection": connection.number}, Direction.OUT, raw)
        action = self.behaviour.take(exchange.transaction, exchange.reversal)
        if isinstance(action, NoAnswer) and not action.decide:
            self._teller.host("suppressed", {**common, "rule": action.name, "decided": False})
            return
        reply = self._exchanges.answer(exchange, action)
        self._teller.decision(exchange, reply)
        if isinstance(action, NoAnswer):
            self._teller.host("suppressed", {**common, "rule": action.name, "decided": True})
        elif isinstance(action, LateAnswer):
            self._held.append(_Held(connection, exchange, reply))
            self._teller.host("held back", {**common, "rule": action.name})
        elif isinstance(action, Delay):
            self._later(connection, exchange, reply, action)
        else:
            self._release_held(connection, exchange)
            self._send(connection, exchange, reply, action.name if action else "")

    def _release_held(self, connection: Connection, exchange: Exchange) -> None:
        """The late answer to what is being reversed goes out just before the reversal's own."""
        if exchange.reversal:
            for held in [h for h in self._held if h.exchange.trace == exchange.trace and h.connection is connection]:
                self._held.remove(held)
                self._send(connection, held.exchange, held.reply, LateAnswer.name, late=True)

    def _later(self, connection: Connection, exchange: Exchange, reply: Reply, action: Delay) -> None:
        async def wait() -> None:
            await asyncio.sleep(action.seconds / self._scale)
            self._send(connection, exchange, reply, action.name)

        task = self._loop.create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _send(self, connection: Connection, exchange: Exchange, reply: Reply, rule: str, *, late: bool = False) -> None:
        raw = pack_frame(exchange.frame.reply(reply.body))
        sent = connection.write(raw)
        fields = {**exchange.common(), "connection": connection.number, "rule": rule, "late": late, "sent": sent}
        self._teller.host("response", fields, Direction.IN, raw)
