"""What is wrong with a card: in its profile, its data, its memory, and at any command. This is the form of a fault.

    says: its first cryptogram is not the one that its key makes
    clause: EMV Book 2, 8.1
    commands:
      - {at: first GENERATE AC, do: wrong cryptogram}

`docs/card-faults.md` lists what may stand behind `do`. Unknown words are errors with their near miss.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from protocols.emv.apdu import COMMANDS
from simulators.card import shapes
from simulators.card.damage import Damage
from simulators.card.shapes import Shape
from simulators.card.state import CardState

ANY = "any command"
NARROWER = (
    "SELECT directory", "SELECT application", "READ RECORD directory", "READ RECORD application", "READ RECORD log",
    "GET DATA 9F13", "GET DATA 9F17", "GET DATA 9F36", "VERIFY plain", "VERIFY enciphered", "first GENERATE AC",
    "second GENERATE AC",
)  # fmt: skip
"""Names for part of what an instruction does."""
PLACES = (ANY, *COMMANDS.values(), *NARROWER)
EVERY: Literal["every"] = "every"


@dataclass
class CardFaults:
    """Switches of a card that a test turns while it works: instructions that it never answers, and cryptograms that it
    gets wrong."""

    mute: set[int] = field(default_factory=set)
    wrong_cryptogram: bool = False


@dataclass(frozen=True, slots=True)
class Effects:
    """How a card treats one command; all of it is nothing by default."""

    silent: bool = False
    torn: bool = False
    leaves: Literal["", "before answer", "after answer"] = ""
    slow_ms: int = 0
    refuse: str = ""
    """Status words in place of doing what was asked."""
    status: str = ""
    """Status words after it was done; a warning keeps the data."""
    wire: Literal["", "61xx", "61xx in parts", "6Cxx"] = ""
    wrong_cryptogram: bool = False
    wrong_signature: bool = False
    refuse_issuer: bool = False
    gives: str = ""
    """The kind of cryptogram, whatever was asked and whatever its own rules say."""
    information: int | None = None
    """Cryptogram information data in place of its own."""
    counter_step: int = 1
    shapes: tuple[Shape, ...] = ()

    def with_shape(self, shape: Shape) -> Effects:
        """One more, after those before."""
        return replace(self, shapes=(*self.shapes, shape))

    def with_wrong_cryptogram(self) -> Effects:
        """For a card that gets them wrong altogether."""
        return replace(self, wrong_cryptogram=True)

    def shaped(self, ins: int, data: bytes) -> bytes:
        """The data of the answer to this instruction, spoilt."""
        for shape in self.shapes:
            data = shape(ins, data)
        return data


NONE = Effects()
Act = Callable[[Effects], Effects]


def _set(**changes: Any) -> Act:
    return lambda effects: replace(effects, **changes)


def _shape(shape: Shape) -> Act:
    return lambda effects: effects.with_shape(shape)


ACTS: Mapping[str, Act] = {
    "mute": _set(silent=True),
    "tear": _set(torn=True),
    "removed before answer": _set(leaves="before answer"),
    "removed after answer": _set(leaves="after answer"),
    "61xx": _set(wire="61xx"),
    "61xx in parts": _set(wire="61xx in parts"),
    "6Cxx": _set(wire="6Cxx"),
    "wrong cryptogram": _set(wrong_cryptogram=True),
    "wrong SDAD": _set(wrong_signature=True),
    "refuse ARPC": _set(refuse_issuer=True),
    "counter stays": _set(counter_step=0),
    "format 1": _shape(shapes.format_1),
    "format 2": _shape(shapes.format_2),
    "garbled TLV": _shape(shapes.garbled),
    "cut short": _shape(shapes.cut_short),
    "no data": _shape(shapes.emptied),
    "zero bytes between": _shape(shapes.padded),
    "long lengths": _shape(shapes.long_lengths),
    "no template": _shape(shapes.bare),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """An act with a measure: how it is written, one of them, and the act made of what stands there."""

    written: str
    example: str
    pattern: str
    make: Callable[..., Act]


_TAG, _BYTES, _STATUS = r"((?:[0-9A-F]{2}){1,3})", r"((?:[0-9A-F]{2})*)", r"([0-9A-F]{4})"
MEASURED: tuple[Measured, ...] = (
    Measured("status and its words, nothing done", "status 6985", f"status {_STATUS}", lambda sw: _set(refuse=sw)),
    Measured("status, its words and afterwards: all done before", "status 6F00 afterwards",
             f"status {_STATUS} afterwards", lambda sw: _set(status=sw)),
    Measured("slow and milliseconds", "slow 250", r"slow (\d{1,5})", lambda ms: _set(slow_ms=int(ms))),
    Measured("gives and a kind of cryptogram", "gives AAC", r"gives (AAC|TC|ARQC)", lambda kind: _set(gives=kind)),
    Measured("information and a byte: 9F27", "information C0", r"information ([0-9A-F]{2})",
             lambda byte: _set(information=int(byte, 16))),
    Measured("counter jumps and by how many", "counter jumps 5", r"counter jumps (\d{1,4})",
             lambda step: _set(counter_step=int(step))),
    Measured("template and its tag", "template 70", f"template {_TAG}", lambda tag: _shape(shapes.wrapped(tag))),
    Measured("drop and a tag", "drop 9F36", f"drop {_TAG}", lambda tag: _shape(shapes.without(tag))),
    Measured("repeat and a tag", "repeat 9F36", f"repeat {_TAG}", lambda tag: _shape(shapes.twice(tag))),
    Measured("flip and a tag", "flip 9F4B", f"flip {_TAG}", lambda tag: _shape(shapes.flipped(tag))),
    Measured("set, a tag and its value", "set 9F36 0000", f"set {_TAG} {_BYTES}",
             lambda tag, value: _shape(shapes.valued(tag, value))),
    Measured("add, a tag and its value", "add DF01 00", f"add {_TAG} {_BYTES}",
             lambda tag, value: _shape(shapes.added(tag, value))),
    Measured("answer and its data", "answer 7000", f"answer {_BYTES}", lambda value: _shape(shapes.replaced(value))),
)  # fmt: skip


def act(words: str) -> Act:
    """What the words do. Raises ValueError with the near miss, or with what should stand there."""
    if words in ACTS:
        return ACTS[words]
    for measured in MEASURED:
        found = re.fullmatch(measured.pattern, words, re.ASCII)
        if found:
            return measured.make(*found.groups())
    for measured in MEASURED:
        if words.partition(" ")[0] == measured.example.partition(" ")[0]:
            raise ValueError(f"{words!r} is none: write {measured.written}, as `{measured.example}`")
    known = (*ACTS, *(measured.example for measured in MEASURED))
    near = difflib.get_close_matches(words, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    raise ValueError(f"no card does {words!r}; {hint}")


Words = Annotated[str, Field(description="what it does, as `status 6985` or `wrong cryptogram`")]


class CommandFault(BaseModel):
    """What the card does wrong at one command. Unless `occurrence` is given, always."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    at: str = Field(description=f"{ANY}, a command's name, or narrower: {', '.join(NARROWER)}")
    occurrence: Annotated[int, Field(ge=1)] | Literal["every"] = EVERY
    do: Words | list[Words]

    @field_validator("at")
    @classmethod
    def _at(cls, value: str) -> str:
        if value not in PLACES:
            near = difflib.get_close_matches(value, PLACES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(PLACES)}"
            raise ValueError(f"no command is called {value!r}; {hint}")
        return value

    @field_validator("do")
    @classmethod
    def _do(cls, value: str | list[str]) -> str | list[str]:
        words = [value] if isinstance(value, str) else value
        if not words:
            raise ValueError("a fault does something")
        for one in words:
            act(one)
        return value

    @property
    def words(self) -> tuple[str, ...]:
        """What it does, one after the other."""
        return (self.do,) if isinstance(self.do, str) else tuple(self.do)

    def on(self, effects: Effects) -> Effects:
        """The effects so far, and its own."""
        for words in self.words:
            effects = act(words)(effects)
        return effects


class CardFault(BaseModel):
    """One thing that is wrong with a card, all over it if need be."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    says: str = Field(min_length=1, description="one sentence")
    clause: str = Field(min_length=1, description="where the books say what a right card does, or what a terminal does")
    card: str = Field(default="credit", description="the kind of card that shows it")
    profile: dict[str, Any] = Field(default={}, description="keys of the card file; `application` holds those of each")
    data: Damage = Damage()
    state: dict[str, Any] = Field(default={}, description="what it remembers, as CardState has it")
    commands: list[CommandFault] = []

    @field_validator("state")
    @classmethod
    def _state(cls, value: dict[str, Any]) -> dict[str, Any]:
        CardState.model_validate(value)
        return value


class Misbehaviour:
    """A card's faults as its commands come: counts, and says how each command is treated."""

    def __init__(self, faults: Iterable[CommandFault]) -> None:
        self._faults = tuple(faults)
        self._seen: dict[str, int] = {}

    def meets(self, names: Sequence[str]) -> tuple[Effects, list[tuple[CommandFault, int]]]:
        """Effects of a command that goes by these names; the faults that act, and how often what they wait for came."""
        if not self._faults:
            return NONE, []
        for name in names:
            self._seen[name] = self._seen.get(name, 0) + 1
        waiting = ((fault, self._seen[fault.at]) for fault in self._faults if fault.at in names)
        acting = [(fault, count) for fault, count in waiting if fault.occurrence in (EVERY, count)]
        effects = NONE
        for fault, _ in acting:
            effects = fault.on(effects)
        return effects, acting
