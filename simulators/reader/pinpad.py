"""Keys on the reader itself: who types there, and how a PIN goes into a VERIFY that leaves the reader. PC/SC part 10.

The digits stay here: no event, no log and no representation shows them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from protocols.pcsc.part10 import Part10Error, PinVerify
from simulators.reader.profile import Pinpad

TIMED_OUT, CANCELLED, WRONG_LENGTH, BAD_REQUEST = (bytes.fromhex(sw) for sw in ("6400", "6401", "6403", "6B80"))
HEADER = 5  # CLA INS P1 P2 Lc
MOST_DIGITS = 15


class Coding(IntEnum):
    """How a digit is written. The two lowest bits of bmFormatString; binary is not for PINs of digits."""

    BCD = 1
    ASCII = 2

    @property
    def bits(self) -> int:
        return 4 if self is Coding.BCD else 8

    def digit(self, digit: str) -> int:
        return int(digit) if self is Coding.BCD else ord(digit)


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did at the keys, once: digits and the green key, the red key, or nothing at all."""

    digits: str | None = field(default=None, repr=False)
    cancelled: bool = False


class Keys:
    """The keys of a reader and who will stand there. Nobody: each entry ends by its time-out, at once in a twin."""

    def __init__(self) -> None:
        self._coming: deque[Entry] = deque()
        self.asked = 0
        """How often a PIN was asked for."""

    def will_type(self, digits: str) -> None:
        """The next who is asked types this and presses the green key. Raises ValueError for what keys cannot give."""
        if not (digits.isascii() and (digits.isdigit() or not digits)):
            raise ValueError("there are keys for digits only")
        self._coming.append(Entry(digits))

    def will_cancel(self) -> None:
        """The next who is asked presses the red key."""
        self._coming.append(Entry(cancelled=True))

    def will_wait(self) -> None:
        """The next who is asked presses nothing until the time is over."""
        self._coming.append(Entry())

    def forget(self) -> None:
        """Nobody stands there any more."""
        self._coming.clear()

    def next(self) -> Entry:
        """What the one does who is asked now."""
        self.asked += 1
        return self._coming.popleft() if self._coming else Entry()


def verify(request: bytes, keys: Keys, pinpad: Pinpad, send: Callable[[bytes], bytes]) -> bytes:
    """Asks for the PIN, puts it into the command, sends that: status words, the reader's own or the card's.

    `send` gives the card's answer, and may raise what it likes where there is none.
    """
    try:
        wanted = PinVerify.unpack(request)
        template = Template.of(wanted)
    except (Part10Error, ValueError):
        return BAD_REQUEST
    entry = keys.next()
    if entry.cancelled:
        return CANCELLED
    if entry.digits is None:
        return TIMED_OUT
    longest = min(wanted.longest or pinpad.longest, pinpad.longest, template.capacity)
    if not max(wanted.shortest, pinpad.shortest) <= len(entry.digits) <= longest:
        return WRONG_LENGTH
    return send(template.with_pin(entry.digits))[-2:]


@dataclass(frozen=True, slots=True)
class Template:
    """A VERIFY and the places in it, in bits from the first byte after Lc. What surrounds the PIN stays as given.

    A block of no bytes is one as long as the PIN: the data and Lc grow with it.
    """

    header: bytes
    data: bytes
    coding: Coding
    start: int
    size: int
    right: bool
    length_place: int
    length_size: int

    @classmethod
    def of(cls, wanted: PinVerify) -> Template:
        """Raises ValueError for a request that cannot be served.

        bmFormatString: unit and place of the block, its side, its coding. bmPINBlockString: bits of the length, bytes
        of the block. bmPINLengthFormat: unit and place of the length.
        """
        template = cls(
            header=wanted.command[: HEADER - 1],
            data=wanted.command[HEADER:],
            coding=Coding(wanted.format & 0x03),
            start=(wanted.format >> 3 & 0x0F) * (8 if wanted.format & 0x80 else 1),
            size=(wanted.block & 0x0F) * 8,
            right=bool(wanted.format & 0x04),
            length_place=(wanted.length & 0x0F) * (8 if wanted.length & 0x10 else 1),
            length_size=wanted.block >> 4,
        )
        if len(wanted.command) < HEADER or wanted.command[HEADER - 1] != len(template.data):
            raise ValueError("Lc is not the length of the data")
        room = len(template.data) * 8
        if template.start + template.size > room or template.length_place + template.length_size > room:
            raise ValueError("a place is outside of the data")
        return template

    @property
    def capacity(self) -> int:
        """The most digits: of the block, of the length's bits, and of any PIN."""
        lengths = (1 << self.length_size) - 1 if self.length_size else MOST_DIGITS
        return min(self.size // self.coding.bits if self.size else MOST_DIGITS, lengths, MOST_DIGITS)

    def with_pin(self, digits: str) -> bytes:
        """The command that goes to the card."""
        width = len(digits) * self.coding.bits
        grown = self.data if self.size else self.data.ljust(-(-(self.start + width) // 8), b"\xff")
        bits = _Bits(grown)
        first = self.start + (self.size - width if self.right and self.size else 0)
        for place, digit in enumerate(digits):
            bits.put(first + place * self.coding.bits, self.coding.bits, self.coding.digit(digit))
        if self.length_size:
            bits.put(self.length_place, self.length_size, len(digits))
        return self.header + bytes([len(grown)]) + bits.raw


class _Bits:
    """Bytes that are written bit by bit."""

    def __init__(self, raw: bytes) -> None:
        self._value = int.from_bytes(raw)
        self._size = len(raw) * 8

    def put(self, place: int, width: int, value: int) -> None:
        shift = self._size - place - width
        self._value = self._value & ~(((1 << width) - 1) << shift) | value << shift

    @property
    def raw(self) -> bytes:
        return self._value.to_bytes(self._size // 8)
