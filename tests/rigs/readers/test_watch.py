"""What is known of a slot from many looks: movements by pcscd's counter, and a state that it is not yet done with."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigs.readers.watch import Watch
from rigs.readers.winscard import EMPTY, PRESENT, UNAVAILABLE
from tests.simulators.kit import DEADLINE_S, Events


def state(count: int, present: bool) -> int:
    return (count & 0xFFFF) << 16 | (PRESENT if present else EMPTY)


@pytest.fixture
def events() -> Events:
    return Events()


def begun(events: Events, count: int = 0, present: bool = False) -> tuple[Watch, int]:
    watch = Watch(events)
    term = watch.begin()
    watch.look(term, state(count, present))
    return watch, term


def test_the_first_look_is_no_movement(events: Events) -> None:
    watch, _ = begun(events, 7, True)
    assert watch.present
    assert watch.movements == 0
    assert events.all() == []


def test_a_movement_is_told_once_by_whoever_sees_it_first(events: Events) -> None:
    watch, term = begun(events)
    watch.look(term, state(1, True))
    watch.look(term, state(1, True))
    assert events.of("seen") == [{"present": True, "movements": 1}]
    assert not events.of("missed")


@pytest.mark.parametrize(
    ("count", "present", "missed", "movements"), [(2, False, 2, 2), (3, True, 2, 3), (4, False, 4, 4)]
)
def test_movements_between_two_looks_are_missed(
    events: Events, count: int, present: bool, missed: int, movements: int
) -> None:
    watch, term = begun(events)
    watch.look(term, state(count, present))
    assert events.of("missed") == [{"count": missed}]
    assert events.of("seen") == [{"present": present, "movements": movements}]


def test_the_count_goes_on_where_the_counter_begins_again(events: Events) -> None:
    """facts/pcsc-emv 1.6; eventhandler.c: after 0xFFFF comes 0."""
    watch, term = begun(events, 0xFFFF, True)
    watch.look(term, state(0, False))
    watch.look(term, state(1, True))
    assert watch.movements == 2
    assert [told["movements"] for told in events.of("seen")] == [1, 2]
    assert not events.of("missed")


def test_a_look_that_comes_late_is_not_taken(events: Events) -> None:
    watch, term = begun(events, 0xFFFF, True)
    watch.look(term, state(1, True))
    watch.look(term, state(0, False))
    assert watch.present
    assert watch.movements == 2


def test_a_card_that_is_not_counted_is_not_there_yet(events: Events) -> None:
    """pcscd says PRESENT before it has noted the power that it gave: who connects then loses it."""
    watch, term = begun(events, 4)
    watch.look(term, state(4, True))
    assert not watch.present
    assert watch.wait(True, 0) is False
    assert not watch.settled(0)
    watch.look(term, state(5, True))
    assert watch.present
    assert watch.settled(0)
    assert watch.movements == 1


def test_a_card_that_never_comes_to_be_counted_is_out(events: Events) -> None:
    """SCardDisconnect of a card that has just left makes pcscd say PRESENT for good: the count is right."""
    watch, term = begun(events, 5, True)
    watch.look(term, state(6, False))
    watch.look(term, state(6, True))
    assert not watch.present
    assert watch.wait(False, 0) is True
    watch.look(term, state(7, True))
    assert watch.present


def test_a_card_that_leaves_and_is_not_yet_counted_is_no_longer_there(events: Events) -> None:
    watch, term = begun(events, 5, True)
    watch.look(term, state(5, False))
    assert not watch.present
    assert watch.wait(True, 0) is False
    assert watch.movements == 0
    watch.look(term, state(6, False))
    assert watch.movements == 1


def test_a_lost_reader_ends_every_wait_and_is_told_once(events: Events) -> None:
    watch, term = begun(events)
    ended: list[bool | None] = []
    waiter = threading.Thread(target=lambda: ended.append(watch.wait(True, DEADLINE_S)))
    waiter.start()
    watch.look(term, UNAVAILABLE)
    waiter.join(DEADLINE_S)
    watch.lost(term, "again")
    assert ended == [None]
    assert events.of("lost") == [{"why": "the reader is not there"}]


@pytest.mark.parametrize(("after", "movements"), [(False, 0), (True, 1)])
def test_a_reader_that_is_found_again_counts_from_there(events: Events, after: bool, movements: int) -> None:
    """Its service has counted afresh, or counted the loss."""
    watch, term = begun(events, 9)
    watch.lost(term, "the service stopped")
    watch.look(watch.begin(), state(0, after))
    assert events.of("found") == [{"present": after, "movements": movements}]
    assert watch.wait(after, 0) is True


def test_a_look_of_an_earlier_connection_is_not_taken(events: Events) -> None:
    watch, earlier = begun(events, 9)
    later = watch.begin()
    watch.look(later, state(0, False))
    watch.look(earlier, state(10, True))
    watch.lost(earlier, "stale")
    assert not watch.present
    assert not events.all()
    watch.look(later, state(1, True))
    assert watch.present


@given(start=st.integers(0, 0xFFFF), looks=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=40))
def test_every_movement_is_counted_once_however_it_is_looked_at(start: int, looks: list[tuple[int, bool]]) -> None:
    """Any start of the counter, any number of movements between two looks, any look told twice or late."""
    events = Events()
    present, count, moved = False, start, 0
    watch, term = begun(events, start)
    for step, again in looks:
        before = state(count, present)
        count, moved, present = count + step, moved + step, present ^ bool(step % 2)
        watch.look(term, state(count, present))
        if again:
            watch.look(term, before)
    assert watch.movements == moved
    assert watch.present is present
    told = sum(row["count"] for row in events.of("missed"))
    assert told + sum(step % 2 for step, _ in looks) == moved
