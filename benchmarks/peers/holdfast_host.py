"""Holdfast's issuer host as a process of its own. Prints its port; ends when its input does.

`python -m benchmarks.peers.holdfast_host --plan FILE --directory DIR [--record] [--uvloop] [--delay SECONDS]`

`--record` writes its timeline, as a run does; otherwise its events go nowhere. `--delay` adds the behaviour rule that
answers of marked requests leave so much later. `audit` on its input has the whole ledger proved; it prints how that
went.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.load.plan import Plan
from benchmarks.load.terminals import MARKED_AMOUNT
from protocols.events import Channel, Emit, discard
from protocols.faults import HoldfastBug
from protocols.market import Market
from protocols.money import Money
from rigs.marketfile import load_market
from rigs.timeline import Recorder
from simulators.issuer import AccountSpec, IssuerHost
from simulators.issuer.actions import Delay
from simulators.issuer.behaviour import FieldTest, Rule
from simulators.issuer.database import SqliteDatabase


def market_of(scheme: str) -> Market:
    """The market of China under this MAC."""
    market = load_market("unionpay-cn")
    return market.model_copy(update={"security": market.security.model_copy(update={"mac": scheme})})


def enrol(host: IssuerHost, plan: Plan) -> None:
    """All terminals and cards of the plan."""
    for terminal in plan.terminals:
        host.enrol_terminal(terminal.number, terminal.merchant, bytes.fromhex(terminal.master_key))
    key = bytes.fromhex(plan.issuer_key)
    with _unsynced(host):
        for card in plan.cards:
            host.open_account(
                AccountSpec(card.name, card.pan, card.psn, card.expiry, card.pin, key, Money(plan.opening))
            )


@contextlib.contextmanager
def _unsynced(host: IssuerHost) -> Iterator[None]:
    """Accounts are opened without waiting for the disk each time; nobody measures that."""
    database = host._ledger.database
    assert isinstance(database, SqliteDatabase)
    connection = database.connection
    host._call(lambda: connection.execute("PRAGMA synchronous=OFF"))
    yield
    host._call(lambda: connection.execute("PRAGMA synchronous=FULL"))
    host._call(lambda: connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())


def _recorder(directory: Path, plan: Plan) -> Recorder:
    recorder = Recorder(
        folder=directory / "record", worker="issuer", started_ns=time.monotonic_ns(), started=datetime.now(UTC),
        evidence=dict.fromkeys(Channel, "simulated"),
    )  # fmt: skip
    for card in plan.cards[:4]:  # as many as a bench has
        recorder.protect(card.pan)
    return recorder


def _listen(host: IssuerHost) -> None:
    for line in sys.stdin:
        if line.strip() == "audit":
            print(json.dumps({"audit": _audit(host)}), flush=True)


def _audit(host: IssuerHost) -> str:
    """From this thread: nothing is asked of the host meanwhile, and it may take longer than a call to it."""
    try:
        host._ledger.audit()
    except HoldfastBug as error:
        return str(error)
    return "sound"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--delay", type=float, default=0.0)
    wanted = parser.parse_args()
    if wanted.uvloop:
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    plan = Plan.read(wanted.plan)
    recorder = _recorder(wanted.directory, plan) if wanted.record else None
    emit: Emit = recorder.emit if recorder else discard
    host = IssuerHost(market=market_of(plan.scheme), emit=emit, directory=wanted.directory)
    _, port = host.start()
    try:
        enrol(host, plan)
        if wanted.delay:
            host.add_rule(Rule(Delay(wanted.delay), times=None, fields=(FieldTest("4", equals=MARKED_AMOUNT),)))
        print(json.dumps({"port": port}), flush=True)
        _listen(host)
    finally:
        host.stop()
        if recorder:
            recorder.close()


if __name__ == "__main__":
    main()
