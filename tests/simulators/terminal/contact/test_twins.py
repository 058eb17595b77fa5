"""The kernel and the card twins, each kind once: TVR, CVM results and both words as the books have them."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.emv import find
from protocols.emv.csu import Csu
from protocols.emv.keys import MasterKeys
from protocols.emv.verification import Tsi, Tvr
from protocols.emv.versions import NAMED
from protocols.pan import derived
from rigs.cards.loading import CARDS, load_card_profile
from rigs.readers.embedded import EmbeddedReader
from simulators.card import ChipCard
from simulators.card.authority import house_authority
from simulators.reader import EmbeddedSlot
from simulators.terminal.contact import CaKeys, CardData, Configuration, FirstWord, HostAnswer, Kernel, Revoked
from simulators.terminal.contact.scripts import Script
from tests.simulators.kit import Events
from tests.simulators.terminal.contact.phase import Pad, People, terms

T = Tvr
LIMIT = T.FLOOR_LIMIT_EXCEEDED
PIN = T.ONLINE_PIN_ENTERED | LIMIT
KINDS: dict[str, tuple[Tvr, str, str]] = {
    "credit-chip": (PIN, "420300", "DDA"),
    "debit-chip": (PIN, "420300", "DDA"),
    "cda": (PIN, "420300", "CDA"),
    "sda-only": (PIN | T.SDA_SELECTED, "420300", "SDA"),
    "no-oda": (PIN | T.ODA_NOT_PERFORMED, "420300", "none"),
    "cvn-18": (PIN, "420300", "DDA"),
    "expired-ca-key": (PIN | T.DDA_FAILED, "420300", "DDA"),
    "revoked-issuer": (PIN | T.DDA_FAILED, "420300", "DDA"),
    "wrong-ca-digest": (PIN | T.DDA_FAILED, "420300", "DDA"),
    "risk-limits": (PIN | T.NEW_CARD, "420300", "DDA"),
    "no-cvm": (LIMIT, "5F0602", "DDA"),
    "signature-only": (LIMIT, "1E0000", "DDA"),
    "offline-pin": (LIMIT, "410302", "DDA"),
    "offline-pin-signature": (LIMIT, "430300", "DDA"),
    "offline-pin-enciphered": (LIMIT, "440302", "DDA"),
    "offline-pin-card-key": (LIMIT, "440302", "DDA"),
    "long-iad": (PIN, "420300", "DDA"),
    "odd-data": (PIN, "420300", "DDA"),
    "no-pse": (PIN, "420300", "DDA"),
    "no-psn": (PIN, "420300", "DDA"),
    "foreign": (PIN, "420300", "DDA"),
}


class Desk:
    """A card of a kind before a kernel, and its issuer. Its cardholder knows the PIN 1234."""

    def __init__(self, kind: str, events: Events, **changes: Any) -> None:
        profile = load_card_profile(CARDS / f"{kind}.yaml").changed({"pin": "1234", **changes})
        self.card = ChipCard(profile, next(derived(profile.pan_prefix, 1, profile.pan_digits)), emit=events)
        slot = EmbeddedSlot(events)
        slot.insert(self.card)
        house = house_authority()
        revoked = [Revoked(one.rid, one.index, one.serial) for one in house.revoked()]
        configuration = Configuration(keys=CaKeys.of(house.ca_keys(), revoked=revoked))
        self.pad = Pad()
        self.kernel = Kernel(
            EmbeddedReader(slot, events), self.pad, People(), lambda: configuration, events, only=lambda pan: None
        )

    def first(self) -> tuple[CardData, FirstWord]:
        return self.kernel.open(terms()), self.kernel.decide()

    def approval(self, word: FirstWord, *scripts: Script) -> HostAnswer:
        profile = self.card.profile
        keys = (profile.test_master_key, profile.test_mac_key, profile.test_enc_key)
        version = NAMED[profile.cryptogram_version]
        udk = version.card_keys(MasterKeys(*(bytes.fromhex(key) for key in keys)), self.card.pan, self.card.psn).ac
        session = version.session(udk, find(word.chip, "9F36") or b"")
        arpc = version.response(session, find(word.chip, "9F26") or b"", b"00", Csu.APPROVED)
        return HostAnswer(True, "00", arpc, scripts)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_card(kind: str, events: Events) -> None:
    tvr, results, oda = KINDS[kind]
    desk = Desk(kind, events)
    card, word = desk.first()
    assert (card.pan, card.expiry) == (desk.card.pan, desk.card.expiry)
    assert word.kind == "ARQC"
    assert Tvr.parse(find(word.chip, "95") or b"") == tvr
    assert desk.kernel.value("9F34") == results
    assert events.of("chip")[0]["oda"] == oda
    assert desk.kernel.conclude(desk.approval(word)) == "TC"
    made = events.of("cryptogram")
    assert [(one["round"], one["asked"], one["type"]) for one in made] == [
        ("first", "ARQC", "ARQC"), ("second", "TC", "TC"),
    ]  # fmt: skip
    assert made[0]["cryptogram"] == (find(word.chip, "9F26") or b"").hex().upper()
    assert made[0]["tvr"] == (find(word.chip, "95") or b"").hex().upper()
    assert made[0]["cda"] == (oda == "CDA")


@pytest.mark.parametrize(("kind", "performed"), [("credit-chip", False), ("external-authenticate", True)])
def test_the_issuers_proof_is_taken_by_either_way(kind: str, performed: bool, events: Events) -> None:
    """EMV Book 3, 10.9."""
    desk = Desk(kind, events)
    _, word = desk.first()
    assert desk.kernel.conclude(desk.approval(word)) == "TC"
    assert (Tsi.ISSUER_AUTHENTICATED in Tsi.parse(bytes.fromhex(desk.kernel.value("9B")))) is performed
    assert [one["result"] for one in events.of("issuer authentication")] == ["right"]


@pytest.mark.parametrize(("kind", "tvr"), [("credit-chip", "0000048000"), ("external-authenticate", "0000048040")])
def test_a_wrong_proof_makes_the_card_decline(kind: str, tvr: str, events: Events) -> None:
    """cases.md 155."""
    desk = Desk(kind, events)
    desk.first()
    assert desk.kernel.conclude(HostAnswer(True, "00", b"\x99" * 10)) == "AAC"
    assert desk.kernel.value("95") == tvr
    assert [one["result"] for one in events.of("issuer authentication")] == ["wrong"]


def test_a_card_abroad_that_may_be_used_at_home_alone_is_declined_by_its_issuers_code(events: Events) -> None:
    """EMV Book 3, 10.4.2 and 10.7: an AAC is asked for."""
    desk = Desk("at-home-only", events)
    _, word = desk.first()
    assert (word.kind, word.code) == ("AAC", "Z1")
    assert desk.kernel.value("95") == "0010048000"
    assert [(one["asked"], one["type"]) for one in events.of("cryptogram")] == [("AAC", "AAC")]


def test_a_wrong_pin_is_counted_down_by_the_card_and_told(events: Events) -> None:
    """EMV Book 3, 10.5.1: then the next rule."""
    desk = Desk("offline-pin", events, pin="654321")
    _, word = desk.first()
    assert desk.pad.asked == [("plain", 3), ("plain", 2), ("plain", 1), ("online", None)]
    assert Tvr.parse(find(word.chip, "95") or b"") == PIN | T.PIN_TRIES_EXCEEDED
    assert [one["result"] for one in events.of("pin")] == ["wrong", "wrong", "wrong"]


def test_a_script_that_the_card_refuses_is_told(events: Events) -> None:
    """EMV Book 3, 10.10: a wrong MAC."""
    desk = Desk("credit-chip", events)
    _, word = desk.first()
    command = bytes.fromhex("8424000004A1B2C3D4")
    answer = desk.approval(word, Script("71", b"\0\0\0\7", (command,)), Script("72", b"\0\0\0\7", (command,)))
    assert desk.kernel.conclude(answer) == "TC"
    assert desk.kernel.value("DF31") == "1100000007" * 2
    assert desk.kernel.value("95") == "0000048030"
    assert [one["mac"] for one in events.of("script")] == ["wrong", "wrong"]
