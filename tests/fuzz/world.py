"""A real host on a port, its books in memory, three cards and three terminals; and what must hold of it at any time.

Everything it tells goes through the recorder of a bench, as it would in a run.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import time
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from protocols.events import Channel, Event
from protocols.market import Market
from protocols.money import Money
from protocols.pan import derived
from rigs.marketfile import load_market
from rigs.timeline import Recorder
from simulators.issuer import AccountSpec, IssuerHost
from simulators.issuer.database import SqliteDatabase
from tests.simulators.issuer.play import markets
from tests.simulators.kit import MASTER_KEY, MERCHANT, OTHER_PAN, PAN, credit_profile

MEMORY_DISK = Path("/dev/shm")
TERMINALS = ("50080001", "50080002")
GOOD_TERMINAL = "50080009"
"""It says nothing until a sequence is over, and must be answered then."""
GOOD_PAN = next(derived("62509470", start=77))
OPENING = 1_000_00
NOON = datetime(2026, 6, 15, 12)
CARDS = {"credit": PAN, "debit": OTHER_PAN, "good": GOOD_PAN}
MARKETS = ("unionpay-cn", "several completions", "narrow", "unionpay-cn-strict")
DISCRETIONARY = "8675309867530"
"""Of the tracks: these digits stand nowhere else."""

profile = cache(credit_profile)


@cache
def market_of(name: str) -> Market:
    """One of `MARKETS`: the two of the product, and what they leave switched off."""
    return markets(load_market("unionpay-cn"), load_market("unionpay-cn-strict"))[name]


class World:
    """Start it, play, `check`, `close`."""

    def __init__(self, market: Market) -> None:
        self.events: list[Event] = []
        self.records: list[str] = []
        self.faults: list[str] = []
        """What the loop of the host logged."""
        self._folder = Path(
            tempfile.mkdtemp(prefix="holdfast-fuzz-", dir=MEMORY_DISK if MEMORY_DISK.is_dir() else None)
        )
        self._recorder = Recorder(
            folder=self._folder, worker="fuzz", started_ns=time.monotonic_ns(), started=NOON, evidence={},
            watch=self._recorded, log=_Log(),
        )  # fmt: skip
        for pan in CARDS.values():
            self._recorder.protect(pan)
        self._complaints = _Complaints(self.faults)
        logging.getLogger("asyncio").addHandler(self._complaints)
        self.host = IssuerHost(
            market=market, emit=self._emit, directory=self._folder, time_scale=1000, clock=lambda: NOON,
            monotonic=lambda: 0.0, database=SqliteDatabase(Path(":memory:")),
        )  # fmt: skip
        self.address = self.host.start()
        for terminal in (*TERMINALS, GOOD_TERMINAL):
            self.host.enrol_terminal(terminal, MERCHANT, MASTER_KEY)
        for name, pan in CARDS.items():
            card = profile()
            spec = AccountSpec(
                name, pan, card.psn, card.expiry, card.pin, bytes.fromhex(card.test_master_key), Money(OPENING),
                kind="debit" if name == "debit" else "credit",
            )  # fmt: skip
            self.host.open_account(spec)

    def close(self) -> None:
        self.host.stop()
        self._recorder.close()
        logging.getLogger("asyncio").removeHandler(self._complaints)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _emit(self, event: Event) -> None:
        self.events.append(event)
        self._recorder.emit(event)

    def _recorded(self, record: dict[str, Any]) -> None:
        self.records.append(json.dumps(record, ensure_ascii=False))

    # ── what must hold ────────────────────────────────────────────────────────────────────────────────────────────

    def check(self, secrets: set[str]) -> None:
        """Raises AssertionError, or HoldfastBug from the books. `secrets` are texts that nobody may find."""
        self.host.caught_up()
        self.no_bugs()
        assert not self.faults, f"the loop of the host complains: {self.faults}"
        self.host._call(self.host._ledger.audit)
        for card in CARDS:
            view = self.host.account(card)
            assert view.available + view.held + view.booked == OPENING, f"money of {card} came from nowhere: {view}"
            assert min(view.held, view.booked) >= 0, f"less than nothing is held or booked: {view}"
        _moves(self.events)
        self._sees_nothing(secrets)

    def no_bugs(self) -> None:
        """Of its own, as far as it knows."""
        bugs = [dict(e.fields) for e in self.events if e.kind in ("bug", "fault")]
        assert not bugs, f"the host tells of a bug: {bugs}"

    def _sees_nothing(self, secrets: set[str]) -> None:
        upper = "\n".join(self.records).upper()
        for secret in secrets:
            assert secret not in upper, f"a record shows a secret of {len(secret)} characters"


class _Log:
    """The recorder's log, which forgets."""

    def append(self, record: dict[str, Any]) -> dict[str, Any]:
        return {"n": 1, **record}

    def close(self) -> None:
        pass


class _Complaints(logging.Handler):
    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(record.getMessage())


_MOVES = {
    "pre-authorisation": "hold", "incremental pre-authorisation": "hold", "sale": "sale", "offline sale": "sale",
    "completion": "book", "completion advice": "book", "completion void": "unbook", "sale void": "sale void",
    "refund": "refund",
}  # fmt: skip
"""What a request moves when it is approved: its amount."""
_BESIDE = {"completion": {"release"}, "completion advice": {"release"}, "completion void": {"release"}}
"""What else: the rest of a hold is let go."""
_ANY_AMOUNT = {
    "cancel": {"release"},
    "adjustment": {"adjustment", "adjustment below"},
    "tip adjustment": {"adjustment", "adjustment below"},
}
"""By how much depends on what was there: the bench may have lowered a hold, and an adjustment names the new total."""
_UNDOES = {
    "pre-authorisation": {"release"}, "incremental pre-authorisation": {"release"}, "sale": {"sale void"},
    "completion": {"unbook", "hold", "release"}, "cancel": {"hold"}, "completion void": {"book", "release", "hold"},
    "sale void": {"sale"},
}  # fmt: skip
"""What the reversal of a request moves."""
_APPROVED = ("00", "10", "11", "94")
"""94 says that it was approved before; it moves nothing, as the table has it."""


def _moves(events: list[Event]) -> None:
    """What is refused moves nothing; what is approved moves its amount once, or, said again, nothing."""
    decision: dict[str, Any] = {}
    moved: dict[str, int] = {}
    for event in [*events, Event(Channel.HOST, "end")]:
        fields = dict(event.fields)
        if event.channel is Channel.LEDGER:
            if event.kind == "posting" and decision:
                kind = str(fields["kind"])
                moved[kind] = moved.get(kind, 0) + int(fields["amount"])
            if event.kind == "date":
                decision = {}
            continue
        if decision:
            _one_decision(decision, moved)
        decision, moved = (fields if event.kind == "decision" else {}), {}


def _one_decision(decision: dict[str, Any], moved: dict[str, int]) -> None:
    name, code = str(decision["transaction"]), decision["code"]
    told = f"{name}{' reversed' if decision['reversal'] else ''} answered {code} moves {moved}"
    if not moved:
        return
    if decision["reversal"]:
        assert code == "00", told
        assert moved.keys() <= _UNDOES.get(name, set()), told
        return
    assert code in _APPROVED, told
    if name in _ANY_AMOUNT:
        assert moved.keys() <= _ANY_AMOUNT[name], told
        return
    amount = decision.get("approved", decision["amount"])
    kind = _MOVES.get(name, "")
    assert moved.get(kind) == amount, f"{told}, its amount is {amount}"
    assert moved.keys() <= {kind, *_BESIDE.get(name, ())}, told
