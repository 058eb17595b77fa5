"""The cards of one bench: no number twice, no name twice, and those that are kept come again as they were."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.cardlist import CardList
from protocols.faults import ConfigurationError, RigFault
from protocols.pan import derived, is_test_card
from rigs.allowlist import CardGuard
from rigs.cards import making
from rigs.cards.loading import card_path, load_card_profile
from rigs.cards.making import CARDS_A_WORKER, WORKERS, CardMaker, Wanted
from simulators.card import CardFault
from tests.simulators.kit import Events

KINDS = {"credit": "credit-chip", "debit": "debit-chip", "pan-13": "pan-13", "no-oda": "no-oda", "pan-19": "pan-19"}
PROFILES = {kind: load_card_profile(card_path(name)) for kind, name in KINDS.items()}
RANGES = ("62509470xxxxxxxx", "62242429xxxxxxxx", "62509470xxxxx")


class Desk:
    """A maker, and what it told."""

    def __init__(self, position: int = 0) -> None:
        self.events = Events()
        self.protected: list[str] = []
        guard = CardGuard(CardList(RANGES), self.events)
        self.maker = CardMaker(PROFILES, position, self.events, guard, self._protect)

    def _protect(self, pan: str) -> None:
        assert not any(pan in repr(event) for event in self.events.all())
        self.protected.append(pan)

    def make(self, kind: str = "no-oda", **more: Any) -> Any:
        return self.maker.make(Wanted(kind, **more))


def test_no_number_comes_again_whatever_the_kind() -> None:
    desk = Desk()
    cards = [desk.make(kind) for kind in ["no-oda", "debit", "pan-13"] * 3]
    assert len({card.pan for card in cards}) == 9
    assert len({card.name for card in cards}) == 9
    assert all(is_test_card(card.pan) for card in cards)
    assert [len(card.pan) for card in cards] == [16, 16, 13] * 3
    assert (
        len({card.pan[8:15] for card in cards if len(card.pan) == 16}) == 6
    )  # nor one that differs by its range alone


def test_two_workers_never_share_a_card() -> None:
    """Also at the ends of their stretches."""
    first, second = Desk(0).maker, Desk(1).maker
    last = derived("62509470", CARDS_A_WORKER)
    assert first.next_pan("62509470") == "6250947000000014"
    first._numbers[16] = iter(range(CARDS_A_WORKER, CARDS_A_WORKER + 1))
    assert first.next_pan("62509470") == next(last)
    assert second.next_pan("62509470") == next(last)


def test_short_numbers_are_shared_out_among_fewer_workers() -> None:
    first, second = Desk(0).maker, Desk(1).maker
    stretch = 10**4 // WORKERS
    numbers = [first.next_pan("62509470", 13) for _ in range(stretch)]
    assert len(set(numbers)) == stretch
    assert second.next_pan("62509470", 13) not in numbers
    with pytest.raises(RigFault, match="has used up its test cards"):
        first.next_pan("62509470", 13)


def test_a_worker_whose_cards_are_used_up_says_so() -> None:
    maker = Desk().maker
    maker._numbers[16] = iter(())
    with pytest.raises(RigFault, match="has used up its test cards"):
        maker.next_pan("62509470")


def test_a_worker_beyond_the_range_says_so() -> None:
    with pytest.raises(RigFault, match="has used up its test cards"):
        Desk(100).maker.next_pan("62509470")
    with pytest.raises(RigFault, match="has used up its test cards"):
        Desk(WORKERS).maker.next_pan("62509470", 13)


def test_a_number_is_protected_before_anybody_is_told_of_the_card() -> None:
    desk = Desk()
    card = desk.make("pan-13")
    assert desk.protected == [card.pan]
    assert desk.events.of("personalised")


def test_only_a_card_that_may_be_used_is_witnessed() -> None:
    """facts: its own record of what it gave would hold what the guard keeps back."""
    desk = Desk()
    desk.make("no-oda").power_on()
    assert len(desk.events.of("powered")) == 1
    desk.make("pan-19").power_on()  # the list has no such length
    assert len(desk.events.of("powered")) == 1


def test_a_mistyped_kind_names_the_near_one_and_a_strange_one_all() -> None:
    with pytest.raises(ConfigurationError, match=r"the rig has no 'credti' card \(did you mean credit\?\)"):
        Desk().make("credti")
    with pytest.raises(ConfigurationError, match=r"the rig has no 'gold' card \(it has credit, debit, pan-13"):
        Desk().make("gold")


def test_a_card_that_has_expired_has_in_chip_and_stripe() -> None:
    card = Desk().make(expired=True)
    assert card.expiry == "2001"
    assert card.track2.startswith(f"{card.pan}D2001")


# ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fault_of_the_catalogue_is_that_of_the_card() -> None:
    card = Desk().make(fault="lacks its first list")
    assert card.fault.data.drop == ("8C",)


def test_a_fault_in_words_is_one_too() -> None:
    assert Desk().make(fault="is mute at its first READ RECORD").fault.commands[0].do == "mute"


def test_a_fault_that_nobody_knows_names_the_near_one() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'lacks its first list'"):
        Desk().make(fault="lacks its frist list")


def test_a_fault_may_change_what_stands_on_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also how many digits its number has."""
    longer = CardFault(says="it has 13 digits", clause="none", profile={"pan_digits": 13, "psn": ""})
    monkeypatch.setattr(making, "card_fault", lambda name: longer)
    card = Desk().make(fault="any")
    assert (len(card.pan), card.psn) == (13, "")
    assert is_test_card(card.pan)


# ── kept ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_kept_card_comes_again_with_its_number_its_name_and_its_memory() -> None:
    desk = Desk()
    first = desk.make(keep="mine")
    first.state.atc = 7
    again = desk.make(keep="mine")
    assert again is not first
    assert (again.pan, again.name, again.state.atc) == (first.pan, first.name, 7)
    assert desk.make().pan != first.pan
    assert desk.make(keep="another").pan != first.pan


def test_in_a_later_case_a_kept_card_has_another_name_and_all_else_is_as_it_was() -> None:
    desk = Desk()
    first = desk.make(keep="mine")
    first.state.atc = 7
    desk.maker.end_case()
    again = desk.make(keep="mine")
    assert again.name != first.name
    assert (again.pan, again.state.atc) == (first.pan, 7)
    assert desk.make(keep="mine").name == again.name


def test_a_kept_card_may_have_another_fault_the_next_time() -> None:
    desk = Desk()
    first = desk.make(keep="mine")
    broken = desk.make(keep="mine", fault="lacks its first list")
    assert (broken.pan, broken.fault.data.drop) == (first.pan, ("8C",))
    broken.state.pin_tries = 1
    assert desk.make(keep="mine").state.pin_tries == 1
    assert desk.make(keep="mine").fault is None


def test_a_kept_card_stays_of_its_kind() -> None:
    desk = Desk()
    desk.make("no-oda", keep="mine")
    with pytest.raises(ConfigurationError, match="the card that is kept as 'mine' is a no-oda card"):
        desk.make("debit", keep="mine")
