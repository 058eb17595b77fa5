"""Slips on their way to paper: asked before and after, kept while there is none, printed again whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from protocols.printing import Paper
from simulators.terminal.devices import SlipPrinter

WITHOUT_PAPER = (Paper.OUT, Paper.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that is to be printed."""

    name: str
    data: bytes
    trace: str


class SlipDesk:
    """The printer's side of a terminal. `printing` hears how each copy fared, `ask` shows the operator a text."""

    def __init__(self, printer: SlipPrinter, printing: Callable[[Copy, str], None], ask: Callable[[str], None]) -> None:
        self._printer = printer
        self._printing = printing
        self._ask = ask
        self._waiting: list[Copy] = []

    def issue(self, copies: Sequence[Copy]) -> None:
        """Print them, or keep them behind what waits already. Raises PrinterGone; what is not through then waits."""
        free = not self._waiting
        self._waiting += copies
        if free:
            self.paper_loaded()

    def paper_loaded(self) -> None:
        """What was not printed is printed now, whole; what is not through still waits. Raises PrinterGone.

        A printer without paper, or that does not say that it has some, prints nothing. It is asked before, and once
        more when each slip is through: one that ran out on the way is printed again whole.
        """
        printing = bool(self._waiting) and self._has_paper()
        while self._waiting:
            copy = self._waiting[0]
            if printing:
                self._printer.write(copy.data)
                printing = self._has_paper()
            if not printing:
                self._ask("打印机缺纸 请装纸后按确认")
                self._printing(copy, "pending paper")
                return
            self._printing(copy, "done")
            del self._waiting[0]

    def forget(self) -> None:
        """Let go of what waits."""
        self._waiting.clear()

    def _has_paper(self) -> bool:
        return self._printer.paper() not in WITHOUT_PAPER
