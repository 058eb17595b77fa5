"""Drives the in-process reader twin: the same behaviour as `pcsc.py`, without PC/SC."""

from __future__ import annotations

from protocols.events import Emit
from protocols.faults import CardRemoved, DeviceSilent, ReaderGone
from protocols.pcsc.part10 import Feature, PinOutcome, PinVerify
from rigs.readers import controls, fingerprint
from rigs.readers.telling import Admit, exchange, get_uid, legible, powered
from rigs.readers.watch import Watch
from rigs.readers.winscard import EMPTY, PRESENT
from simulators.reader import EmbeddedSlot
from simulators.reader.slot import Answered


class EmbeddedReader:
    """A `CardReader` and `Reader` without PC/SC. Reports say that it was this one."""

    def __init__(self, slot: EmbeddedSlot, emit: Emit, *, admit: Admit | None = None) -> None:
        self._slot = slot
        self._emit = emit
        self._admit = admit
        self._watch = Watch(emit)
        self._term = self._watch.begin()
        self._protocol: int | None = None
        self._since = 0
        self._was_gone = False
        if slot.plugged:
            self._look()

    # ── CardReader ────────────────────────────────────────────────────────────────────────────────────────────

    def card_present(self) -> bool:
        self._look()
        return self._watch.present

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        self._look()
        met = self._slot.wait(present, timeout_s)
        self._look()
        return met

    def power_on(self) -> bytes:
        return self._power("")

    def reset(self) -> bytes:
        self._need_power()
        return self._power("warm")

    def _power(self, reset: str) -> bytes:
        self._look()
        moves, atr = self._slot.moves, self._slot.power_up()
        self._look()
        if atr is None or self._slot.moves != moves or (reset and moves != self._since):
            self._protocol = None
            if self._slot.present() and self._slot.moves == moves and not reset:
                raise DeviceSilent("the card gave no answer to reset", component="card")
            raise CardRemoved("there is no card in the reader, or it moved")
        self._protocol, self._since = _protocol(atr), moves
        self._emit(powered(atr, **({"reset": reset} if reset else {})))
        return atr

    def transmit(self, command: bytes) -> bytes:
        self._need_power()
        return exchange(command, self._send, t0=self._protocol == 0, emit=self._emit, admit=self._admit)

    def _send(self, tpdu: bytes) -> bytes:
        how, answer = self._slot.command(tpdu)
        self._need_reader()
        if how is Answered.REFUSED:
            raise CardRemoved("the card was removed")
        if how is Answered.SILENT or len(answer) < 2:
            raise DeviceSilent("the card gave no valid answer to a command", component="card")
        return answer

    def power_off(self) -> None:
        self._protocol = None
        self._slot.power_down()

    # ── the reader itself ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def protocol(self) -> str:
        """`T=0` or `T=1`; empty without a powered card."""
        return "" if self._protocol is None else f"T={self._protocol}"

    def movements(self) -> int:
        if self._slot.plugged:
            self._look()
        return self._watch.movements

    def uid(self) -> bytes:
        return get_uid(self.transmit)

    def features(self) -> dict[Feature, int]:
        return controls.ask_features(self._control)

    def escape(self, data: bytes) -> bytes:
        return controls.escape(self._control, data, self._emit)

    def verify_pin(self, request: PinVerify) -> PinOutcome:
        self._need_power()
        return controls.verify_pin(self._control, request, self._emit)

    def attributes(self) -> dict[str, str]:
        self._need_reader()
        told = fingerprint.of_reader(self._slot.attribute, self._control)
        return {"driver": "in process, no PC/SC", "name": self._slot.profile.name, **told}

    def _control(self, code: int, data: bytes, deadline_s: float | None = None) -> bytes | None:
        self._need_reader()
        return self._slot.control(code, data)

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────

    def healthy(self) -> bool:
        return self._slot.plugged and not self._was_gone

    def recover(self) -> None:
        self._protocol = None
        self._slot.replug()
        self._was_gone = False
        self._look()

    def close(self) -> None:
        self._protocol = None
        self._slot.power_down()

    def _look(self) -> None:
        """Raises ReaderGone."""
        self._need_reader()
        with self._slot.casing.moved:
            state = (self._slot.moves & 0xFFFF) << 16 | (PRESENT if self._slot.present() else EMPTY)
        self._watch.look(self._term, state)

    def _need_power(self) -> None:
        self._need_reader()
        if self._protocol is None:
            raise CardRemoved("the card is not powered")

    def _need_reader(self) -> None:
        if not self._slot.plugged:
            self._was_gone = True
            self._watch.lost(self._term, "the reader is not there")
            raise ReaderGone("reader gone", advice="plug it in again")


def _protocol(atr: bytes) -> int:
    """The one that pcscd would take: T=1 where the card offers it. Raises DeviceSilent for an ATR that names none."""
    told = legible(atr)
    offered = (told.first,) if told.specific else told.protocols
    if not {0, 1}.intersection(offered):
        raise DeviceSilent("the card offers neither T=0 nor T=1", component="card")
    return int(1 in offered)
