"""From the parts of a rig file to devices that work: one function a kind of device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from protocols.events import Channel, Emit, Event
from protocols.faults import ConfigurationError
from protocols.iso8583.pin import PinFormat
from rigs.allowlist import CardGuard, no_core_files
from rigs.hosts.simulated import SimulatedHost
from rigs.model import RigModel, VirtualReader
from rigs.model import VirtualPrinterOnBench as VirtualPrinterModel
from rigs.network.virtual import VirtualNetwork
from rigs.people import SUPERVISOR_PASSWORD, VirtualPeople
from rigs.ports import Way
from rigs.presenters.obliging import oblige
from rigs.presenters.virtual import VirtualPresenter
from rigs.printers.bench import VirtualPrinterOnBench
from rigs.printers.escpos_serial import EscposSerialPrinter
from rigs.readers.embedded import EmbeddedReader
from rigs.readers.pcsc import PcscReader
from rigs.readers.profiles.loading import load_reader_profile
from rigs.terminals.ca_keys import KeyRing
from rigs.terminals.keyfile import all_revoked, keys_of, load_key_file
from rigs.terminals.reference import ReferenceTerminalDriver, gateways_of
from rigs.terminals.scripted import ScriptedTerminalDriver
from simulators.card.authority import house_authority
from simulators.pinpad import PinPad
from simulators.printer import VirtualPrinter
from simulators.reader import EmbeddedSlot, PcscService, ReaderModel, ReaderProfile, SlotKind, StripeSlot, unavailable
from simulators.reader.defects import ReaderDefects
from simulators.terminal import ReferenceTerminal, TerminalParameters
from simulators.terminal.contact.configuration import UNIONPAY
from simulators.terminal.usual import CardOfBench

if TYPE_CHECKING:
    from rigs.bench import BenchPlan

Driver = PcscReader | EmbeddedReader
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
    simulated = SimulatedHost(
        market=plan.market, emit=emit, directory=private, time_scale=plan.rig.time_scale,
        ca_keys=house_authority().ca_keys(),
    )  # fmt: skip
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


class Field(NamedTuple):
    """The contactless slot of a reader that has a contact slot, too: the terminal has no use for it."""

    driver: Driver
    presenter: VirtualPresenter

    def close(self) -> None:
        self.driver.close()


class ReaderOnBench(NamedTuple):
    """The reader as steps and terminal drive it, who puts cards to it, its field if it has one, its defects, and the
    slot for the stripe beside it."""

    driver: Driver
    presenter: VirtualPresenter
    field: Field | None
    defects: ReaderDefects
    stripe: StripeSlot


def reader(plan: BenchPlan, emit: Emit, private: Path, guard: CardGuard | None = None) -> ReaderOnBench:
    """The rig's reader, whole. Its first slot is the terminal's. Without a guard of a run it has one by itself."""
    guard = guard or CardGuard(plan.rig.test_cards.card_list, emit)
    no_core_files()
    profile, behind_pcscd = reader_twin(plan.rig)
    if behind_pcscd:
        built = _behind_pcscd(plan, emit, private, profile, guard)
    else:
        built = _in_process(plan, emit, profile, guard)
    guard.watch(built.driver)
    if built.field is not None:
        guard.watch(built.field.driver)
    return built


def reader_twin(rig: RigModel) -> tuple[ReaderProfile, bool]:
    """What the reader twin stands for, and whether it stands behind pcscd: all that is known before it is brought up.

    Raises ConfigurationError for a rig whose reader no run can use.
    """
    model = rig.reader
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
    return profile_of(model), model.service != "in-process" and not reason


def profile_of(reader: VirtualReader) -> ReaderProfile:
    """What the twin stands for."""
    return load_reader_profile(reader.profile)


def has_field(rig: RigModel) -> bool:
    """Whether the rig's reader has a contactless slot beside the one that the terminal drives."""
    return rig.reader.kind == "virtual" and _field_of(profile_of(rig.reader)) is not None


def _in_process(plan: BenchPlan, emit: Emit, profile: ReaderProfile, guard: CardGuard) -> ReaderOnBench:
    slot = EmbeddedSlot(emit, profile)
    driver = EmbeddedReader(slot, _of_slot(emit, profile, 0), admit=guard.admit)
    field = None
    if (number := _field_of(profile)) is not None:
        other = EmbeddedSlot(emit, profile, kind=profile.slots[number], casing=slot.casing)
        beside = EmbeddedReader(other, _of_slot(emit, profile, number), admit=guard.admit)
        field = Field(beside, VirtualPresenter(other))
    stripe = StripeSlot(emit)
    defects = ReaderDefects(plan.defects, slot.faults)
    return ReaderOnBench(driver, VirtualPresenter(slot, stripe), field, defects, stripe)


def _behind_pcscd(
    plan: BenchPlan, emit: Emit, private: Path, profile: ReaderProfile, guard: CardGuard
) -> ReaderOnBench:
    deadline_s = plan.rig.reader.call_deadline_s
    with ExitStack() as undo:
        twin = ReaderModel(private / "reader.sock", emit, profile)
        undo.callback(twin.close)
        service = PcscService(private, twin)
        undo.callback(service.stop)

        def revive() -> None:
            """A lost reader: plug it in and give it a fresh daemon."""
            twin.replug()
            service.restart()

        service.start()
        field = None
        if (number := _field_of(profile)) is not None:
            other = PcscReader(
                _listed(profile, number), _of_slot(emit, profile, number), socket=str(service.socket),
                call_deadline_s=deadline_s, admit=guard.admit,
            )  # fmt: skip
            undo.callback(other.close)
            field = Field(other, VirtualPresenter(twin.slots[number]))
        driver = PcscReader(
            _listed(profile, 0), _of_slot(emit, profile, 0), socket=str(service.socket), call_deadline_s=deadline_s,
            revive=revive, on_close=lambda: down.close(), admit=guard.admit,
            extra=lambda: {"service": service.version, "pid": str(service.pid)},
        )  # fmt: skip
        stripe = StripeSlot(emit)
        presenter = VirtualPresenter(twin, stripe)
        down = undo.pop_all()
    return ReaderOnBench(driver, presenter, field, ReaderDefects(plan.defects, twin.faults), stripe)


def _field_of(profile: ReaderProfile) -> int | None:
    """The number of the contactless slot beside the one that the terminal drives."""
    further = (number for number, kind in enumerate(profile.slots) if number and kind is SlotKind.CONTACTLESS)
    return next(further, None)


def _listed(profile: ReaderProfile, slot: int) -> str:
    """A pattern for the name that PC/SC gives to a slot: that of the reader, its number, the slot's number."""
    return f"{profile.name} ?? {slot:02X}"


def _of_slot(emit: Emit, profile: ReaderProfile, number: int) -> Emit:
    """What a driver tells of a reader with several slots says of which: the twin says so itself."""
    if len(profile.slots) == 1:
        return emit
    slot = profile.slots[number].value

    def tell(event: Event) -> object:
        if event.channel is Channel.READER:
            event = Event(
                event.channel, event.kind, {**event.fields, "slot": slot}, event.direction, event.raw, event.at_ns
            )
        return emit(event)

    return tell


def terminal(
    plan: BenchPlan, emit: Emit, private: Path, card_reader: Driver, slips: EscposSerialPrinter,
    people: VirtualPeople, issuer: SimulatedHost, ways: Sequence[Way] = (), guard: CardGuard | None = None, *,
    stripe: StripeSlot | None = None, presenter: VirtualPresenter | None = None,
) -> ReferenceTerminalDriver:  # fmt: skip
    """The reference terminal, configured for the rig; its time-outs are the market's, scaled.

    Numbers that are typed and stripes come by the guard, too: the run's, or one by itself. The presenter, where there
    is one, sees what the terminal's display asks of him.
    """
    guard = guard or CardGuard(plan.rig.test_cards.card_list, emit)

    def shown(event: Event) -> object:
        number = emit(event)
        if presenter is not None:
            oblige(presenter, event)
        return number

    ring = key_ring(plan)
    twin = ReferenceTerminal(
        reader=card_reader, printer=slips, keypad=people, pinpad=pin_pad(plan, emit, people), cardholder=people,
        stripe=stripe, host=issuer.address, market=plan.market, parameters=_parameters(plan, ring, ways),
        emit=shown, directory=private, defects=plan.defects, only=guard.number,
    )  # fmt: skip
    return ReferenceTerminalDriver(twin, keys=ring, card_in_hand=lambda: people.card_number, emit=emit)


def _parameters(plan: BenchPlan, ring: KeyRing, ways: Sequence[Way]) -> TerminalParameters:
    model, timing = plan.rig.terminal, plan.market.timing
    timeout = plan.rig.response_timeout_s or timing.response_timeout_s
    return TerminalParameters(
        terminal_id=model.terminal_id, merchant_id=model.merchant_id, merchant_name=model.merchant_name,
        operator=model.operator, columns=model.columns, response_timeout_s=timeout / plan.rig.time_scale,
        connect_timeout_s=timing.connect_timeout_s / plan.rig.time_scale,
        card_wait_s=2 * timeout / plan.rig.time_scale, supervisor_password=SUPERVISOR_PASSWORD,
        time_scale=plan.rig.time_scale, gateways=gateways_of(ways), ca_keys=ring.delivered,
    )  # fmt: skip


def pin_pad(plan: BenchPlan, emit: Emit, people: VirtualPeople) -> PinPad:
    """The PIN pad, its master key injected."""
    return PinPad(
        test_master_key=bytes.fromhex(plan.rig.terminal.test_master_key), hands=people, emit=emit,
        pin_format=PinFormat(plan.market.security.pin_format), defects=plan.defects,
    )  # fmt: skip


def key_ring(plan: BenchPlan) -> KeyRing:
    """The public keys of card schemes that the rig gives its terminal."""
    authority, model = house_authority(), plan.rig.terminal
    file = load_key_file(plan.rig_path.parent / model.ca_keys) if model.ca_keys else keys_of(authority)
    store = file.store({rule.rid for rule in UNIONPAY})
    return KeyRing(store, lambda: frozenset(file.store().revoked | all_revoked(authority)))


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
