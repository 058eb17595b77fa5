"""What people look at, kept as files: `HOLDFAST_RENEW=1 pytest ...` writes them anew, and eyes decide."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rich.console import Console


def same_as(path: Path, text: str) -> None:
    """The same as in the golden file."""
    if os.environ.get("HOLDFAST_RENEW") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def shown(what: Any, columns: int) -> str:
    """What stands on a terminal so wide, without colours and without the blanks that nobody sees."""
    console = Console(width=columns, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    with console.file:
        console.print(what)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines()) + "\n"
