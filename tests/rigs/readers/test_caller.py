"""Calls on a thread of their own: answers, errors, deadlines, and waits that were interrupted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from rigs.readers.caller import Caller


@pytest.fixture
def caller() -> Iterator[Caller]:
    caller = Caller()
    yield caller
    caller.end()


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


def test_the_answer_of_an_interrupted_wait_is_not_taken_for_the_next_calls(caller: Caller) -> None:
    started, free = threading.Event(), threading.Event()

    def slow() -> str:
        started.set()
        free.wait()
        return "old"

    real: Any = caller._answers

    class Interrupted:
        def get(self, timeout: float) -> Any:
            started.wait()
            raise KeyboardInterrupt

        def put(self, item: Any) -> None:
            real.put(item)

    caller._answers = Interrupted()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        caller.call(slow, 5.0)
    caller._answers = real
    free.set()
    assert caller.call(lambda: "new", 5.0) == "new"
