"""How a card twin is personalised. Files live in `rigs/cards/*.yaml`; keys in them are test keys and say so."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from protocols.pan import TEST_RANGES


class CardProfile(BaseModel):
    """All that differs between cards. Hex strings are upper case; the PAN is given to each card of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    scheme: Literal["PBOC"]
    pan_prefix: str = Field(pattern="^(" + "|".join(TEST_RANGES) + ")$", description="test ranges only")
    psn: str = Field("01", pattern=r"^\d{2}$")
    expiry: str = Field(pattern=r"^\d{4}$", description="YYMM")
    effective: str = Field("200101", pattern=r"^\d{6}$")
    cardholder: str = "TEST CARD/HOLDFAST"
    aid: str = Field(pattern=r"^A000000333[0-9A-F]{6}$", description="facts/pcsc-emv 4.2")
    label: str = Field(max_length=16)
    preferred_name: str = Field("", max_length=16)
    language: str = "zhen"
    aip: str = Field("7C00", pattern=r"^[0-9A-F]{4}$")
    pdol: str = Field("9F7A019F02065F2A02", pattern=r"^([0-9A-F]{2})*$")
    cdol1: str = Field("9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14", pattern=r"^([0-9A-F]{2})+$")
    cdol2: str = Field("910A8A029F02069F03069F1A0295055F2A029A039C019F37049F2103", pattern=r"^([0-9A-F]{2})+$")
    cvm_list: str = Field("000000000000000042031E031F00", pattern=r"^([0-9A-F]{2})+$", description="8E")
    action_default: str = Field("D84000A800", pattern=r"^[0-9A-F]{10}$")
    action_denial: str = Field("0010000000", pattern=r"^[0-9A-F]{10}$")
    action_online: str = Field("D84004F800", pattern=r"^[0-9A-F]{10}$")
    usage_control: str = Field("FF00", pattern=r"^[0-9A-F]{4}$")
    country: str = Field("0156", pattern=r"^[0-9A-F]{4}$")
    test_master_key: str = Field(pattern=r"^[0-9A-F]{32}$", description="issuer's key for cryptograms; a test key")
    key_index: int = Field(1, ge=0, le=255)
    pin: str = Field("123456", pattern=r"^\d{4,12}$")
    pin_tries: int = Field(3, ge=0, le=15)
