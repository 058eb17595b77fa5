"""From a command to its whole answer: what T=0 leaves to the terminal. ISO 7816-3, 12.2; EMV Book 1, 9.2.

T=1 carries a command as it is. T=0 knows neither Le beside data nor extended lengths: the command is cut to what it can
carry, and the answer is fetched in pieces. Every piece goes through `send`, so that whoever records sees each of them.
Bounded: a card that promises data for ever is an error, never a loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from protocols.faults import HoldfastError, RigFault

Send: TypeAlias = Callable[[bytes], bytes]
"""A C-TPDU to the card, and its R-TPDU: data if any, SW1, SW2."""

GET_RESPONSE, ENVELOPE = 0xC0, 0xC2
NO_CLASS = 0xFF
"""No card has this class: PC/SC part 3 gives it to commands that the reader itself answers (FF CA: the UID)."""
SHORT, SEGMENT = 256, 255
LONGEST = 65536
MOST_PIECES = 1024
"""GET RESPONSEs for one answer: more than the longest answer takes from a card that gives 64 bytes at a time."""
MORE, WRONG_LE, WARNINGS = 0x61, 0x6C, (0x62, 0x63)


class CommandError(HoldfastError):
    """Bytes are no command APDU; the text names the byte."""


class ExchangeError(RigFault):
    """A card broke the rules of its transport: it promises data for ever, or answers without status words."""

    component = "card"


@dataclass(frozen=True, slots=True)
class Parts:
    """A command APDU taken apart. `ne` is how many bytes may come back, 0 for none; `chained` says that more than
    that may follow in a chain: Le 00 of a short command is "all there are". ISO 7816-4, 5.3.4."""

    header: bytes
    data: bytes
    ne: int
    chained: bool = False

    @property
    def case(self) -> int:
        """ISO 7816-3, 12.1.3: 1 neither, 2 answer data alone, 3 command data alone, 4 both."""
        return 1 + (self.ne > 0) + 2 * (len(self.data) > 0)


def take_apart(command: bytes) -> Parts:
    """Header, data and Ne of a short or extended command. Raises CommandError that names the byte."""
    if len(command) < 4:
        raise CommandError(f"a command has 4 bytes at least, this one {len(command)}")
    header, body = command[:4], command[4:]
    if not body:
        return Parts(header, b"", 0)
    if len(body) == 1:
        return Parts(header, b"", body[0] or SHORT, chained=not body[0])
    if body[0]:
        return _with_data(header, body, 1, body[0])
    if len(body) < 3:
        raise CommandError("command, byte 5: a length of three bytes begins, and 2 are there")
    number = int.from_bytes(body[1:3])
    if len(body) == 3:
        return Parts(header, b"", number or LONGEST)
    if not number:
        raise CommandError("command, byte 6: Lc is 0, and data follow")
    return _with_data(header, body, 3, number)


def _with_data(header: bytes, body: bytes, start: int, size: int) -> Parts:
    """`start` is also how many bytes Lc takes; Le takes one byte beside a short Lc and two beside an extended one."""
    data, le = body[start : start + size], body[start + size :]
    le_size = 1 if start == 1 else 2
    if len(data) < size or len(le) not in (0, le_size):
        raise CommandError(f"command, byte {4 + start}: Lc says {size}, {len(body) - start} bytes follow")
    ne = (int.from_bytes(le) or 1 << 8 * le_size) if le else 0
    return Parts(header, data, ne, chained=le == b"\0")


def whole_answer(command: bytes, send: Send, *, t0: bool) -> bytes:
    """The answer to `command`: all data and the status words that count.

    Under T=1, and for a command to the reader itself (class FF), the command goes as it is and so does the answer.
    Raises CommandError for bytes that T=0 cannot carry, ExchangeError for a card that breaks the transport's rules,
    and what `send` raises.
    """
    if not t0 or command[:1] == bytes([NO_CLASS]):
        return send(command)
    parts = take_apart(command)
    answer = _first(parts, command, send)
    return _Gathering(parts, send).rest(answer) if parts.ne else answer


def _first(parts: Parts, command: bytes, send: Send) -> bytes:
    """The command in the form that T=0 carries, and the answer to it."""
    if len(parts.data) > SEGMENT:
        return _enveloped(command, send)
    if parts.data:
        return _answer(send, parts.header + bytes([len(parts.data)]) + parts.data)  # 12.2.4, 12.2.5: Le is left out
    return _asked(send, parts.header, parts.ne) if parts.ne else _answer(send, parts.header + b"\0")  # 12.2.2


def _enveloped(command: bytes, send: Send) -> bytes:
    """The whole command in the data of ENVELOPEs; a card that refuses one has answered. 12.2.7, 12.2.8."""
    header = bytes([channel_class(command[0]), ENVELOPE, 0, 0])
    answer = b""
    for start in range(0, len(command), SEGMENT):
        segment = command[start : start + SEGMENT]
        answer = _answer(send, header + bytes([len(segment)]) + segment)
        if answer != b"\x90\x00":
            break
    return answer


def _asked(send: Send, header: bytes, wanted: int) -> bytes:
    """A command for `wanted` bytes; where the card names the right length, once more with it.

    What the card then gives beyond `wanted` is left out. 12.2.3, case 2S.3.
    """
    answer = _answer(send, header + bytes([min(wanted, SHORT) % SHORT]))
    if answer[-2] != WRONG_LE:
        return answer
    answer = _answer(send, header + answer[-1:])
    return answer[:-2][:wanted] + answer[-2:]


def _answer(send: Send, tpdu: bytes) -> bytes:
    answer = send(tpdu)
    if len(answer) < 2:
        raise ExchangeError(
            f"the card's answer to INS {tpdu[1]:02X} has {len(answer)} bytes and no status words",
            advice="clean its contacts or take another card",
        )
    return answer


def channel_class(cla: int) -> int:
    """The class of GET RESPONSE and ENVELOPE: the command's logical channel, without secure messaging or chaining.

    ISO 7816-4, 5.1.1: channels 0 to 3 in two bits, 4 to 19 in four. Proprietary classes are read the same way
    (GlobalPlatform 11.1.4), and the command itself is interindustry.
    """
    return 0x40 | cla & 0x0F if cla & 0x40 else cla & 0x03


class _Gathering:
    """Fetches what a card has ready for a command, until Ne bytes are there or the card has no more."""

    def __init__(self, parts: Parts, send: Send) -> None:
        self._parts = parts
        self._send = send
        self._header = bytes([channel_class(parts.header[0]), GET_RESPONSE, 0, 0])
        self._data = bytearray()

    def rest(self, answer: bytes) -> bytes:
        """The whole answer, given the answer to the command itself."""
        if self._parts.case == 4 and len(answer) == 2 and answer[0] in WARNINGS:
            return self._after_warning(answer)
        self._data += answer[:-2]
        return self._gather(answer)

    def _after_warning(self, warning: bytes) -> bytes:
        """A card that warns may have data all the same: they are asked for, and the warning is what counts.

        EMV Book 1, annex A. A card that has none refuses GET RESPONSE, and that is no error.
        """
        answer = _asked(self._send, self._header, self._parts.ne)
        self._data += answer[:-2]
        whole = self._gather(answer)
        return whole[:-2] + warning

    def _gather(self, answer: bytes) -> bytes:
        pieces = 0
        while answer[-2] == MORE and self._open > 0:
            pieces += 1
            ready = answer[-1] or SHORT
            answer = _asked(self._send, self._header, min(ready, self._open))  # 12.2.5, case 4S.3
            if answer[-2] == MORE and (len(answer) == 2 or pieces == MOST_PIECES):
                raise ExchangeError(
                    f"the card promises more data without end: {len(self._data)} bytes after {pieces} GET RESPONSE",
                    advice="take another card",
                )
            self._data += answer[:-2]
        return bytes(self._data) + answer[-2:]

    @property
    def _open(self) -> int:
        """How many bytes may still come."""
        return (LONGEST if self._parts.chained else self._parts.ne) - len(self._data)
