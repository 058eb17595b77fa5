"""The rig file of what was found loads as it stands, and so does every other choice that its comments name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.faults import ReaderGone, RigFault
from rigs.cards.loading import load_card_profile
from rigs.compose import HOUSE, chosen_printer, chosen_reader, compose
from rigs.found import Answer, Found, SerialPort, UsbDevice, choices
from rigs.model import DutRecord, EscposSerialOnBench, PcscReaderOnBench, RigModel, load_dut, load_rig
from rigs.readers.choice import Listed, choose
from rigs.yamlfile import load_strict

ACR = {"vendor": "ACS", "model": "ACR39U", "usb ids": "072F:B100", "firmware": "1.0.3", "serial": "not offered"}
FIRST = Listed("ACS ACR39U ICC Reader 00 00", "", "1-2.3", ACR)
SECOND = Listed("ACS ACR39U ICC Reader 01 00", "", "1-2.4", ACR)
TWIN_READER = Listed("Gemalto PC Twin Reader (0012-34) 02 00", "0012-34", "1-1", {"vendor": "Gemalto", "model": "Twin"})
ANSWERED = SerialPort(
    "/dev/ttyUSB0", "/dev/serial/by-id/usb-EPSON_TM-if00", "EPSON TM-T20II", "04B8:0202", "1-1.4", "A1",
    Answer((115200, 9600), 9600, "present", {"maker": "EPSON", "model": "TM-T20II", "firmware": "3.02"}),
)  # fmt: skip
SILENT = SerialPort("/dev/ttyS0", answer=Answer((115200, 9600)))
UNASKED = SerialPort("/dev/ttyUSB1", words="FTDI UART", ids="0403:6001")
HELD = UsbDevice("1-4", "04E6:5591", "SCM SCL3711", "", "pn533_usb")
EVERYTHING = Found(
    readers=(FIRST, SECOND, TWIN_READER), ports=(ANSWERED, SILENT), unlisted=(HELD,),
    usb_printers=(UsbDevice("1-5", "04B8:0E15", "EPSON TM-T88V"),),
)  # fmt: skip


def written(tmp_path: Path, found: Found, text: str = "") -> Path:
    path = tmp_path / "rig.yaml"
    path.write_text(text or compose(found, folder=tmp_path), "utf-8")
    return path


def loaded(tmp_path: Path, found: Found) -> RigModel:
    return load_rig(written(tmp_path, found))


def words(text: str) -> str:
    """What the comments say, without their line breaks."""
    return " ".join(line.strip().removeprefix("#").strip() for line in text.splitlines() if "#" in line[:4])


def test_with_nothing_plugged_in_all_are_twins_and_the_comments_say_why(tmp_path: Path) -> None:
    gone = Found(no_readers=ReaderGone("the PC/SC service is not running", advice="start it"))
    path = written(tmp_path, gone)
    rig = load_rig(path)
    assert (rig.reader.kind, rig.printer.kind, rig.time_scale) == ("virtual", "virtual", 20)
    said = words(path.read_text("utf-8"))
    assert "No card reader was found: the PC/SC service is not running; start it. Its twin stands here." in said
    assert "No serial port was found. The printer's twin stands here." in said


def test_a_service_without_readers_and_without_advice_is_told(tmp_path: Path) -> None:
    assert "No card reader was found: PC/SC lists none." in compose(Found(), folder=tmp_path)
    assert "was found: it broke. Its" in compose(Found(no_readers=RigFault("it broke")), folder=tmp_path)


def test_real_devices_keep_real_time(tmp_path: Path) -> None:
    rig = loaded(tmp_path, EVERYTHING)
    assert (rig.time_scale, rig.case_deadline_s) == (1, 300)
    assert rig.title == "Bench with Gemalto Twin and EPSON TM-T20II"


def test_the_reader_with_a_serial_number_is_taken_by_it(tmp_path: Path) -> None:
    reader = loaded(tmp_path, EVERYTHING).reader
    assert isinstance(reader, PcscReaderOnBench)
    assert (reader.serial, reader.usb, reader.name) == ("0012-34", "", "")
    assert choose(EVERYTHING.readers, reader.choice) is TWIN_READER


def test_two_like_readers_are_told_apart_by_their_port_and_the_comment_says_how(tmp_path: Path) -> None:
    found = Found(readers=(FIRST, SECOND))
    path = written(tmp_path, found)
    reader = load_rig(path).reader
    assert isinstance(reader, PcscReaderOnBench)
    assert choose(found.readers, reader.choice) is FIRST
    said = words(path.read_text("utf-8"))
    assert "2 readers are alike and have no serial number. The USB port tells them apart: 1-2.3, 1-2.4." in said
    assert "Unplug one and discover again: the port that is gone was its." in said
    assert 'name: "ACS ACR39U ICC Reader 00 00"' not in path.read_text("utf-8")  # such names swap


def test_two_like_readers_that_say_nothing_at_all_are_warned_of(tmp_path: Path) -> None:
    found = Found(readers=(Listed("A 00 00"), Listed("A 01 00")))
    path = written(tmp_path, found)
    assert "Keep one plugged in." in words(path.read_text("utf-8"))
    reader = load_rig(path).reader
    assert isinstance(reader, PcscReaderOnBench)
    assert choose(found.readers, reader.choice) is found.readers[0]


def test_a_reader_that_no_choice_singles_out_is_taken_last() -> None:
    within, outer = Listed("Reader 00 00"), Listed("Big Reader 00 00")
    assert chosen_reader(Found(readers=(within, outer))) is outer
    assert chosen_reader(Found(readers=(within,))) is within
    assert chosen_reader(Found()) is None


def test_such_a_reader_is_named_all_the_same(tmp_path: Path) -> None:
    found = Found(readers=(Listed("Reader 00 00"), Listed("Reader 00 00 00 00")))
    assert choices(found.readers[0], found.readers) == []
    assert '#   name: "Reader 00 00"' in compose(found, folder=tmp_path)


def test_the_port_that_answered_is_the_printer_at_the_speed_that_it_answered_at(tmp_path: Path) -> None:
    printer = loaded(tmp_path, EVERYTHING).printer
    assert isinstance(printer, EscposSerialOnBench)
    assert (printer.port, printer.baud) == ("/dev/serial/by-id/usb-EPSON_TM-if00", 9600)


def test_a_printer_by_its_maker_comes_after_one_that_answered() -> None:
    maker = SerialPort("/dev/ttyACM0", ids="0519:0001")
    assert chosen_printer(Found(ports=(maker, ANSWERED))) is ANSWERED
    assert chosen_printer(Found(ports=(UNASKED, maker))) is maker
    assert chosen_printer(Found(ports=(UNASKED,))) is None


def test_a_printer_by_its_maker_has_the_usual_speed_and_the_comment_says_that_nobody_asked(tmp_path: Path) -> None:
    path = written(tmp_path, Found(ports=(SerialPort("/dev/ttyACM0", ids="0519:0001", words="Star TSP"),)))
    printer = load_rig(path).printer
    assert isinstance(printer, EscposSerialOnBench)
    assert (printer.port, printer.baud) == ("/dev/ttyACM0", 115200)
    assert "nothing was sent to it; its maker makes receipt printers" in words(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("port", "says"),
    [
        (UNASKED, "Nothing was sent to the serial ports: what sits there is not known."),
        (SILENT, "No serial port answered as a printer does. The printer's twin stands here."),
        (SILENT, "/dev/ttyS0: does not answer as a printer at 115200, 9600 Bd"),
        (SerialPort("/dev/ttyS1", answer=Answer((9600,), trouble="cannot be opened: Permission denied")),
         "/dev/ttyS1: cannot be opened: Permission denied"),
    ],
)  # fmt: skip
def test_what_is_not_known_of_a_port_is_said(tmp_path: Path, port: SerialPort, says: str) -> None:
    path = written(tmp_path, Found(ports=(port,)))
    assert load_rig(path).printer.kind == "virtual"
    assert says in words(path.read_text("utf-8"))


def test_a_reader_that_the_kernel_holds_is_told_with_what_to_do(tmp_path: Path) -> None:
    said = words(compose(Found(unlisted=(HELD,)), folder=tmp_path))
    assert "SCM SCL3711 (04E6:5591) at USB 1-4 is plugged in, and PC/SC does not list it" in said
    assert "Put `blacklist pn533_usb` into a file below /etc/modprobe.d" in said


def test_a_reader_without_a_driver_is_told_with_what_to_do(tmp_path: Path) -> None:
    said = words(compose(Found(unlisted=(UsbDevice("1-4", "1:2", "X"),)), folder=tmp_path))
    assert "start pcscd, or install the reader's driver" in said


def alternatives(text: str) -> list[dict[str, str]]:
    """Each block of settings in comments, as the keys that it would set."""
    blocks, block = [], {}
    for line in [*text.splitlines(), ""]:
        match = re.fullmatch(r" +#   (\w+: .+)", line)
        if match:
            block |= yaml.safe_load(match[1])
        elif block:
            blocks.append(block)
            block = {}
    return blocks


def test_every_other_choice_loads_in_place_of_what_it_replaces(tmp_path: Path) -> None:
    text = compose(EVERYTHING, folder=tmp_path)
    rig = yaml.safe_load(text)
    blocks = alternatives(text)
    assert len(blocks) == 7  # port and name of the reader, two readers, its twin; a port, the printer's twin
    singled_out = []
    for block in blocks:
        for part in ("reader", "printer"):
            changed = {**rig, part: {"kind": rig[part]["kind"], **block}}
            path = written(tmp_path, EVERYTHING, yaml.safe_dump(changed))
            try:
                reader = load_rig(path).reader
            except Exception:
                continue
            if isinstance(reader, PcscReaderOnBench) and part == "reader":
                singled_out.append(choose(EVERYTHING.readers, reader.choice))
            break
        else:
            pytest.fail(f"{block} loads nowhere")
    assert singled_out == [TWIN_READER, TWIN_READER, FIRST, SECOND]


def test_what_it_names_is_there_wherever_the_file_lies(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    rig = load_rig(path)
    assert load_dut(path, rig).maker
    for card in rig.cards.values():
        assert load_card_profile(path.parent / card).name
    schema = re.search(r"\$schema=(\S+)", path.read_text("utf-8"))
    assert schema is not None
    assert (path.parent / schema[1]).is_file()


def test_within_the_house_what_it_names_is_relative() -> None:
    text = compose(EVERYTHING, folder=HOUSE / "rigs")
    assert str(HOUSE) not in text
    assert "dut_file: dut-reference-terminal.yaml" in text
    assert "$schema=../docs/schemas/rig.schema.json" in text


def test_what_a_dut_file_would_say_is_a_dut_file(tmp_path: Path) -> None:
    text = compose(EVERYTHING, folder=tmp_path)
    records = text.split("a dut_file beside this one that says:\n")[1:]
    assert len(records) == 2
    for record, model in zip(records, ("Twin", "TM-T20II"), strict=True):
        lines = [line.removeprefix("#   ") for line in record.splitlines() if line.startswith("#   ")]
        path = tmp_path / "dut.yaml"
        path.write_text("\n".join(lines), "utf-8")
        assert load_strict(path, DutRecord).model == model


def test_no_line_is_wider_than_a_narrow_terminal() -> None:
    text = compose(EVERYTHING, folder=HOUSE / "rigs")
    assert [line for line in text.splitlines() if len(line) > 80 and "test_master_key" not in line] == []


def test_the_rig_bears_its_name(tmp_path: Path) -> None:
    path = written(tmp_path, Found(), compose(Found(), folder=tmp_path, name="lab-2"))
    assert load_rig(path).name == "lab-2"


@pytest.mark.parametrize("serial", ['a "b"', "back\\slash", "\\x41", "\x1b[2J", "保持", "\u2028", "#no", "yes"])
def test_a_serial_number_is_read_back_as_the_reader_says_it(tmp_path: Path, serial: str) -> None:
    reader = loaded(tmp_path, Found(readers=(Listed("A 00 00", serial),))).reader
    assert isinstance(reader, PcscReaderOnBench)
    assert reader.serial == serial


ANY_TEXT = st.text(max_size=30)
LISTED = st.builds(
    Listed, name=ANY_TEXT.filter(bool), serial=ANY_TEXT, usb=st.sampled_from(["", "1-1", "1-2.3"]),
    attributes=st.dictionaries(st.sampled_from(["vendor", "model", "firmware", "usb ids"]), ANY_TEXT),
)  # fmt: skip
PORT = st.builds(
    SerialPort, device=ANY_TEXT.filter(bool), link=ANY_TEXT, words=ANY_TEXT, ids=ANY_TEXT, usb=ANY_TEXT,
    serial=ANY_TEXT,
    answer=st.none() | st.builds(
        Answer, asked=st.just((9600,)), baud=st.none() | st.just(9600), paper=ANY_TEXT, trouble=ANY_TEXT,
        said=st.dictionaries(st.sampled_from(["maker", "model", "firmware", "serial"]), ANY_TEXT),
    ),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    readers=st.lists(LISTED, max_size=3), ports=st.lists(PORT, max_size=3),
    unlisted=st.lists(st.builds(UsbDevice, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT), max_size=2),
)  # fmt: skip
def test_whatever_devices_call_themselves_the_file_loads(
    tmp_path_factory: pytest.TempPathFactory, readers: Any, ports: Any, unlisted: Any
) -> None:
    found = Found(tuple(readers), None, tuple(unlisted), tuple(ports))
    path = written(tmp_path_factory.getbasetemp(), found)
    rig = load_rig(path)
    assert rig.reader.kind == ("pcsc" if readers else "virtual")
    assert rig.printer.kind == ("escpos-serial" if any(port.printer for port in ports) else "virtual")
