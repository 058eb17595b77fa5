"""Checks a bench device by device, real ones too: each is brought up, asked who it is, tried, and let go again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from protocols.events import Emit, discard
from protocols.faults import HoldfastBug, HoldfastError, RigFault
from protocols.pan import derived
from protocols.printing import Paper
from rigs import build
from rigs.allowlist import CardGuard
from rigs.bench import LEASES, BenchPlan
from rigs.build import HARDWARE, SIMULATED
from rigs.cards.loading import load_card_profile
from rigs.lease import Lease
from rigs.model import EscposSerialOnBench, PcscReaderOnBench
from rigs.people import VirtualPeople
from rigs.presenters.virtual import VirtualPresenter
from rigs.printers.escpos_serial import EscposSerialPrinter
from rigs.private import private_directory, private_root
from rigs.readers.embedded import EmbeddedReader
from rigs.readers.pcsc import PcscReader
from rigs.reference_card import try_card
from simulators.card import ChipCard

DeviceT = TypeVar("DeviceT")
CheckedReader = PcscReader | EmbeddedReader
SEES_S = 5.0
"""Longest wait for a reader to see a card that a twin's presenter put into it."""
USABLE = (Paper.PRESENT, Paper.NEAR_END)


class Result(StrEnum):
    """SKIP is what could not be tried: it is not known to work."""

    PASS = "PASS"
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class Checked:
    """A device, what it said of itself, and for all but PASS what is wrong with it and what to do next.

    `bug` says that the fault is Holdfast's own.
    """

    device: str
    result: Result
    stands: str = SIMULATED
    facts: dict[str, str] = field(default_factory=dict)
    trouble: str = ""
    advice: str = ""
    bug: bool = False


Ask = Callable[[CheckedReader], bool]
"""Has a card put into a real reader: whether one is there now."""
LOOK = "look at its cable, its power and its part of the rig file"
OTHER_CARD = "put it in again and leave it there, or take another test card"
REPORT = "this is a fault of Holdfast: please report it with the rig file"


def nobody(reader: CheckedReader) -> bool:
    """Whether a card lies in the reader already: there is nobody to ask."""
    return reader.card_present()


def check_bench(
    plan: BenchPlan,
    emit: Emit = discard,
    *,
    ask: Ask = nobody,
    real_reader: Callable[..., CheckedReader] = PcscReader,
    real_printer: Callable[..., EscposSerialPrinter] = EscposSerialPrinter,
) -> Iterator[Checked]:
    """Every device in turn; one that does not come up does not keep the others from being asked.

    A card outside the list of test cards ends the check: what was not asked by then is SKIP.
    """
    with ExitStack() as stack:
        check = _Check(plan, emit, stack, ask, real_reader, real_printer)
        yield from check.leases() or check.devices()


class _Check:
    """One check of a bench. What it brings up is let go by `stack`."""

    def __init__(
        self, plan: BenchPlan, emit: Emit, stack: ExitStack, ask: Ask, real_reader: Callable[..., CheckedReader],
        real_printer: Callable[..., EscposSerialPrinter],
    ) -> None:  # fmt: skip
        self._plan, self._emit, self._stack, self._ask_for_card = plan, emit, stack, ask
        self._real_reader, self._real_printer = real_reader, real_printer
        self._private = stack.enter_context(private_directory(private_root()))
        self._guard = CardGuard(plan.rig.test_cards.card_list, emit)
        self._presenter: VirtualPresenter | None = None
        evidence = {"virtual": SIMULATED}
        self._reader_stands = evidence.get(plan.rig.reader.kind, HARDWARE)
        self._printer_stands = evidence.get(plan.rig.printer.kind, HARDWARE)

    def leases(self) -> list[Checked]:
        """What is in use by another run; nothing is touched then."""
        taken = [fault for what in self._plan.rig.shared if (fault := _lease(self._stack, what))]
        if not taken:
            return []
        trouble = "; ".join(fault.message for fault in taken)
        return [Checked("lease", Result.FAIL, HARDWARE, trouble=trouble, advice=taken[0].advice or "wait for its end")]

    def devices(self) -> Iterator[Checked]:
        plan, emit, private = self._plan, self._emit, self._private
        host = yield from self._up("host", SIMULATED, lambda: build.host(plan, emit, private), lambda h: h.identity())
        printer = yield from self._up("printer", self._printer_stands, self._printer, _printer_facts)
        reader = yield from self._up("reader", self._reader_stands, self._reader, lambda r: r.attributes())
        card = self._card(reader)
        yield card
        missing = [name for name, device in {"host": host, "printer": printer, "reader": reader}.items() if not device]
        if self._guard.shut:
            yield _skipped("terminal", SIMULATED, "a card outside the allow-list was presented", card.advice)
        elif missing:
            yield _skipped("terminal", SIMULATED, _needs(missing), f"mend the {' and the '.join(missing)} first")
        else:
            people = VirtualPeople()
            yield from self._up(
                "terminal", SIMULATED,
                lambda: build.terminal(plan, emit, private, reader, printer, people, host, guard=self._guard),
                _sign_on,
            )  # fmt: skip

    def _up(
        self, name: str, stands: str, bring_up: Callable[[], DeviceT], facts: Callable[[DeviceT], dict[str, str]]
    ) -> Any:
        """Yields what came of it, and returns the device, or None when it is not there."""
        try:
            device = bring_up()
            self._stack.callback(_let_go, device)
            told = facts(device)
        except Exception as error:
            yield _failed(name, stands, error)
            return None
        yield Checked(name, Result.PASS, stands, told)
        return device

    def _reader(self) -> CheckedReader:
        model = self._plan.rig.reader
        if isinstance(model, PcscReaderOnBench):
            reader = self._real_reader(
                model.choice, self._emit, call_deadline_s=model.call_deadline_s, admit=self._guard.admit
            )
            self._guard.watch(reader)
            return reader
        built = build.reader(self._plan, self._emit, self._private, self._guard)
        if built.field is not None:
            self._stack.callback(_let_go, built.field)
        self._presenter = built.presenter
        return built.driver

    def _printer(self) -> EscposSerialPrinter:
        model = self._plan.rig.printer
        if isinstance(model, EscposSerialOnBench):
            return self._real_printer(model.port, model.baud)
        on_bench, driver = build.printer(self._plan, self._emit, self._private)
        self._stack.callback(_let_go, on_bench)
        return driver

    def _card(self, reader: CheckedReader | None) -> Checked:
        """The rig's first card in its reader; a real reader's is put in by whoever is asked."""
        stands = self._reader_stands
        if reader is None:
            return _skipped("card", stands, _needs(["reader"]), "mend the reader first")
        try:
            if not (self._inserted(reader) if self._presenter else self._ask_for_card(reader)):
                return _skipped(
                    "card", stands, "no card is in the reader",
                    "put a test card into it and check again; `--wait 30` waits for it",
                )  # fmt: skip
            return Checked("card", Result.PASS, stands, try_card(reader))
        except Exception as error:
            return _failed("card", stands, error)

    def _inserted(self, reader: CheckedReader) -> bool:
        assert self._presenter is not None
        kind, path = next(iter(self._plan.rig.cards.items()))
        profile = load_card_profile(self._plan.rig_path.parent / path)
        self._presenter.hold(
            kind, ChipCard(profile, next(derived(profile.pan_prefix, length=profile.pan_digits)), name=kind)
        )
        self._presenter.offer(kind)
        if not reader.wait_for_card(True, SEES_S):
            raise RigFault("the reader does not see the card in it", advice="plug it in again", component="reader")
        return True


def _lease(stack: ExitStack, what: str) -> RigFault | None:
    try:
        stack.enter_context(Lease(what, LEASES))
    except RigFault as fault:
        return fault
    return None


def _needs(missing: list[str]) -> str:
    return f"not tried: it needs the {' and the '.join(missing)}"


def _skipped(device: str, stands: str, trouble: str, advice: str) -> Checked:
    return Checked(device, Result.SKIP, stands, trouble=trouble, advice=advice)


def _failed(device: str, stands: str, error: Exception) -> Checked:
    """The text of an error of ours is safe to show; of any other its class alone is."""
    if not isinstance(error, HoldfastError):
        return Checked(device, Result.FAIL, stands, trouble=type(error).__name__, advice=REPORT, bug=True)
    bug = isinstance(error, HoldfastBug)
    advice = error.advice or (REPORT if bug else OTHER_CARD if device == "card" else LOOK)
    return Checked(device, Result.FAIL, stands, trouble=error.message, advice=advice, bug=bug)


def _let_go(device: Any) -> None:
    """What was asked is told already: a fault on the way down changes nothing of it."""
    with suppress(Exception):
        device.close()


def _printer_facts(printer: EscposSerialPrinter) -> dict[str, str]:
    paper = printer.status().paper
    if paper not in USABLE:
        raise RigFault(f"the printer's paper is {paper}", advice="load paper and switch it on")
    return {"paper": paper.value, **printer.attributes()}


def _sign_on(terminal: Any) -> dict[str, str]:
    outcome = terminal.sign_on()
    if not outcome.approved:
        raise RigFault(
            f"the terminal could not sign on: {outcome.result} {outcome.code}".strip(),
            advice="compare terminal id, merchant id and master key of rig and terminal",
        )
    return {**terminal.identity(), "signs on": "yes"}
