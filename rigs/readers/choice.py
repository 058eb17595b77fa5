"""Which of the readers that PC/SC lists is the rig's: by serial number, by USB port, by name. facts/pcsc-emv 5.

Names of like readers swap their numbers when they are plugged in again: only a serial number, or the port where there
is none, says for sure which one it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from protocols.faults import ConfigurationError, ReaderGone


@dataclass(frozen=True, slots=True)
class ReaderChoice:
    """What must be so of a reader; what is empty may be anything. `usb` is the port's path, like `1-2.3`.

    `name` is a part of the listed name; `*` stands for anything and `?` for one character.
    """

    serial: str = ""
    usb: str = ""
    name: str = ""

    def __str__(self) -> str:
        wanted = {"serial": self.serial, "USB port": self.usb, "name": self.name}
        return ", ".join(f"{what} {value!r}" for what, value in wanted.items() if value) or "any reader"


@dataclass(frozen=True, slots=True)
class Listed:
    """A reader that PC/SC lists. `serial` and `usb` are empty where the reader does not tell."""

    name: str
    serial: str = ""
    usb: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        serial = f"serial {self.serial}" if self.serial else "no serial"
        return f"{self.name} ({serial}, {f'USB {self.usb}' if self.usb else 'no USB port'})"


_FITS: tuple[Callable[[ReaderChoice, Listed], bool], ...] = (  # in the order in which they narrow
    lambda choice, one: not choice.serial or one.serial == choice.serial,
    lambda choice, one: not choice.usb or one.usb == choice.usb,
    lambda choice, one: not choice.name or named_like(choice.name, one.name),
)


def named_like(pattern: str, name: str) -> bool:
    """Brackets are brackets: reader names are full of them."""
    written = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.search(written, name) is not None


def choose(listed: Sequence[Listed], choice: ReaderChoice) -> Listed:
    """The one that fits. Raises ReaderGone when none does, ConfigurationError when several do; both name them."""
    fitting = [one for one in listed if all(fits(choice, one) for fits in _FITS)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        there = "; ".join(map(str, listed)) or "none"
        raise ReaderGone(f"no reader is there with {choice}", advice=f"PC/SC lists: {there}")
    raise ConfigurationError(
        f"{len(fitting)} readers are there with {choice}: {'; '.join(map(str, fitting))}",
        advice="name the serial number or the USB port in the rig file",
        component="reader",
    )
