"""How one application of a card is personalised: a part of a card file. facts/pcsc-emv 4.2; EMV Book 3, Annex A."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from protocols.emv.cvm import APPLY_NEXT, Condition, Method

Hex = Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2})*$")]
"""Bytes as upper-case hex; empty is none."""
TagName = Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2}){1,3}$")]
ActionCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{10}$")]
Oda = Literal["none", "sda", "dda", "cda"]
IssuerAuthentication = Literal["external authenticate", "second cryptogram", "none"]


_CAPITALS = ("PIN", "CVM", "X", "Y")


def _words_of(name: str) -> str:
    return " ".join(word if word in _CAPITALS else word.lower() for word in name.split("_"))


METHODS = {_words_of(method.name): int(method) for method in Method}
CONDITIONS = {_words_of(condition.name): int(condition) for condition in Condition}
_CODE = re.compile(r"[0-9A-F]{2}")


class CvmEntry(BaseModel):
    """One rule of a CVM list, in words. EMV Book 3, Annex C3."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str = Field(description=f"{', '.join(METHODS)}, or a code: 2A")
    condition: str = Field(default="always", description=f"{', '.join(CONDITIONS)}, or a code: 8F")
    failing: Literal["next", "stop"] = Field(default="stop", description="what follows when it does not succeed")

    @field_validator("method", "condition")
    @classmethod
    def _known(cls, words: str, info: ValidationInfo) -> str:
        _code(words, METHODS if info.field_name == "method" else CONDITIONS)
        return words

    @property
    def code(self) -> int:
        """First byte of the rule."""
        return _code(self.method, METHODS) | (APPLY_NEXT if self.failing == "next" else 0)

    @property
    def condition_code(self) -> int:
        """Second byte of the rule."""
        return _code(self.condition, CONDITIONS)


def _code(words: str, known: Mapping[str, int]) -> int:
    if _CODE.fullmatch(words):
        return int(words, 16)
    if words not in known:
        near = difflib.get_close_matches(words, known, n=1)
        raise ValueError(f"there is no {words!r}: " + (f"did you mean {near[0]}?" if near else ", ".join(known)))
    return known[words]


class CvmWords(BaseModel):
    """A CVM list in words. Amounts are minor units of the application's currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount_x: int = Field(default=0, ge=0, le=0xFFFFFFFF)
    amount_y: int = Field(default=0, ge=0, le=0xFFFFFFFF)
    rules: tuple[CvmEntry, ...] = ()


class ApplicationProfile(BaseModel):
    """One application. What stands under `application` of a card file holds for each that does not say otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # selection: EMV Book 1, 12.2
    aid: str = Field(pattern=r"^([0-9A-F]{2}){5,16}$", description="facts/pcsc-emv 4.2")
    label: str = Field("", max_length=16, description="50")
    preferred_name: str = Field("", max_length=16, description="9F12")
    code_table: int = Field(1, ge=1, le=10, description="9F11")
    priority: int = Field(1, ge=0, le=15, description="87, low four bits; 0 is none")
    confirmation: bool = Field(False, description="87, b8: not without the cardholder's word")
    in_directory: bool = Field(True, description="whether the payment system environment lists it")
    blocked: bool = Field(False, description="was blocked before it is issued")
    issuer_data: dict[TagName, Hex] = Field(default={}, description="further objects of BF0C")

    # what it can do: EMV Book 3, Annex C1
    oda: Oda = Field("dda", description="the best offline authentication; those before it are there, too")
    cardholder_verification: bool = True
    terminal_risk_management: bool = True
    issuer_authentication: IssuerAuthentication = "second cryptogram"
    issuer_authentication_mandatory: bool = Field(True, description="no answer of the issuer's is no approval")
    aip: str = Field("", pattern=r"^([0-9A-F]{4})?$", description="82 as it stands, whatever is said above")

    # lists of data objects
    pdol: Hex = Field("9F7A019F02065F2A02", description="9F38")
    cdol1: Hex = Field("9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14", description="8C")
    cdol2: Hex = Field("910A8A029F02069F03069F1A0295055F2A029A039C019F37049F2103", description="8D")
    ddol: Hex = Field("9F3704", description="9F49")
    tdol: Hex = Field("", description="97")
    static_tags: Hex = Field("82", description="9F4A")

    # verification and restrictions
    cvm_list: CvmWords | Hex = Field("000000000000000042031E031F00", description="8E, in words or as hex")
    usage_control: str = Field("FF00", pattern=r"^([0-9A-F]{4})?$", description="9F07")
    version: str = Field("0030", pattern=r"^([0-9A-F]{4})?$", description="9F08")
    action_default: ActionCode = Field("D84000A800", description="9F0D")
    action_denial: ActionCode = Field("0010000000", description="9F0E")
    action_online: ActionCode = Field("D84004F800", description="9F0F")
    lower_limit: int | None = Field(None, ge=0, le=255, description="9F14: consecutive offline transactions")
    upper_limit: int | None = Field(None, ge=0, le=255, description="9F23")

    # keys
    ca_index: str = Field("F0", pattern=r"^[0-9A-F]{2}$", description="8F: which key of the test CA")
    issuer_bits: Literal[1152, 1408] = 1408
    card_bits: Literal[1024, 1152] = 1024
    exponent: Literal[3, 65537] = Field(3, description="of the issuer's and the card's keys")
    pin_key: Literal["none", "own", "card"] = Field("none", description="what enciphers an offline PIN")

    # what GET DATA gives, and the rest
    log: bool = Field(True, description="9F4D and 9F4F: the card keeps a log of its transactions")
    log_format: Hex = Field("9A039F21039F02069F03069F1A025F2A029F4E149C019F3602", description="9F4F")
    electronic_cash: int | None = Field(None, ge=0, lt=10**12, description="9F79: balance in minor units")
    discretionary_data: Hex = Field("", max_length=46, description="the issuer's own part of 9F10, which has 32 bytes")
    default_action: str = Field(
        "6300", pattern=r"^([0-9A-F]{4})?$", description="9F52: what the card itself decides by; likely JR/T 0025-5"
    )
    get_data: dict[TagName, Hex] = Field(default={}, description="further objects that GET DATA gives")
    more: dict[TagName, Hex] = Field(default={}, description="further objects of its first record that is signed")
