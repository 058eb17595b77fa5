"""Bad contacts and a reader that is pulled: nothing crashes, and an approval that nobody can finish is given back."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu
from protocols.events import discard
from protocols.faults import CardRemoved, DeviceSilent, ReaderGone
from protocols.money import Money
from protocols.orders import Result
from simulators.card import ChipCard
from simulators.terminal.kernel import RESETS, CardUnusable, Kernel
from tests.simulators.kit import PAN, credit_profile
from tests.simulators.terminal.shop import Shop

RIGHT = bytes.fromhex("3B88010073C84013009000F1")
BAD = {
    "mute": (b"", "the card is mute"),
    "no ATR": (bytes.fromhex("00FFA5"), "the card's answer to reset is none: "),
    "cut short": (RIGHT[:5], "the card's answer to reset is none: "),
    "wrong check byte": (RIGHT[:-1] + b"\xf0", "the card's answer to reset has a wrong check byte"),
}


class Bouncing:
    """A reader whose card comes and goes while it is powered, so many times."""

    def __init__(self, bounces: int, atr: bytes = RIGHT) -> None:
        self.bounces, self.atr, self.waited = bounces, atr, 0
        self.present = True

    def power_on(self) -> bytes:
        if self.bounces:
            self.bounces -= 1
            raise CardRemoved("it moved")
        return self.atr

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        self.waited += 1
        return self.present

    def card_present(self) -> bool:
        return self.present

    def transmit(self, command: bytes) -> bytes:
        return bytes.fromhex("6A82")

    def power_off(self) -> None: ...


# ── the answer to reset ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("atr", [atr for atr, _ in BAD.values()], ids=BAD)
def test_a_card_whose_answer_to_reset_is_none_is_declined_and_the_next_one_read(shop: Shop, atr: bytes) -> None:
    shop.card.atr = atr
    outcome = shop.preauth()
    assert outcome.result is Result.CARD_DECLINED
    assert outcome.message.startswith("读卡失败")
    assert not shop.requests()
    shop.card.atr = RIGHT
    assert shop.preauth().approved


@pytest.mark.parametrize(("atr", "words"), [BAD[name] for name in BAD if name != "mute"], ids=list(BAD)[1:])
def test_what_a_reader_lets_through_the_terminal_looks_at_itself(atr: bytes, words: str) -> None:
    with pytest.raises(CardUnusable, match=words):
        Kernel(Bouncing(0, atr)).read(Money(1))


def test_a_silent_reader_is_no_mute_card() -> None:
    class Silent(Bouncing):
        def power_on(self) -> bytes:
            raise DeviceSilent("no answer", component="reader")

    with pytest.raises(DeviceSilent):
        Kernel(Silent(0)).read(Money(1))


@pytest.mark.parametrize("bounces", range(RESETS))
def test_contacts_that_bounce_get_another_reset(bounces: int) -> None:
    reader = Bouncing(bounces)
    with pytest.raises(CardUnusable, match="no application"):
        Kernel(reader).read(Money(1))
    assert reader.waited == bounces


def test_contacts_that_never_come_to_rest_are_a_card_that_left() -> None:
    with pytest.raises(CardRemoved):
        Kernel(Bouncing(RESETS)).read(Money(1))


def test_a_card_that_has_really_left_is_not_waited_for_again() -> None:
    reader = Bouncing(1)
    reader.present = False
    with pytest.raises(CardRemoved):
        Kernel(reader).read(Money(1))
    assert reader.waited == 1


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
