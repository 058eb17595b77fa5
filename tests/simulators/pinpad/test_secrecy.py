"""The digits of a PIN leave the pad in nothing but a block and a VERIFY. Design 7; cases.md 214, 264."""

from __future__ import annotations

import gc
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from protocols.emv import mask_apdu
from protocols.emv.pin import pin_block_2
from protocols.events import Channel
from protocols.faults import CardRemoved
from protocols.iso8583.pin import pin_block
from rigs.cards.loading import card_path, load_card_profile
from simulators.card import ChipCard
from simulators.card.authority import house_authority
from simulators.pinpad import PinPad
from tests.simulators.kit import PAN, Events
from tests.simulators.pinpad.kit import KEYS, MASTER, PIN, Fingers, HearingCard
from tests.simulators.terminal.conftest import open_shop as open_shop
from tests.simulators.terminal.shop import Shop

SECRETS = (PIN.encode(), pin_block_2(PIN), pin_block(PIN, PAN))


@pytest.fixture
def events() -> Events:
    return Events()


def reachable(root: object, borders: tuple[object, ...] = ()) -> Iterator[object]:
    """Whatever an object leads to, by whichever way, but not across what lies at its borders: other devices, and what
    is no object of anybody's in particular."""
    seen, open_ = {id(border) for border in borders}, [root]
    while open_:
        found = open_.pop()
        if id(found) in seen or isinstance(found, (type, types.ModuleType, types.FrameType, types.CodeType)):
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, types.FunctionType):  # its globals are those of its module
            open_ += [*(found.__closure__ or ()), *(found.__defaults__ or ())]
        else:
            open_ += gc.get_referents(found)


def holds(found: object) -> bool:
    """Whether an object shows the PIN, as digits or as a block in clear."""
    if isinstance(found, str):
        return PIN in found
    if isinstance(found, (bytes, bytearray, memoryview)):
        raw = bytes(found)
        return any(secret in raw for secret in SECRETS)
    return False


def test_the_search_finds_what_is_there() -> None:
    """Else what it does not find says nothing."""
    block = bytearray(b"x" + pin_block_2(PIN))
    hidden = {"a": [("b", Fingers(PIN))], "c": lambda: block}
    assert {type(found) for found in reachable(hidden) if holds(found)} == {str, bytearray}
    assert not [found for found in reachable(hidden, (hidden["a"], block)) if holds(found)]


def entries() -> dict[str, Callable[[PinPad], object]]:
    key = house_authority().card_key(1024, 3, 0)

    def gone(raw: bytes) -> bytes:
        raise CardRemoved("the card was removed")

    def leaves(pad: PinPad) -> str:
        with pytest.raises(CardRemoved) as caught:
            pad.offline_pin(gone, None, 3)
        return f"{caught.value!r} {caught.value}"

    return {
        "online": lambda pad: pad.online_pin(PAN),
        "plain": lambda pad: pad.offline_pin(HearingCard().send, None, 3),
        "enciphered": lambda pad: pad.offline_pin(HearingCard(key).send, key.public, 3),
        "card removed": leaves,
    }


@pytest.mark.parametrize("how", list(entries()))
def test_neither_pad_nor_entry_nor_event_holds_a_digit_afterwards(how: str, events: Events) -> None:
    """Not the hands': whoever types a PIN has it in his head."""
    hands = Fingers(PIN)
    pad = PinPad(test_master_key=MASTER, hands=hands, emit=events)
    pad.load_keys(KEYS.wrap(MASTER))
    entry = entries()[how](pad)
    for root in (pad, entry, events.all()):
        assert [found for found in reachable(root, (hands,)) if holds(found)] == []
    assert PIN not in f"{pad!r} {entry!r} {events.all()!r}"
    assert KEYS.pin not in [found for found in reachable(pad, (hands,)) if isinstance(found, bytes)]


@pytest.mark.parametrize("kind", ["credit-chip", "offline-pin", "offline-pin-enciphered"])
def test_the_terminals_memory_holds_no_digit_of_a_pin_that_was_typed(open_shop: Any, kind: str) -> None:
    """Everything that the terminal leads to, but the devices beside it: pad, reader, printer and people."""
    shop: Shop = open_shop()
    shop.keys.pins = [PIN]  # another one than the card's: it is asked for until there is no try left
    shop.card = ChipCard(load_card_profile(card_path(kind)), PAN, name="credit", emit=shop._emit)
    shop.slot.insert(shop.card)
    shop.preauth()
    assert shop.keys.asked >= 3
    terminal = shop.terminal
    borders = (shop.pad, shop.keys, terminal._reader, shop.stripe, shop.printer, shop)
    assert [found for found in reachable(terminal, borders) if holds(found)] == []
    assert sum(1 for _ in reachable(terminal, borders)) > 1000
    assert not any(holds(f"{event.fields}") for event in shop.events.all())
    commands = [event.raw for event in shop.events.all() if event.channel is Channel.CARD and event.kind == "command"]
    verified = [raw for raw in commands if raw is not None and raw[1] == 0x20]
    assert bool(verified) == (kind != "credit-chip")
    assert not any(holds(mask_apdu(raw, b"\x90\x00")[0].raw) for raw in verified)  # as a recorder keeps them
