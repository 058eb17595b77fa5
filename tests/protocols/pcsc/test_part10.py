"""PC/SC part 10: feature lists, PIN entry on the reader, reader properties. Vectors of facts/pcsc-emv 1.4 and 5."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pcsc.part10 import (
    CTL,
    GET_FEATURE,
    Feature,
    Part10Error,
    PinOutcome,
    PinProperties,
    PinResult,
    PinVerify,
    TlvProperties,
    features,
    pack_features,
)

VERIFY = bytes.fromhex("0020008008" + "2FFFFFFFFFFFFFFF")  # EMV Book 3, 6.5.12
BYTE, WORD, LONG = st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)


def test_get_feature_has_the_control_code_of_pcsc_lite() -> None:
    assert GET_FEATURE == 0x42000D48
    assert CTL(1) == 0x42000001


def test_control_codes_are_those_of_the_library() -> None:
    scard = pytest.importorskip("smartcard.scard")
    assert {number: CTL(number) for number in (1, 3400, 3500)} == {
        number: scard.SCARD_CTL_CODE(number) for number in (1, 3400, 3500)
    }


def test_a_feature_list_of_a_pinpad_reader() -> None:
    """Codes are big-endian here, and nowhere else in part 10."""
    raw = bytes.fromhex("0604 42330006 0A04 4233000A 1204 42330012 1304 42000001".replace(" ", ""))
    assert features(raw) == {
        Feature.VERIFY_PIN_DIRECT: 0x42330006, Feature.IFD_PIN_PROPERTIES: 0x4233000A,
        Feature.GET_TLV_PROPERTIES: 0x42330012, Feature.CCID_ESC_COMMAND: 0x42000001,
    }  # fmt: skip
    assert pack_features(features(raw)) == raw


def test_features_are_those_that_pyscard_names() -> None:
    part10 = pytest.importorskip("smartcard.pcsc.PCSCPart10")
    theirs = {
        name.removeprefix("FEATURE_"): value for name, value in vars(part10).items() if name.startswith("FEATURE_")
    }
    ours = {feature.name: feature.value for feature in Feature}
    assert {name: ours[name] for name in theirs if name in ours} == {
        name: value for name, value in theirs.items() if name in ours
    }
    assert len(set(theirs) & set(ours)) >= 15


def test_a_feature_reads_as_words() -> None:
    assert Feature.VERIFY_PIN_DIRECT.words == "verify PIN direct"
    assert Feature.CCID_ESC_COMMAND.words == "CCID esc command"
    assert Feature.GET_TLV_PROPERTIES.words == "get TLV properties"
    assert Feature.IFD_PIN_PROPERTIES.words == "IFD PIN properties"


def test_no_features_is_an_empty_list() -> None:
    assert features(b"") == {}
    assert pack_features({}) == b""


def test_a_feature_of_a_later_edition_is_passed_over() -> None:
    assert features(bytes.fromhex("7F0442000001060442000002")) == {Feature.VERIFY_PIN_DIRECT: 0x42000002}


@given(st.dictionaries(st.sampled_from(Feature), LONG))
def test_any_feature_list_is_read_back(offered: dict[Feature, int]) -> None:
    assert features(pack_features(offered)) == offered


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("06", "feature list, byte 1: entry 06 is cut off"),
        ("060442000001" + "0A044200", "feature list, byte 7: entry 0A is cut off"),
        ("06024200", "feature list, byte 1: the code of feature 06 has 2 bytes"),
    ],
)
def test_faults_of_a_feature_list_name_the_byte(text: str, says: str) -> None:
    with pytest.raises(Part10Error) as caught:
        features(bytes.fromhex(text))
    assert str(caught.value) == says


def test_the_layout_of_a_pin_verification_is_little_endian() -> None:
    packed = PinVerify(
        VERIFY, timeout_s=30, timeout_after_key_s=15, shortest=4, longest=8, messages=1, language=0x0804
    ).pack()
    assert packed.hex().upper() == (
        "1E0F"
        + "89"
        + "47"
        + "04"
        + "0804"
        + "02"
        + "01"
        + "0408"
        + "00"
        + "000000"
        + "0D000000"
        + VERIFY.hex().upper()
    )


@given(
    st.builds(
        PinVerify, st.binary(max_size=262), *[BYTE] * 9, language=WORD, message=BYTE,
        prologue=st.binary(min_size=3, max_size=3),
    )
)  # fmt: skip
def test_any_pin_verification_is_read_back(request_: PinVerify) -> None:
    assert PinVerify.unpack(request_.pack()) == request_


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "PIN verification, byte 1: 19 bytes are needed before the command"),
        (bytes(18), "PIN verification, byte 19: 19 bytes are needed before the command"),
        (PinVerify(VERIFY).pack()[:-1], "PIN verification, byte 16: a command of 13 bytes, 12 follow"),
        (PinVerify(VERIFY).pack() + b"\0", "PIN verification, byte 16: a command of 13 bytes, 14 follow"),
    ],
)
def test_faults_of_a_pin_verification_name_the_byte(raw: bytes, says: str) -> None:
    with pytest.raises(Part10Error) as caught:
        PinVerify.unpack(raw)
    assert str(caught.value) == says


def test_a_display_is_lines_by_columns_little_endian() -> None:
    assert PinProperties(lines=2, columns=16).pack().hex() == "10020700"
    assert PinProperties.unpack(bytes.fromhex("10020700")) == PinProperties(2, 16)


@given(BYTE, BYTE, BYTE, BYTE)
def test_any_pin_properties_are_read_back(lines: int, columns: int, validation: int, timeout: int) -> None:
    whole = PinProperties(lines, columns, validation, timeout)
    assert PinProperties.unpack(whole.pack()) == whole


@pytest.mark.parametrize("size", [0, 3, 5])
def test_pin_properties_of_another_size_are_refused(size: int) -> None:
    with pytest.raises(Part10Error, match=f"PIN properties have 4 bytes, these {size}"):
        PinProperties.unpack(bytes(size))


def test_reader_properties_as_a_pinpad_gives_them() -> None:
    raw = bytes.fromhex("0102 1002 0601 04 0701 0C 0804 312E3233 0A04 00000000 0B02 2F07 0C02 0022".replace(" ", ""))
    told = TlvProperties.unpack(raw)
    assert told == TlvProperties(
        lcd_layout=0x0210, shortest_pin=4, longest_pin=12, firmware="1.23", longest_apdu=0, usb_vendor=0x072F,
        usb_product=0x2200,
    )  # fmt: skip
    assert told.usb_ids == "072f:2200"
    assert told.pack() == raw


def test_the_lengths_of_properties_are_those_that_pyscard_reads() -> None:
    """pyscard's own reader of these lists gives the same values."""
    part10 = pytest.importorskip("smartcard.pcsc.PCSCPart10")
    whole = TlvProperties(
        lcd_layout=0x0210, validation=2, timeout_after_key_s=15, lcd_columns=16, lcd_lines=2, shortest_pin=4,
        longest_pin=12, firmware="1.23", ppdu=1, longest_apdu=65536, usb_vendor=0x072F, usb_product=0x2200,
    )  # fmt: skip
    theirs = part10.parseTlvProperties(list(whole.pack()))
    assert theirs["PCSCv2_PART10_PROPERTY_wIdVendor"] == 0x072F
    assert theirs["PCSCv2_PART10_PROPERTY_wIdProduct"] == 0x2200
    assert theirs["PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize"] == 65536
    assert theirs["PCSCv2_PART10_PROPERTY_bMinPINSize"] == 4
    assert theirs["PCSCv2_PART10_PROPERTY_bMaxPINSize"] == 12


@pytest.mark.parametrize("known", [{}, {"usb_vendor": 1}, {"usb_product": 1}])
def test_a_reader_that_does_not_name_both_ids_has_none(known: dict[str, int]) -> None:
    assert TlvProperties(**known).usb_ids == ""


def _optional(least: int, most: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(least, most)


@given(
    st.builds(
        TlvProperties, lcd_layout=_optional(0, 0xFFFF), validation=_optional(0, 0xFF),
        timeout_after_key_s=_optional(0, 0xFF), lcd_columns=_optional(0, 0xFFFF), lcd_lines=_optional(0, 0xFFFF),
        shortest_pin=_optional(0, 0xFF), longest_pin=_optional(0, 0xFF),
        firmware=st.none() | st.text(max_size=40), ppdu=_optional(0, 0xFF), longest_apdu=_optional(0, 0xFFFFFFFF),
        usb_vendor=_optional(0, 0xFFFF), usb_product=_optional(0, 0xFFFF),
    )
)  # fmt: skip
def test_any_reader_properties_are_read_back(told: TlvProperties) -> None:
    assert TlvProperties.unpack(told.pack()) == told


def test_a_property_of_a_later_edition_is_passed_over() -> None:
    assert TlvProperties.unpack(bytes.fromhex("7F03010203060104")) == TlvProperties(shortest_pin=4)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0601", "reader properties, byte 1: entry 06 is cut off"),
        ("0601040B03010203", "reader properties, byte 4: usb_vendor has 2 bytes, this one 3"),
    ],
)
def test_faults_of_reader_properties_name_the_byte(text: str, says: str) -> None:
    with pytest.raises(Part10Error) as caught:
        TlvProperties.unpack(bytes.fromhex(text))
    assert str(caught.value) == says


@pytest.mark.parametrize(
    ("sw", "result", "tries"),
    [
        ("9000", PinResult.RIGHT, None), ("63C2", PinResult.WRONG, 2), ("63C0", PinResult.BLOCKED, 0),
        ("6300", PinResult.WRONG, None), ("6983", PinResult.BLOCKED, 0), ("6400", PinResult.TIMED_OUT, None),
        ("6401", PinResult.CANCELLED, None), ("6402", PinResult.MISMATCH, None),
        ("6403", PinResult.WRONG_LENGTH, None), ("6B80", PinResult.BAD_REQUEST, None),
        ("6D00", PinResult.REFUSED, None),
    ],
)  # fmt: skip
def test_how_pin_entry_ended(sw: str, result: PinResult, tries: int | None) -> None:
    outcome = PinOutcome.from_answer(bytes.fromhex(sw))
    assert outcome == PinOutcome(result, sw, tries)
    assert outcome.right == (sw == "9000")


def test_pin_entry_without_status_words_is_an_error() -> None:
    with pytest.raises(Part10Error, match="an answer of 1 bytes has no status words"):
        PinOutcome.from_answer(b"\x90")


def test_reader_properties_are_told_by_name_alone() -> None:
    """Every tag has a field of its own: none is lost on the way."""
    names = [field.name for field in dataclasses.fields(TlvProperties)]
    whole = TlvProperties(**{name: "1" if name == "firmware" else 1 for name in names})
    assert len(whole.pack()) == sum(2 + size for size in (2, 1, 1, 2, 2, 1, 1, 1, 1, 4, 2, 2))
