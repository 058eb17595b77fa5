"""What is wrong with the data of a card: its issuer's mistakes, and what happened to them since. A part of a fault."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from simulators.card.application import Hex, TagName

Signer = Literal["", "another CA", "another issuer", "another card"]
Pse = Literal[
    "", "blocked", "wrong entry", "no entries", "no records", "unknown objects", "garbled", "no file", "wrong file",
]  # fmt: skip
Afl = Literal[
    "", "empty", "odd length", "file 0", "file 31", "record 0", "last before first", "too many signed", "twice",
    "record that is not there",
]  # fmt: skip
Certificate = Literal[
    "", "issuer expired", "issuer of another PAN", "issuer trailer", "issuer header", "issuer format", "issuer hash",
    "card expired", "card of another PAN", "card trailer", "card header", "card format", "card hash",
    "PIN expired", "PIN of another PAN", "PIN trailer", "PIN header", "PIN format", "PIN hash",
    "static trailer", "static header", "static format", "static hash",
]  # fmt: skip
RecordName = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$")]
"""File and number: "2.1"."""


class Damage(BaseModel):
    """Nothing is wrong by default. Tags are those of records, names (FCI), directory and GET DATA alike."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    application: Hex = Field(default="", description="the only application concerned, by its AID; empty: each")
    drop: tuple[TagName, ...] = Field(default=(), description="never personalised: not signed either")
    replace: dict[TagName, Hex] = Field(default={}, description="personalised, and signed, with this value")
    empty: tuple[TagName, ...] = Field(default=(), description="there with a length of zero, and signed so")
    twice: tuple[TagName, ...] = Field(default=(), description="there twice, one behind the other, and signed so")
    add: dict[TagName, Hex] = Field(default={}, description="further objects of the record that is signed")
    add_to_name: dict[TagName, Hex] = Field(default={}, description="further objects of the FCI's template A5")
    lose: tuple[TagName, ...] = Field(default=(), description="lost after it was signed")
    change: dict[TagName, Hex] = Field(default={}, description="of another value since it was signed")
    flip: tuple[TagName, ...] = Field(
        default=(), description="the lowest bit of its last byte turned since it was signed"
    )
    pad: bool = Field(
        default=False, description="zero bytes around the objects of records and names. EMV Book 3, Annex B1"
    )
    long_lengths: bool = Field(default=False, description="lengths in two bytes where one would do: 81 08")
    bare: bool = Field(default=False, description="records without their template 70")
    cut: tuple[RecordName, ...] = Field(default=(), description="records that end in the middle of an object")
    missing: tuple[RecordName, ...] = Field(
        default=(), description="records that the locator names and the card has not"
    )
    afl: Afl | Hex = Field(default="", description="94: what is wrong with it, or its bytes")
    pse: Pse = Field(default="", description="what is wrong with the payment system environment")
    signed_by: Signer = Field(default="", description="whose key signs in place of the right one")
    certificate: Certificate = Field(
        default="", description="what is wrong in a certificate or signature, itself well signed"
    )

    def words(self) -> tuple[str, ...]:
        """What is wrong, for an event: which field and which tags, never a value."""
        found = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if not value or name == "application":
                continue
            label = name.replace("_", " ")
            if isinstance(value, bool):
                found.append(label)
            elif isinstance(value, str):
                found.append(f"{label}: {value}")
            else:
                found.append(f"{label} {' '.join(value)}")
        return tuple(found)

    def concerns(self, aid: str) -> bool:
        """Whether this application is one with damaged data."""
        return self.application in ("", aid)


UNHARMED = Damage()
