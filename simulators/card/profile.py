"""How a card twin is personalised. Files live in `rigs/cards/*.yaml`; keys in them are test keys and say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from protocols.pan import LONGEST_PAN, SHORTEST_PAN, TEST_RANGES
from simulators.card.application import ApplicationProfile, Hex

_KEY = r"^[0-9A-F]{32}$"


class CardProfile(BaseModel):
    """All that differs between cards. Hex strings are upper case; the PAN is given to each card of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    scheme: Literal["PBOC"] = "PBOC"
    atr: Hex = Field("3B6800000073C84013009000", description="empty: the chip is dead")
    chip: bool = Field(True, description="false: a card with nothing but a stripe")
    pse: bool = Field(True, description="whether it has a payment system environment, 1PAY.SYS.DDF01")
    entries_a_record: int = Field(2, ge=1, le=4, description="of the payment system directory")

    pan_prefix: str = Field(pattern="^(" + "|".join(TEST_RANGES) + ")$", description="test ranges only")
    pan_digits: int = Field(16, ge=SHORTEST_PAN, le=LONGEST_PAN)
    psn: str = Field("01", pattern=r"^(\d{2})?$", description="5F34; empty: the card has none")
    expiry: str = Field(pattern=r"^\d{2}(0[1-9]|1[0-2])$", description="YYMM")
    effective: str = Field("200101", pattern=r"^(\d{6})?$", description="YYMMDD")
    cardholder: str = Field("TEST CARD/HOLDFAST", max_length=26)
    service_code: str = Field("201", pattern=r"^\d{3}$", description="of the stripe, and of 57")
    country: str = Field("0156", pattern=r"^([0-9A-F]{4})?$", description="5F28")
    currency: str = Field("0156", pattern=r"^([0-9A-F]{4})?$", description="9F42")
    language: str = Field("zhen", pattern=r"^([a-z]{2}){0,4}$", description="5F2D")

    test_master_key: str = Field(pattern=_KEY, description="issuer's key for cryptograms; a test key")
    test_mac_key: str = Field("89ABCDEF0123456776543210FEDCBA98", pattern=_KEY, description="for scripts; a test key")
    test_enc_key: str = Field("FEDCBA98765432100123456789ABCDEF", pattern=_KEY, description="for PINs; a test key")
    key_index: int = Field(1, ge=0, le=255)
    cryptogram_version: Literal["01", "18"] = Field("01", description="PBOC's, or EMV's with a common session key")
    pin: str = Field("123456", pattern=r"^\d{4,12}$")
    pin_tries: int = Field(3, ge=0, le=15)

    applications: tuple[ApplicationProfile, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> CardProfile:
        if self.chip and not self.applications:
            raise ValueError("a card with a chip has applications")
        aids = [one.aid for one in self.applications]
        if len(set(aids)) < len(aids):
            raise ValueError("two applications have one AID")
        return self

    @property
    def aid(self) -> str:
        """Of its first application; empty when it has none."""
        return self.applications[0].aid if self.applications else ""

    def changed(self, changes: Mapping[str, Any]) -> CardProfile:
        """The same with other values; `application` holds those of each application. Raises pydantic's error."""
        own = {name: value for name, value in changes.items() if name != "application"}
        plain = self.model_dump()
        for one in plain["applications"]:
            one.update(changes.get("application", {}))
        return CardProfile.model_validate(plain | own)
