"""`holdfast issuer`: the issuer host alone, for use by hand. The rig's terminal and its cards are enrolled.

What it says of each message, and why it refused or kept silent, is shown as it happens; a rule that acts, too.
"""

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
from rigs.hosts.simulated import account_kind
from rigs.marketfile import load_market
from rigs.model import RigModel, load_rig
from rigs.private import private_directory, private_root
from rigs.rulefile import load_rules
from rigs.timeline import Recorder
from simulators.issuer import AccountSpec, IssuerHost
from simulators.issuer.actions import together

COLOURS = {"host": "cyan", "ledger": "green", "rig": "red"}
SAID = {
    "explanation": ("why", "bold yellow"),
    "rule": ("rule", "bold magenta"),
    "bug": ("fault of Holdfast", "bold red"),
}
"""Kinds of events that stand out: what is said for them, and how."""


def serve(
    rig_path: Path, market_name: str, listen: tuple[str, int], available: str, rules_path: Path | None, console: Console
) -> int:
    """Until Ctrl-C or SIGTERM. Raises ConfigurationError or RigFault before it serves."""
    rig = load_rig(rig_path)
    market = load_market(market_name or rig.market)
    good_for = Money.parse(available, market.money)
    rules = load_rules(rules_path) if rules_path else []
    with private_directory(private_root()) as private:
        recorder = Recorder(
            folder=private / "record", worker="issuer", started_ns=time.monotonic_ns(), started=datetime.now(UTC),
            evidence=dict.fromkeys(Channel, "simulated"), watch=lambda record: _show(console, record),
        )  # fmt: skip
        host = IssuerHost(market=market, emit=recorder.emit, directory=private, address=listen[0], port=listen[1])
        address, port = host.start()
        try:
            _enrol(host, recorder, rig, rig_path, good_for, console)
            for rule in rules:
                host.add_rule(rule)
                console.print(f"rule {rule.title!r}: {together(rule.actions)}", highlight=False, markup=False)
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
    check_value = host.key_check_value(terminal.terminal_id)
    named = f"terminal {terminal.terminal_id} of {terminal.merchant_id}"
    console.print(f"{named}, check value of its test master key {check_value}", highlight=False, soft_wrap=True)
    for kind, file in rig.cards.items():
        profile = load_card_profile(rig_path.parent / file)
        pan = next(derived(profile.pan_prefix))
        recorder.protect(pan)
        host.open_account(
            AccountSpec(
                kind,
                pan,
                profile.psn,
                profile.expiry,
                profile.pin,
                bytes.fromhex(profile.test_master_key),
                good_for,
                kind=account_kind(profile.aid),
            )
        )
        console.print(f"card {kind}: {mask_pan(pan)}, the first of its range, good for {good_for}", highlight=False)


def _show(console: Console, record: dict[str, Any]) -> None:
    """One line an event; a message field by field below it."""
    kind, fields = record["kind"], record["f"]
    when = (record["utc"][11:23], "dim")
    if kind in SAID:
        word, style = SAID[kind]
        console.print(Text.assemble(when, "  ", (f"{word}: {_said(kind, fields)}", style)), soft_wrap=True)
        return
    shown = ", ".join(f"{k} {v}" for k, v in fields.items() if k != "message" and v not in ("", None, False, []))
    head = Text.assemble(when, "  ", (kind, COLOURS.get(record["ch"], "")), "  ")
    console.print(head.append(shown), soft_wrap=True, highlight=False)
    for key, value in fields.get("message", {}).items():
        console.print(Text(f"                {key}: {value}", style="dim"), soft_wrap=True)


def _said(kind: str, fields: dict[str, Any]) -> str:
    if kind == "rule":
        return (
            f"{fields['rule']} ({fields['action']}), {fields['transaction'] or 'the line'} {fields['trace']}".rstrip()
        )
    return str(fields["text"] if kind == "explanation" else fields["cause"])
