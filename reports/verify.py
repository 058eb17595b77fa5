"""Is a run folder what it was? Chains of timelines, and digests of everything else.

A torn tail is a run that was killed: incomplete. A line that does not fit its hash is tampered, and named. Nothing is
signed: whoever can write the folder could make a new one, and `UNSIGNED` says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocols.chain import FIRST_HASH, line_hash, open_line

CLOSE = ("close",)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing found. `kind` is tampered, incomplete or missing."""

    kind: str
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at, and what was found."""

    timelines: int
    events: int
    files: int
    remarks: tuple[Remark, ...]

    @property
    def tampered(self) -> bool:
        return any(remark.kind in ("tampered", "missing") for remark in self.remarks)

    @property
    def incomplete(self) -> bool:
        return any(remark.kind == "incomplete" for remark in self.remarks)

    def lines(self) -> list[str]:
        """For people: each remark, then the sum."""
        found = [f"{r.kind}, {r.text}: {r.file}" for r in self.remarks]
        state = "tampered" if self.tampered else "incomplete" if self.incomplete else "intact"
        sum_up = f"{state}: {self.timelines} timelines with {self.events} events, {self.files} other files checked"
        return [*found, sum_up, "UNSIGNED: nothing here proves who made this folder"]


def verify(folder: Path) -> Verification:
    """Look at every timeline, attachment and document of a run folder."""
    remarks: list[Remark] = []
    events = 0
    timelines = sorted([*folder.glob("cases/*/*.jsonl"), *folder.glob("workers/*.jsonl")])
    for path in timelines:
        count, found = _timeline(path, path.relative_to(folder).as_posix())
        events += count
        remarks += found
    files = 0
    for remark in _files(folder):
        files += 1
        if remark is not None:
            remarks.append(remark)
    if not (folder / "end.json").exists():
        remarks.append(Remark("incomplete", "end.json", "the run did not end"))
    return Verification(len(timelines), events, files, tuple(remarks))


def _timeline(path: Path, name: str) -> tuple[int, list[Remark]]:
    """Events that are whole, and what is wrong. After the first bad line nothing can be said of the rest."""
    data = path.read_bytes()
    lines = data.split(b"\n")
    tail = lines.pop()
    previous, kind = FIRST_HASH, ""
    for number, line in enumerate(lines, 1):
        opened = open_line(line)
        if opened is None or line_hash(previous, opened[0]) != opened[1]:
            return number - 1, [Remark("tampered", name, f"event {number}")]
        record: dict[str, Any] = json.loads(line)
        if record["n"] != number:
            return number - 1, [Remark("tampered", name, f"event {number}")]
        previous, kind = opened[1], record["kind"]
    if tail or kind not in CLOSE:
        return len(lines), [Remark("incomplete", name, f"it ends after event {len(lines)}")]
    return len(lines), []


def _files(folder: Path) -> Iterator[Remark | None]:
    """Attachments by their own names, everything else by the manifest."""
    for path in sorted((folder / "attachments").glob("*")):
        whole = hashlib.sha256(path.read_bytes()).hexdigest() == path.name.split(".")[0]
        name = path.relative_to(folder).as_posix()
        yield None if whole else Remark("tampered", name, "its content is not what its name says")
    manifest = folder / "manifest.json"
    if manifest.exists():
        for row in json.loads(manifest.read_text("utf-8")):
            yield _against(folder, row)


def _against(folder: Path, row: dict[str, Any]) -> Remark | None:
    path = folder / row["path"]
    if not path.is_file():
        return Remark("missing", row["path"], "the manifest names it")
    if hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
        return Remark("tampered", row["path"], "its digest differs from the manifest's")
    return None
