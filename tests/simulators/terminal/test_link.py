"""The line to the host, against a host that does exactly what a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from protocols.iso8583 import UNIONPAY, Frame, FrameReader, Message, compile_spec, pack_frame, unpack_frame
from simulators.terminal.gateways import Gateway, NotConnected
from simulators.terminal.link import HostLink, Received
from tests.simulators.kit import DEADLINE_S, MERCHANT, TERMINAL

CODEC = compile_spec(UNIONPAY)
REQUEST: Message = {0: "0100", 3: "030000", 4: "000000010000", 11: "000042", 41: TERMINAL, 42: MERCHANT}
REPLY: Message = {**REQUEST, 0: "0110", 39: "00"}
Act = Callable[[socket.socket], None]


def framed(message: Message) -> bytes:
    return pack_frame(Frame("6000060000", "613100311003", CODEC.pack(message)))


class ScriptedHost:
    """For each request that comes, the next act: it gets the connection."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        reader = FrameReader()
        while True:
            try:
                chunk = connection.recv(4096)
            except OSError:
                return
            if not chunk:
                return
            for _ in reader.feed(chunk):
                self.acts.pop(0)(connection)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()
        self._thread.join(DEADLINE_S)


@pytest.fixture
def host() -> Iterator[ScriptedHost]:
    host = ScriptedHost()
    yield host
    host.close()


@pytest.fixture
def strays() -> list[Received]:
    return []


@pytest.fixture
def link(host: ScriptedHost, strays: list[Received]) -> Iterator[HostLink]:
    link = HostLink(lambda: (Gateway(host.address),), 2, strays.append)
    yield link
    link.drop()


def saying(*chunks: bytes) -> Act:
    def act(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for chunk in chunks:
            connection.sendall(chunk)

    return act


def exchange(link: HostLink, timeout_s: float = DEADLINE_S) -> Message | None:
    received = link.exchange(framed(REQUEST), REQUEST, timeout_s)
    return received.message if received else None


def test_the_reply_comes_with_the_bytes_that_its_mac_covers(host: ScriptedHost, link: HostLink) -> None:
    host.acts = [saying(framed(REPLY))]
    received = link.exchange(framed(REQUEST), REQUEST, DEADLINE_S)
    assert received is not None
    assert (received.message, received.body) == (REPLY, unpack_frame(framed(REPLY)).body)


def test_a_reply_in_single_bytes_is_put_together(host: ScriptedHost, link: HostLink) -> None:
    host.acts = [saying(*(bytes([byte]) for byte in framed(REPLY)))]
    assert exchange(link) == REPLY


@pytest.mark.parametrize(
    "changes",
    [{0: "0210"}, {0: "0410"}, {3: "200000"}, {11: "000041"}, {41: "50080002"}, {42: "X" * 15}],
    ids=str,
)
def test_a_reply_that_does_not_match_is_stray_and_the_right_one_is_still_awaited(
    host: ScriptedHost, link: HostLink, strays: list[Received], changes: Message
) -> None:
    """facts 1: MTI, F3, F11, F41, F42; F4 is looked at when the MAC was found right."""
    other = {**REPLY, **changes}
    host.acts = [saying(framed(other), framed(REPLY))]
    assert exchange(link) == REPLY
    assert [s.message for s in strays] == [other]


def test_a_reply_without_a_code_answers_nothing(host: ScriptedHost, link: HostLink, strays: list[Received]) -> None:
    codeless = {n: v for n, v in REPLY.items() if n != 39}
    host.acts = [saying(framed(codeless) + framed(REPLY))]
    assert exchange(link) == REPLY
    assert len(strays) == 1


def test_a_second_reply_in_the_same_segment_is_stray(
    host: ScriptedHost, link: HostLink, strays: list[Received]
) -> None:
    host.acts = [saying(framed(REPLY) + framed(REPLY))]
    assert exchange(link) == REPLY
    assert [s.message for s in strays] == [REPLY]


def test_a_late_reply_is_stray_for_the_next_request(host: ScriptedHost, link: HostLink, strays: list[Received]) -> None:
    late = {**REPLY, 11: "000041"}
    host.acts = [saying(), saying(framed(late), framed(REPLY))]
    assert exchange(link, 0.1) is None
    assert exchange(link) == REPLY
    assert [s.message[11] for s in strays] == ["000041"]
    assert host.connections == 1


def test_silence_ends_with_the_time(host: ScriptedHost, link: HostLink) -> None:
    host.acts = [saying()]
    assert exchange(link, 0.1) is None


def test_half_a_reply_is_none_and_its_rest_is_not_waited_for(host: ScriptedHost, link: HostLink) -> None:
    """The line is out of step: whatever follows could be read as the missing half."""
    host.acts = [saying(framed(REPLY)[:20]), saying(framed(REPLY))]
    assert exchange(link, 0.2) is None
    assert exchange(link) == REPLY
    assert host.connections == 2


def test_a_second_silence_in_a_row_is_a_dead_line(host: ScriptedHost, link: HostLink) -> None:
    """cases.md 114: it is made anew; a single one is not, for an answer may still come."""
    host.acts = [saying(), saying(), saying(framed(REPLY))]
    assert exchange(link, 0.1) is None
    assert exchange(link, 0.1) is None
    assert exchange(link) == REPLY
    assert host.connections == 2


def test_an_answer_between_two_silences_keeps_the_line(host: ScriptedHost, link: HostLink) -> None:
    host.acts = [saying(), saying(framed(REPLY)), saying(), saying(framed(REPLY))]
    assert [exchange(link, 0.2) is None for _ in range(4)] == [True, False, True, False]
    assert host.connections == 1


@pytest.mark.parametrize("reply", [b"\xff\xff" + bytes(30), b"\x00\x10" + bytes(16)], ids=["length", "no TPDU"])
def test_a_reply_that_is_no_frame_is_none_and_the_line_is_made_anew(
    host: ScriptedHost, link: HostLink, reply: bytes
) -> None:
    host.acts = [saying(reply), saying(framed(REPLY))]
    assert exchange(link) is None
    assert exchange(link) == REPLY
    assert host.connections == 2


def unreadable(field: int) -> bytes:
    """A reply in a good frame, in which a field of digits holds a nibble that is none."""
    body = bytearray(CODEC.pack(REPLY))
    start, _ = CODEC.spans(bytes(body))[field]
    body[start] = 0xAA
    return pack_frame(Frame("6000060000", "613100311003", bytes(body)))


@pytest.mark.parametrize(
    ("reply", "words"),
    [(unreadable(4), "F4 amount"), (b"\x00\x00", "TPDU"), (b"1234" + bytes(40), "ASCII"),
     (framed(REPLY)[:1] + bytes([framed(REPLY)[1] - 8]) + framed(REPLY)[2:], "")],
    ids=["non-numeric", "zero length", "ASCII length", "short length"],
)  # fmt: skip
def test_what_cannot_be_read_is_told_in_words_and_ends_the_wait_at_once(
    host: ScriptedHost, reply: bytes, words: str
) -> None:
    told: list[str] = []
    link = HostLink(lambda: (Gateway(host.address),), 2, lambda received: None, told.append)
    host.acts = [saying(reply), saying(framed(REPLY))]
    assert exchange(link) is None
    assert words in told[0]
    assert exchange(link) == REPLY
    assert host.connections == 2
    link.drop()


def test_a_good_reply_before_garbage_is_taken_and_the_line_is_made_anew(host: ScriptedHost, link: HostLink) -> None:
    host.acts = [saying(framed(REPLY) + b"\xff\xff\xff\xff"), saying(framed(REPLY))]
    assert exchange(link) == REPLY
    assert exchange(link) == REPLY
    assert host.connections == 2


def test_a_reply_byte_by_byte_is_one_reply(host: ScriptedHost, link: HostLink) -> None:
    host.acts = [saying(*(bytes([octet]) for octet in framed(REPLY)))]
    assert exchange(link) == REPLY


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def test_a_host_that_hangs_up_after_the_request_gave_no_reply(host: ScriptedHost, link: HostLink) -> None:
    host.acts = [hang_up, saying(framed(REPLY))]
    assert exchange(link) is None
    assert exchange(link) == REPLY
    assert host.connections == 2


def test_a_line_that_was_hung_up_while_idle_is_made_anew_before_sending(host: ScriptedHost, link: HostLink) -> None:
    done = threading.Event()

    def answer_and_leave(connection: socket.socket) -> None:
        connection.sendall(framed(REPLY))
        connection.shutdown(socket.SHUT_RDWR)
        done.set()

    host.acts = [answer_and_leave, saying(framed(REPLY))]
    assert exchange(link) == REPLY
    assert done.wait(DEADLINE_S)
    assert exchange(link) == REPLY


def test_a_line_that_was_hung_up_behind_an_unread_answer_is_made_anew_before_sending(
    host: ScriptedHost, link: HostLink, strays: list[Received]
) -> None:
    """Otherwise a request would be taken for sent, and reversed, that never left."""
    done = threading.Event()
    other: Message = {**REPLY, 11: "000041"}

    def answer_twice_and_leave(connection: socket.socket) -> None:
        connection.sendall(framed(REPLY))
        connection.sendall(framed(other))
        connection.shutdown(socket.SHUT_RDWR)
        done.set()

    host.acts = [answer_twice_and_leave, saying(framed(REPLY))]
    assert exchange(link) == REPLY
    assert done.wait(DEADLINE_S)
    assert exchange(link) == REPLY
    assert [stray.message for stray in strays] == [other]
    assert host.connections == 2


def test_a_refused_connection_is_told_apart_from_silence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = taken.getsockname()
    link = HostLink(lambda: (Gateway(address),), 1, lambda received: None)
    with pytest.raises(NotConnected):
        exchange(link)


def test_dropping_a_line_that_is_not_there_is_nothing(link: HostLink) -> None:
    link.drop()
    link.drop()
