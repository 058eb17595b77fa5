"""What a contactless reader makes of a card: its ATR, and the commands that the reader answers. PC/SC part 3."""

from __future__ import annotations

import pytest

from protocols.pcsc.atr import parse_atr
from simulators.reader import Answered, EmbeddedSlot, ReaderProfile, Slot, StorageCard
from simulators.reader.contactless import answer_to_select
from tests.simulators.kit import Events
from tests.simulators.reader.kit import ECHO, EchoCard

FIELD = ReaderProfile.model_validate({"slots": ["contactless"]})
UID = bytes.fromhex("04A1B2C3D4E5F6")


@pytest.fixture
def field(events: Events) -> Slot:
    return EmbeddedSlot(events, FIELD)


def put(slot: Slot, card: EchoCard | StorageCard) -> bytes:
    slot.insert(card)
    atr = slot.power_up()
    assert atr is not None
    return atr


@pytest.mark.parametrize(
    ("own", "made"),
    [
        ("3B6800000073C84013009000", "3B8880010073C8401300900071"),  # a chip card in a field: its own historical bytes
        ("3B00", "3B80800101"),
        ("3B8880010073C8401300900071", "3B8880010073C8401300900071"),
        ("3BFF", "3BFF"),  # no ATR: passed on as it is
        ("", ""),
    ],
)
def test_the_atr_is_made_of_the_cards_historical_bytes(own: str, made: str) -> None:
    """PC/SC part 3, 3.1.3.2.3.1: 3B 8n 80 01, n historical bytes, TCK."""
    assert answer_to_select(bytes.fromhex(own)).hex().upper() == made


def test_a_storage_card_is_named_in_its_atr(field: Slot) -> None:
    """facts/pcsc-emv 5. PC/SC part 3, 3.1.3.2.3.2: the length of 0C, RID, standard, name, four bytes."""
    atr = put(field, StorageCard())
    assert atr.hex().upper() == "3B8F8001804F0CA000000306030001000000006A"
    assert parse_atr(atr).storage == "Mifare Classic 1K, ISO 14443 A, part 3"
    assert field.command(ECHO) == (Answered.OK, b"\x6a\x81")


@pytest.mark.parametrize(
    ("expected", "answer"),
    [(0, UID.hex() + "9000"), (7, UID.hex() + "9000"), (4, "6c07"), (8, UID.hex() + "6282"), (255, UID.hex() + "6282")],
)
def test_the_reader_tells_the_uid_and_no_card_sees_the_question(field: Slot, expected: int, answer: str) -> None:
    """PC/SC part 3, 3.2.2.1.3."""
    card = EchoCard(uid=UID)
    put(field, card)
    assert field.command(bytes([0xFF, 0xCA, 0, 0, expected])) == (Answered.OK, bytes.fromhex(answer))
    assert card.seen == []


def test_a_card_that_says_no_uid_has_one_all_the_same(field: Slot) -> None:
    uids = set()
    for name in ("one", "two", "one"):
        put(field, EchoCard(name))
        _, answer = field.command(bytes.fromhex("FFCA000000"))
        assert (len(answer), answer[0], answer[-2:]) == (6, 0x08, b"\x90\x00")
        uids.add(answer)
        field.remove()
    assert len(uids) == 2


def test_a_card_that_was_not_powered_has_no_uid(field: Slot) -> None:
    field.insert(EchoCard(uid=UID))
    assert field.command(bytes.fromhex("FFCA000000"))[0] is Answered.REFUSED


@pytest.mark.parametrize("command", ["FFCA010000", "FFCA0000", "FFB0000410"])
def test_what_the_reader_cannot_do_it_says_itself(field: Slot, command: str) -> None:
    card = EchoCard()
    put(field, card)
    assert field.command(bytes.fromhex(command)) == (Answered.OK, b"\x6a\x81")
    assert card.seen == []


def test_commands_to_the_reader_go_by_its_escape_table_as_well(events: Events) -> None:
    escape = {"commands": [{"command": "FF00480000", "text": "V1"}], "unknown": "6300"}
    slot = Slot(events, ReaderProfile.model_validate({"slots": ["contactless"], "escape": escape}))
    put(slot, EchoCard())
    assert slot.command(bytes.fromhex("FF00480000")) == (Answered.OK, b"V1")
    assert slot.command(bytes.fromhex("FF00490000")) == (Answered.OK, b"\x63\x00")
    assert slot.command(ECHO) == (Answered.OK, ECHO + b"\x90\x00")


def test_in_a_slot_for_chips_class_ff_is_the_cards(events: Events) -> None:
    slot = Slot(events)
    card = EchoCard(uid=UID)
    assert put(slot, card) == card.atr
    slot.command(bytes.fromhex("FFCA000000"))
    assert card.seen == [bytes.fromhex("FFCA000000")]
