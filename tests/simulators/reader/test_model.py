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
from simulators.reader import ReaderModel, ReaderProfile
from simulators.reader.model import LONGEST, OK, POWER_DOWN, POWER_UP, REFUSED, RESET, SILENT, SLOTS_NUMBER, T1
from tests.simulators.kit import DEADLINE_S, PAN, Events, credit_profile
from tests.simulators.reader.kit import ECHO, EchoCard

RAW = 4
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


def powered(model: ReaderModel, connection: socket.socket, card: EchoCard | None = None) -> None:
    """A card that is in, powered, and agreed with."""
    model.insert(card or EchoCard())
    assert ask(connection, b"P", POWER_UP)[0] == OK
    assert ask(connection, b"S", T1) == (OK, b"")


def test_presence_power_and_commands(model: ReaderModel, handler: socket.socket, card: ChipCard) -> None:
    assert ask(handler, b"I")[0] == REFUSED
    assert ask(handler, b"P", POWER_UP)[0] == REFUSED
    assert ask(handler, b"X", 0, SELECT)[0] == REFUSED
    model.insert(card)
    assert ask(handler, b"I")[0] == OK
    assert ask(handler, b"P", POWER_UP) == (OK, card.atr)
    assert ask(handler, b"S", T1) == (OK, b"")
    result, answer = ask(handler, b"X", 0, SELECT)
    assert (result, answer[-2:]) == (OK, b"\x90\x00")
    assert ask(handler, b"P", POWER_DOWN) == (OK, b"")
    assert [ask(handler, b"X", protocol, SELECT)[0] for protocol in (0, RAW)] == [REFUSED, REFUSED]


def test_a_mute_card_is_silent_and_not_refused(model: ReaderModel, handler: socket.socket, card: ChipCard) -> None:
    card.faults.mute.add(0xA4)
    model.insert(card)
    ask(handler, b"P", POWER_UP)
    ask(handler, b"S", T1)
    assert ask(handler, b"X", 0, SELECT) == (SILENT, b"")


@pytest.mark.parametrize("action", [POWER_UP, RESET])
def test_a_command_before_a_protocol_is_agreed_upon_is_one_of_an_older_connection(
    model: ReaderModel, handler: socket.socket, action: int
) -> None:
    """pcscd checked the connection, then saw the card gone and back, and now sends the command after all."""
    card = EchoCard()
    powered(model, handler, card)
    assert ask(handler, b"X", T1, ECHO)[0] == OK
    ask(handler, b"P", action)
    assert ask(handler, b"X", T1, ECHO) == (REFUSED, b"")
    ask(handler, b"S", T1)
    assert ask(handler, b"X", T1, ECHO)[0] == OK
    assert len(card.seen) == 2


def test_a_raw_protocol_is_not_agreed_upon(model: ReaderModel, handler: socket.socket) -> None:
    model.insert(EchoCard())
    ask(handler, b"P", POWER_UP)
    assert ask(handler, b"X", RAW, ECHO)[0] == OK


def test_powering_down_a_card_that_came_back_is_no_power(model: ReaderModel, handler: socket.socket) -> None:
    card = EchoCard()
    powered(model, handler, card)
    model.remove()
    model.insert(card)
    ask(handler, b"P", POWER_DOWN)
    assert ask(handler, b"X", RAW, ECHO) == (REFUSED, b"")
    assert card.seen == []


def look(connection: socket.socket) -> int:
    """A look of the status thread."""
    return ask(connection, b"I", 1)[0]


def test_a_card_that_left_and_came_back_is_absent_until_the_status_thread_waits(
    model: ReaderModel, handler: socket.socket, card: ChipCard
) -> None:
    model.insert(card)
    assert look(handler) == OK
    assert ask(handler, b"W") == (OK, b"")
    model.remove()
    model.insert(card)
    assert ask(handler, b"I")[0] == REFUSED  # a client's look takes nothing away
    assert ask(handler, b"P", POWER_UP) == (REFUSED, b"")  # nor may it have the new card
    assert look(handler) == REFUSED
    assert ask(handler, b"W") == (REFUSED, b"")  # look again at once
    assert look(handler) == OK
    assert ask(handler, b"W") == (OK, b"")


def test_a_clients_look_is_none_of_the_status_thread(model: ReaderModel, handler: socket.socket) -> None:
    """A round in which the status thread saw no card at all has told pcscd so, whatever a client saw before."""
    model.insert(EchoCard())
    look(handler)
    ask(handler, b"W")
    assert ask(handler, b"I", 0)[0] == OK
    model.remove()
    assert look(handler) == REFUSED
    assert ask(handler, b"W") == (OK, b"")


def test_attributes_are_answered_and_unknown_ones_refused(short_dir: Path, events: Events) -> None:
    profile = ReaderProfile(vendor="ACS", firmware="2.3.4", serial="X-1")
    model = ReaderModel(short_dir / "named", events, profile)
    with dial(model) as connection:
        assert ask(connection, b"G", 0x00010100) == (OK, b"ACS")
        assert ask(connection, b"G", 0x00010102) == (OK, struct.pack("<I", 0x02030004))
        assert ask(connection, b"G", 0x00010103) == (OK, b"X-1")
        assert ask(connection, b"G", SLOTS_NUMBER) == (OK, b"\x01")
        assert ask(connection, b"G", 0x12345678) == (REFUSED, b"")
    model.close()


@pytest.mark.parametrize(("code", "result"), [(0x42000000 + 3500, OK), (0x42000000 + 1, OK), (0x42000000 + 7, REFUSED)])
def test_controls_are_those_of_the_profile(short_dir: Path, events: Events, code: int, result: int) -> None:
    model = ReaderModel(short_dir / "escape", events, ReaderProfile.model_validate({"escape": {}}))
    with dial(model) as connection:
        assert ask(connection, b"C", code, b"\xff\x00\x48") == (result, b"\x63\x00" if result == OK else b"")
    model.close()


@pytest.mark.parametrize("mute", [True, False])
def test_a_control_that_the_card_fails_is_no_control_that_is_not_offered(
    short_dir: Path, events: Events, mute: bool
) -> None:
    profile = ReaderProfile.model_validate({"pinpad": {}})
    model = ReaderModel(short_dir / "keys", events, profile)
    code = next(iter(profile.features.values()))
    request = bytes.fromhex("00008947040C0402FF0904000000000D000000002000800820FFFFFFFFFFFFFF")
    with dial(model) as connection:
        powered(model, connection, EchoCard(mute=mute, during=None if mute else model.remove))
        model.keys.will_type("1234")
        assert ask(connection, b"C", code, request) == (SILENT, b"")
    model.close()


@pytest.fixture
def dual(short_dir: Path, events: Events) -> Iterator[ReaderModel]:
    profile = ReaderProfile.model_validate({"slots": ["contact", "contactless"]})
    model = ReaderModel(short_dir / "dual", events, profile)
    yield model
    model.close()


def hello(connection: socket.socket, purpose: bytes, slot: int) -> None:
    connection.sendall(struct.pack(">cII", purpose, slot, 0))


def test_a_connection_is_for_the_slot_that_it_names(dual: ReaderModel) -> None:
    with dial(dual) as first, dial(dual) as second:
        hello(first, b"R", 0)
        hello(second, b"R", 1)
        assert ask(first, b"G", SLOTS_NUMBER) == (OK, b"\x02")
        dual.slots[1].insert(EchoCard())
        assert [look(first), look(second)] == [REFUSED, OK]
        assert ask(second, b"P", POWER_UP)[1][:4].hex() == "3b888001"


def test_a_movement_wakes_the_events_of_its_slot_alone(dual: ReaderModel) -> None:
    with dial(dual) as first, dial(dual) as second:
        hello(first, b"E", 0)
        hello(second, b"E", 1)
        assert [exactly(events, 1) for events in (first, second)] == [b"!"] * 2
        dual.slots[1].insert(EchoCard())
        assert exactly(second, 1) == b"!"
        dual.insert(EchoCard())
        assert exactly(first, 1) == b"!"
        second.setblocking(False)
        with pytest.raises(BlockingIOError):
            second.recv(1)


@pytest.mark.parametrize("purpose", [b"R", b"E"])
def test_a_slot_that_is_not_there_is_hung_up_on(model: ReaderModel, purpose: bytes) -> None:
    with dial(model) as connection:
        hello(connection, purpose, 1)
        assert hung_up(connection)


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


def test_the_longest_allowed_request_is_read_whole(model: ReaderModel, handler: socket.socket) -> None:
    card = EchoCard(mute=True)
    powered(model, handler, card)
    assert ask(handler, b"X", T1, bytes(LONGEST)) == (SILENT, b"")
    assert card.seen == [bytes(LONGEST)]


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
        assert exactly(events, 1) == b"!"
        model.insert(card)
        assert exactly(events, 1) == b"!"
        model.remove()
        assert exactly(events, 1) == b"!"


def test_an_event_channel_that_comes_late_is_told_at_once(model: ReaderModel, card: ChipCard) -> None:
    """Its hello may be read after the handler has asked whether it may wait, and after a card has come."""
    with dial(model) as requests, dial(model) as events:
        look(requests)
        assert ask(requests, b"W") == (OK, b"")
        model.insert(card)
        hello(events, b"E", 0)
        assert exactly(events, 1) == b"!"


def test_an_event_channel_that_nobody_reads_stops_no_card(model: ReaderModel, card: ChipCard) -> None:
    with dial(model) as events:
        events.sendall(struct.pack(">cII", b"E", 0, 0))
        assert exactly(events, 1) == b"!"
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
    with dial(model) as connection:
        powered(model, connection)

    def work(mark: int) -> None:
        with dial(model) as connection:
            for number in range(50):
                data = struct.pack(">II", mark, number)
                if ask(connection, b"X", T1, data) != (OK, data + b"\x90\x00"):
                    wrong.append(data)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong
