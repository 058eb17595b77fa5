"""Keeps looking at a reader, on a thread and a connection of its own. facts/pcsc-emv 1.6.

pyscard's own monitors die for good when pcscd restarts. This one survives a service that dies, hangs for a while or is
started anew, and a reader that is unplugged and comes back, under another name too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

from protocols.faults import ConfigurationError, ReaderGone
from protocols.pcsc.codes import meaning
from rigs.readers.watch import Watch
from rigs.readers.winscard import NOT_WATCHED, OK, PNP, TIMEOUT, UNKNOWN_READER, Context, Winscard

LOOK_MS = 250
"""pcscd wakes who waits at each movement of a card, but not always when a reader is lost."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 1.0
"""Between two attempts to reach a service that is not there: twice as long each time."""
JOIN_S, AGAIN_S = 1.5, 0.05
"""For the thread to end, and between two attempts to wake it."""

Locate = Callable[[Context], str]
"""The listed name of the reader just now. Raises ReaderGone and ConfigurationError as `choose` does."""


class Supervisor:
    """Feeds `watch` from its start to `stop()`."""

    def __init__(self, library: Winscard, name: str, locate: Locate, watch: Watch, term: int) -> None:
        """`name` is where the reader was found, in this term of `watch`; `locate` finds it again when it was lost."""
        self._library = library
        self._name = name
        self._locate = locate
        self._watch = watch
        self._term = term
        self._stop = threading.Event()
        self._context: Context = None
        self._thread = threading.Thread(target=self._run, name="pcsc-supervisor", daemon=True)
        self._thread.start()

    def stop(self, call: Callable[[Callable[[], object]], object]) -> None:
        """End it. `call` makes a PC/SC call within a deadline: a service that hangs keeps nobody waiting.

        A thread that hangs with its service ends when that does.
        """
        self._stop.set()
        deadline = time.monotonic() + JOIN_S
        while self._thread.is_alive() and time.monotonic() < deadline:
            context = self._context
            if context is not None:  # it is lost on a thread that is about to wait, and not waiting yet
                call(partial(self._library.cancel, context))
            self._thread.join(AGAIN_S)

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stop.is_set():
            code, context = self._library.establish()
            if code == OK:
                pause = FIRST_PAUSE_S
                self._context = context
                code = self._look_on(context, self._term)
                self._context = None
                self._library.release(context)
            if self._stop.is_set():
                return
            self._watch.lost(self._term, str(meaning(code)))
            self._stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
            self._term = self._watch.begin()

    def _look_on(self, context: Context, term: int) -> int:
        """Until the service is lost, or the end: the code that said so."""
        known = 0
        while not self._stop.is_set():
            self._name = self._name or self._find(context, term)
            watched = [(self._name, known), (PNP, 0)] if self._name else [(PNP, 0)]
            code, states = self._library.changes(context, LOOK_MS, watched)
            if code == UNKNOWN_READER:  # a USB reader that was pulled has left the list, and may return renamed
                self._watch.lost(term, str(meaning(code)))
                self._name, known = "", 0
            elif code not in (OK, TIMEOUT):
                return code
            elif self._name:
                self._watch.look(term, states[0])
                known = states[0] & ~NOT_WATCHED
        return OK

    def _find(self, context: Context, term: int) -> str:
        try:
            return self._locate(context)
        except (ReaderGone, ConfigurationError) as error:
            self._watch.lost(term, error.message)
            return ""
