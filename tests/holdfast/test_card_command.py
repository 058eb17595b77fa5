"""`holdfast card` as a process, and another PC/SC program that finds the card by what it printed."""

from __future__ import annotations

import io
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from holdfast import card_command
from holdfast.card_command import Desk, Wanted
from holdfast.card_screen import WAITING, Screen
from protocols.faults import ConfigurationError
from simulators.reader import unavailable
from tests.support.commands import ROOT, alive, below, holdfast, named, wait_until
from tests.support.screen import DEADLINE_S, Tty
from tests.support.secret_search import find_pans

OTHER = str(ROOT / "tests" / "support" / "other_program.py")
ATR = "ATR 3B6800000073C84013009000"
SELECT_PSE = "00A404000E315041592E5359532E444446303100"
SELECT, OPTIONS = "00A4040008A000000333010102", "80A800000B8309000000000000000156"
READ_TRACK, VERIFY, WRONG_PIN = "00B2010C00", "0020008008261234" + "56FFFFFFFF", "0020008008241234FFFFFFFFFF"
NAME = "Holdfast Virtual Reader 00 00"

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable() or "-")


class Started:
    """The command with a pipe to type into. `environment` is what another program needs."""

    def __init__(self, log: Path, *arguments: str) -> None:
        self.log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "holdfast", "card", *arguments],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        self.printed = self.process.stdout.readline()
        self.socket = Path(self.printed.strip().removeprefix("export PCSCLITE_CSOCK_NAME="))
        self.environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(self.socket)}

    def other(self, *commands: str) -> str:
        done = subprocess.run(
            [sys.executable, OTHER, *commands], env=self.environment, capture_output=True, text=True, check=False,
            timeout=DEADLINE_S,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def until(self, words: str) -> None:
        wait_until(lambda: words in self.log.read_text("utf-8"), DEADLINE_S, f"{words!r} is shown")

    @property
    def daemons(self) -> list[int]:
        return named(below(self.process.pid), "pcscd")

    def status(self) -> int:
        return self.process.wait(DEADLINE_S)


@contextmanager
def started(log: Path, *arguments: str) -> Iterator[Started]:
    one = Started(log, *arguments)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait(DEADLINE_S)
        for stream in (one.process.stdin, one.process.stdout):
            assert stream is not None
            stream.close()


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Started]:
    with started(tmp_path / "log") as one:
        yield one


# ── another program ───────────────────────────────────────────────────────────────────────────────────────────────


def test_another_program_finds_the_card_by_the_one_line_that_is_printed(card: Started) -> None:
    assert card.printed == f"export PCSCLITE_CSOCK_NAME={card.socket}\n"
    listed, atr, answer = card.other(SELECT_PSE).splitlines()
    assert (listed, atr) == (f"service 00000000, readers: {NAME}", ATR)
    assert answer.startswith("6F20840E315041592E5359532E4444463031")
    assert answer.endswith("9000")


def test_only_this_user_reaches_it_and_its_path_is_short(card: Started) -> None:
    assert stat.S_IMODE(card.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(card.socket.parent.stat().st_mode) == 0o700
    assert len(str(card.socket)) < 100


def test_what_is_said_to_the_card_is_shown_by_name_and_status_and_no_secret_with_it(card: Started) -> None:
    select_a_number = "00A4040008" + "6250947000000014"
    card.other(
        SELECT_PSE, select_a_number, SELECT, OPTIONS, READ_TRACK, WRONG_PIN, VERIFY, "80CA9F3600", "00B0000000"
    )  # fmt: skip
    card.until("INS B0")
    shown = card.log.read_text("utf-8")
    for line in (
        r"card: UnionPay credit \(test\), 625094\*{6}0014", rf"reader: {NAME}, contact, behind pcsc-lite version",
        r"reset +ATR 3B 68 00 00 00 73 C8 40 13 00 90 00", r"SELECT 1PAY.SYS.DDF01 +9000  done, 34 bytes",
        r"SELECT 625094•{6}0014 +6A82", r"SELECT A000000333010102 +9000",
        r"GET PROCESSING OPTIONS +9000  done, 16 bytes",
        r"READ RECORD SFI 1, record 1 +9000  done, \d+ bytes", r"VERIFY +63C2  2 tries left\n", r"VERIFY +9000  done\n",
        r"GET DATA 9F36 +9000  done, 5 bytes", r"INS B0 00 B0 00 00 +6D00  instruction unknown",
    ):  # fmt: skip
        assert re.search(line, shown), f"{line}\n{shown}"
    assert find_pans(shown.encode()) == set()
    assert "1234" not in re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "", shown)


def test_another_number_of_the_range_is_another_card(tmp_path: Path) -> None:
    with started(tmp_path / "log", "--profile", "debit", "--pan-number", "7") as one:
        one.until("card: UnionPay debit (test), 622424******0071")


def test_quiet_shows_no_commands(tmp_path: Path) -> None:
    with started(tmp_path / "log", "--quiet") as one:
        assert ATR in one.other(SELECT_PSE)
        one.type("quit")
        assert one.status() == 0
    assert [line.split()[0] for line in one.log.read_text("utf-8").splitlines()] == [
        "card:",
        "reader:",
        "type",
        "ended",
    ]


# ── what is typed ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_card_is_taken_out_and_put_in_by_words(card: Started) -> None:
    card.type("out")
    card.until("the card is out")
    wait_until(lambda: "no card" in card.other(), DEADLINE_S, "the other program sees that it is out")
    card.type("in")
    wait_until(lambda: ATR in card.other(), DEADLINE_S, "the other program sees that it is in")


def test_the_reader_is_unplugged_and_comes_back(card: Started) -> None:
    assert ATR in card.other()
    card.type("unplug")
    card.until("the reader is unplugged")
    wait_until(lambda: ATR not in card.other(), DEADLINE_S, "the other program sees that it is gone")
    card.type("plug")
    wait_until(lambda: ATR in card.other(), DEADLINE_S, "the other program sees that it is back")


def test_a_fresh_daemon_is_found_at_the_same_place(card: Started) -> None:
    before = card.daemons
    card.type("restart")
    card.until("a fresh pcscd")
    assert ATR in card.other()
    assert set(card.daemons).isdisjoint(before)


@pytest.mark.parametrize(
    ("typed", "told"),
    [("outt", "there is no 'outt': did you mean out?"), ("1", "there is no '1': out, in, unplug, plug, restart, quit")],
)
def test_what_is_no_command_names_those_there_are(card: Started, typed: str, told: str) -> None:
    card.type(typed)
    card.until(told)


@pytest.mark.parametrize("typed", ["quit", "q", "\n  \nquit"])
def test_quit_ends_it(card: Started, typed: str) -> None:
    card.type(typed)
    assert card.status() == 0
    assert card.log.read_text("utf-8").endswith("ended\n")


def test_on_a_terminal_words_are_taken_and_the_end_of_input_ends_it() -> None:
    tty = Tty("card", "--profile", "debit-chip")
    try:
        tty.until(r"export PCSCLITE_CSOCK_NAME=\S+")
        tty.type("out\n")
        tty.until(r"the card is out")
        tty.type("\x04")
        tty.until(r"ended\s*$")
        assert tty.process.wait(DEADLINE_S) == 0
    finally:
        tty.close()


# ── its end ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_nothing_is_left(card: Started, number: signal.Signals) -> None:
    daemons = card.daemons
    assert daemons
    card.process.send_signal(number)
    assert card.status() == 0
    assert not [pid for pid in daemons if alive(pid)]
    assert not card.socket.parent.exists()


def test_the_end_of_a_pipe_ends_it(card: Started) -> None:
    assert card.process.stdin is not None
    card.process.stdin.close()
    assert card.status() == 0


def test_the_daemon_dies_with_it_even_when_it_is_killed(card: Started) -> None:
    daemons = card.daemons
    assert daemons
    card.process.kill()
    card.status()
    wait_until(lambda: not [pid for pid in daemons if alive(pid)], DEADLINE_S, "pcscd has gone")


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """A shell that ends leaves nothing behind, though nobody told it to end."""
    line = tmp_path / "line"
    line.touch()
    script = f'"$0" -m holdfast card >{line} 2>{tmp_path}/log & echo $!; read -r _'
    shell = subprocess.Popen(
        ["sh", "-c", script, sys.executable], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with shell:
        assert shell.stdout is not None
        assert shell.stdin is not None
        pid = int(shell.stdout.readline())
        wait_until(lambda: line.read_text("utf-8").endswith("\n"), DEADLINE_S, "its line is printed")
        processes = [pid, *below(pid)]
        assert alive(pid)
        shell.stdin.close()
    wait_until(lambda: not [one for one in processes if alive(one)], DEADLINE_S, "all of them have ended")
    assert (tmp_path / "log").read_text("utf-8").endswith("ended\n")


def test_a_daemon_that_ends_by_itself_is_a_fault_of_the_rig(card: Started) -> None:
    (daemon,) = card.daemons
    os.kill(daemon, signal.SIGKILL)
    assert card.status() == 2
    assert "pcscd ended by itself (start anew)" in card.log.read_text("utf-8")


# ── --run ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("program", "status"), [(("sh", "-c", "exit 7"), 7), (("sh", "-c", "kill -9 $$"), 137), (("true",), 0)]
)
def test_a_program_that_was_run_gives_its_status(program: tuple[str, ...], status: int) -> None:
    done = holdfast("card", "--run", *program)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")


def test_a_program_that_was_run_finds_the_card_at_once() -> None:
    done = holdfast("card", "--profile", "debit", "--run", sys.executable, OTHER, SELECT_PSE)
    assert done.stdout.splitlines()[:2] == [f"service 00000000, readers: {NAME}", ATR]
    assert (done.returncode, done.stderr) == (0, "")


@contextmanager
def running(script: str) -> Iterator[subprocess.Popen[str]]:
    """`--run sh -c` of a script, in a process group of its own, once the script has said `ready`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "holdfast", "card", "--run", "sh", "-c", script],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(DEADLINE_S)
        process.stdout.close()


def test_a_program_that_was_run_is_told_to_end_and_waited_for() -> None:
    with running("trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.02; done") as process:
        process.terminate()
        assert process.wait(DEADLINE_S) == 5
        assert process.stdout is not None
        assert process.stdout.read() == "told\n"


def test_ctrl_c_is_for_the_program_that_was_run() -> None:
    """A terminal sends it to both: it is not handed on once more, and the program says when it is over."""
    script = "trap 'echo int' INT; trap 'exit 6' TERM; echo ready; while :; do sleep 0.02; done"
    with running(script) as process:
        assert process.stdout is not None
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "int\n"
        process.send_signal(signal.SIGINT)  # by itself: two at once might be one for the program
        process.terminate()
        assert process.wait(DEADLINE_S) == 6
        assert process.stdout.read() == ""


def test_a_contactless_reader_gives_the_card_its_atr_and_a_uid() -> None:
    done = holdfast("card", "--reader", "acr122u-like", "--pan-number", "258", "--run", sys.executable, OTHER, "UID")
    listed, atr, uid = done.stdout.splitlines()
    assert listed.endswith("readers: Holdfast Contactless Reader 00 00")
    assert (atr, uid) == ("ATR 3B8880010073C8401300900071", "044846000001029000")


def test_the_card_is_put_into_the_slot_that_is_named() -> None:
    """The program asks the first slot of the reader."""
    dual = ("card", "--reader", "dual", "--run", sys.executable, OTHER)
    assert ATR in holdfast(*dual).stdout
    other_slot = holdfast(*dual[:3], "--slot", "contactless", *dual[3:])
    assert other_slot.stdout.splitlines()[1] == "no card"
    assert other_slot.returncode == 1


# ── what cannot be ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--profile", "credti"), "there is no card 'credti' (did you mean credit?)"),
        (("--reader", "acr122"), "there is no reader profile 'acr122' (did you mean acr122u-like?)"),
        (("--profile", "x"), "there is no card 'x' (there are asks-first, at-home-only, cda, credit-chip"),
        (("--profile", "rigs/cards/credti-chip.yaml"), "did you mean credit-chip.yaml"),
        (("--slot", "contactless"), "the reader has no 'contactless' slot (it has contact)"),
        (("--pan-number", "10000000"), "the test range has no card number 10000000"),
        (("credit",), "'credit' is no option (write `holdfast card --run opensc-tool -a`"),
        (("--run",), "--run needs a program"),
        (("--run", "no-such-program"), "'no-such-program' cannot be run: No such file or directory"),
    ],
)
def test_bad_usage_ends_with_4_and_says_what_to_do(arguments: tuple[str, ...], told: str) -> None:
    done = holdfast("card", *arguments)
    assert (done.returncode, done.stdout) == (4, "")
    assert told in " ".join(done.stderr.split())


def test_without_pcscd_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_command, "unavailable", lambda **_: "pcscd is not installed")
    with ExitStack() as stack, pytest.raises(ConfigurationError) as refused:
        Desk(Wanted("credit"), Console(file=io.StringIO()), stack)
    assert str(refused.value) == (
        "a card cannot be shown to other programs here: pcscd is not installed (`make setup` installs what is missing)"
    )


# ── the screen ────────────────────────────────────────────────────────────────────────────────────────────────────


class Stuck(io.StringIO):
    """A terminal that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def write(self, text: str) -> int:
        self.go.wait(DEADLINE_S)
        return super().write(text)


def test_a_screen_that_takes_nothing_keeps_nobody_waiting_and_says_what_it_left_out() -> None:
    stuck = Stuck()
    screen = Screen(Console(file=stuck, width=120), quiet=False)
    screen.start()
    for number in range(WAITING + 50):
        screen.say(f"line {number}")  # returns at once, or this test would not end
    stuck.go.set()
    screen.stop()
    lines = stuck.getvalue().splitlines()
    left_out = re.search(r"… (\d+) lines left out: the screen was too slow", stuck.getvalue())
    assert left_out
    assert 49 <= int(left_out[1]) <= 50
    assert len(lines) == WAITING + 50 - int(left_out[1]) + 1


def test_a_card_that_says_nothing_is_shown_as_such() -> None:
    shown = io.StringIO()
    screen = Screen(Console(file=shown, width=120), quiet=False)
    screen.start()
    asked = {"name": "GENERATE AC", "asks": "ARQC"}
    screen.watch({"ch": "card", "kind": "command", "utc": "2026-01-02T03:04:05.123456Z", "f": asked})
    screen.watch({"ch": "card", "kind": "silence", "utc": "2026-01-02T03:04:05.223456Z", "f": {}})
    screen.stop()
    assert shown.getvalue().split() == ["03:04:05.223", "GENERATE", "AC", "ARQC", "no", "answer"]
