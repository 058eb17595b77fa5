"""What every card reader keeps, whatever stands behind it: `rigs/ports.py` and `simulators/terminal/devices.py`.

The first paragraph of each test is a clause of the contract: `docs/reader-contract.md` is made of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from protocols.events import Channel
from protocols.faults import CardRemoved, DeviceSilent, ReaderGone, RigFault
from protocols.pcsc.atr import parse_atr
from protocols.pcsc.identity import NOT_OFFERED
from protocols.pcsc.part10 import Feature, PinResult, PinVerify
from tests.rigs.readers.conftest import MakeBench
from tests.rigs.readers.station import ATR, DONE, ECHO, OTHER_ATR, T1_ATR, UID, ReaderBench, TestCard
from tests.simulators.kit import DEADLINE_S, in_thread

VERIFY = PinVerify(bytes.fromhex("0020008008") + b"\x20" + b"\xff" * 7)
PIN = "739182"
FIRMWARE = bytes.fromhex("FF00480000")


def until_gone(bench: ReaderBench) -> None:
    """A lost reader is noticed within its settling time: waiting for a card that is in to leave shows it."""
    with pytest.raises(ReaderGone):
        bench.driver.wait_for_card(False, DEADLINE_S)


def told(bench: ReaderBench) -> list[tuple[str, str]]:
    """Commands and responses on the timeline, as they stand there."""
    kinds = ("command", "response")
    return [(e.kind, (e.raw or b"").hex().upper()) for e in bench.events.all() if e.kind in kinds]


# ── cards come and go ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_that_is_inserted_is_seen(bench: ReaderBench) -> None:
    """A card that is put in is seen."""
    assert not bench.driver.card_present()
    bench.insert()
    assert bench.driver.card_present()


def test_a_card_that_is_removed_is_missed(bench: ReaderBench) -> None:
    """A card that is taken out is missed."""
    bench.insert()
    bench.people.remove()
    assert bench.driver.wait_for_card(False, DEADLINE_S)
    assert not bench.driver.card_present()


def test_waiting_for_a_card_ends_when_it_comes(bench: ReaderBench) -> None:
    """Waiting for a card ends when it comes."""
    slot, seen = bench.slot, list[bool]()
    waiter = in_thread(lambda: seen.append(bench.driver.wait_for_card(True, DEADLINE_S)))
    slot.insert(TestCard())
    waiter.join(DEADLINE_S)
    assert seen == [True]


@pytest.mark.parametrize("present", [True, False])
def test_waiting_in_vain_ends_with_the_time(bench: ReaderBench, present: bool) -> None:
    """Waiting in vain ends with its time, not before, and says so."""
    if not present:
        bench.insert()
    began = time.monotonic()
    assert not bench.driver.wait_for_card(present, 0.2)
    assert time.monotonic() - began >= 0.2


def test_what_is_so_already_needs_no_waiting(bench: ReaderBench) -> None:
    """What is so already needs no waiting."""
    assert bench.driver.wait_for_card(False, 0)
    bench.insert()
    assert bench.driver.wait_for_card(True, 0)


def test_movements_are_counted(bench: ReaderBench) -> None:
    """Insertions and removals are counted, and the driver tells each as READER `seen`."""
    before = bench.driver.movements()
    bench.insert()
    assert bench.driver.movements() == before + 1
    bench.people.remove()
    assert bench.driver.wait_for_card(False, DEADLINE_S)
    bench.events.wait("seen", present=False, movements=before + 2)
    assert bench.driver.movements() == before + 2


def test_a_card_swapped_between_two_looks_is_counted_too(bench: ReaderBench) -> None:
    """A card that left and came back between two looks counts as two movements, though it is there both times."""
    slot = bench.slot
    card, before = bench.insert(), bench.driver.movements()
    slot.remove()
    slot.insert(card)
    bench.driver.card_present()
    bench.events.wait("seen", present=True, movements=before + 2)
    assert bench.driver.movements() == before + 2


def test_movements_are_told(bench: ReaderBench) -> None:
    """A twin tells each real movement once, with the card's name."""
    slot, card = bench.slot, TestCard(name="credit-0014")
    slot.insert(card)
    slot.insert(card)
    slot.remove()
    slot.remove()
    kinds = ("inserted", "removed")
    seen = [(e.kind, e.fields["card"]) for e in bench.events.all() if e.channel is Channel.READER and e.kind in kinds]
    assert seen == [("inserted", "credit-0014"), ("removed", "credit-0014")]


# ── talking to a card ─────────────────────────────────────────────────────────────────────────────────────────────


def test_powering_on_gives_the_atr_and_tells_it(bench: ReaderBench) -> None:
    """Powering on gives the card's answer to reset, and tells it."""
    bench.insert()
    atr = bench.driver.power_on()
    assert parse_atr(atr).protocols
    assert bench.events.of("atr") == [{"atr": atr.hex().upper()}]


@pytest.mark.parametrize(("atr", "protocol"), [(ATR, "T=0"), (T1_ATR, "T=1")])
def test_the_protocol_is_the_cards(bench: ReaderBench, atr: bytes, protocol: str) -> None:
    """T=0 or T=1 is spoken as the card's answer to reset says; without power, neither."""
    assert bench.driver.protocol == ""
    bench.works(bench.powered(TestCard(atr=atr)))
    assert bench.driver.protocol == protocol
    bench.driver.power_off()
    assert bench.driver.protocol == ""


@pytest.mark.parametrize("size", [5, 60, 200])
def test_commands_reach_the_card_and_answers_come_back_whole(bench: ReaderBench, size: int) -> None:
    """Commands reach the card as they are, and answers come back whole."""
    assert bench.slot
    card = bench.powered()
    command = bytes([0, 0xD6, 0, 0, size - 5]) + bytes(range(size - 5))
    assert bench.driver.transmit(command) == command + DONE
    assert card.seen == [command]


def test_command_and_answer_are_told_with_their_bytes(bench: ReaderBench) -> None:
    """Command and answer are told with their bytes."""
    bench.powered()
    answer = bench.driver.transmit(bench.command)
    events = [e for e in bench.events.all() if e.kind in ("command", "response")]
    assert [e.direction.value for e in events] == ["out", "in"] * (len(events) // 2)
    assert (events[0].raw or b"")[:5] == bench.command[:5]
    assert events[-1].raw == answer


def test_under_t0_what_is_ready_is_fetched(bench_of: MakeBench) -> None:
    """Under T=0 an answer that is ready (61xx) is fetched, and each piece that goes over the wire is told."""
    seen: list[tuple[bytes, bytes]] = []
    bench = bench_of(admit=lambda command, answer: seen.append((command, answer)))
    script = {"00A40400023F00": "6103", "00C0000003": "6F0184"}
    bench.powered(TestCard(answers=lambda raw: bytes.fromhex(script[raw.hex().upper()]) + DONE * (raw[1] == 0xC0)))
    command = bytes.fromhex("00A40400023F0000")
    assert bench.driver.transmit(command) == bytes.fromhex("6F01849000")
    assert told(bench) == [
        ("command", "00A40400023F00"), ("response", "6103"), ("command", "00C0000003"), ("response", "6F01849000"),
    ]  # fmt: skip
    assert seen == [(command, bytes.fromhex("6F01849000"))]


def test_under_t0_a_wrong_length_is_corrected(bench: ReaderBench) -> None:
    """Under T=0 a card that names the right length (6Cxx) is asked again with it."""
    card = TestCard(answers=lambda raw: b"\x01\x02" + DONE if raw[4] == 2 else b"\x6c\x02")
    bench.powered(card)
    assert bench.driver.transmit(ECHO) == b"\x01\x02" + DONE
    assert card.seen == [ECHO, bytes.fromhex("00B2010C02")]


def test_under_t1_nothing_is_fetched(bench: ReaderBench) -> None:
    """Under T=1 a command goes as it is, and its answer is what the card says."""
    card = TestCard(atr=T1_ATR, answers=lambda raw: b"\x61\x03")
    bench.powered(card)
    command = bytes.fromhex("00A40400023F0000")
    assert bench.driver.transmit(command) == b"\x61\x03"
    assert card.seen == [command]


def test_an_answer_in_pieces_is_told_whole(bench: ReaderBench) -> None:
    """Of an answer in several pieces each is told by its length, and all of it with the last: no piece can be masked
    where it cuts a card number in two."""
    pieces = iter([b"\x61\x02", b"\x5a\x02\x61\x02", b"\x62\x50" + DONE])
    bench.powered(TestCard(answers=lambda raw: next(pieces)))
    assert bench.driver.transmit(ECHO) == bytes.fromhex("5A0262509000")
    assert [raw for kind, raw in told(bench) if kind == "response"] == ["6102", "6102", "5A0262509000"]


@pytest.mark.parametrize("atr", [ATR, T1_ATR], ids=["T=0", "T=1"])
def test_long_commands_and_answers_pass(bench_of: MakeBench, atr: bytes) -> None:
    """A command of extended length reaches the card whole, in ENVELOPEs under T=0, and its answer comes back whole."""
    bench, got = bench_of("pinpad"), bytearray()

    def answers(raw: bytes) -> bytes:
        got.extend(raw[5:] if raw[1] == 0xC2 else raw)
        return b"\xa5" * (0 if raw[1] == 0xC2 else 4096) + DONE

    bench.powered(TestCard(atr=atr, answers=answers))
    command = bytes.fromhex("00D600000003E8") + b"\x5a" * 1000
    answer = bench.driver.transmit(command)
    assert bytes(got) == command
    assert answer == b"\xa5" * (4096 if atr == T1_ATR else 0) + DONE


# ── power ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_powering_on_again_resets_the_card(bench: ReaderBench) -> None:
    """A card that is powered off and on is reset."""
    assert bench.slot
    card = bench.powered()
    before = card.powered
    bench.driver.power_off()
    bench.driver.power_on()
    assert card.powered > before
    bench.works(card)


def test_a_warm_reset_gives_the_atr(bench: ReaderBench) -> None:
    """A warm reset gives the answer to reset again, tells it as such, and the card goes on working."""
    card = bench.powered()
    atr, before = bench.events.of("atr")[0]["atr"], card.powered
    assert bench.driver.reset().hex().upper() == atr
    assert bench.events.of("atr") == [{"atr": atr}, {"atr": atr, "reset": "warm"}]
    assert card.powered >= before
    bench.works(card)


def test_a_reset_needs_power(bench: ReaderBench) -> None:
    """There is no warm reset of a card without power, nor of one that has left or is back: it is gone."""
    with pytest.raises(CardRemoved):
        bench.driver.reset()
    bench.powered()
    bench.people.remove()
    with pytest.raises(CardRemoved):
        bench.driver.reset()


def test_a_card_that_was_pulled_and_put_back_is_not_reset_in_place_of_the_first(bench: ReaderBench) -> None:
    """A card that was pulled and put back is no longer there for a warm reset."""
    card = bench.powered()
    bench.people.remove()
    bench.people.insert(card)
    with pytest.raises(CardRemoved):
        bench.driver.reset()


def test_without_power_nothing_is_sent(bench: ReaderBench) -> None:
    """Without power nothing is sent."""
    card = bench.powered()
    bench.driver.power_off()
    with pytest.raises(CardRemoved):
        bench.driver.transmit(bench.command)
    bench.saw_nothing(card)


def test_powering_off_twice_or_without_a_card_is_nothing(bench: ReaderBench) -> None:
    """Powering off twice, or a card that has left, is nothing; the slot is seen empty after it."""
    bench.driver.power_off()
    bench.powered()
    bench.people.remove()
    bench.driver.power_off()
    bench.driver.power_off()
    assert bench.driver.wait_for_card(False, DEADLINE_S)
    assert not bench.driver.card_present()


# ── torn cards ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_card_cannot_be_powered(bench: ReaderBench) -> None:
    """No card is CardRemoved."""
    with pytest.raises(CardRemoved):
        bench.driver.power_on()


def test_a_card_removed_between_two_commands_is_card_removed(bench: ReaderBench) -> None:
    """A card that is pulled between two commands is CardRemoved at the next one."""
    bench.works(bench.powered())
    bench.people.remove()
    with pytest.raises(CardRemoved):
        bench.driver.transmit(bench.command)


def test_a_card_removed_during_a_command_is_card_removed(bench: ReaderBench) -> None:
    """A card that is pulled while it works is CardRemoved, and no answer is told."""
    remove = bench.slot.remove
    card = bench.powered()
    card.during = remove
    with pytest.raises(CardRemoved):
        bench.driver.transmit(ECHO)
    assert card.seen == [ECHO]
    assert not bench.events.of("response")


def test_a_card_removed_while_it_is_powered_is_card_removed(bench: ReaderBench) -> None:
    """A card that is pulled while it is powered is CardRemoved."""
    remove = bench.slot.remove
    card = bench.powered()
    bench.driver.power_off()
    card.waking = remove
    with pytest.raises(CardRemoved):
        bench.driver.power_on()


def test_after_a_torn_card_the_next_one_works(bench: ReaderBench) -> None:
    """After a torn card the next one works."""
    bench.powered()
    bench.people.remove()
    with pytest.raises(CardRemoved):
        bench.driver.transmit(bench.command)
    bench.driver.power_off()
    bench.works(bench.powered())


def test_a_card_that_was_pulled_and_put_back_at_once_has_lost_its_power(bench: ReaderBench) -> None:
    """A card that was pulled and put back, however fast, has lost its power: CardRemoved, and it sees no command."""
    card = bench.powered()
    bench.people.remove()
    bench.people.insert(card)
    with pytest.raises(CardRemoved):
        bench.driver.transmit(bench.command)
    bench.saw_nothing(card)


def test_another_card_in_its_place_never_gets_the_commands_of_the_first(bench: ReaderBench) -> None:
    """Another card in its place never gets the commands of the first."""
    slot = bench.slot
    bench.powered()
    other = TestCard(name="other", atr=OTHER_ATR)
    slot.insert(other)
    with pytest.raises(CardRemoved):
        bench.driver.transmit(ECHO)
    assert other.seen == []
    assert [e["card"] for e in bench.events.of("removed")] == ["card"]
    bench.driver.power_off()
    assert bench.driver.wait_for_card(True, DEADLINE_S)
    assert bench.driver.power_on() == OTHER_ATR


# ── silence ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_that_does_not_answer_is_silent_and_named(bench: ReaderBench) -> None:
    """A card that does not answer is DeviceSilent, and it is the card that is named."""
    bench.powered(TestCard(mute=True))
    with pytest.raises(DeviceSilent) as caught:
        bench.driver.transmit(ECHO)
    assert caught.value.component == "card"


def test_after_a_silent_card_the_reader_still_works(bench: ReaderBench) -> None:
    """After a silent card the reader still works."""
    card = bench.powered(TestCard(mute=True))
    with pytest.raises(DeviceSilent):
        bench.driver.transmit(ECHO)
    card.mute = False
    bench.driver.power_off()
    bench.driver.power_on()
    bench.works(card)


@pytest.mark.parametrize("answer", [b"", b"\x90"], ids=["none", "one byte"])
def test_an_answer_without_status_words_is_silence(bench: ReaderBench, answer: bytes) -> None:
    """An answer without status words is none: DeviceSilent of the card, and it is not told."""
    bench.powered(TestCard(answers=lambda raw: answer))
    with pytest.raises(DeviceSilent) as caught:
        bench.driver.transmit(ECHO)
    assert caught.value.component == "card"
    assert not bench.events.of("response")


@pytest.mark.parametrize("atr", [b"", bytes.fromhex("3B02")], ids=["mute", "broken"])
def test_a_card_that_cannot_be_powered_is_silent(bench: ReaderBench, atr: bytes) -> None:
    """A card that is mute to its reset, or answers what is no answer to reset, is DeviceSilent: it is not removed."""
    slot = bench.slot
    slot.insert(TestCard(atr=atr))
    bench.driver.wait_for_card(True, 1)
    with pytest.raises(DeviceSilent) as caught:
        bench.driver.power_on()
    assert caught.value.component == "card"


# ── lost readers ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reader_unplugged_during_a_command_is_gone(bench: ReaderBench) -> None:
    """A reader that is unplugged during a command is ReaderGone: a torn card and a lost reader are told apart."""
    unplug = bench.slot.unplug
    card = bench.powered()
    card.during = unplug
    with pytest.raises(ReaderGone):
        bench.driver.transmit(ECHO)


def test_a_reader_unplugged_while_a_card_is_powered_is_gone(bench: ReaderBench) -> None:
    """A reader that is unplugged while it powers a card is ReaderGone."""
    unplug = bench.slot.unplug
    card = bench.powered()
    bench.driver.power_off()
    card.waking = unplug
    with pytest.raises(ReaderGone):
        bench.driver.power_on()


def test_a_reader_that_drops_out_by_itself_is_gone(bench: ReaderBench) -> None:
    """A reader that drops out by itself is ReaderGone, and the card saw no command."""
    slot = bench.slot
    card = bench.powered()
    slot.faults.drop_out_at = 1
    with pytest.raises(ReaderGone):
        bench.driver.transmit(ECHO)
    assert card.seen == []


def test_a_reader_unplugged_while_idle_is_gone_for_every_call(bench: ReaderBench) -> None:
    """A reader that is unplugged while idle is ReaderGone for every call, and not healthy, until it is recovered."""
    bench.insert()
    bench.people.unplug()
    until_gone(bench)
    calls: list[Callable[[], object]] = [
        bench.driver.card_present, bench.driver.power_on, lambda: bench.driver.wait_for_card(False, 0.2),
        lambda: bench.driver.wait_for_card(True, 0.2), bench.driver.attributes, lambda: bench.driver.escape(FIRMWARE),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(ReaderGone):
            call()
    assert not bench.driver.healthy()


def test_waiting_for_a_card_ends_when_the_reader_is_lost(bench: ReaderBench) -> None:
    """Waiting for a card ends with ReaderGone when the reader is lost meanwhile."""
    slot, caught = bench.slot, list[BaseException]()

    def wait() -> None:
        try:
            bench.driver.wait_for_card(True, DEADLINE_S)
        except ReaderGone as gone:
            caught.append(gone)

    waiter = in_thread(wait)
    slot.unplug()
    waiter.join(DEADLINE_S)
    assert len(caught) == 1
    assert bench.events.wait("lost")


def test_a_reader_that_is_back_works_again(bench: ReaderBench) -> None:
    """A reader that was unplugged and is back works again once it is recovered."""
    card = bench.powered()
    bench.people.unplug()
    until_gone(bench)
    bench.people.replug()
    assert not bench.driver.healthy()
    bench.driver.recover()
    assert bench.driver.healthy()
    assert bench.driver.wait_for_card(True, DEADLINE_S)
    bench.driver.power_on()
    bench.works(card)


def test_a_recovered_reader_works_again(bench: ReaderBench) -> None:
    """Where the reader is the bench's own, recovery plugs it in again; loss and return are told."""
    unplug = bench.slot.unplug
    card = bench.powered()
    card.during = unplug
    with pytest.raises(ReaderGone):
        bench.driver.transmit(ECHO)
    bench.driver.recover()
    assert bench.driver.healthy()
    assert bench.driver.wait_for_card(True, DEADLINE_S)
    assert bench.driver.power_on() == ATR
    bench.works(card)
    kinds = [e.kind for e in bench.events.all() if e.kind in ("lost", "found")]
    assert kinds[:1] == ["lost"]
    assert kinds[-1:] == ["found"]


def test_after_recovery_the_old_connection_to_the_card_is_not_used(bench: ReaderBench) -> None:
    """After recovery a card has to be powered again."""
    card = bench.powered()
    bench.driver.recover()
    with pytest.raises(CardRemoved):
        bench.driver.transmit(bench.command)
    bench.saw_nothing(card)


def test_plug_movements_are_told_once(bench: ReaderBench) -> None:
    """A twin tells once that its plug was pulled, and once that it is back."""
    slot = bench.slot
    slot.unplug()
    slot.unplug()
    slot.replug()
    slot.replug()
    assert (len(bench.events.of("gone")), len(bench.events.of("back"))) == (1, 1)


# ── contactless ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_contactless_card_gives_its_number_and_a_made_up_atr(bench_of: MakeBench) -> None:
    """A contactless card is spoken to by T=1, has the answer to reset that its reader makes up, and gives its UID."""
    bench = bench_of("contactless")
    bench.insert()
    assert parse_atr(bench.driver.power_on()).contactless
    assert bench.driver.protocol == "T=1"
    assert bench.driver.uid() == UID


def test_a_number_that_is_not_told_is_the_rigs_fault(bench: ReaderBench) -> None:
    """Where a reader tells no UID, asking for it is RigFault; without power it is CardRemoved."""
    with pytest.raises(CardRemoved):
        bench.driver.uid()
    bench.powered(TestCard(answers=lambda raw: b"\x6e\x00"))
    with pytest.raises(RigFault, match="UID"):
        bench.driver.uid()


def test_two_cards_in_the_field_are_none(bench_of: MakeBench) -> None:
    """Of two cards in a field the reader sees none."""
    bench = bench_of("contactless")
    bench.insert()
    bench.slot.add(TestCard(name="second"))
    assert bench.driver.wait_for_card(False, DEADLINE_S)
    with pytest.raises(CardRemoved):
        bench.driver.power_on()


# ── the reader itself ─────────────────────────────────────────────────────────────────────────────────────────────


def test_escape_commands_reach_the_reader_without_a_card(bench_of: MakeBench) -> None:
    """An escape command reaches the reader, with or without a card, and is told by its lengths alone."""
    bench = bench_of("contactless")
    assert bench.driver.escape(FIRMWARE) == b"ACR122U207"
    bench.powered()
    assert bench.driver.escape(FIRMWARE) == b"ACR122U207"
    assert bench.events.of("escape") == [{"sent": 5, "answered": 10}] * 2
    bench.works(TestCard(seen=[ECHO]))


def test_a_reader_without_escape_commands_says_so(bench: ReaderBench) -> None:
    """A reader that takes no escape commands is RigFault, and goes on working."""
    assert bench.slot
    with pytest.raises(RigFault, match="no escape"):
        bench.driver.escape(FIRMWARE)
    bench.works(bench.powered())


def test_features_are_those_of_the_reader(bench_of: MakeBench) -> None:
    """The features are those that the reader offers, each with its code."""
    bench = bench_of("pinpad")
    assert bench.driver.features() == bench.slot.profile.features
    assert Feature.VERIFY_PIN_DIRECT in bench.driver.features()


@pytest.mark.parametrize(
    ("done", "sw", "result"),
    [
        (lambda keys: keys.will_type(PIN), "9000", PinResult.RIGHT),
        (lambda keys: keys.will_type(PIN), "63C2", PinResult.WRONG),
        (lambda keys: keys.will_type(PIN), "6983", PinResult.BLOCKED),
        (lambda keys: keys.will_cancel(), "9000", PinResult.CANCELLED),
        (lambda keys: keys.will_wait(), "9000", PinResult.TIMED_OUT),
        (lambda keys: keys.will_type("739"), "9000", PinResult.WRONG_LENGTH),
    ],
    ids=lambda value: value.name if isinstance(value, PinResult) else "",
)
def test_a_pin_on_the_readers_keys(
    bench_of: MakeBench, done: Callable[..., None], sw: str, result: PinResult
) -> None:  # fmt: skip
    """A PIN on the reader's own keys: right, wrong, blocked, cancelled, timed out and of wrong length are outcomes, and
    nothing that was typed is told."""
    bench = bench_of("pinpad")
    done(bench.slot.casing.keys)
    bench.powered(TestCard(answers=lambda raw: bytes.fromhex(sw)))
    outcome = bench.driver.verify_pin(VERIFY)
    assert outcome.result is result
    assert outcome.tries_left == {"63C2": 2, "6983": 0}.get(sw)
    assert bench.events.of("pin-ended") == [
        {"result": result.value, "sw": outcome.sw, "tries_left": outcome.tries_left}
    ]
    everything = repr([(e.fields, e.raw and e.raw.hex()) for e in bench.events.all()])
    assert PIN[:3] not in everything


def test_a_card_pulled_at_the_keys_is_card_removed(bench_of: MakeBench) -> None:
    """A card that is pulled while its PIN is verified is CardRemoved."""
    bench = bench_of("pinpad")
    remove = bench.slot.remove
    bench.slot.casing.keys.will_type(PIN)
    bench.powered(TestCard(during=remove))
    with pytest.raises(CardRemoved):
        bench.driver.verify_pin(VERIFY)


def test_a_pin_needs_keys_and_power(bench: ReaderBench) -> None:
    """PIN entry without power is CardRemoved, on a reader without keys RigFault."""
    with pytest.raises(CardRemoved):
        bench.driver.verify_pin(VERIFY)
    assert bench.slot
    bench.powered()
    with pytest.raises(RigFault, match="keys"):
        bench.driver.verify_pin(VERIFY)


# ── only test cards ───────────────────────────────────────────────────────────────────────────────────────────────


class Refused(Exception):
    """What somebody raises who does not admit a card."""


def test_what_is_not_admitted_leaves_no_trace(bench_of: MakeBench) -> None:
    """An answer that is not admitted is neither told nor returned, whole or in pieces."""

    def refuse(command: bytes, answer: bytes) -> None:
        assert answer.endswith(b"\x5a\x01\x62" + DONE)
        raise Refused

    bench = bench_of(admit=refuse)
    pieces = iter([b"\x61\x03", b"\x5a\x01\x62" + DONE, b"\x5a\x01\x62" + DONE])
    bench.powered(TestCard(answers=lambda raw: next(pieces)))
    for _ in range(2):
        with pytest.raises(Refused):
            bench.driver.transmit(ECHO)
    assert [raw for kind, raw in told(bench) if kind == "response"] == ["6103"]


def test_of_an_answer_that_breaks_off_nothing_is_told(bench_of: MakeBench) -> None:
    """Of an answer that breaks off, what came of it is told by its length alone: nobody has admitted it."""
    bench = bench_of(admit=lambda command, answer: None)
    remove = bench.slot.remove
    pieces = iter([b"\x5a\x01\x61\x02"])
    card = bench.powered(TestCard(answers=lambda raw: next(pieces, None) or remove() or DONE))
    with pytest.raises(CardRemoved):
        bench.driver.transmit(ECHO)
    assert len(card.seen) == 2
    assert [raw for kind, raw in told(bench) if kind == "response"] == ["6102"]


# ── identity ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reader_says_who_it_is_and_that_it_is_healthy(bench: ReaderBench) -> None:
    """A reader says who it is: what it does not offer is the text `not offered`, never an empty one."""
    attributes = bench.driver.attributes()
    named = (
        "driver",
        "name",
        "vendor",
        "model",
        "firmware",
        "serial",
        "longest APDU",
        "features",
        "usb ids",
        "usb path",
    )
    assert all(attributes[key] for key in named)
    assert all(attributes.values())
    assert bench.driver.healthy()


def test_attributes_can_be_asked_while_a_card_is_powered(bench: ReaderBench) -> None:
    """It says the same with a card that is powered, and the card goes on working."""
    before = bench.driver.attributes()
    card = bench.powered()
    assert bench.driver.attributes() == before
    bench.works(card)


def test_a_lost_serial_number_is_not_offered(bench: ReaderBench) -> None:
    """A serial number that is no longer told is `not offered`."""
    assert bench.slot.profile.serial == bench.driver.attributes()["serial"]
    bench.slot.faults.hide_serial = True
    assert bench.driver.attributes()["serial"] == NOT_OFFERED


def test_a_pinpads_abilities_are_told(bench_of: MakeBench) -> None:
    """USB numbers, PIN lengths and features of a reader that offers them are told."""
    attributes = bench_of("pinpad").driver.attributes()
    assert attributes["usb ids"] == "1209:0001"
    assert attributes["PIN lengths"] == "4-12"
    assert "verify PIN direct" in attributes["features"]


def test_closing_lets_the_card_go(bench: ReaderBench) -> None:
    """A reader that is closed lets its card go, and may be closed twice."""
    card = bench.powered()
    bench.driver.close()
    bench.driver.close()
    with pytest.raises(CardRemoved):
        bench.driver.transmit(bench.command)
    bench.saw_nothing(card)
