"""What is plugged in that a bench could use: PC/SC readers, serial ports, readers that USB alone shows.

Nothing is sent to a serial port unless `probe` is given: who sits there is not known, and bytes may do harm. A card in
a reader is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import serial
from serial.tools import list_ports

from protocols.faults import HoldfastError, ReaderGone, RigFault
from rigs.found import Answer, Found, SerialPort, UsbDevice, printable
from rigs.printers.escpos_serial import LOST, PAPER_QUERY, EscposSerialPrinter
from rigs.readers.choice import Listed

SYSFS, DEV = Path("/sys/bus/usb/devices"), Path("/dev")
READER_CLASS, PRINTER_CLASS = "0b", "07"
"""Interface classes of USB: smart card devices (CCID), printers."""
BAUDS = (115200, 9600, 19200, 38400)
ANSWER_S = 0.5
Probe = Callable[[str], Answer]


def look(
    list_readers: Callable[[], Sequence[Listed]],
    *,
    probe: Probe | None = None,
    named: Iterable[str] = (),
    comports: Callable[[], Iterable[Any]] = list_ports.comports,
    dev: Path = DEV,
    sysfs: Path = SYSFS,
) -> Found:
    """Look at all of it once. `named` are serial ports or URLs to ask beside those that the system lists."""
    readers, none = _readers(list_readers)
    ports = [*_ports(comports(), dev), *(SerialPort(port) for port in named)]
    asked = tuple(_asked(port, probe) for port in ports)
    return Found(
        readers=readers, no_readers=none, ports=asked,
        unlisted=tuple(device for device in usb_devices(READER_CLASS, sysfs) if not _is_listed(device, readers)),
        usb_printers=tuple(usb_devices(PRINTER_CLASS, sysfs)),
    )  # fmt: skip


# ── readers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _readers(list_readers: Callable[[], Sequence[Listed]]) -> tuple[tuple[Listed, ...], RigFault | None]:
    try:
        return tuple(list_readers()), None
    except ReaderGone as gone:
        why = gone.message.removeprefix("reader gone: ").partition(" (")[0]
        return (), ReaderGone(why, advice="start it: `systemctl start pcscd.socket`, or `pcscd` as root")
    except RigFault as fault:
        return (), fault
    except ImportError:
        return (), RigFault("pyscard is not installed", advice="let the set-up install it: `make setup`")


def _is_listed(device: UsbDevice, readers: Sequence[Listed]) -> bool:
    """By its port; a reader that does not tell its port, by its serial or by the words that both use."""
    return any(
        device.port == one.usb
        if one.usb
        else (bool(device.serial) and device.serial == one.serial) or device.words.lower() in one.name.lower()
        for one in readers
    )


# ── USB ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def usb_devices(interface_class: str, sysfs: Path = SYSFS) -> list[UsbDevice]:
    """Devices with an interface of this class, by the kernel's own table; empty where it has none."""
    found: dict[str, UsbDevice] = {}
    for told in sorted(sysfs.glob("*:*/bInterfaceClass")):
        interface, port = told.parent, told.parent.name.split(":")[0]
        if _line(told).lower() == interface_class:
            found.setdefault(port, _device(sysfs / port, interface))
    return list(found.values())


def _device(device: Path, interface: Path) -> UsbDevice:
    ids = ":".join(_line(device / name).upper() or "????" for name in ("idVendor", "idProduct"))
    words = " ".join(filter(None, (_line(device / name) for name in ("manufacturer", "product"))))
    driver = interface / "driver"
    return UsbDevice(
        device.name, ids, words or "unnamed device", _line(device / "serial"),
        driver.resolve().name if driver.is_symlink() else "",
    )  # fmt: skip


def _line(path: Path) -> str:
    try:
        return printable(path.read_text("utf-8", "replace"))
    except OSError:
        return ""


# ── serial ports ──────────────────────────────────────────────────────────────────────────────────────────────────


def _ports(listed: Iterable[Any], dev: Path) -> list[SerialPort]:
    """As pyserial lists them, named by id; like ports without a serial number share one, and are named by path."""
    listed = sorted(listed, key=lambda port: str(port.device))
    by_id, by_path = _links(dev / "serial/by-id"), _links(dev / "serial/by-path")
    kinds = [_kind(port) for port in listed]
    return [
        SerialPort(
            device=port.device,
            link=(by_path if kinds.count(kind) > 1 and not port.serial_number else by_id).get(port.device, ""),
            words=printable(" ".join(filter(None, (port.manufacturer, port.product)))),
            ids=kind,
            usb=port.location or "",
            serial=printable(port.serial_number or ""),
        )
        for port, kind in zip(listed, kinds, strict=True)
    ]


def _kind(port: Any) -> str:
    return "" if port.vid is None or port.pid is None else f"{port.vid:04X}:{port.pid:04X}"


def _links(folder: Path) -> dict[str, str]:
    return {str(link.resolve()): str(link) for link in sorted(folder.glob("*"))}


def _asked(port: SerialPort, probe: Probe | None) -> SerialPort:
    if probe is None:
        return port
    return SerialPort(port.device, port.link, port.words, port.ids, port.usb, port.serial, probe(port.name))


def ask_printer(port: str) -> Answer:
    """Ask for the paper (DLE EOT 4) at one speed after the other; who answers as a printer does is asked who it is."""
    for count, baud in enumerate(BAUDS, 1):
        try:
            if not _answers(port, baud):
                continue
            return _introduced(port, BAUDS[:count], baud)
        except HoldfastError as error:
            return Answer(BAUDS[:count], trouble=str(error))
        except (*LOST, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            return Answer(BAUDS[:count], trouble=f"cannot be opened: {reason}")
    return Answer(BAUDS)


def _answers(port: str, baud: int) -> bool:
    """The answer to DLE EOT has four fixed bits: a byte at the wrong speed, or an echo, does not have them."""
    with serial.serial_for_url(port, baudrate=baud, timeout=ANSWER_S, write_timeout=ANSWER_S, exclusive=True) as asked:
        asked.reset_input_buffer()
        asked.write(PAPER_QUERY)
        answer = bytes(asked.read(1))
    return bool(answer) and answer[0] & 0x93 == 0x12


def _introduced(port: str, asked: tuple[int, ...], baud: int) -> Answer:
    printer = EscposSerialPrinter(port, baud)
    try:
        said = {key: printable(value) for key, value in printer.attributes().items() if key != "port"}
        return Answer(asked, baud, printer.status().paper.value, said)
    finally:
        printer.close()
