"""Data objects that are rows of bits: each bit has a name for code and words for people. EMV Book 3, Annex C."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import KEEP, IntFlag
from typing import Self

from protocols.faults import ConfigurationError


class Bits(IntFlag, boundary=KEEP):
    """A value of fixed length. Bits that the books keep for later are kept, and told as such.

    A member is its value and its words, which hold no comma: `EXPIRED = 0x0040000000, "expired application"`.
    """

    _value_: int
    label: str

    def __new__(cls, value: int, label: str = "") -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def size(cls) -> int:
        """How many bytes the value has."""
        raise TypeError(f"{cls.__name__} is of no length")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises ValueError for data of another length."""
        if len(data) != cls.size():
            raise ValueError(f"{cls.__name__} has {cls.size()} bytes, not {len(data)}")
        return cls(int.from_bytes(data, "big"))

    def pack(self) -> bytes:
        """Big-endian, as on the wire."""
        return int(self).to_bytes(self.size(), "big")

    def words(self) -> tuple[str, ...]:
        """What is set, in the order of the book."""
        known = tuple(member.label for member in type(self) if member in self)
        return known + tuple(self._unknown())

    def _unknown(self) -> list[str]:
        rest = int(self)
        for member in type(self):
            rest &= ~int(member)
        top = 8 * self.size() - 1
        return [f"RFU byte {(top - at) // 8 + 1} b{at % 8 + 1}" for at in range(top, -1, -1) if rest >> at & 1]

    @classmethod
    def of_words(cls, text: str) -> Self:
        """From words between commas, as scenarios write them; no words are no bits.

        Raises ConfigurationError for words that are not of this value, with those that come near.
        """
        known = {member.label.casefold(): member for member in cls}
        found = cls(0)
        for words in filter(None, (part.strip().casefold() for part in text.split(","))):
            if words not in known:
                raise ConfigurationError(f"{cls.__name__} has no bit {words!r}", advice=_advice(words, known))
            found |= known[words]
        return found


def _advice(words: str, known: Iterable[str]) -> str:
    near = get_close_matches(words, list(known), n=3, cutoff=0.4)
    return f"near: {', '.join(near)}" if near else f"one of: {', '.join(known)}"
