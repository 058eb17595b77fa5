"""Attributes of a reader in words. The values are those that readers gave in facts/pcsc-emv 1.4 and 5."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pcsc import identity
from protocols.pcsc.identity import NOT_OFFERED, UsbPlace, decode, usb_place


@pytest.mark.parametrize(
    ("tag", "raw", "words"),
    [
        (identity.VENDOR_NAME, b"ACS", "ACS"),
        (identity.VENDOR_NAME, b"ACS\0", "ACS"),
        (identity.VENDOR_NAME, b"ACS\0left over", "ACS"),
        (identity.VENDOR_NAME, b"  ACS  ", "ACS"),
        (identity.VENDOR_IFD_TYPE, "Lesegerät".encode(), "Lesegerät"),
        (identity.VENDOR_IFD_TYPE, b"\xff\xfe", "\ufffd\ufffd"),
        (identity.VENDOR_IFD_VERSION, bytes.fromhex("07000201"), "1.2.7"),
        (identity.VENDOR_IFD_VERSION, bytes.fromhex("0201"), "0201"),
        (identity.MAXINPUT, bytes.fromhex("05010000"), "261"),
        (identity.MAXINPUT, bytes.fromhex("050100"), "050100"),
        (identity.DEFAULT_CLK, bytes.fromhex("a00f0000"), "4000 kHz"),
        (identity.MAX_DATA_RATE, bytes.fromhex("80 25 00 00"), "9600 bit/s"),
        (identity.CHANNEL_ID, bytes.fromhex("07012000"), "USB bus 1, device 7"),
        (identity.CHANNEL_ID, bytes.fromhex("02000100"), "serial port 2"),
        (identity.CHANNEL_ID, bytes.fromhex("0200ff00"), "0200FF00"),
        (identity.CHANNEL_ID, bytes.fromhex("020001"), "020001"),
        (identity.ATR_STRING, bytes.fromhex("3b00"), "3B00"),
    ],
)
def test_values_in_words(tag: int, raw: bytes, words: str) -> None:
    assert decode(tag, raw) == words


@pytest.mark.parametrize("raw", [b"", b"\0", b"\0\0\0", b"   "])
def test_a_reader_that_says_nothing_does_not_offer_it(raw: bytes) -> None:
    assert decode(identity.VENDOR_IFD_SERIAL_NO, raw) == NOT_OFFERED


@given(st.integers(0, 2**32), st.binary(max_size=300))
def test_what_a_reader_says_fits_one_line_of_a_report(tag: int, raw: bytes) -> None:
    for each in (tag, *identity.FINGERPRINT.values()):
        said = decode(each, raw)
        assert said
        assert said.isprintable()


@pytest.mark.parametrize("raw", [b"", bytes.fromhex("0701200000"), bytes.fromhex("07012100"), bytes(4)])
def test_a_channel_that_is_not_usb_has_no_place(raw: bytes) -> None:
    assert usb_place(raw) is None


@given(st.integers(0, 255), st.integers(0, 255))
def test_the_place_on_usb_is_bus_and_address(bus: int, address: int) -> None:
    assert usb_place(bytes([address, bus, 0x20, 0x00])) == UsbPlace(bus, address)
