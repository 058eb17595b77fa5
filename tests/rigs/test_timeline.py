"""The recorder: order, chain, what survives, and that nothing secret is ever written."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from protocols.chain import FIRST_HASH
from protocols.emv import Apdu, build
from protocols.events import Channel, Direction, Event
from protocols.faults import RigFault
from protocols.iso8583 import UNIONPAY, Frame, Message, compile_spec, pack_frame
from rigs.timeline import Recorder, TimelineFile
from tests.rigs.kit import (
    DEADLINE_S,
    MASKED,
    OTHER_MASKED,
    OTHER_PAN,
    PAN,
    chain_is_whole,
    lines_of,
    other_process,
    recorder_in,
    said,
)

CODEC = compile_spec(UNIONPAY)
TRACK = f"{PAN}=30122010000012345678"
REQUEST: Message = {
    0: "0100", 2: PAN, 3: "030000", 4: "000000100000", 11: "000001", 14: "3012", 22: "051", 25: "06", 35: TRACK,
    41: "50080001", 42: "309310083985008", 49: "156", 52: bytes.fromhex("3D87C8B8FA17C67C"), 60: "10000001000500",
    64: b"28C7AFB5",
}  # fmt: skip
READ_RECORD = Apdu(0x00, 0xB2, 1, 0x0C, le=0).pack()
RECORD = build([("70", build([("5A", bytes.fromhex(PAN)), ("57", bytes.fromhex(TRACK.replace("=", "D") + "0")),
                              ("5F24", bytes.fromhex("301231")), ("5F34", b"\x01")]))])  # fmt: skip
VERIFY = Apdu(0x00, 0x20, 0, 0x80, bytes.fromhex("26123456FFFFFFFF")).pack()


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    recorder = recorder_in(tmp_path)
    yield recorder
    recorder.close()


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    return tmp_path / "workers" / "main.jsonl"


def frame(message: Message) -> bytes:
    return pack_frame(Frame("6000060000", "613100311003", CODEC.pack(message)))


def told(kind: str = "thing", **fields: Any) -> Event:
    return Event(Channel.TERMINAL, kind, fields)


def assert_hidden(folder: Path, *secrets: str) -> None:
    """In no file of the run, neither as text nor packed, nor as bytes written in hex."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for secret in secrets:
                assert secret.encode() not in data, path.name
                assert secret.encode().hex().upper().encode() not in data, path.name
                assert not secret.isdigit() or bytes.fromhex(secret) not in data, path.name


# ── order and chain ───────────────────────────────────────────────────────────────────────────────────────────────


def test_events_are_numbered_in_the_order_in_which_they_came(recorder: Recorder, worker: Path) -> None:
    numbers = [recorder.emit(told("thing", which=which)) for which in ("a", "b", "c")]
    assert numbers == [1, 2, 3]
    assert [(line["n"], line["f"]["which"]) for line in lines_of(worker)] == [(1, "a"), (2, "b"), (3, "c")]


def test_an_event_has_its_time_of_the_run_and_of_the_day(tmp_path: Path, worker: Path) -> None:
    began = time.monotonic_ns()
    recorder = recorder_in(tmp_path, started_ns=began)
    recorder.emit(Event(Channel.READER, "inserted", {}, Direction.IN, at_ns=began + 1_500_000_000))
    recorder.close()
    line = lines_of(worker)[0]
    assert (line["t"], line["utc"]) == (1_500_000_000, "2026-06-15T09:30:01.500000Z")
    assert (line["ch"], line["dir"], line["kind"], line["f"]) == ("reader", "in", "inserted", {})


def test_each_channel_says_what_its_evidence_is(tmp_path: Path, worker: Path) -> None:
    recorder = recorder_in(tmp_path, evidence={Channel.READER: "hardware", Channel.HOST: "recorded"})
    for channel in (Channel.READER, Channel.HOST, Channel.CARD):
        recorder.emit(Event(channel, "thing"))
    recorder.close()
    assert [line["ev"] for line in lines_of(worker)[:3]] == ["hardware", "recorded", "simulated"]


def test_the_chain_of_what_is_written_holds(recorder: Recorder, worker: Path) -> None:
    for word in ("预授权", 'a "quoted" word', "two\nlines", "tab\t", "half a pair \ud83d", "\u2028", ""):
        recorder.emit(told(text=word))
    recorder.close()
    assert chain_is_whole(worker)
    assert lines_of(worker)[4]["f"]["text"] == "half a pair ?"


@pytest.mark.parametrize(
    "harm",
    [lambda lines: lines[:2] + lines[3:], lambda lines: [lines[1], lines[0], *lines[2:]],
     lambda lines: [lines[0], lines[1].replace(b"two", b"ten"), *lines[2:]], lambda lines: [*lines[:3], lines[2]]],
    ids=["removed", "moved", "altered", "copied"],
)  # fmt: skip
def test_the_chain_tells_what_was_done_to_a_timeline(
    recorder: Recorder, worker: Path, harm: Callable[[list[bytes]], list[bytes]]
) -> None:
    for word in ("one", "two", "three", "four"):
        recorder.emit(told(word=word))
    recorder.close()
    worker.write_bytes(b"".join(harm(worker.read_bytes().splitlines(keepends=True))))
    assert not chain_is_whole(worker)


def test_threads_that_tell_at_once_leave_no_gap_and_a_whole_chain(recorder: Recorder, worker: Path) -> None:
    start = threading.Barrier(6)
    numbers: list[int] = []

    def tell(thread: int) -> None:
        start.wait(DEADLINE_S)
        numbers.extend(recorder.emit(told(thread=thread, step=step, card=PAN)) for step in range(150))

    threads = [threading.Thread(target=tell, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert sorted(numbers) == list(range(1, 901))
    assert chain_is_whole(worker)
    for thread_number in range(6):
        steps = [line["f"]["step"] for line in lines_of(worker) if line["f"]["thread"] == thread_number]
        assert steps == list(range(150))


def test_whoever_watches_is_shown_each_record_as_it_was_written(tmp_path: Path, worker: Path) -> None:
    seen: list[dict[str, Any]] = []
    recorder = recorder_in(tmp_path, watch=seen.append)
    recorder.emit(told(card=PAN))
    recorder.close()
    assert [record["n"] for record in seen] == [1, 2]
    assert seen[0]["f"] == {"card": MASKED}
    assert seen == [{k: v for k, v in line.items() if k != "hash"} for line in lines_of(worker)]


# ── timelines of cases and of the worker ──────────────────────────────────────────────────────────────────────────


def test_events_between_cases_go_to_the_workers_timeline(recorder: Recorder, tmp_path: Path, worker: Path) -> None:
    recorder.emit(told("before"))
    case = recorder.open_case(tmp_path / "cases" / "a" / "attempt-1.jsonl")
    assert recorder.emit(told("during")) == 1
    recorder.close_case()
    assert recorder.emit(told("after")) == 2
    assert [line["kind"] for line in lines_of(worker)] == ["before", "after"]
    assert [line["kind"] for line in lines_of(case.path)] == ["during"]
    assert [record["kind"] for record in case.records] == ["during"]
    recorder.close_case()  # there is none to close


def test_a_second_case_ends_the_first(recorder: Recorder, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    paths = [tmp_path / "cases" / name / "attempt-1.jsonl" for name in ("a", "b")]
    for path in paths:
        recorder.open_case(path)
        recorder.emit(told(path.parent.name))
    assert len(os.listdir("/proc/self/fd")) == before + 1
    assert [[line["kind"] for line in lines_of(path)] for path in paths] == [["a"], ["b"]]


def test_a_timeline_is_never_written_over(recorder: Recorder, tmp_path: Path, worker: Path) -> None:
    with pytest.raises(FileExistsError):
        recorder_in(tmp_path)
    path = tmp_path / "cases" / "a" / "attempt-1.jsonl"
    recorder.open_case(path)
    recorder.emit(told("mine"))
    with pytest.raises(FileExistsError):
        recorder.open_case(path)
    recorder.emit(told("still mine"))
    assert [line["kind"] for line in lines_of(path)] == ["mine", "still mine"]


def test_closing_twice_says_so_once_and_what_comes_later_is_dropped(recorder: Recorder, worker: Path) -> None:
    recorder.close()
    recorder.close()
    assert recorder.emit(told("late")) == 0
    assert [line["kind"] for line in lines_of(worker)] == ["close"]
    assert chain_is_whole(worker)


def test_closing_ends_the_case_that_is_open(recorder: Recorder, tmp_path: Path, worker: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    recorder.open_case(tmp_path / "cases" / "a" / "attempt-1.jsonl")
    recorder.close()
    assert len(os.listdir("/proc/self/fd")) == before - 1
    assert [line["kind"] for line in lines_of(worker)] == ["close"]


# ── what survives ─────────────────────────────────────────────────────────────────────────────────────────────────

TELL = """
import sys
from pathlib import Path
from tests.rigs.kit import recorder_in
from protocols.events import Channel, Event
recorder = recorder_in(Path(sys.argv[1]))
while True:
    print(recorder.emit(Event(Channel.RIG, "tick", {"text": "x" * 200})), flush=True)
    if sys.argv[2] == "asked":
        sys.stdin.readline()
"""


def test_a_line_is_there_for_others_when_emit_returns(tmp_path: Path, worker: Path) -> None:
    with other_process(TELL, tmp_path, "asked") as writer:
        for number in range(1, 10):
            assert said(writer) == str(number)
            assert [line["n"] for line in lines_of(worker)] == list(range(1, number + 1))
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()


def test_a_writer_killed_amid_its_work_loses_nothing_that_it_had_told(tmp_path: Path, worker: Path) -> None:
    with other_process(TELL, tmp_path, "unasked") as writer:
        heard = [said(writer) for _ in range(50)]
        writer.kill()
        while rest := said(writer):
            heard.append(rest)
    assert heard[:3] == ["1", "2", "3"]
    assert chain_is_whole(worker)
    assert len(lines_of(worker)) >= int(heard[-2])  # the last word may be cut


def test_a_line_that_the_kernel_takes_in_parts_is_whole(
    recorder: Recorder, worker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: whole(fd, bytes(data)[:7]))
    recorder.emit(told(text="预授权" * 10))
    recorder.emit(told())
    monkeypatch.undo()
    assert chain_is_whole(worker)
    assert len(lines_of(worker)) == 2


def test_a_disk_that_is_full_leaves_a_whole_timeline_and_the_run_goes_on_when_it_is_not(
    recorder: Recorder, worker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.write
    taken: list[int] = []

    def full(fd: int, data: bytes) -> int:
        if taken:
            raise OSError(28, "No space left on device")
        taken.append(whole(fd, bytes(data)[:9]))
        return taken[0]

    recorder.emit(told("before"))
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RigFault, match="cannot be written: No space left on device"):
        recorder.emit(told("lost"))
    monkeypatch.undo()
    assert recorder.emit(told("after")) == 2
    assert [line["kind"] for line in lines_of(worker)] == ["before", "after"]
    assert chain_is_whole(worker)


def interrupted_at(line: int) -> Callable[[FrameType, str, Any], Any]:
    """A tracer that raises KeyboardInterrupt at so many lines of a timeline file's own code, once."""
    left = line

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_qualname.startswith("TimelineFile.") and event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    return trace


def test_an_interrupt_at_any_line_leaves_a_whole_chain(tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM raise wherever the main thread is: a run that was ended said of itself that it was changed."""
    ended, line = False, 0
    while not ended:
        line += 1
        file = TimelineFile(tmp_path / f"{line}.jsonl", keep=True)
        file.append({"kind": "before"})
        before = sys.gettrace()
        sys.settrace(interrupted_at(line))
        try:
            file.append({"kind": "told"})
            ended = True
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(before)
        file.append({"kind": "after"})
        file.close()
        assert chain_is_whole(tmp_path / f"{line}.jsonl"), f"interrupted at line {line}"
        assert [record["kind"] for record in file.records] == [r["kind"] for r in lines_of(tmp_path / f"{line}.jsonl")]
    assert line > 10


def test_what_cannot_be_written_as_json_takes_no_number(recorder: Recorder, worker: Path) -> None:
    with pytest.raises(TypeError):
        recorder.emit(told(thing=object()))
    assert recorder.emit(told("next")) == 1
    assert chain_is_whole(worker)


def test_a_number_that_json_does_not_know_is_text(recorder: Recorder, worker: Path) -> None:
    recorder.emit(told(offset=float("nan"), limit=float("inf"), none=None, yes=True, half=0.5))
    fields = lines_of(worker)[0]["f"]
    assert fields == {"offset": "nan", "limit": "inf", "none": None, "yes": True, "half": 0.5}


# ── masking: frames ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_frame_is_decoded_and_its_card_data_hidden(recorder: Recorder, tmp_path: Path, worker: Path) -> None:
    raw = frame(REQUEST)
    recorder.emit(Event(Channel.HOST, "request", {"exchange": 1}, Direction.OUT, raw))
    line = lines_of(worker)[0]
    assert len(line["raw"]) == 2 * len(raw)
    assert "625094FFFFFF0014" in line["raw"]
    assert line["f"]["exchange"] == 1
    assert line["f"]["message"]["TPDU"] == "6000060000"
    assert {(e["kind"], e["owner"]) for e in line["exposed"]} >= {
        ("pan", "holdfast"), ("track", "holdfast"), ("pin block", "holdfast"), ("expiry", "holdfast"),
    }  # fmt: skip
    assert_hidden(tmp_path, PAN, TRACK, TRACK.replace("=", "D"), "3D87C8B8FA17C67C")


@pytest.mark.parametrize(
    "raw",
    [frame(REQUEST)[:-9], b"\x00\x05hello", frame(REQUEST)[13:], b"", frame(REQUEST)[2:] + b"\x00\x00", b"\xff" * 80,
     b"\x00\x40" + bytes.fromhex(PAN) * 8],
    ids=["cut short", "no frame", "no head", "empty", "no length", "noise", "PANs alone"],
)  # fmt: skip
def test_of_a_frame_that_cannot_be_read_no_card_number_is_kept(
    recorder: Recorder, tmp_path: Path, worker: Path, raw: bytes
) -> None:
    recorder.protect(PAN)
    recorder.emit(Event(Channel.HOST, "undecodable", {"exchange": 1}, Direction.OUT, raw))
    line = lines_of(worker)[0]
    assert line["f"]["undecoded"]
    assert len(line["raw"]) == 2 * len(raw)
    assert_hidden(tmp_path, PAN)
    assert PAN not in line["raw"]


@pytest.mark.parametrize(
    "field", [{48: f"{PAN}12"}, {48: f"1{PAN}2"}, {59: f"ref {PAN}"}, {61: f"{PAN}0615"}, {54: f"10{PAN}"}], ids=str
)
def test_a_card_of_the_bench_is_hidden_in_a_field_where_nobody_looks_for_one(
    recorder: Recorder, tmp_path: Path, worker: Path, field: Message
) -> None:
    recorder.protect(PAN)
    recorder.emit(Event(Channel.HOST, "request", {}, Direction.OUT, frame({0: "0320", 41: "50080001", **field})))
    line = lines_of(worker)[0]
    assert PAN not in line["raw"]
    assert PAN.encode().hex() not in line["raw"].lower()
    assert PAN not in json.dumps(line["f"])
    assert {e["kind"] for e in line["exposed"]} & {"pan", "hidden"}
    assert_hidden(tmp_path, PAN)


# ── masking: cards ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_record_of_a_card_is_decoded_and_its_card_data_hidden(
    recorder: Recorder, tmp_path: Path, worker: Path
) -> None:
    recorder.emit(Event(Channel.CARD, "command", {}, Direction.OUT, READ_RECORD))
    recorder.emit(Event(Channel.CARD, "response", {}, Direction.IN, RECORD + b"\x90\x00"))
    command, response = lines_of(worker)[:2]
    assert (command["f"]["name"], command["raw"]) == ("READ RECORD", READ_RECORD.hex().upper())
    assert response["f"]["sw"] == "9000"
    assert response["raw"].endswith("9000")
    assert "625094FFFFFF0014" in response["raw"]
    assert [e["kind"] for e in response["exposed"]] == ["pan", "track", "expiry"]
    assert_hidden(tmp_path, PAN, TRACK.replace("=", "D"), "301231")
    assert "301231" not in response["raw"]


def test_the_pin_of_a_verify_command_is_hidden(recorder: Recorder, tmp_path: Path, worker: Path) -> None:
    recorder.emit(Event(Channel.CARD, "command", {}, Direction.OUT, VERIFY))
    recorder.emit(Event(Channel.CARD, "response", {}, Direction.IN, b"\x63\xc2"))
    command, response = lines_of(worker)[:2]
    assert command["raw"] == "0020008008" + "F" * 16
    assert command["f"]["name"] == "VERIFY"
    assert command["exposed"][0]["kind"] == "pin block"
    assert response["f"]["meaning"] == "2 tries left"
    assert_hidden(tmp_path, "123456")
    assert "123456" not in json.dumps([command["f"], command["raw"]])


@pytest.mark.parametrize(
    ("kind", "raw"),
    [("response", RECORD + b"\x90\x00"), ("response", bytes.fromhex(PAN) + b"\x90\x00"), ("response", b"\x90"),
     ("response", b""), ("command", b"\x00"), ("probe", RECORD), ("probe", bytes.fromhex(PAN)), ("probe", b"")],
    ids=["no command", "no TLV", "half a word", "nothing", "half a command", "other", "other, no TLV", "other, empty"],
)  # fmt: skip
def test_of_what_nobody_expects_of_a_card_no_card_number_is_kept(
    recorder: Recorder, tmp_path: Path, worker: Path, kind: str, raw: bytes
) -> None:
    recorder.emit(Event(Channel.CARD, kind, {}, Direction.IN, raw))
    line = lines_of(worker)[0]
    assert PAN not in line["raw"]
    assert len(line["raw"]) == 2 * len(raw)
    assert_hidden(tmp_path, PAN)


# ── masking: paper and text ───────────────────────────────────────────────────────────────────────────────────────


def printed(text: str) -> Event:
    return Event(Channel.PRINTER, "line", {"text": text}, Direction.OUT, text.encode("gb18030"))


@pytest.mark.parametrize("text", [f"卡号: {PAN}", f"卡号: {PAN[:4]} {PAN[4:8]} {PAN[8:12]} {PAN[12:]}", f"{PAN}00123"])
def test_a_card_number_that_was_printed_whole_is_hidden_and_the_dut_has_exposed_it(
    recorder: Recorder, tmp_path: Path, worker: Path, text: str
) -> None:
    recorder.protect(PAN)
    recorder.emit(printed(text))
    line = lines_of(worker)[0]
    raw = bytes.fromhex(line["raw"])
    assert raw.count(b"\x7f") == 6
    assert len(raw) == len(text.encode("gb18030"))
    assert line["f"]["text"].count("•") == 6
    assert [(e["kind"], e["owner"], e["clear_digits"]) for e in line["exposed"]] == [("pan", "dut", 16)]
    assert raw[line["exposed"][0]["offset"] :].startswith(b"62")
    assert_hidden(tmp_path, PAN)


def test_a_card_number_that_nobody_told_of_is_hidden_on_paper_too(
    recorder: Recorder, tmp_path: Path, worker: Path
) -> None:
    recorder.emit(printed(f"卡号: {OTHER_PAN}"))
    line = lines_of(worker)[0]
    assert line["f"]["text"] == f"卡号: {OTHER_MASKED}"
    assert line["exposed"][0]["owner"] == "dut"
    assert_hidden(tmp_path, OTHER_PAN)


def test_a_masked_number_on_paper_stays_and_exposes_nothing(recorder: Recorder, worker: Path) -> None:
    recorder.protect(PAN)
    recorder.emit(printed("卡号: 625094******0014 金额 1000.00 参考号 123456789012"))
    line = lines_of(worker)[0]
    assert "exposed" not in line
    assert line["f"]["text"] == "卡号: 625094******0014 金额 1000.00 参考号 123456789012"


@pytest.mark.parametrize(
    ("fields", "kept"),
    [({"card": PAN}, {"card": MASKED}),
     ({"a": {"b": [{"c": f"see {PAN}!"}]}}, {"a": {"b": [{"c": f"see {MASKED}!"}]}}),
     ({"list": ["x", (PAN, 1)]}, {"list": ["x", [MASKED, 1]]}),
     ({"digits": f"99{PAN}99"}, {"digits": f"99{MASKED}99"}),
     ({"number": int(PAN)}, {"number": MASKED}),
     ({"number": int(f"1{PAN}5")}, {"number": f"1{MASKED}5"}),
     ({PAN: 1, "inner": {PAN: 2}}, {MASKED: 1, "inner": {MASKED: 2}}),
     ({"two": f"{PAN} {OTHER_PAN}"}, {"two": f"{MASKED} {OTHER_MASKED}"}),
     ({"time": 1234567890123456, "yes": True}, {"time": 1234567890123456, "yes": True}),
     ({"rrn": "123456789012", "text": "预授权 1000.00"}, {"rrn": "123456789012", "text": "预授权 1000.00"})],
    ids=["plain", "nested", "in a tuple", "among digits", "a number", "in a number", "a key", "two", "a time", "none"],
)  # fmt: skip
@pytest.mark.parametrize("channel", [Channel.TERMINAL, Channel.RIG, Channel.OPERATOR, Channel.CASE])
def test_a_card_number_is_hidden_wherever_it_stands_in_fields(
    recorder: Recorder, tmp_path: Path, worker: Path, channel: Channel, fields: Any, kept: Any
) -> None:
    recorder.protect(PAN)
    recorder.emit(Event(channel, "thing", fields))
    assert lines_of(worker)[0]["f"] == kept
    assert_hidden(tmp_path, PAN, OTHER_PAN)


@pytest.mark.parametrize("channel", list(Channel))
def test_no_channel_keeps_a_card_number_in_its_raw_bytes(
    recorder: Recorder, tmp_path: Path, worker: Path, channel: Channel
) -> None:
    recorder.protect(PAN)
    recorder.emit(Event(channel, "thing", {}, Direction.OUT, f"<{PAN}>".encode()))
    assert PAN.encode().hex() not in lines_of(worker)[0]["raw"].lower()
    assert_hidden(tmp_path, PAN)


def test_a_card_of_the_bench_in_a_decoded_value_is_hidden_in_packed_digits_and_in_text(
    recorder: Recorder, tmp_path: Path, worker: Path
) -> None:
    """The name that a SELECT asks for is shown in hex, whatever stands in it."""
    recorder.protect(PAN)
    for name in (bytes.fromhex(PAN), PAN.encode(), b"x" + PAN.encode()[:15]):
        recorder.emit(
            Event(Channel.CARD, "command", {}, Direction.OUT, b"\x00\xa4\x04\x00" + bytes([len(name)]) + name)
        )
    packed, text, part = (line["f"]["file"] for line in lines_of(worker)[:3])
    assert packed == "625094••••••0014"
    assert text == PAN[:6].encode().hex() + "•" * 12 + PAN[-4:].encode().hex()
    assert part == "78" + PAN[:15].encode().hex()
    assert_hidden(tmp_path, PAN)


def test_a_number_is_protected_from_the_next_event_on(recorder: Recorder, worker: Path) -> None:
    recorder.emit(told(digits=f"9{PAN}9"))
    recorder.protect(PAN)
    recorder.emit(told(digits=f"9{PAN}9"))
    assert [line["f"]["digits"] for line in lines_of(worker)] == [f"9{PAN}9", f"9{MASKED}9"]


# ── attachments ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_slip_is_an_attachment_under_the_hash_of_what_may_be_kept(
    recorder: Recorder, tmp_path: Path, worker: Path
) -> None:
    slip = f"卡号: {PAN}\n".encode("gb18030")
    for _ in range(2):
        recorder.emit(Event(Channel.PRINTER, "slip", {"lines": [f"卡号: {PAN}"]}, Direction.OUT, slip))
    first, second = lines_of(worker)[:2]
    name = first["att"]["slip"]
    kept = (tmp_path / "attachments" / name).read_bytes()
    assert name == f"{hashlib.sha256(kept).hexdigest()}.escpos"
    assert kept == slip.replace(PAN[6:12].encode(), b"\x7f" * 6)
    assert "raw" not in first
    assert first["f"] == {"lines": [f"卡号: {MASKED}"]}
    assert first["exposed"][0]["owner"] == "dut"
    assert second["att"] == first["att"]
    assert [path.name for path in (tmp_path / "attachments").iterdir()] == [name]
    assert_hidden(tmp_path, PAN)


def test_the_first_line_builds_on_the_first_hash(recorder: Recorder, worker: Path) -> None:
    recorder.emit(told())
    line = worker.read_bytes().splitlines()[0]
    body, _, rest = line.rpartition(b',"hash":"')
    assert rest[:64].decode() == hashlib.sha256(FIRST_HASH.encode() + body).hexdigest()
