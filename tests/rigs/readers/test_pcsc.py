"""PC/SC alone: a daemon that hangs or dies, what it listens on, and whose child it is. facts/pcsc-emv 1."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.events import discard
from protocols.faults import CardRemoved, DeviceSilent, ReaderGone, RigFault
from rigs.readers.pcsc import PcscReader
from simulators.reader import PcscService, ReaderModel
from tests.rigs.readers.station import CALL_DEADLINE_S, ECHO, ReaderBench, Station, supervised
from tests.simulators.kit import DEADLINE_S, ROOT, Events
from tests.support.commands import wait_until

pytestmark = pytest.mark.usefixtures("station")


def pid_of(station: Station) -> int:
    assert station.service.pid is not None
    return station.service.pid


def gone(pid: int) -> bool:
    """Ended: no process, or one that waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until_gone(pid: int, seconds: float) -> bool:
    """Watched through a pidfd: it becomes readable when the process ends."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], seconds)[0])
    finally:
        os.close(watched)


# ── a daemon that hangs ───────────────────────────────────────────────────────────────────────────────────────────


def hang(station: Station, pcsc: ReaderBench, deadline_s: float) -> None:
    """From now on the daemon answers nothing, and the driver waits so long for it."""
    station.disturbed = True
    pcsc.driver._service.deadline_s = deadline_s  # type: ignore[union-attr]
    os.kill(pid_of(station), signal.SIGSTOP)
    os.waitid(os.P_PID, pid_of(station), os.WSTOPPED | os.WNOWAIT)  # all its threads have stopped


def test_a_daemon_that_hangs_is_silent_within_the_deadline_and_recovers(station: Station, pcsc: ReaderBench) -> None:
    pcsc.powered()
    hang(station, pcsc, 0.5)
    began = time.monotonic()
    with pytest.raises(DeviceSilent) as caught:
        pcsc.driver.transmit(ECHO)
    assert 0.5 <= time.monotonic() - began < 3
    assert caught.value.component == "reader"
    assert not pcsc.driver.healthy()
    pcsc.driver._service.deadline_s = CALL_DEADLINE_S  # type: ignore[union-attr]
    pcsc.driver.recover()
    assert pcsc.driver.wait_for_card(True, 5)
    pcsc.driver.power_on()
    assert pcsc.driver.transmit(ECHO) == ECHO + b"\x90\x00"


def test_after_a_call_that_hung_every_other_says_so_without_another_wait(station: Station, pcsc: ReaderBench) -> None:
    hang(station, pcsc, 0.3)
    with pytest.raises(DeviceSilent):
        pcsc.driver.card_present()
    pcsc.driver._service.deadline_s = 60  # type: ignore[union-attr]
    began = time.monotonic()
    with pytest.raises(DeviceSilent, match="recover"):
        pcsc.driver.wait_for_card(True, 60)
    pcsc.driver.power_off()
    pcsc.driver.close()
    assert time.monotonic() - began < 10


# ── a daemon that dies ────────────────────────────────────────────────────────────────────────────────────────────


def kill(station: Station) -> None:
    pid = pid_of(station)
    os.kill(pid, signal.SIGKILL)
    assert wait_until_gone(pid, DEADLINE_S)


def test_a_killed_daemon_is_a_lost_reader_for_every_call(station: Station, pcsc: ReaderBench) -> None:
    pcsc.powered()
    kill(station)
    for call in (
        lambda: pcsc.driver.transmit(ECHO),
        pcsc.driver.card_present,
        lambda: pcsc.driver.wait_for_card(True, 1),
        pcsc.driver.power_on,
        pcsc.driver.attributes,
    ):
        with pytest.raises(ReaderGone):
            call()
    assert not pcsc.driver.healthy()


def test_a_killed_daemon_is_brought_back_by_recovery(station: Station, pcsc: ReaderBench) -> None:
    card = pcsc.powered()
    kill(station)
    pcsc.driver.recover()
    assert pcsc.driver.wait_for_card(True, 5)
    pcsc.driver.power_on()
    assert pcsc.driver.transmit(ECHO) == ECHO + b"\x90\x00"
    assert card.seen == [ECHO]


def test_recovery_leaks_neither_descriptors_nor_threads(pcsc: ReaderBench) -> None:
    pcsc.driver.recover()
    supervised(pcsc.driver)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        pcsc.driver.recover()
    supervised(pcsc.driver)
    wait_until(lambda: len(os.listdir("/proc/self/fd")) <= before, DEADLINE_S, "as many descriptors as before")
    assert going_on("pcsc-caller") == going_on("pcscd-keeper") == going_on("pcsc-supervisor") == 1


def going_on(name: str) -> int:
    """How many threads of this name go on: those that were told to end may take a moment."""
    named = [t for t in threading.enumerate() if t.name == name]
    for thread in named[:-1]:
        thread.join(DEADLINE_S)
    if named:
        named[-1].join(0.5)
    return sum(t.is_alive() for t in named)


# ── torn card or lost reader ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("movement", "fault"), [("remove", CardRemoved), ("unplug", ReaderGone)])
def test_one_and_the_same_code_is_told_apart_by_the_readers_state(
    pcsc: ReaderBench, movement: str, fault: type[Exception]
) -> None:
    """Both begin as 80100016. facts/pcsc-emv 1.4, 1.5."""
    card = pcsc.powered()
    card.during = getattr(pcsc.slot, movement)
    with pytest.raises(fault):
        pcsc.driver.transmit(ECHO)


def test_a_card_that_somebody_else_holds_is_the_rigs_fault(station: Station, pcsc: ReaderBench, events: Events) -> None:
    pcsc.powered()
    other = station.driver(events)
    with pytest.raises(RigFault, match="another program"):
        other.power_on()
    other.close()
    assert pcsc.driver.transmit(ECHO)


def test_a_reader_that_is_not_there_is_named_with_those_that_are(
    station: Station, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rigs.readers.service.READY_S", 0.1)
    with pytest.raises(ReaderGone, match=r"'ACS'.*Holdfast Virtual Reader"):
        station.driver(events, which="ACS")
    assert going_on("pcsc-caller") == 0


# ── identity ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_reader_tells_its_attributes_through_pcsc(pcsc: ReaderBench) -> None:
    """facts/pcsc-emv 5: the fingerprint of a report."""
    told = pcsc.driver.attributes()
    assert {key: told[key] for key in ("driver", "name", "vendor", "model", "firmware", "serial", "longest APDU")} == {
        "driver": "PC/SC", "name": "Holdfast Virtual Reader 00 00", "vendor": "Holdfast",
        "model": "Virtual contact reader", "firmware": "1.0.1", "serial": "HF-0001", "longest APDU": "261",
    }  # fmt: skip
    assert told["service"].startswith("pcsc-lite version")
    assert told["wrapper"].startswith("pyscard ")
    assert "ccid driver" not in told, "this reader is not on USB"


def test_what_is_added_to_the_attributes_counts(station: Station, events: Events) -> None:
    driver = PcscReader(
        "Holdfast Virtual", events, socket=str(station.service.socket), extra=lambda: {"service": "own"}
    )
    assert driver.attributes()["service"] == "own"
    driver.close()


def test_closing_twice_is_once(station: Station, events: Events) -> None:
    closed: list[int] = []
    driver = PcscReader(
        "Holdfast Virtual", events, socket=str(station.service.socket), on_close=lambda: closed.append(1)
    )
    driver.close()
    driver.close()
    assert closed == [1]


def test_the_service_knows_its_version(station: Station) -> None:
    assert station.service.version.startswith("pcsc-lite version")


# ── the daemon as a process ───────────────────────────────────────────────────────────────────────────────────────


def test_the_daemon_listens_on_nothing_but_its_own_socket(station: Station) -> None:
    """No TCP: design 7. Inodes of its descriptors against the kernel's lists."""
    pid = pid_of(station)
    held = {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    inodes = {link[8:-1] for link in held if link.startswith("socket:[")}
    assert inodes
    for table in ("tcp", "tcp6", "udp", "udp6"):
        lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        assert not inodes & {line.split()[9] for line in lines}
    assert station.service.socket.stat().st_mode & 0o777 == 0o600


OWNER = """
import sys, threading
from pathlib import Path
from protocols.events import discard
from simulators.reader import PcscService, ReaderModel
model = ReaderModel(Path(sys.argv[1]) / "reader.sock", discard)
service = PcscService(Path(sys.argv[1]), model)
starter = threading.Thread(target=service.start)
starter.start()
starter.join()
print(service.pid, flush=True)
sys.stdin.readline()
print(service.alive(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[bytes]]:
    """A process that owns a daemon, started from a thread of it that has ended."""
    with tempfile.TemporaryDirectory(prefix="hf-") as directory:
        command = [sys.executable, "-c", OWNER, directory]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
            yield process
            process.kill()


def test_the_daemon_dies_with_its_owner_whatever_killed_that(owner: subprocess.Popen[bytes]) -> None:
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert not gone(pid)
    owner.send_signal(signal.SIGKILL)
    assert wait_until_gone(pid, DEADLINE_S)


def test_the_daemon_outlives_the_thread_that_started_it(owner: subprocess.Popen[bytes]) -> None:
    """PDEATHSIG is bound to the thread that forked, not to its process: prctl(2)."""
    assert owner.stdout is not None
    assert owner.stdin is not None
    pid = int(owner.stdout.readline())
    assert not wait_until_gone(pid, 0.3)
    owner.stdin.write(b"\n")
    owner.stdin.flush()
    assert owner.stdout.readline() == b"True\n"


def test_a_daemon_that_does_not_come_up_says_why_in_its_own_words(tmp_path: Path) -> None:
    service = PcscService(tmp_path / ("long" * 40))
    with pytest.raises(RigFault, match="too long"):
        service.start()
    assert service.pid is None


def test_stop_ends_a_daemon_that_hangs(short_service: PcscService) -> None:
    assert short_service.pid is not None
    pid = short_service.pid
    os.kill(pid, signal.SIGSTOP)
    short_service.stop()
    assert gone(pid)
    assert not short_service.alive()
    short_service.stop()


@pytest.fixture
def short_service() -> Iterator[PcscService]:
    """A daemon of its own, asked by nobody."""
    with tempfile.TemporaryDirectory(prefix="hf-") as directory:
        model = ReaderModel(Path(directory) / "reader.sock", discard)
        service = PcscService(Path(directory), model)
        service.start()
        yield service
        service.stop()
        model.close()
