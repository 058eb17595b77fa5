"""The manners in which a host may be told to misbehave, word for word, and the action that each stands for."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from protocols.faults import ConfigurationError
from simulators.issuer import (
    Action,
    Answer,
    Approve,
    Delay,
    Differ,
    Drip,
    DropField,
    Duplicate,
    Glued,
    HalfOpen,
    IssuerScript,
    LateAnswer,
    LengthPrefix,
    NoAnswer,
    NoMac,
    NonNumeric,
    Overflow,
    Partial,
    ProcessingRequest,
    RefuseConnects,
    Reset,
    SetField,
    Split,
    SpoilChip,
    WrongMac,
)
from simulators.issuer.issuerscript import HARMLESS, ScriptCommand, Template
from simulators.issuer.scripting import COMMANDS, MOST_COMMANDS
from simulators.issuer.spoil import field_value, usual_value

WRONG = "wrong MAC"
MANNERS: Mapping[str, Action] = {
    "approve": Approve(),
    "no answer": NoAnswer(),
    "request lost": NoAnswer(decide=False),
    "late answer": LateAnswer(),
    "late answer after the reversal": LateAnswer("after the reversal"),
    "late answer during the next transaction": LateAnswer("during the next transaction"),
    "duplicate": Duplicate(),
    "wrong MAC": WrongMac(),
    "no MAC": NoMac(),
    "wrong trace": Differ(11, "wrong trace"),
    "wrong terminal": Differ(41, "wrong terminal"),
    "wrong merchant": Differ(42, "wrong merchant"),
    "wrong amount": Differ(4, "wrong amount"),
    "wrong currency": Differ(49, "wrong currency"),
    "wrong reference": Differ(37, "wrong reference"),
    "wrong type": Differ(0, "wrong type"),
    "malformed chip data": SpoilChip("malformed chip data"),
    "duplicate chip tag": SpoilChip("duplicate chip tag"),
    "wrong ARPC": SpoilChip("wrong ARPC"),
    "no ARPC": SpoilChip("no ARPC"),
    "script 71": IssuerScript(("71",)),
    "script 72": IssuerScript(("72",)),
    "scripts 71 and 72": IssuerScript(("71", "72")),
    "wrong length prefix": LengthPrefix("wrong length prefix"),
    "short length prefix": LengthPrefix("short length prefix"),
    "zero length prefix": LengthPrefix("zero length prefix"),
    "split": Split(),
    "two in one segment": Glued(),
    "reset": Reset(),
    "half-open": HalfOpen(),
    "refuse connects": RefuseConnects(),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A manner with a measure: how it is written, one of them, and the action made of what stands there."""

    written: str
    example: str
    pattern: str
    make: Callable[..., Action]


def _seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(text)
    return seconds


def _between(least: str, most: str) -> Action:
    if _seconds(least) > _seconds(most):
        raise ValueError(least)
    return Delay(_seconds(least), _seconds(most))


def _percent(text: str) -> Action:
    if not 1 <= int(text) <= 99:
        raise ValueError(text)
    return Partial(int(text))


def _script(templates: str, said: str) -> Action:
    """Commands between "and", and whether their MACs are wrong."""
    commands = said.removesuffix(WRONG).removesuffix(" ")
    named = tuple(commands.split(" and ")) if commands else (HARMLESS,)
    if len(named) > MOST_COMMANDS or not set(named) <= set(COMMANDS):
        raise ValueError(said)
    parts = cast("tuple[Template, ...]", tuple(templates.split(" and ")))
    return IssuerScript(parts, cast("tuple[ScriptCommand, ...]", named), said.endswith(WRONG))


def _added(number: str) -> Action:
    return SetField(int(number), usual_value(int(number)), f"add F{number}")


def _set(number: str, value: str) -> Action:
    field_value(int(number), value)
    return SetField(int(number), value)


def _known(make: Callable[[int], Action]) -> Callable[[str], Action]:
    def checked(number: str) -> Action:
        usual_value(int(number))  # raises for a field that is none
        return make(int(number))

    return checked


_SCRIPTED = f"{{}}, and up to {MOST_COMMANDS} of {', '.join(COMMANDS)} between and, or {WRONG}, or both"
MEASURED: tuple[Measured, ...] = (
    Measured(_SCRIPTED.format("script 71 or 72"), "script 72 PIN change", r"script (71|72) (.+)", _script),
    Measured(
        _SCRIPTED.format("scripts 71 and 72"), "scripts 71 and 72 PIN change", r"scripts (71 and 72) (.+)", _script
    ),
    Measured("code and two characters", "code 51", r"code ([0-9A-Z]{2})", Answer),
    Measured("partial and a percentage from 1 to 99", "partial 60", r"partial ([0-9]{1,2})", _percent),
    Measured("delay and seconds of market time", "delay 30", r"delay (\S+)", lambda text: Delay(_seconds(text))),
    Measured("delay A to B, seconds of market time", "delay 5 to 30", r"delay (\S+) to (\S+)", _between),
    Measured("drip and seconds of market time", "drip 1", r"drip (\S+)", lambda text: Drip(_seconds(text))),
    Measured("drop and a field, as F38", "drop F38", r"drop F(\d+)", _known(DropField)),
    Measured("add and a field, as F59", "add F59", r"add F(\d+)", _added),
    Measured("set, a field and its value", "set F63 CUP", r"set F(\d+) (.+)", _set),
    Measured("overflow and a field, as F44", "overflow F44", r"overflow F(\d+)", _known(Overflow)),
    Measured("non-numeric and a field, as F4", "non-numeric F4", r"non-numeric F(\d+)", _known(NonNumeric)),
    Measured(
        "processing request and a digit",
        "processing request 4",
        r"processing request (\d)",
        lambda digit: ProcessingRequest(int(digit)),
    ),
)


def action(manner: str) -> Action:
    """The action of a manner. Raises ConfigurationError with the near miss, or with what should stand there."""
    if manner in MANNERS:
        return MANNERS[manner]
    for measured in MEASURED:
        found = re.fullmatch(measured.pattern, manner, re.ASCII)
        if found:
            try:
                return measured.make(*found.groups())
            except ValueError:
                break
    meant = [
        measured.written for measured in MEASURED if manner.split(" ")[0] == measured.written.split(" ")[0].strip(",")
    ]
    if meant:
        raise ConfigurationError(f"{manner!r} says not what it should", advice=f"write {' or '.join(meant)}")
    near = _near(manner)
    raise ConfigurationError(
        f"no host behaves in the manner {manner!r}",
        advice=f"did you mean {near}?" if near else f"there are: {', '.join(names())}",
    )


def _near(manner: str) -> str:
    """The likeliest manner, whatever the case of its letters; of one with a measure, how it is written."""
    known = {name.lower(): name for name in MANNERS} | {m.example.lower(): m.written for m in MEASURED}
    found = difflib.get_close_matches(manner.lower(), known, n=1)
    return known[found[0]] if found else ""


def names() -> list[str]:
    """Every manner as it is written."""
    return [*MANNERS, *(measured.written for measured in MEASURED)]
