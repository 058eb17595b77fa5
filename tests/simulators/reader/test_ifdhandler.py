"""The IFD handler under sanitizers and valgrind: what it makes of good models, bad ones, and ones that are gone.

Each test runs in three builds: address and undefined behaviour, thread, and plain under valgrind.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.reader import ReaderModel, ReaderProfile
from simulators.reader.model import LONGEST, SLOTS_NUMBER
from simulators.reader.profile import IFD_SERIAL
from tests.simulators.kit import DEADLINE_S, Events
from tests.simulators.reader.handler_kit import (
    ABSENT,
    BAD_TAG,
    BUILDS,
    CANNOT_POWER,
    COMMUNICATION,
    NO_PROTOCOL,
    NO_SUCH_DEVICE,
    NOT_SUPPORTED,
    NOT_THAT_WAY,
    OK,
    PATIENCE_MS,
    PRESENT,
    TIMEOUT,
    TOO_SMALL,
    WHOLE,
    Behaviour,
    Handler,
    Line,
    ScriptedModel,
    compiled,
)
from tests.simulators.reader.kit import ATR, ECHO, EchoCard

UP, DOWN, RESET = 500, 501, 502
LUN, SECOND_SLOT = 0x30000, 0x30001
ESCAPE = 0x42000001
LONGEST_ATR = 33
FOR_EVER_MS = 10_000_000
SUN_PATH = 108  # bytes, the one at its end included


@pytest.fixture(scope="module", params=list(BUILDS))
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handler]:
    """One program for all tests of a build: the first error of a sanitizer or valgrind ends it, and it ends clean."""
    command = compiled(request.param, tmp_path_factory.mktemp("ifd"))
    if isinstance(command, str):
        pytest.skip(command)
    program = Handler(command)
    yield program
    assert program.end() == (0, "")


@pytest.fixture
def handler(program: Handler) -> Iterator[Handler]:
    """Each test leaves no slot and no descriptor open."""
    program.begin()
    before = program("descriptors")[0]
    yield program
    program("close", LUN)
    program("close", SECOND_SLOT)
    assert program("descriptors")[0] == before


@pytest.fixture
def model(short_dir: Path, events: Events) -> Iterator[ReaderModel]:
    model = ReaderModel(short_dir / "model", events)
    yield model
    model.close()


Script = Callable[[Behaviour], ScriptedModel]


@pytest.fixture
def scripted(short_dir: Path) -> Iterator[Script]:
    made: list[ScriptedModel] = []

    def make(behave: Behaviour) -> ScriptedModel:
        made.append(ScriptedModel(short_dir / "scripted", behave))
        return made[-1]

    yield make
    for model in made:
        model.close()


def good(line: Line, operation: bytes, code: int, data: bytes) -> None:
    line.answer(0, {b"P": ATR, b"X": data + b"\x90\x00", b"C": data, b"G": b"value"}.get(operation, b""))


# ── a good model ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_is_seen_powered_and_answers(handler: Handler, model: ReaderModel) -> None:
    assert handler("open", LUN, model.path) == (OK, b"")
    assert handler("presence", LUN)[0] == ABSENT
    assert handler("power", LUN, UP, LONGEST_ATR) == (CANNOT_POWER, b"")
    model.insert(EchoCard())
    assert handler("presence", LUN)[0] == PRESENT
    assert handler("power", LUN, UP, LONGEST_ATR) == (OK, ATR)
    assert handler("capability", LUN, 0x0303, LONGEST_ATR) == (OK, ATR)
    assert handler("transmit", LUN, ECHO, 300) == (COMMUNICATION, b"")  # no protocol is agreed upon
    assert handler("protocol", LUN, 0) == (OK, b"")
    assert handler("transmit", LUN, ECHO, 300) == (OK, ECHO + b"\x90\x00")
    assert handler("power", LUN, RESET, LONGEST_ATR) == (OK, ATR)
    assert handler("power", LUN, DOWN, LONGEST_ATR) == (OK, b"")
    assert handler("capability", LUN, 0x0303, LONGEST_ATR) == (OK, b"")
    assert handler("transmit", LUN, ECHO, 300) == (COMMUNICATION, b"")


def test_an_answer_fills_its_room_to_the_last_byte_and_one_more_is_refused(handler: Handler, scripted: Script) -> None:
    handler("open", LUN, scripted(good).path)
    assert handler("transmit", LUN, ECHO, len(ECHO) + 2) == (OK, ECHO + b"\x90\x00")
    assert handler("transmit", LUN, ECHO, len(ECHO) + 1) == (TOO_SMALL, b"")
    assert handler("control", LUN, ESCAPE, ECHO, len(ECHO)) == (OK, ECHO)
    assert handler("control", LUN, ESCAPE, ECHO, len(ECHO) - 1) == (TOO_SMALL, b"")
    assert handler("control", LUN, ESCAPE, b"", 0) == (OK, b"")
    assert handler("capability", LUN, IFD_SERIAL, 5) == (OK, b"value")
    assert handler("capability", LUN, IFD_SERIAL, 4) == (TOO_SMALL, b"")
    assert handler("transmit", LUN, ECHO, 300) == (OK, ECHO + b"\x90\x00")  # and nothing was left in the line


@pytest.mark.parametrize(("tag", "value"), [(0x0FAC, 1), (0x0FAD, 1), (0x0FAF, 16), (0x0FB1, 0)])
def test_what_pcscd_asks_of_every_driver(handler: Handler, scripted: Script, tag: int, value: int) -> None:
    """Several readers and slots may call at once; the status thread is asked to stop and is never killed."""
    handler("open", LUN, scripted(good).path)
    assert handler("capability", LUN, tag, 1) == (OK, bytes([value]))
    assert handler("capability", LUN, tag, 0) == (TOO_SMALL, b"")
    for function in (0x0FB2, 0x0FB3):
        assert handler("capability", LUN, function, 8)[0] == OK
        assert handler("capability", LUN, function, 7)[0] == TOO_SMALL
    assert handler("channel", LUN)[0] == NOT_THAT_WAY
    assert handler("set", LUN)[0] == NOT_THAT_WAY


def test_a_refusal_is_that_of_its_operation(handler: Handler, scripted: Script) -> None:
    handler("open", LUN, scripted(lambda line, operation, code, data: line.answer(1, b"ignored")).path)
    assert handler("presence", LUN)[0] == ABSENT
    assert handler("power", LUN, UP, LONGEST_ATR) == (CANNOT_POWER, b"")
    assert handler("protocol", LUN, 1)[0] == NO_PROTOCOL
    assert handler("transmit", LUN, ECHO, 300) == (COMMUNICATION, b"")
    assert handler("control", LUN, ESCAPE, ECHO, 300) == (NOT_SUPPORTED, b"")
    assert handler("capability", LUN, IFD_SERIAL, 30) == (BAD_TAG, b"")


def test_silence_of_a_card_is_a_time_out_at_once(handler: Handler, scripted: Script) -> None:
    handler("open", LUN, scripted(lambda line, operation, code, data: line.answer(2)).path)
    assert handler("transmit", LUN, ECHO, 300) == (TIMEOUT, b"")
    assert handler("control", LUN, ESCAPE, ECHO, 300) == (COMMUNICATION, b"")


def test_each_slot_of_a_reader_has_its_own_connections(handler: Handler, short_dir: Path, events: Events) -> None:
    profile = ReaderProfile.model_validate({"slots": ["contact", "contactless"]})
    model = ReaderModel(short_dir / "dual", events, profile)
    try:
        assert handler("open", LUN, model.path)[0] == OK
        assert handler("capability", LUN, SLOTS_NUMBER, 1) == (OK, b"\x02")
        assert handler("open", SECOND_SLOT, model.path)[0] == OK
        model.slots[1].insert(EchoCard())
        assert [handler("presence", lun)[0] for lun in (LUN, SECOND_SLOT)] == [ABSENT, PRESENT]
        assert handler("power", SECOND_SLOT, UP, LONGEST_ATR)[1][:4].hex() == "3b888001"
    finally:
        model.close()


def test_a_slot_is_opened_once_and_no_more_than_there_are(handler: Handler, scripted: Script, short_dir: Path) -> None:
    path = scripted(good).path
    assert handler("open", LUN, path)[0] == OK
    assert handler("open", LUN, path)[0] == COMMUNICATION
    for size in (SUN_PATH, 4 * SUN_PATH):
        assert handler("open", SECOND_SLOT, sized(short_dir, size))[0] == COMMUNICATION
    assert handler("open", SECOND_SLOT, short_dir / "nobody")[0] == NO_SUCH_DEVICE
    luns = [number << 16 for number in range(16, 31)]
    assert [handler("open", lun, path)[0] for lun in luns] == [OK] * 15
    assert handler("open", SECOND_SLOT, path)[0] == COMMUNICATION
    assert [handler("close", lun)[0] for lun in luns] == [OK] * 15
    assert handler("open", SECOND_SLOT, path)[0] == OK


def sized(folder: Path, size: int) -> Path:
    """A path of so many bytes."""
    path = folder / ("x" * (size - len(str(folder)) - 1))
    assert len(str(path)) == size
    return path


def test_the_longest_path_that_a_socket_can_have_is_taken(handler: Handler, events: Events, short_dir: Path) -> None:
    model = ReaderModel(sized(short_dir, SUN_PATH - 1), events)
    assert handler("open", LUN, model.path)[0] == OK
    model.close()


def test_a_slot_that_is_not_open_is_no_device(handler: Handler) -> None:
    for call in (
        ("presence", LUN), ("power", LUN, UP, LONGEST_ATR), ("protocol", LUN, 1), ("transmit", LUN, ECHO, 30),
        ("control", LUN, ESCAPE, ECHO, 30), ("capability", LUN, IFD_SERIAL, 30), ("close", LUN),
    ):  # fmt: skip
        assert handler(*call) == (NO_SUCH_DEVICE, b"")


# ── bad models ────────────────────────────────────────────────────────────────────────────────────────────────────

MALFORMED = {
    "an answer longer than any": struct.pack(">II", 0, LONGEST + 1) + bytes(LONGEST + 1),
    "a length bomb": struct.pack(">II", 0, 0xFFFFFFFF) + bytes(500),
    "a result that nobody knows": struct.pack(">II", 3, 2) + b"\x90\x00",
    "a negative result": struct.pack(">II", 0xFFFFFFFF, 2) + b"\x90\x00",
    "bytes after the end": struct.pack(">II", 0, 2) + b"\x90\x00!",
    "a second answer": struct.pack(">II", 0, 2) * 2 + b"\x90\x00",
    "half a head": b"\x00\x00\x00",
    "half an answer": struct.pack(">II", 0, 10) + b"\x90\x00",
    "nothing": b"",
}


@pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_cannot_be_read_is_refused_and_hung_up_on(handler: Handler, scripted: Script, answer: bytes) -> None:
    """The next request goes over a fresh line, where nothing of the old answer waits."""
    bad = [True]

    def behave(line: Line, operation: bytes, code: int, data: bytes) -> None:
        if bad:
            line.raw(answer)
            line.hang_up()
        else:
            good(line, operation, code, data)

    model = scripted(behave)
    handler("open", LUN, model.path)
    assert handler("transmit", LUN, ECHO, 300) == (COMMUNICATION, b"")
    bad.clear()
    assert handler("transmit", LUN, ECHO, 300) == (OK, ECHO + b"\x90\x00")
    assert model.operations() == b"XX"  # never again by itself: the card may have seen it


def test_bytes_after_an_answer_are_refused_also_where_the_model_stays(handler: Handler, scripted: Script) -> None:
    replies = [MALFORMED["bytes after the end"], struct.pack(">II", 0, 2) + b"\x90\x00"]
    handler("open", LUN, scripted(lambda line, operation, code, data: line.raw(replies.pop(0))).path)
    assert handler("transmit", LUN, ECHO, 300) == (COMMUNICATION, b"")
    assert handler("transmit", LUN, ECHO, 300) == (OK, b"\x90\x00")


def test_an_atr_longer_than_any_is_no_power(handler: Handler, scripted: Script) -> None:
    sizes = [LONGEST_ATR, LONGEST_ATR + 1, 5000]
    handler("open", LUN, scripted(lambda line, operation, code, data: line.answer(0, bytes(sizes.pop(0)))).path)
    assert handler("power", LUN, UP, LONGEST_ATR) == (OK, bytes(LONGEST_ATR))
    for _ in range(2):
        assert handler("power", LUN, UP, LONGEST_ATR) == (CANNOT_POWER, b"")
        assert handler("capability", LUN, 0x0303, LONGEST_ATR) == (OK, b"")


def test_a_model_that_dribbles_does_not_hold_a_call_beyond_its_time(handler: Handler, scripted: Script) -> None:
    """A byte each quarter of the time: each receive is quick, the whole is not, and would come in the end."""
    step_s = PATIENCE_MS / 1000 / 4
    stop = threading.Event()

    def behave(line: Line, operation: bytes, code: int, data: bytes) -> None:
        for byte in struct.pack(">II", 0, 200) + bytes(200):
            line.raw(bytes([byte]))
            if stop.wait(step_s):
                return

    handler("open", LUN, scripted(behave).path)
    assert handler("transmit", LUN, ECHO, 300) == (TIMEOUT, b"")
    stop.set()


def test_a_model_that_hangs_is_left_and_asked_anew_over_a_fresh_line(handler: Handler, scripted: Script) -> None:
    hung = [True]
    model = scripted(lambda *request: None if hung else good(*request))
    handler("open", LUN, model.path)
    assert handler("transmit", LUN, ECHO, 300) == (TIMEOUT, b"")
    assert handler("presence", LUN)[0] == COMMUNICATION
    assert handler("control", LUN, ESCAPE, ECHO, 300) == (TIMEOUT, b"")
    hung.clear()
    assert handler("presence", LUN)[0] == PRESENT
    assert model.operations() == b"XICI"


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_what_goes_through_in_pieces_arrives_whole(handler: Handler, scripted: Script, piece: int) -> None:
    """A socket may take or give less than asked for, and each call may be interrupted."""
    long = bytes(range(256)) * (1 if piece == 1 else 200)
    handler("open", LUN, scripted(good).path)
    handler("piece", piece)
    assert handler("control", LUN, ESCAPE, long, len(long)) == (OK, long)
    assert handler("power", LUN, UP, LONGEST_ATR) == (OK, ATR)
    assert handler("wait", LUN, 1) == (OK, b"")
    handler("piece", WHOLE)


def test_a_request_longer_than_any_is_not_sent(handler: Handler, scripted: Script) -> None:
    model = scripted(good)
    handler("open", LUN, model.path)
    assert handler("control", LUN, ESCAPE, bytes(LONGEST), LONGEST) == (OK, bytes(LONGEST))
    assert handler("control", LUN, ESCAPE, bytes(LONGEST + 1), 10) == (TOO_SMALL, b"")
    assert model.operations() == b"C"


def test_a_model_that_hung_up_is_asked_once_more_but_never_for_a_command(handler: Handler, scripted: Script) -> None:
    model = scripted(lambda line, operation, code, data: line.hang_up())
    handler("open", LUN, model.path)
    for call in (("presence", LUN), ("transmit", LUN, ECHO, 9), ("control", LUN, ESCAPE, ECHO, 9), ("presence", LUN)):
        handler(*call)
    assert model.operations() == b"IIXCII"


def test_a_reader_that_is_gone_is_told_without_a_signal_to_other_daemons_and_works_again_when_it_is_back(
    handler: Handler, model: ReaderModel
) -> None:
    handler("open", LUN, model.path)
    model.insert(EchoCard())
    model.unplug()
    assert handler("presence", LUN)[0] == COMMUNICATION
    assert handler("power", LUN, UP, LONGEST_ATR) == (CANNOT_POWER, b"")
    assert handler("transmit", LUN, ECHO, 300) == (COMMUNICATION, b"")
    model.replug()
    assert handler("presence", LUN)[0] == PRESENT
    assert handler("power", LUN, UP, LONGEST_ATR) == (OK, ATR)


# ── waiting for cards ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_status_thread_waits_until_a_card_moves(handler: Handler, model: ReaderModel) -> None:
    handler("open", LUN, model.path)
    handler("presence", LUN)
    handler("begin", "wait", LUN, FOR_EVER_MS)
    model.insert(EchoCard())
    assert handler("end") == (OK, b"")
    assert handler("presence", LUN)[0] == PRESENT


def test_a_wait_ends_with_its_time(handler: Handler, scripted: Script) -> None:
    handler("open", LUN, scripted(good).path)
    assert ended_by_time(handler, "wait", LUN, 1) == 1


def ended_by_time(handler: Handler, *call: object) -> int:
    """How many waits within this call came to the end of their time."""
    before = handler("timeouts")[0]
    assert handler(*call) == (OK, b"")
    return handler("timeouts")[0] - before


def test_a_wait_that_may_not_be_is_none(handler: Handler, scripted: Script) -> None:
    """The model refuses W: a movement is still to be seen."""
    handler("open", LUN, scripted(lambda line, operation, code, data: line.answer(1)).path)
    assert ended_by_time(handler, "wait", LUN, FOR_EVER_MS) == 0


@pytest.mark.parametrize("lost", ["events", "requests"])
def test_a_status_thread_that_nobody_would_wake_waits_but_a_moment(
    handler: Handler, scripted: Script, lost: str
) -> None:
    """It then looks again, and so finds out whether the reader is gone."""

    def behave(line: Line, operation: bytes, code: int, data: bytes) -> None:
        if lost == "requests" and operation == b"W":
            line.hang_up()
        else:
            good(line, operation, code, data)

    model = scripted(behave)
    handler("open", LUN, model.path)
    with model.asked:
        assert model.asked.wait_for(lambda: bool(model.events), DEADLINE_S)
    if lost == "events":
        model.events[0].hang_up()
    assert ended_by_time(handler, "wait", LUN, FOR_EVER_MS) == 1
    if lost == "events":
        assert ended_by_time(handler, "wait", LUN, 1) == 1
        with model.asked:
            assert model.asked.wait_for(lambda: len(model.events) == 2, DEADLINE_S)


def test_a_status_thread_that_was_woken_waits_again(handler: Handler, scripted: Script) -> None:
    """pcscd wakes it at each last disconnection, and it goes on."""
    handler("open", LUN, scripted(good).path)
    handler("stop", LUN)
    handler("stop", LUN)
    assert ended_by_time(handler, "wait", LUN, FOR_EVER_MS) == 0
    assert ended_by_time(handler, "wait", LUN, 1) == 1


@pytest.mark.parametrize("when", ["while it waits", "before it waits"])
def test_the_status_thread_is_stopped(handler: Handler, scripted: Script, when: str) -> None:
    model = scripted(good)
    handler("open", LUN, model.path)
    if when == "before it waits":
        handler("stop", LUN)
        assert handler("wait", LUN, FOR_EVER_MS) == (OK, b"")
    else:
        handler("begin", "wait", LUN, FOR_EVER_MS)
        model.wait_for(b"W")
        assert handler("stop", LUN) == (OK, b"")
        assert handler("end") == (OK, b"")


def test_a_wait_for_a_reader_that_is_gone_is_short_and_hears_of_it_again(
    handler: Handler, short_dir: Path, events: Events
) -> None:
    model = ReaderModel(short_dir / "plug", events)
    handler("open", LUN, model.path)
    handler("presence", LUN)
    handler("wait", LUN, 1)
    model.unplug()
    assert [handler("wait", LUN, FOR_EVER_MS)[0] for _ in range(3)] == [OK] * 3
    model.replug()
    handler("presence", LUN)
    handler("wait", LUN, 1)
    handler("presence", LUN)
    handler("begin", "wait", LUN, FOR_EVER_MS)
    model.insert(EchoCard())
    assert handler("end") == (OK, b"")
    model.close()


def test_only_looks_of_the_status_thread_are_marked(handler: Handler, scripted: Script) -> None:
    """Until one has waited, nobody knows who it is: then each look counts."""
    model = scripted(good)
    handler("open", LUN, model.path)
    handler("presence", LUN)
    handler("begin", "wait", LUN, 1)
    handler("end")
    handler("presence", LUN)
    handler("wait", LUN, 1)
    handler("presence", LUN)
    assert [code for operation, code, _ in model.requests if operation == b"I"] == [1, 0, 1]


# ── many threads, and closing ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("hanging", ["transmit", "wait"])
def test_closing_breaks_off_what_hangs(handler: Handler, scripted: Script, hanging: str) -> None:
    model = scripted(lambda *request: None if request[1] == b"X" else good(*request))
    handler("open", LUN, model.path)
    arguments = (ECHO, 300) if hanging == "transmit" else (FOR_EVER_MS,)
    handler("begin", hanging, LUN, *arguments)
    model.wait_for(b"X" if hanging == "transmit" else b"W")
    assert handler("close", LUN) == (OK, b"")
    assert handler("end")[0] == (COMMUNICATION if hanging == "transmit" else OK)  # it did not come to its time-out
    assert handler("open", LUN, model.path)[0] == OK


def test_slots_may_be_opened_and_closed_under_any_number_of_calls(handler: Handler, model: ReaderModel) -> None:
    model.insert(EchoCard())
    assert handler("storm", LUN, model.path, 10, 60) == (0, b"")
