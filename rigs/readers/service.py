"""A connection to the PC/SC service and one reader of it: calls with a deadline, the state, and what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from protocols.faults import CardRemoved, DeviceSilent, ReaderGone, RigFault
from protocols.pcsc.codes import About, Meaning, meaning
from rigs.readers.caller import Caller
from rigs.readers.choice import ReaderChoice
from rigs.readers.listing import locate
from rigs.readers.settling import reader_gone, what_happened
from rigs.readers.supervisor import Supervisor
from rigs.readers.watch import Watch
from rigs.readers.winscard import EMPTY, LOST, NOT_WATCHED, OK, PNP, TIMEOUT, Context, Handle, Winscard

READY_S = 5.0
"""So long a reader may take to come up with its service."""
STEP_MS = 250


class Service:
    """Opened by `open()`, and again after `close()`. `name` is the reader's listed name, empty before."""

    def __init__(self, library: Winscard, choice: ReaderChoice, watch: Watch, deadline_s: float) -> None:
        self.library = library
        self.name = ""
        self.context: Context = None
        self.deadline_s = deadline_s
        self._choice = choice
        self._watch = watch
        self._caller = Caller()
        self._supervisor: Supervisor | None = None
        self._hung = self._was_gone = False

    def open(self) -> None:
        """Raises ReaderGone when service or reader stay away, ConfigurationError when the choice fits several."""
        term = self._watch.begin()
        code, self.context = self.call(self.library.establish)
        if code != OK:
            self.context = None
            raise self._gone(meaning(code), "establish context")
        self.name = self._found()
        self._was_gone = False
        self._supervisor = Supervisor(self.library, self.name, self._locate, self._watch, term)

    def reopen(self) -> None:
        """Afresh, whatever became of service and reader meanwhile. Raises as `open` does."""
        if self._hung:
            self._hung, self._caller = False, Caller()
        self.close()
        self.open()

    def close(self) -> None:
        """Let the context go, with the connection to the service that it holds, also where that one has gone."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.stop(self._quietly)
        context, self.context = self.context, None
        if context is not None:
            self._quietly(lambda: self.library.release(context))

    def end(self) -> None:
        """Close it for good."""
        self.close()
        self._caller.end()

    @property
    def sound(self) -> bool:
        """No call hung, and the reader was not found gone, since it was opened."""
        return not self._hung and not self._was_gone

    def call(self, work: Callable[[], Any], deadline_s: float | None = None) -> Any:
        """One PC/SC call within its deadline. A call that hangs cannot be cancelled: its thread is abandoned."""
        if self._hung:
            raise DeviceSilent(
                "the PC/SC service did not answer", advice="recover the reader first", component="reader"
            )
        patience = deadline_s or self.deadline_s
        try:
            return self._caller.call(work, patience)
        except TimeoutError:
            self._hung = True
            self._caller.end()
            raise DeviceSilent(
                f"the PC/SC service did not answer within {patience:g} s", advice="restart pcscd", component="reader"
            ) from None

    @contextmanager
    def device(self, card: Handle) -> Iterator[Handle]:
        """A connection to the reader itself: the card's where there is one. Raises as `fault` says."""
        if card is not None:
            yield card
            return
        code, handle = self.call(partial(self.library.connect_reader, self.context, self.name))
        if code != OK:
            raise self.fault(meaning(code), "connect to the reader")
        try:
            yield handle
        finally:
            self._quietly(lambda: self.library.disconnect(handle, unpower=False))

    def control(
        self, handle: Handle, since: int | None, code: int, data: bytes, deadline_s: float | None = None
    ) -> bytes | None:
        """A control code to the reader: None where it does not take it. Raises ReaderGone.

        `since` is the movement counter as a card was powered that has a part in it: raises for that card too.
        """
        patience = max(deadline_s or 0.0, self.deadline_s)
        result, answer = self.call(partial(self.library.control, handle, code, data), patience)
        if result == OK:
            return bytes(answer)
        if since is not None and meaning(result).about is not About.CALL:
            raise self.fault(meaning(result), "control", since)
        self.seen()
        return None

    def _quietly(self, work: Callable[[], Any]) -> None:
        with suppress(DeviceSilent):
            self.call(work)

    def _locate(self, context: Context) -> str:
        return locate(self.library, context, self._choice)

    def _found(self) -> str:
        """The name of the reader, once it is there and up."""
        deadline = time.monotonic() + READY_S
        name = ""
        while True:
            try:
                name = self.call(partial(self._locate, self.context))
                state = self.state(name=name)
                if not state & LOST:
                    return str(name)
                missing = ReaderGone("reader gone", advice="plug it in again")
            except ReaderGone as gone:
                missing = gone
            if time.monotonic() > deadline:
                raise missing
            watched = [(name, EMPTY), (PNP, 0)] if name else [(PNP, 0)]
            self.call(partial(self.library.changes, self.context, STEP_MS, watched))

    # ── what is so ────────────────────────────────────────────────────────────────────────────────────────────

    def state(self, known: int = 0, wait_s: float = 0.0, name: str = "") -> int:
        """The reader's event state now, or once it differs from `known`. Raises ReaderGone without a service."""
        watched = [(name or self.name, known & ~NOT_WATCHED)]
        term = self._watch.term
        code, states = self.call(partial(self.library.changes, self.context, int(wait_s * 1000), watched))
        if code not in (OK, TIMEOUT):
            raise self._gone(meaning(code), "status change")
        self._watch.look(term, states[0])
        return int(states[0])

    def seen(self) -> int:
        """As `state`; a reader that is lost has none."""
        state = self.state()
        if state & LOST:
            raise self.noted(ReaderGone("reader gone", advice="plug it in again"))
        return state

    def fault(self, told: Meaning, during: str, since: int | None = None) -> CardRemoved | RigFault:
        """What a failed call means, once the reader's state has settled."""
        return self.noted(what_happened(told, during, self.state, since))

    def noted(self, fault: CardRemoved | RigFault) -> CardRemoved | RigFault:
        """A reader that was found gone is not sound until it is opened again."""
        self._was_gone = self._was_gone or isinstance(fault, ReaderGone)
        return fault

    def _gone(self, told: Meaning, during: str) -> CardRemoved | RigFault:
        return self.noted(reader_gone(told, during))
