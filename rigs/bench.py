"""A bench brought up from its rig file: every device ready, identified, self-tested; and taken down again whole.

Bring-up and take-down survive any fault in between: what was opened is closed, in reverse order, and a fault on the
way down is recorded and never raised.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from protocols.events import Channel, Event
from protocols.faults import Cancelled, HoldfastError, RigFault
from protocols.market import Market
from protocols.printing import Paper
from rigs import build
from rigs.allowlist import CardGuard, stop_run
from rigs.cards.loading import load_cards
from rigs.cards.making import CardMaker, Wanted
from rigs.case import Case
from rigs.hosts.simulated import SimulatedHost
from rigs.lease import Lease
from rigs.model import Component, RigModel
from rigs.moments import Moment, Moments
from rigs.people import VirtualPeople
from rigs.ports import Network, OtherTerminal, Printer, Reader, Terminal
from rigs.presenters.virtual import VirtualPresenter
from rigs.private import private_directory, private_root
from rigs.readers.stand import ReaderStand
from rigs.timeline import Recorder
from simulators.card import ChipCard

LEASES = Path(tempfile.gettempdir()) / "holdfast-leases"


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What a worker needs to bring its bench up. `started_ns` and `started` are the run's, the same for all workers."""

    rig_path: Path
    rig: RigModel
    market: Market
    folder: Path
    worker: str
    position: int
    started_ns: int
    started: datetime
    defects: frozenset[str] = frozenset()


@dataclass(slots=True)
class Plastic:
    """A card as its stripe and its holder know it."""

    pan: str = field(repr=False)
    expiry: str
    psn: str
    track2: str = field(repr=False)
    pin: str = field(repr=False)

    @classmethod
    def of(cls, card: ChipCard) -> Plastic:
        return cls(card.pan, card.expiry, card.psn, card.track2, card.profile.pin)


class Bench:
    """All devices of one rig, through their ports. Open with `Bench(plan).open()`, close with `close()`."""

    def __init__(self, plan: BenchPlan) -> None:
        self.plan = plan
        self.market = plan.market
        self.rig = plan.rig
        self.people = VirtualPeople()
        self.environment: dict[str, Any] = {}
        self.card = ""
        self._stack = ExitStack()
        self._issued: dict[str, ChipCard] = {}
        self._moments = Moments()

    @property
    def response_timeout_s(self) -> float:
        """The terminal's time-out in market seconds."""
        return self.rig.response_timeout_s or self.market.timing.response_timeout_s

    def open(self) -> Bench:
        """Lease, private directory, recorder, devices, self-test. Raises RigFault or ConfigurationError."""
        try:
            self._open()
        except BaseException as error:
            self._blame(error)
            self.close()
            raise
        return self

    def _open(self) -> None:
        plan = self.plan
        for device in self.rig.shared:
            self._stack.enter_context(Lease(device, LEASES))
        self.private = self._stack.enter_context(private_directory(private_root()))
        self.recorder: Recorder = Recorder(
            folder=plan.folder, worker=plan.worker, started_ns=plan.started_ns, started=plan.started,
            evidence=build.evidence_of(self.rig),
        )  # fmt: skip
        self._stack.callback(self._quietly, self.recorder.close)
        profiles = load_cards(plan.rig_path, self.rig)
        emit = self._emit
        self.guard = CardGuard(self.rig.test_cards.card_list, emit, stop=lambda: stop_run(plan.folder))
        self._maker = CardMaker(profiles, plan.position, emit, self.guard, self.recorder.protect)
        self.host: SimulatedHost = self._up("host", lambda: build.host(plan, emit, self.private))
        self.printer: Printer
        self.reader: Reader
        self.presenter: VirtualPresenter
        self.printer, slip_printer = self._up("printer", lambda: build.printer(plan, emit, self.private))
        parts = self._up("reader", lambda: build.reader(plan, emit, self.private, self.guard))
        self.reader, self.presenter = parts.driver, parts.presenter
        self.stand = ReaderStand(parts, emit, under_test=Component.READER in plan.rig.dut)
        ways = self.network.ways() if self.rig.host.behind_gateways else ()
        self.terminal: Terminal = self._up(
            "terminal",
            lambda: build.terminal(
                plan,
                emit,
                self.private,
                parts.driver,
                slip_printer,
                self.people,
                self.host,
                ways,
                self.guard,
                stripe=parts.stripe,
                presenter=parts.presenter,
            ),
        )
        self.self_test()
        self.caught_up()  # what the sign-on brought is no part of the first case
        self.stand.arm()

    def _up(self, name: str, bring_up: Callable[[], Any]) -> Any:
        """Bring one device up, record it, and see that it is closed."""
        device = bring_up()
        for part in dict.fromkeys(device) if isinstance(device, tuple) else (device,):
            if hasattr(part, "close"):
                self._stack.callback(self._down, name, part.close)
        self._note("up", device=name)
        return device

    def _down(self, name: str, close: Callable[[], None]) -> None:
        """Clean-up runs everything and raises nothing."""
        try:
            close()
        except Exception as error:
            cause = _safe(error)
            self._quietly(lambda: self._note("take-down fault", device=name, cause=cause))

    @staticmethod
    def _quietly(act: Callable[[], object]) -> None:
        """Where nothing can be recorded any more, there is nobody to tell."""
        with suppress(Exception):
            act()

    def _blame(self, error: BaseException) -> None:
        """Why the bench did not come up, for whoever reads the worker's timeline. Without a recorder there is none."""
        if not hasattr(self, "recorder"):
            return
        component, advice = getattr(error, "component", "harness"), getattr(error, "advice", "")
        cause = error.message if isinstance(error, HoldfastError) else _safe(error)
        self._quietly(lambda: self._note("fault", cause=cause, component=component, advice=advice))

    def _emit(self, event: Event) -> object:
        """To the recorder; then, where it was seen, what a step wants done at that moment."""
        number = self.recorder.emit(event)
        if self._moments:
            self._moments.seen(event)
        return number

    def at(self, channel: Channel, kind: str, act: Callable[[], object], *, occurrence: int = 1, **fields: Any) -> None:
        """Do something as soon as an event of this case is seen for the `occurrence`-th time, before anything else is
        done by whoever saw it."""
        self._moments.await_(Moment(channel, kind, fields, act, occurrence))

    def _note(self, kind: str, **fields: Any) -> None:
        self.recorder.emit(Event(Channel.RIG, kind, fields))

    def self_test(self) -> None:
        """Every device answers before the first case. Raises RigFault that names the one that does not."""
        paper = self.printer.status().paper
        self.environment = {
            "reader": self.reader.attributes(),
            "printer": {"paper": paper.value, **self.printer.attributes()},
            "terminal": self.terminal.identity(),
            "host": self.host.identity() | ({"line": self.rig.host.line} if self.rig.host.behind_gateways else {}),
        }
        self.stand.is_known_as(self.environment["reader"])
        self._note("identity", **self.environment)
        if paper in (Paper.OUT, Paper.UNKNOWN):
            raise RigFault(f"the printer's paper is {paper}", advice="load paper and switch it on", component="printer")
        outcome = self.terminal.sign_on()
        if not outcome.approved:
            raise RigFault(
                f"the terminal could not sign on: {outcome.result} {outcome.code}".strip(),
                advice="compare terminal id, merchant id and master key of rig and terminal",
                component="terminal",
            )
        self._note("self-test", result="passed")

    def issue_card(
        self, kind: str, case: Case, *, fault: str = "", expired: bool = False, atr: bytes | None = None,
        in_field: bool = False, keep: str = "",
    ) -> str:  # fmt: skip
        """A card never used before, of a kind that the rig has; returns its name on this bench.

        `fault` is what is wrong with it, a name of the catalogue of card faults. `atr` is what its worn contacts let
        through in place of its own answer to reset. One for the field is held by who stands there. A card that is kept
        by a name outlives its case: whoever asks for that name again has the same card, with all that it remembers. In
        a later case it has a new name and no account yet.
        """
        card = self._maker.make(Wanted(kind, fault, expired, keep))
        self.card = card.name
        if atr is not None:
            card.atr = atr
        self._issued[self.card] = card
        (self.stand.at_field.presenter if in_field else self.presenter).hold(self.card, card)
        self.host.know(self.card, card)
        self.people.has_card(card.pan, card.expiry, card.profile.pin)
        wrong = {"fault": fault} if fault else {}
        case.emit(Channel.CARD, "issued", card=self.card, profile=card.profile.name, **wrong)
        return self.card

    @cached_property
    def network(self) -> Network:
        """What lies between terminal and host, brought up when it is spoken of first: most cases never do."""
        return cast(Network, self._up("network", self._build_network))

    def _build_network(self) -> Network:
        return build.network(self.plan, self.recorder.emit, self.private, self.host)

    def caught_up(self) -> None:
        """Wait until host and network have told all that they saw so far."""
        self.host.caught_up()
        if self._has_network():
            self.network.caught_up()

    def _has_network(self) -> bool:
        return "network" in self.__dict__

    def _network_behaves(self) -> None:
        if self._has_network():
            self.network.behave()

    def _restore_network(self) -> None:
        if self._has_network():
            self.network.restore()

    @cached_property
    def other_terminal(self) -> OtherTerminal:
        """A second terminal of the merchant, enrolled when it is asked for first: most cases never do."""
        return cast(OtherTerminal, self._up("other terminal", self._build_other_terminal))

    def _build_other_terminal(self) -> OtherTerminal:
        return build.other_terminal(self.plan, self.host, lambda name: Plastic.of(self._issued[name]))

    def take_card_out(self) -> None:
        """The card leaves the reader, and the reader has seen it. Raises RigFault when it sees a card all the same."""
        self.stand.take_card_out()

    def close_case(self) -> list[str]:
        """Between cases: everyone behaves again, reversals are drained, the card is out, the terminal is idle.

        Everything is tried, whatever fails before. Returns what could not be done, as text; raises nothing but
        Cancelled. What fails by a fault of ours is recorded as a bug.
        """
        self.card = ""
        self._issued.clear()
        self._maker.end_case()
        self._moments.forget()
        troubles, cancelled = [], None
        for what, act in (
            ("host", self.host.behave),
            ("network", self._network_behaves),
            ("people", self.people.reset),
            ("printer", self.printer.load_paper),
            ("reader", self.stand.restore),
            ("reader", self.stand.look),
            ("terminal", self.terminal.to_idle),
            ("card", self.take_card_out),
            ("field", self.stand.clear_field),
            ("accounts", self.host.end_case),
            ("date", self.host.reset_date),
            ("parameters", self.terminal.restore_parameters),
            ("network", self._restore_network),
        ):
            try:
                act()
            except Cancelled as error:
                cancelled = error
            except HoldfastError as error:
                troubles.append(f"{what}: {error}")
            except Exception as error:
                troubles.append(f"{what}: {_safe(error)}")
                self._note("bug", cause=_safe(error), where=f"close of a case, {what}")
        self.stand.arm()
        if cancelled is not None:
            raise cancelled
        return troubles

    def close(self) -> None:
        """Take everything down, in reverse order. Raises nothing. A second time does nothing."""
        self._quietly(self._stack.close)


def _safe(error: BaseException) -> str:
    """The text of an error of ours is safe to record; of any other its class alone is."""
    return str(error) if isinstance(error, HoldfastError) else type(error).__name__
