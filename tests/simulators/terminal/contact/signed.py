"""Cards that prove what they say, and what can be wrong with it: by the test CA of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from protocols.emv.certificates import issue_card
from protocols.emv.oda import sign_dynamic, sign_static, static_data
from protocols.emv.rsa import RsaPrivate
from simulators.card.authority import house_authority
from simulators.terminal.contact.cakeys import CaKeys, Revoked
from simulators.terminal.contact.configuration import ApplicationRule, Configuration
from simulators.terminal.contact.state import ChipTransaction
from tests.simulators.kit import PAN
from tests.simulators.terminal.contact.front import CREDIT, UNPREDICTABLE, pan, tlv, transaction
from tests.support.scripted_card import ScriptedCard

RECORD = bytes.fromhex(tlv(("70", [("5A", pan()), ("5F24", "301231")])))
NUMBER = bytes.fromhex("0102030405060708")
CODE = bytes.fromhex("DAC1")
DDOL = bytes.fromhex("9F3704")
CHALLENGE = f"0088000004 {UNPREDICTABLE} 00"
SDA, DDA, CDA, ALL = "4000", "2000", "0100", "6100"


def house_keys(**more: Any) -> CaKeys:
    """All keys of the test CA, and its revoked issuers."""
    authority = house_authority()
    revoked = [Revoked(one.rid, one.index, one.serial) for one in authority.revoked()]
    return CaKeys.of(authority.ca_keys(), revoked=revoked, **more)


@dataclass
class SignedCard:
    """`index` is the CA's key: F0 takes an issuer's key whole, F1 leaves a rest of it."""

    aip: str = ALL
    index: int = 0xF0
    issuer_bits: int = 1408
    card_bits: int = 1024
    issuer_expires: str = "1239"
    card_expires: str = "1239"
    issuer_id: str = PAN[:6]
    number: str = PAN
    tag_list: bytes = b"\x82"
    by_another_ca: bool = False
    by_another_issuer: bool = False
    records: list[tuple[int, bytes]] = field(default_factory=lambda: [(1, RECORD)])

    @property
    def key(self) -> RsaPrivate:
        """The card's own."""
        return house_authority().card_key(self.card_bits, 3, 0)

    def values(self) -> dict[str, bytes]:
        """What a terminal has read of it."""
        issuer = house_authority().issuer(
            self.index, self.issuer_bits, 3, self.issuer_id, expires=self.issuer_expires,
            by_another_ca=self.by_another_ca,
        )  # fmt: skip
        signer = house_authority().issuer(self.index, self.issuer_bits, 3, self.issuer_id, expires=self.issuer_expires,
                                          number=1).key if self.by_another_issuer else issuer.key  # fmt: skip
        static = static_data(self.records, self.tag_list, bytes.fromhex(self.aip))
        return {
            "82": bytes.fromhex(self.aip), "5A": bytes.fromhex(pan()), "5F24": bytes.fromhex("301231"),
            "9F4A": self.tag_list, "9F49": DDOL, **issuer.certificate, "93": sign_static(signer, static, CODE),
            **issue_card(signer, self.key.public, pan=self.number, expires=self.card_expires, serial=b"\0\0\1",
                         static=static),
        }  # fmt: skip

    def begun(
        self, script: ScriptedCard, capabilities: str = "E0F8C8", *, keys: CaKeys | None = None,
        ddol: bytes = DDOL, changed: Mapping[str, bytes | None] | None = None, **more: Any,
    ) -> tuple[ChipTransaction, Any]:  # fmt: skip
        """A transaction that has read it; `changed` are values that are others then, or gone."""
        base = Configuration(keys=house_keys() if keys is None else keys, **more)
        able = type(base.capabilities).parse(bytes.fromhex(capabilities))
        configuration = Configuration(keys=base.keys, capabilities=able, **more)
        state, channel = transaction(script, configuration)
        state.rule = ApplicationRule(bytes.fromhex(CREDIT), ddol=ddol)
        state.terminal["9F06"] = bytes.fromhex(CREDIT)
        state.card |= self.values()
        for tag, value in (changed or {}).items():
            state.card.pop(tag, None)
            if value is not None:
                state.card[tag] = value
        state.signed_records = list(self.records)
        return state, channel

    def answer(self, data: bytes = bytes.fromhex(UNPREDICTABLE), key: RsaPrivate | None = None) -> bytes:
        """To INTERNAL AUTHENTICATE with this data, in format 1."""
        return bytes.fromhex(tlv(("80", sign_dynamic(key or self.key, NUMBER, data).hex()))) + b"\x90\x00"


def flipped(value: bytes, at: int = -5) -> bytes:
    """With one bit that is another."""
    changed = bytearray(value)
    changed[at] ^= 0x01
    return bytes(changed)
