"""`holdfast card`: a card twin in a twin reader behind a pcscd of its own, for any other PC/SC program of this machine.

Standard output carries one line, the variable that the other program needs; all that is seen goes to standard error.
It ends with `quit`, Ctrl-C or SIGTERM, and when whoever started it has gone; with `--run`, when that program has ended.
"""

from __future__ import annotations

import difflib
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console

from holdfast.attendance import Attendance, signals
from holdfast.card_screen import Screen
from protocols.events import Channel, Direction, Emit, Event
from protocols.faults import ConfigurationError, RigFault
from protocols.pan import derived, mask_pan
from rigs.cards.loading import card_path, load_card_profile
from rigs.private import private_directory, private_root
from rigs.readers.profiles.loading import load_reader_profile
from rigs.records import Unkept
from rigs.timeline import Recorder
from simulators.card import ChipCard
from simulators.reader import PcscService, ReaderModel, SlotKind, unavailable

VARIABLE = "PCSCLITE_CSOCK_NAME"
"""Where libpcsclite looks for the daemon's socket. facts/pcsc-emv 1.2"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command line. `run` empty runs no program; `slot` empty is the reader's first."""

    profile: str
    reader: str = "plain"
    slot: str = ""
    pan_number: int = 1
    run: tuple[str, ...] = ()
    quiet: bool = False


def present(wanted: Wanted, console: Console) -> int:
    """Until it is told to end; returns the status. Raises ConfigurationError or RigFault before anything is printed."""
    with signals() as woken, ExitStack() as stack:
        desk = Desk(wanted, console, stack)
        desk.start()
        if wanted.run:
            program = desk.launch(wanted.run)
            return Attendance(woken, line=desk.told, look=desk.look, program=program).stay()
        print(f"export {VARIABLE}={shlex.quote(str(desk.service.socket))}", flush=True)
        status = Attendance(woken, line=desk.told, look=desk.look).stay()
    console.print("ended")
    return status


class SeenCard:
    """A card that tells what is said to it, and what it answers. `uid` is what a contactless reader says of it."""

    def __init__(self, card: ChipCard, number: int, emit: Emit) -> None:
        self.name = card.name
        self.uid = b"\x04HF" + number.to_bytes(4, "big")
        self._card = card
        self._emit = emit

    def power_on(self) -> bytes:
        """The ATR."""
        atr = self._card.power_on()
        self._emit(Event(Channel.CARD, "atr", {"atr": atr.hex().upper()}, Direction.IN))
        return atr

    def transmit(self, raw: bytes) -> bytes | None:
        """A command to its answer; None is silence."""
        self._emit(Event(Channel.CARD, "command", {}, Direction.OUT, raw))
        answer = self._card.transmit(raw)
        kind = "silence" if answer is None else "response"
        self._emit(Event(Channel.CARD, kind, {}, Direction.IN, answer))
        return answer


class Desk:
    """Card, reader and daemon, and what may be done with them; what was begun is ended by the stack."""

    def __init__(self, wanted: Wanted, console: Console, stack: ExitStack) -> None:
        self._stack = stack
        self._profile = load_card_profile(card_path(wanted.profile))
        self._number = wanted.pan_number
        self._pan = next(derived(self._profile.pan_prefix, self._number, self._profile.pan_digits), "")
        if not self._pan:
            raise ConfigurationError(f"the test range has no card number {self._number}", advice="take a lower one")
        if not self._profile.chip:
            raise ConfigurationError(f"{self._profile.name} has no chip", advice="take another card")
        self._reader = load_reader_profile(wanted.reader)
        self._place = _place(wanted.slot, self._reader.slots)
        reason = unavailable(pyscard=False)
        if reason:
            raise ConfigurationError(
                f"a card cannot be shown to other programs here: {reason}",
                advice="`make setup` installs what is missing",
            )
        self._running = bool(wanted.run)
        self._alive = True
        self.screen = Screen(console, quiet=wanted.quiet or self._running)

    def start(self) -> None:
        """The card is in the reader, and the reader behind a daemon, when it returns. Raises RigFault."""
        stack = self._stack
        private = stack.enter_context(private_directory(private_root()))
        self.screen.start()
        stack.callback(self.screen.stop)
        recorder = Recorder(
            folder=private / "record", worker="card", started_ns=time.monotonic_ns(), started=datetime.now(UTC),
            evidence=dict.fromkeys(Channel, "simulated"), watch=self.screen.watch, log=Unkept(),
        )  # fmt: skip
        stack.callback(recorder.close)
        recorder.protect(self._pan)
        self._card = SeenCard(ChipCard(self._profile, self._pan), self._number, recorder.emit)
        reader = ReaderModel(private / "reader.sock", recorder.emit, self._reader)
        stack.callback(reader.close)
        self._slot = reader.slots[self._place]
        self.service = PcscService(private, reader)
        if not self._running:
            self._introduce()
        self._slot.insert(self._card)
        stack.callback(self.service.stop)
        self.service.start()

    def _introduce(self) -> None:
        """What is here, and what may be typed."""
        say = self.screen.say
        say(f"card: {self._profile.name}, {mask_pan(self._pan)}")
        say(f"reader: {self.service.names[self._place]}, {self._slot.kind}, behind {self.service.version}")
        say(f"type {', '.join(COMMANDS)}; Ctrl-C ends it, too")

    def launch(self, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
        """Another program, told where the card is. Raises ConfigurationError when it cannot be run."""
        try:
            return subprocess.Popen(command, env={**os.environ, VARIABLE: str(self.service.socket)})  # noqa: S603
        except OSError as error:
            raise ConfigurationError(
                f"{command[0]!r} cannot be run: {error.strerror}", advice="--run takes a program and its arguments"
            ) from None

    def look(self) -> None:
        """Is the daemon there? Raises RigFault when it is not; a program that runs is left to find it out by itself."""
        if self.service.alive() or not self._alive:
            return
        self._alive = False
        if not self._running:
            raise RigFault("pcscd ended by itself", advice="start anew", component="reader")
        self.screen.say("pcscd ended by itself: the program has no reader any more", "bold red")

    def told(self, line: str) -> bool:
        """Do what was typed, or say what may be; True when it is to end. A beginning is enough."""
        if not line:
            return False
        meant = [line] if line in COMMANDS else [name for name in COMMANDS if name.startswith(line)]
        if len(meant) == 1:
            act = COMMANDS[meant[0]]
            return act is None or bool(act(self))
        near = difflib.get_close_matches(line, COMMANDS, n=1)
        self.screen.say(f"there is no {line!r}: " + (f"did you mean {near[0]}?" if near else ", ".join(COMMANDS)))
        return False

    def _in(self) -> None:
        self._slot.insert(self._card)

    def _out(self) -> None:
        self._slot.remove()

    def _unplug(self) -> None:
        self._slot.unplug()

    def _plug(self) -> None:
        self._slot.replug()

    def _restart(self) -> None:
        self.service.restart()
        self.screen.say("a fresh pcscd, at the same place", "green")


def _place(wanted: str, slots: Sequence[SlotKind]) -> int:
    """Raises ConfigurationError for a slot that the reader has not."""
    if not wanted:
        return 0
    if wanted not in list(slots):
        raise ConfigurationError(f"the reader has no {wanted!r} slot", advice=f"it has {' and '.join(slots)}")
    return list(slots).index(SlotKind(wanted))


COMMANDS: dict[str, Callable[[Desk], None] | None] = {
    "out": Desk._out, "in": Desk._in, "unplug": Desk._unplug, "plug": Desk._plug, "restart": Desk._restart,
    "quit": None,
}  # fmt: skip
"""What may be typed, a line each; None ends it."""
