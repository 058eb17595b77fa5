"""`rig check`: each device is asked by its real driver; one that is not there does not keep the others from it."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.events import discard
from protocols.faults import RigFault
from rigs import build
from rigs.check import Checked, check_bench
from rigs.hosts.simulated import SimulatedHost
from rigs.lease import Lease
from rigs.printers import escpos_serial
from rigs.terminals.reference import ReferenceTerminalDriver
from simulators.printer import VirtualPrinter
from tests.rigs.kit import held, plan_of, raising, to_itself


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    to_itself(monkeypatch, tmp_path)


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    twin = VirtualPrinter(discard)
    yield twin
    twin.close()


def checked(folder: Path, **changes: Any) -> dict[str, Checked]:
    return {found.device: found for found in check_bench(plan_of(folder, **changes))}


def on_port(port: str) -> dict[str, Any]:
    return {"kind": "escpos-serial", "port": port}


def test_on_the_virtual_bench_all_is_ready_and_nothing_is_left(tmp_path: Path) -> None:
    before = held()
    found = checked(tmp_path)
    assert held() == before
    assert list(found) == ["host", "printer", "reader", "terminal"]
    assert not [device.trouble for device in found.values() if device.trouble]
    assert found["reader"].facts["driver"] == "in process, no PC/SC"
    assert found["terminal"].facts["signs on"] == "yes"


def test_a_real_printer_is_asked_by_its_own_driver(tmp_path: Path, printer: VirtualPrinter) -> None:
    facts = checked(tmp_path, printer=on_port(printer.path))["printer"].facts
    assert facts == {
        "paper": "present", "port": printer.path, "firmware": "1.0", "maker": "Holdfast", "model": "virtual printer",
        "serial": "SIM-PRN-1",
    }  # fmt: skip


def test_a_printer_without_paper_is_a_fault_and_the_others_are_still_asked(
    tmp_path: Path, printer: VirtualPrinter
) -> None:
    printer.remove_paper()
    found = checked(tmp_path, printer=on_port(printer.path))
    assert found["printer"] == Checked("printer", {}, "the printer's paper is out (load paper and switch it on)")
    assert not found["host"].trouble
    assert not found["reader"].trouble
    assert "a device that it needs is not there" in found["terminal"].trouble


def test_a_printer_that_says_nothing_is_unknown_and_that_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escpos_serial, "STATUS_DEADLINE_S", 0.05)
    master, slave = pty.openpty()
    try:
        tty.setraw(slave)
        found = checked(tmp_path, printer=on_port(os.ttyname(slave)))
    finally:
        os.close(master)
        os.close(slave)
    assert found["printer"].trouble.startswith("the printer's paper is unknown")
    assert not found["reader"].trouble


def test_a_port_that_is_missing_is_named_and_the_others_are_still_asked(tmp_path: Path) -> None:
    port = str(tmp_path / "ttyUSB7")
    found = checked(tmp_path, printer=on_port(port))
    assert list(found) == ["host", "printer", "reader", "terminal"]
    assert found["printer"].trouble.startswith(f"the printer's port {port} cannot be opened: ")
    assert found["host"].facts
    assert found["reader"].facts


def test_a_port_that_is_leased_names_its_holder_and_nothing_is_touched(
    tmp_path: Path, printer: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "host", raising(AssertionError("touched")))
    with Lease(f"port {printer.path}", tmp_path / "leases"):
        found = checked(tmp_path, printer=on_port(printer.path))
    assert list(found) == ["lease"]
    assert f"the port {printer.path} is in use by process {os.getpid()}" in found["lease"].trouble


def test_all_leases_that_are_taken_are_told_at_once(tmp_path: Path, printer: VirtualPrinter) -> None:
    with Lease(f"port {printer.path}", tmp_path / "leases"), Lease("rig virtual-bench", tmp_path / "leases"):
        trouble = checked(tmp_path, printer=on_port(printer.path))["lease"].trouble
    assert "rig virtual-bench is in use" in trouble
    assert f"port {printer.path} is in use" in trouble


@pytest.mark.parametrize("device", ["host", "printer", "reader", "terminal"])
@pytest.mark.parametrize(
    ("error", "told"), [(RigFault("it broke", advice="mend it"), "it broke (mend it)"), (ValueError("x"), "ValueError")]
)
def test_a_device_that_does_not_come_up_leaves_nothing_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, error: Exception, told: str
) -> None:
    monkeypatch.setattr(build, device, raising(error))
    before = held()
    found = checked(tmp_path)
    assert held() == before
    assert found[device].trouble == told
    assert all(found[other].facts for other in ("host", "printer", "reader") if other != device)


def test_a_real_reader_is_asked_by_its_own_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def no_reader(name: str, emit: Any, *, call_deadline_s: float) -> Any:
        asked.append((name, call_deadline_s))
        raise RigFault("no reader is called 'ACS'", advice="PC/SC lists: none")

    monkeypatch.setattr("rigs.check.PcscReader", no_reader)
    found = checked(tmp_path, reader={"kind": "pcsc", "name": "ACS"})
    assert asked == [("ACS", 30.0)]
    assert found["reader"].trouble == "no reader is called 'ACS' (PC/SC lists: none)"


def test_a_terminal_that_cannot_sign_on_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol = SimulatedHost.enrol
    monkeypatch.setattr(
        SimulatedHost, "enrol", lambda host, terminal, merchant, key: enrol(host, terminal, merchant, bytes(16))
    )
    assert "could not sign on" in checked(tmp_path)["terminal"].trouble


def test_a_device_that_does_not_go_down_changes_nothing_of_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = ReferenceTerminalDriver.close

    def close_and_raise(driver: Any) -> None:
        close(driver)
        raise ValueError

    monkeypatch.setattr(ReferenceTerminalDriver, "close", close_and_raise)
    before = held()
    found = checked(tmp_path)
    assert held() == before
    assert not found["terminal"].trouble


def test_who_stops_asking_leaves_nothing(tmp_path: Path) -> None:
    before = held()
    asking = check_bench(plan_of(tmp_path))
    assert next(iter(asking)).device == "host"
    asking.close()  # type: ignore[attr-defined]
    assert held() == before
