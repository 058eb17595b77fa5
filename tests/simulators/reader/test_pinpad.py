"""PIN entry on the reader: the PIN goes into the command there, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pcsc.part10 import PinVerify
from simulators.card import ChipCard
from simulators.reader import ReaderProfile, Slot
from simulators.reader.pinpad import Entry, Keys, verify
from simulators.reader.profile import Pinpad
from tests.simulators.kit import PAN, Events, credit_profile
from tests.simulators.reader.kit import EchoCard

EMV = bytes.fromhex("002000800820FFFFFFFFFFFFFF")
PAD = Pinpad()
ASCII, BCD, LEFT, RIGHT, BYTES = 0x02, 0x01, 0x00, 0x04, 0x80


def sent(request: PinVerify, digits: str, pinpad: Pinpad = PAD) -> tuple[bytes, list[bytes]]:
    """What the reader says, and what it sent to the card."""
    keys, commands = Keys(), []
    keys.will_type(digits)

    def send(command: bytes) -> bytes:
        commands.append(command)
        return b"\x90\x00"

    return verify(request.pack(), keys, pinpad, send), commands


@pytest.mark.parametrize(
    ("digits", "block"),
    [("1234", "241234FFFFFFFFFF"), ("12345", "2512345FFFFFFFFF"), ("123456789012", "2C123456789012FF")],
)
def test_an_emv_pin_block_of_format_2(digits: str, block: str) -> None:
    """EMV Book 3, 6.5.12: control 2, length, BCD digits, filled with F."""
    assert sent(PinVerify(EMV), digits) == (b"\x90\x00", [bytes.fromhex("0020008008" + block)])


@pytest.mark.parametrize(
    ("form", "block", "length", "template", "command"),
    [
        (BYTES | ASCII | LEFT, 0x08, 0, "FF" * 8, "31323334FFFFFFFF"),
        (BYTES | ASCII | RIGHT, 0x08, 0, "20" * 8, "2020202031323334"),
        (BYTES | 2 << 3 | ASCII | LEFT, 0x06, 0, "AABBFFFFFFFFFFFF", "AABB31323334FFFF"),
        (BYTES | BCD | RIGHT, 0x04, 0, "00000000", "00001234"),
        (BYTES | 1 << 3 | BCD | LEFT, 0x83, 0x10, "00FFFFFF", "041234FF"),
        (4 << 3 | BCD | LEFT, 0x03, 0, "AFFFFFFF", "A1234FFF"),
    ],
    ids=["ascii", "right-hand", "placed", "bcd right", "length in a byte", "placed in bits"],
)
def test_the_request_says_where_and_how(form: int, block: int, length: int, template: str, command: str) -> None:
    data = bytes.fromhex(template)
    request = PinVerify(b"\x00\x20\x00\x80" + bytes([len(data)]) + data, format=form, block=block, length=length)
    assert sent(request, "1234") == (b"\x90\x00", [request.command[:5] + bytes.fromhex(command)])


@pytest.mark.parametrize(
    ("form", "digits", "data"),
    [
        (BYTES | ASCII, "12345", "3132333435"),
        (BYTES | BCD, "12345", "12345F"),
        (BYTES | 1 << 3 | BCD, "1234", "AA1234"),
    ],
)
def test_a_block_of_no_size_is_as_long_as_the_pin(form: int, digits: str, data: str) -> None:
    template = b"\xaa" if form >> 3 & 1 else b""
    request = PinVerify(b"\x00\x20\x00\x80" + bytes([len(template)]) + template, format=form, block=0, length=0)
    raw = bytes.fromhex(data)
    assert sent(request, digits)[1] == [b"\x00\x20\x00\x80" + bytes([len(raw)]) + raw]


@given(st.text("0123456789", min_size=4, max_size=12))
def test_every_pin_comes_back_out_of_its_block(digits: str) -> None:
    command = sent(PinVerify(EMV), digits)[1][0]
    block = command[5:].hex()
    assert block[0] == "2"
    assert block[2 : 2 + int(block[1], 16)] == digits
    assert set(block[2 + len(digits) :]) <= {"f"}


@pytest.mark.parametrize("digits", ["123", "", "1234567890123"])
def test_a_pin_of_a_wrong_length_reaches_no_card(digits: str) -> None:
    assert sent(PinVerify(EMV), digits) == (bytes.fromhex("6403"), [])


@pytest.mark.parametrize(
    ("shortest", "longest", "digits", "sw"),
    [(6, 8, "12345", "6403"), (6, 8, "123456", "9000"), (6, 8, "123456789", "6403"), (0, 0, "1234", "9000")],
)
def test_both_the_request_and_the_reader_say_how_long_a_pin_may_be(
    shortest: int, longest: int, digits: str, sw: str
) -> None:
    assert sent(PinVerify(EMV, shortest=shortest, longest=longest), digits)[0].hex() == sw


def test_a_reader_may_want_longer_pins_than_the_request() -> None:
    digits = "12345"
    assert sent(PinVerify(EMV, shortest=4), digits, Pinpad(shortest=6)) == (bytes.fromhex("6403"), [])
    assert sent(PinVerify(EMV, shortest=4), digits + "6", Pinpad(shortest=6))[0] == b"\x90\x00"


def test_a_pin_is_no_longer_than_its_length_can_say() -> None:
    """Three bits for the length: seven digits."""
    request = PinVerify(EMV, block=0x37, length=0x05)
    assert sent(request, "1234567")[1] == [bytes.fromhex("0020008008271234567FFFFFFF")]
    assert sent(request, "12345678") == (bytes.fromhex("6403"), [])


def test_a_pin_never_runs_over_its_block() -> None:
    """Four bytes take eight digits; the request would let twelve be typed."""
    small = PinVerify(b"\x00\x20\x00\x80\x06" + bytes(6), format=BYTES | BCD, block=0x04, length=0)
    assert sent(small, "12345678")[1] == [bytes.fromhex("0020008006123456780000")]
    assert sent(small, "123456789") == (bytes.fromhex("6403"), [])


BAD = {
    "no structure": b"\x00" * 18,
    "cut off": PinVerify(EMV).pack()[:-1],
    "no command": PinVerify(b"").pack(),
    "no Lc": PinVerify(EMV[:4]).pack(),
    "a wrong Lc": PinVerify(EMV[:4] + b"\x09" + EMV[5:]).pack(),
    "binary": PinVerify(EMV, format=0x88).pack(),
    "no coding": PinVerify(EMV, format=0x8B).pack(),
    "block beyond the data": PinVerify(EMV, block=0x48).pack(),
    "length beyond the data": PinVerify(EMV, length=0x18).pack(),
}


@pytest.mark.parametrize("request_", BAD.values(), ids=BAD.keys())
def test_a_request_that_cannot_be_served_troubles_nobody(request_: bytes) -> None:
    keys = Keys()
    keys.will_type("1234")
    assert verify(request_, keys, PAD, lambda command: b"\x90\x00") == bytes.fromhex("6B80")
    assert keys.asked == 0


def test_people_cancel_or_wait_or_are_not_there() -> None:
    keys = Keys()
    keys.will_cancel()
    keys.will_wait()
    keys.will_type("1234")
    said = [verify(PinVerify(EMV).pack(), keys, PAD, lambda command: b"\x63\xc2").hex() for _ in range(4)]
    assert said == ["6401", "6400", "63c2", "6400"]
    assert keys.asked == 4
    keys.will_type("1234")
    keys.forget()
    assert verify(PinVerify(EMV).pack(), keys, PAD, lambda command: b"\x90\x00").hex() == "6400"


@pytest.mark.parametrize("digits", ["12a4", "１２３４", "-123", "12 4"])
def test_there_are_keys_for_digits_only(digits: str) -> None:
    with pytest.raises(ValueError, match="digits only"):
        Keys().will_type(digits)


def test_only_status_words_leave_the_reader() -> None:
    keys = Keys()
    keys.will_type("1234")
    assert verify(PinVerify(EMV).pack(), keys, PAD, lambda command: command + b"\x90\x00") == b"\x90\x00"


def test_a_pin_is_in_no_event_and_no_representation(events: Events) -> None:
    profile = ReaderProfile.model_validate({"pinpad": {}})
    slot = Slot(events, profile)
    card = ChipCard(credit_profile(), PAN, emit=events)
    slot.insert(card)
    slot.power_up()
    slot.command(bytes.fromhex("00A4040008") + bytes.fromhex(card.profile.aid) + b"\x00")
    pin = card.profile.pin
    slot.keys.will_type(pin)
    shown = repr(vars(slot.keys)) + repr(Entry(pin))
    assert slot.control(next(iter(profile.features.values())), PinVerify(EMV).pack()) == b"\x90\x00"
    assert pin not in shown
    assert pin not in repr(events.all())
    slot.keys.will_type("9999")
    assert slot.control(next(iter(profile.features.values())), PinVerify(EMV).pack()) == b"\x63\xc2"


def test_what_was_cancelled_reaches_no_card(events: Events) -> None:
    slot = Slot(events, ReaderProfile.model_validate({"pinpad": {}}))
    card = EchoCard()
    slot.insert(card)
    slot.keys.will_cancel()
    assert slot.control(next(iter(slot.profile.features.values())), PinVerify(EMV).pack()) == b"\x64\x01"
    assert card.seen == []
