"""What the terminal gave the card is what it tells the host."""

from __future__ import annotations

import pytest

from tests.reports.judge.chip_tale import CDOL1, ChipTale
from tests.reports.judge.findings import failed, passed

RULE = "chip.data-sent"
FIRST, SECOND = "first generate", "second generate"


def sent(**chip: str | None) -> ChipTale:
    return ChipTale().opened().pin_entered().first().sent(chip=chip)


@pytest.mark.parametrize(
    ("tag", "value"),
    [("9F02", "000000100001"), ("9F03", "000000000001"), ("9F1A", "0840"), ("95", "0000008000"), ("5F2A", "0840"),
     ("9A", "261126"), ("9C", "00"), ("9F37", "1E78EEBD")],
)  # fmt: skip
def test_a_value_that_the_card_was_given_otherwise(tag: str, value: str) -> None:
    tale = sent(**{tag: value})
    assert tag in failed(tale.audit(RULE), tale["host request"], tale[FIRST])


@pytest.mark.parametrize("tag", ["9F33", "9F34", "9F35", "9F1E", "9F09"])
def test_a_value_that_the_card_did_not_ask_for_is_not_compared(tag: str) -> None:
    passed(sent(**{tag: "00" * 3}).audit(RULE))
    tale = ChipTale(card={"8C": f"{tag}{len('00' * 3) // 2:02X}"}).opened().pin_entered().first()
    failed(tale.sent(chip={tag: "FFFFFF"}).audit(RULE), tale["host request"])


def test_a_list_may_ask_for_more_or_fewer_bytes_than_a_value_has() -> None:
    """EMV Book 3, 5.4: digits are cut and filled on the left, bytes on the right."""
    tale = ChipTale(card={"8C": "9F02049F0308" + "9F1A049F3706"}).opened().pin_entered().first()
    passed(tale.sent().audit(RULE))
    tale = ChipTale(card={"8C": "9F0204"}).opened().pin_entered().first().sent(chip={"9F02": "000000200000"})
    failed(tale.audit(RULE), tale["host request"])


def test_an_amount_that_differs_from_the_messages() -> None:
    tale = ChipTale().opened().pin_entered().first().sent(amount=200000)
    assert "F4" in failed(tale.audit(RULE), tale["host request"], tale[FIRST])


@pytest.mark.parametrize(("tag", "value"), [("82", "7C00"), ("84", "A000000333010101")])
def test_a_value_of_the_cards_that_is_sent_otherwise(tag: str, value: str) -> None:
    tale = sent(**{tag: value})
    assert tag in failed(tale.audit(RULE), tale["host request"])


def test_another_card_than_the_one_that_was_read() -> None:
    tale = ChipTale().opened().pin_entered().first().sent(change={2: "622424******0113"})
    assert "F2" in failed(tale.audit(RULE), tale["host request"], tale["answer 00B2"])


@pytest.mark.parametrize(("told", "right"), [("001", True), ("002", False), ("", False)])
def test_the_sequence_number_is_the_cards(told: str, right: bool) -> None:
    tale = ChipTale().opened().pin_entered().first().sent(change={23: told})
    if right:
        passed(tale.audit(RULE))
    else:
        assert "F23" in failed(tale.audit(RULE), tale["host request"], tale["answer 00B2"])


def test_a_card_without_a_sequence_number_has_none_to_send() -> None:
    tale = ChipTale(card={"5F34": None}).opened().pin_entered().first().sent(change={23: ""})
    passed(tale.audit(RULE))


# ── at the start, and at the end ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pdol", "data", "right"),
    [("9F0206", "000000100000", True), ("9F0206", "000000000000", True), ("9F0206", "000000100001", False),
     ("9F1A02", "0840", False), ("9F7A01", "01", True), ("9F0204", "00100000", True), ("9F0206", "0000", True)],
)  # fmt: skip
def test_what_the_card_is_given_at_its_start_is_what_it_is_given_for_its_cryptogram(
    pdol: str, data: str, right: bool
) -> None:
    """Zeros are an amount that is not known yet; another length is not compared."""
    tale = ChipTale().order().configured().personalised().powered().selects(**{"9F38": pdol}).options(pdol=data)
    tale.reads().signs().pin_entered().first().sent()
    if right:
        passed(tale.audit(RULE))
    else:
        failed(tale.audit(RULE), tale[FIRST])


@pytest.mark.parametrize(("tag", "value"), [("5F2A", "0840"), ("9F1A", "0840"), ("9C", "00")])
def test_what_the_card_is_given_at_last_is_what_it_was_given_first(tag: str, value: str) -> None:
    tale = ChipTale().opened().pin_entered().first().sent().answered().second(values={tag: bytes.fromhex(value)})
    assert tag in failed(tale.audit(RULE), tale[SECOND], tale[FIRST])


def test_a_command_that_does_not_fit_the_cards_list_is_not_read() -> None:
    tale = ChipTale().opened().pin_entered()
    tale.card["8C"] = bytes.fromhex(CDOL1 + "9F3303")  # the command is by another list than the card gave
    tale.first().sent(chip={"9F02": "000000100001"})
    assert "9F02" not in str(tale.audit(RULE))
