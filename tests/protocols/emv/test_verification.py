"""Every bit of the terminal's and the card's bit fields where EMV Book 3, Annex C, and Book 4, Annex A, have it."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv.bits import Bits
from protocols.emv.csu import NOTHING, Csu
from protocols.emv.verification import Aip, Capabilities, Tsi, Tvr, UsageControl
from protocols.faults import ConfigurationError

TVR_BITS = {
    (1, 8): "offline data authentication was not performed", (1, 7): "SDA failed", (1, 6): "ICC data missing",
    (1, 5): "card appears on terminal exception file", (1, 4): "DDA failed", (1, 3): "CDA failed",
    (1, 2): "SDA selected",
    (2, 8): "ICC and terminal have different application versions", (2, 7): "expired application",
    (2, 6): "application not yet effective", (2, 5): "requested service not allowed for card product",
    (2, 4): "new card",
    (3, 8): "cardholder verification was not successful", (3, 7): "unrecognised CVM", (3, 6): "PIN Try Limit exceeded",
    (3, 5): "PIN entry required and PIN pad not present or not working",
    (3, 4): "PIN entry required and PIN pad present but PIN was not entered", (3, 3): "online PIN entered",
    (4, 8): "transaction exceeds floor limit", (4, 7): "lower consecutive offline limit exceeded",
    (4, 6): "upper consecutive offline limit exceeded",
    (4, 5): "transaction selected randomly for online processing", (4, 4): "merchant forced transaction online",
    (5, 8): "default TDOL used", (5, 7): "issuer authentication failed",
    (5, 6): "script processing failed before final GENERATE AC",
    (5, 5): "script processing failed after final GENERATE AC",
}  # fmt: skip
TSI_BITS = {
    (1, 8): "offline data authentication was performed", (1, 7): "cardholder verification was performed",
    (1, 6): "card risk management was performed", (1, 5): "issuer authentication was performed",
    (1, 4): "terminal risk management was performed", (1, 3): "script processing was performed",
}  # fmt: skip
AIP_BITS = {
    (1, 7): "SDA supported", (1, 6): "DDA supported", (1, 5): "cardholder verification is supported",
    (1, 4): "terminal risk management is to be performed", (1, 3): "issuer authentication is supported",
    (1, 1): "CDA supported",
}  # fmt: skip
USAGE_BITS = {
    (1, 8): "valid for domestic cash transactions", (1, 7): "valid for international cash transactions",
    (1, 6): "valid for domestic goods", (1, 5): "valid for international goods", (1, 4): "valid for domestic services",
    (1, 3): "valid for international services", (1, 2): "valid at ATMs", (1, 1): "valid at terminals other than ATMs",
    (2, 8): "domestic cashback allowed", (2, 7): "international cashback allowed",
}  # fmt: skip
CAPABILITY_BITS = {
    (1, 8): "manual key entry", (1, 7): "magnetic stripe", (1, 6): "IC with contacts",
    (2, 8): "plaintext PIN for ICC verification", (2, 7): "enciphered PIN for online verification",
    (2, 6): "signature (paper)", (2, 5): "enciphered PIN for offline verification", (2, 4): "no CVM required",
    (2, 1): "cardholder document",
    (3, 8): "SDA", (3, 7): "DDA", (3, 6): "card capture", (3, 4): "CDA",
}  # fmt: skip
CSU_BITS = {
    (1, 8): "proprietary authentication data included", (2, 8): "issuer approves online transaction",
    (2, 7): "card block", (2, 6): "application block", (2, 5): "update PIN try counter",
    (2, 4): "set go online on next transaction", (2, 3): "CSU created by proxy for the issuer",
    (2, 2): "reset velocity checking counters to zero",
    (2, 1): "set velocity checking counters to upper offline limits",
}  # fmt: skip
FIELDS = [
    (Tvr, 5, TVR_BITS), (Tsi, 2, TSI_BITS), (Aip, 2, AIP_BITS), (UsageControl, 2, USAGE_BITS),
    (Capabilities, 3, CAPABILITY_BITS), (Csu, 4, CSU_BITS),
]  # fmt: skip
KINDS = [kind for kind, _, _ in FIELDS]


@pytest.mark.parametrize(("kind", "size", "bits"), FIELDS)
def test_each_bit_has_the_words_of_the_book_and_every_other_is_reserved(
    kind: type[Bits], size: int, bits: dict[tuple[int, int], str]
) -> None:
    for byte in range(1, size + 1):
        for bit in range(8, 0, -1):
            value = bytes(byte - 1) + bytes([1 << (bit - 1)]) + bytes(size - byte)
            assert kind.parse(value).words() == (bits.get((byte, bit), f"RFU byte {byte} b{bit}"),)


@pytest.mark.parametrize("kind", KINDS)
def test_words_bring_their_bits_back(kind: type[Bits]) -> None:
    for member in kind:
        assert kind.of_words(member.label.upper()) is member
    everything = kind(sum(kind))
    assert kind.of_words(", ".join(everything.words())) == everything


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_was_packed_is_parsed_with_its_reserved_bits(kind: type[Bits], data: st.DataObject) -> None:
    raw = data.draw(st.binary(min_size=kind.size(), max_size=kind.size()))
    assert kind.parse(raw).pack() == raw
    assert pickle.loads(pickle.dumps(kind.parse(raw))) == kind.parse(raw)


@pytest.mark.parametrize("kind", KINDS)
def test_another_length_is_refused(kind: type[Bits]) -> None:
    with pytest.raises(ValueError, match=f"{kind.__name__} has {kind.size()} bytes, not {kind.size() + 1}"):
        kind.parse(bytes(kind.size() + 1))


def test_several_bits_are_told_in_the_order_of_the_book() -> None:
    assert (Tvr.NEW_CARD | Tvr.ODA_NOT_PERFORMED | Tvr(1)).words() == (
        "offline data authentication was not performed",
        "new card",
        "RFU byte 5 b1",
    )
    assert (Tvr.NEW_CARD | Tvr.EXPIRED).pack() == bytes.fromhex("0048000000")


def test_no_words_are_no_bits() -> None:
    assert Tvr.of_words("") == Tvr.of_words(" , ") == Tvr(0)
    assert Tvr(0).words() == ()


def test_words_with_a_slip_are_refused_with_those_that_come_near() -> None:
    with pytest.raises(ConfigurationError, match=r"no bit 'expired aplication' \(near: expired application"):
        Tvr.of_words("new card, expired aplication")
    with pytest.raises(ConfigurationError, match=r"no bit 'xyz' \(one of: sda supported, dda supported"):
        Aip.of_words("xyz")


def test_bits_of_no_kind_have_no_length() -> None:
    with pytest.raises(TypeError, match="of no length"):
        Bits.size()


def test_a_card_status_update_carries_the_tries_it_sets() -> None:
    update = Csu.APPROVED.with_pin_tries(3)
    assert update.pack() == bytes.fromhex("03900000")
    assert update.pin_tries == 3
    assert update.with_pin_tries(1).pack() == bytes.fromhex("01900000")
    assert NOTHING.pack() == bytes(4)
