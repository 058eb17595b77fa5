"""What was found plugged in, which of it a rig file could name, and how it reads. `rigs/discover.py` looks for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from protocols.faults import ConfigurationError, ReaderGone, RigFault
from protocols.pcsc.identity import NOT_OFFERED
from rigs.readers.choice import Listed, ReaderChoice, choose

NFC_DRIVERS = ("pn533", "pn533_usb", "nfc")
PRINTER_MAKERS = {
    "04B8": "EPSON", "0519": "Star", "1504": "Bixolon", "0DD4": "Custom", "1D90": "Citizen", "1FC9": "POS printer",
}  # fmt: skip
"""USB vendors whose serial ports are receipt printers."""
_LISTED = re.compile(r"^(?P<base>.+) (?P<number>[0-9A-F]{2}) (?P<slot>[0-9A-F]{2})$")


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """A device that USB shows. `port` is the port's path, like `1-2.3`; `driver` is the kernel's that holds it."""

    port: str
    ids: str
    words: str
    serial: str = ""
    driver: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a serial port said when it was asked as a printer is. Without `baud` there was no answer."""

    asked: tuple[int, ...] = ()
    baud: int | None = None
    paper: str = ""
    said: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def words(self) -> str:
        """Maker and model, as far as it told them."""
        told = [self.said.get(key, NOT_OFFERED) for key in ("maker", "model")]
        return " ".join(word for word in told if word != NOT_OFFERED) or "ESC/POS printer"


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port. `link` is a name below /dev/serial that stays when ports are numbered anew."""

    device: str
    link: str = ""
    words: str = ""
    ids: str = ""
    usb: str = ""
    serial: str = ""
    answer: Answer | None = None

    @property
    def name(self) -> str:
        """What a rig file calls it."""
        return self.link or self.device

    @property
    def printer(self) -> bool:
        """Whether a printer is there: it answered as one; unasked, its USB vendor makes nothing else."""
        if self.answer is not None:
            return self.answer.baud is not None
        return self.ids[:4] in PRINTER_MAKERS


@dataclass(frozen=True, slots=True)
class Found:
    """Everything, and in `no_readers` why PC/SC could list none (an error's text is for people, and safe to show)."""

    readers: tuple[Listed, ...] = ()
    no_readers: RigFault | None = None
    unlisted: tuple[UsbDevice, ...] = ()
    ports: tuple[SerialPort, ...] = ()
    usb_printers: tuple[UsbDevice, ...] = ()


def printable(text: str) -> str:
    """One line of what a device says of itself: nothing in it can forge another line or move a cursor."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


# ── which reader ──────────────────────────────────────────────────────────────────────────────────────────────────


def choices(one: Listed, readers: Sequence[Listed]) -> list[ReaderChoice]:
    """Every way to name this reader and no other, the one that lasts longest first: serial, USB port, name.

    The slots of one reader have one serial and one port: the end of the name tells which slot. Two readers that are
    alike and say nothing have only their listed names, which swap when they are plugged in again.
    """
    match = _LISTED.match(one.name)
    names = [match["base"], f"{match['base']} ?? {match['slot']}", one.name] if match else [one.name]
    wanted = [
        [ReaderChoice(serial=one.serial), *(ReaderChoice(serial=one.serial, name=name) for name in names)],
        [ReaderChoice(usb=one.usb), *(ReaderChoice(usb=one.usb, name=name) for name in names)],
        [ReaderChoice(name=name) for name in names],
    ]
    known = [wanted[0]] * bool(one.serial) + [wanted[1]] * bool(one.usb) + [wanted[2]]
    fitting = (next((choice for choice in ways if _only(choice, one, readers)), None) for ways in known)
    return [choice for choice in fitting if choice is not None]


def _only(choice: ReaderChoice, one: Listed, readers: Sequence[Listed]) -> bool:
    try:
        return choose(readers, choice) is one
    except (ConfigurationError, ReaderGone):
        return False


def alike(one: Listed, readers: Sequence[Listed]) -> list[Listed]:
    """Other readers that only port or number tell from this one: the same name but for its numbers, and no serial."""
    return [
        other for other in readers
        if other is not one and not one.serial and not other.serial and _base(other) == _base(one)
    ]  # fmt: skip


def _base(one: Listed) -> tuple[str, str]:
    """A reader's name without its number; the slots of one reader are not alike."""
    match = _LISTED.match(one.name)
    return (match["base"], match["slot"]) if match else (one.name, "")


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def short(one: Listed) -> str:
    """Vendor and model, or where it tells no model, its name without its numbers."""
    vendor, model = (printable(one.attributes.get(key, NOT_OFFERED)) for key in ("vendor", "model"))
    if model == NOT_OFFERED:
        return choices(one, [one])[-1].name
    return model if vendor == NOT_OFFERED else f"{vendor} {model}"


def port_short(port: SerialPort) -> str:
    """Maker and model as it answered, else as USB tells them, else its name."""
    return port.answer.words if port.answer and port.answer.baud else port.words or port.name


def reader_words(one: Listed) -> str:
    """A reader as PC/SC lists it, and what tells it from others."""
    told = {key: printable(value) for key, value in one.attributes.items() if value != NOT_OFFERED}
    facts = [
        f"serial {printable(one.serial)}" if one.serial else "no serial number", f"USB {one.usb}" if one.usb else "",
        told.get("usb ids", ""), f"firmware {told['firmware']}" if "firmware" in told else "",
    ]  # fmt: skip
    return f"{printable(one.name)}: {', '.join(filter(None, facts))}"


def port_words(port: SerialPort) -> str:
    """A serial port, what is known of it, and what it said."""
    told = ", ".join(port_facts(port))
    return f"{port.device}: {told}; {answer_words(port)}" if told else f"{port.device}: {answer_words(port)}"


def port_facts(port: SerialPort) -> list[str]:
    """What USB tells of what is behind it; a printer that answered has named itself."""
    named = port.answer is not None and port.answer.baud is not None
    usb, serial = f"USB {port.usb}" if port.usb else "", f"serial {port.serial}" if port.serial else ""
    return [fact for fact in ("" if named else port.words, port.ids, usb, serial) if fact]


def answer_words(port: SerialPort) -> str:
    """What was sent to a port, and what came of it."""
    answer = port.answer
    if answer is None:
        makers = "; its maker makes receipt printers" if port.printer else ""
        return f"nothing was sent to it{makers}"
    if answer.trouble:
        return answer.trouble
    if answer.baud is None:
        return f"does not answer as a printer at {', '.join(map(str, answer.asked))} Bd"
    firmware = answer.said.get("firmware", NOT_OFFERED)
    told = f", firmware {firmware}" if firmware != NOT_OFFERED else ""
    return f"{answer.words}{told}, paper {answer.paper}, at {answer.baud} Bd"


def usb_printer_words(device: UsbDevice) -> str:
    """A printer that no serial port leads to."""
    return (
        f"{device.words} ({device.ids}) at USB {device.port} is a printer without a serial port: Holdfast drives "
        "serial ports. Many printers can be set to a virtual COM port."
    )


def unlisted_words(device: UsbDevice) -> str:
    """What is to be done for a reader that USB alone shows."""
    what = f"{device.words} ({device.ids}) at USB {device.port} is plugged in, and PC/SC does not list it: "
    if device.driver in NFC_DRIVERS:
        return what + (
            f"the kernel's driver {device.driver} holds it. Put `blacklist {device.driver}` into a file below "
            "/etc/modprobe.d, unplug it and plug it in again."
        )
    return what + "start pcscd, or install the reader's driver (libccid knows most)."
