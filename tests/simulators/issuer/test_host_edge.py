"""The host's port under bad lines: each limit acts, says so, and a good terminal beside it keeps its right answers."""

from __future__ import annotations

import errno
import os
import random
import resource
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.market import Market
from simulators.issuer import IssuerHost
from simulators.issuer.actions import Drip
from simulators.issuer.behaviour import Rule
from simulators.issuer.limits import KIB, Limits
from simulators.issuer.listening import EXHAUSTED_PAUSE_S
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import DEADLINE_S, Events

Hosts = Callable[..., IssuerHost]
ROOT = Path(__file__).parents[3]
RESET = struct.pack("ii", 1, 0)
SMALL = 4 * KIB
MOST_SENT = 10_000_000


@pytest.fixture
def lines() -> Iterator[Callable[[IssuerHost], RawClient]]:
    """Makes lines that are closed in the end."""
    made: list[RawClient] = []

    def make(host: IssuerHost) -> RawClient:
        made.append(RawClient(host.address))  # type: ignore[attr-defined]
        return made[-1]

    yield make
    for line in made:
        line.close()


Lines = Callable[[IssuerHost], RawClient]


def until(met: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (found := met()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.005)
    return found


def explained(events: Events, told: dict[str, Any]) -> str:
    [said] = events.wait("explanation", exchange=told["exchange"])
    return str(said["text"])


def echo(line: RawClient) -> bytes:
    return line.frame(line.management("0820", "301"), seal=False)


# ── frames ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"\x00\x8a\x60\x00", "the length says 138, and 2 bytes came within 0.2 s of the frame's first byte"),
        (b"\x00", "one byte of a length came within 0.2 s of the frame's first byte"),
    ],
)
def test_a_frame_that_does_not_end_is_cut_in_time(
    hosts: Hosts, lines: Lines, events: Events, sent: bytes, told: str
) -> None:
    host = hosts(limits=Limits(frame_s=0.2))
    good, slow, idle = lines(host), lines(host), lines(host)
    good.sign_on()
    slow.send(sent)
    assert slow.ended()
    [late] = events.wait("too slow")
    assert (late["connection"], late["bytes"]) == (2, len(sent))
    assert told in explained(events, late)
    assert not events.of("undecodable")
    assert good.ask(good.preauth())[39] == "00"
    idle.send(echo(idle))  # nothing was begun there, so nothing was late
    assert idle.reply()[39] == "00"


def test_a_byte_now_and_then_does_not_stretch_the_time_of_a_frame(hosts: Hosts, lines: Lines, events: Events) -> None:
    host = hosts(limits=Limits(frame_s=0.2))
    slow = lines(host)
    slow.send(b"\x07\xff")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        _drip_on(slow)
    events.wait("too slow", connection=1)


def _drip_on(line: RawClient) -> None:
    start = time.monotonic()
    while time.monotonic() - start < DEADLINE_S:
        line.send(b"\x00")
        time.sleep(0.01)


def test_the_time_of_a_frame_begins_with_its_own_first_byte(hosts: Hosts, lines: Lines, events: Events) -> None:
    host = hosts(limits=Limits(frame_s=1.0))
    line = lines(host)
    frame = echo(line)
    line.send(frame[:5])
    for _ in range(30):  # each begins where the one before ends, and all take longer than one may
        line.send(frame[5:] + frame[:5])
        assert line.reply()[39] == "00"
        time.sleep(0.04)
    assert not events.of("too slow")


def test_garbage_behind_a_whole_frame_is_told_as_such_when_nothing_follows(
    hosts: Hosts, lines: Lines, events: Events
) -> None:
    host = hosts(limits=Limits(frame_s=0.2))
    line = lines(host)
    line.send(echo(line) + b"\xff\xff")
    assert line.reply()[39] == "00"
    assert line.ended()
    assert events.of("undecodable")
    assert not events.of("too slow")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "it looks like TLS (16 03 01 02 …): this port speaks plain"),
        (b"GET / HTTP/1.1\r\n\r\n", "it looks like HTTP (47 45 54 20 …): this port speaks plain"),
        (b"SSH-2.0-OpenSSH\r\n", "it looks like SSH"),
        (b"\xff\xff" + bytes(100), "length prefix 65535 is over 2048"),
        (b"\x08\x01" + bytes(100), "length prefix 2049 is over 2048"),
    ],
)
def test_what_is_no_frame_is_told_by_what_it_looks_like(
    hosts: Hosts, lines: Lines, events: Events, sent: bytes, told: str
) -> None:
    host = hosts()
    good, bad = lines(host), lines(host)
    good.sign_on()
    bad.send(sent)
    assert bad.ended()
    [undecodable] = events.wait("undecodable")
    assert told in explained(events, undecodable)
    assert good.ask(good.preauth())[39] == "00"


def test_half_frames_and_hang_ups_by_the_hundred_leave_nothing_behind(
    hosts: Hosts, lines: Lines, events: Events
) -> None:
    host = hosts(limits=Limits(told_a_second=10))
    good = lines(host)
    good.sign_on()
    frame, dice = good.frame(good.preauth()), random.Random(4)
    for number in range(300):
        with socket.create_connection(host.address, DEADLINE_S) as bad:  # type: ignore[attr-defined]
            bad.sendall(frame[: dice.randrange(1, len(frame))])
            if dice.random() < 0.5:
                bad.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if not number % 50:
            assert good.ask(good.preauth(f4="000000000100"))[39] == "00"
    events.wait("disconnected", count=300)
    assert host._call(lambda: len(host._line.open_connections)) == 1
    host.stop()  # tells what it counted
    counted = sum(told["count"] for told in events.of("and more", of="undecodable"))
    unread = len(events.of("undecodable"))
    assert counted
    assert 0 < unread + counted <= 300  # a reset may take the bytes with it


# ── floods ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_thousand_requests_in_one_go_are_answered_in_order_and_others_have_their_turns(
    hosts: Hosts, lines: Lines, events: Events
) -> None:
    host = hosts(limits=Limits(requests_a_turn=8))
    good, busy = lines(host), lines(host)
    good.sign_on()
    requests = [busy.management("0820", "301") for _ in range(2000)]
    busy.send(b"".join(busy.frame(r, seal=False) for r in requests))
    assert good.ask(good.preauth())[39] == "00"
    answered_before = len(events.of("response", transaction="echo"))
    assert [busy.reply()[11] for _ in requests] == [r[11] for r in requests]
    assert answered_before < 2000


def test_no_more_requests_of_a_line_are_taken_in_one_turn_than_the_limit(
    hosts: Hosts, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = hosts(limits=Limits(requests_a_turn=5))
    line = lines(host)
    turns: list[int] = []
    take = type(host._line).received

    def received(of: Any, connection: Any, raw: bytes) -> None:
        if not turns or turns[-1] < 0:
            turns.append(0)
            host._loop.call_soon(lambda: turns.append(-1))
        turns[-1] += 1
        take(of, connection, raw)

    monkeypatch.setattr(type(host._line), "received", received)
    line.send(b"".join(echo(line) for _ in range(60)))
    for _ in range(60):
        line.reply()
    assert sum(n for n in turns if n > 0) == 60
    assert max(turns) <= 5


def test_requests_that_wait_for_their_turn_are_decided_though_the_terminal_hangs_up(
    hosts: Hosts, lines: Lines, events: Events
) -> None:
    host = hosts(limits=Limits(requests_a_turn=1))
    line = lines(host)
    line.send(b"".join(echo(line) for _ in range(50)))
    line.close()
    events.wait("disconnected")
    assert len(events.of("request")) == 50


class Hoarder:
    """A terminal that asks on and on, and never reads."""

    def __init__(self, host: IssuerHost) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self.socket.connect(host.address)  # type: ignore[attr-defined]
        self.socket.settimeout(0.05)
        self.sent = 0

    def flood(self, frame: bytes, most: int) -> bool:
        """False when the host takes no more of it."""
        try:
            while self.sent < most:
                self.sent += self.socket.send(frame * 50)
        except OSError:
            return False
        return True


def test_a_terminal_that_never_reads_is_read_from_no_more_and_cut_in_time(
    hosts: Hosts, lines: Lines, events: Events
) -> None:
    limits = Limits(waiting_bytes=16 * KIB, unsent_bytes=64 * KIB, unread_s=1.3, frame_s=1.0, system_bytes=SMALL)
    host = hosts(limits=limits)
    good = lines(host)
    good.sign_on()
    hoarder, frame, largest = Hoarder(host), echo(good), [0]

    def waiting() -> int:
        """Most bytes that wait anywhere."""
        ends = [c._transport for c in host._line.open_connections if c._transport is not None]
        return int(max((end.get_write_buffer_size() for end in ends), default=0))

    def cut() -> list[dict[str, Any]]:
        hoarder.flood(frame, MOST_SENT)
        largest.append(host._call(waiting))
        assert good.ask(good.preauth(f4="000000000001"))[39] == "00"
        return events.of("does not read")

    [told] = until(cut, "the line is cut")
    assert told["connection"] == 2
    assert "bytes of answers lying for 1.3 s: the line is cut" in explained(events, told)
    assert limits.waiting_bytes <= max(largest) <= limits.unsent_bytes
    assert hoarder.sent < MOST_SENT
    assert not events.of("too slow")  # of the frame that was begun, nobody read the rest
    events.wait("disconnected", connection=2)
    hoarder.socket.close()


def test_a_terminal_that_reads_late_gets_every_answer(hosts: Hosts, lines: Lines, events: Events) -> None:
    host = hosts(limits=Limits(waiting_bytes=SMALL, system_bytes=SMALL))
    line = lines(host)
    frames = [line.management("0820", "301") for _ in range(3000)]
    raw = b"".join(line.frame(f, seal=False) for f in frames)
    line.socket.setblocking(False)
    sent = 0
    try:
        while sent < len(raw):
            sent += line.socket.send(raw[sent : sent + KIB])
    except BlockingIOError:
        pass
    until(lambda: host._call(lambda: any(c._full for c in host._line.open_connections)), "answers wait")
    line.socket.settimeout(DEADLINE_S)
    got = 0
    while got < len(frames):
        if sent < len(raw):
            sent += line.socket.send(raw[sent : sent + 100])
        assert line.reply()[11] == frames[got][11]
        got += 1
    assert not events.of("does not read")


def test_more_answers_than_may_ever_wait_cut_the_line_at_once(hosts: Hosts, lines: Lines, events: Events) -> None:
    host = hosts(limits=Limits(unsent_bytes=2 * KIB, system_bytes=SMALL, unread_s=60))
    good = lines(host)
    good.sign_on()
    hoarder = Hoarder(host)

    def cut() -> list[dict[str, Any]]:
        hoarder.flood(echo(good), MOST_SENT)
        return events.of("does not read")

    [told] = until(cut, "the line is cut")
    assert "more than 2048 bytes of answers wait" in explained(events, told)
    assert good.ask(good.preauth())[39] == "00"
    hoarder.socket.close()


def test_while_an_answer_drips_the_rest_of_the_line_waits(hosts: Hosts, lines: Lines, events: Events) -> None:
    host = hosts(limits=Limits(requests_a_turn=4))
    host.add_rule(Rule(Drip(2)))
    line = lines(host)
    requests = [line.management("0820", "301") for _ in range(40)]
    line.send(b"".join(line.frame(r, seal=False) for r in requests))
    for request in requests:
        assert line.reply()[11] == request[11]


# ── connects ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_line_more_than_the_limit_is_reset_and_told_and_a_free_place_is_taken_again(
    hosts: Hosts, lines: Lines, events: Events
) -> None:
    host = hosts(limits=Limits(connections=3))
    good, *others = [lines(host) for _ in range(3)]
    good.sign_on()
    host.caught_up()
    try:
        assert lines(host).ended()
    except ConnectionResetError:  # it may come before the connect has returned
        pass
    [told] = events.wait("line refused")
    assert told["reason"] == "3 lines are open, and that is the limit"
    assert told["peer"].startswith("127.0.0.1:")
    assert told["reason"] in explained(events, told)
    others[0].close()
    events.wait("disconnected")
    another = lines(host)
    another.send(echo(another))
    assert another.reply()[39] == "00"
    assert good.ask(good.preauth())[39] == "00"


def test_as_many_lines_as_the_limit_are_taken_though_they_come_in_one_turn(hosts: Hosts, events: Events) -> None:
    host = hosts(limits=Limits(connections=40))
    together: list[socket.socket] = []

    def come() -> None:
        """While the host does nothing else."""
        together.extend(socket.create_connection(host.address, DEADLINE_S) for _ in range(41))  # type: ignore[attr-defined]

    host._call(come)
    events.wait("connected", count=40)
    assert len(events.wait("line refused")) == 1
    for line in together:
        line.close()


def test_a_storm_of_connects_and_resets_harms_nobody(hosts: Hosts, lines: Lines, events: Events) -> None:
    host = hosts()
    good = lines(host)
    good.sign_on()
    dice = random.Random(11)
    for number in range(600):
        bad = socket.create_connection(host.address, DEADLINE_S)  # type: ignore[attr-defined]
        if dice.random() < 0.7:
            bad.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        bad.close()
        if not number % 100:
            assert good.ask(good.preauth(f4="000000000100"))[39] == "00"
    assert lines(host).sign_on()[39] == "00"  # whoever came before it has been taken by now
    until(lambda: host._call(lambda: len(host._line.open_connections)) == 2, "the others have gone")
    assert len(events.of("connected")) == len(events.of("disconnected")) + 2


def test_lines_that_a_refusal_by_rule_closed_leave_their_places(hosts: Hosts, lines: Lines) -> None:
    host = hosts(limits=Limits(connections=2))
    for _ in range(3):
        pair = [lines(host), lines(host)]
        pair[0].sign_on()
        host._call(host._line._port.close)
        for line in pair:
            line.close()
        until(lambda: not host._call(lambda: len(host._line.open_connections)), "both have gone")
        host._call(host._line._port.open)


def test_options_of_the_port_are_those_of_its_lines(hosts: Hosts, lines: Lines, events: Events) -> None:
    host = hosts(limits=Limits(probe_idle_s=77, unacknowledged_s=13))
    lines(host)
    events.wait("connected")

    def options() -> list[int]:
        [one] = host._line.open_connections
        assert one._transport is not None
        end = one._transport.get_extra_info("socket")
        return [
            end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
            end.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
        ]

    assert host._call(options) == [1, 77, 13_000]


# ── out of descriptors, in a process of its own ───────────────────────────────────────────────────────────────────


def test_without_descriptors_connects_wait_and_those_who_are_connected_are_served(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, __file__, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""


def _starve(directory: Path) -> None:
    """Take all descriptors but one while a good terminal works; then give them back."""
    from protocols.money import Money
    from simulators.issuer import AccountSpec
    from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, cn_market, credit_profile

    market: Market = cn_market()
    events, profile = Events(), credit_profile()
    host = IssuerHost(market=market, emit=events, directory=directory)
    address = host.start()
    host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
    key = bytes.fromhex(profile.test_master_key)
    host.open_account(AccountSpec("credit", PAN, profile.psn, profile.expiry, profile.pin, key, Money(1_000_00)))
    good = RawClient(address)
    good.sign_on()
    assert good.ask(good.preauth())[39] == "00"
    waiting = socket.socket()  # made while there is a descriptor for it
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    taken: list[int] = []
    with pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
        _take_all(taken)
    waiting.settimeout(DEADLINE_S)
    waiting.connect(address)
    [told, *_] = events.wait("line refused")
    assert told["reason"] == "the system gives no more descriptors or memory (EMFILE)"
    start = time.monotonic()
    while time.monotonic() - start < 0.5:
        assert good.ask(good.management("0820", "301"), seal=False)[39] == "00"
        time.sleep(0.05)
    tries, most = len(events.of("line refused")), 2 + (time.monotonic() - start) / EXHAUSTED_PAUSE_S
    assert tries <= most, "the loop spins"
    for descriptor in taken:
        os.close(descriptor)
    events.wait("connected", count=2)
    waiting.sendall(echo(good))
    assert waiting.recv(4096)[13:15] == bytes.fromhex("0830")
    assert good.ask(good.preauth())[39] == "00"
    waiting.close()
    good.close()
    host.stop()


def _take_all(taken: list[int]) -> None:
    while True:
        taken.append(os.open("/dev/null", os.O_RDONLY))


if __name__ == "__main__":
    _starve(Path(sys.argv[1]))


def test_what_is_written_leaves_at_once(client: RawClient, host: IssuerHost) -> None:
    """Or else an answer would wait for the terminal's system to acknowledge the one before, 40 ms or more."""
    client.ask(client.management("0820", "301"), seal=False)
    (connection,) = host._line.open_connections
    assert connection._transport is not None
    end = connection._transport.get_extra_info("socket")
    assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
