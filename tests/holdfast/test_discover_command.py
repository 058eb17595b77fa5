"""`rig discover` as people see it, and the file that it writes: what it prints loads, wherever it is sent."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from holdfast import discover_command
from holdfast.discover_command import discover, listed_readers, table
from protocols.events import discard
from protocols.faults import ConfigurationError, DeviceSilent, ReaderGone
from rigs.cards.loading import load_card_profile
from rigs.found import Answer, Found, SerialPort, UsbDevice
from rigs.model import EscposSerialOnBench, load_dut, load_rig
from rigs.readers.choice import Listed
from simulators.printer import VirtualPrinter
from tests.rigs.kit import raising
from tests.support.commands import ROOT, holdfast
from tests.support.golden import same_as, shown

GOLDEN = Path(__file__).parent / "golden"
ACS = {"vendor": "ACS", "model": "ACR39U ICC Reader", "usb ids": "072F:B100", "firmware": "1.0.3"}
PLENTY = Found(
    readers=(
        Listed("ACS ACR39U ICC Reader 00 00", "", "1-2.3", ACS),
        Listed("Gemalto PC Twin Reader (0012-34) 01 00", "0012-34", "1-1", {"vendor": "Gemalto"}),
    ),
    unlisted=(UsbDevice("1-4", "04E6:5591", "SCM SCL3711", "", "pn533_usb"),),
    ports=(
        SerialPort("/dev/ttyS0", answer=Answer((115200, 9600))),
        SerialPort(
            "/dev/ttyUSB0", "/dev/serial/by-id/usb-EPSON_TM-T20II-if00", "EPSON TM-T20II", "04B8:0202", "1-1.4", "A1",
            Answer((115200,), 115200, "present", {"maker": "EPSON", "model": "TM-T20II", "firmware": "3.02"}),
        ),
    ),
    usb_printers=(UsbDevice("1-5", "04B8:0E15", "EPSON TM-T88V"),),
)  # fmt: skip
NOTHING = Found(no_readers=ReaderGone("the PC/SC service is not running", advice="start it: `pcscd` as root"))
UNASKED = Found(ports=(SerialPort("/dev/ttyUSB0", words="FTDI UART", ids="0403:6001", usb="1-1"),))
NO_SERVICE = {**os.environ, "PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm"}


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize(("name", "found"), [("plenty", PLENTY), ("nothing", NOTHING), ("unasked", UNASKED)])
def test_the_table_looks_as_it_was_looked_at(name: str, found: Found, columns: int) -> None:
    same_as(GOLDEN / f"rig-discover-{name}-{columns}.txt", shown(table(found), columns))


def test_a_service_that_hangs_is_told_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr("rigs.readers.pcsc.list_readers", lambda: released.wait())
    monkeypatch.setattr(discover_command, "LISTING_S", 0.05)
    try:
        with pytest.raises(DeviceSilent, match=r"did not answer within 0.05 s \(restart pcscd\)"):
            listed_readers()
    finally:
        released.set()


def test_readers_are_those_of_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rigs.readers.pcsc.list_readers", lambda: PLENTY.readers)
    assert listed_readers() == PLENTY.readers


# ── the command ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    twin = VirtualPrinter(discard)
    yield twin
    twin.close()


@pytest.fixture(autouse=True)
def _no_readers_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discover_command, "listed_readers", raising(ReaderGone("no service")))


def run(out: Path | None = None, *ports: str, probe: bool = False) -> tuple[str, str]:
    """What people saw, and what went to standard output."""
    people, file = io.StringIO(), io.StringIO()
    consoles: dict[str, Any] = {"people": Console(file=people, width=100), "file": Console(file=file, width=40)}
    assert discover(out, ports, probe=probe, **consoles) == 0
    return people.getvalue(), file.getvalue()


def test_the_file_alone_goes_to_standard_output_and_no_line_of_it_is_broken() -> None:
    seen, printed = run()
    assert "Card readers" in seen
    assert printed.startswith("# yaml-language-server: $schema=")
    assert "name: my-bench\n" in printed
    assert 'test_master_key: "44444444444444444444444444444444"   # a public test key' in printed


def test_a_file_is_written_where_it_is_wanted_and_bears_its_name(tmp_path: Path) -> None:
    out = tmp_path / "new folder" / "Lab 2!.yaml"
    seen, printed = run(out)
    assert printed == ""
    assert "holdfast rig check" in seen
    rig = load_rig(out)
    assert rig.name == "lab-2"
    assert load_dut(out, rig).maker
    assert all(load_card_profile(out.parent / card).name for card in rig.cards.values())


def test_a_file_without_letters_has_the_usual_name(tmp_path: Path) -> None:
    out = tmp_path / "保.yaml"
    run(out)
    assert load_rig(out).name == "my-bench"


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "rig.yaml"
    out.write_text("mine", "utf-8")
    with pytest.raises(ConfigurationError, match="there is a file"):
        run(out)
    assert out.read_text("utf-8") == "mine"


def test_a_port_that_is_named_wants_a_probe(printer: VirtualPrinter) -> None:
    with pytest.raises(ConfigurationError, match=r"say `--probe`, too"):
        run(None, printer.path)


def test_a_port_that_is_named_is_asked_and_people_are_told(
    tmp_path: Path, printer: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rigs.discover.list_ports.comports", list)
    monkeypatch.setattr(discover_command, "look", lambda *given, **named: look_without_ports(*given, **named))
    out = tmp_path / "rig.yaml"
    seen, _ = run(out, printer.path, probe=True)
    model = load_rig(out).printer
    assert isinstance(model, EscposSerialOnBench)
    assert model.port == printer.path
    assert f"Asked {printer.path} as a printer is asked: DLE EOT 4 at 115200, 9600" in " ".join(seen.split())
    assert "as its printer" in seen


def look_without_ports(*given: Any, **named: Any) -> Found:
    """The real look, on a machine without serial ports of its own: nothing of this machine's is asked by a test."""
    from rigs.discover import look

    return look(*given, **named, comports=list)


# ── as a user starts it ───────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_shell_redirects_into_a_file_loads_there(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    with path.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            [sys.executable, "-m", "holdfast", "rig", "discover"], cwd=ROOT, env=NO_SERVICE, stdout=file,
            stderr=subprocess.PIPE, text=True, check=True, timeout=60,
        )  # fmt: skip
    rig = load_rig(path)
    assert rig.reader.kind == "virtual"
    assert load_dut(path, rig).maker
    assert all(load_card_profile(path.parent / card).name for card in rig.cards.values())
    assert "the PC/SC service is not running" in " ".join(done.stderr.split())
    assert "Nothing was sent to a serial port" in " ".join(done.stderr.split())


def test_what_goes_down_a_pipe_is_for_the_folder_of_the_rig_files() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", "rig", "discover"], cwd=ROOT, env=NO_SERVICE, capture_output=True,
        text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "dut_file: dut-reference-terminal.yaml" in done.stdout


def test_where_standard_output_cannot_be_looked_at_the_file_is_for_the_rig_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readlink = os.readlink
    shut = raising(OSError())
    monkeypatch.setattr(os, "readlink", lambda path: (shut if path == "/proc/self/fd/1" else readlink)(path))
    assert "dut_file: dut-reference-terminal.yaml" in run()[1]


@pytest.mark.parametrize(("arguments", "kind"), [((), "rig"), (("card",), "card")])
def test_the_schema_is_the_one_of_the_manual(arguments: tuple[str, ...], kind: str) -> None:
    done = holdfast("rig", "schema", *arguments)
    assert done.returncode == 0
    assert done.stdout == (ROOT / "docs" / "schemas" / f"{kind}.schema.json").read_text("utf-8")


def test_a_kind_of_file_that_has_no_schema_names_the_near_miss() -> None:
    done = holdfast("rig", "schema", "rulez")
    assert done.returncode == 4
    assert "no file is called a 'rulez' file (did you mean rules?)" in " ".join(done.stderr.split())
