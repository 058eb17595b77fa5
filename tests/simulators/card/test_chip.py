"""The card twin as a whole: which commands it knows, resets, its witness, and nonsense. EMV Book 3, 6; Book 1, 11."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.emv import Apdu
from protocols.events import Channel, Event
from simulators.card import ChipCard
from simulators.card.chip import INSTRUCTIONS
from tests.simulators.card.desk import AID, ARQC, Desk, Word, no_oda
from tests.simulators.kit import PAN, Events, credit_profile

NONE_KNOWN = [ins for ins in range(256) if ins not in INSTRUCTIONS and ins != 0xC0]


# ── which commands ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("raw", "sw"),
    [("00FF0000", "6D00"), ("84A4040005A000000333", "6E00"), ("80A4040005A000000333", "6E00"),
     ("00A8000002830000", "6E00"),
     ("00AE800000", "6E00"), ("00CA9F3600", "6E00"), ("80B2010C00", "6E00"), ("8020008008261234FFFFFFFFFF", "6E00"),
     ("8088000004010203", "6700"), ("808800000401020304", "6E00"), ("80820000080102030405060708", "6E00"),
     ("00A40400", "6A82"), ("00A4000005A000000333", "6A86"), ("00A404", "6700"), ("00A4040009A000", "6700"),
     ("80CA9F7900", "6985"), ("", "6700"), ("00C0000000", "6985"), ("C41E000004", "6E00"),
     ("C41E00000400000000", "6E00")],
)  # fmt: skip
def test_what_the_card_does_not_know_is_refused_with_the_right_words(raw: str, sw: str) -> None:
    """EMV Book 1, 9.4.1 and 11; Book 3, 6.3.2: class 00 is ISO's, 80 the books' own."""
    answer = Desk().card.transmit(bytes.fromhex(raw))
    assert answer is not None
    assert answer.hex().upper() == sw


@pytest.mark.parametrize("ins", NONE_KNOWN[::16])
def test_an_unknown_instruction_is_unknown_in_every_class(ins: int) -> None:
    desk = Desk()
    desk.initiate()
    assert {desk.send(Apdu(cla, ins, 0, 0)).sw for cla in (0x00, 0x80, 0x04, 0x84)} == {"6D00"}


def test_a_reset_ends_the_transaction_and_keeps_the_memory() -> None:
    desk = Desk()
    desk.initiate()
    desk.first()
    assert desk.card.power_on() == desk.card.atr == bytes.fromhex("3B6800000073C84013009000")
    assert desk.second().sw == "6985"
    assert desk.read(2, 1).sw == "6985"
    desk.select()
    assert desk.value("9F36") == 1


def test_a_card_without_a_chip_gives_no_answer_to_reset() -> None:
    desk = Desk(credit_profile(chip=False))
    assert desk.card.power_on() == b""
    assert desk.card.track2.startswith(f"{PAN}D3012201")


def test_its_stripe_holds_what_its_chip_does() -> None:
    card = Desk().card
    assert (card.psn, card.expiry) == ("01", "3012")
    assert card.track2 == f"{PAN}D3012201000000000"
    assert card.track1.startswith(f"B{PAN}^TEST CARD/HOLDFAST^3012201")


# ── switches and nonsense ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_mute_card_says_nothing_to_the_command_that_it_is_mute_to() -> None:
    desk = Desk()
    desk.card.faults.mute.add(0xAE)
    desk.initiate()
    assert desk.card.transmit(Apdu(0x80, 0xAE, ARQC, 0, bytes(66), 256).pack()) is None
    assert desk.read(2, 1).sw == "9000"


def test_a_card_that_gets_its_cryptograms_wrong_does_so_until_it_is_told_otherwise() -> None:
    desk = Desk()
    desk.card.faults.wrong_cryptogram = True
    desk.initiate()
    word = Word(desk.first())
    assert word.cryptogram != desk.expected(word)
    desk.card.faults.wrong_cryptogram = False
    last = Word(desk.second(0))
    assert last.cryptogram == desk.expected(last)


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_no_bytes_whatever_break_the_card(raw: bytes) -> None:
    desk = Desk()
    desk.initiate()
    answer = desk.card.transmit(raw)
    assert answer is not None
    assert len(answer) >= 2


_KNOWN = st.sampled_from([*INSTRUCTIONS, 0xC0])
_COMMANDS = st.builds(
    lambda cla, ins, p1, p2, data, le: Apdu(cla, ins, p1, p2, data, le).pack(),
    st.sampled_from([0x00, 0x80, 0x04, 0x84]), _KNOWN,
    st.one_of(st.sampled_from([0x00, 0x01, 0x04, 0x40, 0x80, 0x90, 0x9F]), st.integers(0, 255)),
    st.one_of(st.sampled_from([0x00, 0x02, 0x0C, 0x14, 0x36, 0x80, 0x88]), st.integers(0, 255)),
    st.one_of(st.sampled_from([AID, AID[:5], b"1PAY.SYS.DDF01", b"\x83\x09" + bytes(9), bytes(8), bytes(66)]),
              st.binary(max_size=255)),
    st.sampled_from([None, 8, 256]),
)  # fmt: skip


@pytest.mark.parametrize("profile", [no_oda(cdol1="9F02069F37049F4E36"), credit_profile(oda="cda", pin_key="card")],
                         ids=["plain", "signing"])  # fmt: skip
@given(st.lists(_COMMANDS, max_size=12))
@settings(max_examples=40, deadline=None)
def test_no_commands_in_whatever_order_break_the_card(profile: object, commands: list[bytes]) -> None:
    """Always an answer of at least two bytes, and a counter that never falls."""
    desk = Desk(profile)  # type: ignore[arg-type]
    desk.initiate()
    before = desk.card.state.atc
    for command in commands:
        answer = desk.card.transmit(command)
        assert answer is not None
        assert 2 <= len(answer) <= 258
        assert before <= desk.card.state.atc
        before = desk.card.state.atc
        assert 0 <= (desk.card.state.pin_tries or 0) <= 3


# ── who watches ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_on_command_sees_a_command_before_it_is_carried_out() -> None:
    desk = Desk()
    counters = []
    desk.card.on_command = lambda command: counters.append((command.name, desk.card.state.atc))
    desk.initiate()
    assert counters == [("SELECT", 0), ("GET PROCESSING OPTIONS", 0)]
    assert desk.card.state.atc == 1


def test_a_card_tells_its_witness_what_it_took_and_gave_itself() -> None:
    events = Events()
    card = ChipCard(no_oda(), PAN, name="credit", witness=events)
    card.power_on()
    command = Apdu(0, 0xA4, 4, 0, AID, 256).pack()
    answer = card.transmit(command)
    assert answer is not None
    assert [(e.kind, e.raw) for e in events.all()] == [("powered", None), ("gave", command + answer)]
    assert events.of("powered") == [{"card": "credit", "atr": card.atr.hex().upper()}]
    [gave] = events.of("gave")
    assert (gave["card"], gave["took"]) == ("credit", len(command))
    assert 0 <= gave["own_ns"] < 1e9


def test_it_tells_after_what_was_done_as_the_command_reached_it() -> None:
    events = Events()
    card = ChipCard(no_oda(), PAN, witness=events)
    card.on_command = lambda command: events(Event(Channel.READER, "removed"))
    card.transmit(Apdu(0, 0x84, 0, 0, le=256).pack())
    assert [e.kind for e in events.all()] == ["removed", "gave"]


def test_a_silent_card_took_a_command_and_one_without_a_witness_tells_nobody() -> None:
    events, told = Events(), Events()
    card = ChipCard(no_oda(), PAN, emit=told, witness=events)
    card.faults.mute.add(0x84)
    command = Apdu(0, 0x84, 0, 0, le=256).pack()
    assert card.transmit(command) is None
    assert [(e.kind, e.raw) for e in events.all()] == [("took", command)]
    assert [e.kind for e in told.all()] == ["personalised"]
