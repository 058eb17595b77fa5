"""The ESC/POS driver on real ttys. facts/pcsc-emv 6, 7.1."""

from __future__ import annotations

import os
import pty
import select
import tty
from collections.abc import Iterator

import pytest

from protocols.escpos import Composer
from protocols.faults import PrinterGone, RigFault
from protocols.printing import Paper, PrinterStatus
from rigs.printers.bench import VirtualPrinterOnBench
from rigs.printers.escpos_serial import NOT_OFFERED, EscposSerialPrinter
from simulators.printer import VirtualPrinter
from tests.simulators.kit import DEADLINE_S, Events, in_thread


@pytest.fixture
def twin(events: Events) -> Iterator[VirtualPrinter]:
    twin = VirtualPrinter(events)
    yield twin
    twin.close()


@pytest.fixture
def driver(twin: VirtualPrinter) -> Iterator[EscposSerialPrinter]:
    driver = EscposSerialPrinter(twin.path)
    yield driver
    driver.close()


@pytest.fixture
def bare() -> Iterator[tuple[int, str]]:
    """A port at whose other end is the test: master and path."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(master)
    os.close(slave)


def answering(master: int, *answers: bytes) -> None:
    """Answer one query after another, from a thread."""

    def work() -> None:
        for answer in answers:
            os.read(master, 64)
            os.write(master, answer)

    in_thread(work)


# ── status ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_printer_that_is_ready_says_so(driver: EscposSerialPrinter) -> None:
    assert driver.status() == PrinterStatus(Paper.PRESENT, True)


def test_a_printer_without_paper_is_out_and_offline(twin: VirtualPrinter, driver: EscposSerialPrinter) -> None:
    twin.remove_paper()
    assert driver.status() == PrinterStatus(Paper.OUT, False)
    twin.load_paper()
    assert driver.status() == PrinterStatus(Paper.PRESENT, True)


def test_a_port_that_nobody_answers_is_unknown_and_never_fine(bare: tuple[int, str]) -> None:
    """7.1: python-escpos calls a mute printer "adequate"."""
    driver = EscposSerialPrinter(bare[1])
    assert driver.status() == PrinterStatus(Paper.UNKNOWN, None)
    driver.close()


@pytest.mark.parametrize(
    ("bits", "paper"),
    [(0x12, Paper.PRESENT), (0x1E, Paper.NEAR_END), (0x16, Paper.NEAR_END), (0x72, Paper.OUT), (0x32, Paper.OUT),
     (0x7E, Paper.OUT)],
)  # fmt: skip
def test_the_paper_sensors_are_read_bit_by_bit(bare: tuple[int, str], bits: int, paper: Paper) -> None:
    driver = EscposSerialPrinter(bare[1])
    answering(bare[0], bytes([bits]), b"\x12")
    assert driver.status() == PrinterStatus(paper, True)
    driver.close()


def test_a_printer_that_tells_its_paper_and_not_its_line_is_online_unknown(bare: tuple[int, str]) -> None:
    driver = EscposSerialPrinter(bare[1])
    answering(bare[0], b"\x12")
    assert driver.status() == PrinterStatus(Paper.PRESENT, None)
    driver.close()


def test_a_stale_answer_in_the_buffer_is_no_answer_to_this_question(
    bare: tuple[int, str],
) -> None:
    driver = EscposSerialPrinter(bare[1])
    os.write(bare[0], b"\x12\x12\x12")
    waiting = select.select([driver._port.fileno()], [], [], DEADLINE_S)[0]
    assert waiting, "the system hands them on when it gets to it, and an answer that comes later is none that is stale"
    answering(bare[0], b"\x72", b"\x1a")
    assert driver.status() == PrinterStatus(Paper.OUT, False)
    driver.close()


# ── identity ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_printer_says_who_it_is(driver: EscposSerialPrinter, twin: VirtualPrinter) -> None:
    """GS I 65-68."""
    assert driver.attributes() == {
        "port": twin.path, "firmware": "1.0", "maker": "Holdfast", "model": "virtual printer", "serial": "SIM-PRN-1",
    }  # fmt: skip


def test_what_a_printer_does_not_say_is_not_offered(bare: tuple[int, str]) -> None:
    driver = EscposSerialPrinter(bare[1])
    answering(bare[0], b"_2.0\x00", b"_Maker\x00", b"\x00", b"\x00")
    found = driver.attributes()
    assert (found["firmware"], found["maker"], found["model"], found["serial"]) == (
        "2.0", "Maker", NOT_OFFERED, NOT_OFFERED,
    )  # fmt: skip
    driver.close()


# ── printing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_slip_arrives_and_is_cut(driver: EscposSerialPrinter, events: Events) -> None:
    driver.write(Composer().text("预授权(AUTH)").cut().bytes())
    assert events.wait("slip") == [{"lines": ["预授权(AUTH)"], "cut": True}]


def test_a_slip_far_larger_than_the_line_buffer_arrives_whole(driver: EscposSerialPrinter, events: Events) -> None:
    composer = Composer()
    for number in range(1500):
        composer.text(f"{number:06d} 中国银联")
    driver.write(composer.cut().bytes())
    assert len(events.wait("slip")[0]["lines"]) == 1500
    assert driver.status().paper is Paper.PRESENT


def test_status_right_after_a_slip_comes_after_it(driver: EscposSerialPrinter, events: Events) -> None:
    driver.write(Composer().text("slip").cut().bytes())
    driver.status()
    kinds = [e.kind for e in events.all()]
    assert kinds.index("slip") < kinds.index("status")


# ── lost printers, taken ports ────────────────────────────────────────────────────────────────────────────────────


def test_an_unplugged_printer_is_gone_for_every_call(twin: VirtualPrinter, driver: EscposSerialPrinter) -> None:
    driver.status()
    twin.unplug()
    for call in (driver.status, lambda: driver.write(b"x\n"), driver.attributes):
        with pytest.raises(PrinterGone) as caught:
            call()
        assert twin.path in str(caught.value)
    driver.close()


def test_a_printer_unplugged_while_it_is_asked_is_gone(bare: tuple[int, str]) -> None:
    master, slave = pty.openpty()
    path = os.ttyname(slave)
    driver = EscposSerialPrinter(path)
    os.close(slave)

    def pull() -> None:
        os.read(master, 64)
        os.close(master)

    hand = in_thread(pull)
    with pytest.raises(PrinterGone):
        driver.status()
    hand.join()
    driver.close()


def test_a_port_has_one_holder(driver: EscposSerialPrinter, twin: VirtualPrinter) -> None:
    """Design 10: a second opener is a rig fault."""
    with pytest.raises(RigFault, match="no other program") as caught:
        EscposSerialPrinter(twin.path)
    assert caught.value.component == "printer"
    assert driver.status().paper is Paper.PRESENT


def test_a_port_let_go_can_be_taken_again(twin: VirtualPrinter) -> None:
    EscposSerialPrinter(twin.path).close()
    again = EscposSerialPrinter(twin.path)
    assert again.status().paper is Paper.PRESENT
    again.close()


@pytest.mark.parametrize("port", ["/dev/no-such-port", "nonsense://x"])
def test_a_port_that_is_not_there_is_a_rig_fault_that_names_it(port: str) -> None:
    with pytest.raises(RigFault, match=port):
        EscposSerialPrinter(port)


# ── on the bench ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_bench_loads_and_removes_paper_and_asks_the_real_driver(events: Events) -> None:
    twin = VirtualPrinter(events)
    bench = VirtualPrinterOnBench(twin, EscposSerialPrinter(twin.path))
    bench.remove_paper()
    assert bench.status().paper is Paper.OUT
    bench.load_paper()
    assert bench.status().paper is Paper.PRESENT
    assert bench.attributes()["maker"] == "Holdfast"
    bench.close()
    with pytest.raises(PrinterGone):
        bench.status()
