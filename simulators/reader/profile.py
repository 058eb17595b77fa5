"""What a reader twin says of itself and offers. Files live in `rigs/readers/profiles/*.yaml`. facts/pcsc-emv 5."""

from __future__ import annotations

import struct
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from protocols.pcsc.part10 import CTL, Feature

LONGEST_SHORT_APDU = 261
EXTENDED_HEAD = 9  # header, Lc and Le of an extended command
PART10_FUNCTIONS = 0x330000  # where the usual CCID driver keeps its features
HEX = r"^([0-9A-F]{2})*$"
WORD = r"^[0-9A-F]{4}$"


class SlotKind(StrEnum):
    """How a card and its reader touch."""

    CONTACT = "contact"
    CONTACTLESS = "contactless"


class ProfilePart(BaseModel):
    """Strict, as all files that people write."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EscapeAnswer(ProfilePart):
    """One row of the escape table: what a reader command begins with or is, and what the reader says to it."""

    command: str = Field(
        pattern=r"^([0-9A-F]{2})+\*?$", description="hex; `*` at its end takes all commands that begin like this"
    )
    answer: str = Field(default="", pattern=HEX, description="hex")
    text: str = Field(default="", pattern=r"^[ -~]*$", description="ASCII, in place of `answer`")

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if self.answer and self.text:
            raise ValueError("answer and text are two answers")
        return self

    def fits(self, command: bytes) -> bool:
        """Whether this row is for the command."""
        said = command.hex().upper()
        return said.startswith(self.command[:-1]) if self.command.endswith("*") else said == self.command

    @property
    def raw(self) -> bytes:
        return self.text.encode() or bytes.fromhex(self.answer)


class Escape(ProfilePart):
    """Commands to the reader itself. The first row that fits answers."""

    functions: tuple[int, ...] = Field(default=(3500, 1), description="n of SCARD_CTL_CODE(n) that takes them")
    feature: int | None = Field(default=None, description="n that GET_FEATURE names for them; null: it names none")
    commands: tuple[EscapeAnswer, ...] = ()
    unknown: str = Field(default="6300", pattern=HEX, description="hex; the answer where no row fits")

    def answer(self, command: bytes) -> bytes:
        """What the reader says."""
        return next((row.raw for row in self.commands if row.fits(command)), bytes.fromhex(self.unknown))


class Pinpad(ProfilePart):
    """Keys on the reader itself. PC/SC part 10."""

    shortest: int = Field(default=4, ge=1, le=15, description="digits")
    longest: int = Field(default=12, ge=1, le=15, description="digits")
    lines: int = Field(default=2, ge=0, le=255, description="of its display; 0 is none")
    columns: int = Field(default=16, ge=0, le=255)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.shortest > self.longest:
            raise ValueError("the shortest PIN is longer than the longest")
        return self


class ReaderProfile(ProfilePart):
    """All that differs between readers. What a field leaves empty the reader does not offer."""

    name: str = Field(
        default="Holdfast Virtual Reader",
        pattern=r"^[ !#-~]{1,80}$",
        description="as PC/SC lists it, before its numbers",
    )
    vendor: str = "Holdfast"
    model: str = "Virtual contact reader"
    firmware: str = Field(default="1.0.1", pattern=r"^\d{1,3}\.\d{1,3}\.\d{1,5}$")
    serial: str = "HF-0001"
    usb_vendor: str = Field(default="", pattern=f"{WORD}|^$", description="hex")
    usb_product: str = Field(default="", pattern=f"{WORD}|^$", description="hex")
    slots: tuple[SlotKind, ...] = Field(default=(SlotKind.CONTACT,), min_length=1, max_length=8)
    longest_apdu: int = Field(default=LONGEST_SHORT_APDU, ge=LONGEST_SHORT_APDU, le=65_544, description="bytes")
    tlv_properties: bool = Field(default=False, description="GET_TLV_PROPERTIES is offered")
    escape: Escape | None = None
    pinpad: Pinpad | None = None

    @field_validator("firmware")
    @classmethod
    def _packable(cls, firmware: str) -> str:
        parts = [int(part) for part in firmware.split(".")]
        if max(parts[:2]) > 0xFF or parts[2] > 0xFFFF:
            raise ValueError("PC/SC has room for 0 to 255, 0 to 255, 0 to 65535")
        return firmware

    @property
    def features(self) -> dict[Feature, int]:
        """What GET_FEATURE lists, each with its control code."""
        offered: dict[Feature, int] = {}
        if self.pinpad:
            for feature in (Feature.VERIFY_PIN_DIRECT, Feature.IFD_PIN_PROPERTIES):
                offered[feature] = CTL(PART10_FUNCTIONS + feature)
        if self.tlv_properties:
            offered[Feature.GET_TLV_PROPERTIES] = CTL(PART10_FUNCTIONS + Feature.GET_TLV_PROPERTIES)
        if self.escape and self.escape.feature is not None:
            offered[Feature.CCID_ESC_COMMAND] = CTL(self.escape.feature)
        return offered

    @property
    def longest_data(self) -> int:
        """dwMaxAPDUDataSize of part 10: bytes of data, 0 for a reader that takes short commands alone."""
        return 0 if self.longest_apdu == LONGEST_SHORT_APDU else self.longest_apdu - EXTENDED_HEAD

    @property
    def version(self) -> int:
        """The firmware as PC/SC part 3 packs it: 0xMMmmbbbb."""
        major, minor, build = (int(part) for part in self.firmware.split("."))
        return major << 24 | minor << 16 | build

    def attributes(self) -> dict[int, bytes]:
        """PC/SC part 3 attribute tags to values; what is empty is not there."""
        values = {
            VENDOR_NAME: self.vendor.encode(),
            IFD_TYPE: self.model.encode(),
            IFD_VERSION: struct.pack("<I", self.version),
            IFD_SERIAL: self.serial.encode(),
            MAXINPUT: struct.pack("<I", self.longest_apdu),
            FRIENDLY_NAME: f"{self.vendor} {self.model}".strip().encode(),
        }
        return {tag: value for tag, value in values.items() if value}


VENDOR_NAME, IFD_TYPE, IFD_VERSION, IFD_SERIAL = 0x00010100, 0x00010101, 0x00010102, 0x00010103
MAXINPUT, FRIENDLY_NAME = 0x0007A007, 0x7FFF0003
