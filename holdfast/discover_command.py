"""`holdfast rig discover`: a table of what is plugged in for people, and a rig file of it for the bench."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from protocols.faults import ConfigurationError, DeviceSilent
from protocols.pcsc.identity import NOT_OFFERED
from rigs.compose import HOUSE, chosen_printer, chosen_reader, compose
from rigs.discover import BAUDS, Probe, ask_printer, look
from rigs.found import (
    Found,
    SerialPort,
    answer_words,
    port_facts,
    port_short,
    printable,
    short,
    unlisted_words,
    usb_printer_words,
)
from rigs.readers.caller import Caller
from rigs.readers.choice import Listed

LISTING_S = 30.0
"""So long the PC/SC service may take to list its readers, each asked who it is."""
TAKEN, THERE = "●", "○"
Row = tuple[str, str, str, Sequence[str]]
"""Mark, its style, a device's name, facts of it."""


def discover(out: Path | None, ports: Sequence[str], *, probe: bool, people: Console, file: Console) -> int:
    """Returns 0. `people` gets the table, `file` the rig file where there is no `out`.

    Raises ConfigurationError for an `out` that is there already, and for ports without `probe`.
    """
    if out is not None and out.exists():
        raise ConfigurationError(f"there is a file {out} already", advice="give another name, or remove it")
    if ports and not probe:
        raise ConfigurationError("a port is named, and nothing may be sent to it", advice="say `--probe`, too")
    with people.status("Looking at readers and ports"):
        found = look(listed_readers, probe=_probe(probe), named=ports)
    people.print(table(found))
    if out is None:
        file.out(compose(found, folder=_folder_of_output()), end="", highlight=False)
        return 0
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(compose(found, folder=out.parent, name=_name(out)), "utf-8")
    people.print(Text.assemble("Written to ", (str(out), "bold"), f". Test it: holdfast rig check {out}"))
    return 0


def listed_readers() -> Sequence[Listed]:
    """The readers of the machine's own PC/SC service. Raises DeviceSilent when it hangs."""
    from rigs.readers.pcsc import list_readers

    caller = Caller()
    try:
        return caller.call(list_readers, LISTING_S)  # type: ignore[no-any-return]
    except TimeoutError:
        raise DeviceSilent(
            f"the PC/SC service did not answer within {LISTING_S:g} s", advice="restart pcscd", component="reader"
        ) from None
    finally:
        caller.end()


def _probe(wanted: bool) -> Probe | None:
    return ask_printer if wanted else None


def _name(out: Path) -> str:
    """The rig's name by its file's."""
    return re.sub(r"[^a-z0-9]+", "-", out.stem.lower()).strip("-") or "my-bench"


def _folder_of_output() -> Path:
    """The folder that a shell redirects standard output to; else the rig files'."""
    try:
        target = Path(os.readlink("/proc/self/fd/1"))
    except OSError:
        return HOUSE / "rigs"
    return target.parent if target.is_file() else HOUSE / "rigs"


# ── the table ─────────────────────────────────────────────────────────────────────────────────────────────────────


def table(found: Found) -> Group:
    """Each device by name: whether the rig file takes it, and what is known of it."""
    return Group(
        Text("Card readers", "bold"), _grid(_readers(found)), "", Text("Serial ports", "bold"), _grid(_ports(found)),
        "", Text(_sent(found), "dim"), Text(_stands(found)), "",
    )  # fmt: skip


def _grid(rows: Iterable[Row]) -> Table:
    grid = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for mark, style, name, facts in rows:
        grid.add_row(Text(f"  {mark}", style), Text(name, "bold" if mark == TAKEN else ""))
        grid.add_row("", Text(", ".join(filter(None, facts)), "dim"))
    return grid


def _readers(found: Found) -> Iterator[Row]:
    taken = chosen_reader(found)
    for one in found.readers:
        yield *_mark(one is taken), printable(one.name), _facts(one)
    for device in found.unlisted:
        yield "!", "yellow", f"{device.words} at USB {device.port}", [unlisted_words(device)]
    if not found.readers:
        fault = found.no_readers
        yield *_mark(False), "none", [f"{fault.message}; {fault.advice}" if fault else "PC/SC lists none"]


def _mark(taken: bool) -> tuple[str, str]:
    return (TAKEN, "green") if taken else (THERE, "dim")


def _facts(one: Listed) -> list[str]:
    told = {key: printable(value) for key, value in one.attributes.items() if value != NOT_OFFERED}
    who = " ".join(filter(None, (told.get("vendor"), told.get("model"))))
    return [
        who, f"serial {one.serial}" if one.serial else "no serial number", f"USB {one.usb}" if one.usb else "",
        told.get("usb ids", ""), f"firmware {told['firmware']}" if "firmware" in told else "",
    ]  # fmt: skip


def _ports(found: Found) -> Iterator[Row]:
    taken = chosen_printer(found)
    for port in found.ports:
        yield *_mark(port is taken), port.name, [*_of_port(port), answer_words(port)]
    for device in found.usb_printers:
        yield "!", "yellow", device.words, [usb_printer_words(device)]
    if not found.ports:
        yield *_mark(False), "none", ["the system lists none"]


def _of_port(port: SerialPort) -> list[str]:
    return [port.device if port.link else "", *port_facts(port)]


def _stands(found: Found) -> str:
    """What the rig file takes, in words."""
    reader, printer = chosen_reader(found), chosen_printer(found)
    return (
        f"The rig file takes {short(reader) if reader else 'a twin'} as its reader, and "
        f"{port_short(printer) if printer else 'a twin'} as its printer."
    )


def _sent(found: Found) -> str:
    """What went out of this machine, in words: nobody shall have to guess."""
    asked = [port.name for port in found.ports if port.answer is not None]
    if not asked:
        return "Nothing was sent to a serial port; --probe asks each whether a printer is there."
    speeds = ", ".join(map(str, BAUDS))
    return f"Asked {', '.join(asked)} as a printer is asked: DLE EOT 4 at {speeds} Bd until one answered, then GS I."
