"""The issuer host's port with ten thousand idle lines, and then under every kind of bad one.

`python benchmarks/soak_connections.py [--lines 10000] [--tls-lines 2000] [--seed N] [--json FILE] [--quick]` runs a
real host in a process of its own, a good terminal in another that never stops working, and the bad lines in this one.
Each phase shows the host's memory and descriptors, what it told, and how long the good terminal waited for its answers.

It ends with status 1 when an answer to the good terminal was wrong, missing or late, when lines or descriptors are left
behind, or when as many lines once more leave more of the host's memory taken than the first did.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import random
import resource
import selectors
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from protocols.events import Event
from protocols.iso8583 import mac_of
from protocols.money import Money
from simulators.issuer import AccountSpec, IssuerHost
from simulators.issuer.limits import KIB, Limits
from simulators.issuer.testca import make
from simulators.issuer.tls import ServerTls
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, cn_market, credit_profile

ROOT = Path(__file__).parents[1]
WAITS_S, QUICK_WAITS_S = 2.0, 0.5
"""Short waits for what is late: a soak has many of them."""
LATE_S = 5.0
"""Half of a terminal's response time-out."""
SETTLE_S = 60.0
LINES_AN_ADDRESS = 15_000
PAUSE_S = 0.01
AGAIN, SLACK_MIB = 3, 3.0
"""The allocators keep part of what the first lines took and use it for the next ones, a little more the first time: so
the ends of the second and of the fourth ten thousand lines are compared. What leaked would grow with each."""
RESET = struct.pack("ii", 1, 0)
HELLO = bytes.fromhex("16030102000100 01fc0303".replace(" ", "")) + bytes(500)


# ── the host, in a process of its own ─────────────────────────────────────────────────────────────────────────────


def limits(waits_s: float) -> Limits:
    return Limits(frame_s=waits_s, unread_s=waits_s, handshake_s=waits_s)


def serve(directory: Path, waits_s: float) -> None:
    """Says its port; to each line it reads it says how it stands; ends with its input."""
    told: Counter[str] = Counter()

    def emit(event: Event) -> None:
        told[event.kind] += 1

    tls = ServerTls(directory / "server.pem", directory / "server.key") if (directory / "server.pem").exists() else None
    host = IssuerHost(
        market=cn_market(), emit=emit, directory=directory, time_scale=1000, tls=tls, limits=limits(waits_s)
    )
    address, profile = host.start(), credit_profile()
    host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
    key = bytes.fromhex(profile.test_master_key)
    money = Money(10_000_000_00)
    host.open_account(AccountSpec("credit", PAN, profile.psn, profile.expiry, profile.pin, key, money))
    print(address[1], flush=True)
    for _ in sys.stdin:
        lines = host._call(lambda: len(host._line.open_connections))
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        rss = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
        state = {"rss": rss, "descriptors": len(os.listdir("/proc/self/fd")), "lines": lines, "told": told}
        print(json.dumps(state), flush=True)
    host.stop()


class Host:
    """The host's process, from here."""

    def __init__(self, directory: Path, waits_s: float) -> None:
        command = [sys.executable, __file__, "--serve", str(directory), "--waits", str(waits_s)]
        self._process = _start(command, stdin=subprocess.PIPE)
        assert self._process.stdout is not None
        self.address = ("127.0.0.1", int(self._process.stdout.readline()))
        self.descriptors = 0  # with the good terminal alone

    def state(self) -> dict[str, Any]:
        """Memory in bytes, descriptors, lines, and events by kind."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("?\n")
        self._process.stdin.flush()
        state: dict[str, Any] = json.loads(self._process.stdout.readline())
        return state

    def settled(self, others: int) -> dict[str, Any]:
        """Once no more lines are left than these and the good terminal's; or when that takes too long."""
        deadline = time.monotonic() + SETTLE_S
        while (state := self.state())["descriptors"] > self.descriptors + others and time.monotonic() < deadline:
            time.sleep(0.05)
        return state

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


# ── the good terminal, in another ─────────────────────────────────────────────────────────────────────────────────


def work(port: int, ca: str) -> None:
    """Pre-authorise and reverse, for ever; a line for each answer: when, how long, and what was wrong."""
    client = RawClient(("127.0.0.1", port))
    if ca:
        context = ssl.create_default_context(cafile=ca)
        client.socket = context.wrap_socket(client.socket, server_hostname="localhost")
    client.sign_on()
    assert client.keys is not None
    seal = mac_of(client.scheme, client.keys.mac)
    while True:
        held = client.preauth(f4="000000000100")
        for request, mti in ((held, "0110"), (client.reversal(held), "0410")):
            frame, start = client.frame(request), time.monotonic()
            client.send(frame)
            reply = client.reply()
            seconds = time.monotonic() - start
            right = (reply[0], reply[11], reply[39]) == (mti, request[11], "00")
            right = right and client.body[-8:] == seal.over(client.body[:-8])
            print(start, seconds, "right" if right else f"wrong: {reply[0]} {reply[39]}", flush=True)
            time.sleep(PAUSE_S)


class Terminal:
    """The good terminal's process, from here."""

    def __init__(self, host: Host, ca: str) -> None:
        self._process = _start([sys.executable, __file__, "--work", str(host.address[1]), "--ca", ca])
        self._answers: list[tuple[float, float, str]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.endswith("\n"):  # it was stopped in the middle
                return
            at, seconds, said = line.split(" ", 2)
            self._answers.append((float(at), float(seconds), said.strip()))

    def since(self, start: float) -> list[tuple[float, str]]:
        """Seconds and judgement of each answer to a request sent since then."""
        return [(seconds, said) for at, seconds, said in list(self._answers) if at >= start]

    def works(self, start: float) -> None:
        """Wait for an answer to a request sent after `start`, or for its end."""
        deadline = time.monotonic() + LATE_S
        while not self.since(start) and self.alive and time.monotonic() < deadline:
            time.sleep(0.005)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(30)
        self._reader.join(30)


def _start(command: list[str], **more: Any) -> subprocess.Popen[str]:
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=path, text=True, stdout=subprocess.PIPE, **more)


# ── bad lines ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Load:
    """Whoever connects. `kept` are lines that stay open over the phases."""

    address: tuple[str, int]
    dice: random.Random
    size: int
    seconds: float
    context: ssl.SSLContext | None = None
    kept: list[socket.socket] = field(default_factory=list)
    made: int = 0

    def connect(self, receive: int = 0, send: int = 0) -> socket.socket:
        """From another loopback address when the ports of one run out."""
        line = socket.socket()
        for option, size in ((socket.SO_RCVBUF, receive), (socket.SO_SNDBUF, send)):
            if size:
                line.setsockopt(socket.SOL_SOCKET, option, size)
        line.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1)
        line.bind((f"127.0.0.{2 + self.made // LINES_AN_ADDRESS % 200}", 0))
        line.settimeout(SETTLE_S)
        self.made += 1
        line.connect(self.address)
        return line


def quiet(load: Load) -> str:
    time.sleep(load.seconds)
    return "the good terminal alone"


def idle(load: Load) -> str:
    start = time.monotonic()
    for _ in range(load.size):
        line = load.connect()
        if load.context is not None:
            line = load.context.wrap_socket(line, server_hostname="localhost")
        load.kept.append(line)
    took = time.monotonic() - start
    time.sleep(load.seconds)
    return f"{load.size} connected in {took:.1f} s ({load.size / took:,.0f} a second), and said nothing"


def slow(load: Load) -> str:
    """A byte now and then, until the host has had enough."""
    lines = [load.connect() for _ in range(load.size // 20)]
    for line in lines:
        line.sendall(b"\x07\xd0")
    cut, deadline = 0, time.monotonic() + SETTLE_S
    while lines and time.monotonic() < deadline:
        for line in list(lines):
            try:
                line.send(b"\x60")
            except OSError:
                line.close()
                lines.remove(line)
                cut += 1
        time.sleep(0.2)
    return f"{cut} sent a byte every 0.2 s and were cut" + (f", {len(lines)} were not" if lines else "")


def flood(load: Load) -> str:
    """Echoes, as many as go in, on eight lines at once, and all answers counted."""
    one = load.connect()
    frame, answer = _echo(one)
    one.close()
    block, picked = frame * 64, selectors.DefaultSelector()
    sent: dict[socket.socket, int] = {}
    got: dict[socket.socket, int] = {}
    for _ in range(8):
        line = load.connect(send=64 * KIB)
        line.setblocking(False)
        sent[line] = got[line] = 0
        picked.register(line, selectors.EVENT_READ | selectors.EVENT_WRITE)
    start = time.monotonic()
    until, last = start + load.seconds, start + load.seconds + SETTLE_S
    while time.monotonic() < last:
        sending = time.monotonic() < until
        if not sending and all(got[line] * len(frame) >= sent[line] * answer for line in sent):
            break
        for key, mask in picked.select(0.1):
            line = key.fileobj
            assert isinstance(line, socket.socket)
            if mask & selectors.EVENT_READ:
                got[line] += len(line.recv(256 * KIB))
            unfinished = sent[line] % len(frame)
            if mask & selectors.EVENT_WRITE and (sending or unfinished):
                sent[line] += _send(line, block[unfinished:] if sending else frame[unfinished:])
            elif mask & selectors.EVENT_WRITE:
                picked.modify(line, selectors.EVENT_READ)
    took = time.monotonic() - start
    asked, answered = sum(sent.values()) // len(frame), sum(got.values()) // answer
    for line in sent:
        line.close()
    missing = "" if asked == answered else f", {asked - answered} MISSING"
    return f"{answered:,} echoes answered ({answered / took:,.0f} a second){missing}"


def _send(line: socket.socket, data: bytes) -> int:
    try:
        return line.send(data)
    except BlockingIOError:
        return 0


def hoard(load: Load) -> str:
    """Ask and ask, and never read."""
    lines = [load.connect(receive=4 * KIB) for _ in range(max(2, load.size // 500))]
    block = _echo(load.connect())[0] * 64
    sent, cut, deadline = 0, 0, time.monotonic() + SETTLE_S
    for line in lines:
        line.setblocking(False)
    while lines and time.monotonic() < deadline:
        for line in list(lines):
            try:
                sent += _send(line, block)
            except OSError:
                line.close()
                lines.remove(line)
                cut += 1
        time.sleep(0.001)
    return f"{cut} sent {sent / 1e6:.1f} MB, read nothing and were cut" + (f", {len(lines)} were not" if lines else "")


def half(load: Load) -> str:
    """Part of a frame, and the end of the line, in order or by reset."""
    frame = _echo(load.connect())[0]
    for _ in range(load.size // 5):
        with load.connect() as line:
            line.sendall(frame[: load.dice.randrange(1, len(frame))])
            _end(line, load.dice.random() < 0.5)
    return f"{load.size // 5} hung up within a frame"


def garbage(load: Load) -> str:
    """Oversize lengths, other protocols, and plain noise."""
    kinds = (b"\xff\xff" + bytes(2000), b"\x08\x01" + bytes(64), b"GET / HTTP/1.1\r\n\r\n", HELLO, b"0150" + bytes(150))
    for _ in range(load.size // 5):
        with load.connect() as line:
            sent = load.dice.choice((*kinds, load.dice.randbytes(load.dice.randrange(1, 5000))))
            try:
                line.sendall(sent)
                if load.dice.random() < 0.3:
                    line.settimeout(0.02)
                    line.recv(1)
            except OSError:  # the host has hung up already
                pass
    return f"{load.size // 5} sent what is no frame"


def storm(load: Load) -> str:
    """Connect and go."""
    start, many = time.monotonic(), load.size // 2
    for _ in range(many):
        with load.connect() as line:
            _end(line, load.dice.random() < 0.7)
    return f"{many} came and went ({many / (time.monotonic() - start):,.0f} a second)"


def shut(load: Load) -> str:
    for line in load.kept:
        line.close()
    load.kept.clear()
    return "all others gone"


def _end(line: socket.socket, by_reset: bool) -> None:
    if by_reset:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def _echo(line: socket.socket) -> tuple[bytes, int]:
    """An echo's frame, and how long its answer is; the line is closed."""
    client = RawClient.__new__(RawClient)
    client.keys, client.scheme = None, "unionpay-ecb"
    message = {0: "0820", 11: "000001", 41: TERMINAL, 42: MERCHANT, 60: "00000001301"}
    frame = client.frame(message, seal=False)
    with line:
        line.sendall(frame)
        size = int.from_bytes(line.recv(2, socket.MSG_WAITALL), "big")
    return frame, size + 2


def _failed_handshakes(load: Load) -> str:
    """Plain messages, noise, hang-ups within the hello, and terminals that do not trust us."""
    mistrusting = ssl.create_default_context()
    for number in range(load.size // 5):
        with load.connect() as line:
            try:
                if number % 4 == 3:
                    mistrusting.wrap_socket(line, server_hostname="localhost")
                line.sendall((b"\x00\x8a\x60" + bytes(137), load.dice.randbytes(100), HELLO[:200], b"")[number % 4])
            except OSError:
                pass
    return f"{load.size // 5} handshakes came to nothing"


PLAIN = (quiet, idle, slow, flood, hoard, half, garbage, storm)
TLS = (quiet, idle, _failed_handshakes, garbage, storm)


# ── measuring ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Row:
    """One phase. Memory is that at its end; times are those of the good terminal, in ms."""

    line: str
    phase: str
    what: str
    rss_mib: float
    descriptors: int
    lines: int
    told: dict[str, int]
    answers: int
    wrong: int
    p50_ms: float
    p99_ms: float
    worst_ms: float


@dataclass
class Soak:
    """Rows, what was found wrong, and bytes a line."""

    rows: list[Row] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    bytes_a_line: dict[str, int] = field(default_factory=dict)

    def run(self, name: str, phases: tuple[Callable[[Load], str], ...], load: Load, host: Host, good: Terminal) -> None:
        """All phases against one host, the end of it, and as many idle lines three times more."""
        host.descriptors = host.state()["descriptors"]
        for phase in (*phases, shut, *(idle, shut) * AGAIN):
            self._phase(name, phase, load, host, good)
        rows = [row for row in self.rows if row.line == name]
        quiet_row, idle_row, first, second = rows[0], rows[1], rows[1 - 2 * AGAIN], rows[-1]
        self.bytes_a_line[name] = round((idle_row.rss_mib - quiet_row.rss_mib) * KIB * KIB / load.size)
        if second.rss_mib > first.rss_mib + SLACK_MIB:
            self.wrong.append(f"{name}: memory did not come back: {first.rss_mib:.1f} MiB, then {second.rss_mib:.1f}")
        state = host.state()
        if state["lines"] != 1 or state["descriptors"] > host.descriptors:
            left = f"{state['lines'] - 1} lines, {state['descriptors'] - host.descriptors} descriptors"
            self.wrong.append(f"{name}: left behind: {left}")
        if state["told"].get("bug"):
            self.wrong.append(f"{name}: the host told of {state['told']['bug']} bugs of its own")

    def _phase(self, name: str, phase: Callable[[Load], str], load: Load, host: Host, good: Terminal) -> None:
        before, start = host.state()["told"], time.monotonic()
        what = phase(load)
        good.works(time.monotonic())
        answers = good.since(start)
        state = host.settled(len(load.kept))
        times = sorted(1000 * seconds for seconds, _ in answers) or [float("inf")]
        bad = [said for _, said in answers if said != "right"]
        told = {k: n - before.get(k, 0) for k, n in state["told"].items() if n > before.get(k, 0)}
        row = Row(
            name, phase.__name__.strip("_").replace("_", " "), what, state["rss"] / KIB / KIB, state["descriptors"],
            state["lines"], told, len(answers), len(bad), statistics.median(times),
            times[min(len(times) - 1, len(times) * 99 // 100)], times[-1],
        )  # fmt: skip
        self.rows.append(row)
        if bad or not good.alive or row.worst_ms > 1000 * LATE_S:
            self.wrong.append(
                f"{name}, {row.phase}: the good terminal was harmed: {bad[:3] or f'{row.worst_ms:.0f} ms'}"
            )
        if "were not" in what or "MISSING" in what:
            self.wrong.append(f"{name}, {row.phase}: {what}")


EDGE_EVENTS = ("undecodable", "too slow", "does not read", "line refused", "tls refused", "tls broken", "bug")


def shown(soak: Soak) -> Table:
    table = Table(title="The issuer host's port under bad lines", title_justify="left", pad_edge=False)
    for head in (
        "line",
        "phase",
        "memory MiB",
        "fds",
        "events",
        "told of bad lines",
        "answers",
        "p50 / p99 / worst ms",
    ):
        table.add_column(head, justify="right" if head in ("memory MiB", "fds", "events", "answers") else "left")
    for row in soak.rows:
        bad = ", ".join(f"{row.told[kind]} {kind}" for kind in EDGE_EVENTS if kind in row.told)
        times = f"{row.p50_ms:.1f} / {row.p99_ms:.1f} / {row.worst_ms:.1f}"
        answers = f"{row.answers}" + (f", {row.wrong} WRONG" if row.wrong else "")
        cells = (f"{row.rss_mib:.1f}", f"{row.descriptors}", f"{sum(row.told.values()):,}", bad or "–", answers, times)
        table.add_row(row.line, f"{row.phase}: {row.what}", *cells)
    return table


def soak(lines: int, tls_lines: int, seed: int, seconds: float, waits_s: float) -> Soak:
    """Plain, then over TLS, each with a host of its own."""
    found = Soak()
    for name, phases, size in (("plain", PLAIN, lines), ("TLS", TLS, tls_lines)):
        with tempfile.TemporaryDirectory(prefix="holdfast-soak-") as folder:
            context, ca = None, ""
            if name == "TLS":
                make(Path(folder))
                ca = str(Path(folder) / "ca.pem")
                context = ssl.create_default_context(cafile=ca)
            host = Host(Path(folder), waits_s)
            good = Terminal(host, ca)
            good.works(0)
            try:
                found.run(name, phases, Load(host.address, random.Random(seed), size, seconds, context), host, good)
            finally:
                good.stop()
                host.stop()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=10_000, help="idle plain lines")
    parser.add_argument("--tls-lines", type=int, default=2_000, help="idle TLS lines")
    parser.add_argument("--seed", type=int, default=None, help="of what is sent; by the clock when not given")
    parser.add_argument("--quick", action="store_true", help="a few hundred lines, a few seconds")
    parser.add_argument("--json", type=Path, default=None, help="write the figures to a file, too")
    parser.add_argument("--waits", type=float, default=WAITS_S, help=argparse.SUPPRESS)
    for hidden in ("--serve", "--work", "--ca"):
        parser.add_argument(hidden, default="", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.serve or wanted.work:
        serve(Path(wanted.serve), wanted.waits) if wanted.serve else work(int(wanted.work), wanted.ca)
        return 0
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    seed = time.time_ns() % 1_000_000_007 if wanted.seed is None else wanted.seed
    waits = QUICK_WAITS_S if wanted.quick else wanted.waits
    lines, tls_lines, seconds = (400, 100, 0.3) if wanted.quick else (wanted.lines, wanted.tls_lines, 3.0)
    found = soak(lines, tls_lines, seed, seconds, waits)
    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print(shown(found))
    for name, size in found.bytes_a_line.items():
        console.print(f"{name}: {size:,} bytes of the host's memory for each idle line", highlight=False)
    console.print(
        f"seed {seed}: " + ("; ".join(found.wrong) or "nobody was harmed, and memory came back"), highlight=False
    )
    if wanted.json is not None:
        told = {"seed": seed, "limits": asdict(limits(waits)), **asdict(found)}
        wanted.json.write_text(json.dumps(told, indent=2, allow_nan=False) + "\n", "utf-8")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
