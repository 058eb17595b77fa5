"""The reader model on its socket: what the IFD handler may ask of it, and what nobody may do to it."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.card import ChipCard
from simulators.reader import ReaderIdentity, ReaderModel
from simulators.reader.model import LONGEST, OK, POWER_DOWN, POWER_UP, REFUSED, SILENT
from tests.simulators.kit import DEADLINE_S, PAN, Events, credit_profile

SELECT = bytes.fromhex("00A404000E315041592E5359532E4444463031")


@pytest.fixture
def model(short_dir: Path, events: Events) -> Iterator[ReaderModel]:
    model = ReaderModel(short_dir / "r", events)
    yield model
    model.close()


@pytest.fixture
def handler(model: ReaderModel) -> Iterator[socket.socket]:
    with dial(model) as connection:
        yield connection


@pytest.fixture
def card() -> ChipCard:
    return ChipCard(credit_profile(), PAN)


def dial(model: ReaderModel) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(DEADLINE_S)
    connection.connect(str(model.path))
    return connection


def ask(connection: socket.socket, operation: bytes, code: int = 0, data: bytes = b"") -> tuple[int, bytes]:
    connection.sendall(struct.pack(">cII", operation, code, len(data)) + data)
    result, length = struct.unpack(">II", exactly(connection, 8))
    return result, exactly(connection, length)


def hung_up(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        assert chunk, "the model has hung up"
        data += chunk
    return data


def test_presence_power_and_commands(model: ReaderModel, handler: socket.socket, card: ChipCard) -> None:
    assert ask(handler, b"I")[0] == REFUSED
    assert ask(handler, b"P", POWER_UP)[0] == REFUSED
    assert ask(handler, b"X", 0, SELECT)[0] == REFUSED
    model.insert(card)
    assert ask(handler, b"I")[0] == OK
    assert ask(handler, b"P", POWER_UP) == (OK, card.atr)
    result, answer = ask(handler, b"X", 0, SELECT)
    assert (result, answer[-2:]) == (OK, b"\x90\x00")
    assert ask(handler, b"P", POWER_DOWN) == (OK, b"")


def test_a_mute_card_is_silent_and_not_refused(model: ReaderModel, handler: socket.socket, card: ChipCard) -> None:
    card.faults.mute.add(0xA4)
    model.insert(card)
    ask(handler, b"P", POWER_UP)
    assert ask(handler, b"X", 0, SELECT) == (SILENT, b"")


def test_a_card_that_was_not_powered_gets_no_command(
    model: ReaderModel, handler: socket.socket, card: ChipCard
) -> None:
    seen: list[object] = []
    card.on_command = seen.append
    model.insert(card)
    assert ask(handler, b"X", 0, SELECT)[0] == REFUSED
    assert not seen


def test_a_card_that_left_and_came_back_is_absent_once(
    model: ReaderModel, handler: socket.socket, card: ChipCard
) -> None:
    model.insert(card)
    assert ask(handler, b"I")[0] == OK
    model.remove()
    model.insert(card)
    assert [ask(handler, b"I")[0], ask(handler, b"I")[0]] == [REFUSED, OK]


def test_attributes_are_answered_and_unknown_ones_refused(short_dir: Path, events: Events) -> None:
    model = ReaderModel(short_dir / "named", events, ReaderIdentity(vendor="ACS", version=0x02030004, serial="X-1"))
    with dial(model) as connection:
        assert ask(connection, b"G", 0x00010100) == (OK, b"ACS")
        assert ask(connection, b"G", 0x00010102) == (OK, struct.pack("<I", 0x02030004))
        assert ask(connection, b"G", 0x00010103) == (OK, b"X-1")
        assert ask(connection, b"G", 0x12345678) == (REFUSED, b"")
    model.close()


@pytest.mark.parametrize(("code", "result"), [(0x42000000 + 3500, OK), (0x42000000 + 1, OK), (0x42000000 + 7, REFUSED)])
def test_escape_commands_arrive(handler: socket.socket, code: int, result: int) -> None:
    assert ask(handler, b"C", code, b"\xff\x00\x48")[0] == result


@pytest.mark.parametrize("operation", [b"Z", b"\x00", b"\xff"])
def test_an_unknown_operation_is_refused_and_the_connection_lives_on(handler: socket.socket, operation: bytes) -> None:
    assert ask(handler, operation, 1, b"data") == (REFUSED, b"")
    assert ask(handler, b"I")[0] == REFUSED


@pytest.mark.parametrize("length", [LONGEST + 1, 2**31, 2**32 - 1])
def test_a_length_bomb_is_hung_up_on_and_others_live_on(
    model: ReaderModel, handler: socket.socket, length: int
) -> None:
    with dial(model) as bomber:
        bomber.sendall(struct.pack(">cII", b"X", 0, length) + bytes(1000))
        assert hung_up(bomber)
    assert ask(handler, b"I")[0] == REFUSED


def test_the_longest_allowed_request_is_read_whole(handler: socket.socket) -> None:
    assert ask(handler, b"C", 0x42000001, bytes(LONGEST)) == (OK, bytes(LONGEST))


def test_half_a_request_and_a_hang_up_end_their_thread(others: set[threading.Thread], model: ReaderModel) -> None:
    connection = dial(model)
    connection.sendall(b"X\x00\x00")
    connection.close()
    model.close()
    assert threads() <= others


def threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if t.name == "reader-model"}


@pytest.fixture
def others() -> set[threading.Thread]:
    """Threads of models that other tests of this process keep."""
    return threads()


def test_every_movement_wakes_the_event_channel(model: ReaderModel, card: ChipCard) -> None:
    with dial(model) as events:
        events.sendall(struct.pack(">cII", b"E", 0, 0))
        while not model._events:
            assert ask_again(model) == REFUSED
        model.insert(card)
        assert exactly(events, 1) == b"!"
        model.remove()
        assert exactly(events, 1) == b"!"


def ask_again(model: ReaderModel) -> int:
    """A round trip: by its end the model has had its turn."""
    with dial(model) as connection:
        return ask(connection, b"I")[0]


def test_an_event_channel_that_nobody_reads_stops_no_card(model: ReaderModel, card: ChipCard) -> None:
    with dial(model) as events:
        events.sendall(struct.pack(">cII", b"E", 0, 0))
        while not model._events:
            ask_again(model)
        for _ in range(3000):
            model.insert(card)
            model.remove()
    assert model.card is None


def test_unplugging_hangs_up_and_takes_the_socket_away_and_replugging_brings_it_back(
    model: ReaderModel, handler: socket.socket
) -> None:
    model.unplug()
    assert hung_up(handler)
    assert not model.path.exists()
    model.replug()
    with dial(model) as again:
        assert ask(again, b"I")[0] == REFUSED


def test_a_closed_model_leaves_no_thread_and_no_descriptor(
    others: set[threading.Thread], short_dir: Path, events: Events
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    model = ReaderModel(short_dir / "closed", events)
    connections = [dial(model) for _ in range(5)]
    for connection in connections:
        ask(connection, b"I")
    model.close()
    for connection in connections:
        connection.close()
    assert threads() <= others
    assert len(os.listdir("/proc/self/fd")) == before


def test_many_handlers_at_once_each_get_their_own_answers(model: ReaderModel) -> None:
    wrong: list[bytes] = []

    def work(mark: int) -> None:
        with dial(model) as connection:
            for number in range(50):
                data = struct.pack(">II", mark, number)
                if ask(connection, b"C", 0x42000001, data) != (OK, data):
                    wrong.append(data)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong
