"""Every driver keeps the contract of its port: each call is there, takes what the port says and returns it.

The assignments below are for mypy, which sees what a comparison of signatures at run time does not.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest

from rigs.hosts.simulated import SimulatedHost
from rigs.network.virtual import VirtualNetwork
from rigs.people import VirtualPeople
from rigs.ports import Host, Network, People, Presenter, Printer, Reader, Terminal
from rigs.presenters.virtual import VirtualPresenter
from rigs.printers.bench import VirtualPrinterOnBench
from rigs.readers.embedded import EmbeddedReader
from rigs.readers.pcsc import PcscReader
from rigs.terminals.reference import ReferenceTerminalDriver

if TYPE_CHECKING:

    def _keep(
        host: SimulatedHost, people: VirtualPeople, presenter: VirtualPresenter, printer: VirtualPrinterOnBench,
        embedded: EmbeddedReader, pcsc: PcscReader, terminal: ReferenceTerminalDriver, network: VirtualNetwork,
    ) -> tuple[Host, People, Presenter, Printer, Reader, Reader, Terminal, Network]:  # fmt: skip
        return host, people, presenter, printer, embedded, pcsc, terminal, network


DRIVERS = [
    (Host, SimulatedHost), (People, VirtualPeople), (Presenter, VirtualPresenter), (Printer, VirtualPrinterOnBench),
    (Reader, EmbeddedReader), (Reader, PcscReader), (Terminal, ReferenceTerminalDriver),
    (Network, VirtualNetwork),
]  # fmt: skip
CALLS = [
    (driver, name, call)
    for port, driver in DRIVERS
    for name, call in vars(port).items()
    if inspect.isfunction(call) and not name.startswith("_")
]


@pytest.mark.parametrize(("driver", "name", "call"), CALLS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_driver_keeps_the_contract_of_its_port(driver: type, name: str, call: Any) -> None:
    kept = getattr(driver, name, None)
    assert inspect.isfunction(kept), f"{driver.__name__} has no {name}"
    assert _shape(kept) == _shape(call)
    assert get_type_hints(kept)["return"] == get_type_hints(call)["return"]


def _shape(call: Any) -> list[tuple[str, Any, Any]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(call).parameters.values()]


@pytest.mark.parametrize("port", list(dict.fromkeys(port for port, _ in DRIVERS)), ids=lambda port: port.__name__)
def test_every_call_of_a_port_says_what_it_is_for(port: type) -> None:
    assert all(call.__doc__ for name, call in vars(port).items() if inspect.isfunction(call) and name[0] != "_")
