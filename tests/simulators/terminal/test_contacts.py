"""Bad contacts and a reader that is pulled: nothing crashes, and an approval that nobody can finish is given back."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu
from protocols.events import discard
from protocols.faults import ReaderGone
from protocols.orders import Result
from simulators.card import ChipCard
from tests.simulators.kit import PAN, credit_profile
from tests.simulators.terminal.shop import Shop

RIGHT = bytes.fromhex("3B88010073C84013009000F1")
BAD = {
    "mute": b"",
    "no ATR": bytes.fromhex("00FFA5"),
    "cut short": RIGHT[:5],
    "wrong check byte": RIGHT[:-1] + b"\xf0",
}


# ── the answer to reset ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("atr", BAD.values(), ids=BAD)
def test_a_card_whose_answer_to_reset_is_none_is_declined_and_the_next_one_read(shop: Shop, atr: bytes) -> None:
    shop.card.atr = atr
    outcome = shop.preauth()
    assert outcome.result is Result.CARD_DECLINED
    assert outcome.message.startswith("读卡失败")
    assert not shop.requests()
    shop.card.atr = RIGHT
    assert shop.preauth().approved


# ── the plug ──────────────────────────────────────────────────────────────────────────────────────────────────────


def unplug_at(shop: Shop, command: str, occurrence: int = 1) -> None:
    left = [occurrence]

    def on_command(seen: Apdu) -> None:
        left[0] -= seen.name == command
        if left[0] == 0:
            left[0] = -1
            shop.slot.unplug()

    shop.card.on_command = on_command


def test_without_a_reader_nothing_is_sent_and_the_merchant_is_told(shop: Shop) -> None:
    shop.slot.unplug()
    with pytest.raises(ReaderGone):
        shop.preauth()
    assert [(o["result"], o["message"]) for o in shop.events.of("outcome", transaction="pre-authorisation")] == [
        ("card declined", "读卡器故障")
    ]
    assert not shop.requests()


def test_a_reader_lost_after_the_approval_is_an_approval_given_back_at_once(shop: Shop) -> None:
    unplug_at(shop, "GENERATE AC", 2)
    with pytest.raises(ReaderGone):
        shop.preauth()
    assert [r[39] for r in shop.reversals()] == ["06"]
    assert shop.held() == (0, 0)
    assert not shop.printer.written
    assert [o["result"] for o in shop.events.of("outcome", transaction="pre-authorisation")] == ["card declined"]


def test_plugged_in_again_it_works_again(shop: Shop) -> None:
    unplug_at(shop, "READ RECORD")
    with pytest.raises(ReaderGone):
        shop.preauth()
    shop.slot.replug()
    shop.card.on_command = None
    shop.terminal._reader.recover()  # type: ignore[attr-defined]
    assert shop.preauth().approved
    assert not shop.reversals()


def test_the_twin_of_a_card_with_another_answer_to_reset_is_that_card_alone() -> None:
    worn = ChipCard(credit_profile(), PAN, emit=discard)
    worn.atr = b""
    assert ChipCard(credit_profile(), PAN, emit=discard).power_on()
