"""Calls that may hang, made on a thread of their own with a deadline each. Design 10: such a thread is never killed."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any


class Caller:
    """A thread that makes one call after another. A call that hangs is left to itself with its thread.

    Calls are numbered: an answer that nobody waits for any more, since its wait was interrupted, is no other's.
    """

    def __init__(self) -> None:
        self._number = 0
        self._calls: queue.SimpleQueue[tuple[int, Callable[[], Any]] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[int, Any, BaseException | None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="pcsc-caller", daemon=True).start()

    def call(self, work: Callable[[], Any], deadline_s: float) -> Any:
        """What `work` returns. Raises TimeoutError when it does not return in time."""
        self._number += 1
        self._calls.put((self._number, work))
        end = time.monotonic() + deadline_s
        while True:
            try:
                number, answer, error = self._answers.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError from None
            if number != self._number:
                continue
            if error is not None:
                raise error
            return answer

    def end(self) -> None:
        """The thread ends after the calls that it was given."""
        self._calls.put(None)

    def _run(self) -> None:
        while (item := self._calls.get()) is not None:
            number, work = item
            try:
                self._answers.put((number, work(), None))
            except BaseException as error:
                self._answers.put((number, None, error))
