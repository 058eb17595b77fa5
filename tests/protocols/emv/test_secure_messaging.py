"""Issuer scripts: their MAC, the PIN in them, and the templates. EMV Book 2, 9; Book 3, 6.5 and 10.10.

Figures were made with pyemv 1.5.0 under the same keys as in `test_versions`, its Visa format for PBOC.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.crypto import xor
from protocols.emv import Apdu, find
from protocols.emv.apdu import INSTRUCTIONS
from protocols.emv.keys import CardKeys
from protocols.emv.pin import pin_block_2
from protocols.emv.scripts import (
    AFTER,
    BEFORE,
    application_block,
    application_unblock,
    card_block,
    pin_change,
    pin_unblock,
    put_data,
    template,
    update_record,
)
from protocols.emv.secure_messaging import ScriptKeys, opened, pin_of_change, script_mac, seal
from protocols.emv.secure_messaging import pin_change as pin_data
from protocols.emv.tlv import parse
from protocols.emv.versions import COMMON_18, PBOC_01, CryptogramVersion
from tests.protocols.emv.keys_for_tests import odd_parity
from tests.protocols.emv.test_versions import ARQC_18, ATC_18, MASTERS, PAN_18

ATC, ARQC = b"\x02\x40", bytes.fromhex("5D016C91005E7CC2")
VERSIONS = pytest.mark.parametrize("version", [PBOC_01, COMMON_18], ids=["01", "18"])
pins = st.text("0123456789", min_size=4, max_size=12)


def keys(version: CryptogramVersion, atc: bytes = ATC, request: bytes = ARQC) -> ScriptKeys:
    card = version.card_keys(MASTERS, PAN_18, "01")
    return version.script_keys(CardKeys(odd_parity(card.ac), card.mac, card.enc), atc, request)


@pytest.mark.parametrize(
    ("command", "sealed"),
    [
        (pin_unblock(), "8424000004" + "E9DE0730"),
        (pin_change(pin_data(keys(PBOC_01), "4321")), "8424000214" + "CF1912CDAFDA7BEF651DD3F47305037E" + "4F55FBC0"),
        (
            pin_change(pin_data(keys(PBOC_01), "4321", "123456"), with_current=True),
            "8424000114" + "15B158B418F7955C651DD3F47305037E" + "1D1F91EF",
        ),
    ],
)
def test_commands_of_version_01_are_those_of_pyemv(command: Apdu, sealed: str) -> None:
    assert seal(command, keys(PBOC_01)).pack().hex().upper() == sealed


@pytest.mark.parametrize(
    ("command", "sealed"),
    [
        (application_block(), "841E000004" + "F57F4CA7"),
        (
            pin_change(pin_data(keys(COMMON_18, ATC_18, ARQC_18), "4321")),
            "8424000214" + "2F94BD304170DB350AF4D085B78A15FD" + "B489755B",
        ),
    ],
)
def test_commands_of_version_18_are_those_of_pyemv(command: Apdu, sealed: str) -> None:
    assert seal(command, keys(COMMON_18, ATC_18, ARQC_18)).pack().hex().upper() == sealed


@VERSIONS
@given(st.binary(max_size=200))
def test_a_sealed_command_is_opened_by_the_keys_of_its_transaction_alone(
    version: CryptogramVersion, value: bytes
) -> None:
    command, own = put_data("9F79", value), keys(version)
    sealed = seal(command, own)
    assert opened(sealed, own) == command
    assert len(sealed.data) == len(value) + 4
    for other in (keys(version, b"\x02\x41"), keys(version, request=ARQC[::-1]), replace(own, mac=own.enc)):
        assert opened(sealed, other) is None


@VERSIONS
@pytest.mark.parametrize(
    "change",
    [
        lambda c: replace(c, p1=c.p1 ^ 1), lambda c: replace(c, p2=c.p2 ^ 1), lambda c: replace(c, ins=0x1E),
        lambda c: replace(c, cla=0x04), lambda c: replace(c, data=b"\x01" + c.data[1:]),
        lambda c: replace(c, data=c.data[:-1] + bytes([c.data[-1] ^ 1])), lambda c: replace(c, data=c.data[1:]),
        lambda c: replace(c, data=b""), lambda c: replace(c, data=c.data[-3:]),
    ],
)  # fmt: skip
def test_each_part_of_a_command_is_under_its_mac(version: CryptogramVersion, change: object) -> None:
    sealed = seal(Apdu(0x84, 0x24, 0, 2, bytes(8)), keys(version))
    assert opened(change(sealed), keys(version)) is None  # type: ignore[operator]


def test_a_longer_mac_begins_as_the_short_one_only_if_lc_is_the_same() -> None:
    assert len(script_mac(card_block(), keys(PBOC_01), 8)) == 8
    assert script_mac(card_block(), keys(PBOC_01), 8)[:4] != script_mac(card_block(), keys(PBOC_01))
    assert opened(seal(card_block(), keys(PBOC_01), 8), keys(PBOC_01), 8) == card_block()


@VERSIONS
@given(pins)
def test_the_new_pin_comes_back(version: CryptogramVersion, new: str) -> None:
    data = pin_data(keys(version), new)
    assert pin_of_change(keys(version), data) == new
    assert len(data) == 16


@given(pins, pins)
def test_with_the_current_pin_only_who_has_it_reads_the_new_one(new: str, current: str) -> None:
    data = pin_data(keys(PBOC_01), new, current)
    assert pin_of_change(keys(PBOC_01), data, current) == new
    other = current[:-1] + str((int(current[-1]) + 1) % 10)
    assert pin_of_change(keys(PBOC_01), data, other) != new


@VERSIONS
@pytest.mark.parametrize("data", [b"", bytes(7), bytes(8), bytes(16), b"\xff" * 24])
def test_data_that_hold_no_pin_give_none(version: CryptogramVersion, data: bytes) -> None:
    assert pin_of_change(keys(version), data) is None


def test_a_block_of_another_length_or_kind_gives_no_pin() -> None:
    own = keys(PBOC_01)
    short = own.encipherment.encipher(own.enc, bytes(7))
    assert pin_of_change(own, short) is None
    control = own.encipherment.encipher(own.enc, b"\xff" * 8)
    assert pin_of_change(own, control) is None


def test_a_block_whose_control_nibble_is_not_zero_gives_no_pin() -> None:
    """It would be the block of another version."""
    own = keys(PBOC_01)
    crossed = xor(pin_block_2("4321"), bytes(4) + own.ac[4:8])
    assert pin_of_change(own, own.encipherment.encipher(own.enc, crossed)) is None
    assert pin_of_change(own, own.encipherment.encipher(own.enc, b"\x04" + crossed[1:])) == "4321"


@pytest.mark.parametrize(("data", "of_01", "of_18"), [(6, 8, 8), (7, 8, 8), (8, 16, 16), (15, 16, 16), (16, 24, 24)])
def test_padding_is_what_each_version_wants(data: int, of_01: int, of_18: int) -> None:
    """PBOC fills up, with a length before the data; EMV always pads. EMV Book 2, Annex A1.1"""
    sizes = [len(k.encipherment.encipher(k.enc, bytes(data))) for k in (keys(PBOC_01), keys(COMMON_18))]
    assert sizes == [of_01, of_18]


@given(st.binary(max_size=40))
def test_data_of_every_length_are_enciphered_and_come_back(data: bytes) -> None:
    for version in (PBOC_01, COMMON_18):
        by = keys(version)
        enciphered = by.encipherment.encipher(by.enc, data)
        assert len(enciphered) % 8 == 0
        assert by.encipherment.decipher(by.enc, enciphered) == data


@pytest.mark.parametrize("pin", ["123", "12a4"])
@VERSIONS
def test_a_pin_that_is_none_is_not_enciphered(version: CryptogramVersion, pin: str) -> None:
    with pytest.raises(ValueError, match="4 to 12 digits"):
        pin_data(keys(version), pin)


# ── commands and templates ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("command", "raw", "name"),
    [
        (application_block(), "841E0000", "APPLICATION BLOCK"),
        (application_unblock(), "84180000", "APPLICATION UNBLOCK"),
        (card_block(), "84160000", "CARD BLOCK"),
        (pin_unblock(), "84240000", "PIN CHANGE/UNBLOCK"),
        (pin_change(b"\x01"), "842400020101", "PIN CHANGE/UNBLOCK"),
        (pin_change(b"\x01", with_current=True), "842400010101", "PIN CHANGE/UNBLOCK"),
        (put_data("9F79", b"\x01"), "04DA9F790101", "PUT DATA"),
        (put_data("9A", b"\x01"), "04DA009A0101", "PUT DATA"),
        (update_record(3, 2, b"\x01"), "04DC021C0101", "UPDATE RECORD"),
    ],
)
def test_commands_are_those_of_the_book(command: Apdu, raw: str, name: str) -> None:
    assert command.pack().hex().upper() == raw
    assert command.name == name
    assert INSTRUCTIONS[name] == command.ins


@pytest.mark.parametrize("tag", [BEFORE, AFTER])
def test_a_template_holds_identifier_and_commands_in_their_order(tag: str) -> None:
    first, second = card_block().pack(), pin_unblock().pack()
    made = template(tag, bytes.fromhex("12345678"), [first, second])
    (node,) = parse(made)
    assert node.tag == tag
    assert [(child.tag, child.value) for child in node.children] == [
        ("9F18", bytes.fromhex("12345678")), ("86", first), ("86", second),
    ]  # fmt: skip
    assert find(made, "9F18") == bytes.fromhex("12345678")
