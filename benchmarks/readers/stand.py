"""A reader to be measured and worn out: twin, daemon and driver, or the in-process twin and its driver."""

from __future__ import annotations

import os
import select
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.readers.cards import CountingCard
from benchmarks.readers.model import DONE, NO, YES, garbage, other, shown
from benchmarks.readers.sessions import CARDS, SHORT_DEADLINE_S
from benchmarks.readers.steps import Step
from protocols.events import Channel, Emit, Event
from protocols.faults import CardRemoved, ReaderGone, RigFault
from rigs.readers.embedded import EmbeddedReader
from rigs.readers.pcsc import PcscReader
from simulators.reader import EmbeddedSlot, PcscService, ReaderModel, Slot
from simulators.reader.service import READER_NAME

DEADLINE_S = 20.0
"""Of a call, on a machine that has other things to do, and of whatever a step waits for."""
SLOW_S = 0.03
COMING_S = 0.002
"""After which a card comes that a driver waits for already."""
COUNTED = {Channel.CARD: ("atr", "command", "response"), Channel.READER: ("inserted", "removed", "gone", "back")}


class PcscStand:
    """A private pcscd with our twin behind it, and drivers of it. One a process: libpcsclite takes but one socket."""

    def __init__(self, emit: Emit) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hf-"))
        self._model = ReaderModel(self.folder / "reader.sock", emit)
        self.slot: Slot = self._model
        self._emit = emit
        self.service = PcscService(self.folder, self._model)
        self.service.start()

    def driver(self, deadline_s: float = 0.0, *, revives: bool = True, emit: Emit | None = None) -> PcscReader:
        return PcscReader(
            READER_NAME, emit or self._emit, socket=str(self.service.socket), call_deadline_s=deadline_s or DEADLINE_S,
            revive=self._revive if revives else None,
        )  # fmt: skip

    def _revive(self) -> None:
        self.slot.replug()
        self.service.restart()

    @property
    def pid(self) -> int:
        """The daemon's. Raises RigFault when there is none."""
        if self.service.pid is None:
            raise RigFault("there is no daemon", component="reader")
        return self.service.pid

    def kill(self) -> None:
        """Returns when the daemon has ended: its descriptor becomes readable then."""
        watched = os.pidfd_open(self.pid)
        try:
            os.kill(self.pid, signal.SIGKILL)
            if not select.select([watched], [], [], DEADLINE_S)[0]:
                raise RigFault("the daemon does not die", component="reader")
        finally:
            os.close(watched)

    def stop(self) -> None:
        """Returns when all threads of the daemon have stopped."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        self.service.restart()

    def close(self) -> None:
        self.service.stop()
        self.slot.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class EmbeddedStand:
    """The in-process twin: it has no daemon, and no deadline."""

    pid = 0

    def __init__(self, emit: Emit) -> None:
        self.slot: Slot = EmbeddedSlot(emit)
        self._emit = emit

    def driver(self, deadline_s: float = 0.0, *, revives: bool = True) -> EmbeddedReader:
        return EmbeddedReader(self.slot, self._emit)  # type: ignore[arg-type]

    def kill(self) -> None:
        raise AssertionError("there is no daemon")

    stop = go_on = restart = kill

    def close(self) -> None:
        self.slot.close()


class Player:
    """Does the steps and says what came of each."""

    def __init__(self, *, embedded: bool) -> None:
        self.told: Counter[str] = Counter()
        self.stand = EmbeddedStand(self._tell) if embedded else PcscStand(self._tell)
        self.cards = [CountingCard(number) for number in range(CARDS)]
        self.driver = self.stand.driver()
        self.words = ""
        """Of the last fault."""
        self._since: tuple[int, int] | None = None
        self.watch()

    def _tell(self, event: Event) -> None:
        if event.kind in COUNTED.get(event.channel, ()):
            self.told[event.kind] += 1

    def seen(self) -> Counter[int]:
        """Commands that each card got since this was asked for last."""
        got = Counter({card.number: card.seen for card in self.cards if card.seen})
        for card in self.cards:
            card.seen = 0
        return got

    def watch(self) -> None:
        """From now on movements are counted."""
        self._since = (self.driver.movements(), self.stand.slot.moves)

    def moved(self) -> tuple[int, int]:
        """Movements that the driver saw, and those that there were; none where it was opened anew meanwhile."""
        if self._since is None:
            return 0, 0
        return self.driver.movements() - self._since[0], self.stand.slot.moves - self._since[1]

    def do(self, step: Step, raw: bytes) -> str:
        """The outcome; `raw` is the command of a `transmit`. What a driver may raise is an outcome, too."""
        try:
            return _ACTS[step.do](self, step, raw)
        except (CardRemoved, ReaderGone) as fault:
            self.words = str(fault)
            return type(fault).__name__
        except RigFault as fault:
            self.words = str(fault)
            return f"{type(fault).__name__} {fault.component}"

    def close(self) -> None:
        self.driver.close()
        self.stand.close()

    # ── people ────────────────────────────────────────────────────────────────────────────────────────────────

    def _insert(self, step: Step, raw: bytes) -> str:
        card = self.cards[step.card]
        card.mute = step.trap == "mute"
        self.stand.slot.faults.missed_insertions = int(step.trap == "missed")
        self.stand.slot.insert(card)
        return DONE

    def _bounce(self, step: Step, raw: bytes) -> str:
        card = self.stand.slot.card
        assert card is not None
        self.stand.slot.remove()
        self.stand.slot.insert(card)
        return DONE

    def _come(self, step: Step, raw: bytes) -> str:
        return self._meanwhile(lambda: self._insert(step, raw), present=True)

    def _leave(self, step: Step, raw: bytes) -> str:
        return self._meanwhile(self.stand.slot.remove, present=False)

    def _meanwhile(self, act: Callable[[], object], *, present: bool) -> str:
        timer = threading.Timer(COMING_S, act)
        timer.start()
        try:
            return YES if self.driver.wait_for_card(present, DEADLINE_S) else NO
        finally:
            timer.join()

    # ── the driver ────────────────────────────────────────────────────────────────────────────────────────────

    def _wait(self, step: Step, raw: bytes) -> str:
        return YES if self.driver.wait_for_card(step.present, step.deadline_s or DEADLINE_S) else NO

    def _transmit(self, step: Step, raw: bytes) -> str:
        card = self.stand.slot.card
        if step.trap == "drops out":
            self.stand.slot.faults.drop_out_at = 1
        elif step.trap:
            assert isinstance(card, CountingCard)
            card.trap = lambda said: _TRAPS[step.trap](self, said)
        return shown(self.driver.transmit(raw))

    def _reset(self, step: Step, raw: bytes) -> str:
        return shown(self.driver.reset())

    def _attributes(self, step: Step, raw: bytes) -> str:
        said = self.driver.attributes()
        return DONE if said.get("vendor") == "Holdfast" else f"vendor {said.get('vendor')!r}"

    def _held(self, step: Step, raw: bytes) -> str:
        visitor = self.stand.driver()
        try:
            return shown(visitor.power_on())
        finally:
            visitor.close()

    def _recover(self, step: Step, raw: bytes) -> str:
        self._since = None
        self.driver.recover()
        return DONE

    def _reopen(self, step: Step, raw: bytes) -> str:
        self._since = None
        self.driver.close()
        self.driver = self.stand.driver(step.deadline_s, revives=step.revives)
        return DONE

    # ── while the card works ──────────────────────────────────────────────────────────────────────────────────

    def _then(self, act: Callable[[], object], said: bytes) -> bytes:
        act()
        return said

    def _swap(self) -> None:
        card = self.stand.slot.card
        assert isinstance(card, CountingCard)
        following = self.cards[other(card.number)]
        following.mute = False
        self.stand.slot.insert(following)


def _done(act: Callable[[Player], object]) -> Callable[[Player, Step, bytes], str]:
    def do(player: Player, step: Step, raw: bytes) -> str:
        act(player)
        return DONE

    return do


def _yes(ask: Callable[[Player], bool]) -> Callable[[Player, Step, bytes], str]:
    return lambda player, step, raw: YES if ask(player) else NO


_ACTS: dict[str, Callable[[Player, Step, bytes], str]] = {
    "insert": Player._insert, "bounce": Player._bounce, "come": Player._come, "leave": Player._leave,
    "remove": _done(lambda p: p.stand.slot.remove()), "unplug": _done(lambda p: p.stand.slot.unplug()),
    "replug": _done(lambda p: p.stand.slot.replug()), "kill": _done(lambda p: p.stand.kill()),
    "stop": _done(lambda p: p.stand.stop()), "restart": _done(lambda p: p.stand.restart()),
    "continue": _done(lambda p: p.stand.go_on()),
    "wait": Player._wait, "power on": lambda p, step, raw: shown(p.driver.power_on()),
    "power off": _done(lambda p: p.driver.power_off()), "transmit": Player._transmit, "reset": Player._reset,
    "present": _yes(lambda p: p.driver.card_present()), "healthy": _yes(lambda p: p.driver.healthy()),
    "attributes": Player._attributes, "held": Player._held, "recover": Player._recover,
    "reopen": Player._reopen,
}  # fmt: skip
_TRAPS: dict[str, Callable[[Player, bytes], bytes | None]] = {
    "slow": lambda p, said: p._then(lambda: time.sleep(SLOW_S), said),  # the card is what is slow: nothing is awaited
    "too slow": lambda p, said: p._then(lambda: time.sleep(1.5 * SHORT_DEADLINE_S), said),
    "mute": lambda p, said: None,
    "one byte": lambda p, said: said[:1],
    "nothing": lambda p, said: b"",
    "garbage": lambda p, said: garbage(said),
    "torn": lambda p, said: p._then(p.stand.slot.remove, said),
    "bounced": lambda p, said: p._then(lambda: p._bounce(Step("bounce"), b""), said),
    "swapped": lambda p, said: p._then(p._swap, said),
    "unplugged": lambda p, said: p._then(p.stand.slot.unplug, said),
    "killed": lambda p, said: p._then(p.stand.kill, said),
}  # fmt: skip
