"""Logs of a twin that runs for hours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from protocols.chain import FIRST_HASH, line_hash, open_line
from protocols.faults import RigFault
from rigs import records
from rigs.records import DailyFiles, Unkept
from rigs.timeline import TimelineFile


def record(day: str = "2026-11-29", **fields: Any) -> dict[str, Any]:
    return {"utc": f"{day}T10:00:00.000000Z", "ch": "host", "dir": "", "kind": "note", "f": fields}


def read(path: Path) -> list[dict[str, Any]]:
    """Its records; each line is sealed on the one before."""
    last, found = FIRST_HASH, []
    for line in path.read_bytes().splitlines():
        opened = open_line(line)
        assert opened is not None
        body, last_said = opened
        last = line_hash(last, body)
        assert last_said == last
        found.append(json.loads(line))
    return found


def test_nothing_is_kept_and_numbers_go_on() -> None:
    log = Unkept()
    assert [log.append(record())["n"] for _ in range(3)] == [1, 2, 3]
    log.close()


def test_each_day_begins_a_file_and_so_does_a_large_one(tmp_path: Path) -> None:
    log = DailyFiles(tmp_path, "issuer", pytest.fail, largest=300)
    for day in ("2026-11-29", "2026-11-29", "2026-11-29", "2026-11-30"):
        log.append(record(day))
    log.close()
    log.close()
    names = [path.name for path in sorted(tmp_path.iterdir())]
    assert names == [
        "issuer-2026-11-29-001.jsonl", "issuer-2026-11-29-002.jsonl", "issuer-2026-11-30-001.jsonl",
    ]  # fmt: skip
    assert [len(read(tmp_path / name)) for name in names] == [2, 1, 1]


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    for _ in range(2):
        log = DailyFiles(tmp_path, "issuer", pytest.fail)
        log.append(record())
        log.close()
    assert [len(read(path)) for path in tmp_path.iterdir()] == [1, 1]


def test_what_cannot_be_written_is_told_once_and_counted_in_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[RigFault] = []
    log = DailyFiles(tmp_path, "issuer", told.append)
    log.append(record(text="before"))

    def full(file: TimelineFile, line: bytes) -> None:
        raise RigFault("the disk is full")

    monkeypatch.setattr(TimelineFile, "_write", full)
    for _ in range(3):
        log.append(record(text="lost"))
    monkeypatch.undo()
    log.append(record(text="after"))
    log.close()
    (path,) = tmp_path.iterdir()
    assert [(one["kind"], one["f"]) for one in read(path)] == [
        ("note", {"text": "before"}), ("record gap", {"lost": 3}), ("note", {"text": "after"}),
    ]  # fmt: skip
    assert len(told) == 1


def test_a_folder_that_is_gone_is_told_once(tmp_path: Path) -> None:
    told: list[RigFault] = []
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, no folder", "ascii")
    log = records.DailyFiles(blocked, "issuer", told.append)
    for _ in range(3):
        log.append(record())
    assert len(told) == 1
