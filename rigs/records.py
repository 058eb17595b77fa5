"""Logs of a twin that runs for hours: one that keeps nothing, and one that begins a file each day."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from protocols.faults import RigFault
from rigs.timeline import TimelineFile

LARGEST = 256 * 1024 * 1024
"""Bytes after which another file of the same day begins."""


class Unkept:
    """Numbers the records and forgets them."""

    def __init__(self) -> None:
        self._count = 0

    def append(self, record: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        return {"n": self._count, **record}

    def close(self) -> None:
        """Nothing is open."""


class DailyFiles:
    """A timeline for each day (UTC), and a further one when it grows too large; each is a chain of its own.

    What cannot be written is lost, and business goes on: `told` hears of it once, and the first record that can be
    written again stands behind one of kind `record gap` that says how many are missing. Nothing is ever removed.
    """

    def __init__(self, folder: Path, name: str, told: Callable[[RigFault], None], largest: int = LARGEST) -> None:
        self._folder = folder
        self._name = name
        self._told = told
        self._largest = largest
        self._file: TimelineFile | None = None
        self._day = ""
        self._lost = 0
        self._count = 0

    def append(self, record: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        try:
            file = self._of(str(record["utc"])[:10])
            if self._lost:
                file.append({**record, "ch": "rig", "dir": "", "kind": "record gap", "f": {"lost": self._lost}})
                self._lost = 0
            return file.append(record)
        except RigFault as fault:
            self._miss(fault)
        except OSError as error:
            self._miss(RigFault(f"the record cannot be kept: {error.strerror}", advice="look at the folder's disk"))
        return {"n": self._count, **record}

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _miss(self, fault: RigFault) -> None:
        if not self._lost:
            self._told(fault)
        self._lost += 1

    def _of(self, day: str) -> TimelineFile:
        """The file of a day. Raises OSError when no new one can be made."""
        if self._file is None or day != self._day or self._file.size >= self._largest:
            opened = TimelineFile(self._free(day), keep=False)
            self.close()
            self._file, self._day = opened, day
        return self._file

    def _free(self, day: str) -> Path:
        number = 1
        while (path := self._folder / f"{self._name}-{day}-{number:03d}.jsonl").exists():
            number += 1
        return path
