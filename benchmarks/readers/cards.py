"""Cards to measure readers with: an answer is a function of card, power and command, and can be foretold."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass

DONE = b"\x90\x00"
LONGEST_SHORT = 255


def atr(number: int) -> bytes:
    """A right ATR that no other card has: T=0 for even numbers, T=1 for odd ones. ISO 7816-3 8.2."""
    historical = b"HF" + struct.pack(">H", number)
    if number % 2 == 0:
        return bytes((0x3B, len(historical))) + historical
    body = bytes((0x80 | len(historical), 0x01)) + historical
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes((check,))


def command(number: int, sequence: int, size: int) -> bytes:
    """A command that asks for `size` bytes, without data for a T=0 card and with as many for a T=1 card.

    ISO 7816-3 12.1: case 1, 2 or 4, extended where it must be.
    """
    head = struct.pack(">BBH", 0x80, 0x10, sequence & 0xFFFF)
    if size == 0:
        return head
    if number % 2 == 0:
        return head + bytes((min(size, LONGEST_SHORT),))
    data = bytes(sequence + at & 0xFF for at in range(size))
    if size <= LONGEST_SHORT:
        return head + bytes((size,)) + data + bytes((size,))
    return head + struct.pack(">BH", 0, size) + data + struct.pack(">H", size)


def answer(number: int, since_power: int, asked: bytes) -> bytes:
    """What card `number` says to this command, the n-th since its power came: as many bytes as were asked for."""
    if len(asked) <= 4:
        size = 0
    elif number % 2 == 0 or asked[4]:
        size = asked[-1]
    else:  # Lc of three bytes, and Le of two
        size = struct.unpack(">H", asked[-2:])[0]
    said = hashlib.shake_128(struct.pack(">HI", number, since_power) + asked).digest(size)
    return said + DONE


@dataclass
class CountingCard:
    """A card that counts. `trap` is sprung by the next command: it gets the answer and says what comes instead."""

    number: int
    name: str = ""
    mute: bool = False
    since_power: int = 0
    seen: int = 0
    trap: Callable[[bytes], bytes | None] | None = None

    def __post_init__(self) -> None:
        self.name = self.name or f"card {self.number}"

    def power_on(self) -> bytes:
        self.since_power = 0
        return b"" if self.mute else atr(self.number)

    def transmit(self, raw: bytes) -> bytes | None:
        self.seen += 1
        said = answer(self.number, self.since_power, raw)
        self.since_power += 1
        trap, self.trap = self.trap, None
        return trap(said) if trap else said
