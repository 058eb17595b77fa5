"""A card that is a list of commands and answers: what one clause of a book has a terminal send, byte by byte.

    card = ScriptedCard("EMV Book 1, 12.3.2: no directory", [
        ("00A404000E 315041592E5359532E4444463031 00", "6A82"),
        ("80A8000002 8300 00", "80060400 08010100 9000"),
    ])

Two dots stand for any byte, as where the terminal puts its unpredictable number. The first byte that deviates stops the
test, and says where it is; `finish` says what was never asked. In place of an answer may stand `MUTE` or `REMOVED`.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from protocols.emv.apdu import COMMANDS
from protocols.faults import CardRemoved, DeviceSilent

ANY = ".."
MUTE, REMOVED = "mute", "removed"
ATR = bytes.fromhex("3B6800000073C84013009000")
HIDDEN = frozenset({0x20, 0x24})
"""VERIFY and PIN CHANGE: their data are never shown."""
HEADER = 5
Exchange = tuple[str, "str | bytes"]


class Deviation(AssertionError):
    """The terminal did not send what the script has."""


class ScriptedCard:
    """A `CardReader` with this card in it. Left as a context manager it looks that all was asked."""

    def __init__(self, clause: str, exchanges: Sequence[Exchange], *, atr: bytes = ATR) -> None:
        self.clause = clause
        self.sent: list[bytes] = []
        self.let_go = False
        self._exchanges = [(command.replace(" ", "").upper(), answer) for command, answer in exchanges]
        self._atr = atr
        self._deviation: Deviation | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None:
            self.finish()

    def finish(self) -> None:
        """Raises Deviation when something was sent that deviates, whoever has caught it, or something was not sent."""
        if self._deviation is not None:
            raise self._deviation
        left = self._exchanges[len(self.sent) :]
        if left:
            count = f"{len(left)} of {len(self._exchanges)} exchanges were never asked for"
            raise Deviation(f"{self.clause}: {count}, the next is {_name(left[0][0])}")

    # ── CardReader ────────────────────────────────────────────────────────────────────────────────────────────

    def card_present(self) -> bool:
        return True

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        return present

    def power_on(self) -> bytes:
        self.let_go = False
        return self._atr

    def power_off(self) -> None:
        self.let_go = True

    def transmit(self, command: bytes) -> bytes:
        self._compare(command)
        answer = self._exchanges[len(self.sent)][1]
        self.sent.append(command)
        if answer == MUTE:
            raise DeviceSilent("the card gave no valid answer to a command", component="card")
        if answer == REMOVED:
            raise CardRemoved("the card was removed")
        return answer if isinstance(answer, bytes) else bytes.fromhex(answer)

    def _compare(self, command: bytes) -> None:
        got = command.hex().upper()
        number, of = len(self.sent) + 1, len(self._exchanges)
        if self.let_go:
            self._stop(f"exchange {number} of {of}: the card was let go, and is sent {_shown(got)}")
        if number > of:
            self._stop(f"after {of} exchanges nothing more is expected, got {_shown(got)}")
        expected = self._exchanges[number - 1][0]
        at = _first_deviation(expected, got)
        if at is None:
            return
        want, have = (_byte(text, at) for text in (expected, got))
        if at >= HEADER and command[1] in HIDDEN and len(got) == len(expected):
            want = have = "(hidden)"
        self._stop(
            f"exchange {number} of {of} ({_name(expected)}), byte {at}: expected {want}, got {have}\n"
            f"  expected {_shown(expected)}\n  got      {_shown(got)}"
        )

    def _stop(self, text: str) -> None:
        self._deviation = Deviation(f"{self.clause}: {text}")
        raise self._deviation


def _first_deviation(expected: str, got: str) -> int | None:
    """The offset of the first byte that is another one, or that one of both has alone."""
    for at in range(max(len(expected), len(got)) // 2):
        want, have = expected[2 * at : 2 * at + 2], got[2 * at : 2 * at + 2]
        if not have or want not in (have, ANY):
            return at
    return None


def _byte(text: str, at: int) -> str:
    byte = text[2 * at : 2 * at + 2]
    return "any byte" if byte == ANY else byte or "the end"


def _name(command: str) -> str:
    return COMMANDS.get(int(command[2:4], 16), f"INS {command[2:4]}")


def _shown(command: str) -> str:
    """Hex of a command, without the data of one that carries a PIN."""
    carries_pin = len(command) >= 4 and command[2:4] != ANY and int(command[2:4], 16) in HIDDEN
    return f"{command[: 2 * HEADER]}(hidden)" if carries_pin else command
