"""An exchange with a card as it is told to the timeline: every piece that goes over the wire, once it may be.

What a card answers is shown to `admit` whole before any of its data are told: a card that has no business here
leaves no trace. design 7
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from protocols.events import Channel, Direction, Emit, Event
from protocols.faults import DeviceSilent, RigFault
from protocols.pcsc.atr import Atr, AtrError, parse_atr
from protocols.pcsc.exchange import Send, whole_answer

GET_UID = bytes.fromhex("FFCA000000")
"""To the reader itself. PC/SC part 3, 3.2.2.1.3."""

Admit = Callable[[bytes, bytes], None]
"""Sees a command and its whole answer first. What it raises stops both, and goes to the caller."""


def legible(atr: bytes) -> Atr:
    """Raises DeviceSilent for bytes that are no answer to reset: nobody can speak to such a card. EMV Book 1, 8."""
    try:
        return parse_atr(atr)
    except AtrError as error:
        raise DeviceSilent(f"the card's answer to reset cannot be read: {error.message}", component="card") from None


def is_legible(atr: bytes) -> bool:
    try:
        legible(atr)
    except DeviceSilent:
        return False
    return True


def powered(atr: bytes, **more: str) -> Event:
    """A card was powered and gave this answer to reset."""
    return Event(Channel.CARD, "atr", {"atr": atr.hex().upper(), **more}, Direction.IN)


def command_event(raw: bytes) -> Event:
    return Event(Channel.CARD, "command", {}, Direction.OUT, raw)


def response_event(raw: bytes) -> Event:
    return Event(Channel.CARD, "response", {}, Direction.IN, raw)


def get_uid(transmit: Send) -> bytes:
    """The number of the card in a contactless field. Raises RigFault when the reader does not tell it."""
    answer = transmit(GET_UID)
    if answer[-2:] != b"\x90\x00":
        raise RigFault(f"the reader tells no UID ({answer[-2:].hex().upper()})", component="reader")
    return answer[:-2]


def exchange(command: bytes, send: Send, *, t0: bool, emit: Emit, admit: Admit | None) -> bytes:
    """The whole answer to a command, told piece by piece. Raises what `send` and `admit` raise."""
    telling = _Telling(send, emit)
    try:
        answer = whole_answer(command, telling.send, t0=t0)
    except BaseException:
        telling.without_data()
        raise
    if admit is not None:
        admit(command, answer)
    telling.all(answer)
    return answer


class _Telling:
    """Holds back the first answer with data, and all that comes after it."""

    def __init__(self, send: Send, emit: Emit) -> None:
        self._send = send
        self._emit = emit
        self._held: list[Event] = []

    def send(self, tpdu: bytes) -> bytes:
        self._tell(command_event(tpdu))
        answer = self._send(tpdu)
        self._tell(response_event(answer), data=len(answer) > 2)
        return answer

    def _tell(self, event: Event, *, data: bool = False) -> None:
        if data or self._held:
            self._held.append(event)
        else:
            self._emit(event)

    def all(self, answer: bytes) -> None:
        """Told as it was; an answer in pieces is told whole with the last of them, for a number that a piece cuts in
        two cannot be masked."""
        pieces = [event for event in self._held if _data(event)]
        if len(pieces) > 1:
            self._held = [_bare(event) if event in pieces else event for event in self._held]
            last = max(at for at, event in enumerate(self._held) if event.kind == "response")
            self._held[last] = replace(self._held[last], raw=answer, fields={"pieces": len(pieces)})
        for event in self._held:
            self._emit(event)

    def without_data(self) -> None:
        """Told as far as it went; what nobody has admitted is left out."""
        for event in self._held:
            self._emit(_bare(event) if _data(event) else event)


def _data(event: Event) -> int:
    """How many bytes beside the status words an answer has."""
    return max(0, len(event.raw or b"") - 2) if event.kind == "response" else 0


def _bare(event: Event) -> Event:
    assert event.raw is not None
    return replace(event, raw=event.raw[-2:], fields={"left_out": _data(event)})
