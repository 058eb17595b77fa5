"""A run folder, read. It is all that verdicts and reports rest on; a torn tail is told, not raised."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protocols.faults import ConfigurationError


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a timeline. `t_ns` counts from the start of the run; `raw` is masked."""

    number: int
    t_ns: int
    utc: str
    channel: str
    direction: str
    kind: str
    evidence: str
    fields: Mapping[str, Any]
    raw: bytes | None = None
    exposed: tuple[Mapping[str, Any], ...] = ()
    attachments: Mapping[str, str] = field(default_factory=dict)


def record_from(line: Mapping[str, Any]) -> Record:
    """A record from its JSON form."""
    return Record(
        number=line["n"], t_ns=line["t"], utc=line["utc"], channel=line["ch"], direction=line["dir"], kind=line["kind"],
        evidence=line["ev"], fields=line["f"], raw=bytes.fromhex(line["raw"]) if "raw" in line else None,
        exposed=tuple(line.get("exposed", ())), attachments=line.get("att", {}),
    )  # fmt: skip


class RunFolder:
    """Reads `run.json`, `plan.json`, `end.json`, timelines and attachments."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / "run.json").is_file():
            raise ConfigurationError(f"{path} is no run folder", advice="name a folder that holds run.json")

    def run(self) -> dict[str, Any]:
        """How the run began."""
        return self._json("run.json")

    def plan(self) -> dict[str, Any]:
        """Which cases were selected; empty when the run ended before that was known."""
        return self._json("plan.json")

    def end(self) -> dict[str, Any]:
        """How the run ended; empty when it was killed."""
        return self._json("end.json")

    def verdicts(self) -> dict[str, Any]:
        """What was judged; empty when it was not."""
        return self._json("verdicts.json")

    def _json(self, name: str) -> dict[str, Any]:
        path = self.path / name
        if not path.is_file():
            return {}
        try:
            loaded = json.loads(path.read_text("utf-8"))
        except ValueError:
            loaded = None
        if not isinstance(loaded, dict):
            raise ConfigurationError(f"{name} of this run folder cannot be read", advice="holdfast verify tells more")
        return loaded

    def attempts(self, folder: str) -> list[tuple[int, str]]:
        """Attempts at a case by its folder: number and timeline path within the run folder."""
        found = (self.path / "cases" / folder).glob("attempt-*.jsonl")
        numbered = ((path.stem.removeprefix("attempt-"), path.relative_to(self.path).as_posix()) for path in found)
        return sorted((int(number), path) for number, path in numbered if number.isdecimal())

    def case_folders(self) -> list[str]:
        """Folders of all cases that left a timeline."""
        root = self.path / "cases"
        return sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []

    def worker_timelines(self) -> list[str]:
        """Timelines of the benches themselves."""
        return sorted(path.relative_to(self.path).as_posix() for path in (self.path / "workers").glob("*.jsonl"))

    def records(self, timeline: str) -> list[Record]:
        """Every whole record of a timeline, in the order of its numbers. It ends where a line is torn or is none."""
        return list(self._records(timeline))

    def _records(self, timeline: str) -> Iterator[Record]:
        for raw in (self.path / timeline).read_bytes().split(b"\n"):
            try:
                yield record_from(json.loads(raw))
            except (ValueError, KeyError, TypeError):
                return

    def records_of(self, timeline: str, channel: str) -> tuple[Record | None, list[Record]]:
        """The first record, and those of one channel, without reading the others. It ends where a line is torn."""
        lines = (self.path / timeline).read_bytes().split(b"\n")
        mark = f'"ch":"{channel}"'.encode()
        first: Record | None = None
        found: list[Record] = []
        try:
            first = record_from(json.loads(lines[0]))
            for line in lines:
                if mark in line:
                    found.append(record_from(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            pass
        return first, [record for record in found if record.channel == channel]

    def attachment(self, name: str) -> bytes:
        """The bytes of an attachment. Raises ConfigurationError for one that is not there."""
        path = self.path / "attachments" / name
        if path.parent != self.path / "attachments" or not path.is_file():
            raise ConfigurationError(f"there is no attachment {name!r}", advice="holdfast verify tells what is missing")
        return path.read_bytes()
