"""Calls on a thread of their own: answers, errors, deadlines, and waits that were interrupted."""

from __future__ import annotations

import gc
import signal
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import FrameType

import pytest

from rigs.readers.caller import Caller
from tests.simulators.kit import DEADLINE_S, in_thread


@pytest.fixture
def caller() -> Iterator[Caller]:
    caller = Caller()
    yield caller
    caller.end()


class Interrupted(Exception):
    """What a signal raises in the main thread."""


@pytest.fixture
def interrupted() -> Iterator[None]:
    """The first SIGUSR1 interrupts whatever the main thread waits for."""
    came: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) == 1:
            raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield
    signal.signal(signal.SIGUSR1, before)


class Thing:
    """Something whose end can be seen."""


def _set(end: threading.Event, dead: weakref.ref[Thing]) -> None:
    end.set()


def test_it_returns_what_the_call_returns_and_raises_what_it_raises(caller: Caller) -> None:
    assert caller.call(lambda: 7, 5.0) == 7
    with pytest.raises(ZeroDivisionError):
        caller.call(lambda: 1 // 0, 5.0)
    assert caller.call(threading.current_thread, 5.0) is not threading.current_thread()


def test_a_call_that_hangs_times_out(caller: Caller) -> None:
    free = threading.Event()
    with pytest.raises(TimeoutError):
        caller.call(free.wait, 0.01)
    free.set()


def test_the_answer_of_a_call_that_hung_is_not_taken_for_the_next_calls(caller: Caller) -> None:
    free = threading.Event()
    with pytest.raises(TimeoutError):
        caller.call(lambda: "old" if free.wait() else "", 0.01)
    free.set()
    assert caller.call(lambda: "new", DEADLINE_S) == "new"


@pytest.mark.usefixtures("interrupted")
def test_the_answer_of_an_interrupted_wait_is_not_taken_for_the_next_calls(caller: Caller) -> None:
    free = threading.Event()

    def slow() -> str:
        while not free.wait(0.01):  # a signal that comes just before the wait begins does not end it
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        return "old"

    with pytest.raises(Interrupted):
        caller.call(slow, DEADLINE_S)
    free.set()
    assert caller.call(lambda: "new", DEADLINE_S) == "new"


def test_a_call_that_nobody_waits_for_any_more_is_not_begun(caller: Caller) -> None:
    free, begun = threading.Event(), list[str]()
    for work in (free.wait, lambda: begun.append("late")):
        with pytest.raises(TimeoutError):
            caller.call(work, 0.01)
    free.set()
    assert caller.call(lambda: "next", DEADLINE_S) == "next"
    assert begun == []


def test_two_threads_get_their_own_answers(caller: Caller) -> None:
    got: dict[int, list[int]] = {}

    def ask(place: int) -> None:
        got[place] = [caller.call(lambda: place, DEADLINE_S) for _ in range(200)]

    threads = [in_thread(lambda place=place: ask(place)) for place in range(4)]  # type: ignore[misc]
    for thread in threads:
        thread.join(DEADLINE_S)
    assert got == {place: [place] * 200 for place in range(4)}


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_of_a_call_is_kept_once_it_is_over(caller: Caller, fails: bool) -> None:
    """Neither what it was given nor what came of it: a command and its answer may hold a card number."""
    things = [Thing(), Thing()]
    gone = [threading.Event() for _ in things]
    watched = [weakref.ref(thing, partial(_set, end)) for thing, end in zip(things, gone, strict=True)]

    def answering(command: Thing, answer: Thing) -> Thing:
        if fails:
            raise ValueError(answer)
        return answer

    work = partial(answering, *things)
    things.clear()
    gc.disable()
    try:
        with suppress(ValueError):
            caller.call(work, DEADLINE_S)
        del work
        assert all(end.wait(DEADLINE_S) for end in gone), f"still there: {[ref() for ref in watched]}"
    finally:
        gc.enable()
