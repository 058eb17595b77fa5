"""The action that sends a script to a card: what of it is said, not how it is sealed. EMV Book 3, 10.10"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Template = Literal["71", "72"]
"""Before or after the chip's last word. EMV Book 3, 10.10"""
ScriptCommand = Literal[
    "PIN unblock", "PIN change", "application block", "application unblock", "card block", "put data"
]  # fmt: skip
HARMLESS: ScriptCommand = "PIN unblock"
"""What a card takes, and is as before."""


@dataclass(frozen=True, slots=True)
class IssuerScript:
    """A script for the chip in each template, under its card's own keys, beside the proof that the issuer answers.

    It spoils nothing: the answer is as it should be. Where there is no cryptogram to be answered, there are no keys,
    and no script.
    """

    templates: tuple[Template, ...]
    commands: tuple[ScriptCommand, ...] = (HARMLESS,)
    wrong_mac: bool = False

    @property
    def name(self) -> str:
        one = f"script{'s' if len(self.templates) > 1 else ''} {' and '.join(self.templates)}"
        told = "" if self.commands == (HARMLESS,) else " " + " and ".join(self.commands)
        return f"{one}{told}{' wrong MAC' if self.wrong_mac else ''}"
