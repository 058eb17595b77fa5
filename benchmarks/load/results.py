"""What every measurement leaves: figures, the machine, and how its goals came out; shown, and kept as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from benchmarks.load.machine import described

PIPE_WIDTH = 150
"""Columns where nobody looks at a terminal."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that was wanted: `got` is at least, or at most, `wanted`. `unit` stands behind both."""

    what: str
    got: float
    bound: Literal["at least", "at most"]
    wanted: float
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.got >= self.wanted if self.bound == "at least" else self.got <= self.wanted

    def __str__(self) -> str:
        met = "met" if self.met else "MISSED"
        return f"goal {met}: {self.what}: {self.got:.2f}{self.unit}, wanted {self.bound} {self.wanted:.2f}{self.unit}"

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}


def console() -> Console:
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def result(benchmark: str, goals: list[Goal], machine: dict[str, Any] | None = None, **figures: Any) -> dict[str, Any]:
    """As it goes into the file; `benchmark` is the measurement's name, and of its JSON file's rows."""
    about = {**described(), **(machine or {})}
    return {"benchmark": benchmark, "machine": about, "goals": [goal.plain() for goal in goals], **figures}


def keep(told: dict[str, Any], path: Path | None) -> None:
    """Write it, when somebody wants it."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, indent=1) + "\n")
