"""Parameters of the reference terminal that a scenario may set: how each value is read, and what it changes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from protocols.faults import ConfigurationError

Changes = dict[str, Any]
"""Attributes of `TerminalParameters` to their new values."""


def _switch(value: str) -> bool:
    if value not in ("on", "off"):
        raise ConfigurationError(f"a switch of the terminal is on or off, not {value!r}")
    return value == "on"


def number(value: str, least: int = 1, most: int | None = None) -> int:
    """Raises ConfigurationError for what is none, or out of its range."""
    fits = value.isascii() and value.isdigit() and least <= int(value) and (most is None or int(value) <= most)
    if not fits:
        what = f"a number from {least} on" if most is None else f"a number from {least} to {most}"
        raise ConfigurationError(f"this parameter is {what}, not {value!r}")
    return int(value)


def _hex(digits: int) -> Callable[[str], str]:
    def read(value: str) -> str:
        if not re.fullmatch(rf"[0-9A-Fa-f]{{{digits}}}", value):
            raise ConfigurationError(f"this parameter is {digits} hex digits, not {value!r}")
        return value.upper()

    return read


def _country(value: str) -> str:
    """ISO 3166-1, numeric: four digits as tag 9F1A has them, or three."""
    if not re.fullmatch(r"0?\d{3}", value):
        raise ConfigurationError(f"a country has three digits, not {value!r}")
    return value[-3:]


def _one(attribute: str, read: Callable[[str], Any]) -> Callable[[str], Changes]:
    return lambda value: {attribute: read(value)}


def _key_entry(value: str) -> Changes:
    """On: of whatever has a card, also where the market has it typed for nothing of the kind. cases.md 12"""
    on = _switch(value)
    return {"manual_entry": on, "typed_for_all": on}


def _amount(value: str) -> int:
    return number(value, 0)


def _percent(value: str) -> int:
    return number(value, 0, 100)


SETTABLE: Mapping[str, Callable[[str], Changes]] = {
    "local limit": _one("local_limit", _switch),
    "partial approvals": _one("partial_approvals", _switch),
    "batch limit": _one("batch_limit", number),
    "floor limit": _one("floor_limit", _amount),
    "random selection": _one("random_percent", _percent),
    "PIN pad": _one("pinpad", _switch),
    "PIN bypass": _one("pin_bypass", _switch),
    "cardholder choice": _one("cardholder_choice", _switch),
    "capabilities": _one("capabilities", _hex(6)),
    "TAC denial": _one("tac_denial", _hex(10)),
    "TAC online": _one("tac_online", _hex(10)),
    "TAC default": _one("tac_default", _hex(10)),
    "key entry": _key_entry,
    "fallback": _one("fallback", _switch),
    "chip attempts": _one("chip_attempts", lambda value: number(value, 1, 9)),
    "offline approval": _one("offline_approval", _switch),
    "terminal country": _one("country", _country),
}
"""By name. `next trace`, `CA keys` and `exception file` need more than a value: the driver has them."""


def on_or_off(value: str) -> bool:
    """Raises ConfigurationError for anything else."""
    return _switch(value)


def unknown(name: str, known: Collection[str]) -> ConfigurationError:
    """The error for a name that no parameter has, with the near miss."""
    near = difflib.get_close_matches(name, known, n=1)
    return ConfigurationError(
        f"the terminal has no parameter {name!r}",
        advice=f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}",
    )
