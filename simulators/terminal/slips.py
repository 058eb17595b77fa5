"""Slips on their way to paper: asked before and after, kept while there is none, printed again whole."""

from __future__ import annotations

from collections.abc import Callable
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

    def issue(self, copy: Copy) -> None:
        """Print it, or keep it behind what waits already. Raises PrinterGone."""
        if self._waiting or not self._print(copy):
            self._waiting.append(copy)

    def paper_loaded(self) -> None:
        """What was not printed is printed now, whole; what is not through still waits. Raises PrinterGone."""
        while self._waiting and self._print(self._waiting[0]):
            del self._waiting[0]

    def forget(self) -> None:
        """Let go of what waits."""
        self._waiting.clear()

    def _print(self, copy: Copy) -> bool:
        """A printer without paper, or that does not say that it has some, leaves the slip waiting.

        It is asked before, and once more when the slip is through: one that ran out on the way is printed again whole.
        """
        printed = self._has_paper()
        if printed:
            self._printer.write(copy.data)
            printed = self._has_paper()
        if not printed:
            self._ask("打印机缺纸 请装纸后按确认")
        self._printing(copy, "done" if printed else "pending paper")
        return printed

    def _has_paper(self) -> bool:
        return self._printer.status().paper not in WITHOUT_PAPER
