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
from protocols.faults import ForeignCard, HoldfastBug, ReaderGone, RigFault
from protocols.pan import derived
from rigs import build
from rigs.cards.loading import load_card_profile
from rigs.check import LOOK, OTHER_CARD, REPORT, Checked, Result, check_bench, nobody
from rigs.hosts.simulated import SimulatedHost
from rigs.lease import Lease
from rigs.printers import escpos_serial
from rigs.readers.choice import ReaderChoice
from rigs.readers.embedded import EmbeddedReader
from rigs.terminals.reference import ReferenceTerminalDriver
from simulators.card import ChipCard
from simulators.printer import VirtualPrinter
from simulators.reader import EmbeddedSlot
from tests.rigs.kit import RIGS, held, plan_of, raising, to_itself


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


def results(found: dict[str, Checked]) -> dict[str, Result]:
    return {device: row.result for device, row in found.items()}


def on_port(port: str) -> dict[str, Any]:
    return {"kind": "escpos-serial", "port": port}


def test_on_the_virtual_bench_all_pass_and_nothing_is_left(tmp_path: Path) -> None:
    before = held()
    found = checked(tmp_path)
    assert held() == before
    assert results(found) == dict.fromkeys(("host", "printer", "reader", "card", "terminal"), Result.PASS)
    assert found["reader"].facts["driver"] == "in process, no PC/SC"
    assert found["card"].facts["card number"] == "625094******0014"
    assert found["terminal"].facts["signs on"] == "yes"
    assert {row.stands for row in found.values()} == {"simulated"}


def test_the_contact_slot_of_a_dual_reader_is_tried_and_its_field_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go: list[build.Field] = []
    monkeypatch.setattr(build.Field, "close", lambda field: let_go.append(field))
    before = held()
    found = checked(tmp_path, reader={"kind": "virtual", "service": "in-process", "profile": "dual"})
    assert held() == before
    assert found["card"].result is Result.PASS
    assert len(let_go) == 1


def test_a_real_printer_is_asked_by_its_own_driver(tmp_path: Path, printer: VirtualPrinter) -> None:
    found = checked(tmp_path, printer=on_port(printer.path))["printer"]
    assert (found.result, found.stands) == (Result.PASS, "hardware")
    assert found.facts == {
        "paper": "present", "port": printer.path, "firmware": "1.0", "maker": "Holdfast", "model": "virtual printer",
        "serial": "SIM-PRN-1",
    }  # fmt: skip


def test_a_printer_without_paper_is_a_fault_and_the_others_are_still_asked(
    tmp_path: Path, printer: VirtualPrinter
) -> None:
    printer.remove_paper()
    found = checked(tmp_path, printer=on_port(printer.path))
    assert found["printer"] == Checked(
        "printer", Result.FAIL, "hardware", trouble="the printer's paper is out", advice="load paper and switch it on"
    )
    assert found["host"].result is found["reader"].result is found["card"].result is Result.PASS
    assert found["terminal"] == Checked(
        "terminal", Result.SKIP, trouble="not tried: it needs the printer", advice="mend the printer first"
    )


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
    assert found["reader"].result is Result.PASS


def test_a_port_that_is_missing_is_named_and_the_others_are_still_asked(tmp_path: Path) -> None:
    port = str(tmp_path / "ttyUSB7")
    found = checked(tmp_path, printer=on_port(port))
    assert list(found) == ["host", "printer", "reader", "card", "terminal"]
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
    assert found["lease"].result is Result.FAIL
    assert found["lease"].advice
    assert f"the port {printer.path} is in use by process {os.getpid()}" in found["lease"].trouble


def test_all_leases_that_are_taken_are_told_at_once(tmp_path: Path, printer: VirtualPrinter) -> None:
    with Lease(f"port {printer.path}", tmp_path / "leases"), Lease("rig virtual-bench", tmp_path / "leases"):
        trouble = checked(tmp_path, printer=on_port(printer.path))["lease"].trouble
    assert "rig virtual-bench is in use" in trouble
    assert f"port {printer.path} is in use" in trouble


@pytest.mark.parametrize("device", ["host", "printer", "reader", "terminal"])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RigFault("it broke", advice="mend it"), ("it broke", "mend it", False)),
        (RigFault("it broke"), ("it broke", LOOK, False)),
        (ValueError("x"), ("ValueError", REPORT, True)),
        (HoldfastBug("we broke"), ("we broke", REPORT, True)),
    ],
    ids=["fault", "without advice", "stranger", "bug"],
)
def test_a_device_that_does_not_come_up_leaves_nothing_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, error: Exception, told: tuple[str, str, bool]
) -> None:
    monkeypatch.setattr(build, device, raising(error))
    before = held()
    found = checked(tmp_path)
    assert held() == before
    assert found[device].result is Result.FAIL
    assert (found[device].trouble, found[device].advice, found[device].bug) == told
    assert all(found[other].facts for other in ("host", "printer", "reader") if other != device)


def test_what_needs_two_that_are_missing_names_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for device in ("host", "reader"):
        monkeypatch.setattr(build, device, raising(RigFault("it broke")))
    found = checked(tmp_path)
    assert found["terminal"].trouble == "not tried: it needs the host and the reader"
    assert found["card"] == Checked(
        "card", Result.SKIP, trouble="not tried: it needs the reader", advice="mend the reader first"
    )


# ── a real reader, and the card in it ─────────────────────────────────────────────────────────────────────────────

PCSC = {"kind": "pcsc", "serial": "S1", "usb": "1-2"}


class RealReader:
    """A reader that stands for a real one: a slot in this process behind the driver, with a card that somebody put in
    or puts in when asked."""

    def __init__(self, prefix: str = "62509470") -> None:
        self.slot = EmbeddedSlot(discard)
        self.card = ChipCard(load_card_profile(RIGS / "cards" / "credit-chip.yaml"), next(derived(prefix)))
        self.asked: list[Any] = []

    def driver(self, choice: Any, emit: Any, *, call_deadline_s: float, admit: Any) -> EmbeddedReader:
        self.asked.append((choice, call_deadline_s))
        return EmbeddedReader(self.slot, emit, admit=admit)

    def check(self, folder: Path, ask: Any = nobody) -> dict[str, Checked]:
        plan = plan_of(folder, reader=PCSC)
        return {found.device: found for found in check_bench(plan, ask=ask, real_reader=self.driver)}


def test_a_real_reader_is_asked_by_its_own_driver_as_the_rig_names_it(tmp_path: Path) -> None:
    real = RealReader()
    real.slot.insert(real.card)
    found = real.check(tmp_path)
    assert real.asked == [(ReaderChoice(serial="S1", usb="1-2"), 30.0)]
    assert set(results(found).values()) == {Result.PASS}
    assert {row.device for row in found.values() if row.stands == "hardware"} == {"reader", "card"}
    assert found["card"].facts["card number"] == "625094******0014"


def test_a_real_reader_with_nobody_there_and_no_card_skips_the_card_and_says_what_to_do(tmp_path: Path) -> None:
    found = RealReader().check(tmp_path)
    assert found["card"] == Checked(
        "card", Result.SKIP, "hardware", trouble="no card is in the reader",
        advice="put a test card into it and check again; `--wait 30` waits for it",
    )  # fmt: skip
    assert found["terminal"].result is Result.PASS


def test_a_card_is_asked_for_and_tried_when_it_comes(tmp_path: Path) -> None:
    real = RealReader()

    def ask(reader: Any) -> bool:
        assert not reader.card_present()
        real.slot.insert(real.card)
        return nobody(reader)

    assert real.check(tmp_path, ask)["card"].result is Result.PASS


def test_a_card_outside_the_list_ends_the_check_and_nothing_of_it_is_told(tmp_path: Path) -> None:
    real = RealReader("62284800")
    real.slot.insert(real.card)
    found = real.check(tmp_path)
    assert found["card"].result is Result.FAIL
    assert found["card"].trouble == ForeignCard().message
    assert found["terminal"].result is Result.SKIP
    assert found["terminal"].advice == found["card"].advice == ForeignCard().advice
    said = repr(found)
    assert real.card.pan not in said
    assert real.card.pan[:6] not in said


def test_a_card_that_is_pulled_is_told_with_what_to_do(tmp_path: Path) -> None:
    real = RealReader()
    real.slot.insert(real.card)
    real.card.on_command = lambda command: real.slot.remove()
    found = real.check(tmp_path)["card"]
    assert (found.result, found.advice) == (Result.FAIL, OTHER_CARD)
    assert found.trouble.startswith("the card was removed")


def test_a_real_reader_that_is_not_there_is_told(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, reader=PCSC)
    gone = raising(ReaderGone("no reader is there", advice="PC/SC lists: none"))
    found = {row.device: row for row in check_bench(plan, real_reader=gone)}
    assert found["reader"].trouble == "no reader is there"
    assert found["reader"].advice == "PC/SC lists: none"


def test_a_reader_that_does_not_see_a_card_put_into_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EmbeddedReader, "wait_for_card", lambda reader, present, timeout_s: False)
    found = checked(tmp_path)["card"]
    assert (found.result, found.trouble) == (Result.FAIL, "the reader does not see the card in it")


def test_a_real_printer_may_be_any_that_is_given(tmp_path: Path) -> None:
    asked = []

    def driver(port: str, baud: int) -> Any:
        asked.append((port, baud))
        raise RigFault("no such port")

    plan = plan_of(tmp_path, printer={**on_port("socket://x:1"), "baud": 9600})
    found = {row.device: row for row in check_bench(plan, real_printer=driver)}
    assert asked == [("socket://x:1", 9600)]
    assert found["printer"].trouble == "no such port"


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
    assert found["terminal"].result is Result.PASS


def test_who_stops_asking_leaves_nothing(tmp_path: Path) -> None:
    before = held()
    asking = check_bench(plan_of(tmp_path))
    assert next(iter(asking)).device == "host"
    asking.close()  # type: ignore[attr-defined]
    assert held() == before
