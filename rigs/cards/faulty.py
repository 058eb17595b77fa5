"""Faulty cards by their names: rows of `faults.yaml`, and at any command what a sentence says.

a credit card in the reader that has a wrong cryptogram
a credit card in the reader that leaves before it answers its second READ RECORD
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from protocols.emv.apdu import COMMANDS
from protocols.faults import ConfigurationError
from rigs.yamlfile import load_strict
from simulators.card import CardFault
from simulators.card.faults import EVERY, CommandFault

CATALOGUE = Path(__file__).parent / "faults.yaml"
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
SENTENCES: Mapping[str, tuple[str, str]] = {
    "is mute at": ("mute", "ISO 7816-3, 10.2; EMV Book 1, 9.2.2.1"),
    "is slow at": ("slow 100", "EMV Book 1, 9.2.2.1"),
    "loses its power at": ("tear", "EMV Book 1, 6.1.5"),
    "leaves before it answers": ("removed before answer", "EMV Book 4, 11.1; EMV Book 1, 6.1.5"),
    "leaves after it answered": ("removed after answer", "EMV Book 4, 11.1; EMV Book 1, 6.1.5"),
}
"""How a sentence begins, to what the card does and where the books speak of it."""
_REFUSAL = re.compile(r"answers ([0-9A-F]{4}) to")
_WHEN = re.compile(rf"(?:its ({'|'.join(ORDINALS)})|every) (.+)")


class FaultFile(BaseModel):
    """A catalogue of what may be wrong with a card."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    faults: dict[str, CardFault] = Field(description="by a name that ends the sentence: a card that ...")

    @field_validator("faults")
    @classmethod
    def _names(cls, value: dict[str, CardFault]) -> dict[str, CardFault]:
        for name in value:
            if at_a_command(name) is not None:
                raise ValueError(f"{name!r} needs no row: it is understood by its words")
        return value


def load_faults(path: Path = CATALOGUE) -> dict[str, CardFault]:
    """The rows of a catalogue. Raises ConfigurationError that names the place and the near miss."""
    return load_strict(path, FaultFile).faults


@cache
def _house() -> Mapping[str, CardFault]:
    return load_faults()


def card_fault(name: str) -> CardFault:
    """By the name of a row, or by a sentence of what the card does at a command.

    Raises ConfigurationError with the near miss for a name that none has.
    """
    found = _house().get(name) or at_a_command(name)
    if found is not None:
        return found
    known = [*_house(), *(f"{beginning} its first GENERATE AC" for beginning in SENTENCES)]
    near = difflib.get_close_matches(name, known, n=2)
    raise ConfigurationError(
        f"no card {name!r}",
        advice=f"did you mean {' or '.join(map(repr, near))}?" if near else f"see {CATALOGUE.name} for those there are",
    )


def at_a_command(sentence: str) -> CardFault | None:
    """What a sentence says of one command, the n-th of its name or every one; None of a sentence that says no such
    thing."""
    for beginning, (does, clause) in SENTENCES.items():
        if sentence.startswith(f"{beginning} "):
            return _of(sentence, sentence.removeprefix(f"{beginning} "), does, clause)
    refusal = _REFUSAL.match(sentence)
    if refusal is None:
        return None
    return _of(sentence, sentence[refusal.end() + 1 :], f"status {refusal[1]}", "EMV Book 3, 6.3.5")


def _of(sentence: str, when: str, does: str, clause: str) -> CardFault | None:
    found = _WHEN.fullmatch(when)
    if found is None or found[2] not in COMMANDS.values():
        return None
    occurrence = ORDINALS.index(found[1]) + 1 if found[1] else EVERY
    fault = CommandFault(at=found[2], occurrence=occurrence, do=does)
    return CardFault(says=f"it {sentence}", clause=clause, commands=[fault])
