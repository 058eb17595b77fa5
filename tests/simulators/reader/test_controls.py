"""Features, properties and escape commands of a reader, by its profile. PC/SC part 10."""

from __future__ import annotations

import pytest

from protocols.pcsc.part10 import CTL, GET_FEATURE, Feature, PinProperties, TlvProperties, features
from simulators.reader import ReaderProfile, Slot
from tests.simulators.kit import Events

ESCAPE = {
    "functions": [3500, 1],
    "feature": 1,
    "commands": [
        {"command": "FF00480000", "text": "V2"},
        {"command": "FF0040*", "answer": "9000"},
        {"command": "FF*", "answer": "6F00"},
    ],
    "unknown": "6300",
}
PINPAD = {"shortest": 5, "longest": 8, "lines": 4, "columns": 20}


def reader(events: Events, **profile: object) -> Slot:
    return Slot(events, ReaderProfile.model_validate(profile))


def test_a_plain_reader_offers_nothing(events: Events) -> None:
    slot = reader(events)
    assert slot.control(GET_FEATURE, b"") == b""
    for code in (CTL(1), CTL(3500), CTL(3401), 0):
        assert slot.control(code, b"\xff\x00\x48\x00\x00") is None


@pytest.mark.parametrize("code", [CTL(3500), CTL(1)])
@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("FF00480000", b"V2"), ("FF004048", b"\x90\x00"), ("FF0040", b"\x90\x00"),
        ("FF0048000F", b"\x6f\x00"), ("FF0048000000", b"\x6f\x00"), ("FF0048", b"\x6f\x00"),
        ("E0", b"\x63\x00"), ("", b"\x63\x00"),
    ],
)  # fmt: skip
def test_the_first_row_of_the_table_that_fits_answers(events: Events, code: int, command: str, answer: bytes) -> None:
    assert reader(events, escape=ESCAPE).control(code, bytes.fromhex(command)) == answer


def test_the_escape_code_is_among_the_features_where_the_profile_says_so(events: Events) -> None:
    slot = reader(events, escape=ESCAPE)
    assert features(slot.control(GET_FEATURE, b"") or b"") == {Feature.CCID_ESC_COMMAND: CTL(1)}
    hidden = reader(events, escape={**ESCAPE, "feature": None})
    assert hidden.control(GET_FEATURE, b"") == b""
    assert hidden.control(CTL(1), b"\xe0") == b"\x63\x00"


def test_a_feature_code_of_its_own_takes_escapes_too(events: Events) -> None:
    slot = reader(events, escape={**ESCAPE, "functions": [3500], "feature": 2079})
    assert features(slot.control(GET_FEATURE, b"") or b"")[Feature.CCID_ESC_COMMAND] == CTL(2079)
    assert slot.control(CTL(2079), b"\xe0") == b"\x63\x00"
    assert slot.control(CTL(1), b"\xe0") is None


def test_a_reader_with_keys_says_what_they_can_do(events: Events) -> None:
    slot = reader(events, pinpad=PINPAD, tlv_properties=True, firmware="1.2.3", longest_apdu=65_544)
    codes = features(slot.control(GET_FEATURE, b"") or b"")
    assert list(codes) == [Feature.VERIFY_PIN_DIRECT, Feature.IFD_PIN_PROPERTIES, Feature.GET_TLV_PROPERTIES]
    assert len(set(codes.values())) == 3
    pin = PinProperties.unpack(slot.control(codes[Feature.IFD_PIN_PROPERTIES], b"") or b"")
    assert (pin.lines, pin.columns, pin.validation) == (4, 20, 2)
    tlv = TlvProperties.unpack(slot.control(codes[Feature.GET_TLV_PROPERTIES], b"") or b"")
    assert (tlv.shortest_pin, tlv.longest_pin, tlv.lcd_layout) == (5, 8, 0x0414)
    assert (tlv.firmware, tlv.longest_apdu) == ("1.2.3", 65_535)


def test_properties_that_a_reader_has_not_are_left_out(events: Events) -> None:
    slot = reader(events, tlv_properties=True, usb_vendor="072F", usb_product="2200")
    code = features(slot.control(GET_FEATURE, b"") or b"")[Feature.GET_TLV_PROPERTIES]
    tlv = TlvProperties.unpack(slot.control(code, b"") or b"")
    assert (tlv.usb_vendor, tlv.usb_product, tlv.longest_apdu) == (0x072F, 0x2200, 0)
    assert (tlv.shortest_pin, tlv.longest_pin, tlv.lcd_layout, tlv.validation) == (None,) * 4
    bare = TlvProperties.unpack(reader(events, tlv_properties=True).control(code, b"") or b"")
    assert (bare.usb_vendor, bare.usb_product) == (None, None)
