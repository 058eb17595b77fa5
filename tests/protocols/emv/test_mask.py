"""What a card answered and was told, as it may be kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv import build, mask_apdu
from protocols.emv.mask import hide_chip_data
from protocols.masking import Exposure
from tests.protocols.samples import PAN, pans

READ, SELECT, CHALLENGE = (bytes.fromhex(h) for h in ("00B2011400", "00A4040000", "0084000000"))
OK = b"\x90\x00"


def test_a_record_keeps_the_ends_of_its_pan_and_nothing_of_track_expiry_and_name() -> None:
    track = bytes.fromhex(PAN + "D30122201000000F")
    data = build([("70", [("5A", bytes.fromhex(PAN)), ("57", track), ("5F24", b"\x30\x12\x31"), ("5F20", b"LI/HUA")])])
    _, response = mask_apdu(READ, data + OK)
    assert response.raw.hex().upper() == (
        "702B" + "5A08625094FFFFFF0014" + "5710" + "F" * 32 + "5F2403FFFFFF" + "5F2006" + "F" * 12 + "9000"
    )
    assert response.exposed == (
        Exposure("pan", 4, 16, "holdfast"),
        Exposure("track", 14, 31, "holdfast"),
        Exposure("expiry", 33, 6, "holdfast"),
        Exposure("hidden", 39, 12, "holdfast"),
    )


def test_a_pan_of_odd_length_keeps_its_last_four_digits() -> None:
    _, response = mask_apdu(READ, build([("5A", bytes.fromhex(PAN + "003F"))]) + OK)
    assert response.raw.hex().upper() == "5A0A" + "625094FFFFFFFFF4003F" + "9000"


@pytest.mark.parametrize("tag", ["56", "9F1F", "9F20", "9F6B", "99", "9F0B", "9F61"])
def test_other_card_data_is_hidden_whole(tag: str) -> None:
    _, response = mask_apdu(READ, build([(tag, b"\x12\x34")]) + OK)
    assert response.raw == bytes.fromhex(tag) + b"\x02\xff\xff" + OK


@pytest.mark.parametrize("instruction", ["20", "24"])
def test_a_pin_on_its_way_to_the_card_is_hidden(instruction: str) -> None:
    command, _ = mask_apdu(bytes.fromhex(f"00{instruction}008008" + "26123456FFFFFFFF"), OK)
    assert command.raw.hex().upper() == f"00{instruction}008008" + "F" * 16
    assert command.exposed == (Exposure("pin block", 5, 16, "holdfast"),)


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ("8424000204AABBCCDD", "8424000204FFFFFFFF"),
        ("8424000004AABBCCDD", "8424000004AABBCCDD"),
        ("8424000008AABBCCDDAABBCCDD", "8424000008AABBCCDDAABBCCDD"),
        ("8424000009AABBCCDDAABBCCDDEE", "8424000009" + "F" * 18),
        ("8424000104AABBCCDD", "8424000104FFFFFFFF"),
        ("0020008804AABBCCDD", "0020008804FFFFFFFF"),
        ("841E000004AABBCCDD", "841E000004AABBCCDD"),
        ("8424000200", "8424000200"),
        ("84", "84"),
        ("", ""),
    ],
)
def test_an_enciphered_pin_within_an_issuers_script_is_hidden(command: str, kept: str) -> None:
    script = build([("91", b"\x01"), ("72", [("9F18", b"\x12\x34"), ("86", bytes.fromhex(command))])])
    whole = build([("91", b"\x01"), ("72", [("9F18", b"\x12\x34"), ("86", bytes.fromhex(kept))])])
    assert hide_chip_data(script) == whole


@pytest.mark.parametrize("tag", ["9F46", "9F48", "9F2D", "9F2F", "93"])
def test_certificates_of_a_card_are_hidden_for_they_hold_its_pan(tag: str) -> None:
    _, response = mask_apdu(READ, build([(tag, b"\x12" * 128)]) + OK)
    assert response.raw == build([(tag, b"\xff" * 128)]) + OK


def test_chip_data_without_a_secret_are_kept_and_those_that_are_none_are_hidden_whole() -> None:
    plain = build([("9F26", b"\x01" * 8), ("95", bytes(5))])
    assert hide_chip_data(plain) == plain
    assert hide_chip_data(b"\x5a\x20\x12") == b"\xff" * 3


@pytest.mark.parametrize("tag", ["90", "92", "9F32", "9F47", "9F2E", "9F4B", "8F"])
def test_what_names_the_issuer_alone_is_kept(tag: str) -> None:
    assert mask_apdu(READ, build([(tag, b"\x12" * 8)]) + OK)[1].raw == build([(tag, b"\x12" * 8)]) + OK


def test_other_commands_are_kept_as_they_are() -> None:
    assert mask_apdu(SELECT, OK)[0].raw == SELECT
    assert mask_apdu(SELECT, OK)[0].exposed == ()


@pytest.mark.parametrize("command", [READ, SELECT, b""])
def test_an_answer_that_should_be_tlv_and_is_none_is_hidden_whole(command: bytes) -> None:
    cut = b"\x70\x40\x5a\x08" + bytes.fromhex(PAN)
    _, response = mask_apdu(command, cut + OK)
    assert response.raw == b"\xff" * len(cut) + OK
    assert response.exposed == (Exposure("undecodable", 0, 2 * len(cut), "holdfast"),)


def test_a_challenge_is_no_tlv_and_is_kept() -> None:
    _, response = mask_apdu(CHALLENGE, b"\x5a\x20\x01\x02" + OK)
    assert response.raw == b"\x5a\x20\x01\x02" + OK


@pytest.mark.parametrize("answer", [b"", b"\x90", b"\x6a\x82"])
def test_an_answer_without_data_is_kept(answer: bytes) -> None:
    assert mask_apdu(READ, answer)[1].raw == answer


@given(pans, st.binary(max_size=20))
def test_no_pan_of_a_card_is_ever_kept(pan: str, other: bytes) -> None:
    even = bytes.fromhex(pan + "F" * (len(pan) % 2))
    data = build([("9F10", other), ("70", [("5A", even), ("57", even + b"\xd3\x01")])])
    assert pan not in mask_apdu(READ, data + OK)[1].raw.hex()
    assert pan not in hide_chip_data(data).hex()
    assert len(hide_chip_data(data)) == len(data)
