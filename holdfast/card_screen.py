"""What `holdfast card` shows on standard error: what is said to the card, a line a command, and what is done to both.

It has a thread of its own: neither the card nor the program that speaks to it waits for a screen. A command is known by
its name, a card number is masked, a PIN is never shown, and data of the card is told by its length alone.
"""

from __future__ import annotations

import queue
import threading
from typing import Any

from rich.console import Console
from rich.text import Text

WAITING = 1000
"""Lines that wait for the screen at most."""
STOP_S = 2.0
WIDEST = 44
MOVEMENTS = {
    "inserted": ("the card is in", "green"), "removed": ("the card is out", "yellow"),
    "gone": ("the reader is unplugged", "yellow"), "back": ("the reader is plugged in", "green"),
}  # fmt: skip


class Screen:
    """Started, it shows what is offered until it is stopped. `quiet` leaves out what goes by, and shows words alone."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._console = console
        self._quiet = quiet
        self._command: dict[str, Any] = {}
        self._left_out = 0
        self._queue: queue.Queue[Text | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="card-screen", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Show what waits. A screen that takes nothing is not waited for."""
        try:
            self._queue.put(None, timeout=STOP_S)
        except queue.Full:
            return
        self._thread.join(STOP_S)

    def say(self, words: str, style: str = "") -> None:
        """A line of its own, whatever is left out otherwise."""
        self._offer(Text(words, style=style))

    def watch(self, record: dict[str, Any]) -> None:
        """A record as the recorder made it, masked. A command waits for its answer, and both are one line."""
        if record["ch"] == "card" and record["kind"] == "command":
            self._command = record["f"]
        elif not self._quiet:
            line = _line(record, self._command)
            if line is not None:
                self._offer(line)

    def _offer(self, line: Text) -> None:
        try:
            self._queue.put_nowait(line)
        except queue.Full:
            self._left_out += 1

    def _run(self) -> None:
        while (line := self._queue.get()) is not None:
            self._console.print(line, soft_wrap=True, highlight=False)
            if self._left_out:
                words = f"… {self._left_out} lines left out: the screen was too slow"
                self._left_out = 0
                self._console.print(Text(words, style="dim"), soft_wrap=True)


def _line(record: dict[str, Any], command: dict[str, Any]) -> Text | None:
    """None for what nobody looks for."""
    kind, fields, when = record["kind"], record["f"], (f"{record['utc'][11:23]}  ", "dim")
    if record["ch"] == "reader":
        words, style = MOVEMENTS.get(kind, ("", ""))
        return Text.assemble(when, (words, style)) if words else None
    if kind == "atr":
        return Text.assemble(when, ("reset", "bold"), " " * (WIDEST - 5), f"ATR {_spaced(fields['atr'])}")
    if kind == "response":
        return Text.assemble(when, *_named(command), *_status(record))
    if kind == "silence":
        return Text.assemble(when, *_named(command), ("no answer", "bold red"))
    return None


def _named(command: dict[str, Any]) -> tuple[tuple[str, str], str]:
    """The command's name and what it is about, filled up to the status words."""
    name, header = str(command.get("name", "?")), str(command.get("header", ""))
    about = str(command.get("file") or command.get("record") or command.get("asks") or "")
    if name.startswith("INS "):
        about = _spaced(header)
    elif name == "GET DATA":
        about = header[4:]
    shown = f" {about}" if about else ""
    return (name, "bold"), shown + " " * max(WIDEST - len(name + shown), 2)


def _status(record: dict[str, Any]) -> tuple[tuple[str, str], str]:
    """Status words, what they mean, and how much came before them."""
    fields, size = record["f"], max(len(record.get("raw", "")) // 2 - 2, 0)
    sw = str(fields.get("sw", "?"))
    good = sw == "9000" or sw[:2] in ("61", "6C")
    parts = [str(fields.get("meaning", ""))] + ([f"{size} byte{'' if size == 1 else 's'}"] if size else [])
    return (sw, "green" if good else "yellow"), "  " + ", ".join(part for part in parts if part)


def _spaced(hexadecimal: str) -> str:
    return " ".join(hexadecimal[at : at + 2] for at in range(0, len(hexadecimal), 2))
