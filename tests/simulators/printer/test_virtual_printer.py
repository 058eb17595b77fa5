"""The printer twin by itself, on its real tty."""

from __future__ import annotations

import os
import threading
import tty
from collections.abc import Iterator

import pytest

from protocols.escpos import Composer
from simulators.printer import VirtualPrinter
from tests.simulators.kit import Events

CUT = b"\x1dV\x42\x00"


@pytest.fixture
def printer(events: Events) -> Iterator[VirtualPrinter]:
    printer = VirtualPrinter(events)
    yield printer
    printer.close()


@pytest.fixture
def port(printer: VirtualPrinter) -> Iterator[int]:
    fd = os.open(printer.path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(fd)
    yield fd
    os.close(fd)


def test_lines_are_told_as_they_stand_on_the_paper_and_the_slip_when_it_is_cut(
    printer: VirtualPrinter, port: int, events: Events
) -> None:
    os.write(port, Composer().text("one").text("two").bytes())
    assert [line["text"] for line in events.wait("line", count=2)] == ["one", "two"]
    os.write(port, Composer().text("three").cut().bytes())
    assert events.wait("slip")[0]["lines"] == ["one", "two", "three"]
    assert len(events.of("line")) == 2, "what is cut off with what came is told by the slip"
    assert [slip.cut for slip in printer.slips()] == [True]


def test_chinese_is_printed_as_it_was_sent(port: int, events: Events) -> None:
    os.write(port, Composer().text("中国银联POS签购单", align="center").pair("金额", "RMB 1000.00").cut().bytes())
    lines = events.wait("slip")[0]["lines"]
    assert lines[0] == "中国银联POS签购单"
    assert lines[1].split() == ["金额", "RMB", "1000.00"]


def test_a_character_split_over_two_writes_is_one_character(port: int, events: Events) -> None:
    raw = "预授权".encode("gb18030")
    os.write(port, b"\x1c&" + raw[:3])
    os.write(port, raw[3:] + b"\n")
    assert events.wait("line")[0]["text"] == "预授权"


def test_a_large_slip_comes_through_whole(port: int, events: Events) -> None:
    composer = Composer()
    for number in range(2000):
        composer.text(f"line {number:04d}")
    writer = threading.Thread(target=_write_all, args=(port, composer.cut().bytes()))
    writer.start()
    lines = events.wait("slip")[0]["lines"]
    writer.join()
    assert lines == [f"line {number:04d}" for number in range(2000)]


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


# ── status ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "with_paper", "without"),
    [(b"\x10\x04\x01", b"\x12", b"\x1a"), (b"\x10\x04\x04", b"\x12", b"\x72"), (b"\x1dr\x01", b"\x00", b"\x0c")],
)
def test_status_is_answered_now(
    printer: VirtualPrinter, port: int, query: bytes, with_paper: bytes, without: bytes
) -> None:
    """facts/pcsc-emv 7.1."""
    os.write(port, query)
    assert os.read(port, 16) == with_paper
    printer.remove_paper()
    os.write(port, query)
    assert os.read(port, 16) == without


def test_status_is_answered_in_the_middle_of_a_line(port: int, events: Events) -> None:
    os.write(port, b"half a ")
    os.write(port, b"\x10\x04\x04")
    assert os.read(port, 16) == b"\x12"
    os.write(port, b"line\n")
    assert events.wait("line")[0]["text"] == "half a line"


@pytest.mark.parametrize(("code", "answer"), [(0x41, b"_1.0\x00"), (0x42, b"_Holdfast\x00"), (0x44, b"_SIM-PRN-1\x00")])
def test_the_printer_says_who_it_is(port: int, code: int, answer: bytes) -> None:
    os.write(port, b"\x1dI" + bytes([code]))
    assert os.read(port, 64) == answer


def test_a_driver_that_never_reads_its_answers_does_not_stop_the_printer(
    printer: VirtualPrinter, port: int, events: Events
) -> None:
    for _ in range(3000):
        os.write(port, b"\x10\x04\x04" * 4)
    os.write(port, b"still here\n" + CUT)
    assert events.wait("slip")[0]["lines"] == ["still here"]


# ── paper ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_paper_everything_is_lost_and_said_to_be(printer: VirtualPrinter, port: int, events: Events) -> None:
    printer.remove_paper()
    os.write(port, b"one\ntwo\n" + CUT)
    assert [e["what"] for e in events.wait("lost", count=3)] == ["line", "line", "slip"]
    assert not printer.slips()


def test_a_line_that_was_lost_is_on_no_slip(printer: VirtualPrinter, port: int, events: Events) -> None:
    printer.remove_paper()
    os.write(port, b"lost\n")
    events.wait("lost")
    printer.load_paper()
    os.write(port, b"printed\n" + CUT)
    assert events.wait("slip")[0]["lines"] == ["printed"]
    assert b"lost" not in printer.slips()[0].raw


def test_paper_that_runs_out_in_the_middle_leaves_no_slip_and_the_next_one_is_clean(
    printer: VirtualPrinter, port: int, events: Events
) -> None:
    os.write(port, b"first\n")
    events.wait("line")
    printer.remove_paper()
    os.write(port, b"second\n" + CUT)
    events.wait("lost", what="slip")
    printer.load_paper()
    os.write(port, b"again\n" + CUT)
    assert events.wait("slip")[0]["lines"] == ["again"]
    assert len(printer.slips()) == 1


def test_paper_is_told_when_it_changes_and_only_then(printer: VirtualPrinter, events: Events) -> None:
    printer.load_paper()
    printer.remove_paper()
    printer.remove_paper()
    printer.load_paper()
    assert [e["state"] for e in events.of("paper")] == ["out", "present"]


# ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def printers() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "virtual-printer"]


def test_a_closed_printer_leaves_no_thread_and_no_descriptor(events: Events) -> None:
    before = os.listdir("/proc/self/fd"), len(printers())
    printer = VirtualPrinter(events)
    printer.close()
    printer.close()
    assert (os.listdir("/proc/self/fd"), len(printers())) == before


def test_unplugging_is_told_once_and_closing_after_it_is_nothing(events: Events) -> None:
    printer = VirtualPrinter(events)
    printer.unplug()
    printer.unplug()
    printer.close()
    assert len(events.of("gone")) == 1


def test_unplugging_from_many_threads_closes_each_descriptor_once(events: Events) -> None:
    for _ in range(10):
        printer = VirtualPrinter(events)
        hands = [threading.Thread(target=hand) for hand in (printer.unplug, printer.close) * 4]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
    assert not printers()


def test_a_printer_may_be_unplugged_by_what_it_just_told(events: Events) -> None:
    unplugged = threading.Event()

    def emit(event: object) -> None:
        if getattr(event, "kind", "") == "line":
            printer.unplug()
            unplugged.set()

    printer = VirtualPrinter(emit)
    fd = os.open(printer.path, os.O_RDWR | os.O_NOCTTY)
    os.write(fd, b"line\n")
    assert unplugged.wait(5)
    os.close(fd)
    for thread in printers():
        thread.join(5)
    assert not printers()
