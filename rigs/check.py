"""Checks a bench device by device, real ones too: each is brought up, asked who it is, and let go again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from protocols.events import Emit, discard
from protocols.faults import HoldfastError, RigFault
from protocols.printing import Paper
from rigs import build
from rigs.bench import LEASES, BenchPlan
from rigs.lease import Lease
from rigs.model import EscposSerialOnBench, PcscReaderOnBench
from rigs.people import VirtualPeople
from rigs.printers.escpos_serial import EscposSerialPrinter
from rigs.private import private_directory, private_root
from rigs.readers.embedded import EmbeddedReader
from rigs.readers.pcsc import PcscReader

DeviceT = TypeVar("DeviceT")
USABLE = (Paper.PRESENT, Paper.NEAR_END)


@dataclass(frozen=True, slots=True)
class Checked:
    """A device, what it said of itself, and what is wrong with it; an empty `trouble` is none."""

    device: str
    facts: dict[str, str] = field(default_factory=dict)
    trouble: str = ""


def check_bench(plan: BenchPlan, emit: Emit = discard) -> Iterator[Checked]:
    """Every device in turn; one that does not come up does not keep the others from being asked."""
    with ExitStack() as stack:
        private = stack.enter_context(private_directory(private_root()))
        taken = [f for what in plan.rig.shared if (f := _lease(stack, what))]
        if taken:
            yield Checked("lease", trouble="; ".join(taken))
            return
        host = yield from _ask(stack, "host", lambda: build.host(plan, emit, private), lambda host: host.identity())
        printer = yield from _ask(stack, "printer", lambda: _printer(stack, plan, emit, private), _printer_facts)
        reader = yield from _ask(stack, "reader", lambda: _reader(plan, emit, private), lambda r: r.attributes())
        if host is None or printer is None or reader is None:
            yield Checked("terminal", trouble="not tried: a device that it needs is not there")
            return
        people = VirtualPeople()
        yield from _ask(
            stack, "terminal", lambda: build.terminal(plan, emit, private, reader, printer, people, host), _sign_on
        )


def _lease(stack: ExitStack, what: str) -> str:
    try:
        stack.enter_context(Lease(what, LEASES))
    except RigFault as fault:
        return str(fault)
    return ""


def _ask(
    stack: ExitStack, name: str, bring_up: Callable[[], DeviceT], facts: Callable[[DeviceT], dict[str, str]]
) -> Any:
    """Yields what came of it, and returns the device, or None when it is not there."""
    try:
        device = bring_up()
        stack.callback(_let_go, device)
        told = facts(device)
    except Exception as error:
        yield Checked(name, trouble=str(error) if isinstance(error, HoldfastError) else type(error).__name__)
        return None
    yield Checked(name, told)
    return device


def _let_go(device: Any) -> None:
    """What was asked is told already: a fault on the way down changes nothing of it."""
    with suppress(Exception):
        device.close()


def _reader(plan: BenchPlan, emit: Emit, private: Path) -> PcscReader | EmbeddedReader:
    model = plan.rig.reader
    if isinstance(model, PcscReaderOnBench):
        return PcscReader(model.name, emit, call_deadline_s=model.call_deadline_s)
    return build.reader(plan, emit, private)[0]


def _printer(stack: ExitStack, plan: BenchPlan, emit: Emit, private: Path) -> EscposSerialPrinter:
    model = plan.rig.printer
    if isinstance(model, EscposSerialOnBench):
        return EscposSerialPrinter(model.port, model.baud)
    on_bench, driver = build.printer(plan, emit, private)
    stack.callback(_let_go, on_bench)
    return driver


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
