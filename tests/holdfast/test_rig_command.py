"""`rig check` as people and programs see it. The pages are golden files: `HOLDFAST_RENEW=1 pytest ...` renews them."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from holdfast import rig_command
from holdfast.rig_command import WAIT_S, check, exit_status, page, record
from holdfast.status import Exit
from protocols.faults import ConfigurationError
from rigs.check import REPORT, Checked, Result
from rigs.model import load_dut, load_rig
from tests.rigs.kit import VIRTUAL_BENCH
from tests.support.commands import holdfast
from tests.support.golden import same_as, shown

GOLDEN = Path(__file__).parent / "golden"
READER = {
    "driver": "PC/SC", "wrapper": "pyscard 2.3.1", "library": "libpcsclite 1.9.9", "service": "pcsc-lite 1.9.9",
    "kernel": "6.1", "pid": "4711", "name": "ACS ACR39U ICC Reader 00 00", "vendor": "ACS",
    "model": "ACR39U ICC Reader", "firmware": "1.0.3", "serial": "not offered", "usb ids": "072F:B100",
    "usb path": "1-2.3",
    "longest APDU": "65544", "features": "get TLV properties, CCID esc command", "display": "not offered",
    "mood": "good",
}  # fmt: skip
WELL = (
    Checked("host", Result.PASS, facts={"kind": "simulated issuer host", "market": "unionpay-cn"}),
    Checked("printer", Result.PASS, "hardware", {"paper": "near end", "port": "/dev/ttyUSB0", "maker": "EPSON"}),
    Checked("reader", Result.PASS, "hardware", READER),
    Checked("card", Result.PASS, "hardware", {"answer to reset": "3B6800000073C84013009000", "protocols": "T=0"}),
    Checked("terminal", Result.PASS, facts={"terminal": "50080001", "signs on": "yes"}),
)
PAPER = Checked(
    "printer", Result.FAIL, "hardware", trouble="the printer's paper is out", advice="load paper and switch it on"
)
NO_CARD = Checked(
    "card", Result.SKIP, "hardware", trouble="no card is in the reader",
    advice="put a test card into it and check again; `--wait 30` waits for it",
)  # fmt: skip
NOT_TRIED = Checked("terminal", Result.SKIP, trouble="not tried: it needs the printer", advice="mend the printer first")
BUG = Checked("reader", Result.FAIL, trouble="ValueError", advice=REPORT, bug=True)
TROUBLED = (WELL[0], PAPER, WELL[2], NO_CARD, NOT_TRIED)


def page_of(rows: Sequence[Checked]) -> Any:
    rig = load_rig(VIRTUAL_BENCH)
    return page(rig, load_dut(VIRTUAL_BENCH, rig), rows)


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize(("name", "rows"), [("well", WELL), ("troubled", TROUBLED)])
def test_the_page_looks_as_it_was_looked_at(name: str, rows: Sequence[Checked], columns: int) -> None:
    same_as(GOLDEN / f"rig-check-{name}-{columns}.txt", shown(page_of(rows), columns))


@pytest.mark.parametrize("columns", [80, 100])
def test_nothing_is_cut_off(columns: int) -> None:
    text = " ".join(shown(page_of(TROUBLED), columns).split())
    for row in TROUBLED:
        assert row.trouble in text
        assert row.advice in text
    assert "2 PASS, 1 FAIL, 2 SKIP" in text


def test_a_well_bench_has_nothing_to_do_next() -> None:
    assert "What to do next" not in shown(page_of(WELL), 100)


def test_what_a_device_calls_itself_is_no_markup() -> None:
    odd = Checked("reader", Result.PASS, facts={"vendor": "[bold red]x[/]", "mood": ""})
    assert "[bold red]x[/]" in shown(page_of([odd]), 100)


@pytest.mark.parametrize(
    ("rows", "ended"),
    [
        (WELL, Exit.CONFORMS),
        (TROUBLED, Exit.INCOMPLETE),
        ((*WELL[:3], NO_CARD), Exit.INCOMPLETE),
        ((PAPER,), Exit.INCOMPLETE),
        ((PAPER, BUG), Exit.HOLDFAST_FAULT),
    ],
    ids=["well", "troubled", "skip alone", "fail alone", "bug"],
)
def test_the_exit_status_is_the_first_that_holds(rows: Sequence[Checked], ended: Exit) -> None:
    assert exit_status(rows) is ended


def test_the_record_says_all_that_the_page_says() -> None:
    rig = load_rig(VIRTUAL_BENCH)
    told = record(rig, load_dut(VIRTUAL_BENCH, rig), TROUBLED, Exit.INCOMPLETE)
    assert json.loads(json.dumps(told)) == told
    assert (told["schema_version"], told["rig"], told["exit_status"]) == (1, "virtual-bench", 2)
    assert told["dut"]["components"] == ["terminal"]
    assert told["devices"][1] == {
        "device": "printer", "result": "FAIL", "evidence": "hardware", "facts": {},
        "trouble": "the printer's paper is out", "next": "load paper and switch it on",
    }  # fmt: skip
    assert told["devices"][2]["facts"] == READER


# ── asking for a card ─────────────────────────────────────────────────────────────────────────────────────────────


class Reader:
    """A reader without a card, or with one that comes when it is waited for."""

    def __init__(self, *, present: bool = False, comes: bool = False) -> None:
        self.present, self.comes, self.waited = present, comes, [0.0]

    def card_present(self) -> bool:
        return self.present

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        assert present
        self.waited.append(timeout_s)
        return self.comes


def asked(reader: Reader, wait_s: float) -> tuple[bool, str, list[str]]:
    said, screen = io.StringIO(), []
    ask = rig_command._ask(
        Console(file=said, width=100), wait_s, lambda: screen.append("off"), lambda: screen.append("on")
    )
    return ask(reader), said.getvalue(), screen  # type: ignore[arg-type]


def test_a_card_that_lies_in_the_reader_is_taken_and_nobody_is_asked() -> None:
    assert asked(Reader(present=True), 30) == (True, "", [])


def test_where_nobody_is_there_nobody_is_asked() -> None:
    reader = Reader(comes=True)
    assert asked(reader, 0) == (False, "", [])
    assert reader.waited == [0.0]


@pytest.mark.parametrize("comes", [True, False])
def test_who_is_there_is_asked_and_given_time(comes: bool) -> None:
    reader = Reader(comes=comes)
    there, said, screen = asked(reader, 12.5)
    assert there is comes
    assert said == "Put a test card into the reader; 12.5 s are left for it.\n"
    assert reader.waited[1:] == [12.5]
    assert screen == ["off", "on"]


@pytest.mark.parametrize(("wanted", "terminal", "waits"), [(None, True, WAIT_S), (None, False, 0), (3, False, 3)])
def test_time_is_given_where_somebody_sits_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, wanted: float | None, terminal: bool, waits: float
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: terminal, raising=False)
    assert rig_command._wait_s(wanted) == waits


# ── the command ───────────────────────────────────────────────────────────────────────────────────────────────────


def checked(monkeypatch: pytest.MonkeyPatch, rows: Sequence[Checked], **settings: Any) -> tuple[int, str]:
    monkeypatch.setattr(rig_command, "check_bench", lambda plan, ask: iter(rows))
    said = io.StringIO()
    return check(VIRTUAL_BENCH, Console(file=said, width=100), **settings), said.getvalue()


def test_the_command_prints_the_page_and_ends_with_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = checked(monkeypatch, TROUBLED)
    assert status == 2
    assert "2 PASS, 1 FAIL, 2 SKIP" in said


def test_as_json_there_is_nothing_else_on_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = checked(monkeypatch, WELL, as_json=True)
    assert status == 0
    assert [row["result"] for row in json.loads(said)["devices"]] == ["PASS"] * 5


def test_a_bad_file_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no file"):
        check(tmp_path / "rig.yaml", Console(file=io.StringIO()))


def test_the_virtual_bench_passes_as_json_from_the_command_line() -> None:
    done = holdfast("rig", "check", "rigs/virtual-bench.yaml", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert {row["device"]: row["result"] for row in found["devices"]} == dict.fromkeys(
        ("host", "printer", "reader", "card", "terminal"), "PASS"
    )
    assert done.stderr == ""
