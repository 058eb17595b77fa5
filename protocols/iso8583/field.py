"""How a field lies on the wire: an encoding, a length and a padding, put together. facts/unionpay-pos 1.11-1.15, 2."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Encoding(Enum):
    """How a value's units become bytes."""

    BCD = "two digits a byte"
    ASCII = "one character a byte"
    BINARY = "bytes as they are"


class Pad(Enum):
    """Where the odd nibble of a BCD field, or the filling of a fixed field, goes."""

    NONE = "none"
    LEFT = "left"  # value stands right
    RIGHT = "right"  # value stands left


class Mask(Enum):
    """How a field may be shown."""

    NONE = "as it is"
    PAN = "first six and last four"
    LENGTH_ONLY = "its length alone"
    TEXT = "as it is but for card numbers in it"
    TLV = "tag by tag"


@dataclass(frozen=True, slots=True)
class Length:
    """`prefix_digits` 0 is a fixed length. `most` counts digits in BCD, bytes in all else (facts/unionpay-pos 1.13)."""

    prefix_digits: int
    most: int


def fixed(units: int) -> Length:
    """Always so many units."""
    return Length(0, units)


def llvar(most: int) -> Length:
    """Two BCD digits of length, then up to `most` units."""
    return Length(2, most)


def lllvar(most: int) -> Length:
    """Four BCD digits of length (the field calls it LLL), then up to `most` units. facts/unionpay-pos 1.13."""
    return Length(4, most)


@dataclass(frozen=True, slots=True)
class Field:
    """One ISO 8583 field: its number, its name, and how its value lies on the wire.

    Raises ValueError for what cannot be: a number not in the primary bitmap, or odd digits and no side for the pad.
    """

    number: int
    name: str
    encoding: Encoding
    length: Length
    pad: Pad = Pad.NONE
    mask: Mask = Mask.NONE

    def __post_init__(self) -> None:
        if not 2 <= self.number <= 64:
            raise ValueError(f"F{self.number} has no place in a primary bitmap")
        may_be_odd = self.length.prefix_digits or self.length.most % 2
        if self.encoding is Encoding.BCD and may_be_odd and self.pad is Pad.NONE:
            raise ValueError(f"F{self.number} {self.name} may have an odd digit and needs a side for its pad")


@dataclass(frozen=True)
class MessageSpec:
    """The fields that a host and its terminals have agreed on. Raises ValueError when a number comes twice."""

    name: str
    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        if len(self.by_number()) != len(self.fields):
            raise ValueError(f"{self.name} names a field twice")

    def by_number(self) -> dict[int, Field]:
        """The fields by their numbers."""
        return {field.number: field for field in self.fields}
