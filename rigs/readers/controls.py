"""What a reader does when it is spoken to itself: features, escape commands, PIN entry on its own keys.

PC/SC part 10; facts/pcsc-emv 5.
"""

from __future__ import annotations

from typing import Protocol

from protocols.events import Channel, Emit, Event
from protocols.faults import RigFault
from protocols.pcsc.part10 import CTL, GET_FEATURE, Feature, PinOutcome, PinVerify, features

ESCAPES = (CTL(3500), CTL(1))
"""Of drivers that do not name theirs: Windows and acsccid, libccid. facts/pcsc-emv 5"""
KEYS_S, MARGIN_S = 60.0, 5.0
"""A reader's own time for PIN entry, where the request leaves it to the reader, and what its way back may take."""


class Control(Protocol):
    """One control code: the answer, or None where the reader does not offer it."""

    def __call__(self, code: int, data: bytes, deadline_s: float | None = None) -> bytes | None: ...


def ask_features(control: Control) -> dict[Feature, int]:
    """What the reader offers, with the control code of each; empty where it does not say."""
    return features(control(GET_FEATURE, b"") or b"")


def escape(control: Control, data: bytes, emit: Emit) -> bytes:
    """A command to the reader itself. Told by its lengths: what it carries is between maker and reader.

    Raises RigFault when the reader takes none.
    """
    named = ask_features(control).get(Feature.CCID_ESC_COMMAND)
    for code in ESCAPES if named is None else (named,):
        answer = control(code, data)
        if answer is not None:
            emit(Event(Channel.READER, "escape", {"sent": len(data), "answered": len(answer)}))
            return answer
    raise RigFault(
        "the reader takes no escape commands",
        advice="libccid refuses them until ifdDriverOptions in its Info.plist has bit 0x01",
        component="reader",
    )


def verify_pin(control: Control, request: PinVerify, emit: Emit) -> PinOutcome:
    """PIN entry on the reader's keys. What is typed never leaves reader and card; how it ended is told.

    Raises RigFault when the reader has no keys for it.
    """
    code = ask_features(control).get(Feature.VERIFY_PIN_DIRECT)
    if code is None:
        raise RigFault("the reader has no keys to verify a PIN with", component="reader")
    emit(Event(Channel.READER, "pin-asked", {"shortest": request.shortest, "longest": request.longest}))
    answer = control(code, request.pack(), (request.timeout_s or KEYS_S) + MARGIN_S)
    if answer is None:
        raise RigFault("the reader refused to verify a PIN on its keys", component="reader")
    outcome = PinOutcome.from_answer(answer)
    emit(
        Event(
            Channel.READER,
            "pin-ended",
            {"result": outcome.result.value, "sw": outcome.sw, "tries_left": outcome.tries_left},
        )
    )
    return outcome
