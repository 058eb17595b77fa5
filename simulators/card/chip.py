"""A PBOC contact card: a handler for each command, and faults as it is told. EMV Book 3, 6; facts/pcsc-emv 4.2."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import NamedTuple

from protocols.emv import Apdu, ApduError, TlvError
from protocols.emv.scripts import SECURE
from protocols.events import Channel, Emit, Event, Json, discard
from simulators.card import cryptograms, getdata, issuer, options, pin, records, scripts, selection, signatures
from simulators.card.authority import Authority, house_authority
from simulators.card.core import DONE, NO_CLASS, NO_INS, WRONG_LENGTH, Answer, Chip, Handler, Phase, Session
from simulators.card.damage import UNHARMED
from simulators.card.directory import PSE
from simulators.card.faults import ANY, CardFault, CardFaults, Effects, Misbehaviour
from simulators.card.inspection import Look, ca_index, look
from simulators.card.log import LOG_FILE
from simulators.card.personal import PersonalApplication, personalise
from simulators.card.profile import CardProfile
from simulators.card.state import CardState
from simulators.card.wire import Wire

ATR = bytes.fromhex("3B6800000073C84013009000")


class Row(NamedTuple):
    """An instruction: the classes that it comes with, and what carries it out."""

    classes: Collection[int]
    handler: Handler


_PLAIN, _OWN = (0x00,), (0x80,)
_SCRIPT = (*_PLAIN, *_OWN, *SECURE)
"""One without secure messaging is looked at, too, and refused for that."""
INSTRUCTIONS: Mapping[int, Row] = {
    0xA4: Row(_PLAIN, selection.select),
    0xB2: Row(_PLAIN, records.read),
    0xA8: Row(_OWN, options.initiate),
    0x20: Row(_PLAIN, pin.verify),
    0x84: Row(_PLAIN, pin.challenge),
    0xCA: Row(_OWN, getdata.get),
    0x88: Row(_PLAIN, signatures.internal_authenticate),
    0x82: Row(_PLAIN, issuer.external_authenticate),
    0xAE: Row(_OWN, cryptograms.generate),
    **{ins: Row(_SCRIPT, scripts.script) for ins in scripts.SCRIPTS},
}


class ChipCard:
    """One card with its own PAN, keys and memory. `on_command` sees each command before it is carried out.

    `witness` is told what the card itself took and gave, so that a reader can be held to it: `gave` for a command that
    it answered and `took` for one that it did not, with both in one, and how many of the bytes it took.
    A card that is to leave at a command does so by `leave` and `leave_after`, whom whoever puts it into a slot gives
    it; without them it falls silent until the next reset.
    """

    atr = ATR

    def __init__(
        self, profile: CardProfile, pan: str, *, name: str = "", emit: Emit = discard, witness: Emit | None = None,
        authority: Authority | None = None, fault: CardFault | None = None, state: CardState | None = None,
    ) -> None:  # fmt: skip
        """`fault` is what is wrong with it. `state` is handed on from a card before, and is changed by this one; what a
        fault says of the memory of a card holds for one that has none."""
        self.profile = profile.changed(fault.profile) if fault is not None and fault.profile else profile
        self.pan = pan
        self.name = name or profile.name
        self.fault = fault
        self.faults = CardFaults()
        self.on_command: Callable[[Apdu], None] | None = None
        self.leave: Callable[[], object] | None = None
        self.leave_after: Callable[[], object] | None = None
        self.pause: Callable[[float], object] = threading.Event().wait
        self._witness = witness
        damage = fault.data if fault is not None else UNHARMED
        personal = personalise(self.profile, pan, authority, damage)
        own = state if state is not None else CardState.model_validate(fault.state if fault is not None else {})
        looks = {one.aid: _look(one, pan, authority) for one in personal.applications}
        shown_keys = {aid: found.key for aid, found in looks.items()}
        self._chip = Chip(self.name, self.profile, personal, own, emit, shown_keys)
        self._misbehaviour = Misbehaviour(fault.commands if fault is not None else ())
        self._wire = Wire()
        self._dead = False
        self.atr = personal.atr
        self._chip.tell(
            "personalised", applications=[_told(one, looks[one.aid]) for one in personal.applications],
            data_wrong=list(damage.words()),
        )  # fmt: skip

    @property
    def state(self) -> CardState:
        """What it remembers, as it stands: for the next card that is to be this one."""
        return self._chip.state

    @property
    def psn(self) -> str:
        return self.profile.psn

    @property
    def expiry(self) -> str:
        return self.profile.expiry

    @property
    def track1(self) -> str:
        """What a swipe of its stripe reads first."""
        return self._chip.personal.track1

    @property
    def track2(self) -> str:
        """What a swipe of its stripe reads."""
        return self._chip.personal.track2

    def power_on(self) -> bytes:
        """Cold reset: the ATR, and nothing is selected any more. A card without one is mute."""
        self._chip.session = Session()
        self._wire.forget()
        self._dead = False
        if self._witness is not None:
            self._witness(Event(Channel.CARD, "powered", {"card": self.name, "atr": self.atr.hex().upper()}))
        return self.atr

    def transmit(self, raw: bytes) -> bytes | None:
        """One command to its answer; None is a card that says nothing."""
        if self._witness is None:
            return self._answered(raw)
        began = time.monotonic_ns()
        answer = self._answered(raw)
        own: dict[str, Json] = {"card": self.name, "took": len(raw), "own_ns": time.monotonic_ns() - began}
        kind = "took" if answer is None else "gave"
        self._witness(Event(Channel.CARD, kind, own, raw=raw + (answer or b"")))
        return answer

    def _answered(self, raw: bytes) -> bytes | None:
        try:
            command = Apdu.parse(raw)
        except ApduError:
            return bytes.fromhex(WRONG_LENGTH)
        if self.on_command is not None:
            self.on_command(command)
        if self._dead or command.ins in self.faults.mute:
            return None
        kept = self._wire.takes(command)
        return self._treated(command) if kept is None else kept

    def _treated(self, command: Apdu) -> bytes | None:
        """Carried out, or what its faults make of that."""
        effects = self._chip.effects = self._met(command)
        if effects.slow_ms:
            self.pause(effects.slow_ms / 1000)
        if effects.silent or effects.torn:
            self._dead = effects.torn
            return None
        data, status = (b"", effects.refuse) if effects.refuse else self._carried_out(command)
        if command.ins != _CHALLENGE:
            self._chip.session.challenge = b""  # EMV Book 2, 7.1: good for the command that follows it
        data, status = self._spoilt(command, effects, data, status)
        if command.ins == _SELECT:
            self._tell_selection(status)
        self._tell_signature(data, status)
        answer = self._wire.gives(command, data, bytes.fromhex(status), effects.wire)
        return self._left(effects, answer)

    def _carried_out(self, command: Apdu) -> Answer:
        row = INSTRUCTIONS.get(command.ins)
        if row is None:
            return b"", NO_INS
        if command.cla not in row.classes:
            return b"", NO_CLASS
        try:
            return row.handler(self._chip, command)
        except TlvError:
            return b"", WRONG_LENGTH

    # ── faults ────────────────────────────────────────────────────────────────────────────────────────────────

    def _met(self, command: Apdu) -> Effects:
        effects, acting = self._misbehaviour.meets(self._names(command))
        for fault, occurrence in acting:
            self._chip.tell("misbehaved", at=fault.at, occurrence=occurrence, does=", ".join(fault.words))
        return effects.with_wrong_cryptogram() if self.faults.wrong_cryptogram else effects

    def _names(self, command: Apdu) -> tuple[str, ...]:
        """What a fault may call this command by."""
        narrower = _NARROWER.get(command.ins)
        own = () if narrower is None else (narrower(self._chip, command),)
        return (ANY, *own, command.name)

    def _spoilt(self, command: Apdu, effects: Effects, data: bytes, status: str) -> Answer:
        data = effects.shaped(command.ins, data)
        if not effects.status:
            return data, status
        return data if effects.status.startswith(_WARNINGS) else b"", effects.status

    def _left(self, effects: Effects, answer: bytes) -> bytes | None:
        """Out of the slot, where it is in one; dead in any case."""
        if not effects.leaves:
            return answer
        self._dead = True
        before = effects.leaves == "before answer"
        out = self.leave if before else self.leave_after
        if out is not None:
            out()
        return None if before else answer

    def _tell_signature(self, data: bytes, status: str) -> None:
        """If there is one in the answer: whether it proves what it should, as it goes out."""
        proof, self._chip.session.proof = self._chip.session.proof, None
        if proof is not None and status == DONE:
            self._chip.tell("signed", what=proof.what, right=proof.holds(data))

    def _tell_selection(self, status: str) -> None:
        found = status == DONE or status.startswith(_WARNINGS)
        self._chip.tell("selected", aid=self._chip.session.name if found else "", sw=status)


def _look(application: PersonalApplication, pan: str, authority: Authority | None) -> Look:
    """What a terminal will find, today."""
    if application.profile.oda == "none":
        return Look("none")
    return look(application, pan, authority or house_authority(), f"{date.today():%y%m%d}")


def _told(application: PersonalApplication, found: Look) -> dict[str, Json]:
    profile = application.profile
    return {
        "aid": application.aid.hex().upper(), "label": profile.label, "oda": profile.oda,
        "ca_index": ca_index(application), "authentic": found.verdict, "serial": found.serial,
    }  # fmt: skip


_SELECT, _CHALLENGE = 0xA4, 0x84
_ROUNDS: Mapping[Phase, str] = {Phase.INITIATED: "first", Phase.REQUESTED: "second"}
_WARNINGS = ("62", "63")
_NARROWER: Mapping[int, Callable[[Chip, Apdu], str]] = {
    0xA4: lambda chip, command: "SELECT directory" if command.data == PSE else "SELECT application",
    0xB2: lambda chip, command: f"READ RECORD {_place(chip, command)}",
    0xCA: lambda chip, command: f"GET DATA {command.p1:02X}{command.p2:02X}",
    0x20: lambda chip, command: f"VERIFY {pin.FORMS.get(command.p2, '')}",
    0xAE: lambda chip, command: f"{_ROUNDS.get(chip.session.phase, 'further')} GENERATE AC",
}


def _place(chip: Chip, command: Apdu) -> str:
    if chip.session.phase is Phase.DIRECTORY:
        return "directory"
    return "log" if command.p2 >> 3 == LOG_FILE else "application"
