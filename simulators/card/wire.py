"""How an answer leaves a card of protocol T=0: at once, fetched by GET RESPONSE, or only for the right length.

EMV Book 1, 9.3.1; ISO 7816-3, 12.2.1.
"""

from __future__ import annotations

from protocols.emv import Apdu
from simulators.card.core import NOT_SATISFIED

GET_RESPONSE = 0xC0
_LONGEST = 256


class Wire:
    """What is kept of an answer that was not given yet. A further command forgets it."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """As after a reset."""
        self._waiting: list[bytes] = []
        self._status = b""
        self._repeatable: tuple[bytes, bytes] | None = None

    def takes(self, command: Apdu) -> bytes | None:
        """The answer to a command that asks for what is kept; None for one that is to be carried out."""
        repeatable, self._repeatable = self._repeatable, None
        if command.ins == GET_RESPONSE:
            return self._fetched(command.le or _LONGEST)
        self._waiting = []
        if repeatable and repeatable[0] == _head(command) and command.le == len(repeatable[1]) - 2:
            return repeatable[1]
        return None

    def gives(self, command: Apdu, data: bytes, status: bytes, how: str) -> bytes:
        """Data and status words as they go out: `61xx`, `61xx in parts`, `6Cxx`, or nothing for at once."""
        if not data or not how or len(data) > _LONGEST:
            return data + status
        if how == "6Cxx":
            if command.le == len(data):
                return data + status
            self._repeatable = _head(command), data + status
            return bytes([0x6C, len(data) % _LONGEST])
        middle = len(data) // 2 if how == "61xx in parts" else 0
        self._waiting = [part for part in (data[:middle], data[middle:]) if part]
        self._status = status
        return self._ready()

    def _ready(self) -> bytes:
        return bytes([0x61, len(self._waiting[0]) % _LONGEST])

    def _fetched(self, wanted: int) -> bytes:
        if not self._waiting:
            return bytes.fromhex(NOT_SATISFIED)
        part = self._waiting.pop(0)
        given, rest = part[:wanted], part[wanted:]
        if rest:
            self._waiting.insert(0, rest)
        return given + (self._ready() if self._waiting else self._status)


def _head(command: Apdu) -> bytes:
    """A command but for the length that it expects."""
    return bytes([command.cla, command.ins, command.p1, command.p2]) + command.data
