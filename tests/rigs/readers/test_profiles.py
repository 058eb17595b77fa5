"""Reader profiles: those of this house, those of others, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from protocols.pcsc.part10 import CTL, Feature
from rigs.readers.profiles.loading import load_reader_profile, reader_profile_names
from simulators.reader import ReaderProfile, SlotKind


def test_those_of_this_house() -> None:
    assert reader_profile_names() == ["acr122u-like", "dual", "pinpad-like", "plain"]
    assert load_reader_profile("plain") == ReaderProfile()
    assert load_reader_profile("dual").slots == (SlotKind.CONTACT, SlotKind.CONTACTLESS)
    profiles = [load_reader_profile(name) for name in reader_profile_names()]
    assert len({p.serial for p in profiles}) == len({p.name for p in profiles}) == 4


def test_a_reader_in_the_manner_of_the_acr122u() -> None:
    """facts/pcsc-emv 1.4, 5."""
    profile = load_reader_profile("acr122u-like")
    assert profile.escape is not None
    answers = {
        "FF00480000": b"ACR122U207",
        "FF0040500401010201": b"\x90\x00",
        "FF00520000": b"\x90\x00",
        "FF0052FF00": b"\x90\x00",
        "FF00990000": b"\x63\x00",
    }
    assert {command: profile.escape.answer(bytes.fromhex(command)) for command in answers} == answers
    assert (profile.usb_vendor, profile.usb_product) == ("072F", "2200")
    assert profile.features[Feature.CCID_ESC_COMMAND] == CTL(1)


def test_a_reader_with_keys() -> None:
    profile = load_reader_profile("pinpad-like")
    assert Feature.VERIFY_PIN_DIRECT in profile.features
    assert (profile.firmware, profile.version) == ("1.2.16", 0x01020010)


def test_one_of_somebody_elses_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("vendor: Lab\nserial: ''\nslots: [contactless]\n")
    profile = load_reader_profile(str(path))
    assert (profile.vendor, profile.slots) == ("Lab", (SlotKind.CONTACTLESS,))
    assert 0x00010103 not in profile.attributes()


def test_a_name_that_none_has_is_met_with_the_near_miss() -> None:
    with pytest.raises(ConfigurationError, match="did you mean acr122u-like"):
        load_reader_profile("acr122-like")
    with pytest.raises(ConfigurationError, match="there are acr122u-like, dual, pinpad-like, plain"):
        load_reader_profile("nothing of the kind")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("vendour: Lab", "did you mean vendor"), ("slots: []", "slots"), ("slots: [chip]", "slots.0"),
        ("slots: [contact, contact, contact, contact, contact, contact, contact, contact, contact]", "slots"),
        ("firmware: 1.0", "firmware"), ('name: "say \\"hello\\""', "name"), ("name: ''", "name"),
        ("usb_vendor: 72F", "usb_vendor"), ("longest_apdu: 100", "longest_apdu"), ("firmware: 256.0.1", "0 to 255"),
        ("firmware: 1.0.65536", "0 to 65535"), ("pinpad: {shortest: 0}", "pinpad.shortest"),
        ("escape: {commands: [{command: F}]}", "escape.commands.0.command"),
        ("escape: {commands: [{command: 'F*', answer: '9000'}]}", "escape.commands.0.command"),
        ("escape: {unknown: 63}", "escape.unknown"), ("pinpad: {shortest: 8, longest: 4}", "pinpad"),
        ("escape: {commands: [{command: 'FF', answer: '9000', text: 'V1'}]}", "escape.commands.0"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text + "\n")
    with pytest.raises(ConfigurationError, match=place):
        load_reader_profile(str(path))
