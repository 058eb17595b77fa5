"""Calls that may hang, made on a thread of their own with a deadline each. Design 10: such a thread is never killed.

The way there and back costs two wake-ups, some 20 µs (`benchmarks/bench_reader.py`). A condition in place of queue and
lock costs more, and so does turning instead of waiting: whoever turns holds the interpreter that the other one needs.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any


class _Call:
    """One call and what came of it. Each has a lock of its own: no answer can be taken for another call's."""

    __slots__ = ("answer", "done", "error", "work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work: Callable[[], Any] | None = work
        self.done = threading.Lock()
        self.answer: Any = None
        self.error: BaseException | None = None
        self.done.acquire()


class Caller:
    """A thread that makes one call after another. A call that hangs is left to itself with its thread.

    A call that nobody waits for any more, since its time was over or its wait interrupted, is not begun if it has not
    been. Nothing of a call is kept once it is over: a command and its answer may hold a card number.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="pcsc-caller", daemon=True).start()

    def call(self, work: Callable[[], Any], deadline_s: float) -> Any:
        """What `work` returns or raises. Raises TimeoutError when it does not return in time."""
        made = _Call(work)
        self._calls.put(made)
        try:
            if not made.done.acquire(timeout=max(0.0, deadline_s)):
                raise TimeoutError
        except BaseException:
            made.work = None
            raise
        if made.error is not None:
            try:
                raise made.error
            finally:
                del made  # it would hold the error that holds this frame
        return made.answer

    def end(self) -> None:
        """The thread ends after the calls that it was given."""
        self._calls.put(None)

    def _run(self) -> None:
        while (made := self._calls.get()) is not None:
            work, made.work = made.work, None
            if work is not None:
                try:
                    made.answer = work()
                except BaseException as error:
                    made.error = error
                made.done.release()
            del made, work
