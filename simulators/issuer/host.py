"""The issuer host: one class with its own thread and loop, on a loopback port. Design 6.

It answers what the matrix names (facts/unionpay-pos 3), checks MAC, PIN and cryptogram, keeps the ledger, and tells
every exchange as events that share one `exchange` number.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from protocols.emv.certificates import CaPublicKey
from protocols.events import Emit
from protocols.faults import ConfigurationError, RigFault
from protocols.market import Market
from protocols.money import Money
from simulators.issuer.accounts import AccountSpec
from simulators.issuer.actions import RefuseConnects
from simulators.issuer.answering import Exchanges
from simulators.issuer.behaviour import Behaviour, Rule
from simulators.issuer.database import Database, SqliteDatabase
from simulators.issuer.decisions import Rules
from simulators.issuer.delivery import Delivery
from simulators.issuer.financial import STATUS_CODES, Financial
from simulators.issuer.inquiry import Inquiry
from simulators.issuer.keystore import KeyStore
from simulators.issuer.ledger import AccountView, Ledger
from simulators.issuer.limits import Limits
from simulators.issuer.line import Line
from simulators.issuer.management import Management
from simulators.issuer.security import CardOnFile, Terminals
from simulators.issuer.settlement import Settlement
from simulators.issuer.settling import Settling
from simulators.issuer.telling import Teller
from simulators.issuer.tls import ServerTls

CALL_DEADLINE_S = 5.0
DELAY_DEADLINE_S = 120.0
STATUSES = ("open", *STATUS_CODES)
TURNS = 5
"""Of the loop, until what a socket had in it is read and told: it is seen, fed, taken by its reader, kept, told."""


class Clock(Protocol):
    """Business time."""

    def __call__(self) -> datetime:
        """Now, as the host's books see it."""


class IssuerHost:
    """Start, enrol terminals, open accounts, add rules; all calls are safe from any thread.

    `time_scale` divides the market seconds of delays. `directory` is private: the ledger in it holds card data.
    `seed` draws the delays that have a distribution. `clock` is business time, `monotonic` counts real seconds.
    `ca_keys` are what terminals may download.
    """

    def __init__(
        self, *, market: Market, emit: Emit, directory: Path, time_scale: float = 1.0, clock: Clock = datetime.now,
        address: str = "127.0.0.1", port: int = 0, seed: int = 0, monotonic: Callable[[], float] = time.monotonic,
        database: Database | None = None, tls: ServerTls | None = None, limits: Limits = Limits(),
        ca_keys: Sequence[CaPublicKey] = (),
    ) -> None:  # fmt: skip
        self.market = market
        self._teller = Teller(emit, market.currency.alpha)
        self._clock = clock
        self._days = 0
        self._address, self._port = address, port
        self._ledger = Ledger(database or SqliteDatabase(directory / "ledger.sqlite"), grouped=True)
        self._keys = KeyStore()
        self._terminals = Terminals(self._keys, market.security.mac)
        self._rules = Rules(self._ledger, market)
        self._financial = Financial(market, self._rules, self._ledger)
        self._management = Management(market, self._terminals, monotonic, time_scale, ca_keys)
        settling = Settling(Settlement(self._ledger, market), self._ledger, self._financial.card_of)
        self._exchanges = Exchanges(
            market,
            self._terminals,
            self._financial,
            settling,
            self._management,
            self.now,
            monotonic,
            self._ledger.journal.last_reference(),
        )
        self.behaviour = Behaviour(time_scale, monotonic)
        delivery = Delivery(self._teller, time_scale, seed)
        self._line = Line(
            self._exchanges, self.behaviour, self._financial, self._ledger, self._teller, delivery, self._expire,
            tls, limits,
        )  # fmt: skip
        self._inquiry = Inquiry(self._call, self._ledger, self._terminals, self._financial)
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event
        self._started: Future[tuple[str, int]] = Future()
        self._thread = threading.Thread(target=self._run, name="issuer-host", daemon=True)

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────

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
        self._inquiry.close()
        self._ledger.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._started.set_result(self._line.open(self._address, self._port))
        await self._stopping.wait()
        await self._line.close()

    def _call(self, work: Callable[[], Any]) -> Any:
        """Do something in the host's own thread, between two commits, and wait for it."""

        async def in_loop() -> Any:
            await self._line.books()
            result = work()
            self._ledger.commit()
            return result

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

    # ── terminals and cards ───────────────────────────────────────────────────────────────────────────────────────

    def enrol_terminal(self, terminal: str, merchant: str, master_key: bytes, *, test: bool = True) -> None:
        """A terminal may sign on from now on. Raises ConfigurationError for a key that is not marked as a test key."""
        self._call(lambda: self._terminals.enrol(terminal, merchant, master_key, test=test))

    def key_check_value(self, terminal: str) -> str:
        """That of the terminal's master key, 8 hex digits: it may be shown, and the key may not."""
        found = self._call(lambda: self._terminals.numbered(terminal))
        if found is None:
            raise ConfigurationError(f"terminal {terminal} is not enrolled", advice="enrol it first")
        return self._keys.check_value(found.master_key)

    def open_account(self, spec: AccountSpec, *, kept: bool = False) -> bool:
        """A new card and its account; with `kept`, an account that the ledger has already is taken as it stands.

        Returns whether it was. Raises ConfigurationError for a key that is not marked as a test key, and for an account
        that is there.
        """

        def work() -> bool:
            card = spec.on_file(self._keys)
            there = kept and bool(self._ledger.kind(spec.card))
            if there:
                view = self._ledger.account(spec.card)
            else:
                view = self._ledger.open_account(spec.card, spec.available.minor, spec.kind)
            card.prepare()
            self._financial.cards[spec.pan] = card
            self._teller.account(spec.card, view)
            return there

        return bool(self._call(work))

    def set_status(self, card: str, status: str) -> None:
        """`open`, `lost`, `stolen`, `expired` or `restricted`. Raises ConfigurationError for any other, or card."""
        if status not in STATUSES:
            raise ConfigurationError(f"a card is not {status!r}", advice=f"it is one of: {', '.join(STATUSES)}")

        def work() -> None:
            for one in self._named(card):
                one.status = status

        self._call(work)

    def _named(self, card: str) -> list[CardOnFile]:
        named = [c for c in self._financial.cards.values() if c.name == card]
        if not named:
            raise ConfigurationError(f"the issuer has no card {card!r}", advice="open its account first")
        return named

    def account(self, card: str) -> AccountView:
        """The account now."""
        view = self._call(lambda: self._ledger.account(card))
        assert isinstance(view, AccountView)
        return view

    def adjust_hold(self, card: str, approval: str, *, amount: Money | None = None, days: int | None = None) -> None:
        """Lower or raise a hold to an amount, or extend it by days, without a message.

        Raises ConfigurationError for a card that is not known, and when the rules of the market refuse it.
        """

        def work() -> None:
            self._named(card)
            minor = None if amount is None else amount.minor
            decided = self._rules.adjust(card, approval, self.now().date(), minor, days)
            if decided.code != "00":
                near = f"; {decided.near}" if decided.near not in decided.reason else ""
                raise ConfigurationError(f"the hold {approval} of {card} stays as it is: {decided.reason}{near}")
            self._ledger.commit()
            self._teller.moved(decided)

        self._call(work)

    def retire_accounts(self) -> None:
        """All present accounts are done with: nothing expires in them any more."""
        self._call(self._ledger.retire_accounts)

    def offer_download(self, parameters: Mapping[str, str]) -> None:
        """Parameters, by tag, that the next parameter downloads carry: facts/unionpay-pos 2.6. None withdraws them."""
        self._call(lambda: self._management.offer(parameters))

    @property
    def inquiry(self) -> Inquiry:
        """What may be asked of it, and done to it, from outside."""
        return self._inquiry

    # ── behaviour ─────────────────────────────────────────────────────────────────────────────────────────────────

    def add_rule(self, rule: Rule) -> None:
        """Misbehave from now on."""
        self.behaviour.add(rule)
        if rule.at_once:
            self._call(lambda: self._line.refuse(rule))

    def remove_rule(self, rule: Rule) -> None:
        """Take one rule back. Where it refused connects they are taken again, and answers kept back are dropped."""
        self.behaviour.remove(rule)
        if any(isinstance(action, RefuseConnects) for action in rule.actions):
            self._call(self._line.behave)

    def clear_rules(self) -> None:
        """Behave from now on; answers kept back are dropped, and connects are taken again."""
        self.behaviour.clear()
        self._call(self._line.behave)

    def wait_for_delayed(self) -> None:
        """Return when every answer that a rule delays has left. Raises RigFault when one hangs."""
        self._submit(self._line.all_sent(), DELAY_DEADLINE_S)

    def caught_up(self) -> None:
        """Return when all that came and went so far is told, lines that were hung up as well; not what is delayed."""
        self._submit(self._told(), CALL_DEADLINE_S)

    async def _told(self) -> None:
        await _turns()
        await self._line.books()
        await _turns()

    # ── business time ─────────────────────────────────────────────────────────────────────────────────────────────

    def move_date(self, days: int) -> None:
        """Let business days go by, and holds expire with them; negative ones take them back, but no expiry."""

        def work() -> None:
            self._days += days
            today = self.now().date()
            self._teller.date(today.isoformat())
            self._expire(today)

        self._call(work)

    def _expire(self, today: date) -> None:
        """Release the holds whose last valid day is over."""
        expired = self._rules.expire(today)
        self._ledger.commit()
        for one in expired:
            self._teller.moved(one)

    def now(self) -> datetime:
        """Business date and time."""
        return self._clock() + timedelta(days=self._days)


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)
