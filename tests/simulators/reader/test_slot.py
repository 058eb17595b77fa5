"""What a reader makes of cards, people and its faults: the one logic of both twins."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from protocols.faults import CardRemoved, ConfigurationError, DeviceSilent
from simulators.reader import Answered, EmbeddedSlot, ReaderProfile, Slot, SlotKind
from simulators.reader.profile import IFD_SERIAL, VENDOR_NAME
from simulators.reader.slot import Casing
from tests.simulators.kit import DEADLINE_S, Events, in_thread
from tests.simulators.reader.kit import ATR, ECHO, EchoCard

ANSWER = (Answered.OK, ECHO + b"\x90\x00")
REFUSED, SILENT = (Answered.REFUSED, b""), (Answered.SILENT, b"")
FIELD = ReaderProfile.model_validate({"slots": ["contactless"]})


@pytest.fixture
def slot(events: Events) -> Slot:
    return Slot(events)


@pytest.fixture
def field(events: Events) -> Slot:
    return Slot(events, FIELD)


def powered(slot: Slot, card: EchoCard | None = None) -> EchoCard:
    card = card or EchoCard()
    slot.insert(card)
    assert slot.power_up()
    return card


# ── power ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_slot_has_no_card_to_power(slot: Slot) -> None:
    assert (slot.present(), slot.power_up(), slot.command(ECHO)) == (False, None, REFUSED)


def test_a_card_answers_once_it_is_powered_and_no_longer_when_it_is_not(slot: Slot) -> None:
    card = EchoCard()
    slot.insert(card)
    assert (slot.present(), slot.command(ECHO)) == (True, REFUSED)
    assert slot.power_up() == ATR
    assert slot.command(ECHO) == ANSWER
    slot.power_down()
    assert (slot.present(), slot.command(ECHO)) == (True, REFUSED)
    assert slot.power_up() == ATR
    assert slot.command(ECHO) == ANSWER
    assert card.seen == [ECHO, ECHO]


def test_powering_down_a_card_that_came_back_is_no_power(slot: Slot) -> None:
    """The card left and came back; whoever then powers it down has not powered it."""
    card = powered(slot)
    slot.remove()
    slot.insert(card)
    slot.power_down()
    assert slot.command(ECHO) == REFUSED
    assert card.seen == []


@pytest.mark.parametrize("back", [True, False])
def test_a_card_that_moved_has_lost_its_power(slot: Slot, back: bool) -> None:
    card = powered(slot)
    slot.remove()
    if back:
        slot.insert(card)
    assert slot.command(ECHO) == REFUSED
    assert card.seen == []


def test_another_card_in_its_place_gets_no_command_of_the_first(slot: Slot, events: Events) -> None:
    powered(slot)
    other = EchoCard("other")
    slot.insert(other)
    assert slot.command(ECHO) == REFUSED
    assert other.seen == []
    assert [e["card"] for e in events.of("removed")] == ["card"]
    assert [e["card"] for e in events.of("inserted")] == ["card", "other"]


def test_two_cards_that_look_alike_are_two(slot: Slot) -> None:
    one, two = EchoCard(), EchoCard()
    slot.insert(one)
    slot.insert(two)
    assert slot.card is two
    slot.remove(one)
    assert slot.card is two


def test_the_same_card_again_stays_as_it_is(slot: Slot, events: Events) -> None:
    card = powered(slot)
    slot.insert(card)
    assert slot.command(ECHO) == ANSWER
    assert len(events.of("inserted")) == 1


@pytest.mark.parametrize("leave", ["remove", "unplug", "swap"])
def test_a_card_torn_in_a_command_gives_no_answer(slot: Slot, leave: str) -> None:
    card = powered(slot)

    def swap() -> None:
        slot.remove()
        slot.insert(card)

    card.during = swap if leave == "swap" else getattr(slot, leave)
    assert slot.command(ECHO) == REFUSED
    assert card.seen == [ECHO]


def test_a_card_torn_in_its_reset_gives_no_atr(slot: Slot) -> None:
    class Torn(EchoCard):
        def power_on(self) -> bytes:
            slot.remove()
            return ATR

    slot.insert(Torn())
    assert slot.power_up() is None


def test_a_card_that_says_nothing_is_silent(slot: Slot) -> None:
    powered(slot, EchoCard(mute=True))
    assert slot.command(ECHO) == SILENT


def test_a_card_mute_to_its_reset_is_not_powered(slot: Slot) -> None:
    slot.insert(EchoCard(atr=b""))
    assert slot.power_up() is None
    assert slot.present()
    assert slot.command(ECHO) == REFUSED


# ── plug ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reader_without_its_plug_reports_nothing_and_its_cards_lose_their_power(slot: Slot, events: Events) -> None:
    powered(slot)
    slot.unplug()
    assert (slot.plugged, slot.present(), slot.power_up(), slot.command(ECHO)) == (False, False, None, REFUSED)
    slot.replug()
    assert (slot.plugged, slot.present(), slot.command(ECHO)) == (True, True, REFUSED)
    assert slot.power_up() == ATR
    assert [len(events.of(kind)) for kind in ("gone", "back", "inserted", "removed")] == [1, 1, 1, 0]


def test_cards_may_come_and_go_while_the_plug_is_out(slot: Slot) -> None:
    powered(slot)
    slot.unplug()
    slot.remove()
    slot.insert(EchoCard("other"))
    assert not slot.present()
    slot.replug()
    assert slot.present()
    assert slot.command(ECHO) == REFUSED


def test_plug_movements_are_told_once(slot: Slot, events: Events) -> None:
    for act in (slot.unplug, slot.unplug, slot.replug, slot.replug):
        act()
    assert (len(events.of("gone")), len(events.of("back"))) == (1, 1)


# ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_silent_reader_passes_nothing_on(slot: Slot) -> None:
    card = powered(slot)
    slot.faults.silent = True
    assert slot.command(ECHO) == SILENT
    assert card.seen == []
    slot.faults.silent = False
    assert slot.command(ECHO) == ANSWER


@pytest.mark.parametrize(
    ("garble", "answer"),
    [
        (lambda raw: raw[:-1], ECHO + b"\x90"),
        (lambda raw: b"", b""),
        (lambda raw: raw + b"\x00", ECHO + b"\x90\x00\x00"),
    ],
    ids=["shorter", "empty", "longer"],
)
def test_answers_are_garbled_after_the_card_gave_them(
    slot: Slot, garble: Callable[[bytes], bytes], answer: bytes
) -> None:
    powered(slot)
    slot.faults.garble = garble
    assert slot.command(ECHO) == (Answered.OK, answer)


def test_a_silent_card_has_nothing_to_garble(slot: Slot) -> None:
    powered(slot, EchoCard(mute=True))
    slot.faults.garble = lambda raw: b"\x90\x00"
    assert slot.command(ECHO) == SILENT


@pytest.mark.parametrize(("given", "atr"), [(b"\x3b\x00", b"\x3b\x00"), (b"", None)])
def test_a_wrong_atr_comes_in_place_of_the_cards(slot: Slot, field: Slot, given: bytes, atr: bytes | None) -> None:
    for reader in (slot, field):
        reader.faults.atr = given
        reader.insert(EchoCard())
        assert reader.power_up() == atr
        assert reader.command(ECHO) == (ANSWER if atr else REFUSED)


def test_a_slow_reader_answers_late_and_a_torn_card_does_not_wait(slot: Slot) -> None:
    """The delay is waited out unless the card moves: with one that never ends, only the removal ends the command."""
    card = powered(slot)
    slot.faults.delay_s = 10_000
    got: list[tuple[Answered, bytes]] = []
    told = threading.Event()
    card.during = told.set
    asking = in_thread(lambda: got.append(slot.command(ECHO)))
    assert told.wait(DEADLINE_S)
    assert got == []
    slot.remove()
    asking.join(DEADLINE_S)
    assert got == [REFUSED]


def test_a_delay_that_ends_is_followed_by_the_answer(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(slot.casing.moved, "wait_for", lambda met, timeout: waited.append(timeout) or met())
    powered(slot)
    slot.command(ECHO)
    slot.faults.delay_s = 0.25
    assert slot.command(ECHO) == ANSWER
    assert waited == [0.25]


def test_a_missed_insertion_is_a_card_that_the_reader_does_not_see(slot: Slot) -> None:
    slot.faults.missed_insertions = 1
    card = EchoCard()
    slot.insert(card)
    assert (slot.card, slot.present(), slot.power_up(), slot.command(ECHO)) == (card, False, None, REFUSED)
    slot.remove()
    slot.insert(card)
    assert slot.present()
    assert (slot.faults.missed_insertions, slot.moves) == (0, 1)


def test_a_missed_removal_is_a_card_that_no_longer_answers(slot: Slot) -> None:
    powered(slot)
    slot.faults.missed_removals = 1
    slot.remove()
    assert (slot.card, slot.present(), slot.command(ECHO)) == (None, True, SILENT)
    assert slot.power_up() is None
    assert slot.command(ECHO) == REFUSED  # now the reader knows
    assert (slot.faults.missed_removals, slot.moves) == (0, 1)


def test_a_swap_that_was_missed_leaves_a_card_without_power(slot: Slot) -> None:
    """The reader believes in the card that it powered: the other one is never asked until it is reset."""
    powered(slot)
    slot.faults.missed_removals = slot.faults.missed_insertions = 1
    other = EchoCard("other", atr=b"\x3b\x00")
    slot.insert(other)
    assert (slot.present(), slot.command(ECHO)) == (True, SILENT)
    assert other.seen == []
    assert slot.power_up() == b"\x3b\x00"
    assert slot.command(ECHO) == ANSWER


def test_a_removal_missed_in_a_command_is_silence(slot: Slot) -> None:
    card = powered(slot)
    slot.faults.missed_removals = 1
    card.during = slot.remove
    assert slot.command(ECHO) == SILENT


def test_after_a_missed_removal_the_next_insertion_is_noticed(slot: Slot) -> None:
    powered(slot)
    slot.faults.missed_removals = 1
    slot.remove()
    slot.insert(EchoCard("other"))
    assert (slot.present(), slot.command(ECHO)) == (True, REFUSED)


def test_a_reader_drops_out_by_itself_at_the_nth_command(slot: Slot, events: Events) -> None:
    card = powered(slot)
    slot.faults.drop_out_at = 3
    assert [slot.command(ECHO) for _ in range(4)] == [ANSWER, ANSWER, REFUSED, REFUSED]
    assert len(card.seen) == 2
    assert not slot.plugged
    assert len(events.of("gone")) == 1
    slot.replug()
    slot.power_up()
    assert [slot.command(ECHO) for _ in range(4)] == [ANSWER] * 4


def test_commands_to_a_reader_without_its_plug_are_not_counted(slot: Slot, events: Events) -> None:
    slot.faults.drop_out_at = 1
    slot.unplug()
    assert slot.command(ECHO) == REFUSED
    slot.replug()
    assert slot.faults.drop_out_at == 1
    slot.command(ECHO)
    assert len(events.of("gone")) == 2


def test_a_hidden_serial_number_is_not_offered(slot: Slot) -> None:
    assert slot.attribute(IFD_SERIAL) == b"HF-0001"
    slot.faults.hide_serial = True
    assert slot.attribute(IFD_SERIAL) is None
    assert slot.attribute(VENDOR_NAME) == b"Holdfast"
    assert slot.attribute(0x12345678) is None


# ── a field, and readers of several slots ─────────────────────────────────────────────────────────────────────────


def test_of_two_cards_in_a_field_the_reader_reports_none_until_one_leaves(field: Slot, events: Events) -> None:
    card = powered(field)
    other = EchoCard("other")
    field.add(other)
    assert (field.present(), field.power_up(), field.command(ECHO)) == (False, None, REFUSED)
    field.remove(other)
    assert (field.present(), field.command(ECHO)) == (True, REFUSED)
    assert field.power_up()
    assert (card.seen, other.seen) == ([], [])
    assert [e["card"] for e in events.of("inserted")] == ["card", "other"]
    assert [e["card"] for e in events.of("removed")] == ["other"]
    field.add(card)
    assert len(events.of("inserted")) == 2


def test_the_card_that_stays_in_the_field_is_the_one_that_answers(field: Slot) -> None:
    card, other = EchoCard(), EchoCard("other")
    field.insert(card)
    field.add(other)
    field.remove(card)
    assert field.power_up()
    assert field.command(ECHO) == ANSWER
    assert (card.seen, other.seen) == ([], [ECHO])


def test_all_leave_a_field_at_once(field: Slot, events: Events) -> None:
    field.insert(EchoCard())
    field.add(EchoCard("other"))
    field.remove()
    assert (field.card, field.present()) == (None, False)
    assert [e["card"] for e in events.of("removed")] == ["card", "other"]


def test_a_slot_takes_no_second_card(slot: Slot) -> None:
    with pytest.raises(ConfigurationError, match="contactless"):
        slot.add(EchoCard())


def test_a_plug_is_that_of_all_slots_of_a_reader(events: Events) -> None:
    casing = Casing()
    chip = Slot(events, kind=SlotKind.CONTACT, casing=casing)
    air = Slot(events, kind=SlotKind.CONTACTLESS, casing=casing)
    powered(chip)
    powered(air)
    air.faults.silent = True
    assert chip.command(ECHO) == SILENT
    chip.unplug()
    assert (air.plugged, air.present(), air.command(ECHO)) == (False, False, REFUSED)
    air.replug()
    assert (chip.present(), air.present()) == (True, True)
    assert [e["slot"] for e in events.of("inserted")] == ["contact", "contactless"]
    assert len(events.of("gone")) == 1


# ── what waits, and what a control says of a card ─────────────────────────────────────────────────────────────────


def test_a_wait_ends_with_what_the_reader_reports(events: Events) -> None:
    slot = EmbeddedSlot(events)
    slot.faults.missed_insertions = 1
    slot.insert(EchoCard())
    assert not slot.wait(True, 0)
    assert slot.wait(False, 0)
    met: list[bool] = []
    waiting = in_thread(lambda: met.append(slot.wait(True, DEADLINE_S)))
    slot.remove()
    slot.insert(EchoCard())
    waiting.join(DEADLINE_S)
    assert met == [True]


def test_a_wait_ends_when_the_reader_is_gone(events: Events) -> None:
    slot = EmbeddedSlot(events)
    met: list[bool] = []
    waiting = in_thread(lambda: met.append(slot.wait(True, DEADLINE_S)))
    slot.unplug()
    waiting.join(DEADLINE_S)
    assert met == [False]


@pytest.mark.parametrize(("mute", "fault"), [(True, DeviceSilent), (False, CardRemoved)])
def test_a_card_that_fails_a_pin_verification_is_told_from_a_reader_that_offers_none(
    events: Events, mute: bool, fault: type[Exception]
) -> None:
    profile = ReaderProfile.model_validate({"pinpad": {}})
    slot = Slot(events, profile)
    card = EchoCard(mute=mute, during=None if mute else slot.remove)
    powered(slot, card)
    slot.keys.will_type("1234")
    request = bytes.fromhex("00008947040C0402FF0904000000000D000000002000800820FFFFFFFFFFFFFF")
    code = next(iter(profile.features.values()))
    with pytest.raises(fault):
        slot.control(code, request)
