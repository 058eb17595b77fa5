"""From the parts of a rig file to devices that work: one function a kind of device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from protocols.events import Channel, Emit
from protocols.faults import ConfigurationError
from rigs.hosts.simulated import SimulatedHost
from rigs.model import RigModel
from rigs.model import VirtualPrinterOnBench as VirtualPrinterModel
from rigs.network.virtual import VirtualNetwork
from rigs.people import SUPERVISOR_PASSWORD, VirtualPeople
from rigs.ports import Way
from rigs.presenters.virtual import VirtualPresenter
from rigs.printers.bench import VirtualPrinterOnBench
from rigs.printers.escpos_serial import EscposSerialPrinter
from rigs.readers.embedded import EmbeddedReader
from rigs.readers.pcsc import PcscReader
from rigs.terminals.reference import ReferenceTerminalDriver, gateways_of
from rigs.terminals.scripted import ScriptedTerminalDriver
from simulators.printer import VirtualPrinter
from simulators.reader import EmbeddedSlot, PcscService, ReaderModel, unavailable
from simulators.reader.service import READER_NAME
from simulators.terminal import ReferenceTerminal, TerminalParameters
from simulators.terminal.usual import CardOfBench

if TYPE_CHECKING:
    from rigs.bench import BenchPlan

SIMULATED, HARDWARE = "simulated", "hardware"


def evidence_of(rig: RigModel) -> dict[Channel, str]:
    """For each channel, whether what it shows comes from hardware."""
    evidence = dict.fromkeys(Channel, SIMULATED)
    if rig.reader.kind != "virtual":
        evidence[Channel.READER] = evidence[Channel.CARD] = HARDWARE
    if rig.printer.kind != "virtual":
        evidence[Channel.PRINTER] = HARDWARE
    return evidence


def host(plan: BenchPlan, emit: Emit, private: Path) -> SimulatedHost:
    """The issuer host, the rig's terminal enrolled."""
    simulated = SimulatedHost(market=plan.market, emit=emit, directory=private, time_scale=plan.rig.time_scale)
    terminal = plan.rig.terminal
    try:
        simulated.enrol(terminal.terminal_id, terminal.merchant_id, bytes.fromhex(terminal.test_master_key))
    except BaseException:
        simulated.close()
        raise
    return simulated


def network(plan: BenchPlan, emit: Emit, private: Path, issuer: SimulatedHost) -> VirtualNetwork:
    """What lies between terminal and host."""
    model = plan.rig.host
    return VirtualNetwork(issuer.address, emit, private, encrypted=model.tls, second=model.second_gateway)


def printer(plan: BenchPlan, emit: Emit, private: Path) -> tuple[VirtualPrinterOnBench, EscposSerialPrinter]:
    """The printer as a hand holds it, and as a terminal drives it."""
    if not isinstance(plan.rig.printer, VirtualPrinterModel):
        raise ConfigurationError(
            "a real printer needs a person at the bench who loads its paper",
            advice="`holdfast rig check` tests it; whole runs with people come with the box rig",
        )
    twin = VirtualPrinter(emit)
    try:
        driver = EscposSerialPrinter(twin.path)
    except BaseException:
        twin.close()
        raise
    return VirtualPrinterOnBench(twin, driver), driver


def reader(
    plan: BenchPlan, emit: Emit, private: Path
) -> tuple[PcscReader | EmbeddedReader, VirtualPresenter, PcscReader | EmbeddedReader]:
    """The reader, who puts cards to it, and the reader once more as the terminal drives it."""
    model = plan.rig.reader
    if model.kind != "virtual":
        raise ConfigurationError(
            "a real reader needs a person at the bench who presents cards",
            advice="`holdfast rig check` tests it; whole runs with people come with the box rig",
        )
    reason = unavailable()
    if model.service == "pcscd" and reason:
        raise ConfigurationError(
            f"the rig wants pcscd, but {reason}", advice="let the set-up install it, or say `auto`"
        )
    if model.service == "in-process" or reason:
        slot = EmbeddedSlot(emit)
        embedded = EmbeddedReader(slot, emit)
        return embedded, VirtualPresenter(slot), embedded
    return _behind_pcscd(emit, private, model.call_deadline_s)


def _behind_pcscd(emit: Emit, private: Path, deadline_s: float) -> tuple[PcscReader, VirtualPresenter, PcscReader]:
    with ExitStack() as undo:
        twin = ReaderModel(private / "reader.sock", emit)
        undo.callback(twin.close)
        service = PcscService(private, twin.path)
        undo.callback(service.stop)

        def revive() -> None:
            """A lost reader: plug it in and give it a fresh daemon."""
            twin.replug()
            service.restart()

        service.start()
        driver = PcscReader(
            READER_NAME, emit, socket=str(service.socket), call_deadline_s=deadline_s, revive=revive,
            on_close=lambda: down.close(),
            extra=lambda: {"service": service.version, "pid": str(service.pid)},
        )  # fmt: skip
        presenter = VirtualPresenter(twin)
        down = undo.pop_all()
    return driver, presenter, driver


def terminal(
    plan: BenchPlan, emit: Emit, private: Path, card_reader: PcscReader | EmbeddedReader, slips: EscposSerialPrinter,
    people: VirtualPeople, issuer: SimulatedHost, ways: Sequence[Way] = (),
) -> ReferenceTerminalDriver:  # fmt: skip
    """The reference terminal, configured for the rig; its time-outs are the market's, scaled."""
    model, timing = plan.rig.terminal, plan.market.timing
    timeout = plan.rig.response_timeout_s or timing.response_timeout_s
    parameters = TerminalParameters(
        terminal_id=model.terminal_id, merchant_id=model.merchant_id, merchant_name=model.merchant_name,
        operator=model.operator, master_key=bytes.fromhex(model.test_master_key), columns=model.columns,
        response_timeout_s=timeout / plan.rig.time_scale,
        connect_timeout_s=timing.connect_timeout_s / plan.rig.time_scale,
        card_wait_s=2 * timeout / plan.rig.time_scale, supervisor_password=SUPERVISOR_PASSWORD,
        time_scale=plan.rig.time_scale, gateways=gateways_of(ways),
    )  # fmt: skip
    return ReferenceTerminalDriver(
        ReferenceTerminal(
            reader=card_reader,
            printer=slips,
            keypad=people,
            host=issuer.address,
            market=plan.market,
            parameters=parameters,
            emit=emit,
            directory=private,
            defects=plan.defects,
        )
    )


def other_terminal(
    plan: BenchPlan, issuer: SimulatedHost, card_of: Callable[[str], CardOfBench]
) -> ScriptedTerminalDriver:
    """A scripted terminal of the same merchant, enrolled at the host under a number of its own."""
    model, timeout = plan.rig.terminal, plan.rig.response_timeout_s or plan.market.timing.response_timeout_s
    number = f"{(int(model.terminal_id) + 1) % 10**8:08d}"
    master_key = bytes.fromhex(model.test_master_key)
    issuer.enrol(number, model.merchant_id, master_key)
    return ScriptedTerminalDriver(
        address=issuer.address, terminal_id=number, merchant_id=model.merchant_id, master_key=master_key,
        market=plan.market, card_of=card_of, response_timeout_s=timeout / plan.rig.time_scale,
    )  # fmt: skip
