"""A command that stays in the foreground: until it is told to end, or a program ends that it runs, or its parent goes.

One thread waits for everything at once: signals, lines that are typed, the end of a program. Only the parent is looked
after by and by.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_S = 1.0
"""Between two looks whether who started this is still there."""
LONGEST_LINE = 4096
KILLED = 128
"""A program that a signal ended has this and the signal's number as its status, as in a shell."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals() -> Iterator[socket.socket]:
    """Where the numbers of signals come in, a byte each. None of them ends the process meanwhile."""
    told, tell = socket.socketpair()
    with told, tell:
        told.setblocking(False)
        tell.setblocking(False)
        before = {number: signal.signal(number, lambda *_: None) for number in (*ENDING, signal.SIGCHLD)}
        woke = signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
        try:
            yield told
        finally:
            signal.set_wakeup_fd(woke)
            for number, handler in before.items():
                signal.signal(number, handler)


class Attendance:
    """`line` is given each line that is typed, and returns True for the one that ends it. `look` is called by and by.

    Lines are taken from a terminal while this is in its foreground, and from a pipe; the end of either ends it.
    """

    def __init__(
        self, woken: socket.socket, *, line: Callable[[str], bool], look: Callable[[], None],
        program: subprocess.Popen[bytes] | None = None,
    ) -> None:  # fmt: skip
        self._woken = woken
        self._line = line
        self._look = look
        self._program = program
        self._parent = os.getppid()
        self._people = "" if program else _people()
        self._typed = b""
        self._orphaned = self._ended = False

    def stay(self) -> int:
        """The program's status, or 0 without one."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ, self._signalled)
            while not self._over():
                self._listen(selector)
                for key, _ in selector.select(LOOK_S):
                    key.data()
                if os.getppid() != self._parent:
                    self._orphan()
                self._look()
        code = self._program.returncode if self._program else 0
        return code if code >= 0 else KILLED - code

    def _over(self) -> bool:
        return self._ended if self._program is None else self._program.poll() is not None

    def _signalled(self) -> None:
        for number in self._woken.recv(64):
            if number not in ENDING:
                continue
            if self._program is None:
                self._ended = True
            elif number != signal.SIGINT:  # that one the terminal gave to the program, too
                self._program.send_signal(number)

    def _orphan(self) -> None:
        """A program that does not heed it is ended at the next look."""
        if self._program is not None:
            self._program.send_signal(signal.SIGKILL if self._orphaned else signal.SIGTERM)
        self._orphaned = self._ended = True

    # ── what is typed ─────────────────────────────────────────────────────────────────────────────────────────

    def _listen(self, selector: selectors.BaseSelector) -> None:
        """A job in the background that reads its terminal would be stopped."""
        if not self._people:
            return
        wanted = self._people != "terminal" or _in_foreground()
        listening = sys.__stdin__ is not None and 0 in selector.get_map()
        if wanted and not listening:
            selector.register(0, selectors.EVENT_READ, self._read)
        elif listening and not wanted:
            selector.unregister(0)

    def _read(self) -> None:
        if self._people == "terminal" and not _in_foreground():
            return
        try:
            got = os.read(0, LONGEST_LINE)
        except OSError:  # the terminal has gone
            got = b""
        if not got:
            self._ended = True
        *lines, self._typed = (self._typed + got).split(b"\n")
        self._typed = self._typed[-LONGEST_LINE:]
        for text in lines:
            self._ended = self._ended or self._line(text.decode("utf-8", "replace").strip())


def _people() -> str:
    """Who types: `terminal`, `pipe`, or nobody."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return ""
    if os.isatty(0):
        return "terminal"
    return "pipe" if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else ""


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return True  # what has no foreground cannot stop anyone
