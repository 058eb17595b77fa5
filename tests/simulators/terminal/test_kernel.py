"""The contact kernel with cards that are good, and with cards that answer nonsense: a bad card is never our crash."""

from __future__ import annotations

from datetime import datetime

import pytest

from protocols.emv import Apdu, build, find, flatten, parse
from protocols.emv.tag_lists import REQUEST
from protocols.money import Money
from rigs.readers.embedded import EmbeddedReader
from simulators.card import ChipCard
from simulators.reader import EmbeddedSlot
from simulators.terminal.kernel import CardUnusable, Kernel, Terms
from tests.simulators.kit import PAN, Events, credit_profile

AMOUNT = Money(100_00)
TERMS = Terms("03", AMOUNT, "000042", "156", "SIM00001", "保持酒店", datetime(2026, 6, 15, 9, 30, 5))
AID = bytes.fromhex("A000000333010102")


class LyingCard(ChipCard):
    """Answers the n-th command of an instruction with other bytes."""

    lies: dict[tuple[int, int], bytes]
    counts: dict[int, int]

    def transmit(self, raw: bytes) -> bytes | None:
        instruction = Apdu.parse(raw).ins
        self.counts[instruction] = self.counts.get(instruction, 0) + 1
        answer = super().transmit(raw)
        return self.lies.get((instruction, self.counts[instruction]), answer)


def kernel_with(events: Events, card: ChipCard) -> Kernel:
    slot = EmbeddedSlot(events)
    slot.insert(card)
    return Kernel(EmbeddedReader(slot, events))


def lying(events: Events, lies: dict[tuple[int, int], bytes]) -> Kernel:
    card = LyingCard(credit_profile(), PAN, name="liar")
    card.lies, card.counts = lies, {}
    return kernel_with(events, card)


# ── good cards ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_reads_what_it_needs_of_a_card(events: Events) -> None:
    card = kernel_with(events, ChipCard(credit_profile(), PAN)).read(AMOUNT)
    assert (card.pan, card.psn, card.expiry) == (PAN, "01", "3012")
    assert (card.aid, card.label, card.cvm) == ("A000000333010102", "银联信用卡", "online PIN")
    assert PAN not in repr(card)


def test_field_55_has_the_tags_of_the_facts_in_their_order(events: Events) -> None:
    """2.2."""
    kernel = kernel_with(events, ChipCard(credit_profile(), PAN))
    kernel.read(AMOUNT)
    chip = kernel.first_cryptogram(TERMS, pin_entered=True)
    assert chip is not None
    assert tuple(node.tag for node in parse(chip)) == REQUEST.mandatory
    assert find(chip, "9A") == bytes.fromhex("260615")
    assert find(chip, "9F02") == bytes.fromhex("000000010000")
    assert find(chip, "95") == bytes.fromhex("8000040000")


def test_unpredictable_numbers_differ(events: Events) -> None:
    kernel = kernel_with(events, ChipCard(credit_profile(), PAN))
    numbers = set()
    for _ in range(8):
        kernel.read(AMOUNT)
        numbers.add(find(kernel.first_cryptogram(TERMS, pin_entered=False) or b"", "9F37"))
    assert len(numbers) == 8


@pytest.mark.parametrize(
    ("rules", "cvm"),
    [("42031E031F00", "online PIN"), ("5E031F00", "signature"), ("1F00", "none"), ("", "none"), ("01030000", "none")],
)
def test_the_first_method_that_the_terminal_can_do_is_taken(events: Events, rules: str, cvm: str) -> None:
    """EMV Book 3, 10.5."""
    card = ChipCard(credit_profile(cvm_list="0" * 16 + rules), PAN)
    assert kernel_with(events, card).read(AMOUNT).cvm == cvm


def test_without_a_directory_the_terminals_own_list_is_tried(events: Events) -> None:
    """EMV Book 1, 12.3."""
    assert lying(events, {(0xA4, 1): bytes.fromhex("6A82")}).read(AMOUNT).pan == PAN


def test_processing_options_may_come_as_a_template(events: Events) -> None:
    """EMV Book 3, 6.5.8.4: format 2."""
    locator = bytes.fromhex("080101001001020118010200")
    options = build([("77", [("82", bytes.fromhex("7C00")), ("94", locator)])])
    assert lying(events, {(0xA8, 1): options + b"\x90\x00"}).read(AMOUNT).pan == PAN


def test_a_cryptogram_may_come_as_a_template(events: Events) -> None:
    answer = build([("77", [("9F27", b"\x80"), ("9F36", b"\x00\x01"), ("9F26", bytes(8)), ("9F10", bytes(8))])])
    kernel = lying(events, {(0xAE, 1): answer + b"\x90\x00"})
    kernel.read(AMOUNT)
    chip = kernel.first_cryptogram(TERMS, pin_entered=True)
    assert "9F26" in {node.tag for node in flatten(parse(chip or b""))}


def test_a_card_that_declines_offline_gives_no_field_55(events: Events) -> None:
    answer = build([("80", b"\x00" + b"\x00\x01" + bytes(8) + bytes(8))])
    kernel = lying(events, {(0xAE, 1): answer + b"\x90\x00"})
    kernel.read(AMOUNT)
    assert kernel.first_cryptogram(TERMS, pin_entered=True) is None


# ── bad cards ─────────────────────────────────────────────────────────────────────────────────────────────────────

OK = b"\x90\x00"
NO_NAME = build([("6F", [("A5", [("50", b"X")])])])
BAD_LIST = build([("6F", [("84", AID), ("A5", [("9F38", b"\x9f")])])])
NO_AID = build([("70", [("61", [("50", b"X"), ("87", b"")])])])


@pytest.mark.parametrize(
    "lies",
    [
        {(0xA4, n): bytes.fromhex("6A82") for n in range(1, 9)},
        {(0xA4, 2): b"\x6f" + OK},
        {(0xA4, 2): NO_NAME + OK},
        {(0xA4, 2): BAD_LIST + OK},
        {(0xA8, 1): bytes.fromhex("6985")},
        {(0xA8, 1): OK},
        {(0xA8, 1): b"\x80" + OK},
        {(0xA8, 1): build([("80", b"\x7c\x00")]) + OK},
        {(0xA8, 1): build([("80", b"\x7c\x00\x08\x01")]) + OK},
        {(0xA8, 1): build([("77", [("82", b"\x7c\x00")])]) + OK},
        {(0xA8, 1): build([("80", b"\x7c\x00\x08\x01\x01\x00")]) + OK},
        {(0xB2, 3): bytes.fromhex("6A83")},
        {(0xB2, 3): b"\x70\x05\x57" + OK},
    ],
    ids=["no application", "FCI no TLV", "no name", "PDOL no list", "GPO refused", "GPO empty", "GPO no TLV",
         "no locator", "short locator", "template without locator", "records missing", "record refused",
         "record no TLV"],
)  # fmt: skip
def test_a_card_that_cannot_be_read_is_unusable(events: Events, lies: dict[tuple[int, int], bytes]) -> None:
    with pytest.raises(CardUnusable):
        lying(events, lies).read(AMOUNT)


def test_a_directory_entry_without_a_name_is_passed_over(events: Events) -> None:
    assert lying(events, {(0xB2, 1): NO_AID + OK}).read(AMOUNT).pan == PAN


@pytest.mark.parametrize(
    "answer",
    [bytes.fromhex("6985"), OK, b"\x80" + OK, build([("80", b"")]) + OK, build([("80", b"\xc0" + bytes(18))]) + OK,
     build([("77", [("9F36", b"\x00\x01")])]) + OK],
    ids=["refused", "empty", "no TLV", "no content", "no kind", "template without kind"],
)  # fmt: skip
def test_a_card_that_gives_no_cryptogram_is_unusable(events: Events, answer: bytes) -> None:
    kernel = lying(events, {(0xAE, 1): answer})
    kernel.read(AMOUNT)
    with pytest.raises(CardUnusable):
        kernel.first_cryptogram(TERMS, pin_entered=True)


def test_an_aac_of_the_second_round_is_told(events: Events) -> None:
    kernel = kernel_with(events, ChipCard(credit_profile(), PAN))
    kernel.read(AMOUNT)
    assert kernel.first_cryptogram(TERMS, pin_entered=True)
    assert kernel.second_cryptogram("TC", "00", None) == "AAC"
    assert len(kernel.value("9F26")) == 16
