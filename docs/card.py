"""Does what stands in `card.md` and `readers.md` and writes down what came of it: `python docs/card.py`.

In a fenced block, `$ holdfast card` begins a card that stays to the end of the page; every other line `$ …` is a
command beside it, which finds it by the variable that was printed. In a block ```` ```shown ```` stands what the card's
own terminal has shown since the last one; a line `> …` is typed into it. A test holds the pages up to date.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGES = (HERE / "card.md", HERE / "readers.md")
DEADLINE_S = 60.0
VARIABLE = "PCSCLITE_CSOCK_NAME"
TOOLS = ("opensc", "pcsc-tools", "pcscd")
RESET = "  reset  "
EVEN = (
    (r"/\S*/bench-\w+/", "/tmp/holdfast-1000/bench-k3xw0q9v/"),
    (r"\b\d\d:\d\d:\d\d\.\d{3}\b", "09:30:00.000"),
    (r"\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d 20\d\d", "Mon Mar  2 09:30:00 2026"),
    (r"\x1b\[[0-9;]*m", ""),
    (r"\r[ \r]*", ""),
)
"""What differs from start to start, and how it stands on the page."""


class Walk:
    """One card, and what is done beside it and to it."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COLUMNS": "100",
        }
        self._directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hf-")))
        self._shown = self._directory / "shown"
        self._told = 0
        self._process: subprocess.Popen[str] | None = None

    def answer(self, command: str) -> list[str]:
        """What a command line of the page gives."""
        if command.startswith("export "):
            return []
        if re.match(r"holdfast card(?!.*--run)", command):
            return self._begin(command)
        done = subprocess.run(
            ["bash", "-c", command], env=self._environment, cwd=ROOT, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=DEADLINE_S,
        )  # fmt: skip
        return [line for line in map(even, (done.stdout + done.stderr).splitlines()) if line]

    def _begin(self, command: str) -> list[str]:
        assert self._process is None, "one card a page"
        with self._shown.open("wb") as shown:
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", *command.split()], env=self._environment, cwd=ROOT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=shown,
            )  # fmt: skip
        self._stack.callback(process.wait, DEADLINE_S)
        assert process.stdin is not None
        assert process.stdout is not None
        self._stack.callback(process.stdout.close)
        self._stack.callback(process.stdin.close)  # its end ends the card
        line = process.stdout.readline().strip()
        self._environment[VARIABLE] = line.partition("=")[2]
        return [even(line)]

    def typed(self, words: str) -> None:
        """Typed into the card's own terminal."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()

    def shown(self, lines: int) -> list[str]:
        """The next so many lines that it shows."""
        end = time.monotonic() + DEADLINE_S
        while len(found := self._since()) < lines and time.monotonic() < end:
            time.sleep(0.01)  # between two looks at what is waited for
        self._told += len(found[:lines])
        return [even(line) for line in found[:lines]]

    def _since(self) -> list[str]:
        """Of resets only the first: pcscd makes another one when nobody has spoken to the card for a while."""
        lines = self._shown.read_text("utf-8").splitlines()
        first = next((place for place, line in enumerate(lines) if RESET in line), 0)
        kept = [line for place, line in enumerate(lines) if RESET not in line or place == first]
        return kept[self._told :]


def even(line: str) -> str:
    """A line as it stands on the page."""
    for pattern, text in EVEN:
        line = re.sub(pattern, text, line)
    return line.rstrip()


def versions() -> str:
    """Of the programs that the page shows; empty when one is not there."""
    words = []
    for tool in TOOLS:
        asked = ["dpkg-query", "-W", "-f", "${Version}", tool]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode or not done.stdout:
            return ""
        words.append(f"{tool} {done.stdout.partition('-')[0]}")
    return ", ".join(words)


def stated(page: str) -> str:
    """The versions that the page says it was made with."""
    found = re.search(r"^Made with (.*)\.$", page, re.MULTILINE)
    return found[1] if found else ""


def walked(page: str) -> str:
    """The page with what comes of it now."""
    with contextlib.ExitStack() as stack:
        body = "\n".join(_lines(page.splitlines(), Walk(stack))) + "\n"
    return re.sub(r"^Made with .*\.$", f"Made with {versions()}.", body, flags=re.MULTILINE)


def _lines(page: list[str], walk: Walk) -> Iterator[str]:
    fence, block = "", list[str]()
    for line in page:
        if line.startswith("```") and not fence:
            fence, block = line, []
            yield line
        elif line == "```" and fence:
            yield from _screen(block, walk) if fence == "```shown" else _commands(block, walk)
            yield line
            fence = ""
        elif fence:
            block.append(line)
        else:
            yield line


def _commands(block: list[str], walk: Walk) -> Iterator[str]:
    if not any(line.startswith("$ ") for line in block):
        yield from block
    for line in block:
        if line.startswith("$ "):
            yield line
            yield from walk.answer(line[2:])


def _screen(block: list[str], walk: Walk) -> Iterator[str]:
    """As many lines are waited for as stood there. What is typed is shown before what came of it."""
    parts: list[tuple[str, int]] = [("", 0)]
    for line in block:
        parts = [*parts, (line, 0)] if line.startswith("> ") else [*parts[:-1], (parts[-1][0], parts[-1][1] + 1)]
    for typed, lines in parts:
        if typed:
            yield typed
            walk.typed(typed[2:])
        yield from walk.shown(lines)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(walked(page.read_text("utf-8")), "utf-8")
