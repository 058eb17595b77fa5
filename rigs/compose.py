"""Writes a rig file of what `rigs/discover.py` found: it loads as it stands; comments say what else there is."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable
from pathlib import Path

from protocols.faults import RigFault
from protocols.pcsc.identity import NOT_OFFERED
from rigs.found import (
    Found,
    SerialPort,
    UsbDevice,
    alike,
    choices,
    port_short,
    port_words,
    printable,
    reader_words,
    short,
    unlisted_words,
    usb_printer_words,
)
from rigs.model import ReferenceTerminalOnBench, RigModel, load_rig
from rigs.readers.choice import Listed, ReaderChoice

HOUSE = Path(__file__).parents[1]
MODEL = HOUSE / "rigs" / "virtual-bench.yaml"
WIDTH = 78
HARDWARE_CASE_S, HARDWARE_RUN_S = 300.0, 14400.0
"""Real devices and people take their time: a case five minutes, a run four hours."""


def compose(found: Found, *, folder: Path, name: str = "my-bench") -> str:
    """The file's text, for a file that will lie in `folder`: what it names is given relative to that."""
    model = load_rig(MODEL)
    reader, printer = chosen_reader(found), chosen_printer(found)
    devices = [*([short(reader)] if reader else []), *([port_short(printer)] if printer else [])]
    lines = [
        *_head(model, folder, name, devices),
        *_times(model, hardware=bool(devices)),
        *_terminal(model.terminal),
        "reader:",
        *_indented(_reader(found, reader) if reader else _twin_reader(model, found)),
        "printer:",
        *_indented(_printer(found, printer)),
        "host:",
        "  kind: simulated          # the bench's own issuer host",
        "presenter:",
        *_indented(_presenter(hardware=bool(devices))),
        *_cards(model, folder),
        "test_cards:                # no card but these is read",
        "  ranges:",
        *(f"    - {_quoted(text)}" for text in model.test_cards.ranges),
        *_dut_files(reader, printer),
    ]
    return "\n".join(lines) + "\n"


def chosen_reader(found: Found) -> Listed | None:
    """The one that the file takes: the first with a serial number, else the first that can be told from the others."""
    told_apart = [one for one in found.readers if choices(one, found.readers)] or list(found.readers)
    return next((one for one in told_apart if one.serial), next(iter(told_apart), None))


def chosen_printer(found: Found) -> SerialPort | None:
    """The first port that answered as a printer, else the first whose maker makes nothing else."""
    printers = [port for port in found.ports if port.printer]
    return next((port for port in printers if port.answer), next(iter(printers), None))


# ── the parts of the file ─────────────────────────────────────────────────────────────────────────────────────────


def _head(model: RigModel, folder: Path, name: str, devices: list[str]) -> list[str]:
    schema = _beside(folder, HOUSE / "docs" / "schemas" / "rig.schema.json")
    title = f"Bench with {' and '.join(devices)}" if devices else "Bench of twins: no device was found"
    return [
        f"# yaml-language-server: $schema={schema}",
        *_comment(
            "Written by `holdfast rig discover`. Test it with `holdfast rig check FILE`. Indented comments that look "
            "like settings are the other choices: take the mark away there, and put it before what they replace."
        ),
        f"name: {name}",
        f"title: {_quoted(title)}",
        "dut: [terminal]            # what is under test: terminal, reader, printer",
        f"dut_file: {_plain(_beside(folder, MODEL.parent / model.dut_file))}",
        f"market: {model.market}",
    ]


def _times(model: RigModel, *, hardware: bool) -> list[str]:
    if hardware:
        return [
            "time_scale: 1              # real devices: a market second is a second",
            f"case_deadline_s: {HARDWARE_CASE_S:g}       # real seconds that a case may take",
            f"run_deadline_s: {HARDWARE_RUN_S:g}",
        ]
    return [
        f"time_scale: {model.time_scale:g}             # a market second lasts {1000 / model.time_scale:g} ms",
        f"response_timeout_s: {model.response_timeout_s:g}     # in market seconds",
    ]


def _terminal(model: ReferenceTerminalOnBench) -> list[str]:
    return [
        "terminal:                  # Holdfast's own, which drives reader and printer",
        "  kind: reference",
        f"  terminal_id: {_quoted(model.terminal_id)}",
        f"  merchant_id: {_quoted(model.merchant_id)}",
        f"  merchant_name: {model.merchant_name}",
        f"  operator: {_quoted(model.operator)}",
        f"  test_master_key: {_quoted(model.test_master_key)}   # a public test key, never a live one",
    ]


def _twin_reader(model: RigModel, found: Found) -> list[str]:
    profile = [f"profile: {model.reader.profile}"] if model.reader.kind == "virtual" else []
    return [*_comment(_no_reader(found)), "kind: virtual", *profile, *_unlisted(found.unlisted)]


def _reader(found: Found, taken: Listed) -> list[str]:
    first, *others = choices(taken, found.readers) or [ReaderChoice(name=taken.name)]
    lines = [*_comment(reader_words(taken)), *_alike(taken, found), "kind: pcsc", *_choice(first)]
    for other in others:
        if not (other.name == taken.name and alike(taken, found.readers)):  # such names swap their numbers
            lines += [*_comment(_why(other)), *_off(_choice(other))]
    for one in found.readers:
        if one is not taken:
            way = next(iter(choices(one, found.readers)), ReaderChoice(name=one.name))
            lines += ["#", *_comment(f"also plugged in: {reader_words(one)}"), *_off(["kind: pcsc", *_choice(way)])]
    return [*lines, *_unlisted(found.unlisted), "#", *_comment("without it, its twin:"), *_off(["kind: virtual"])]


def _no_reader(found: Found) -> str:
    why = "PC/SC lists none." if found.no_readers is None else _sentence(found.no_readers)
    return f"No card reader was found: {why} Its twin stands here."


def _sentence(fault: RigFault) -> str:
    return f"{fault.message}; {fault.advice}." if fault.advice else f"{fault.message}."


def _unlisted(devices: Iterable[UsbDevice]) -> list[str]:
    """A reader that is plugged in and that PC/SC does not know. facts/pcsc-emv 5."""
    return [line for device in devices for line in ("#", *_comment(unlisted_words(device)))]


def _alike(taken: Listed, found: Found) -> list[str]:
    """How people tell two readers apart that say nothing of themselves."""
    others = alike(taken, found.readers)
    if not others:
        return []
    there = [taken, *others]
    if all(one.usb for one in there):
        ports = ", ".join(one.usb for one in there)
        return _comment(
            f"{len(there)} readers are alike and have no serial number. The USB port tells them apart: {ports}. Which "
            "is which? Unplug one and discover again: the port that is gone was its."
        )
    return _comment(
        f"{len(there)} readers are alike, and have neither serial number nor a USB port that is told: only the numbers "
        "at the end of their names differ, and those swap when readers are plugged in again. Keep one plugged in."
    )


def _choice(choice: ReaderChoice) -> list[str]:
    said = {"serial": choice.serial, "usb": choice.usb, "name": choice.name}
    return [f"{key}: {_quoted(value)}" for key, value in said.items() if value]


def _why(choice: ReaderChoice) -> str:
    return "or whichever reader is in that USB port:" if choice.usb else "or by a part of its name:"


def _printer(found: Found, taken: SerialPort | None) -> list[str]:
    others = [port for port in found.ports if port is not taken]
    lines = []
    if taken is None:
        lines += [*_comment(_no_printer(found)), "kind: virtual"]
    else:
        lines += [*_comment(port_words(taken)), "kind: escpos-serial", *_port(taken)]
    for port in others:
        lines += ["#", *_comment(f"also there: {port_words(port)}"), *_off(["kind: escpos-serial", *_port(port)])]
    for device in found.usb_printers:
        lines += ["#", *_comment(usb_printer_words(device))]
    return lines if taken is None else [*lines, "#", *_comment("without it, its twin:"), *_off(["kind: virtual"])]


def _no_printer(found: Found) -> str:
    asked = [port.answer for port in found.ports if port.answer]
    if not found.ports:
        return "No serial port was found. The printer's twin stands here."
    if asked:
        return "No serial port answered as a printer does. The printer's twin stands here."
    return (
        "Nothing was sent to the serial ports: what sits there is not known. `holdfast rig discover --probe` asks each "
        "as a printer is asked. The printer's twin stands here."
    )


def _port(port: SerialPort) -> list[str]:
    baud = port.answer.baud if port.answer and port.answer.baud else 115200
    return [f"port: {_quoted(port.name)}", f"baud: {baud}"]


def _presenter(*, hardware: bool) -> list[str]:
    real = "Whole runs with real devices wait for a person who presents cards; `holdfast rig check` tests them now."
    return [*(_comment(real) if hardware else []), "kind: virtual"]


def _cards(model: RigModel, folder: Path) -> list[str]:
    return [
        "cards:                     # what scenarios call them, and who they are",
        *(f"  {name}: {_plain(_beside(folder, MODEL.parent / path))}" for name, path in model.cards.items()),
    ]


def _dut_files(reader: Listed | None, printer: SerialPort | None) -> list[str]:
    """A device under test has its record in a file of its own: what it would say of those that were found."""
    lines: list[str] = []
    if reader is not None:
        told = reader.attributes
        maker, model = (printable(told.get(key, NOT_OFFERED)) for key in ("vendor", "model"))
        lines += _record("reader", maker, model, reader.serial or NOT_OFFERED, told.get("firmware", NOT_OFFERED))
    if printer is not None and printer.answer is not None:
        said = {"serial": NOT_OFFERED, "firmware": NOT_OFFERED, **printer.answer.said}
        maker, model = (said.get(key, NOT_OFFERED) for key in ("maker", "model"))
        lines += _record("printer", maker, model, said["serial"], said["firmware"])
    return lines


def _record(component: str, maker: str, model: str, serial: str, firmware: str) -> list[str]:
    return [
        "",
        *_comment(f"For `dut: [{component}]`, a dut_file beside this one that says:"),
        *_off([
            f"maker: {_quoted(maker)}", f"model: {_quoted(model)}", f"serial: {_quoted(printable(serial))}",
            f"versions: {{firmware: {_quoted(printable(firmware))}}}", "operator: your name",
        ]),
    ]  # fmt: skip


# ── lines ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _comment(text: str) -> list[str]:
    """Words, and whatever devices call themselves in them: no line of it can be anything but a comment."""
    told = printable(text)
    return textwrap.wrap(told, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _off(lines: Iterable[str]) -> list[str]:
    """Settings that are not taken: two spaces tell them from words."""
    return [f"#   {line}" for line in lines]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _quoted(text: str) -> str:
    """A YAML string, whatever a device calls itself: what no terminal prints is escaped."""
    marks = {'"': '\\"', "\\": "\\\\"}
    shown = (marks.get(char, char) if char.isprintable() else f"\\U{ord(char):08X}" for char in text)
    return '"' + "".join(shown) + '"'


def _plain(path: str) -> str:
    return path if path.isascii() and not set(path) & set(" :#'\"{}[],&*!|>%@`") else _quoted(path)


def _beside(folder: Path, path: Path) -> str:
    """Relative where the file lies within the house, so that the checkout can be moved; else where it is."""
    folder = folder.resolve()
    return os.path.relpath(path, folder) if folder.is_relative_to(HOUSE) else str(path)
