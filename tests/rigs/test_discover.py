"""What is plugged in is found, named by what lasts, and nothing is sent to a port that nobody said to ask."""

from __future__ import annotations

import os
import pty
import threading
import tty
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import serial

from protocols.events import discard
from protocols.faults import ReaderGone, RigFault
from rigs import discover
from rigs.discover import ask_printer, look, usb_devices
from rigs.found import Answer, Found, SerialPort, UsbDevice, alike, choices, printable
from rigs.readers.choice import Listed, ReaderChoice
from simulators.printer import VirtualPrinter
from tests.rigs.kit import raising


def port(device: str, **known: Any) -> SimpleNamespace:
    """A port as pyserial lists it."""
    facts = dict.fromkeys(("vid", "pid", "serial_number", "location", "manufacturer", "product"))
    return SimpleNamespace(device=device, **{**facts, **known})


def usb(sysfs: Path, path: str, interface_class: str, driver: str = "", **told: str) -> None:
    """A device in a kernel's table of USB."""
    device, interface = sysfs / path, sysfs / f"{path}:1.0"
    for folder in (device, interface):
        folder.mkdir(parents=True)
    (interface / "bInterfaceClass").write_text(f"{interface_class}\n")
    for name, value in told.items():
        (device / name).write_text(f"{value}\n")
    if driver:
        (sysfs / "drivers" / driver).mkdir(parents=True)
        (interface / "driver").symlink_to(sysfs / "drivers" / driver)


def found_by(tmp_path: Path, readers: Any = (), ports: Any = (), **settings: Any) -> Found:
    list_readers = readers if callable(readers) else lambda: readers
    return look(
        list_readers, comports=lambda: ports, dev=tmp_path / "dev", sysfs=tmp_path / "sysfs", **settings
    )  # fmt: skip


# ── readers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_readers_are_those_that_pcsc_lists(tmp_path: Path) -> None:
    one = Listed("A 00 00")
    assert found_by(tmp_path, [one]) == Found(readers=(one,))


def test_a_service_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    gone = ReaderGone("reader gone: the PC/SC service is not running (establish context, 8010001D)")
    fault = found_by(tmp_path, raising(gone)).no_readers
    assert fault is not None
    assert fault.message == "the PC/SC service is not running"
    assert "systemctl start pcscd" in fault.advice


def test_a_service_that_hangs_is_told_as_it_is(tmp_path: Path) -> None:
    hung = RigFault("no answer", advice="restart pcscd")
    assert found_by(tmp_path, raising(hung)).no_readers is hung


def test_without_pyscard_there_are_no_readers_and_the_rest_is_found(tmp_path: Path) -> None:
    found = found_by(tmp_path, raising(ImportError()), [port("/dev/ttyS0")])
    assert found.no_readers is not None
    assert found.no_readers.message == "pyscard is not installed"
    assert found.ports == (SerialPort("/dev/ttyS0"),)


def test_any_other_error_is_a_fault_of_ours_and_is_not_swallowed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="x"):
        found_by(tmp_path, raising(ValueError("x")))


def test_a_reader_that_usb_alone_shows_is_told_with_the_driver_that_holds_it(tmp_path: Path) -> None:
    usb(
        tmp_path / "sysfs", "1-2.3", "0b", "pn533_usb", idVendor="072f", idProduct="2200", manufacturer="ACS",
        product="ACR122U", serial="77",
    )  # fmt: skip
    (held,) = found_by(tmp_path).unlisted
    assert held == UsbDevice("1-2.3", "072F:2200", "ACS ACR122U", "77", "pn533_usb")


@pytest.mark.parametrize(
    "listed",
    [
        Listed("other 00 00", usb="1-2.3"),
        Listed("other 00 00", serial="77"),
        Listed("ACS ACR122U PICC Interface 00 00"),
    ],
    ids=["port", "serial", "words"],
)
def test_a_reader_that_pcsc_lists_is_not_told_twice(tmp_path: Path, listed: Listed) -> None:
    usb(tmp_path / "sysfs", "1-2.3", "0b", manufacturer="ACS", product="ACR122U", serial="77")
    assert found_by(tmp_path, [listed]).unlisted == ()


def test_a_like_reader_in_another_port_is_no_other_name_of_this_one(tmp_path: Path) -> None:
    usb(tmp_path / "sysfs", "1-2.3", "0b", manufacturer="ACS", product="ACR122U", serial="77")
    assert found_by(tmp_path, [Listed("ACS ACR122U 00 00", "77", "1-2.4")]).unlisted


# ── USB ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_device_is_found_by_its_interface_and_told_once(tmp_path: Path) -> None:
    usb(tmp_path, "1-1", "0b", idVendor="04e6", idProduct="5116")
    second = tmp_path / "1-1:1.1"
    second.mkdir()
    (second / "bInterfaceClass").write_text("0b\n")
    usb(tmp_path, "2-1", "07", product="Printer\x1b[2J\nready")
    assert usb_devices("0b", tmp_path) == [UsbDevice("1-1", "04E6:5116", "unnamed device")]
    assert usb_devices("07", tmp_path) == [UsbDevice("2-1", "????:????", "Printer [2J ready")]


def test_a_system_without_usb_has_no_devices(tmp_path: Path) -> None:
    assert usb_devices("0b", tmp_path / "none") == []


def test_a_printer_without_a_serial_port_is_told(tmp_path: Path) -> None:
    usb(tmp_path / "sysfs", "1-5", "07", "usblp", idVendor="04b8", idProduct="0e15", product="TM-T88V")
    assert [device.words for device in found_by(tmp_path).usb_printers] == ["TM-T88V"]


# ── which reader ──────────────────────────────────────────────────────────────────────────────────────────────────

SERIAL, OTHER = Listed("ACS ACR39U 00 00", "S1", "1-1"), Listed("ACS ACR39U 01 00", "S2", "1-2")


def test_the_serial_number_comes_first_then_the_port_then_the_name() -> None:
    assert choices(SERIAL, [SERIAL]) == [
        ReaderChoice(serial="S1"), ReaderChoice(usb="1-1"), ReaderChoice(name="ACS ACR39U"),
    ]  # fmt: skip


def test_a_name_that_two_have_is_told_with_its_numbers() -> None:
    assert choices(SERIAL, [SERIAL, OTHER])[-1] == ReaderChoice(name="ACS ACR39U 00 00")


def test_the_slots_of_one_reader_are_told_apart_by_the_end_of_the_name() -> None:
    slots = [Listed(f"ACS Dual 00 0{slot}", "S1", "1-1") for slot in (0, 1)]
    assert choices(slots[1], slots) == [
        ReaderChoice(serial="S1", name="ACS Dual ?? 01"), ReaderChoice(usb="1-1", name="ACS Dual ?? 01"),
        ReaderChoice(name="ACS Dual ?? 01"),
    ]  # fmt: skip
    assert alike(slots[0], slots) == []


def test_a_reader_whose_name_is_within_another_and_that_says_nothing_cannot_be_named() -> None:
    readers = [Listed("Reader 00 00"), Listed("Big Reader 00 00")]
    assert choices(readers[0], readers) == []
    assert choices(readers[1], readers)[0] == ReaderChoice(name="Big Reader")


def test_a_name_without_numbers_is_taken_whole() -> None:
    odd = Listed("odd")
    assert choices(odd, [odd]) == [ReaderChoice(name="odd")]
    assert alike(odd, [odd, Listed("odd")]) == [Listed("odd")]


def test_readers_without_serial_are_alike_by_name_but_for_its_number() -> None:
    first, second = Listed("A 00 00", "", "1-1"), Listed("A 01 00", "", "1-2")
    other = Listed("B 02 00")
    assert alike(first, [first, second, other]) == [second]
    assert alike(SERIAL, [SERIAL, OTHER]) == []


# ── serial ports ──────────────────────────────────────────────────────────────────────────────────────────────────


def link(tmp_path: Path, folder: str, name: str, device: str) -> str:
    path = tmp_path / "dev/serial" / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(device)
    return str(path)


def test_a_port_is_named_by_its_id_which_lasts(tmp_path: Path) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    name = link(tmp_path, "by-id", "usb-FTDI_A1-if00", str(device))
    listed = port(
        str(device), vid=0x0403, pid=0x6001, serial_number="A1", location="1-1.4", manufacturer="FTDI", product="UART"
    )
    (found,) = found_by(tmp_path, ports=[listed]).ports
    assert found == SerialPort(str(device), name, "FTDI UART", "0403:6001", "1-1.4", "A1")
    assert found.name == name
    assert not found.printer


def test_like_ports_without_serial_are_named_by_their_path_since_they_share_an_id(tmp_path: Path) -> None:
    devices = [tmp_path / f"ttyUSB{number}" for number in (0, 1)]
    for number, device in enumerate(devices):
        device.touch()
        link(tmp_path, "by-path", f"usb-0:{number}", str(device))
    link(tmp_path, "by-id", "usb-CH340", str(devices[1]))
    ports = found_by(tmp_path, ports=[port(str(device), vid=0x1A86, pid=0x7523) for device in devices]).ports
    assert [found.name.rpartition("/")[2] for found in ports] == ["usb-0:0", "usb-0:1"]


def test_ports_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    ports = found_by(tmp_path, ports=[port("/dev/ttyUSB1"), port("/dev/ttyS0")]).ports
    assert [found.device for found in ports] == ["/dev/ttyS0", "/dev/ttyUSB1"]


def test_a_maker_of_receipt_printers_makes_a_port_a_printer_unless_it_does_not_answer() -> None:
    epson = SerialPort("/dev/ttyUSB0", ids="04B8:0202")
    assert epson.printer
    assert not SerialPort("/dev/ttyUSB0", ids="04B8:0202", answer=Answer((9600,))).printer


# ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    twin = VirtualPrinter(discard)
    yield twin
    twin.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discover, "ANSWER_S", 0.05)


class Listener:
    """The other end of a pty: all that reaches it, and what it answers to each read."""

    def __init__(self, answer: bytes = b"") -> None:
        self.heard = b""
        self.master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._answer = answer
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while b"\xff" not in (heard := os.read(self.master, 64)):
            self.heard += heard
            os.write(self.master, self._answer)

    def close(self) -> None:
        os.write(self._slave, b"\xff")  # the listener's end
        self._thread.join()
        os.close(self.master)
        os.close(self._slave)


@pytest.fixture
def listener() -> Iterator[Listener]:
    ear = Listener()
    yield ear
    ear.close()


def test_nothing_is_sent_unless_a_probe_is_wanted(tmp_path: Path, listener: Listener) -> None:
    (found,) = found_by(tmp_path, ports=[port(listener.path)]).ports
    assert found.answer is None
    assert listener.heard == b""


def test_a_printer_answers_with_who_it_is(tmp_path: Path, printer: VirtualPrinter) -> None:
    (found,) = found_by(tmp_path, named=[printer.path], probe=ask_printer).ports
    assert found.printer
    assert found.answer == Answer(
        (115200,), 115200, "present",
        {"firmware": "1.0", "maker": "Holdfast", "model": "virtual printer", "serial": "SIM-PRN-1"},
    )  # fmt: skip
    assert found.answer.words == "Holdfast virtual printer"


def test_a_printer_without_paper_is_a_printer(printer: VirtualPrinter) -> None:
    printer.remove_paper()
    assert ask_printer(printer.path).paper == "out"


@pytest.mark.usefixtures("impatient")
def test_who_says_nothing_is_asked_at_every_speed_and_is_no_printer(listener: Listener) -> None:
    assert ask_printer(listener.path) == Answer(discover.BAUDS)
    assert listener.heard == b"\x10\x04\x04" * len(discover.BAUDS)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("answer", [b"\x10\x04\x04", b"\xff\xfe"[1:], b"OK\r\n", b"\x00"])
def test_an_echo_a_modem_and_noise_are_no_printer(answer: bytes) -> None:
    ear = Listener(answer)
    try:
        assert ask_printer(ear.path).baud is None
    finally:
        ear.close()


def test_a_port_that_another_holds_is_told(printer: VirtualPrinter) -> None:
    with serial.serial_for_url(printer.path, exclusive=True):
        answer = ask_printer(printer.path)
    assert answer.trouble.startswith("cannot be opened")
    assert answer.baud is None


def test_a_url_that_is_none_is_told() -> None:
    assert ask_printer("nonsense://x").trouble.startswith("cannot be opened")


def test_a_printer_that_is_gone_in_between_is_told(printer: VirtualPrinter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discover, "EscposSerialPrinter", raising(RigFault("it is gone", advice="check the cable")))
    assert ask_printer(printer.path).trouble == "it is gone (check the cable)"


def test_what_a_device_calls_itself_forges_no_line() -> None:
    assert printable("a\nb\x1b[31m  c\u2028d") == "a b [31m c d"
