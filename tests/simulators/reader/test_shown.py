"""What pcscd sees of a slot: whatever moves whenever, it ends up with the card that is there, under power.

The play of pcscd below does what its status thread does (eventhandler.c, ifdwrapper.c of pcsc-lite 1.9): a look at the
top of its loop moves its state; powering a card up or down looks once more, in this thread or in a client's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.events import discard
from simulators.reader import Answered, Slot
from simulators.reader.shown import Shown
from tests.simulators.reader.kit import ECHO, EchoCard

CARD = EchoCard()
MOST_ROUNDS = 8


def test_a_card_that_left_and_came_back_is_absent_for_one_whole_round() -> None:
    slot = Slot(discard)
    shown = Shown(slot)
    slot.insert(CARD)
    assert shown.look(by_status_thread=True)
    assert shown.wait()
    slot.remove()
    slot.insert(CARD)
    assert [shown.look(by_status_thread=True) for _ in range(2)] == [False, False]
    assert not shown.wait()
    assert shown.look(by_status_thread=True)
    assert shown.wait()


def test_a_look_of_a_client_takes_no_absence_from_the_status_thread() -> None:
    slot = Slot(discard)
    shown = Shown(slot)
    slot.insert(CARD)
    shown.look(by_status_thread=True)
    shown.wait()
    slot.remove()
    slot.insert(CARD)
    assert [shown.look(by_status_thread=False) for _ in range(3)] == [False] * 3
    assert not shown.look(by_status_thread=True)


def test_a_card_torn_as_it_is_powered_is_shown_absent_before_the_next() -> None:
    """pcscd looked, saw it, looked again to power it, and saw it no more: it now believes in a mute card."""
    slot = Slot(discard)
    shown = Shown(slot)
    slot.insert(CARD)
    assert shown.look(by_status_thread=True)
    slot.remove()
    assert not shown.look(by_status_thread=True)
    slot.insert(CARD)
    assert not shown.wait()
    assert not shown.look(by_status_thread=True)
    assert not shown.wait()
    assert shown.look(by_status_thread=True)


def test_a_card_torn_as_it_is_powered_is_shown_absent_also_where_none_comes() -> None:
    slot = Slot(discard)
    shown = Shown(slot)
    slot.insert(CARD)
    assert shown.look(by_status_thread=True)
    slot.remove()
    assert not shown.look(by_status_thread=True)
    assert not shown.wait()
    assert not shown.look(by_status_thread=True)
    assert shown.wait()


def test_a_reader_that_lost_its_plug_for_a_moment_has_lost_its_card() -> None:
    slot = Slot(discard)
    shown = Shown(slot)
    slot.insert(CARD)
    shown.look(by_status_thread=True)
    shown.wait()
    slot.unplug()
    slot.replug()
    assert not shown.look(by_status_thread=True)
    assert not shown.wait()
    assert shown.look(by_status_thread=True)


def test_a_new_pcscd_sees_the_card_in_the_end() -> None:
    """Whatever the one before it was shown, and in whatever round it died."""
    slot = Slot(discard)
    shown = Shown(slot)
    slot.insert(CARD)
    shown.look(by_status_thread=True)
    shown.wait()
    slot.remove()
    shown.look(by_status_thread=True)
    slot.insert(CARD)
    daemon = Daemon(slot, shown, lambda: None)
    daemon.settle(iter(()))
    assert daemon.believes
    assert daemon.may_speak()


class Daemon:
    """pcscd's status thread. `meanwhile` is called between any two of its steps."""

    def __init__(self, slot: Slot, shown: Shown, meanwhile: Callable[[], None]) -> None:
        self._slot = slot
        self._shown = shown
        self._meanwhile = meanwhile
        self._woken, self.busy = False, True
        self.believes = self.powers = False
        slot.casing.on_card = lambda slot: self._wake()
        slot.casing.on_replug = self._wake

    def _wake(self) -> None:
        self._woken = self.busy = True

    def look(self) -> bool:
        self._meanwhile()
        return self._shown.look(by_status_thread=True)

    def power(self) -> None:
        """IFDPowerICC: a look, and the power itself."""
        self.powers = False
        if self.look():
            self._meanwhile()
            self.powers = self._shown.look(by_status_thread=False) and self._slot.power_up() is not None

    def round(self, power_down: bool) -> None:
        """One turn of its loop; `busy` unless it waits at its end."""
        if power_down and self.powers and self.look():
            self._meanwhile()
            self._slot.power_down()
            self.powers = False
        if not self.look():
            self.believes = self.powers = False
        elif not self.believes:
            self.power()
            self.believes = True
        self._meanwhile()
        self._woken = False  # what the model told so far is read, and then it is asked
        self._meanwhile()
        self.busy = not self._shown.wait() or self._woken

    def settle(self, power_downs: Iterator[bool]) -> None:
        """Turns until it waits and nothing wakes it: not many."""
        for _ in range(MOST_ROUNDS):
            if not self.busy:
                return
            self.round(next(power_downs, False))
        raise AssertionError(f"still busy after {MOST_ROUNDS} rounds")

    def may_speak(self) -> bool:
        return self._slot.command(ECHO)[0] is Answered.OK


ACTS: dict[str, Callable[[Slot, Shown], object]] = {
    "insert": lambda slot, shown: slot.insert(CARD),
    "remove": lambda slot, shown: slot.remove(),
    "swap": lambda slot, shown: (slot.remove(), slot.insert(CARD)),
    "replug": lambda slot, shown: (slot.unplug(), slot.replug()),
    "client looks": lambda slot, shown: shown.look(by_status_thread=False),
}


@settings(max_examples=400)
@given(st.lists(st.lists(st.sampled_from(list(ACTS)), max_size=2), max_size=25), st.lists(st.booleans(), max_size=6))
def test_whatever_moves_whenever_pcscd_ends_up_with_the_card_that_is_there(
    schedule: list[list[str]], power_downs: list[bool]
) -> None:
    slot = Slot(discard)
    shown = Shown(slot)
    left = list(schedule)

    def meanwhile() -> None:
        for act in left.pop(0) if left else []:
            ACTS[act](slot, shown)

    daemon = Daemon(slot, shown, meanwhile)
    downs = iter(power_downs)
    daemon.round(next(downs, False))
    while left:
        if daemon.busy:
            daemon.round(next(downs, False))
        else:
            meanwhile()
    daemon.settle(downs)
    assert daemon.believes is slot.present()
    if daemon.powers:
        assert daemon.may_speak()
    if daemon.believes and not any(power_downs):
        assert daemon.powers
