"""What `holdfast issuer` shows: messages as they come, and on a terminal a live line of counts below them.

It has a thread of its own: the host never waits for a screen. What a slow screen cannot take is left out, and counted.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.text import Text

from holdfast.traffic import CALM, Counts

COLOURS = {"host": "cyan", "ledger": "green", "rig": "red"}
SAID = {
    "explanation": ("why", "bold yellow", "{text}"),
    "rule": ("rule", "bold magenta", "{rule} ({action}), {transaction} {trace}"),
    "bug": ("fault of Holdfast", "bold red", "{cause}"),
    "fault": ("fault", "bold red", "{cause}: {advice}"),
}
"""Kinds of events that stand out: what is said for them, and how."""
WAITING = 1000
"""Records that wait for the screen at most."""
EVERY_S = 0.25
NOTICE_S = 1.0


class Screen:
    """Started, it shows what is offered until it is stopped; `figures` gives counts and holds open for the live line.

    `masked` makes words fit to be shown. `quiet` shows no messages, and the live line alone.
    """

    def __init__(
        self, console: Console, figures: Callable[[], tuple[Counts, str]], hidden: Callable[[], int],
        masked: Callable[[str], str], *, quiet: bool,
    ) -> None:  # fmt: skip
        self._console = console
        self._figures = figures
        self._hidden = hidden
        self._masked = masked
        self._quiet = quiet
        self._queue: queue.Queue[dict[str, Any] | Text] = queue.Queue(WAITING)
        self._left_out = 0
        self._told_hidden = 0
        self._next_notice = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="issuer-screen", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Show what waits, and take the live line away. A screen that takes nothing is not waited for."""
        self._stopping.set()
        self._thread.join(2.0)

    def offer(self, shown: dict[str, Any] | Text) -> None:
        """A record as the recorder made it, or a line. Returns at once."""
        if self._quiet and not isinstance(shown, Text):
            return
        try:
            self._queue.put_nowait(shown)
        except queue.Full:
            self._left_out += 1

    def _run(self) -> None:
        with self._live() as refresh:
            due = 0.0
            while not (self._stopping.is_set() and self._queue.empty()):
                with contextlib.suppress(queue.Empty):
                    self._show(self._queue.get(timeout=0.0 if self._stopping.is_set() else EVERY_S))
                now = time.monotonic()
                if now >= due:
                    self._notice(now)
                    refresh()
                    due = now + EVERY_S

    @contextlib.contextmanager
    def _live(self) -> Any:
        if not self._console.is_terminal:
            yield lambda: None
            return
        from rich.live import Live

        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            yield lambda: live.update(self._line(), refresh=True)

    def _line(self) -> Text:
        """The counts, and under them the last explanation; each cut to the width."""
        counts, holds = self._figures()
        parts = [
            (f"{counts.connections:,} connected", "cyan"), (f"{counts.per_second:,.1f} requests/s", "bold"),
            (f"{counts.requests:,} so far", ""), (f"{holds} holds open", "green"),
            (f"{counts.answered:,} answered", ""), (f"{counts.refused:,} refused", "yellow"),
        ]  # fmt: skip
        lines = [Text(" · ", style="dim").join(Text(words, style=style) for words, style in parts)]
        if counts.explanation:
            lines.append(Text(f"last why: {self._masked(counts.explanation)}", style="dim yellow"))
        for line in lines:
            line.truncate(max(20, self._console.width - 1), overflow="ellipsis")
        return Text("\n", no_wrap=True).join(lines)

    def _notice(self, now: float) -> None:
        """Once a second: what was not shown. On a terminal the counts stand in the live line."""
        hidden = self._hidden()
        if now < self._next_notice or (hidden == self._told_hidden and not self._left_out):
            return
        self._next_notice = now + NOTICE_S
        if self._quiet:
            return
        counts, _ = self._figures()
        words = f"… {hidden - self._told_hidden:,} more not shown: above {CALM} a second a sample is; "
        words += f"{counts.per_second:,.1f} requests/s, {counts.answered:,} answered, {counts.refused:,} refused"
        if self._left_out:
            words += f"; the screen was too slow for {self._left_out:,} events"
        self._told_hidden, self._left_out = hidden, 0
        self._console.print(Text(words, style="dim"), soft_wrap=True)

    def _show(self, shown: dict[str, Any] | Text) -> None:
        """One line an event; a message field by field below it."""
        if isinstance(shown, Text):
            self._console.print(shown, soft_wrap=True)
            return
        kind, fields = shown["kind"], shown["f"]
        when = (shown["utc"][11:23], "dim")
        if kind in SAID:
            word, style, said = SAID[kind]
            words = said.format_map({"transaction": "", "trace": "", "advice": "", **fields}).rstrip(" ,:")
            self._console.print(Text.assemble(when, "  ", (f"{word}: {words}", style)), soft_wrap=True)
            return
        values = ", ".join(f"{k} {v}" for k, v in fields.items() if k != "message" and v not in ("", None, False, []))
        lines = [Text.assemble(when, "  ", (kind, COLOURS.get(shown["ch"], "")), "  ", values)]
        for key, value in fields.get("message", {}).items():
            lines.append(Text(f"                {key}: {value}", style="dim"))
        self._console.print(Text("\n").join(lines), soft_wrap=True, highlight=False)
