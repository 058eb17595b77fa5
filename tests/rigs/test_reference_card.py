"""A reference card is tried by its own words: what is wrong with it is said, and no other card is read on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from protocols.cardlist import CardList
from protocols.emv import build
from protocols.events import discard
from protocols.faults import CardRemoved, ForeignCard, RigFault
from protocols.pan import derived
from protocols.pcsc.atr import contactless_atr, storage_atr
from rigs.allowlist import CardGuard
from rigs.cards.loading import load_card_profile
from rigs.readers.embedded import EmbeddedReader
from rigs.reference_card import try_card
from simulators.card import ChipCard
from simulators.reader import EmbeddedSlot
from tests.rigs.kit import RIGS

ATR = bytes.fromhex("3B6800000073C84013009000")
AID = "A000000333010102"
SELECT_AID, OPTIONS_INS, RECORD = f"00A4040008{AID}00", "80A8", "00B2010C00"
NUMBER = build([("70", [("5A", bytes.fromhex("6250947000000014"))])])
OPTIONS = build([("77", [("82", b"\x7c\x00"), ("94", bytes.fromhex("08010100"))])])
FCI = build([("6F", [("84", bytes.fromhex(AID))])])


class Scripted:
    """A card in a reader: one ATR a power-up, one answer a command by its beginning; `log` is all that was sent."""

    def __init__(self, atrs: list[bytes], answers: dict[str, str | bytes]) -> None:
        self.atrs, self.answers = atrs, answers
        self.log: list[str] = []

    def card_present(self) -> bool:
        return True

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        return present

    def power_on(self) -> bytes:
        self.log.append("on")
        return self.atrs.pop(0) if len(self.atrs) > 1 else self.atrs[0]

    def transmit(self, command: bytes) -> bytes:
        text = command.hex().upper()
        self.log.append(text)
        for start, answer in self.answers.items():
            if text.startswith(start):
                return bytes.fromhex(answer) if isinstance(answer, str) else answer + b"\x90\x00"
        return bytes.fromhex("6A82")

    def power_off(self) -> None:
        self.log.append("off")


def card(**changes: str | bytes) -> dict[str, str | bytes]:
    """The answers of a good card; `select`, `options`, `record` change one."""
    answers = {
        "00A404000E315041592E": b"\x6f\x00", SELECT_AID: FCI, OPTIONS_INS: OPTIONS, "00B2010C": NUMBER,
    }  # fmt: skip
    names = {"select": SELECT_AID, "options": OPTIONS_INS, "record": "00B2010C"}
    return answers | {names[name]: answer for name, answer in changes.items()}


@pytest.fixture
def chip() -> ChipCard:
    return chip_of("62509470")


def chip_of(prefix: str) -> ChipCard:
    return ChipCard(load_card_profile(RIGS / "cards" / "credit-chip.yaml"), next(derived(prefix)))


def reader_of(chip: ChipCard, admit: Callable[[bytes, bytes], None] | None = None) -> EmbeddedReader:
    slot = EmbeddedSlot(discard)
    slot.insert(chip)
    return EmbeddedReader(slot, discard, admit=admit)


# ── good cards ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_test_card_says_who_it_is_and_answers_the_same_after_a_power_cycle(chip: ChipCard) -> None:
    guard = CardGuard(CardList())
    assert try_card(reader_of(chip, guard.admit)) == {
        "answer to reset": "3B6800000073C84013009000", "protocols": "T=0", "directory": "1PAY.SYS.DDF01: 9000",
        "application": AID, "card number": "625094******0014", "power cycle": "answers the same",
    }  # fmt: skip


def test_what_is_sent_is_selection_options_records_until_a_number_and_no_more() -> None:
    reader = Scripted([ATR], card())
    try_card(reader)
    assert reader.log == [
        "on", "00A404000E315041592E5359532E444446303100", SELECT_AID, "80A8000002830000", RECORD, "off",
        "on", SELECT_AID, "off",
    ]  # fmt: skip


def test_the_number_may_stand_in_track_2() -> None:
    record = build([("70", [("57", bytes.fromhex("6250947000000014D30122010000000000"))])])
    assert try_card(Scripted([ATR], card(record=record)))["card number"] == "625094******0014"


def test_the_number_of_a_contactless_card_may_come_with_its_options() -> None:
    atr = contactless_atr(bytes.fromhex("0073C84013009000"))
    options = build([("77", [("57", bytes.fromhex("6250947000000014D3012201"))])])
    reader = Scripted([atr], card(options=options))
    facts = try_card(reader)
    assert facts["card number"] == "625094******0014"
    assert facts["directory"] == "2PAY.SYS.DDF01: 6A82"  # this card has none, and is found by its application
    assert RECORD not in reader.log


def test_options_of_format_1_name_the_records_too() -> None:
    options = build([("80", bytes.fromhex("7C00") + bytes.fromhex("08010100"))])
    assert try_card(Scripted([ATR], card(options=options)))["card number"] == "625094******0014"


@pytest.mark.parametrize(
    "changes",
    [
        {"options": "6985"},
        {"options": b"\xff\xff\xff"},
        {"record": "6A83"},
        {"record": build([("70", [("5F24", b"\x30\x12\x31")])])},
    ],
    ids=["refused", "no objects", "no record", "no number"],
)
def test_a_card_that_shows_no_number_is_told_so(changes: dict[str, str | bytes]) -> None:
    assert try_card(Scripted([ATR], card(**changes)))["card number"] == "not shown"


def test_a_longer_list_of_data_is_filled_with_zeros() -> None:
    fci = build([("6F", [("84", bytes.fromhex(AID)), ("A5", [("9F38", bytes.fromhex("9F7A019F02065F2A02"))])])])
    reader = Scripted([ATR], card(select=fci))
    try_card(reader)
    assert "80A800000B8309" + "00" * 9 + "00" in reader.log


# ── cards that will not do ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("atrs", "answers", "says"),
    [
        ([b"\x3b"], {}, "its answer to reset is none: ATR, byte 2: T0 is announced, and the ATR ends"),
        ([storage_atr(1)], {}, "this is a storage card (Mifare Classic 1K, ISO 14443 A, part 3): it has no payment"),
        ([storage_atr(1)[:-1] + b"\0"], {}, "has a wrong check byte"),
        ([ATR], {}, "it has no UnionPay application (SELECT of A0000003330101xx: 02 6A82, 01 6A82, 03 6A82)"),
        ([ATR, bytes.fromhex("3B00")], card(), f"after a power cycle it answers 3B00, before {ATR.hex().upper()}"),
    ],
    ids=["no ATR", "storage card", "check byte", "no application", "another ATR"],
)
def test_what_is_wrong_with_a_card_is_said_with_what_to_do(
    atrs: list[bytes], answers: dict[str, str | bytes], says: str
) -> None:
    with pytest.raises(RigFault) as caught:
        try_card(Scripted(atrs, answers))
    assert says in caught.value.message
    assert caught.value.advice == "take a UnionPay test card that is known to work"
    assert caught.value.component == "card"


def test_a_card_that_forgets_its_application_in_a_power_cycle_is_told() -> None:
    reader = Scripted([ATR], card())
    power_on = reader.power_on

    def forgetful() -> bytes:
        if "off" in reader.log:
            reader.answers = {}
        return power_on()

    reader.power_on = forgetful  # type: ignore[method-assign]
    with pytest.raises(RigFault, match="its application cannot be selected any more"):
        try_card(reader)


def test_a_card_outside_the_list_is_not_read_on(tmp_path: Path) -> None:
    chip, sent = chip_of("62284800"), []
    guard = CardGuard(CardList())
    chip.on_command = lambda command: sent.append(command.name)
    with pytest.raises(ForeignCard):
        try_card(reader_of(chip, guard.admit))
    assert sent[-1] == "READ RECORD"
    assert sent.count("READ RECORD") == 1
    assert guard.shut


def test_a_card_that_is_pulled_is_told_as_such(chip: ChipCard) -> None:
    reader = reader_of(chip)
    chip.on_command = lambda command: reader._slot.remove()
    with pytest.raises(CardRemoved):
        try_card(reader)
