"""The commits of the books: one for all that a turn of the loop decided, and beside the loop where that pays.

While the disk is waited for nobody may touch the books; all else goes on. What waits for a commit is handed on when it
is durable, oldest first. All but the waiting itself happens in the host's loop.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from simulators.issuer.database import LedgerUnavailable
from simulators.issuer.ledger import Ledger

BESIDE_FROM = 2
"""So many must wait for a commit to be worth a thread: for a single one the way there and back is the longer wait."""
MOST_TOGETHER = 256
"""As long as each turn of the loop brings more, a commit waits for the next one, until there are so many."""
T = TypeVar("T")
Fault = LedgerUnavailable | None


class Commits(Generic[T]):
    """`kept` takes what is durable, and whether it had to be written; `lost` all of a commit that failed. `free` is
    called when the books may be touched again after a commit beside the loop."""

    def __init__(
        self, ledger: Ledger, kept: Callable[[list[T], bool], None], lost: Callable[[LedgerUnavailable, list[T]], None],
        free: Callable[[], None],
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._kept, self._lost, self._free = kept, lost, free
        self._waiting: list[T] = []
        self._together = 0  # so many waited when the turn before had ended
        self._under_way: list[T] | None = None
        self._beside: _Beside | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def under_way(self) -> bool:
        """Whether the disk is waited for beside the loop: the books are not to be touched."""
        return self._under_way is not None

    def join(self, waiting: T) -> None:
        """It waits for the commit of this turn; where nothing was decided there is none to wait for."""
        self._waiting.append(waiting)
        if len(self._waiting) == 1:
            if self._ledger.open_group:
                asyncio.get_running_loop().call_soon(self._turn)
            else:
                self.settle()

    def taken(self) -> list[T]:
        """Who waits now, and no longer."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def settle(self) -> None:
        """Commit here and now. Not while one is under way."""
        waiting = self.taken()
        try:
            written = self._ledger.commit()
        except LedgerUnavailable as fault:
            self._lost(fault, waiting)
        else:
            self._kept(waiting, written)

    async def quiet(self) -> None:
        """Return when nothing waits and nothing is under way: whoever comes from elsewhere may touch the books now."""
        while self.under_way:
            await self._idle.wait()
        self.settle()

    def finish(self) -> None:
        """Wait for what is under way, with the whole loop."""
        if self._under_way is not None and self._beside is not None:
            self._done(self._under_way, self._beside.wait())

    def close(self) -> None:
        """The thread ends. Nothing may be under way."""
        if self._beside is not None:
            self._beside.close()

    def _turn(self) -> None:
        if self.under_way:
            return  # its end begins the next turn
        together, before = len(self._waiting), self._together
        if BESIDE_FROM <= together < MOST_TOGETHER and together > before:
            self._together = together
            asyncio.get_running_loop().call_soon(self._turn)
            return
        self._together = 0
        if together < BESIDE_FROM:
            self.settle()
            return
        if self._beside is None:
            self._beside = _Beside(self._ledger.commit)
        self._under_way = waiting = self.taken()
        self._idle.clear()
        loop = asyncio.get_running_loop()
        self._beside.start(lambda fault: loop.call_soon_threadsafe(self._done, waiting, fault))

    def _done(self, waiting: list[T], fault: Fault) -> None:
        if self._under_way is not waiting:
            return  # it was waited for already
        self._under_way = None
        self._idle.set()
        if fault is None:
            self._kept(waiting, True)
        else:
            self._lost(fault, waiting)
        self._free()


class _Beside:
    """One thread that commits when told, once at a time."""

    def __init__(self, commit: Callable[[], object]) -> None:
        self._commit = commit
        self._asked: queue.SimpleQueue[Callable[[Fault], object] | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._fault: Fault = None
        self._thread = threading.Thread(target=self._run, name="issuer-commit", daemon=True)
        self._thread.start()

    def start(self, done: Callable[[Fault], object]) -> None:
        self._ended.clear()
        self._asked.put(done)

    def wait(self) -> Fault:
        """How the commit under way ended."""
        self._ended.wait()
        return self._fault

    def close(self) -> None:
        self._asked.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (done := self._asked.get()) is not None:
            try:
                self._commit()
                self._fault = None
            except LedgerUnavailable as fault:
                self._fault = fault
            self._ended.set()
            done(self._fault)
