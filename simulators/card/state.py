"""What a card keeps from transaction to transaction: counters, PIN tries, blocks, its log and what scripts wrote.

A card is new without one. Handed from card to card, or by a file, it makes the next card the same that was used before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from protocols.faults import ConfigurationError

ALL = "all"
"""Among the blocked applications: each."""
Hex = Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2})*$")]
Counter = Annotated[int, Field(ge=0, le=0xFFFF)]


class CardState(BaseModel):
    """Everything is as the issuer sent the card out by default. One counter serves all applications: they share a PAN,
    and so their keys. EMV Book 2, Annex A1.3: a session key is never used twice."""

    model_config = ConfigDict(extra="forbid", strict=True)

    atc: Counter = 0
    last_online_atc: Counter = 0
    challenges: int = Field(default=0, ge=0, description="how often it gave one: none is given twice")

    pin: str = Field(default="", repr=False, pattern=r"^(\d{4,12})?$", description="a test PIN that a script wrote")
    pin_tries: int | None = Field(default=None, ge=0, le=15, description="that are left; none: as personalised")

    card_blocked: bool = False
    blocked_by_tries: bool = Field(default=False, description="one blocked itself, its PIN tries used up")
    blocked: list[str] = Field(default=[], description="AIDs of its blocked applications, or `all`")

    online_incomplete: bool = Field(default=False, description="an ARQC was not followed by its second cryptogram")
    issuer_wrong: bool = Field(default=False, description="the last issuer authentication failed")
    issuer_missing: bool = Field(default=False, description="the last online transaction came without one")
    go_online: bool = Field(default=False, description="the issuer wants to see the next transaction")
    static_failed: bool = Field(default=False, description="SDA failed last time, and it was declined offline")
    dynamic_failed: bool = Field(default=False, description="the same of DDA and CDA")
    scripts: int = Field(default=0, ge=0, le=15, description="commands of last time, after its last cryptogram")
    script_failed: bool = False

    log: list[Hex] = Field(default=[], repr=False, description="newest first")
    data: dict[str, Hex] = Field(default={}, description="what PUT DATA wrote, by tag")
    records: dict[str, Hex] = Field(default={}, repr=False, description="what UPDATE RECORD wrote: AID/file/number")

    def is_blocked(self, aid: bytes) -> bool:
        """Whether this application is."""
        return ALL in self.blocked or aid.hex().upper() in self.blocked

    def save(self, path: Path) -> None:
        """For the next card. The file is its owner's alone. Raises OSError."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(self.model_dump_json(indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> CardState:
        """Raises ConfigurationError that names the file, and none of its values."""
        try:
            return cls.model_validate_json(path.read_text("utf-8"))
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.__class__.__name__}") from None
        except ValidationError as error:
            places = ", ".join(".".join(map(str, fault["loc"])) or "the file" for fault in error.errors())
            raise ConfigurationError(f"{path} holds no state of a card: {places}", advice="start anew") from None
