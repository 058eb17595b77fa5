"""Makes the calls of `issuer-admin.md` and writes down what was answered: `python docs/issuer-admin.py`.

Each line `$ curl …` or `$ python docs/issuer-client.py` in a fenced block is done, of one host, in their order; what
stands below it is what came back. A test holds the page up to date.
"""

from __future__ import annotations

import http.client
import io
import json
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE / "issuer-admin.md"
sys.path.insert(0, str(HERE.parent))

from rich.console import Console

from holdfast.issuer_command import Served, Wanted

TODAY = date(2026, 3, 2)
"""The day that all days are shifted to."""
WIDTH = 150
USUAL = {"uptime_s": 12.5, "requests_per_s": 0.4, "listening": "127.0.0.1:8583", "database": "SQLite 3.40.1"}


class Walk:
    """One host, and the calls made of it."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._traces: dict[str, str] = {}

    def answer(self, command: str) -> list[str]:
        """What a command line of the page gives."""
        command, _, pipe = command.partition(" | ")
        words = shlex.split(command)
        if words[0] == "curl":
            lines = self._curl(words[1:])
        elif words[0] == "python":
            lines = self._client(words[1])
        else:
            return []
        lines = [self._even(line).rstrip() for line in lines]
        return _grep_after(lines, shlex.split(pipe)[-1]) if pipe else lines

    def _curl(self, words: list[str]) -> list[str]:
        method, url, body, headers = "", "", None, {}
        given = iter(words)
        for word in given:
            if word == "-X":
                method = next(given)
            elif word == "--json":
                body, headers = next(given), {"Content-Type": "application/json"}
            elif word != "-s":
                url = word
        line = http.client.HTTPConnection(*self._served.admin, timeout=10)
        line.request(method or ("POST" if body else "GET"), "/" + url.partition("/")[2], body, headers)
        answer = line.getresponse()
        told, kind = answer.read().decode(), answer.getheader("content-type", "")
        line.close()
        lines = _laid_out(_usual(json.loads(told))) if kind == "application/json" else told.splitlines()
        return [f"HTTP {answer.status}", *lines] if answer.status >= 400 or not told else lines

    def _client(self, script: str) -> list[str]:
        port = str(self._served.listening[1])
        done = subprocess.run(
            [sys.executable, str(HERE.parent / script), "--port", port], capture_output=True, text=True, check=False
        )
        return [*done.stdout.splitlines(), *done.stderr.splitlines()]

    def _even(self, line: str) -> str:
        """Days are shifted, traces counted from 1."""
        shift = TODAY - date.today()
        line = re.sub(r"\b20\d\d-\d\d-\d\d", lambda day: f"{date.fromisoformat(day[0]) + shift}", line)
        line = re.sub(r'(?<="rrn": ")\d{4}|(?<=,)\d{4}(?=0{4}\d{4},)', f"{TODAY:%m%d}", line)
        line = re.sub(r" of \d\d-\d\d is", f" of {TODAY:%m-%d} is", line)
        line = re.sub(r"^id: [0-9a-f]{8}", "id: 5f0c2a91", line)
        line = re.sub(r'"n":\d+,"t":\d+', '"n":34,"t":5123456789', line)
        line = re.sub(r"T\d\d:\d\d:\d\d\.\d{6}Z", "T09:30:00.000000Z", line)
        return re.sub(r'(?<=trace )\d{6}|(?<="trace": ")\d{6}|(?<=,000001,)\d{6}', self._trace, line)

    def _trace(self, found: re.Match[str]) -> str:
        return self._traces.setdefault(found[0], f"{len(self._traces) + 1:06d}")


def _usual(value: Any) -> Any:
    return {key: USUAL.get(key, item) for key, item in value.items()} if isinstance(value, dict) else value


def _laid_out(value: Any, indent: str = "") -> list[str]:
    """JSON on one line where it fits, else a line for each member."""
    whole = json.dumps(value, ensure_ascii=False)
    if len(indent + whole) <= WIDTH or not isinstance(value, (dict, list)):
        return [indent + whole]
    members: list[list[str]] = []
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        lines = _laid_out(item, indent + "  ")
        if isinstance(value, dict):
            lines[0] = f"{indent}  {json.dumps(key)}: {lines[0].strip()}"
        members.append(lines)
    for lines in members[:-1]:
        lines[-1] += ","
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return [indent + opening, *(line for lines in members for line in lines), indent + closing]


def _grep_after(lines: list[str], pattern: str) -> list[str]:
    """As `grep -A1`."""
    found: list[str] = []
    for place, line in enumerate(lines):
        if pattern in line:
            found += ([] if not found else ["--"]) + lines[place : place + 2]
    return found


def walked(page: str) -> str:
    """The page with what is answered now."""
    out: list[str] = []
    inside = False
    with ExitStack() as stack:
        wanted = Wanted(
            HERE.parent / "rigs/virtual-bench.yaml", listen=("127.0.0.1", 0), admin=("127.0.0.1", 0), quiet=True
        )  # fmt: skip
        served = Served(wanted, Console(file=io.StringIO()), stack)
        served.start()
        walk = Walk(served)
        for line in page.splitlines():
            if line.startswith("```"):
                inside = not inside
            if not inside or line.startswith(("```", "$ ")):
                out.append(line)
            if inside and line.startswith("$ "):
                out += walk.answer(line[2:])
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    PAGE.write_text(walked(PAGE.read_text("utf-8")), "utf-8")
