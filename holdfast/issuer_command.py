"""`holdfast issuer`: the issuer host alone, for hours and by hand. The rig's terminal and its cards are enrolled.

What it says of each message, and why it refused or kept silent, is shown as it happens; a rule that acts, too. Memory
and disk do not grow with what goes by, but for the ledger and, where it is asked for, the record.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from holdfast.issuer_screen import Screen
from holdfast.status import Exit
from holdfast.traffic import Counts, Throttle, Traffic
from protocols.events import Channel, Event
from protocols.faults import ConfigurationError, HoldfastError, RigFault
from protocols.market import Market
from protocols.money import Money
from protocols.pan import derived, mask_pan
from rigs.cards.loading import load_cards
from rigs.hosts.simulated import account_spec
from rigs.marketfile import load_market
from rigs.model import RigModel, load_rig
from rigs.private import private_directory, private_root
from rigs.records import DailyFiles, Unkept
from rigs.rulefile import RuleFile, RuleModel
from rigs.timeline import Recorder
from rigs.yamlfile import load_strict
from simulators.card import CardProfile
from simulators.card.authority import house_authority
from simulators.issuer import IssuerHost, Rule
from simulators.issuer.actions import together
from simulators.issuer.opening import open_database
from simulators.issuer.tls import ServerTls

if TYPE_CHECKING:  # imported where it is asked for: a web server costs a quarter of a second
    from holdfast.admin.feed import Feed

COUNTED_HOLDS = 10_000
"""So many open holds are counted for the live line, and no more."""
COUNT_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command line. `ledger` empty keeps none, `admin` None serves none."""

    rig: Path
    market: str = ""
    listen: tuple[str, int] = ("127.0.0.1", 8583)
    available: str = "100000.00"
    rules: Path | None = None
    ledger: str = ""
    admin: tuple[str, int] | None = None
    admin_token_file: Path | None = None
    tls: ServerTls | None = None
    record: Path | None = None
    quiet: bool = False


def address_and_port(text: str, usual: tuple[str, int]) -> tuple[str, int]:
    """`ADDRESS`, `ADDRESS:PORT`, `:PORT` or `[ADDRESS]:PORT`. Raises ConfigurationError for anything else."""
    address, colon, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "")
    if colon and not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ConfigurationError(f"{text!r} names no port", advice="write ADDRESS:PORT, as 127.0.0.1:8583")
    return address.strip("[]") or usual[0], int(port) if colon else usual[1]


def server_tls(certificate: Path | None, key: Path | None, client_ca: Path | None) -> ServerTls | None:
    """None without any of them. Raises ConfigurationError for half of a pair."""
    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise ConfigurationError(
            "TLS needs both --tls-certificate and --tls-key", advice="'holdfast tls make' makes test certificates"
        )
    return ServerTls(certificate, key, client_ca)


def serve(wanted: Wanted, console: Console) -> int:
    """Until Ctrl-C or SIGTERM. Raises ConfigurationError or RigFault before it serves."""
    ended = threading.Event()
    for ends in (signal.SIGINT, signal.SIGTERM):  # a shell may have started us with SIGINT ignored
        signal.signal(ends, lambda *_: ended.set())
    with ExitStack() as stack:
        served = Served(wanted, console, stack)
        served.start()
        console.print(f"listening on {served.where}, market {served.market.name}; Ctrl-C ends it", highlight=False)
        served.screen.start()
        stack.callback(served.screen.stop)
        ended.wait()
        for ends in (signal.SIGINT, signal.SIGTERM):  # whoever insists is heard
            signal.signal(ends, signal.SIG_DFL)
    console.print("ended")
    return int(Exit.CONFORMS)


class Served:
    """The host with all that stands around it; what was begun is ended by the stack."""

    def __init__(self, wanted: Wanted, console: Console, stack: ExitStack) -> None:
        self.wanted = wanted
        self.console = console
        self.stack = stack
        self.rig = load_rig(wanted.rig)
        self.market: Market = load_market(wanted.market or self.rig.market)
        self.profiles: dict[str, CardProfile] = load_cards(wanted.rig, self.rig)
        self.good_for = Money.parse(wanted.available, self.market.money)
        models = load_strict(wanted.rules, RuleFile).rules if wanted.rules else []
        self.rules: list[tuple[RuleModel, Rule]] = [(model, model.rule()) for model in models]
        self.token = _token(wanted)
        self.traffic = Traffic(self.market.success_codes)
        self.throttle = Throttle()
        self.feed: Feed | None = None
        self.screen = Screen(console, self._figures, lambda: self.throttle.hidden, self._masked, quiet=wanted.quiet)
        self._emitting = threading.Lock()
        self._shown = True
        self._holds, self._holds_due = "0", 0.0
        self.where = ""
        self.listening = self.admin = ("", 0)

    def start(self) -> None:
        """Listen, enrol and add rules. Raises ConfigurationError or RigFault."""
        wanted, stack = self.wanted, self.stack
        private = stack.enter_context(private_directory(private_root()))
        database = open_database(wanted.ledger) if wanted.ledger else None
        log = DailyFiles(_folder(wanted.record), "issuer", self._fault) if wanted.record else Unkept()
        self.recorder = Recorder(
            folder=private / "record", worker="issuer", started_ns=time.monotonic_ns(), started=datetime.now(UTC),
            evidence=dict.fromkeys(Channel, "simulated"), watch=self._watch, log=log,
        )  # fmt: skip
        stack.callback(self.recorder.close)
        if wanted.admin:
            from holdfast.admin.feed import Feed

            self.feed = Feed()
        self.host = IssuerHost(
            market=self.market, emit=self.emit, directory=private, address=wanted.listen[0], port=wanted.listen[1],
            database=database, tls=wanted.tls, ca_keys=house_authority().ca_keys(),
        )  # fmt: skip
        stack.callback(self.host.stop)
        self.listening = address, port = self.host.start()
        self.where = f"{address}:{port}" + (" with TLS" if wanted.tls else "")
        self._enrol(self.rig)
        for model, rule in self.rules:
            self.host.add_rule(rule)
            self._say(f"rule {model.name!r}: {together(rule.actions)}")
        if wanted.ledger:
            self._say(f"ledger in {self.host.inquiry.database}, kept")
        if wanted.admin and self.feed is not None:
            self._administer(wanted.admin, self.feed)

    def emit(self, event: Event) -> None:
        """Count it, and have it masked where somebody looks or it is kept: masking costs more than deciding."""
        self.traffic.seen(event)
        with self._emitting:
            self._shown = self.throttle.shows(event) and not self.wanted.quiet
            if self._shown or self.feed is not None or self.wanted.record:
                self.recorder.emit(event)

    def _watch(self, record: dict[str, Any]) -> None:
        if self._shown:
            self.screen.offer(record)
        if self.feed is not None:
            self.feed.put(record)

    def _masked(self, text: str) -> str:
        return self.recorder.masked(text)

    def _fault(self, fault: RigFault) -> None:
        self.screen.offer(Text(str(fault), style="bold red"))

    def _say(self, words: str) -> None:
        self.console.print(words, highlight=False, markup=False, soft_wrap=True)

    def _figures(self) -> tuple[Counts, str]:
        """For the live line. A host that is busy elsewhere leaves the number of holds as it was."""
        now = time.monotonic()
        if now >= self._holds_due:
            self._holds_due = now + COUNT_EVERY_S
            try:
                count = self.host.inquiry.open_holds(COUNTED_HOLDS + 1)
                self._holds = f"{count:,}" if count <= COUNTED_HOLDS else f"over {COUNTED_HOLDS:,}"
            except HoldfastError:
                self._holds = "?"
        return self.traffic.counts(), self._holds

    def _enrol(self, rig: RigModel) -> None:
        terminal = rig.terminal
        self.host.enrol_terminal(terminal.terminal_id, terminal.merchant_id, bytes.fromhex(terminal.test_master_key))
        check_value = self.host.key_check_value(terminal.terminal_id)
        named = f"terminal {terminal.terminal_id} of {terminal.merchant_id}"
        self._say(f"{named}, check value of its test master key {check_value}")
        for kind, profile in self._firsts().items():
            pan = _first_of_range(profile)
            self.recorder.protect(pan)
            spec = account_spec(kind, pan, profile, self.good_for)
            kept = self.host.open_account(spec, kept=True)
            good_for = "its account as the ledger has it" if kept else f"good for {self.good_for}"
            self._say(f"card {kind}: {mask_pan(pan)}, the first of its range, {good_for}")

    def _firsts(self) -> dict[str, CardProfile]:
        """Of the kinds of card whose numbers are of one range the first: each number is one account."""
        firsts: dict[str, tuple[str, CardProfile]] = {}
        for kind, profile in self.profiles.items():
            firsts.setdefault(_first_of_range(profile), (kind, profile))
        return dict(firsts.values())

    def _administer(self, where: tuple[str, int], feed: Feed) -> None:
        from holdfast.admin.desk import Desk, Given
        from holdfast.admin.server import AdminServer

        desk = Desk(
            Given(self.host, self.market, self.profiles, self.traffic, feed, self.listening,
                  self.recorder.protect, self._masked),
            self.rules,
        )  # fmt: skip
        server = AdminServer(desk, where[0], where[1], self.token)
        self.stack.callback(server.stop)
        self.admin = address, port = server.start()
        guarded = "with a token" if self.token else "for this machine alone, without a token"
        self._say(f"admin API on http://{address}:{port}, {guarded}; /openapi.json describes it")


def _first_of_range(profile: CardProfile) -> str:
    return next(derived(profile.pan_prefix, length=profile.pan_digits))


def _token(wanted: Wanted) -> str:
    """Raises ConfigurationError for a token of nothing, and for an admin API that anyone could ask without one."""
    if wanted.admin is None:
        if wanted.admin_token_file:
            raise ConfigurationError("a token is given, and no admin API", advice="add --admin")
        return ""
    from holdfast.admin.access import admin_token, needs_token

    token = admin_token(wanted.admin_token_file)
    needs_token(wanted.admin[0], token)
    return token


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"no record can be kept in {folder}: {error.strerror}") from None
    return folder
