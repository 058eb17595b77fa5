"""Calls that may hang, made on a thread of their own with a deadline each. Design 10: such a thread is never killed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


class Caller:
    """A thread that makes one call after another. A call that hangs is left to itself with its thread."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="pcsc-caller", daemon=True).start()

    def call(self, work: Callable[[], Any], deadline_s: float) -> Any:
        """What `work` returns. Raises TimeoutError when it does not return in time."""
        future: Future[Any] = Future()
        self._calls.put((future, work))
        return future.result(deadline_s)

    def end(self) -> None:
        """The thread ends after the calls that it was given."""
        self._calls.put(None)

    def _run(self) -> None:
        while (item := self._calls.get()) is not None:
            future, work = item
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
