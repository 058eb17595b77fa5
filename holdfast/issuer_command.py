"""`holdfast issuer`: the issuer host alone, for use by hand. The rig's terminal and its cards are enrolled."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from holdfast.status import Exit
from protocols.events import Channel
from protocols.money import Money
from protocols.pan import derived, mask_pan
from rigs.cards.loading import load_card_profile
from rigs.marketfile import load_market
from rigs.model import RigModel, load_rig
from rigs.private import private_directory, private_root
from rigs.timeline import Recorder
from simulators.issuer import AccountSpec, IssuerHost

COLOURS = {"host": "cyan", "ledger": "green"}


def serve(rig_path: Path, market_name: str, listen: tuple[str, int], available: str, console: Console) -> int:
    """Until Ctrl-C or SIGTERM. Raises ConfigurationError or RigFault before it serves."""
    rig = load_rig(rig_path)
    market = load_market(market_name or rig.market)
    good_for = Money.parse(available, market.money)
    with private_directory(private_root()) as private:
        recorder = Recorder(
            folder=private / "record", worker="issuer", started_ns=time.monotonic_ns(), started=datetime.now(UTC),
            evidence=dict.fromkeys(Channel, "simulated"), watch=lambda record: _show(console, record),
        )  # fmt: skip
        host = IssuerHost(market=market, emit=recorder.emit, directory=private, address=listen[0], port=listen[1])
        address, port = host.start()
        try:
            _enrol(host, recorder, rig, rig_path, good_for, console)
            console.print(f"listening on {address}:{port}, market {market.name}; Ctrl-C ends it", highlight=False)
            for ends in (signal.SIGINT, signal.SIGTERM):  # a shell may have started us with SIGINT ignored
                signal.signal(ends, signal.default_int_handler)
            signal.pause()
        except KeyboardInterrupt:
            console.print("ended")
        finally:
            host.stop()
            recorder.close()
    return int(Exit.CONFORMS)


def _enrol(
    host: IssuerHost, recorder: Recorder, rig: RigModel, rig_path: Path, good_for: Money, console: Console
) -> None:
    terminal = rig.terminal
    host.enrol_terminal(terminal.terminal_id, terminal.merchant_id, bytes.fromhex(terminal.test_master_key))
    console.print(f"terminal {terminal.terminal_id} of {terminal.merchant_id}", highlight=False)
    for kind, file in rig.cards.items():
        profile = load_card_profile(rig_path.parent / file)
        pan = next(derived(profile.pan_prefix))
        recorder.protect(pan)
        host.open_account(
            AccountSpec(
                kind, pan, profile.psn, profile.expiry, profile.pin, bytes.fromhex(profile.test_master_key), good_for
            )
        )
        console.print(f"card {kind}: {mask_pan(pan)}, the first of its range, good for {good_for}", highlight=False)


def _show(console: Console, record: dict[str, Any]) -> None:
    """One line an event; a message field by field below it."""
    fields = record["f"]
    message = fields.get("message", {})
    shown = ", ".join(f"{k} {v}" for k, v in fields.items() if k != "message" and v not in ("", None, False))
    head = Text.assemble((record["utc"][11:23], "dim"), "  ", (record["kind"], COLOURS.get(record["ch"], "")), "  ")
    console.print(head.append(shown), soft_wrap=True, highlight=False)
    for key, value in message.items():
        console.print(Text(f"                {key}: {value}", style="dim"), soft_wrap=True)
