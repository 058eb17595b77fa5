"""The fingerprint of a reader: what is not offered is the text `not offered`. facts/pcsc-emv 5."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from protocols.pcsc import identity
from protocols.pcsc.identity import NOT_OFFERED
from protocols.pcsc.part10 import CTL, GET_FEATURE, Feature, TlvProperties, pack_features
from rigs.readers import fingerprint

CHANNEL = struct.pack("<I", 0x00200103)


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """Two devices of one bus, as the kernel shows them; interfaces have no numbers of their own."""
    for port, number, product in (("1-2.3", 3, "2200"), ("1-2.4", 4, "2214")):
        device = tmp_path / port
        device.mkdir()
        for name, value in (("busnum", 1), ("devnum", number), ("idVendor", "072f"), ("idProduct", product)):
            (device / name).write_text(f"{value}\n")
    (tmp_path / "1-2.3:1.0").mkdir()
    return tmp_path


class Reader:
    def __init__(self, attributes: dict[int, bytes], controls: dict[int, bytes]) -> None:
        self._attributes, self._controls = attributes, controls

    def attribute(self, tag: int) -> bytes | None:
        return self._attributes.get(tag)

    def control(self, code: int, data: bytes, deadline_s: float | None = None) -> bytes | None:
        return self._controls.get(code)


def of(reader: Reader, sysfs: Path) -> dict[str, str]:
    return fingerprint.of_reader(reader.attribute, reader.control, sysfs=sysfs)


def test_a_reader_that_says_nothing_offers_nothing(sysfs: Path) -> None:
    assert set(of(Reader({}, {}), sysfs).values()) == {NOT_OFFERED}


def test_a_usb_reader_is_known_by_its_port_and_its_numbers(sysfs: Path) -> None:
    told = of(Reader({identity.CHANNEL_ID: CHANNEL}, {}), sysfs)
    assert (told["usb path"], told["usb ids"]) == ("1-2.3", "072F:2200")


def test_a_device_that_is_no_longer_there_is_not_offered(sysfs: Path) -> None:
    told = of(Reader({identity.CHANNEL_ID: struct.pack("<I", 0x00200109)}, {}), sysfs)
    assert (told["usb path"], told["usb ids"]) == (NOT_OFFERED, NOT_OFFERED)


def test_what_the_reader_says_of_its_numbers_goes_before_what_the_kernel_says(sysfs: Path) -> None:
    tlv = TlvProperties(usb_vendor=0x1209, usb_product=1, shortest_pin=4, longest_pin=8, lcd_lines=2, lcd_columns=16)
    offered = pack_features({Feature.GET_TLV_PROPERTIES: CTL(9), Feature.CCID_ESC_COMMAND: CTL(1)})
    told = of(Reader({identity.CHANNEL_ID: CHANNEL}, {GET_FEATURE: offered, CTL(9): tlv.pack()}), sysfs)
    assert told["usb ids"] == "1209:0001"
    assert told["usb path"] == "1-2.3"
    assert (told["PIN lengths"], told["display"]) == ("4-8", "2 x 16")
    assert told["escape code"] == "42000001"
    assert told["features"] == "get TLV properties, CCID esc command"


def test_properties_that_cannot_be_read_are_not_offered(sysfs: Path) -> None:
    offered = pack_features({Feature.GET_TLV_PROPERTIES: CTL(9)})
    told = of(Reader({}, {GET_FEATURE: offered, CTL(9): b"\x06\x05\x01"}), sysfs)
    assert told["PIN lengths"] == NOT_OFFERED


def test_the_driver_of_usb_readers_tells_its_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plist = tmp_path / "Info.plist"
    plist.write_text("<key>CFBundleShortVersionString</key>\n\t<string>1.5.2</string>\n")
    monkeypatch.setattr(fingerprint, "CCID_PLIST", plist)
    assert fingerprint.of_software.__wrapped__()["ccid driver"] == "libccid 1.5.2"
    monkeypatch.setattr(fingerprint, "CCID_PLIST", tmp_path / "none")
    assert fingerprint.of_software.__wrapped__()["ccid driver"] == NOT_OFFERED


def test_a_program_that_is_not_there_offers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program, path="": None)
    told = fingerprint.of_software.__wrapped__()
    assert told["service"] == told["library"] == NOT_OFFERED
    assert told["driver"] == "PC/SC"
