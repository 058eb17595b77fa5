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
from reports.manifest import OUTSIDE

CLOSES = (("case", "close"), ("rig", "close"))
MANIFEST = "manifest.json"
NOT_LISTED = ("allure-results/",)
"""Folders of other tools, which the manifest leaves out."""
PART = ".part"
"""The end of a file's name while it is being written."""


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
        count, found = _timeline(folder, path, path.relative_to(folder).as_posix())
        events += count
        remarks += found
    files = 0
    for remark in (*_attachments(folder), *_listed(folder)):
        files += 1
        if remark is not None:
            remarks.append(remark)
    if not (folder / "end.json").exists():
        remarks.append(Remark("incomplete", "end.json", "the run did not end"))
    elif not (folder / MANIFEST).exists():
        remarks.append(
            Remark("incomplete", MANIFEST, "without it nothing but timelines and attachments can be checked")
        )
    return Verification(len(timelines), events, files, tuple(remarks))


def _timeline(folder: Path, path: Path, name: str) -> tuple[int, list[Remark]]:
    """Events that are whole, and what is wrong. After the first bad line nothing can be said of the rest."""
    lines = path.read_bytes().split(b"\n")
    tail = lines.pop()
    previous, last = FIRST_HASH, ("", "")
    remarks: list[Remark] = []
    for number, line in enumerate(lines, 1):
        opened = open_line(line)
        record = _sealed(line) if opened and line_hash(previous, opened[0]) == opened[1] else {}
        if opened is None or record.get("n") != number:
            return number - 1, [*remarks, Remark("tampered", name, f"event {number}")]
        previous, last = opened[1], (record.get("ch", ""), record.get("kind", ""))
        remarks += _without(folder, record, name, number)
    if tail or last not in CLOSES:
        remarks.append(Remark("incomplete", name, f"it ends after event {len(lines)}"))
    return len(lines), remarks


def _sealed(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _without(folder: Path, record: dict[str, Any], name: str, number: int) -> list[Remark]:
    """Attachments that an event names and that are not there."""
    named = [str(attached) for attached in dict(record.get("att", {})).values()]
    gone = [attached for attached in named if not (folder / "attachments" / attached).is_file()]
    return [Remark("missing", f"attachments/{attached}", f"event {number} of {name} names it") for attached in gone]


def _attachments(folder: Path) -> Iterator[Remark | None]:
    """By their own names. One that was still being written belongs to a run that was killed."""
    for path in sorted(p for p in (folder / "attachments").glob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == PART:
            yield Remark("incomplete", name, "it was being written")
        elif _digest(path) != path.name.split(".")[0]:
            yield Remark("tampered", name, "its content is not what its name says")
        else:
            yield None


def _listed(folder: Path) -> Iterator[Remark | None]:
    """Everything by the manifest: what it names must be as it says, and nothing else may be there."""
    manifest = folder / MANIFEST
    if not manifest.exists():
        return
    try:
        rows = {str(row["path"]): str(row["sha256"]) for row in json.loads(manifest.read_text("utf-8"))}
    except (ValueError, KeyError, TypeError):
        yield Remark("tampered", MANIFEST, "it cannot be read")
        return
    for name, digest in rows.items():
        yield _against(folder, name, digest)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if name not in rows and name not in OUTSIDE and not name.startswith(NOT_LISTED):
            yield Remark("tampered", name, "the manifest does not name it")


def _against(folder: Path, name: str, digest: str) -> Remark | None:
    path = folder / name
    if ".." in path.parts or not path.is_relative_to(folder):
        return Remark("tampered", MANIFEST, f"it names {name!r}, which lies outside")
    if not path.is_file():
        return Remark("missing", name, "the manifest names it")
    if _digest(path) != digest:
        return Remark("tampered", name, "its digest differs from the manifest's")
    return None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
